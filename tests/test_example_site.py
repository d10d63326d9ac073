"""The example site of fixtures/site: what a hospital writes to wake the dormant rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.valueset import ValueSet as FhirValueSet

import fixtures
import hooks
from cds_service.engine import Engine, load_engine
from cds_service.rule_list import describe
from cds_service.settings import Settings
from cds_service.terminology import QualitativeTest, ValueSet
from hooks.concepts import CONCEPTS

FOLDER = Path(fixtures.__file__).parent / "site"
FILES = sorted(FOLDER.glob("*.json"))
LOCAL = "http://example-hospital.example/fhir/CodeSystem/local"
GUIDE = FOLDER.parent.parent / "docs" / "site-value-sets.md"


def left_to_sites() -> dict[str, ValueSet]:
    """Value sets for which no code is shipped, those of answers included."""
    every = [each for concept in CONCEPTS for each in concept.value_sets()]
    for concept in CONCEPTS:
        every += concept.answer_sets() if isinstance(concept, QualitativeTest) else ()
    return {each.id: each for each in every if not each.codes}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return load_engine(hooks, Settings(site_value_sets=str(FOLDER)))


def rules(engine: Engine) -> dict[str, dict[str, Any]]:
    return {rule["id"]: rule for rule in describe(engine)}


def test_the_example_maps_every_concept_that_is_left_to_sites() -> None:
    assert left_to_sites()
    assert sorted(set(left_to_sites()) - {path.stem for path in FILES}) == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_is_a_valid_value_set_of_example_codes(path: Path) -> None:
    resource = json.loads(path.read_text(encoding="utf-8"))
    FhirValueSet.model_validate(resource)
    assert resource["url"].endswith(f"/{path.stem}")
    assert {include["system"] for include in resource["compose"]["include"]} == {LOCAL}


def test_no_rule_and_no_input_is_dormant_at_the_example_site(engine: Engine) -> None:
    described = rules(engine).values()
    assert [rule["id"] for rule in described if rule["dormant"] or rule["dormantInputs"]] == []


def test_without_a_site_a_rule_is_dormant_that_needs_its_codes() -> None:
    bare = rules(load_engine(hooks, Settings()))
    assert bare["allo-hsct-favorable-aml"]["dormantUntilMapped"] == [["eln-favorable"]]
    assert not bare["apl-suspected"]["dormant"]
    assert bare["apl-suspected"]["dormantInputs"] == ["apl-morphology"]


def test_prefetch_asks_for_every_local_code_of_a_result(engine: Engine) -> None:
    asked = {
        token
        for service in engine.discovery()["services"]
        for template in service["prefetch"].values()
        if "&code=" in template
        for token in template.split("&code=")[1].split("&")[0].split(",")
    }
    results = {
        value_set.id
        for query in hooks.SERVICES[0].queries
        if query.resource_type == "Observation"
        for concept in query.concepts
        for value_set in concept.value_sets()
    }
    expected = {f"{LOCAL}|{name}" for name in results & set(left_to_sites())}
    assert len(expected) > 10
    assert expected <= asked
    assert not [token for token in asked if token.startswith(LOCAL) and token.endswith("-yes")]


def test_the_guide_names_every_value_set_that_is_left_to_sites() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert [name for name in left_to_sites() if f"`{name}`" not in text] == []
