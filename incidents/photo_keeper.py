"""Pictures into the books: bytes on the disk first, then their entry, so that nothing acknowledged is ever lost."""

import asyncio
import hashlib
from collections.abc import Sequence

from core.clock import Clock
from core.database import Transaction
from core.errors import InvalidInput
from core.ids import EvidenceId, IncidentId, VehicleId, new_id
from core.tasks import run_blocking
from incidents.errors import BadPhoto
from incidents.evidence import Evidence, EvidenceKind, EvidenceOrigin
from incidents.evidence_store import EvidenceStore
from incidents.store import EvidenceBook
from perception.photo_upload import CleanPhoto, UnreadablePhoto, clean_photo
from perception.sighting import Photo


class PhotoKeeper:
    """Keeps vehicles' and people's pictures."""

    def __init__(self, *, book: EvidenceBook, store: EvidenceStore, clock: Clock) -> None:
        self._book = book
        self._store = store
        self._clock = clock

    async def keep_vehicle_photos(
        self,
        unit: Transaction,
        photos: Sequence[Photo],
        *,
        incident_id: IncidentId,
        vehicle_id: VehicleId,
        origin: EvidenceOrigin,
    ) -> tuple[EvidenceId, ...]:
        """Keep the pictures of a sighting or a second look and return their ids.

        Raises InvalidInput when a picture is not what its hash says, StorageFull or Unavailable when it cannot be kept.
        """
        for photo in photos:
            _check_hash(photo)
        fresh = [photo for photo in photos if not await self._is_kept(unit, photo)]
        await asyncio.gather(*(self._store.put(photo.jpeg) for photo in fresh))
        for photo in fresh:
            kind = EvidenceKind.AFTER if origin is EvidenceOrigin.LOOK else EvidenceKind(photo.kind.value)
            entry = self._entry(photo, kind=kind, origin=origin, by=vehicle_id, incident_id=incident_id)
            await self._book.add(unit, entry)
        return tuple(photo.id for photo in photos)

    async def _is_kept(self, unit: Transaction, photo: Photo) -> bool:
        known = await self._book.known(unit, photo.id)
        if known is not None and known.sha256 != photo.sha256:
            raise InvalidInput("another picture is kept under this id", where=photo.id)
        return known is not None

    def _entry(
        self, photo: Photo, *, kind: EvidenceKind, origin: EvidenceOrigin, by: str, incident_id: IncidentId
    ) -> Evidence:
        return Evidence(
            id=photo.id,
            kind=kind,
            origin=origin,
            sha256=photo.sha256,
            size_bytes=len(photo.jpeg),
            width_px=photo.width_px,
            height_px=photo.height_px,
            taken_at=photo.taken_at,
            stored_at=self._clock.now(),
            by=by,
            incident_id=incident_id,
            box_xyxy_px=photo.box_xyxy_px,
        )

    async def put_upload(self, data: bytes, *, kind: EvidenceKind, by: str) -> Evidence:
        """Check a person's picture, keep its bytes and return its entry, which `add_upload` has yet to store.

        Only the pixels are kept: no position, device or name that a phone wrote into the file. Raises BadPhoto.
        """
        photo = await run_blocking(lambda: _clean(data))
        sha256 = await self._store.put(photo.jpeg)
        now = self._clock.now()
        return Evidence(
            id=EvidenceId(new_id()),
            kind=kind,
            origin=EvidenceOrigin.UPLOAD,
            sha256=sha256,
            size_bytes=len(photo.jpeg),
            width_px=photo.width_px,
            height_px=photo.height_px,
            taken_at=now,
            stored_at=now,
            by=by,
        )

    async def add_upload(self, unit: Transaction, evidence: Evidence) -> None:
        """Store the entry of a picture whose bytes are kept."""
        await self._book.add(unit, evidence)

    async def read(self, evidence: Evidence) -> bytes:
        """Return a picture's bytes; raises Unavailable or EvidenceDamaged."""
        return await self._store.get(evidence.sha256)


def _check_hash(photo: Photo) -> None:
    if hashlib.sha256(photo.jpeg).hexdigest() != photo.sha256:
        raise InvalidInput("a picture is not what its hash says", where=photo.id, remedy="the agent takes it again")


def _clean(data: bytes) -> CleanPhoto:
    try:
        return clean_photo(data)
    except UnreadablePhoto as error:
        raise BadPhoto(error.message, where="file", remedy=error.remedy) from error
