"""What a site's codes change: recognition, prefetch templates, answers. Shipped codes stand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cds_service.chart import Chart
from cds_service.engine import Engine
from cds_service.errors import ContentError
from cds_service.finding import FALSE, TRUE, UNKNOWN
from cds_service.prefetch import Query
from cds_service.settings import Settings
from cds_service.site import load_site_value_sets, read_site
from cds_service.terminology import Lexicon, Match, Measurement
from tests.engine.made_up import ICD_10_CM, LEXICON, ME, NOW, SYSTEM, observation, resource
from tests.engine.site_folders import CONTENT, DULL, LOCAL, folder, mapping
from tests.engine.test_service import a_service


def lexicon(path: Path, *documents: Any) -> Lexicon:
    site = read_site(folder(path, *documents), CONTENT)
    return Lexicon(map(site.extend, CONTENT), local=site.codes())


NAMES = {
    "by the end of its url": mapping("dull", "D"),
    "by the url of a version": mapping("dull", "D", url="http://site.example/ValueSet/dull|2"),
    "by its name": mapping("local-17", "D", name="dull"),
    "by its id": mapping("local-17", "D", id="dull"),
}


@pytest.mark.parametrize("document", NAMES.values(), ids=NAMES)
def test_a_value_set_is_known(tmp_path: Path, document: Any) -> None:
    found = load_site_value_sets(folder(tmp_path, document), CONTENT)
    assert {name: dict(each.codes) for name, each in found.items()} == {"dull": {(LOCAL, "D"): ""}}


def test_a_byte_order_mark_is_no_trouble(tmp_path: Path) -> None:
    folder(tmp_path, "\ufeff" + json.dumps(mapping("dull", "D")))
    assert list(load_site_value_sets(tmp_path, CONTENT)) == ["dull"]


def test_a_site_code_is_recognised_and_its_concept_mapped(tmp_path: Path) -> None:
    known = lexicon(tmp_path, mapping("dull", "D"))
    assert known.match(LOCAL, "D") == (Match("dull", LOCAL, "D"),)
    assert (known.is_mapped(DULL), Lexicon(CONTENT).is_mapped(DULL)) == (True, False)


def test_shipped_codes_are_added_to_and_never_replaced(tmp_path: Path) -> None:
    document = mapping("shine", "S")
    document["compose"]["include"].append(
        {"system": SYSTEM, "concept": [{"code": "SHINE", "display": "renamed"}]}
    )
    shine = lexicon(tmp_path, document).concepts["shine"]
    assert isinstance(shine, Measurement)
    assert set(shine.codes.codes) == {(LOCAL, "S"), (SYSTEM, "SHINE"), (SYSTEM, "SHINE-BEST")}
    assert shine.codes.codes[SYSTEM, "SHINE"] == "shine SHINE"


def test_concepts_without_a_site_code_are_the_shipped_ones(tmp_path: Path) -> None:
    known = lexicon(tmp_path, mapping("dull", "D"))
    assert [c.id for c in CONTENT if known.concepts[c.id] is not c] == ["dull-now"]


def test_without_a_folder_nothing_changes() -> None:
    site = read_site("", CONTENT)
    assert (site.codes(), all(site.extend(each) is each for each in CONTENT)) == (set(), True)


def test_value_sets_may_share_a_code_where_both_allow_it(tmp_path: Path) -> None:
    known = lexicon(tmp_path, mapping("timed", "D"), mapping("anytime", "D"))
    assert [match.value_set for match in known.match(LOCAL, "D")] == ["timed", "anytime"]


def test_value_sets_that_overlap_as_shipped_may_share_a_code(tmp_path: Path) -> None:
    known = lexicon(tmp_path, mapping("heading", "D"), mapping("part", "D"))
    assert {match.value_set for match in known.match(LOCAL, "D")} == {"heading", "part"}


def test_lists_of_one_disease_that_overlap_as_shipped_may_share_a_code(tmp_path: Path) -> None:
    known = lexicon(tmp_path, mapping("wide", "D"), mapping("narrow", "D"))
    assert {match.value_set for match in known.match(LOCAL, "D")} == {"wide", "narrow"}


def test_diseases_that_overlap_as_shipped_may_share_a_code_of_any_state(tmp_path: Path) -> None:
    known = lexicon(tmp_path, mapping("heading-gone", "D"), mapping("part", "D"))
    assert {match.value_set for match in known.match(LOCAL, "D")} == {"heading-gone", "part"}


def test_a_code_may_be_of_different_kinds(tmp_path: Path) -> None:
    known = lexicon(tmp_path, mapping("dull", "D"), mapping("spots-active", "D"))
    assert {match.value_set for match in known.match(LOCAL, "D")} == {"dull", "spots-active"}


def test_an_answer_may_be_yes_to_one_test_and_no_to_another(tmp_path: Path) -> None:
    names = ("dull", "brittle")
    tests = [mapping(name, name) for name in names]
    folder(tmp_path, *tests, mapping("dull-yes", "A"), mapping("brittle-no", "A"))
    assert len(load_site_value_sets(tmp_path, CONTENT)) == 4


@pytest.mark.parametrize("names", [("hum", "hum-best"), ("hum-best", "hum")], ids=str)
def test_a_preferred_code_is_one_of_the_measurement_too(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    known = lexicon(tmp_path, *(mapping(name, "S") for name in names))
    assert {match.value_set for match in known.match(LOCAL, "S")} == {"hum", "hum-best"}


def test_a_code_keeps_the_heading_that_it_was_read_by(tmp_path: Path) -> None:
    before = Lexicon(CONTENT).match(ICD_10_CM, "S10.9")
    after = lexicon(tmp_path, mapping("part", "S10.9", system=ICD_10_CM)).match(ICD_10_CM, "S10.9")
    assert [match.value_set for match in before] == ["heading"]
    assert {match.value_set for match in after} == {"heading", "part"}


def test_a_local_code_is_not_read_without_its_system(tmp_path: Path) -> None:
    assert lexicon(tmp_path, mapping("dull", "D")).match(None, "D") == ()


def test_a_local_code_leaves_a_public_one_readable_without_its_system(tmp_path: Path) -> None:
    known = lexicon(tmp_path, mapping("dull", "WAX"))
    assert LEXICON.match(None, "WAX")
    assert known.match(None, "WAX") == LEXICON.match(None, "WAX")


# -- the engine at a site ------------------------------------------------------------------------

RESULTS = Query("results", "Observation", "Dullness.", (DULL,), 5, "-date")


def engine(path: Path, *documents: Any) -> Engine:
    settings = Settings(site_value_sets=str(folder(path, *documents)))
    return Engine([replace(a_service(), queries=(RESULTS,))], CONTENT, settings)


def template(of: Engine) -> str:
    (service,) = of.discovery()["services"]
    found: str = service["prefetch"]["results"]
    return found


def test_discovery_asks_for_the_site_codes(tmp_path: Path) -> None:
    asked = template(engine(tmp_path, mapping("dull", "D", "E")))
    assert f"&code={LOCAL}|D,{LOCAL}|E&_sort=-date" in asked


def test_discovery_never_asks_for_answers(tmp_path: Path) -> None:
    asked = template(engine(tmp_path, mapping("dull", "D"), mapping("dull-yes", "Y")))
    assert f"&code={LOCAL}|D&_sort=-date" in asked


def test_odd_codes_do_not_break_the_search(tmp_path: Path) -> None:
    """https://hl7.org/fhir/R4/search.html#escaping"""
    asked = template(engine(tmp_path, mapping("dull", "A,B", "C|D$E\\F", "{{x}}", "a b&c#d")))
    codes = asked.split("code=")[1].split("&_sort")[0]
    assert sorted(codes.split(",")) == [
        f"{LOCAL}|%7B%7Bx%7D%7D",
        f"{LOCAL}|A%5C%2CB",
        f"{LOCAL}|C%5C%7CD%5C%24E%5C%5CF",
        f"{LOCAL}|a%20b%26c%23d",
    ]


