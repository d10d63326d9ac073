"""Codes decide, in every spelling that means one of ours; names only where there is no code."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cds_service import code_systems
from cds_service.errors import ContentError
from cds_service.terminology import (
    SINGLE_SOURCE,
    Diagnosis,
    Lexicon,
    Match,
    Orderable,
    Threshold,
    read_value_set,
)
from tests.engine.made_up import (
    ICD_10_CM,
    LEXICON,
    LUX,
    POLISH,
    SHINE,
    SNOMED,
    SPOTS,
    STRIPES,
    SYSTEM,
    WAX,
    value_set,
)

ICD_10 = "http://hl7.org/fhir/sid/icd-10"


def diagnosis(name: str, **codes: Any) -> Diagnosis:
    return Diagnosis(name, name, active=value_set(name, **codes))


MOSS = Diagnosis("moss", "Moss", active=value_set("moss", "Q55.10", system=ICD_10_CM))
FERN = Diagnosis("fern", "Fern", active=value_set("fern", "Q66.20", system=ICD_10_CM, by_heading=4))
IVY = Diagnosis("ivy", "Ivy", active=value_set("ivy", "777000", system=SNOMED))
PLANTS = Lexicon([MOSS, FERN, IVY])


def matched(lexicon: Lexicon, system: str | None, code: str | None) -> list[tuple[str, str]]:
    return [(match.value_set, match.note) for match in lexicon.match(system, code)]


SPELLINGS = {
    "as listed": (ICD_10_CM, "Q55.10", ""),
    "without dot": (ICD_10_CM, "Q5510", 'code sent as "Q5510"'),
    "in lower case": (ICD_10_CM, "q55.10", 'code sent as "q55.10"'),
    "blanks around the code": (ICD_10_CM, " Q55.10 ", 'code sent as " Q55.10 "'),
    "no system": (None, "Q55.10", "code sent without its code system"),
    "empty system": ("", "q5510", "code sent without its code system"),
    "system as OID": ("urn:oid:2.16.840.1.113883.6.90", "Q55.10", ""),
    "system with a slash behind": (f"{ICD_10_CM}/", "Q55.10", ""),
    "system with https": (ICD_10_CM.replace("http:", "https:"), "Q55.10", ""),
    "system in capitals": (ICD_10_CM.upper(), "Q55.10", ""),
}


@pytest.mark.parametrize(("system", "code", "note"), SPELLINGS.values(), ids=SPELLINGS)
def test_a_code_is_known_in_other_spellings(system: str | None, code: str, note: str) -> None:
    assert matched(PLANTS, system, code) == [("moss", note)]


OTHERS = {
    "another code of the system": (ICD_10_CM, "Q55.11"),
    "a code below it": (ICD_10_CM, "Q55.101"),
    "its heading": (ICD_10_CM, "Q55.1"),
    "the same code of a national edition": ("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "Q55.10"),
    "a system of someone else": ("https://other.example", "Q55.10"),
    "lower case where case counts": (SNOMED, "777000x"),
    "no code": (ICD_10_CM, None),
    "empty code": (ICD_10_CM, ""),
    "nothing": (None, None),
}


@pytest.mark.parametrize(("system", "code"), OTHERS.values(), ids=OTHERS)
def test_another_code_matches_nothing(system: str | None, code: str | None) -> None:
    assert PLANTS.match(system, code) == ()


def test_every_alias_of_a_system_is_read_as_the_system() -> None:
    for alias, system in code_systems.ALIASES.items():
        plant = Diagnosis("p", "P", active=value_set("plant", "P12.3", system=system))
        assert matched(Lexicon([plant]), alias, "P12.3") == [("plant", "")]


def test_a_code_without_system_counts_only_when_one_system_can_be_meant() -> None:
    twice = Lexicon([MOSS, Diagnosis("m2", "M", active=value_set("m2", "Q55.10", system=ICD_10))])
    assert twice.match(None, "Q55.10") == ()
    assert matched(twice, ICD_10, "Q55.10") == [("m2", "")]


@pytest.mark.parametrize("code", ["Q66.21", "Q66.2", "q6629", "Q66.290"])
def test_a_set_by_heading_takes_every_code_below(code: str) -> None:
    assert [hit.value_set for hit in PLANTS.match(ICD_10_CM, code)] == ["fern"]


@pytest.mark.parametrize("code", ["Q66", "Q66.3", "Q67.2"])
def test_a_set_by_heading_takes_no_other_heading(code: str) -> None:
    assert PLANTS.match(ICD_10_CM, code) == ()


def test_a_code_of_two_sets_matches_both() -> None:
    assert LEXICON.match(SYSTEM, "SHINE-BEST") == (
        Match("shine", SYSTEM, "SHINE-BEST"),
        Match("shine-best", SYSTEM, "SHINE-BEST"),
    )


NAMES = {
    "polish": ["polish"],
    "POLISH 5 mg": ["polish"],
    "super polish and wax": ["polish", "wax"],
    "wax, polish-free": ["polish", "wax"],
    "(polish)": ["polish"],
    "nail polish": [],
    "waxing": [],
    "7wax": [],
    "": [],
}


@pytest.mark.parametrize(("text", "expected"), NAMES.items())
def test_names_are_whole_words(text: str, expected: list[str]) -> None:
    assert sorted(LEXICON.named(text)) == expected
    assert sorted(LEXICON.named(text)) == expected, "remembered differently"


def test_names_are_read_as_written_not_as_patterns() -> None:
    lexicon = Lexicon([Orderable("mix", "mix", value_set("mix"), ("7+3", "a.b"))])
    assert lexicon.named("give 7+3 now") == ("mix",)
    assert lexicon.named("give 773 and axb now") == ()


def test_without_names_nothing_is_named() -> None:
    assert Lexicon([SPOTS]).named("polish") == ()


def test_the_longest_name_is_taken() -> None:
    short = Orderable("short", "short", value_set("short"), ("tar",))
    long = Orderable("long", "long", value_set("long"), ("tar soap",))
    assert Lexicon([short, long]).named("tar soap") == ("long",)


def test_orderables_of_value_sets() -> None:
    assert LEXICON.orderables_of(frozenset({"polish", "shine"})) == [POLISH]
    assert LEXICON.orderables_of(frozenset()) == []
    assert LEXICON.concepts["wax"] is WAX


def test_a_concept_knows_all_its_code_lists() -> None:
    assert [s.id for s in SPOTS.value_sets()] == [
        "spots-active",
        "spots-category",
        "spots-remission",
        "spots-relapse",
    ]
    assert [s.id for s in STRIPES.value_sets()] == ["stripes", "lines"]
    assert [s.id for s in SHINE.value_sets()] == ["shine", "shine-best"]


@pytest.mark.parametrize(("value", "text"), [("100", "100 lux"), ("7.50", "7.5 lux")])
def test_a_threshold_shows_its_unit(value: str, text: str) -> None:
    assert str(Threshold("t", Decimal(value), LUX, "reason", "SOURCE")) == text


# -- value sets ----------------------------------------------------------------------------------


def fhir(**fields: Any) -> dict[str, Any]:
    concepts = [
        {"code": "2", "display": "Two"},
        {"code": "1", "extension": [{"url": SINGLE_SOURCE, "valueBoolean": True}]},
        {"code": "3", "extension": [{"url": SINGLE_SOURCE, "valueBoolean": False}]},
    ]
    include = [{"system": SYSTEM, "concept": concepts}, {"system": SNOMED}]
    named = {"id": "v", "title": "V", "url": "https://made-up.example/v", "version": "1.2"}
    return {**named, "compose": {"include": include}, **fields}


def test_a_value_set_is_read_from_its_fhir_form() -> None:
    found = read_value_set(fhir(), "v.json")
    assert (found.id, found.title, found.version) == ("v", "V", "1.2")
    assert found.codes == {(SYSTEM, "2"): "Two", (SYSTEM, "1"): "", (SYSTEM, "3"): ""}
    assert found.single_source == {(SYSTEM, "1")}
    assert found.of_system(SYSTEM) == ["1", "2", "3"]
    assert found.of_system(SNOMED) == []


@pytest.mark.parametrize(
    "broken",
    [{}, {"id": "v"}, fhir(compose=None), fhir(compose={"include": [{"concept": [{}]}]}), []],
)
def test_what_is_no_value_set_names_the_file(broken: Any) -> None:
    with pytest.raises(ContentError, match=r"^v\.json is not a FHIR ValueSet"):
        read_value_set(broken, "v.json")


def test_a_code_that_only_the_other_edition_has_counts_and_is_named() -> None:
    """A WHO feed cannot hold a five-character code: the system URI is wrong, not the code."""
    (match,) = PLANTS.match(ICD_10, "Q55.10")
    assert (match.value_set, match.note) == ("moss", "code belongs to the other edition of ICD-10")
