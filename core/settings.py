"""Settings: a frozen dataclass a process, filled from a TOML file and the environment, refused when wrong."""

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from core.errors import InvalidInput
from core.files import read_text

S = TypeVar("S")


def load_settings(
    kind: type[S],
    *,
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    given: Mapping[str, object] | None = None,
) -> S:
    """Return settings of *kind*: *given* over ROUNDSMAN_<FIELD> in *environment* over the TOML *file* over defaults.

    Raises InvalidInput naming every wrong field and the file it came from.
    """
    values: dict[str, object] = _read_file(file) if file else {}
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(set(values) - names):
        raise InvalidInput(
            f"unknown settings {', '.join(unknown)}", where=str(file), remedy=f"known are {', '.join(sorted(names))}"
        )
    for name in names:
        if (text := (environment or {}).get(f"ROUNDSMAN_{name.upper()}")) is not None:
            values[name] = text
    values.update({name: value for name, value in (given or {}).items() if value is not None})
    try:
        return TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise InvalidInput(wrong, where=str(file) if file else "settings") from error


def _read_file(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(read_text(file))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidInput(f"is not TOML: {error}", where=str(file)) from error
