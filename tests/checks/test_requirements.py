"""Every numbered safety rule names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
RULE = re.compile(r"^\| (S\d+\.\d+) \| .* \| (.*) \|$", re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rules() -> list[tuple[str, str]]:
    """Return the number and the tests of every rule."""
    return RULE.findall((ROOT / "docs" / "requirements.md").read_text(encoding="utf-8"))


def test_every_rule_has_a_number_of_its_own_and_names_a_test() -> None:
    numbers = [number for number, _ in rules()]

    assert len(numbers) > 10
    assert len(set(numbers)) == len(numbers)
    assert [number for number, tests in rules() if not TEST.search(tests)] == []


def test_every_named_test_exists() -> None:
    named = [(number, file, name) for number, tests in rules() for file, name in TEST.findall(tests)]
    missing = [
        f"{number}: {file}::{name}"
        for number, file, name in named
        if not (ROOT / file).is_file() or not re.search(rf"def {name}\(", (ROOT / file).read_text(encoding="utf-8"))
    ]

    assert missing == []
