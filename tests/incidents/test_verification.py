from dataclasses import replace
from datetime import timedelta

import pytest

from core.errors import InvalidInput, NotFound
from core.ids import IncidentId, OrderId, VehicleId
from fleet.orders import Check
from incidents.handlers import LookResultHandler
from incidents.incident import Incident, IncidentState
from perception.sighting import LookVerdict
from tests.incidents.room import DRONE, Room, at

ROUTE = [at(-40, 10), at(40, 10)]


async def checks(room: Room, within_m: float = 30) -> tuple[Check, ...]:
    async with room.database.transaction() as unit:
        return await room.verification.checks_for(unit, route=ROUTE, within_m=within_m)


async def given_to_an_order(room: Room) -> Incident:
    incident = await room.handled()
    async with room.database.transaction() as unit:
        found = await room.verification.checks_for(unit, route=ROUTE, within_m=30)
        await room.verification.mark_verifying(unit, found, order_id=OrderId("order-2"), vehicle_id=DRONE)
    await room.clock.advance(60)
    return await room.incident(incident.id)


async def test_only_handled_incidents_near_the_route_are_checked(room: Room) -> None:
    near = await room.handled(east_m=0)
    await room.handled(north_m=45)
    await room.take(room.sighting(east_m=-30))
    found = await checks(room)
    assert [check.incident_id for check in found] == [near.id]
    assert (found[0].kind, found[0].radius_m, found[0].place) == ("20501", 8, near.place)
    assert len(await checks(room, within_m=60)) == 2
    async with room.database.transaction() as unit:
        assert await room.verification.checks_for(unit, route=[], within_m=30) == ()
        assert len(await room.verification.checks_for(unit, route=[at(0, 5)], within_m=6)) == 1


async def test_a_check_given_to_an_order_is_being_verified_and_stays_checkable(room: Room) -> None:
    incident = await given_to_an_order(room)
    assert (incident.state, incident.verifying_order_id) == (IncidentState.VERIFYING, "order-2")
    found = await checks(room)
    assert len(found) == 1, "an order that fails must not lose the check"
    async with room.database.transaction() as unit:
        await room.verification.mark_verifying(unit, found, order_id=OrderId("order-3"), vehicle_id=DRONE)
    assert (await room.words(incident.id))[-1] == "check_ordered"


async def test_a_check_of_an_incident_that_moved_on_is_left_alone(room: Room) -> None:
    incident = await room.handled()
    found = await checks(room)
    await room.put(incident, IncidentState.CLOSED)
    async with room.database.transaction() as unit:
        await room.verification.mark_verifying(unit, found, order_id=OrderId("o"), vehicle_id=DRONE)
    assert (await room.incident(incident.id)).state is IncidentState.CLOSED


async def test_gone_closes_with_before_and_after(room: Room) -> None:
    incident = await given_to_an_order(room)
    result = room.look(incident, LookVerdict.GONE)
    closed = await room.take_look(result)
    assert (closed.state, closed.closed_at) == (IncidentState.CLOSED, room.clock.now())
    line = (await room.story(incident.id))[-1]
    async with room.database.transaction() as unit:
        before = (await room.sightings.of_incident(unit, incident.id))[0].photo_ids[0]
        after = await room.evidence.get(unit, result.photos[0].id)
    assert (line.what, line.actor, line.photos) == ("closed", "drone-1", (before, result.photos[0].id))
    assert (after.kind, after.origin, after.incident_id) == ("after", "look", incident.id)


async def test_still_there_goes_back_with_the_picture(room: Room) -> None:
    incident = await given_to_an_order(room)
    result = room.look(incident, LookVerdict.STILL_THERE)
    back = await room.take_look(result)
    assert (back.state, back.reworks, back.worker) == (IncidentState.REWORK, 1, "grid1")
    assert (await room.story(incident.id))[-1].photos == (result.photos[0].id,)


async def test_not_assessed_never_closes_and_is_checked_again(room: Room) -> None:
    incident = await given_to_an_order(room)
    same = await room.take_look(room.look(incident, LookVerdict.NOT_ASSESSED))
    assert same.state is IncidentState.VERIFYING
    line = (await room.story(incident.id))[-1]
    assert line.what == "not_assessed"
    assert "again" in line.because
    assert len(await checks(room)) == 1


