"""A made-up content that leaves value sets to a site, and folders that fill them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from cds_service.errors import ContentError
from cds_service.site import load_site_value_sets
from cds_service.terminology import Concept, Diagnosis, Measurement, QualitativeTest
from tests.engine.made_up import CONCEPTS, ICD_10_CM, POINTS, value_set

LOCAL = "http://site.example/Codes"

DULL = QualitativeTest(
    "dull-now",
    "Dull",
    value_set("dull"),
    yes_codes=value_set("dull-yes"),
    no_codes=value_set("dull-no"),
)
BRITTLE = QualitativeTest(
    "brittle",
    "Brittle",
    value_set("brittle"),
    yes_codes=value_set("brittle-yes"),
    no_codes=value_set("brittle-no"),
)
TIMED = Measurement("timed", "Timed", value_set("timed", shares_codes=True), POINTS)
ANYTIME = Measurement("anytime", "Any time", value_set("anytime", shares_codes=True), POINTS)
HEADING = Diagnosis(
    "heading",
    "Heading",
    active=value_set("heading", "S10.1", system=ICD_10_CM, by_heading=3),
    remission=value_set("heading-gone"),
)
PART_OF_HEADING = Diagnosis(
    "part", "Part of the heading", active=value_set("part", "S10.1", system=ICD_10_CM)
)
NESTED = Diagnosis(
    "nested", "Nested", active=value_set("narrow", "NEST"), category=value_set("wide", "NEST")
)
HUM = Measurement("hum-now", "Hum", value_set("hum"), POINTS, preferred=value_set("hum-best"))
CONTENT = (*CONCEPTS, DULL, BRITTLE, TIMED, ANYTIME, HEADING, PART_OF_HEADING, NESTED, HUM)

# -- folders -------------------------------------------------------------------------------------


def mapping(fills: str, /, *codes: str, system: str | None = LOCAL, **more: Any) -> dict[str, Any]:
    """A value set of the site; `include` fields are FHIR's own."""
    include = {"system": system, "concept": [{"code": code} for code in codes]}
    include |= more.pop("include", {})
    return {
        "resourceType": "ValueSet",
        "url": f"http://site.example/ValueSet/{fills}",
        "status": "active",
        "compose": {"include": [{k: v for k, v in include.items() if v is not None}]},
        **more,
    }


def folder(path: Path, *documents: Any) -> Path:
    """Files 1.json, 2.json ...; text is written as it is."""
    for place, each in enumerate(documents, 1):
        text = each if isinstance(each, str) else json.dumps(each)
        (path / f"{place}.json").write_text(text, encoding="utf-8")
    return path


def refusals(path: Path, concepts: Iterable[Concept] = CONTENT) -> tuple[str, ...]:
    with pytest.raises(ContentError) as refused:
        load_site_value_sets(path, concepts)
    return refused.value.problems