def test_the_engine_reads_local_codes_with_their_system_only(tmp_path: Path) -> None:
    known = engine(tmp_path, mapping("dull", "D")).lexicon
    assert (bool(known.match(LOCAL, "D")), known.match(None, "D")) == (True, ())


def test_an_engine_does_not_start_with_a_broken_folder(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="is not JSON"):
        engine(tmp_path, "{")


ANSWERS = {"Y": TRUE, "N": FALSE, "OTHER": UNKNOWN}


@pytest.mark.parametrize("system", [LOCAL, f"{LOCAL}/"], ids=["plain", "slash"])
@pytest.mark.parametrize("code", ANSWERS)
def test_answers_in_site_codes_are_read(tmp_path: Path, code: str, system: str) -> None:
    known = lexicon(
        tmp_path,
        mapping("dull", "D", system=system),
        mapping("dull-yes", "Y", system=system),
        mapping("dull-no", "N", system=system),
    )
    value = {"coding": [{"system": system, "code": code}]}
    record = observation(code={"coding": [{"system": system, "code": "D"}]})
    record["valueCodeableConcept"] = value
    chart = Chart(lexicon=known, as_of=NOW, patient_id=ME, resources=[resource(record)])
    assert chart.test_is_positive(DULL).truth is ANSWERS[code]
