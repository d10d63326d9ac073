"""The clinical content as a whole: codes from the verified list, rules listed, cited and fed.

Where the clinical catalogue is at hand, what the content took over from it is compared too.
"""

from __future__ import annotations

import ast
import csv
import importlib
import json
import pkgutil
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

import fixtures
import hooks.rules
from cds_service.chart import Chart
from cds_service.engine import Engine
from cds_service.errors import CDSError
from cds_service.protocol import parse
from cds_service.rule import Line, Rule
from cds_service.service import Service, build_chart, supplied_answers
from cds_service.settings import Settings
from cds_service.terminology import Orderable, Threshold, Window
from hooks import CONCEPTS, SERVICES, evidence, thresholds

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
CODES = SHARED / "terminology" / "codes.csv"
CATALOGUE = SHARED / "clinical" / "catalogue.md"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ENGINE = Engine(SERVICES, CONCEPTS, Settings())
RULES = {rule.id: rule for service in SERVICES for rule in service.rules()}

needs_codes = pytest.mark.skipif(
    not CODES.exists(), reason="the verified code list ../shared/terminology/codes.csv is not here"
)
needs_catalogue = pytest.mark.skipif(
    not CATALOGUE.exists(), reason="the catalogue ../shared/clinical/catalogue.md is not here"
)

# -- codes -----------------------------------------------------------------------------------------

_NUMERIC = re.compile(r"[1-9][0-9]{3,17}|[0-9]{4}[0-9A-Z]")
"""SNOMED CT, RxNorm, CPT: only a whole literal counts, because texts hold numbers too."""
_PUNCTUATED = re.compile(r"(LA)?[0-9]{3,7}-[0-9]|[A-Z][0-9]{2}|[A-Z][0-9][0-9A-Z]\.[0-9A-Z]{1,4}")
"""LOINC, ICD-10 and ICD-10-CM: also inside a text."""

NO_CODES = {
    "1000": "a thousand, as a unit is spelled",
    "6000": "milligrams of hydroxyurea",
    "86400": "seconds of a day",
    "110152": "DICOM's role of a participant in an audit event: destination",
    "110153": "the same: source",
}


def looks_like_codes(literal: str) -> list[str]:
    if _NUMERIC.fullmatch(literal):
        return [literal]
    return [word for word in re.split(r"[\s|,;()]+", literal) if _PUNCTUATED.fullmatch(word)]


