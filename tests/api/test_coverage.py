"""What a run has seen, from the vehicle's report over the books to the answer."""

from dataclasses import replace
from datetime import timedelta

import httpx
from roundsman.v1 import link_pb2 as pb

from api.grpc.reports import report_routes
from core.ids import RunId, VehicleId, new_id
from fleet.gazes import GazeLog, TakenGaze
from fleet.link.intake import Intake
from fleet.link.translate_gazes import gaze_log_to_pb
from fleet.orders import Order, OrderProgress, OrderState
from incidents.handlers import LookResultHandler, SightingHandler
from missions.route_view import LENS, gazes_on_route
from tests.api.controller import Controller
from tests.api.test_notice import a_drone, patrol, the_estate

DRONE = VehicleId("drone-1")


def the_intake(controller: Controller) -> Intake:
    services = controller.services
    routes = report_routes(
        fleet=services.fleet,
        sightings=SightingHandler(intake=services.intake),
        looks=LookResultHandler(verification=services.verification),
    )
    return Intake(database=services.database, store=services.fleet, routes=routes, clock=services.clock)


def log_of(order: Order, *, share: float) -> GazeLog:
    """Return what the vehicle tells when the camera fails after this share of the route."""
    gazes = [one.gaze for one in gazes_on_route(order.legs, start=order.dock.place) if one.gaze is not None]
    taken = [
        TakenGaze(at=order.made_at + timedelta(seconds=number), gaze=gaze)
        for number, gaze in enumerate(gazes[: round(share * len(gazes))])
    ]
    return GazeLog(
        vehicle_id=DRONE,
        order_id=order.id,
        lens=LENS,
        begin_at=order.made_at,
        end_at=order.made_at + timedelta(seconds=len(gazes)),
        gazes=tuple(taken),
        assessed_s=float(len(taken)),
        not_assessed_s={"no_picture": float(len(gazes) - len(taken)), "too_low": 3.0},
    )


def report(log: GazeLog) -> pb.Report:
    return pb.Report(id=new_id(), gaze_log=gaze_log_to_pb(log))


async def begun(controller: Controller) -> tuple[httpx.AsyncClient, str, Order]:
    """Start the street patrol; return a supervisor's client, the run and its order."""
    services, desk = controller.services, await the_estate(controller)
    await a_drone(controller)
    stored = (await desk.post("patrols", json=patrol("FREQ=DAILY"))).json()
    run = (await desk.post(f"patrols/{stored['id']}/runs", json={})).json()
    await services.dispatcher.reconcile()
    async with services.database.transaction() as unit:
        records = await services.fleet.orders_of_run(unit, run["id"])
    assert records, (await desk.get(f"runs/{run['id']}")).json()["because"]
    return desk, run["id"], records[0].order


async def test_a_run_tells_what_it_saw_and_what_it_missed(controller_on_both: Controller) -> None:
    controller = controller_on_both
    intake = the_intake(controller)
    desk, run_id, order = await begun(controller)
    waiting = (await desk.get(f"runs/{run_id}/coverage")).json()
    assert (waiting["seen_ratio"], waiting["because"]) == (None, "its vehicle has told of no pictures")
    half = report(log_of(order, share=0.5))
    for _ in range(2):
        await intake.take(DRONE, half)
    told = (await desk.get(f"runs/{run_id}/coverage")).json()
    assert 0.3 < told["seen_ratio"] < 0.9
    assert told["planned_ratio"] > 0.9999
    assert told["resumed_ratio"] is None
    left = (await desk.get(f"runs/{run_id}/remainder")).json()
    assert (left["flown_ratio"], left["because"]) == (None, "it is not interrupted")
    assert told["missed_total"] == len(told["missed"]) >= 1
    assert {part["name"] for part in told["parts"]} == {"West lane", "Huaixiang Street", "East lane", "Inner lane"}
    assert told["not_assessed"][0]["why"] == "no_picture"
    assert not told["is_final"]
    kinds = [feature["properties"]["part"] for feature in told["map"]["features"]]
    assert kinds == ["wanted", "seen"] + ["missed"] * told["missed_total"]
    assert told["pictures"] == len(log_of(order, share=0.5).gazes), "a report that comes twice counts once"


async def test_a_late_word_makes_the_proof_anew_and_a_changed_patrol_does_not(controller: Controller) -> None:
    services, intake = controller.services, the_intake(controller)
    desk, run_id, order = await begun(controller)
    await intake.take(DRONE, report(log_of(order, share=0.5)))
    half = (await desk.get(f"runs/{run_id}/coverage")).json()
    stored = (await desk.get("patrols")).json()["patrols"][0]
    changed = {**patrol("FREQ=DAILY"), "revision": stored["revision"], "parts": stored["parts"][:1]}
    assert (await desk.put(f"patrols/{stored['id']}", json=changed)).status_code == 200
    async with services.database.transaction() as unit:
        for state in (OrderState.RUNNING, OrderState.DONE):
            progress = OrderProgress(order_id=order.id, state=state, legs_done=len(order.legs), at=order.made_at)
            await services.fleet.set_progress(unit, progress, vehicle_id=DRONE)
    await services.dispatcher.reconcile()
    whole = log_of(order, share=1.0)
    await intake.take(DRONE, report(replace(whole, begin_at=whole.end_at)))
    told = (await desk.get(f"runs/{run_id}/coverage")).json()
    assert told["is_final"]
    assert told["seen_ratio"] > 0.999 > half["seen_ratio"]
    assert len(told["parts"]) == 4, "judged by what was asked for when it was flown"
    assert told["missed"] == []


async def test_what_was_computed_stays_until_more_is_told(controller: Controller) -> None:
    services, intake = controller.services, the_intake(controller)
    _, run_id, order = await begun(controller)
    await intake.take(DRONE, report(log_of(order, share=0.2)))
    first, again = [(await services.coverage.prove(RunId(run_id))).coverage for _ in range(2)]
    assert first is again
    assert first is not None
    assert first.run_id == order.run_id


async def test_a_run_that_nobody_knows_is_not_found(controller: Controller) -> None:
    desk = await controller.sign_in("supervisor")
    assert (await desk.get(f"runs/{new_id()}/coverage")).status_code == 404
