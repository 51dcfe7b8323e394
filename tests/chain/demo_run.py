"""Runs the real `roundsman demo --headless` and hands back what it said."""

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(slots=True, kw_only=True)
class DemoRun:
    """A running headless demo."""

    folder: Path
    process: asyncio.subprocess.Process

    def pids(self) -> dict[str, int]:
        """Return the present process ids by name; empty until everything is up."""
        file = self.folder / "data" / "pids.json"
        try:
            found: dict[str, int] = json.loads(file.read_text())
        except (OSError, ValueError):
            return {}
        return found

    async def finish(self) -> tuple[int, dict[str, Any], str]:
        """Return the exit status, the report and everything that was told, when it has ended."""
        _, told = await self.process.communicate()
        report = self.folder / "report.json"
        document = json.loads(report.read_text()) if report.exists() else {}
        return self.process.returncode or 0, document, told.decode(errors="replace")


async def start_demo(folder: Path, *, for_s: float) -> DemoRun:
    """Start a headless demo in *folder* that ends by itself after *for_s* seconds."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from cli.main import main; main()",
        "demo", "--headless", "--for-s", str(for_s),
        "--report", str(folder / "report.json"), "--data-dir", str(folder / "data"),
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    return DemoRun(folder=folder, process=process)
