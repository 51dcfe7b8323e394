"""Pictures: upload and look at."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response, UploadFile

from api.accounts import Account
from api.auth import may
from api.errors import TooLarge
from api.idempotency import OnceOnly
from api.permissions import Permission
from api.rest.incidents import person_of
from api.schemas.evidence import PhotoTold, tell_photo
from api.services import Services, ServicesNow
from core.database import Transaction
from core.errors import NotAllowed
from core.ids import EvidenceId
from incidents.evidence import Evidence, EvidenceKind
from incidents.moves import Person, Post, check_may_see
from perception.photo_upload import MOST_BYTES

router = APIRouter(prefix="/evidence", tags=["incidents"])
_FOR_EVER = "private, max-age=31536000, immutable"


@router.post("", status_code=201, response_model=PhotoTold)
async def upload(
    account: Annotated[Account, may(Permission.ADD_EVIDENCE)],
    services: ServicesNow,
    once: OnceOnly,
    file: UploadFile,
    kind: Annotated[EvidenceKind, Form()],
) -> Response:
    """Keep a photo (JPEG or PNG, at most 20 MiB); the answer means that it is on the disk.

    Only its pixels are kept: no place, device or name that the phone wrote into it.
    """
    data = await file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise TooLarge(f"the photo is larger than {MOST_BYTES // 2**20} MiB", where="file", remedy="send a smaller one")
    evidence = await services.photos.put_upload(data, kind=kind, by=account.name)

    async def work(unit: Transaction) -> PhotoTold:
        await services.photos.add_upload(unit, evidence)
        return tell_photo(evidence)

    return await once.run(work, status=201)


@router.get("/{evidence_id}", responses={200: {"content": {"image/jpeg": {}}}}, response_class=Response)
async def show(
    account: Annotated[Account, may(Permission.READ_INCIDENTS)],
    services: ServicesNow,
    request: Request,
    evidence_id: str,
) -> Response:
    """Return a picture as JPEG; to a grid worker, an own one or one of an own incident."""
    async with services.database.reading() as unit:
        evidence = await services.evidence.get(unit, EvidenceId(evidence_id))
        await _check_may_see(unit, services, evidence, person_of(account))
    headers = {"ETag": f'"{evidence.sha256}"', "Cache-Control": _FOR_EVER, "X-Content-Type-Options": "nosniff"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(await services.photos.read(evidence), media_type="image/jpeg", headers=headers)


async def _check_may_see(unit: Transaction, services: Services, evidence: Evidence, person: Person) -> None:
    if person.post is not Post.WORKER or evidence.by == person.name:
        return
    if evidence.incident_id is None:
        raise NotAllowed("the picture was taken by somebody else", where=evidence.id)
    check_may_see(await services.incidents.get(unit, evidence.incident_id), person)
