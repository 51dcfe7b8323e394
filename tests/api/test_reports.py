"""Vehicles' reports, from the wire's form to incidents: each exactly once, and what can never succeed is shown."""

import math
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from roundsman.v1 import link_pb2 as pb

from api.grpc.reports import report_routes, urgent_routes
from core.database import Transaction
from core.errors import Unavailable
from core.ids import IncidentId, new_id
from fleet.link.intake import Intake
from incidents.handlers import LookResultHandler, SightingHandler, UrgentSightingHandler
from incidents.incident import IncidentState
from incidents.intake import Taken
from perception.sighting import LookVerdict, Sighting
from perception.wire import look_result_to_pb, sighting_to_pb
from tests.api.controller import Controller
from tests.api.sightings import DRONE, a_sighting, look_result, take


def the_intake(controller: Controller) -> Intake:
    services = controller.services
    routes = report_routes(
        fleet=services.fleet,
        sightings=SightingHandler(intake=services.intake),
        looks=LookResultHandler(verification=services.verification),
    )
    return Intake(
        database=services.database,
        store=services.fleet,
        routes=routes,
        urgent=urgent_routes(UrgentSightingHandler(intake=services.intake)),
        clock=services.clock,
    )


async def test_a_sighting_reported_twice_is_one_incident_with_its_picture(controller_on_both: Controller) -> None:
    services, intake = controller_on_both.services, the_intake(controller_on_both)
    sighting = a_sighting(controller_on_both)
    report = pb.Report(id=new_id(), sighting=sighting_to_pb(sighting))
    for _ in range(3):
        await intake.take(DRONE, report)
    again = pb.Report(id=new_id(), sighting=sighting_to_pb(sighting))
    await intake.take(DRONE, again)
    async with services.database.transaction() as unit:
        incidents = await services.incidents.find(unit)
        figures = await services.fleet.inbox_figures(unit)
        picture = await services.evidence.get(unit, sighting.photos[0].id)
    assert [one.sightings for one in incidents] == [1]
    assert (figures.committed, figures.duplicates, figures.refused) == (2, 2, 0)
    assert await services.photos.read(picture) == sighting.photos[0].jpeg


async def test_a_person_down_rings_while_no_picture_can_be_kept_and_its_pictures_come_later(
    controller_on_both: Controller, tmp_path: Path
) -> None:
    services, intake = controller_on_both.services, the_intake(controller_on_both)
    down, cart = a_sighting(controller_on_both, kind="L0901"), a_sighting(controller_on_both, east_m=90.0)
    reports = [pb.Report(id=new_id(), sighting=sighting_to_pb(one)) for one in (down, cart)]
    folder = tmp_path / "controller" / "evidence"
    folder.parent.mkdir()
    folder.write_text("no folder")
    for report in (*reports, reports[0]):
        with pytest.raises(Unavailable, match="a picture cannot be written"):
            await intake.take(DRONE, report)
    async with services.database.transaction() as unit:
        (rung,) = await services.alarm_store.find(unit)
        (seen,) = await services.sightings.newest(unit, limit=9)
        assert (rung.pressed_at, seen.sighting.id, seen.photo_ids) == (down.last_seen_at, down.id, ())
    folder.unlink()
    for report in (*reports, reports[0]):
        await intake.take(DRONE, report)
    async with services.database.transaction() as unit:
        assert len(await services.alarm_store.find(unit)) == 1
        complete = await services.sightings.get(unit, down.id)
        assert complete is not None
        assert complete.photo_ids == tuple(photo.id for photo in down.photos)
        assert len(await services.sightings.newest(unit, limit=9)) == 2
        story = await services.timeline.lines(unit, complete.incident_id)
    assert [line.what for line in story][-1] == "sighting"
    assert story[-1].photos == complete.photo_ids


async def test_a_person_down_with_a_damaged_picture_rings_and_the_report_is_kept_apart(controller: Controller) -> None:
    services, intake = controller.services, the_intake(controller)
    down = sighting_to_pb(a_sighting(controller, kind="L0901"))
    down.photos[0].sha256 = "0" * 64
    await intake.take(DRONE, pb.Report(id=new_id(), sighting=down))
    async with services.database.transaction() as unit:
        assert len(await services.alarm_store.find(unit)) == 1
        assert [one.code for one in await services.fleet.refused_reports(unit)] == ["invalid_input"]


async def test_an_unknown_kind_is_kept_apart_with_the_reason(controller: Controller) -> None:
    services, intake = controller.services, the_intake(controller)
    report = pb.Report(id=new_id(), sighting=sighting_to_pb(a_sighting(controller, kind="99999")))
    await intake.take(DRONE, report)
    async with services.database.transaction() as unit:
        refused = await services.fleet.refused_reports(unit)
        assert await services.incidents.find(unit) == ()
    assert [one.code for one in refused] == ["not_found"]
    assert "99999" in refused[0].because


