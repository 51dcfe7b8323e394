from incidents.grids import ResponsibleGrid, responsible_grid
from tests.incidents.room import ZONES, at


def test_the_cell_that_covers_the_place_names_its_worker() -> None:
    assert responsible_grid(ZONES, at(0, 0)) == ResponsibleGrid(id=ZONES.zones[0].id, worker="grid1")
    assert responsible_grid(ZONES, at(100, 0)) == ResponsibleGrid(id=ZONES.zones[1].id, worker="grid2")


def test_a_place_on_a_common_edge_has_one_answer() -> None:
    edge = responsible_grid(ZONES, at(50, 0))
    assert edge is not None
    assert edge.worker in {"grid1", "grid2"}


def test_a_cell_without_a_worker_and_a_place_without_a_cell() -> None:
    assert responsible_grid(ZONES, at(200, 0)) == ResponsibleGrid(id=ZONES.zones[2].id, worker=None)
    assert responsible_grid(ZONES, at(0, 60)) is None
