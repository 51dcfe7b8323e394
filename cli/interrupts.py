"""Ctrl-C and SIGTERM: as questions to a search that has a best so far, and as the end of everything else."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ENDS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interrupts(what: str) -> Iterator[list[int]]:
    """Yield a list that is empty until somebody presses Ctrl-C (or a service manager sends SIGTERM).

    *what* says, in both languages, what is then done; the second signal ends the program.
    """
    pressed: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)
        print(what, file=sys.stderr, flush=True)

    before = {number: signal.signal(number, note) for number in _ENDS}
    try:
        yield pressed
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def terminations() -> Iterator[list[int]]:
    """Let SIGTERM end what is within as Ctrl-C does, so that nothing half made stays behind; yields those that came."""
    came: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        came.append(number)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield came
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield came
    finally:
        signal.signal(signal.SIGTERM, before)
