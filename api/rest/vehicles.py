"""Vehicles: how they stand, what they see, and a person's word to them."""

from typing import Annotated

from fastapi import APIRouter, Response

from api.accounts import Account
from api.auth import may
from api.idempotency import OnceOnly
from api.permissions import Permission
from api.schemas.orders import (
    CommandGiven,
    CommandTold,
    FailsafesTold,
    OrderTold,
    tell_failsafes,
    tell_order,
)
from api.schemas.pictures import PICTURE_HEADERS, tell_picture
from api.schemas.vehicles import ServiceGiven, VehicleDetailTold, VehiclesTold, tell_vehicle, tell_vehicle_detail
from api.services import Services, ServicesNow
from core.database import Transaction
from core.errors import InvalidInput, NotFound
from core.ids import CommandId, OrderId, VehicleId
from fleet.orders import CommandKind
from missions.situation import Situation

router = APIRouter(tags=["vehicles"])
Reader = Annotated[Account, may(Permission.READ_FLEET)]
Commander = Annotated[Account, may(Permission.COMMAND_VEHICLES)]


@router.get("/vehicles")
async def list_vehicles(_account: Reader, services: ServicesNow) -> VehiclesTold:
    """Return every vehicle that ever said hello, as it stands now."""
    async with services.database.reading() as unit:
        situations = await services.situations.all(unit)
    now_s = services.clock.monotonic_s()
    return VehiclesTold(
        vehicles=[tell_vehicle(one, eyes=services.registry.perception(one.id), now_s=now_s) for one in situations]
    )


@router.get("/vehicles/{vehicle_id}")
async def get_vehicle(_account: Reader, services: ServicesNow, vehicle_id: str) -> VehicleDetailTold:
    """Return one vehicle with its order."""
    async with services.database.reading() as unit:
        return await _detail(services, unit, vehicle_id)


@router.get("/vehicles/{vehicle_id}/failsafes")
async def get_failsafes(_account: Reader, services: ServicesNow, vehicle_id: str) -> FailsafesTold:
    """Return what the vehicle does by itself when something fails, per phase of its flight."""
    async with services.database.reading() as unit:
        situation = await _situation(services, unit, vehicle_id)
    return tell_failsafes(situation)


@router.get(
    "/vehicles/{vehicle_id}/picture",
    response_class=Response,
    responses={
        200: {"content": {"image/jpeg": {}}, "headers": PICTURE_HEADERS},
        404: {"description": "no picture yet"},
    },
)
async def get_picture(_account: Reader, services: ServicesNow, vehicle_id: str) -> Response:
    """Return the newest redacted picture of its camera; the headers tell its time and what is followed in it."""
    picture = services.registry.picture(VehicleId(vehicle_id))
    if picture is None:
        raise NotFound("there is no picture of this vehicle yet", where=vehicle_id)
    return Response(picture.jpeg, media_type="image/jpeg", headers=tell_picture(picture))


@router.post("/vehicles/{vehicle_id}/commands", status_code=202, response_model=CommandTold)
async def give_command(
    account: Commander, services: ServicesNow, once: OnceOnly, vehicle_id: str, given: CommandGiven
) -> Response:
    """Give a vehicle a person's word: hold, resume, return or land; its fate is told by GET /commands/{id}."""
    if given.kind is CommandKind.CANCEL:
        raise InvalidInput("is given through the run", where="kind", remedy="POST /runs/{id}/cancel")

    async def work(unit: Transaction) -> CommandTold:
        command = await services.mission_requests.command(
            unit, VehicleId(vehicle_id), given.kind, because=given.because, by=account.name
        )
        return CommandTold.of(await services.fleet.command(unit, command.id))

    return await once.run(work, status=202)


@router.get("/commands/{command_id}")
async def get_command(_account: Reader, services: ServicesNow, command_id: str) -> CommandTold:
    """Return a command and its fate."""
    async with services.database.reading() as unit:
        return CommandTold.of(await services.fleet.command(unit, CommandId(command_id)))


@router.put("/vehicles/{vehicle_id}/service", response_model=VehicleDetailTold)
async def set_service(
    account: Commander, services: ServicesNow, once: OnceOnly, vehicle_id: str, given: ServiceGiven
) -> Response:
    """Take a vehicle out of service (it gets no more orders), or put it back."""

    async def work(unit: Transaction) -> VehicleDetailTold:
        change = services.fleet.put_into_service if given.in_service else services.fleet.take_out_of_service
        now = services.clock.now()
        await change(unit, VehicleId(vehicle_id), because=given.because, by=account.name, at=now)
        return await _detail(services, unit, vehicle_id)

    return await once.run(work)


@router.get("/orders/{order_id}")
async def get_order(_account: Reader, services: ServicesNow, order_id: str) -> OrderTold:
    """Return an order with its legs."""
    async with services.database.reading() as unit:
        return tell_order(await services.fleet.order(unit, OrderId(order_id)))


async def _situation(services: Services, unit: Transaction, vehicle_id: str) -> Situation:
    for situation in await services.situations.all(unit):
        if situation.id == vehicle_id:
            return situation
    raise NotFound("there is no such vehicle", where=vehicle_id)


async def _detail(services: Services, unit: Transaction, vehicle_id: str) -> VehicleDetailTold:
    situation = await _situation(services, unit, vehicle_id)
    eyes = services.registry.perception(situation.id)
    return tell_vehicle_detail(situation, eyes=eyes, now_s=services.clock.monotonic_s())
