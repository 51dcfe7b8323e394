"""The sentences that the service says, by code: so that a screen can say them in another language.

A reason is written once, in English, where it arises; rows, the journal and the agents' reports carry that sentence.
Here it is read back into its stable code and its values by the catalogue `sentences.json` (as gettext does with its
message ids), whichever version wrote it. A sentence that the catalogue does not know stays as it is.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Final

AS_IT_IS: Final = "as_it_is"
"""The code of a piece that the catalogue does not know; its only value is `text`."""
_SEPARATOR = "; "
_LONGEST = 2000
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_NUMBER = r"-?[\d.]+(?:e[+-]?\d+)?\s?%?"
_NUMBERS = re.compile(r"(^n|_m|_s|^percent|^area)$")
_TIGHT: Mapping[str, str] = {
    "vehicle": r"[^\s:;,]+",
    "other_vehicle": r"[^\s:;,]+",
    "who": r"[^;]{1,80}?",
    "tube": r"[^:;]+?",
    "other_tube": r"[^:;]+?",
    "place": r"\(-?[\d.]+, -?[\d.]+\)|-?[\d.]+, -?[\d.]+",
}
_KNOWN_ONLY = frozenset({"because", "remedy"})
"""Values that have to be one sentence of the catalogue: otherwise their form would fit nearly everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One sentence by its code; a value is text, or sentences again."""

    code: str
    params: Mapping[str, "str | tuple[Said, ...]"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    code: str
    pattern: re.Pattern[str]
    literal: str
    """The longest piece of it that always stands in its sentences: most forms are ruled out by it at once."""


def read(sentence: str) -> tuple[Said, ...]:
    """Return what *sentence* says, piece by piece; empty where no piece of it is known."""
    if not sentence or len(sentence) > _LONGEST:
        return ()
    found = _read(sentence)
    return found if any(one.code != AS_IT_IS for one in found) else ()


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Return each code's sentence in English and in Chinese."""
    text = files("api").joinpath("sentences.json").read_text(encoding="utf-8")
    sentences: dict[str, dict[str, str]] = json.loads(text)
    return sentences


@lru_cache(maxsize=4096)
def _read(sentence: str) -> tuple[Said, ...]:
    return tuple(_pieces(sentence.split(_SEPARATOR)))


def _pieces(pieces: list[str]) -> Iterator[Said]:
    """Yield the sentences that *pieces* are, the longest first: some have a semicolon of their own."""
    while pieces:
        for count in range(len(pieces), 0, -1):
            said = _read_one(_SEPARATOR.join(pieces[:count]))
            if said is not None or count == 1:
                yield said or Said(code=AS_IT_IS, params={"text": pieces[0]})
                pieces = pieces[count:]
                break


@lru_cache(maxsize=4096)
def _read_one(text: str) -> Said | None:
    for form in _forms():
        if form.literal not in text or (match := form.pattern.fullmatch(text)) is None:
            continue
        values = {name: _value(name, value) for name, value in match.groupdict().items()}
        if None not in values.values():
            return Said(code=form.code, params={name: value for name, value in values.items() if value is not None})
    return None


def _value(name: str, text: str) -> "str | tuple[Said, ...] | None":
    """Return a value as text or, where the catalogue knows it, as sentences; None where it would have to."""
    found = read(text) if " " in text else ()
    if name in _KNOWN_ONLY:
        return found if len(found) == 1 else None
    return found or text


@cache
def _forms() -> tuple[_Form, ...]:
    """Return all forms, those that say most by themselves first."""
    forms = {code: said["en"] for code, said in catalogue().items()}
    own = sorted(forms, key=lambda code: len(_PLACEHOLDER.sub("", forms[code])), reverse=True)
    return tuple(_form(code, forms[code]) for code in own)


def _form(code: str, text: str) -> _Form:
    marks = [0, *(edge for found in _PLACEHOLDER.finditer(text) for edge in found.span()), len(text)]
    literals = [text[start:end] for start, end in list(pairwise(marks))[::2]]
    names = _PLACEHOLDER.findall(text)
    pattern = re.escape(literals[0])
    for name, literal in zip(names, literals[1:], strict=True):
        pattern += f"(?P<{name}>{_pattern_of(name)})" + re.escape(literal)
    return _Form(code=code, pattern=re.compile(pattern, re.DOTALL), literal=max(literals, key=len))


def _pattern_of(name: str) -> str:
    return _TIGHT.get(name) or (_NUMBER if _NUMBERS.search(name) else r".+?")
