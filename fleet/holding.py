"""Who holds a vehicle in the air, and whose word counts against that: one table, tested cell by cell.

A person's word always counts. What the controller says by itself counts only where nobody else has decided: it ends
only holds of its own kind, and never touches what a person, a pilot, the guard or the vehicle itself does.
"""

from collections.abc import Mapping
from enum import StrEnum


class Speaker(StrEnum):
    """Who gives a command."""

    PERSON = "person"
    DISPATCHER = "dispatcher"
    """Makes way for a look, and takes that back."""
    SEPARATION = "separation"
    """Keeps vehicles in the air apart."""


class Holder(StrEnum):
    """Whose word, or act, keeps a vehicle from flying on."""

    NOBODY = "nobody"
    SEPARATION = "separation"
    DISPATCHER = "dispatcher"
    PERSON = "person"
    PILOT = "pilot"
    """Whoever flies it by hand."""
    GUARD = "guard"
    """The agent's own stop before a fence."""
    ITSELF = "itself"
    """The vehicle, for a reason that may be anybody's: a failsafe, the way home, a switch on the ground."""


class Word(StrEnum):
    """The words that can take a vehicle out of somebody's hands."""

    HOLD = "hold"
    RESUME = "resume"
    RETURN = "return"
    CANCEL = "cancel"
    """Ends an order that nobody wants any more, by the way home where it is flown."""


_EVERY = frozenset(Word)
_NONE: frozenset[Word] = frozenset()
COUNTS: Mapping[Holder, Mapping[Speaker, frozenset[Word]]] = {
    Holder.NOBODY: {
        Speaker.PERSON: _EVERY,
        Speaker.DISPATCHER: frozenset({Word.HOLD, Word.CANCEL}),
        Speaker.SEPARATION: frozenset({Word.HOLD}),
    },
    Holder.SEPARATION: {
        Speaker.PERSON: _EVERY,
        Speaker.DISPATCHER: frozenset({Word.HOLD, Word.CANCEL}),
        Speaker.SEPARATION: frozenset({Word.HOLD, Word.RESUME, Word.RETURN}),
    },
    Holder.DISPATCHER: {
        Speaker.PERSON: _EVERY,
        Speaker.DISPATCHER: frozenset({Word.HOLD, Word.RESUME, Word.CANCEL}),
        Speaker.SEPARATION: _NONE,
    },
    Holder.PERSON: {Speaker.PERSON: _EVERY, Speaker.DISPATCHER: _NONE, Speaker.SEPARATION: _NONE},
    Holder.PILOT: {Speaker.PERSON: _EVERY, Speaker.DISPATCHER: _NONE, Speaker.SEPARATION: _NONE},
    Holder.GUARD: {Speaker.PERSON: _EVERY, Speaker.DISPATCHER: _NONE, Speaker.SEPARATION: _NONE},
    Holder.ITSELF: {Speaker.PERSON: _EVERY, Speaker.DISPATCHER: _NONE, Speaker.SEPARATION: _NONE},
}
"""Which words of whom count while somebody holds the vehicle; all others are refused with the holder's because."""

OURS = frozenset({Holder.SEPARATION, Holder.DISPATCHER})
"""Holds that the service itself made, and ends by itself; every other one waits for a person."""
MAKES_WAY = "makes way for"
KEEPS_CLEAR = "keeps clear of"
"""How the reason begins of a hold by the dispatcher, and by the separation: agents before protocol 3 tell only that."""

_HOLDERS = {
    Speaker.PERSON: Holder.PERSON,
    Speaker.DISPATCHER: Holder.DISPATCHER,
    Speaker.SEPARATION: Holder.SEPARATION,
}


def counts(word: Word, *, of: Speaker, against: Holder) -> bool:
    """Return the table's cell."""
    return word in COUNTS[against][of]


def holder_of(speaker: Speaker) -> Holder:
    """Return who holds a vehicle after a hold by *speaker*."""
    return _HOLDERS[speaker]


def told_holder(word: str, *, because: str) -> Holder:
    """Return who holds a vehicle by the word of an agent; an older one, which tells none, is known by its reason.

    A holder that only a newer agent knows is nobody of ours: whoever it is, it is not taken out of those hands.
    """
    if word:
        return Holder(word) if word in set(Holder) else Holder.ITSELF
    if because.startswith(MAKES_WAY):
        return Holder.DISPATCHER
    return Holder.SEPARATION if because.startswith(KEEPS_CLEAR) else Holder.ITSELF
