"""The one table from our errors to HTTP and gRPC, and RFC 9457 problems for every failure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

import grpc
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.schemas.shapes import tell_said
from core.errors import (
    CallerError,
    Conflict,
    Detail,
    Fault,
    InvalidInput,
    NotAllowed,
    NotFound,
    NotSignedIn,
    RoundsmanError,
    StorageFull,
    TimedOut,
    Unavailable,
    Unsafe,
)
from core.events import Json
from fleet.errors import DuplicateVehicle, VehicleRefused
from geofence.errors import BadZoneFile, ZoneProblem
from geofence.zones_zh import problem_zh, where_zh
from missions.errors import BadPatrol

PROBLEM_TYPE = "application/problem+json"
IDEMPOTENCY_HEADER = "Idempotency-Key"


class TooManyAttempts(CallerError):
    """Too many failed tries; `params["retry_after_s"]` says how long to wait."""

    code = "too_many_attempts"


class TooLarge(CallerError):
    """The body is larger than what is taken."""

    code = "too_large"


class IdempotencyKeyMissing(CallerError):
    """A write came without its key."""

    code = "idempotency_key_missing"


class IdempotencyKeyReused(Conflict):
    """The key belongs to another request of the same user."""

    code = "idempotency_key_reused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """How one class of error is told over HTTP and over gRPC."""

    http: HTTPStatus
    grpc: grpc.StatusCode


def _codes(http: HTTPStatus, rpc: grpc.StatusCode) -> Codes:
    return Codes(http=http, grpc=rpc)


_G = grpc.StatusCode
TABLE: Mapping[type[RoundsmanError], Codes] = {
    CallerError: _codes(HTTPStatus.BAD_REQUEST, _G.INVALID_ARGUMENT),
    InvalidInput: _codes(HTTPStatus.UNPROCESSABLE_ENTITY, _G.INVALID_ARGUMENT),
    NotFound: _codes(HTTPStatus.NOT_FOUND, _G.NOT_FOUND),
    NotAllowed: _codes(HTTPStatus.FORBIDDEN, _G.PERMISSION_DENIED),
    NotSignedIn: _codes(HTTPStatus.UNAUTHORIZED, _G.UNAUTHENTICATED),
    Conflict: _codes(HTTPStatus.CONFLICT, _G.FAILED_PRECONDITION),
    DuplicateVehicle: _codes(HTTPStatus.CONFLICT, _G.ALREADY_EXISTS),
    Unsafe: _codes(HTTPStatus.UNPROCESSABLE_ENTITY, _G.FAILED_PRECONDITION),
    TooManyAttempts: _codes(HTTPStatus.TOO_MANY_REQUESTS, _G.RESOURCE_EXHAUSTED),
    TooLarge: _codes(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, _G.RESOURCE_EXHAUSTED),
    IdempotencyKeyMissing: _codes(HTTPStatus.BAD_REQUEST, _G.INVALID_ARGUMENT),
    IdempotencyKeyReused: _codes(HTTPStatus.UNPROCESSABLE_ENTITY, _G.ALREADY_EXISTS),
    Fault: _codes(HTTPStatus.INTERNAL_SERVER_ERROR, _G.INTERNAL),
    VehicleRefused: _codes(HTTPStatus.BAD_GATEWAY, _G.ABORTED),
    Unavailable: _codes(HTTPStatus.SERVICE_UNAVAILABLE, _G.UNAVAILABLE),
    TimedOut: _codes(HTTPStatus.GATEWAY_TIMEOUT, _G.DEADLINE_EXCEEDED),
    StorageFull: _codes(HTTPStatus.INSUFFICIENT_STORAGE, _G.RESOURCE_EXHAUSTED),
    RoundsmanError: _codes(HTTPStatus.INTERNAL_SERVER_ERROR, _G.INTERNAL),
}


def codes_of(error: RoundsmanError) -> Codes:
    """Return the codes of the nearest class in the table."""
    return next(TABLE[kind] for kind in type(error).__mro__ if kind in TABLE)


def problem(
    *,
    status: HTTPStatus,
    code: str,
    detail: str,
    where: str | None = None,
    remedy: str | None = None,
    params: Mapping[str, Detail] | None = None,
    problems: Sequence[Mapping[str, Json]] = (),
    quotes_caller: bool = False,
) -> JSONResponse:
    """Return an RFC 9457 answer; `problems` lists every single mistake where there are several.

    A detail that quotes what the caller sent is not read back by codes: it is not our sentence.
    """
    body = {
        "type": f"urn:roundsman:problem:{code}",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
        "code": code,
        "where": where,
        "remedy": remedy,
        "params": dict(params or {}),
        "detail_said": [] if quotes_caller else _said(detail),
        "remedy_said": _said(remedy or ""),
        "problems": [dict(one) for one in problems],
    }
    return JSONResponse(body, status_code=int(status), media_type=PROBLEM_TYPE)


def problem_of(error: RoundsmanError) -> JSONResponse:
    """Return the problem of one of our errors."""
    answer = problem(
        status=codes_of(error).http,
        code=error.code,
        detail=error.message,
        where=error.where,
        remedy=error.remedy,
        params=error.params,
        problems=_problems_of(error),
    )
    if isinstance(error, TooManyAttempts):
        answer.headers["Retry-After"] = str(error.params.get("retry_after_s", 60))
    if isinstance(error, NotSignedIn):
        answer.headers["WWW-Authenticate"] = 'Bearer realm="roundsman"'
    return answer


def _said(sentence: str) -> Json:
    return [one.model_dump(mode="json") for one in tell_said(sentence)]


def _problems_of(error: RoundsmanError) -> list[Mapping[str, Json]]:
    if isinstance(error, BadPatrol):
        return [
            {
                "where": one.where,
                "detail": one.what,
                "detail_said": _said(one.what),
                "remedy": one.remedy,
                "remedy_said": _said(one.remedy),
            }
            for one in error.problems
        ]
    if isinstance(error, BadZoneFile):
        return [tell_zone_problem(one) for one in error.problems]
    return []


def tell_zone_problem(one: ZoneProblem) -> dict[str, Json]:
    """Return one mistake of a zone file as it stands among the `problems` of an answer."""
    told: dict[str, Json] = {"where": one.where, "code": one.code, "detail": one.because, "remedy": one.remedy}
    detail_zh, remedy_zh = problem_zh(one)
    chinese: dict[str, Json] = {"where_zh": where_zh(one.where), "detail_zh": detail_zh, "remedy_zh": remedy_zh}
    return {**told, **chinese, "lon_deg": one.lon_deg, "lat_deg": one.lat_deg, **one.params}


def add_handlers(app: FastAPI) -> None:
    """Let every error of *app* end as a problem, never as HTML or a bare text."""
    app.add_exception_handler(RoundsmanError, _tell_ours)
    app.add_exception_handler(RequestValidationError, _tell_validation)
    app.add_exception_handler(HTTPException, _tell_http)
    app.add_exception_handler(Exception, _tell_unexpected)


async def _tell_ours(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RoundsmanError)
    if isinstance(error, Fault):
        structlog.get_logger("api").error("request failed", path=request.url.path, code=error.code, error=str(error))
    return problem_of(error)


async def _tell_validation(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    wrong = [{"where": _place(one["loc"]), "code": one["type"], "detail": one["msg"]} for one in error.errors()]
    if any(one["where"] == f"header.{IDEMPOTENCY_HEADER}" for one in wrong):
        return problem_of(
            IdempotencyKeyMissing(
                "a write needs a key that the caller makes up once and sends again with each retry",
                where=IDEMPOTENCY_HEADER,
                remedy="send a fresh UUID, 1 to 200 characters",
            )
        )
    sentence = "; ".join(f"{one['where']}: {one['detail']}" for one in wrong)
    return problem(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        code=InvalidInput.code,
        detail=sentence,
        where=wrong[0]["where"] if wrong else None,
        problems=wrong,
        quotes_caller=True,
    )


_HTTP_CODES = {HTTPStatus.NOT_FOUND: NotFound.code, HTTPStatus.REQUEST_ENTITY_TOO_LARGE: TooLarge.code}


def _place(location: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in location)


async def _tell_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    code = _HTTP_CODES.get(status, status.name.lower())
    answer = problem(status=status, code=code, detail=error.detail or status.phrase, where=request.url.path)
    answer.headers.update(error.headers or {})
    return answer


async def _tell_unexpected(request: Request, error: Exception) -> JSONResponse:
    structlog.get_logger("api").error("request failed", path=request.url.path, exc_info=error)
    return problem(
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        code=Fault.code,
        detail="something failed here that should not; it has been logged",
        where=request.url.path,
        remedy="try again; tell the operators when it stays",
    )