@pytest.mark.parametrize("verdict", LookVerdict)
async def test_a_look_before_the_handling_changes_nothing(room: Room, verdict: LookVerdict) -> None:
    incident = await given_to_an_order(room)
    assert incident.handled_at is not None
    early = replace(room.look(incident, verdict), looked_at=incident.handled_at - timedelta(seconds=1))
    assert (await room.take_look(early)).state is IncidentState.VERIFYING
    assert (await room.words(incident.id))[-1] == "look_too_early"


async def test_a_look_within_the_clocks_doubt_changes_nothing(room: Room) -> None:
    incident = await given_to_an_order(room)
    assert incident.handled_at is not None
    doubtful = replace(room.look(incident, LookVerdict.GONE), looked_at=incident.handled_at + timedelta(seconds=1))
    assert (await room.take_look(doubtful)).state is IncidentState.VERIFYING


async def test_a_look_at_a_handled_incident_counts_though_nobody_marked_it(room: Room) -> None:
    incident = await room.handled()
    await room.clock.advance(30)
    assert (await room.take_look(room.look(incident, LookVerdict.GONE))).state is IncidentState.CLOSED
    assert (await room.words(incident.id))[-2:] == ["verifying", "closed"]


@pytest.mark.parametrize("verdict", [LookVerdict.GONE, LookVerdict.STILL_THERE])
async def test_the_same_answer_twice_counts_once(room: Room, verdict: LookVerdict) -> None:
    incident = await given_to_an_order(room)
    result = room.look(incident, verdict)
    first = await room.take_look(result)
    again = await room.take_look(result)
    assert (again.state, again.revision, again.reworks) == (first.state, first.revision, first.reworks)
    assert (await room.words(incident.id))[-1] == "look_not_needed"


@pytest.mark.parametrize("state", [IncidentState.DISPATCHED, IncidentState.REWORK, IncidentState.VOID])
async def test_an_answer_for_an_incident_that_waits_for_none_changes_nothing(room: Room, state: IncidentState) -> None:
    incident = await room.put(await given_to_an_order(room), state)
    assert (await room.take_look(room.look(incident, LookVerdict.GONE))).state is state


async def test_after_rework_the_new_handling_is_what_counts(room: Room) -> None:
    incident = await given_to_an_order(room)
    await room.take_look(room.look(incident, LookVerdict.STILL_THERE))
    old = room.look(incident, LookVerdict.GONE)
    await room.clock.advance(60)
    await room.move(incident.id, IncidentState.HANDLING)
    photo = await room.upload(seed=11)
    again = await room.move(incident.id, IncidentState.HANDLED, photos=(photo.id,))
    assert (await room.take_look(old)).state is IncidentState.HANDLED
    await room.clock.advance(60)
    assert (await room.take_look(room.look(again, LookVerdict.GONE))).state is IncidentState.CLOSED


async def test_seen_afresh_after_the_handling_is_rework(room: Room) -> None:
    incident = await room.handled()
    await room.clock.advance(60)
    sighting = room.sighting(east_m=1, seen_s_ago=10)
    taken = await room.take(sighting)
    assert taken.incident_id == incident.id
    assert (await room.incident(incident.id)).state is IncidentState.REWORK
    assert (await room.words(incident.id))[-3:] == ["seen_again", "verifying", "rework"]
    assert (await room.story(incident.id))[-1].photos == (sighting.photos[0].id,)


async def test_a_sighting_that_began_before_the_handling_proves_nothing(room: Room) -> None:
    incident = await room.handled()
    await room.clock.advance(5)
    await room.take(room.sighting(seen_s_ago=10, for_s=9))
    assert (await room.incident(incident.id)).state is IncidentState.HANDLED


async def test_a_kind_that_left_the_table_is_still_checked(room: Room) -> None:
    incident = await room.handled()
    async with room.database.transaction() as unit:
        await room.incidents.update(unit, replace(incident, kind="old", revision=incident.revision + 1))
    assert [check.radius_m for check in await checks(room)] == [5.0]


async def test_reports_of_unknown_incidents_or_in_anothers_name_are_refused(room: Room) -> None:
    incident = await given_to_an_order(room)
    handler = LookResultHandler(verification=room.verification)
    unknown = replace(room.look(incident, LookVerdict.GONE), incident_id=IncidentId("none"))
    with pytest.raises(NotFound):
        async with room.database.transaction() as unit:
            await handler.handle(unit, vehicle_id=DRONE, report=unknown)
    with pytest.raises(InvalidInput):
        async with room.database.transaction() as unit:
            await handler.handle(unit, vehicle_id=VehicleId("drone-2"), report=room.look(incident, LookVerdict.GONE))
