"""What stands behind each rule, as JSON: complete, the same every time, and true to the rule."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import hooks
from cds_service.engine import load_engine
from cds_service.rule import Line, Rule
from cds_service.settings import Settings
from hooks.rule_documents import SITE
from hooks.source_attributes import NOT_USED
from hooks.statements import STATEMENTS

ROOT = Path(__file__).resolve().parent.parent.parent
RULES = {rule.id: rule for service in hooks.SERVICES for rule in service.rules()}
LEXICON = load_engine(hooks, Settings()).lexicon
DOCUMENTS = {name: hooks.document(rule, hooks.SERVICES, LEXICON) for name, rule in RULES.items()}
each_rule = pytest.mark.parametrize("rule", RULES.values(), ids=RULES)

PARTS = {
    "rule",
    "version",
    "reviewStatus",
    "hooks",
    "summary",
    "text",
    "intendedUse",
    "intendedUser",
    "population",
    "inputs",
    "limits",
    "logic",
    "advice",
    "strength",
    "evidence",
    "statements",
    "testedCases",
    "knownLimits",
    "sourceAttributes",
}


def empty_parts(value: Any, path: str = "") -> Iterator[str]:
    """Where something is that says nothing: "none" and "not used" are answers."""
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield from empty_parts(part, f"{path}.{name}")
    elif isinstance(value, list) and value:
        for place, part in enumerate(value):
            yield from empty_parts(part, f"{path}[{place}]")
    elif not isinstance(value, str) or not value.strip():
        yield path


def test_an_empty_part_would_be_found() -> None:
    found = {"a": "x", "b": ["", {"c": []}], "d": None, "e": {}}
    assert [*empty_parts(found)] == [".b[0]", ".b[1].c", ".d", ".e"]


@each_rule
def test_every_part_is_there_and_none_is_empty(rule: Rule) -> None:
    found = DOCUMENTS[rule.id]
    assert set(found) == PARTS
    assert [*empty_parts(found)] == []
    assert len(found["sourceAttributes"]) == 13
    assert found["logic"]["appliesWhen"]
    assert json.loads(json.dumps(found)) == found


@each_rule
def test_what_only_the_hospital_can_say_is_marked(rule: Rule) -> None:
    found = DOCUMENTS[rule.id]
    assert SITE in found["intendedUse"]
    assert SITE in found["intendedUser"]
    assert any(SITE in limit for limit in found["knownLimits"])


@each_rule
def test_it_speaks_of_the_rule_it_is_about(rule: Rule) -> None:
    found = DOCUMENTS[rule.id]
    own = [service for service in hooks.SERVICES if rule in service.rules()]
    assert found["hooks"] == [service.hook for service in own]
    assert (found["version"], found["summary"]) == (rule.version, rule.summary)
    indicators = {rule.indicator, *(each.indicator for each in rule.escalations)}
    assert {each["indicator"] for each in found["logic"]["urgency"]} == indicators
    assert len(found["logic"]["precedence"]) >= len(own)


@each_rule
def test_what_makes_a_card_more_urgent_is_said_in_words(rule: Rule) -> None:
    for each in DOCUMENTS[rule.id]["logic"]["urgency"]:
        assert not re.search(r"[<>_]|^all of|^at least one of", each["when"])


@each_rule
def test_every_line_of_advice_is_told_and_what_it_can_say(rule: Rule) -> None:
    told = DOCUMENTS[rule.id]["advice"]
    assert len(told) == max(1, len(rule.advice))
    for line, each in zip(rule.advice, told, strict=False):
        text = line.text if isinstance(line, Line) else line
        assert each["when"] == ("always" if isinstance(text, str) else "by patient")
        assert (each["line"] == text) if isinstance(text, str) else each["wordings"]


def test_tested_cases_are_those_of_the_tests() -> None:
    found = DOCUMENTS["leukapheresis-als"]["testedCases"]
    assert "no purpose stated and a count of exactly 50" in found["applies"]
    assert "nothing ordered" in found["doesNotApply"]
    assert found["cannotTell"]


def test_a_limit_says_whether_it_decides() -> None:
    limits = {each["name"]: each for each in DOCUMENTS["leukapheresis-als"]["limits"]}
    assert limits["high-count"]["use"] == "decides"
    assert limits["high-count"]["citation"].startswith("Rollig C")
    assert {each["use"] for each in limits.values()} == {
        "decides",
        "shown, or for lines and proposals",
    }


@each_rule
def test_doubtful_statements_and_sources_nobody_read_are_among_the_limits(rule: Rule) -> None:
    limits = " ".join(DOCUMENTS[rule.id]["knownLimits"])
    doubtful = {s for s in rule.statements if STATEMENTS[s].verification != "confirmed"}
    assert {s for s in rule.statements if f"Statement {s} is " in limits} == doubtful
    unread = {source.key for source in rule.evidence if source.seen != "R"}
    assert {s.key for s in rule.evidence if f"Source {s.key} was " in limits} == unread


def test_an_input_that_no_code_is_mapped_for_is_called_dormant() -> None:
    mapped = {
        each["input"]: each["mapped"] for found in DOCUMENTS.values() for each in found["inputs"]
    }
    dormant = {c.title for c in LEXICON.concepts.values() if not LEXICON.is_mapped(c)}
    assert {name for name, words in mapped.items() if "dormant" in words} == dormant & set(mapped)
    assert dormant & set(mapped)


def test_an_input_names_its_unit_its_range_and_the_key_that_asks_for_it() -> None:
    inputs = {each["input"]: each for each in DOCUMENTS["hyperleukocytosis-emergency"]["inputs"]}
    count = inputs["Leukocytes"]
    assert (count["use"], count["prefetch"]) == ("decides", ["leukocytes"])
    assert "a number in ×10⁹/L or a unit that converts to it" in count["requiredQuality"]
    assert "Outside 0.01 to 2000 it is not believed" in count["requiredQuality"]
    assert inputs["Potassium"]["use"].startswith("shown")
    assert inputs["Sex"]["prefetch"] == ["patient"]


# -- population ------------------------------------------------------------------------------------


def test_the_population_has_what_must_hold_and_what_must_not() -> None:
    assert DOCUMENTS["all-relapsed-refractory"]["population"] == [
        "at least one of these is so:",
        "  Acute lymphoblastic leukemia (ALL): in relapse",
        "  all of these are so:",
        "    Acute lymphoblastic leukemia (ALL): active on the problem list",
        "    Refractory or progressive leukemia positive",
        "Not so: Amyotrophic lateral sclerosis (ALS): confirmed or suspected",
    ]


def test_none_of_several_is_turned_round() -> None:
    population = DOCUMENTS["aml-unfit"]["population"]
    place = population.index("  Not so: PML::RARA positive")
    # Not (positive, and not in remission): negative, or in remission.
    assert population[place - 1] == "at least one of these is so:"
    assert population[place + 1] == "  Acute promyelocytic leukemia (APL): in remission"


def test_orders_are_no_population() -> None:
    assert DOCUMENTS["neurotoxic-drug-als"]["population"] == [
        "Amyotrophic lateral sclerosis (ALS): confirmed or suspected"
    ]
    assert DOCUMENTS["blinatumomab-eligibility"]["population"] == [
        "Every patient for whom the hook is called; the orders decide."
    ]


# -- the same every time ---------------------------------------------------------------------------

DIGEST = """
import hashlib, json, hooks
from cds_service.engine import load_engine
from cds_service.settings import Settings
lexicon = load_engine(hooks, Settings()).lexicon
rules = {rule.id: rule for service in hooks.SERVICES for rule in service.rules()}
found = [hooks.document(rule, hooks.SERVICES, lexicon) for rule in rules.values()]
print(hashlib.sha256(json.dumps(found).encode()).hexdigest())
"""


def test_the_same_json_comes_from_every_process() -> None:
    here = hashlib.sha256(json.dumps([*DOCUMENTS.values()]).encode()).hexdigest()
    for seed in ("1", "2"):
        found = subprocess.run(
            [sys.executable, "-c", DIGEST],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert found.stdout.strip() == here


def test_not_used_is_said_where_a_kind_of_data_is_not_used() -> None:
    for found in DOCUMENTS.values():
        assert found["sourceAttributes"]["race"] == NOT_USED


def texts_of(path: Path) -> Iterator[str]:
    """Every text in a module that is no docstring: those may give examples."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    alone = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    for each in ast.walk(tree):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and id(each) not in alone:
            yield each.value


def test_the_engine_has_no_words_of_the_content() -> None:
    """Names of diseases, measurements, drugs and rules stand in the content alone."""
    engine = " ".join(t for p in (ROOT / "cds_service").rglob("*.py") for t in texts_of(p))
    assert "als-leukemia-cds" in engine
    titles = {concept.title for concept in LEXICON.concepts.values()}
    assert [title for title in titles if len(title) > 6 and title in engine] == []
    assert [rule for rule in RULES if rule in engine] == []
