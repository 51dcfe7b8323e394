"""A process of the demo: `roundsman` that ends when the demo that started it is gone, even when that was killed."""

import ctypes
import signal
import sys

from cli.main import main

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Ask the kernel (Linux) for SIGTERM when the parent process dies; elsewhere the demo's own stop has to do."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    end_with_parent()
    main()
