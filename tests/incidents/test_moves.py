import pytest

from core.errors import Conflict, NotAllowed, NotFound
from core.ids import EvidenceId
from incidents.errors import PhotoMissing, RevisionPassed
from incidents.evidence import EvidenceKind
from incidents.incident import ALLOWED, IncidentState
from incidents.moves import MAY_MOVE, Person, Post, Step
from tests.incidents.room import SUPERVISOR, WORKER, Room

S = IncidentState


async def test_a_worker_takes_an_own_incident_to_handled(room: Room) -> None:
    incident = await room.handled()
    assert (incident.state, incident.handled_at) == (S.HANDLED, room.clock.now())
    line = (await room.story(incident.id))[-1]
    assert (line.what, line.actor, line.because, len(line.photos)) == (
        "handled",
        "grid1",
        "because the test says so",
        1,
    )


async def test_handled_needs_a_photo_of_after(room: Room) -> None:
    taken = await room.take(room.sighting())
    await room.move(taken.incident_id, S.ACCEPTED)
    await room.move(taken.incident_id, S.HANDLING)
    before = await room.upload(kind=EvidenceKind.BEFORE)
    for photos in ((), (before.id,)):
        with pytest.raises(PhotoMissing):
            await room.move(taken.incident_id, S.HANDLED, photos=photos)
    with pytest.raises(NotFound):
        await room.move(taken.incident_id, S.HANDLED, photos=(EvidenceId("none"),))
    assert (await room.incident(taken.incident_id)).state is S.HANDLING


async def test_a_worker_cannot_show_somebody_elses_or_another_incidents_photo(room: Room) -> None:
    first = await room.take(room.sighting())
    second = await room.take(room.sighting(kind="20507"))
    for one in (first, second):
        await room.move(one.incident_id, S.ACCEPTED)
        await room.move(one.incident_id, S.HANDLING)
    foreign = await room.upload(by="grid2")
    with pytest.raises(NotAllowed):
        await room.move(first.incident_id, S.HANDLED, photos=(foreign.id,))
    own = await room.upload()
    await room.move(first.incident_id, S.HANDLED, photos=(own.id,))
    with pytest.raises(Conflict, match="another incident"):
        await room.move(second.incident_id, S.HANDLED, photos=(own.id,))


async def test_every_cell_of_what_a_worker_may_do_with_an_own_incident(room: Room) -> None:
    taken = await room.take(room.sighting())
    photos = ((await room.upload()).id,)
    for state in IncidentState:
        await room.put(await room.incident(taken.incident_id), state)
        for to in IncidentState:
            if to not in MAY_MOVE[Post.WORKER]:
                with pytest.raises(NotAllowed):
                    await room.move(taken.incident_id, to, photos=photos)
            elif to not in ALLOWED[state]:
                with pytest.raises(Conflict):
                    await room.move(taken.incident_id, to, photos=photos)
            else:
                assert (await room.move(taken.incident_id, to, photos=photos)).state is to
                await room.put(await room.incident(taken.incident_id), state)


async def test_a_worker_cannot_touch_anothers_incident(room: Room) -> None:
    taken = await room.take(room.sighting())
    with pytest.raises(NotAllowed, match="somebody else"):
        await room.move(taken.incident_id, S.ACCEPTED, person=Person(name="grid2", post=Post.WORKER))


async def test_a_supervisor_names_a_worker_where_no_grid_does(room: Room) -> None:
    taken = await room.take(room.sighting(east_m=400))
    with pytest.raises(Conflict, match="needs a worker"):
        await room.move(taken.incident_id, S.DISPATCHED, person=SUPERVISOR)
    incident = await room.move(taken.incident_id, S.DISPATCHED, person=SUPERVISOR, worker="grid1")
    assert (incident.worker, incident.due_at is not None) == ("grid1", True)
    assert (await room.move(taken.incident_id, S.ACCEPTED, person=WORKER)).state is S.ACCEPTED


async def test_only_a_dispatch_names_a_worker(room: Room) -> None:
    taken = await room.take(room.sighting())
    with pytest.raises(Conflict, match="only a dispatch"):
        await room.move(taken.incident_id, S.ACCEPTED, person=SUPERVISOR, worker="grid2")


async def test_reopened_incidents_can_be_closed_only_after_a_new_handling(room: Room) -> None:
    incident = await room.put(await room.handled(), S.CLOSED)
    reopened = await room.move(incident.id, S.REOPENED, person=SUPERVISOR)
    assert (reopened.closed_at, reopened.handled_at) == (None, None)


async def test_whoever_decides_on_an_old_view_must_look_again(room: Room) -> None:
    taken = await room.take(room.sighting())
    revision = (await room.incident(taken.incident_id)).revision
    await room.move(taken.incident_id, S.ACCEPTED)
    step = Step(to=S.HANDLING, because="x", revision=revision)
    async with room.database.transaction() as unit:
        with pytest.raises(RevisionPassed):
            await room.moves.move(unit, taken.incident_id, step, person=WORKER)


async def test_a_move_needs_a_because(room: Room) -> None:
    taken = await room.take(room.sighting())
    revision = (await room.incident(taken.incident_id)).revision
    step = Step(to=S.ACCEPTED, because="  ", revision=revision)
    async with room.database.transaction() as unit:
        with pytest.raises(Conflict, match="because"):
            await room.moves.move(unit, taken.incident_id, step, person=WORKER)