async def test_what_the_books_can_never_keep_holds_no_later_report_up(controller_on_both: Controller) -> None:
    services, intake = controller_on_both.services, the_intake(controller_on_both)
    wrong = [{"model": "m" * 130}, {"because": "a\0b"}, {"kind": "20501\0"}]
    for fields in wrong:
        bad = sighting_to_pb(a_sighting(controller_on_both))
        for name, value in fields.items():
            setattr(bad, name, value)
        await intake.take(DRONE, pb.Report(id=new_id(), sighting=bad))
    good = a_sighting(controller_on_both, east_m=60.0)
    await intake.take(DRONE, pb.Report(id=new_id(), sighting=sighting_to_pb(good)))
    async with services.database.transaction() as unit:
        refused = await services.fleet.refused_reports(unit)
        assert await services.sightings.get(unit, good.id) is not None
    # SQLite keeps texts of any length and every character: there only the unknown kind is refused.
    assert len(refused) == (1 if services.database.is_sqlite else 3)


async def test_what_is_no_sighting_is_refused_and_never_told(controller_on_both: Controller) -> None:
    services, intake = controller_on_both.services, the_intake(controller_on_both)
    facts = ["[1]", "null", "[" * 100_000, '{"a": "\\ud800"}', f'{{"a": {2**70}}}', '{"a": NaN}']
    bad = [sighting_to_pb(a_sighting(controller_on_both, kind="L0901")) for _ in range(len(facts) + 4)]
    for one, odd in zip(bad, facts, strict=False):
        one.facts_json = odd
    bad[-4].score = bad[-3].ellipse.major_m = bad[-2].observed_s = math.nan
    bad[-1].kind = "20501"  # a person down would ring without its pictures
    bad[-1].photos.append(bad[-1].photos[0])
    for one in bad:
        await intake.take(DRONE, pb.Report(id=new_id(), sighting=one))
    await intake.take(DRONE, pb.Report(id=new_id(), made_at_us=2**63 - 1))
    async with services.database.transaction() as unit:
        refused = await services.fleet.refused_reports(unit)
        assert await services.sightings.count(unit) == 0
    assert len(refused) == len(bad) + 1
    lines = await services.database.read_journal(after=0)
    assert {line.event.subject for line in lines} == {"reports.refused"}


async def test_a_report_over_which_the_service_fails_is_tried_again_and_then_kept_apart(
    controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, intake = controller.services, the_intake(controller)
    odd, good = (a_sighting(controller, east_m=east_m) for east_m in (0.0, 60.0))
    whole, failures = services.intake.take, [1, 1, 0, 1, 1, 1, 1, 1]

    async def take(unit: Transaction, sighting: Sighting) -> Taken:
        if sighting.id == odd.id and failures.pop(0):
            raise ZeroDivisionError("a defect")
        return await whole(unit, sighting)

    monkeypatch.setattr(services.intake, "take", take)

    async def send(sighting: Sighting) -> bool:
        with suppress(Unavailable):
            await intake.take(DRONE, pb.Report(id=ids[sighting.id], sighting=sighting_to_pb(sighting)))
            return True
        return False

    ids = {odd.id: new_id(), good.id: new_id()}
    assert [await send(odd) for _ in range(3)] == [False, False, True], "a failure that passes costs nothing"
    ids = {odd.id: new_id(), good.id: new_id()}
    assert [await send(odd) for _ in range(5)] == [False] * 4 + [True]
    assert await send(good)
    async with services.database.transaction() as unit:
        (refused,) = await services.fleet.refused_reports(unit)
        assert await services.sightings.count(unit) == 2
    assert (refused.id, refused.because.startswith("report")) == (ids[odd.id], True)
    assert pb.Report.FromString(refused.body).sighting.id == odd.id


async def test_a_look_closes_the_incident_it_was_asked_about(controller: Controller) -> None:
    services, intake = controller.services, the_intake(controller)
    incident_id = await take(controller, a_sighting(controller))
    async with services.database.transaction() as unit:
        seen = await services.incidents.get(unit, incident_id)
        handled_at = services.clock.now()
        handled = replace(seen, state=IncidentState.HANDLED, handled_at=handled_at, revision=seen.revision + 1)
        await services.incidents.update(unit, handled)
    await controller.clock.advance(30)
    result = look_result(controller, incident_id, LookVerdict.GONE)
    await intake.take(DRONE, pb.Report(id=new_id(), look_result=look_result_to_pb(result)))
    async with services.database.transaction() as unit:
        closed = await services.incidents.get(unit, incident_id)
    assert closed.state is IncidentState.CLOSED


async def test_a_look_at_nothing_known_is_kept_apart(controller: Controller) -> None:
    services, intake = controller.services, the_intake(controller)
    result = look_result(controller, IncidentId(new_id()), LookVerdict.GONE)
    await intake.take(DRONE, pb.Report(id=new_id(), look_result=look_result_to_pb(result)))
    async with services.database.transaction() as unit:
        assert [one.kind for one in await services.fleet.refused_reports(unit)] == ["look_result"]
