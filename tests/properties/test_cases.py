"""Every rule has cases of its own, and every one of its questions decides some of them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN, Truth
from hooks import concepts
from tests.patients import never_decisive
from tests.properties.cases import RULES, TABLES, asked, module, module_name, table

_TOGETHER = "counts only without a normal QTc, so that a silent case turns on the two together"
FURTHER_QT_DRUGS = set(concepts.QT_PROLONGING) - set(concepts.QUINIDINES)
NEVER_DECISIVE: Mapping[tuple[str, str], str] = {
    ("arsenic-als", "Prolonged QT: confirmed or suspected"): _TOGETHER,
    **{("arsenic-als", f"Active prescription of {d.title}"): _TOGETHER for d in FURTHER_QT_DRUGS},
}
"""Rule and question to the reason why no silent case can turn on it."""

NEVER_UNKNOWN = {
    "blinatumomab-eligibility": "the order alone decides; what is not known makes it a warning",
    "rasburicase-g6pd": "G6PD that is not known asks for the same card as a deficiency",
    "tretinoin-safety": "the order alone decides; what is not known makes it a warning",
}
"""Rules without cases that ask, and why there can be none."""

TESTED = [rule_id for rule_id in RULES if module(rule_id) is not None]
TRUTHS: Mapping[str, Truth] = dict(zip(TABLES, (TRUE, FALSE, UNKNOWN), strict=True))


def test_every_rule_has_a_module_of_cases() -> None:
    assert [module_name(rule_id) for rule_id in RULES if rule_id not in TESTED] == []


@pytest.mark.parametrize("rule_id", TESTED)
@pytest.mark.parametrize("name", TABLES)
def test_every_table_has_cases_and_each_is_what_the_table_says(rule_id: str, name: str) -> None:
    cases = table(rule_id, name)
    assert bool(cases) is (name != "ASKS" or rule_id not in NEVER_UNKNOWN)
    found = {sentence: asked(rule_id, *case).truth for sentence, case in cases.items()}
    assert found == dict.fromkeys(cases, TRUTHS[name])


@pytest.mark.parametrize("rule_id", TESTED)
def test_every_question_of_a_rule_decides_some_silent_case(rule_id: str) -> None:
    known = {question for of, question in NEVER_DECISIVE if of == rule_id}
    silent = table(rule_id, "SILENT").values()
    assert never_decisive(RULES[rule_id], silent) == known
