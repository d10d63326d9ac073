"""A site's value sets that could not take effect stop the start, all of them named at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cds_service.site import load_site_value_sets
from cds_service.terminology import Diagnosis, Measurement
from tests.engine.made_up import ICD_10_CM, SNOMED, SYSTEM, value_set
from tests.engine.site_folders import ANYTIME, CONTENT, LOCAL, folder, mapping, refusals

REFUSED: dict[str, tuple[Any, str]] = {
    "no JSON": ("{", "is not JSON"),
    "no text": ("\udcff".encode("utf-8", "surrogateescape").decode("latin-1") + "{", "is not JSON"),
    "a name twice in one object": ('{"a": 1, "a": 2}', "a stands twice in one object"),
    "nested without end": ("[" * 100_000, "is not JSON"),
    "a list": ([], "is not a FHIR ValueSet"),
    "another resource": ({"resourceType": "CodeSystem"}, "is not a FHIR ValueSet"),
    "a retired value set": (mapping("dull", "D", status="retired"), "is retired"),
    "an unknown id": (mapping("dul", "D"), "no value set of the content; did you mean dull or"),
    "a concept that is not a value set": (mapping("dull-now", "D"), "no value set of the content"),
    "no id": (mapping("dull", "D") | {"url": None}, "is named nothing"),
    "two ids": (mapping("dull", "D", name="glow"), "is named glow and dull at once"),
    "an expansion only": (mapping("dull") | {"compose": None}, "has no compose.include"),
    "no include": (mapping("dull") | {"compose": {"include": []}}, "has no compose.include"),
    "an exclude": (
        mapping("dull") | {"compose": {"include": [{}], "exclude": [{"system": LOCAL}]}},
        "has compose.exclude",
    ),
    "an include that is no object": (
        mapping("dull") | {"compose": {"include": ["D"]}},
        "include 1 is not an object",
    ),
    "no codes": (mapping("dull"), "include 1 lists no code"),
    "a whole code system": (
        mapping("dull", include={"concept": None}),
        "include 1 lists no code",
    ),
    "a filter": (
        mapping("dull", "D", include={"filter": [{"property": "concept"}]}),
        "has a filter, which cannot be expanded",
    ),
    "another value set included": (
        mapping("dull", "D", include={"valueSet": ["http://site.example/ValueSet/other"]}),
        "has a valueSet, which cannot be expanded",
    ),
    "no system": (mapping("dull", "D", system=None), "has codes without a system"),
    "a blank system": (mapping("dull", "D", system=" "), "has codes without a system"),
    "a system that is no URI": (mapping("dull", "D", system="our lab"), "is not the URI"),
    "a system with its version": (mapping("dull", "D", system=f"{LOCAL}|2"), "is not the URI"),
    "a system in another spelling": (
        mapping("heading", "S10.2", system="https://HL7.org/fhir/sid/icd-10-cm/"),
        f"write the code system https://HL7.org/fhir/sid/icd-10-cm/ as {ICD_10_CM}",
    ),
    "no code": (mapping("dull", include={"concept": [{"display": "D"}]}), "None is not a code"),
    "a code that is a number": (mapping("dull", include={"concept": [{"code": 7}]}), "7 is not a"),
    "a code with a blank around it": (mapping("dull", " D"), "' D' is not a code"),
    "a code that is no object": (mapping("dull", include={"concept": ["D"]}), "None is not a code"),
    "a code twice": (mapping("dull", "D", "D"), "lists D twice"),
    "a modifier": (mapping("dull", "D", modifierExtension=[{"url": "u"}]), "has modifierExtension"),
    "a modifier of a code": (
        mapping("dull", include={"concept": [{"code": "D", "modifierExtension": [{"url": "u"}]}]}),
        "has modifierExtension",
    ),
    "other rules of reading": (mapping("dull", "D", implicitRules="u"), "has implicitRules"),
    "answers to a test without a code": (
        mapping("dull-yes", "Y"),
        "codes answers of dull, for which no code is mapped",
    ),
    "a preferred code that is not read at all": (
        mapping("shine-best", "S"),
        f"{LOCAL}|S must be in shine as well",
    ),
    "a code that would bring its neighbours": (
        mapping("heading", "T20.1", system=ICD_10_CM),
        "ICD-10 code T20.1 would bring every code that begins like it",
    ),
    "a shipped code of another concept": (
        mapping("dull", "SHINE", system=SYSTEM),
        f"{SYSTEM}|SHINE already means shine",
    ),
    "a shipped code of another state of the disease": (
        mapping("spots-active", "SPOT-GONE", system=SYSTEM),
        f"{SYSTEM}|SPOT-GONE already means spots-remission",
    ),
    "a shipped code without its dot": (
        mapping("spots-active", "S101", system=ICD_10_CM),
        f"{ICD_10_CM}|S101 already means heading",
    ),
    "a code of another heading": (
        mapping("spots-active", "S10.9", system=ICD_10_CM),
        f"{ICD_10_CM}|S10.9 already means heading",
    ),
}


@pytest.mark.parametrize(("document", "words"), REFUSED.values(), ids=REFUSED)
def test_what_could_not_take_effect_is_refused_by_file(
    tmp_path: Path, document: Any, words: str
) -> None:
    problems = refusals(folder(tmp_path, document))
    assert [words in problem for problem in problems].count(True) == 1, problems
    assert all(problem.startswith("site value sets: 1.json: ") for problem in problems)


PAIRS: dict[str, tuple[Any, Any, str]] = {
    "one value set in two files": (
        mapping("dull", "D"),
        mapping("dull", "E"),
        "2.json: dull is filled by 1.json too",
    ),
    "one code for two tests": (
        mapping("dull", "D"),
        mapping("brittle", "D"),
        f"2.json: {LOCAL}|D already means dull",
    ),
    "one code for a test and a measurement": (
        mapping("dull", "D"),
        mapping("timed", "D"),
        f"2.json: {LOCAL}|D already means dull",
    ),
    "one code for disease and remission": (
        mapping("spots-active", "D"),
        mapping("spots-remission", "D"),
        f"2.json: {LOCAL}|D already means spots-active",
    ),
    "one code with and without its dot": (
        mapping("spots-active", "X1.1", system=ICD_10_CM),
        mapping("stripes", "x11", system=ICD_10_CM),
        f"2.json: {ICD_10_CM}|x11 already means spots-active",
    ),
}


@pytest.mark.parametrize(("first", "second", "problem"), PAIRS.values(), ids=PAIRS)
def test_files_that_contradict_each_other_are_refused_once(
    tmp_path: Path, first: Any, second: Any, problem: str
) -> None:
    assert refusals(folder(tmp_path, first, second)) == (f"site value sets: {problem}",)


def test_one_answer_for_yes_and_no_is_refused(tmp_path: Path) -> None:
    documents = (mapping("dull", "D"), mapping("dull-yes", "A"), mapping("dull-no", "A"))
    (problem,) = refusals(folder(tmp_path, *documents))
    assert problem == f"site value sets: 3.json: {LOCAL}|A already means dull-yes"


def test_every_problem_is_listed_at_once(tmp_path: Path) -> None:
    folder(tmp_path, "{", mapping("dul", "D"), mapping("dull", " ", "SHINE", system=SYSTEM))
    (tmp_path / "values.csv").write_text("dull,D")
    problems = refusals(tmp_path)
    assert [problem.split(": ")[1] for problem in problems] == [
        "values.csv",
        "1.json",
        "2.json",
        "3.json",
        "3.json",
    ]


@pytest.mark.parametrize("name", ["values.csv", "dull.xml", "dull.JSON", "dull", "more.json"])
def test_a_file_that_would_not_be_read_is_refused(tmp_path: Path, name: str) -> None:
    folder(tmp_path, mapping("dull", "D"))
    if name == "more.json":
        (tmp_path / name).mkdir()
    else:
        (tmp_path / name).write_text("{}")
    (problem,) = refusals(tmp_path)
    assert f"{name}: is no .json file" in problem


def test_notes_and_hidden_files_are_left_alone(tmp_path: Path) -> None:
    folder(tmp_path, mapping("dull", "D"))
    (tmp_path / "README.md").write_text("notes")
    (tmp_path / "..data").mkdir()
    assert list(load_site_value_sets(tmp_path, CONTENT)) == ["dull"]


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "cannot be read: No such file or directory" in refusals(tmp_path / "none")[0]


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder(tmp_path, mapping("dull", "D"))
    assert "cannot be read: Not a directory" in refusals(tmp_path / "1.json")[0]


def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lost.json").symlink_to(tmp_path / "nowhere.json")
    folder(tmp_path, mapping("dull", "D"))
    assert "lost.json: is no .json file" in refusals(tmp_path)[0]


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    assert "holds no .json file" in refusals(tmp_path)[0]


def test_one_side_alone_does_not_allow_it(tmp_path: Path) -> None:
    content = tuple(
        replace(c, codes=replace(c.codes, shares_codes=False)) if c is ANYTIME else c
        for c in CONTENT
        if isinstance(c, Measurement)
    )
    folder(tmp_path, mapping("timed", "D"), mapping("anytime", "D"))
    assert len(refusals(tmp_path, content)) == 1


def test_snomed_of_an_edition_is_named_as_the_one_terminology(tmp_path: Path) -> None:
    """Else codes of that edition in charts would no longer be known as those of SNOMED CT."""
    content = (*CONTENT, Diagnosis("rash", "Rash", active=value_set("rash", "1", system=SNOMED)))
    folder(tmp_path, mapping("rash", "2", system=f"{SNOMED}/731000124108"))
    assert f"as {SNOMED}" in refusals(tmp_path, content)[0]


def test_a_preferred_code_must_not_be_of_another_measurement(tmp_path: Path) -> None:
    folder(tmp_path, mapping("timed", "D"), mapping("hum-best", "D"))
    assert f"site value sets: 2.json: {LOCAL}|D already means timed" in refusals(tmp_path)
