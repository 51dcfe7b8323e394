"""The table of permissions, cell by cell, and every door that it opens or keeps shut."""

import pytest

from api.permissions import TABLE, Permission, Role, allows
from tests.api.controller import Controller

# A cross wherever a role may; read it as the table that an operator would sign.
EXPECTED = """
                     administrator supervisor grid_worker resident_device agent
    read_site              x            x          x            -           -
    read_fleet             x            x          x            -           -
    read_incidents         x            x          x            -           -
    read_alarms            x            x          -            -           -
    read_events            x            x          -            -           -
    read_figures           x            x          -            -           -
    work_incidents         x            x          x            -           -
    decide_incidents       x            x          -            -           -
    add_evidence           x            x          x            -           -
    answer_alarms          x            x          -            -           -
    press_button           -            -          -            x           -
    command_vehicles       x            x          -            -           -
    plan_patrols           x            x          -            -           -
    start_runs             x            x          -            -           -
    edit_zones             x            x          -            -           -
    manage_users           x            -          -            -           -
"""


def _cells() -> list[tuple[Role, Permission, bool]]:
    head, *lines = EXPECTED.strip().splitlines()
    roles = [Role(name) for name in head.split()]
    rows = [line.split() for line in lines]
    return [
        (role, Permission(name), cell == "x") for name, *cells in rows for role, cell in zip(roles, cells, strict=True)
    ]


@pytest.mark.parametrize(("role", "permission", "may"), _cells())
def test_cell(role: Role, permission: Permission, may: bool) -> None:
    assert (permission in TABLE[role]) is may
    assert allows([role], permission) is may


def test_the_expected_table_has_every_cell() -> None:
    assert {(role, permission) for role, permission, _ in _cells()} == {(r, p) for r in Role for p in Permission}


def test_two_roles_may_what_either_may() -> None:
    assert allows([Role.RESIDENT_DEVICE, Role.GRID_WORKER], Permission.PRESS_BUTTON)
    assert not allows([], Permission.READ_SITE)


DOORS = [
    ("GET", "/users", Permission.MANAGE_USERS),
    ("GET", "/site", Permission.READ_SITE),
    ("GET", "/zones", Permission.READ_SITE),
    ("PUT", "/zones?because=x", Permission.EDIT_ZONES),
    ("GET", "/figures", Permission.READ_FIGURES),
    ("GET", "/metrics", Permission.READ_FIGURES),
    ("GET", "/runs", Permission.READ_FLEET),
]


@pytest.mark.parametrize("role", list(Role))
async def test_every_door_follows_the_table(controller: Controller, role: Role) -> None:
    client = await controller.sign_in(role)
    for method, path, permission in DOORS:
        answer = await client.request(method, path, content=b"{}")
        is_refused = answer.status_code == 403
        assert is_refused is not (permission in TABLE[role]), (method, path, answer.text)
        if is_refused:
            assert answer.json()["params"] == {"permission": permission.value}


async def test_every_door_is_shut_without_a_sign_in(controller: Controller) -> None:
    for method, path, _ in DOORS:
        assert (await controller.client().request(method, path, content=b"{}")).status_code == 401, path
    strangers = controller.client("made-up-token")
    assert (await strangers.get("/site")).status_code == 401
