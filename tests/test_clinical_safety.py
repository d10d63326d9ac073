"""docs/clinical-safety.md: every hazard has an answer, and tests that show it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "clinical-safety.md").read_text(encoding="utf-8")

NEEDED = (
    *("wrong patient", "stale result", "unit error", "silence taken", "too many alerts"),
    *("injected text", "a card that stays away", "a limit changed", "a rule switched off"),
)
"""What has to be among the hazards, by the words that their rows begin with."""


def rows() -> list[list[str]]:
    table = PAGE.partition("\n## Hazards\n")[2].partition("\n## ")[0]
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[1:]]


HAZARDS = {row[0]: row for row in rows()}


@pytest.mark.parametrize("hazard", HAZARDS)
def test_a_hazard_has_an_answer_and_files_of_tests_that_show_it(hazard: str) -> None:
    _, answer, shown = HAZARDS[hazard]
    assert answer
    for name in shown.split(", "):
        assert re.search(r"^def test_", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("words", NEEDED)
def test_the_known_hazards_are_among_them(words: str) -> None:
    assert [hazard for hazard in HAZARDS if hazard.startswith(words)] != []


def test_the_page_says_what_this_is_not() -> None:
    text = PAGE.partition("**It is not:**")[2].partition("\n## ")[0]
    assert text.lstrip().startswith("- a medical device")
    assert "a detector of emergencies on its own" in text
    assert "an all-clear" in text
