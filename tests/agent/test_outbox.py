"""The agent's outbox: on the disk before it says so, in order, until acknowledged."""

import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from roundsman.v1 import link_pb2 as pb

from agent.outbox import Outbox, OutboxFile, outbox_figures
from core.clock import ManualClock
from core.errors import StorageFull, Unavailable
from core.ids import ReportId, VehicleId, is_id
from core.tasks import within
from fleet.orders import VehicleEvent

DRONE = VehicleId("drone-1")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


@pytest.fixture
async def file(path: Path) -> AsyncIterator[OutboxFile]:
    async with OutboxFile(file=path) as opened:
        yield opened


def outbox(file: OutboxFile, vehicle_id: VehicleId = DRONE) -> Outbox:
    return Outbox(file=file, vehicle_id=vehicle_id, clock=ManualClock())


def event(text: str) -> VehicleEvent:
    return VehicleEvent(vehicle_id=DRONE, kind="note", text=text, at=datetime(2026, 1, 5, tzinfo=UTC))


async def texts(box: Outbox, *, after: int = 0, limit: int = 100) -> list[str]:
    pending = await box.pending(after=after, limit=limit)
    return [pb.Report.FromString(report.body).vehicle_event.text for report in pending]


async def test_reports_come_back_in_their_order(file: OutboxFile) -> None:
    box = outbox(file)
    for text in "abcde":
        await box.put(event(text))
    assert await texts(box) == list("abcde")
    first, second = await box.pending(after=0, limit=2)
    assert await texts(box, after=second.sequence) == list("cde")
    assert is_id(first.id)
    assert pb.Report.FromString(first.body).id == first.id


async def test_a_report_stays_until_it_is_acknowledged(file: OutboxFile) -> None:
    box = outbox(file)
    await box.put(event("a"))
    await box.put(event("b"))
    first, second = await box.pending(after=0, limit=2)
    await box.acknowledge([second.id, ReportId("unknown")])
    assert await texts(box) == ["a"]
    await box.acknowledge([first.id])
    assert await box.count() == 0


async def test_reports_survive_the_process(path: Path) -> None:
    async with OutboxFile(file=path) as file:
        await outbox(file).put(event("a"))
    async with OutboxFile(file=path) as file:
        assert await texts(outbox(file)) == ["a"]


async def test_vehicles_do_not_see_each_others_reports(file: OutboxFile) -> None:
    mine, theirs = outbox(file), outbox(file, VehicleId("drone-2"))
    await mine.put(event("a"))
    (report,) = await mine.pending(after=0, limit=1)
    await theirs.acknowledge([report.id])
    assert await theirs.count() == 0
    assert await mine.count() == 1


async def test_a_sequence_is_never_used_again(file: OutboxFile) -> None:
    box = outbox(file)
    await box.put(event("a"))
    (first,) = await box.pending(after=0, limit=1)
    await box.acknowledge([first.id])
    await box.put(event("b"))
    assert await texts(box, after=first.sequence) == ["b"]


async def test_a_full_disk_is_said_and_nothing_is_kept_of_the_report(file: OutboxFile, path: Path) -> None:
    box = outbox(file)
    await box.put(event("small"))
    (pages,) = (await file.read("PRAGMA page_count"))[0]
    await file.read(f"PRAGMA max_page_count = {pages}")  # SQLite itself now says SQLITE_FULL
    with pytest.raises(StorageFull, match="nothing was acknowledged") as full:
        await box.put(event("x" * 50_000))
    assert full.value.where == str(path)
    assert full.value.remedy
    assert await texts(box) == ["small"]
    await file.read("PRAGMA max_page_count = 100000")
    await box.put(event("after"))
    assert await texts(box) == ["small", "after"]


@pytest.fixture
def spoilt(path: Path) -> Path:
    path.write_bytes(b"not a database, but long enough to be looked at" * 50)
    return path


async def test_a_file_that_is_no_database_is_said(spoilt: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be used"):
        async with OutboxFile(file=spoilt):
            pass


async def test_a_waiting_reader_is_woken_by_a_put(file: OutboxFile) -> None:
    box = outbox(file)
    await box.put(event("a"))
    await within(1, box.wait_for_more())
    with pytest.raises(TimeoutError):
        await within(0.01, box.wait_for_more())


async def test_the_figures_count_everything_that_was_ever_put(file: OutboxFile, path: Path) -> None:
    assert (await outbox_figures(path)).put == 0
    box = outbox(file)
    for text in "abc":
        await box.put(event(text))
    (first, *_) = await box.pending(after=0, limit=1)
    await box.acknowledge([first.id])
    figures = await outbox_figures(path)
    assert (figures.put, figures.waiting) == (3, 2)


async def test_the_file_is_flushed_to_the_disk_with_every_put(path: Path) -> None:
    async with OutboxFile(file=path) as file:
        assert await file.read("PRAGMA synchronous") == [(2,)]
        await outbox(file).put(event("a"))
        with sqlite3.connect(path) as other:
            assert other.execute("SELECT count(*) FROM outbox").fetchone() == (1,)


async def test_a_draft_is_sent_only_when_its_process_ended_and_never_taken_twice(path: Path) -> None:
    async with OutboxFile(file=path) as file:
        box, other = outbox(file), outbox(file, VehicleId("drone-2"))
        for text in ("a", "ab"):
            await box.save_draft(event(text))
        await other.save_draft(event("of another"))
        assert await box.count() == 0
        await box.put_drafted(event("abc"))
        await box.save_draft(event("d"))
        assert await texts(box) == ["abc"]
    async with OutboxFile(file=path) as file:
        box = outbox(file)
        assert await texts(box) == ["abc", "d"]
        assert await texts(outbox(file, VehicleId("drone-2"))) == ["of another"]
        await box.put_drafted(event("without a draft"))
        ids = [report.id for report in await box.pending(after=0, limit=9)]
        assert len(set(ids)) == 3


async def test_a_finished_report_has_the_id_of_its_draft(path: Path) -> None:
    async with OutboxFile(file=path) as file:
        await outbox(file).save_draft(event("a"))
    async with OutboxFile(file=path) as file:
        (draft,) = await outbox(file).pending(after=0, limit=9)
        box = outbox(file)
        await box.save_draft(event("b"))
        await box.put_drafted(event("bc"))
        await box.acknowledge([draft.id])
        (finished,) = await box.pending(after=0, limit=9)
        body, stored = await file.read("SELECT report_id, vehicle_id FROM drafts"), finished.id
    assert body == []
    assert pb.Report.FromString(finished.body).id == stored != draft.id
