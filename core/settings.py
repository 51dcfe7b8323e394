"""Settings: a frozen dataclass a process, filled from a TOML file and the environment, refused when wrong."""

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from core.errors import InvalidInput
from core.files import read_text

S = TypeVar("S")
Port = Annotated[int, Field(ge=0, le=65535)]
"""0: any free one."""
Span = Annotated[float, Field(gt=0, le=1e6)]
"""A time, in the unit that the field names, or a rate: some, and an end."""
Wait = Annotated[float, Field(ge=0, le=1e6)]
"""How long something is waited for; 0: not at all."""
Keep = Annotated[float, Field(ge=0, le=1e6)]
"""How long something is kept; 0: for ever."""


def load_settings(
    kind: type[S],
    *,
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    given: Mapping[str, object] | None = None,
) -> S:
    """Return settings of *kind*: *given* over ROUNDSMAN_<FIELD> in *environment* over the TOML *file* over defaults.

    In the environment a list is written with commas. Raises InvalidInput naming every wrong field and the file it came
    from.
    """
    values: dict[str, object] = _read_file(file) if file else {}
    names = {field.name: field.type for field in fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(values.keys() - names.keys()):
        raise InvalidInput(
            f"unknown settings {', '.join(unknown)}", where=str(file), remedy=f"known are {', '.join(sorted(names))}"
        )
    for name, kind_of_value in names.items():
        if (text := (environment or {}).get(f"ROUNDSMAN_{name.upper()}")) is not None:
            values[name] = text.split(",") if kind_of_value == tuple[str, ...] else text
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
