"""The statuses that every sub-command exits with (docs/commands.md)."""

from enum import IntEnum


class Status(IntEnum):
    """What a caller learns from the exit status."""

    DONE = 0
    """It was done, and what was asked for is true: proved, checked, flown."""
    NOT_SO = 1
    """It was done, and the answer is no: a violation, a problem in a checked file, a patrol that did not end well."""
    COULD_NOT = 2
    """It could not be done: what was given cannot be used, something is not there, or nothing can be written."""
    INTERRUPTED = 130
    NOBODY_READS = 141
    TERMINATED = 143
