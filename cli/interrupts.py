"""Ctrl-C as a question: the first asks a search for its best so far, the second ends the program."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupts(what: str) -> Iterator[list[int]]:
    """Yield a list that is empty until somebody presses Ctrl-C; *what* says, in both languages, what is then done."""
    pressed: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)
        print(what, file=sys.stderr, flush=True)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)
