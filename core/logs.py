"""Structured logs: one JSON object a line, or coloured lines on a terminal."""

import logging
import sys

import structlog

from core.errors import InvalidInput


def set_up_logs(*, process: str, level: str = "INFO", as_json: bool | None = None) -> None:
    """Configure structlog for this process; JSON unless standard error is a terminal. Raises InvalidInput."""
    least = logging.getLevelNamesMapping().get(level.upper())
    if least is None:
        raise InvalidInput(f"{level!r} is no level of logs", where="log_level", remedy="debug, info, warning or error")
    json_lines = as_json if as_json is not None else not sys.stderr.isatty()
    # Plain tracebacks everywhere: pretty ones print local variables, and those hold passwords and tokens.
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if json_lines
        else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    )
    chain: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if json_lines:
        chain.append(structlog.processors.format_exc_info)
    structlog.configure(
        processors=[*chain, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
