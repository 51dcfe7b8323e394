"""Words on the desk can be read: the contrast that WCAG 2.2 (1.4.3) asks for, on every ground that they stand on."""

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).parents[2] / "web" / "src" / "desk" / "desk.css").read_text(encoding="utf-8")
COLOURS = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6});", CSS))
SELECTED = "#1d3148"
LEAST = 4.5


@pytest.mark.parametrize("words", ["text", "muted", "old", "decision"])
@pytest.mark.parametrize("ground", ["ground", "panel", "raised", SELECTED])
def test_words_stand_out_from_their_ground(words: str, ground: str) -> None:
    assert f"background: {SELECTED};" in CSS
    assert contrast(COLOURS[words], COLOURS.get(ground, ground)) >= LEAST


def test_a_call_for_help_can_be_read_in_both_of_its_reds() -> None:
    ringing = re.search(r"\.alarm-card\.ringing \.row-more \{\s*color: (#[0-9a-f]{6})", CSS)
    assert ringing
    for red in ("#5b1418", "#8f1a21"):
        assert red in CSS
        assert contrast(ringing[1], red) >= LEAST


def test_only_what_cannot_be_used_is_made_faint() -> None:
    faint = re.findall(r"([^{}\n]+) \{[^{}]*opacity: 0\.[0-6]\d*;[^{}]*\}", CSS)
    assert faint == ["button:disabled"]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    red, green, blue = (linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)
