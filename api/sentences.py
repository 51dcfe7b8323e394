"""The sentences that the service says, by code: so that a screen can say them in another language.

A reason is written once, in English, where it arises; rows, the journal and the agents' reports carry that sentence.
Here it is read back into its stable code and its values by the catalogue `sentences.json` (as gettext does with its
message ids), whichever version wrote it. A sentence that the catalogue does not know stays as it is.

Anybody can send text that comes by here (a because, a name, a key of a body), so reading never fails and what it costs
is bounded by `LONGEST`, `MOST_TRIES` and `_LEVELS`: what is beyond them stays as it is.
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
LONGEST: Final = 1000
"""Characters; what is longer is not read at all."""
MOST_TRIES: Final = 1200
"""How many sentences and forms are tried for one text."""
_SEPARATOR = "; "
_MOST_JOINED = 3
"""Pieces in one sentence: no form has more than one semicolon of its own, and a reason in it may have one too."""
_LEVELS = 4
"""Sentences within sentences: "nobody could begin it: drone-1: enters the zone Pond (the ground to 30 m)"."""
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_NUMBER = r"-?[\d.]{1,20}(?:e[+-]?\d{1,4})?\s?%?"
_NUMBERS = re.compile(r"(^n|_m|_s|^percent|^area)$")
_VALUE = r"[^;]{1,300}?"
_REASON = r".{1,600}?"
_COORDINATES = r"-?[\d.]{1,20}, -?[\d.]{1,20}"
_TIGHT: Mapping[str, str] = {
    "vehicle": r"[^\s:;,]{1,80}",
    "other_vehicle": r"[^\s:;,]{1,80}",
    "who": r"[^;]{1,80}?",
    "tube": r"[^:;]{1,80}?",
    "other_tube": r"[^:;]{1,80}?",
    "place": rf"\({_COORDINATES}\)|{_COORDINATES}",
    "because": _REASON,
    "why": _REASON,
}
_KNOWN_ONLY = frozenset({"because", "remedy"})
"""Values that have to be one sentence of the catalogue: otherwise their form would fit nearly everything."""
_SENTENCES = _KNOWN_ONLY | frozenset(
    {"why", "what", "thing", "heights", "ceiling", "run", "names", "tube", "other_tube", "difference", "error"}
)
"""Values that may be sentences; all others are names, numbers and people's own words, and stay text."""


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


@lru_cache(maxsize=4096)
def read(sentence: str) -> tuple[Said, ...]:
    """Return what *sentence* says, piece by piece; empty where no piece of it is known."""
    if not sentence or len(sentence) > LONGEST:
        return ()
    found = tuple(_Reading().read(sentence))
    return found if any(one.code != AS_IT_IS for one in found) else ()


@cache
def catalogue() -> Mapping[str, Mapping[str, str]]:
    """Return each code's sentence in English and in Chinese."""
    text = files("api").joinpath("sentences.json").read_text(encoding="utf-8")
    sentences: dict[str, dict[str, str]] = json.loads(text)
    return sentences


class _Reading:
    """Reads one text, with so many tries and no more."""

    def __init__(self) -> None:
        self._tries_left = MOST_TRIES
        self._known: dict[tuple[str, int], Said | None] = {}

    def read(self, text: str) -> Iterator[Said]:
        """Yield the sentences that *text* is, the longest first: some have a semicolon of their own."""
        pieces = text.split(_SEPARATOR)
        while pieces:
            said, count = self._longest(pieces[:_MOST_JOINED])
            yield said or Said(code=AS_IT_IS, params={"text": pieces[0]})
            pieces = pieces[count:]

    def _longest(self, pieces: list[str]) -> tuple[Said | None, int]:
        for count in range(len(pieces), 0, -1):
            if (said := self._one(_SEPARATOR.join(pieces[:count]), _LEVELS)) is not None:
                return said, count
        return None, 1

    def _one(self, text: str, levels: int) -> Said | None:
        """Return *text* as one sentence; None where it is none."""
        if levels == 0 or not _may_be_one(text):
            return None
        if (text, levels) not in self._known:
            self._known[text, levels] = self._try_forms(text, levels) if self._may_try() else None
        return self._known[text, levels]

    def _try_forms(self, text: str, levels: int) -> Said | None:
        for form in _forms():
            if form.literal not in text:
                continue
            if not self._may_try():
                return None
            match = form.pattern.fullmatch(text)
            params = None if match is None else self._values(match.groupdict(), levels - 1)
            if params is not None:
                return Said(code=form.code, params=params)
        return None

    def _may_try(self) -> bool:
        self._tries_left -= 1
        return self._tries_left >= 0

    def _values(self, found: Mapping[str, str], levels: int) -> "dict[str, str | tuple[Said, ...]] | None":
        """Return the values of a form; None where one of them cannot be what its name says."""
        values: dict[str, str | tuple[Said, ...]] = {}
        for name, text in sorted(found.items(), key=_length):
            said = self._one(text, levels) if name in _SENTENCES and " " in text else None
            if said is None and (name in _KNOWN_ONLY or _SEPARATOR in text):
                return None
            values[name] = text if said is None else (said,)
        return values


def _length(value: tuple[str, str]) -> int:
    return len(value[1])


def _may_be_one(text: str) -> bool:
    """Say whether every semicolon of *text* can be a form's own."""
    semicolons = text.count(_SEPARATOR)
    return semicolons == 0 or semicolons <= sum(text.count(literal) for literal in _joining())


@cache
def _forms() -> tuple[_Form, ...]:
    """Return all forms, those that say most by themselves first."""
    forms = {code: said["en"] for code, said in catalogue().items()}
    own = sorted(forms, key=lambda code: len(_PLACEHOLDER.sub("", forms[code])), reverse=True)
    return tuple(_form(code, forms[code]) for code in own)


@cache
def _joining() -> frozenset[str]:
    """Return what stands about the semicolons of sentences that have one of their own."""
    texts = (said["en"] for said in catalogue().values())
    return frozenset(literal for text in texts for literal in _literals(text) if _SEPARATOR in literal)


def _literals(text: str) -> list[str]:
    """Return what stands before, between and behind the placeholders."""
    marks = [0, *(edge for found in _PLACEHOLDER.finditer(text) for edge in found.span()), len(text)]
    return [text[start:end] for start, end in list(pairwise(marks))[::2]]


def _form(code: str, text: str) -> _Form:
    literals = _literals(text)
    names = _PLACEHOLDER.findall(text)
    pattern = re.escape(literals[0])
    for name, literal in zip(names, literals[1:], strict=True):
        pattern += f"(?P<{name}>{_pattern_of(name)})" + re.escape(literal)
    return _Form(code=code, pattern=re.compile(pattern, re.DOTALL), literal=max(literals, key=len))


def _pattern_of(name: str) -> str:
    return _TIGHT.get(name) or (_NUMBER if _NUMBERS.search(name) else _VALUE)
