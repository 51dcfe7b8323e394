"""The table of whose word counts, cell by cell."""

import pytest

from fleet.holding import COUNTS, Holder, Speaker, Word, counts, holder_of

OF_THE_CONTROLLER = {
    (Holder.NOBODY, Speaker.DISPATCHER, Word.HOLD),
    (Holder.NOBODY, Speaker.SEPARATION, Word.HOLD),
    (Holder.NOBODY, Speaker.DISPATCHER, Word.CANCEL),
    (Holder.SEPARATION, Speaker.DISPATCHER, Word.HOLD),
    (Holder.SEPARATION, Speaker.DISPATCHER, Word.CANCEL),
    (Holder.SEPARATION, Speaker.SEPARATION, Word.HOLD),
    (Holder.SEPARATION, Speaker.SEPARATION, Word.RESUME),
    (Holder.SEPARATION, Speaker.SEPARATION, Word.RETURN),
    (Holder.DISPATCHER, Speaker.DISPATCHER, Word.HOLD),
    (Holder.DISPATCHER, Speaker.DISPATCHER, Word.RESUME),
    (Holder.DISPATCHER, Speaker.DISPATCHER, Word.CANCEL),
}


def test_the_table_has_every_cell() -> None:
    assert set(COUNTS) == set(Holder)
    assert all(set(row) == set(Speaker) for row in COUNTS.values())


@pytest.mark.parametrize("word", list(Word))
@pytest.mark.parametrize("speaker", list(Speaker))
@pytest.mark.parametrize("holder", list(Holder))
def test_a_persons_word_always_counts_and_the_controllers_only_where_nobody_else_has_decided(
    holder: Holder, speaker: Speaker, word: Word
) -> None:
    expected = speaker is Speaker.PERSON or (holder, speaker, word) in OF_THE_CONTROLLER
    assert counts(word, of=speaker, against=holder) is expected


def test_whoever_holds_is_whoever_spoke() -> None:
    assert [holder_of(speaker) for speaker in Speaker] == [Holder.PERSON, Holder.DISPATCHER, Holder.SEPARATION]