def literals(path: Path) -> Iterator[str]:
    """Every text in the code of a module that is no docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    statements = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
    docstrings = {id(node) for node in statements if isinstance(node, ast.Constant)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in docstrings:
            yield node.value


def test_codes_are_recognised_as_such() -> None:
    for code in ("86044005", "1656", "36511", "6690-2", "LA9622-7", "G12.21", "C92", "C9A.0X1"):
        assert looks_like_codes(code) == [code]
    assert looks_like_codes("http://loinc.org|6690-2,http://loinc.org|26464-8") == [
        "6690-2",
        "26464-8",
    ]
    for text in ("Q4H", "0-1", "10*9/L", "7+3", "PMID 24472688", "500", "ELN22", "v1.0.0"):
        assert looks_like_codes(text) == []


@needs_codes
@pytest.mark.parametrize(
    "path",
    [*sorted((ROOT / "cds_service").rglob("*.py")), *sorted((ROOT / "hooks").rglob("*.py"))],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_no_code_stands_in_the_program_that_is_not_in_the_verified_list(path: Path) -> None:
    with CODES.open(encoding="utf-8", newline="") as file:
        verified = {row["code"] for row in csv.DictReader(file)}
    found = {code for literal in literals(path) for code in looks_like_codes(literal)}
    assert found - verified - set(NO_CODES) == set()


# -- rules -----------------------------------------------------------------------------------------


def modules() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(hooks.rules.__path__)]


@pytest.mark.parametrize("name", modules())
def test_file_rule_and_tests_share_one_name_and_a_service_lists_the_rule(name: str) -> None:
    module = importlib.import_module(f"hooks.rules.{name}")
    declared = [each for each in vars(module).values() if isinstance(each, Rule)]
    assert [each.id for each in declared] == [name.replace("_", "-")]
    assert RULES[declared[0].id] is declared[0]
    assert (ROOT / "tests" / "rules" / f"test_{name}.py").is_file()


def test_every_service_lists_rules_of_the_rules_folder_only() -> None:
    assert {name.replace("_", "-") for name in modules()} == set(RULES)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_cites_sources_that_are_listed_each_once(rule: Rule) -> None:
    keys = [each.key for each in rule.evidence]
    assert keys
    assert len(keys) == len(set(keys))
    assert [each for each in rule.evidence if evidence.BY_KEY[each.key] is not each] == []


def limits() -> list[Threshold]:
    return [each for each in vars(thresholds).values() if isinstance(each, Threshold)]


@pytest.mark.parametrize("limit", limits(), ids=lambda limit: limit.name)
def test_a_limit_has_its_reason_and_a_listed_source(limit: Threshold) -> None:
    assert limit.source in evidence.BY_KEY
    assert limit.reason.endswith(".")


def test_limits_and_windows_have_names_of_their_own() -> None:
    windows = [each for each in vars(thresholds).values() if isinstance(each, Window)]
    names = [each.name for each in (*limits(), *windows)]
    assert sorted(names) == sorted(set(names))
    assert [each.name for each in windows if not each.reason] == []


# -- what rules ask, and what prefetch brings ------------------------------------------------------


def charts(service: Service) -> Iterator[Chart]:
    """A patient of whom nothing is known, and those of every story."""
    yield Chart(lexicon=ENGINE.lexicon, as_of=NOW, patient_id="none")
    for name in (name for story in fixtures.stories() for name in fixtures.requests(story)):
        request = fixtures.request(name, NOW)
        if request["hook"] != service.hook:
            continue
        try:
            parsed = parse(json.dumps(request).encode(), service.hook)
            answers = supplied_answers(service, parsed)
        except CDSError:
            continue
        yield build_chart(service, ENGINE.lexicon, parsed, answers, NOW)


@cache
def asked(service_id: str) -> frozenset[str]:
    """Ids of every concept that the rules of a service ask about, the texts of cards included."""
    service = ENGINE.service(service_id)
    found: set[str] = set()
    for chart in charts(service):
        for rule in service.rules():
            rule.applies(chart)
            for escalation in rule.escalations:
                escalation.when(chart)
            for show in rule.shows:
                list(show(chart))
            for advice in rule.advice:
                text = advice.text if isinstance(advice, Line) else advice
                if not isinstance(text, str):
                    text(chart)
            for propose in rule.suggestions:
                propose(chart)
        found |= chart.asked
    return frozenset(found)


def queried(service: Service) -> set[str]:
    return {concept.id for query in service.queries for concept in query.concepts}


ORDERED = {concept.id for concept in CONCEPTS if isinstance(concept, Orderable)}


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.id)
def test_what_rules_ask_is_prefetched_unless_it_is_only_ordered(service: Service) -> None:
    unfed = asked(service.id) - queried(service)
    assert unfed <= ORDERED
    assert service.hook != "patient-view" or unfed == set()


def test_what_is_prefetched_is_asked_by_some_rule() -> None:
    everything = frozenset[str]().union(*(asked(service.id) for service in SERVICES))
    for service in SERVICES:
        assert queried(service) - everything == set()


# -- the catalogue ---------------------------------------------------------------------------------


def catalogue_evidence() -> dict[str, list[str]]:
    """Key to citation, identifier and how it was seen: the table of section 8."""
    _, _, section = CATALOGUE.read_text(encoding="utf-8").partition("## 8. Evidence list")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines()]
    return {row[0]: row[1:] for row in rows if len(row) == 4 and row[0].isupper()}


def catalogue_rules() -> dict[str, str]:
    """Rule id to its part of section 3."""
    text = CATALOGUE.read_text(encoding="utf-8")
    parts = re.split(r"^### R\w+ `([\w-]+)`", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def stated(part: str, name: str) -> str:
    found = re.search(rf"\*\*{name}[^*]*:\*\* (.*?)(?: \*\*|$)", part, flags=re.MULTILINE)
    assert found is not None
    return found[1].rstrip(".")


@needs_catalogue
def test_sources_are_those_of_the_catalogue() -> None:
    listed = catalogue_evidence()
    assert len(listed) > 50
    carried = {key: [each.citation, each.identifier] for key, each in evidence.BY_KEY.items()}
    # A clinician knows the summaries, not the catalogue's word for the documents.
    own = carried.pop("READING")
    assert "guideline summaries" in own[0]
    del listed["READING"]
    assert not evidence.READING.primary
    assert carried == {key: cells[:2] for key, cells in listed.items()}


@needs_catalogue
def test_no_source_is_called_better_seen_than_it_was() -> None:
    seen = {key: cells[2] for key, cells in catalogue_evidence().items()}
    wrong = [
        each.key for each in evidence.BY_KEY.values() if not seen[each.key].startswith(each.seen)
    ]
    assert wrong == []


def words(text: str) -> list[str]:
    """CDS Hooks asks for a summary of one sentence: how two are joined makes no difference."""
    return re.findall(r"[\w-]+", text.lower())


SPELLED_OUT = {
    "residual disease (mrd)": "mrd",
    "mrd-negative": "mrd is negative",
    "tumor lysis": "tls",
    "azacitidine or decitabine": "hma",
    "hypomethylating agent": "hma",
    "tretinoin (atra)": "atra",
    "tyrosine kinase inhibitor (tki)": "tki",
    "tyrosine kinase inhibitor": "tki",
    "philadelphia chromosome (ph)": "ph",
}
"""Abbreviations that not every reader of a narrow panel knows stand on our cards in full."""

REWORDED = {
    "allo-hsct-all-mrd": "with MRD spelled out the catalogue's sentence has over 140 characters"
}


def in_short(text: str) -> list[str]:
    """The words of a summary with the catalogue's abbreviations."""
    lowered = text.lower()
    for spelled, abbreviation in SPELLED_OUT.items():
        lowered = lowered.replace(spelled, abbreviation)
    return words(lowered)


SETTLED_READINGS = {
    "comfort-plan": "section 0.9 defines it, so that section 3 has no heading of it to compare"
}


@needs_catalogue
def test_every_rule_has_a_heading_of_the_catalogue_or_is_a_settled_reading() -> None:
    assert RULES.keys() - catalogue_rules().keys() == SETTLED_READINGS.keys()
    text, _, _ = CATALOGUE.read_text(encoding="utf-8").partition("## 1. ")
    assert all(f"`{rule_id}`" in text for rule_id in SETTLED_READINGS)


@needs_catalogue
@pytest.mark.parametrize(
    "rule",
    [rule for rule in RULES.values() if rule.id not in SETTLED_READINGS],
    ids=lambda rule: rule.id,
)
def test_a_rule_is_the_catalogues(rule: Rule) -> None:
    part = catalogue_rules()[rule.id]
    same = in_short(rule.summary) == in_short(stated(part, "Summary"))
    assert same is (rule.id not in REWORDED)
    assert list(rule.statements) == stated(part, "Carries").split(", ")
    assert [each.key for each in rule.evidence] == stated(part, "Evidence").split(", ")
    first = re.search(r"critical|warning|info", stated(part, "Indicator"))
    assert first is not None
    assert rule.indicator.value == first.group()
