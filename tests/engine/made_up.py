"""A made-up content, so that the engine is tested without medicine.

Subjects may have spots, are measured for shine, tested for glow and given polish or wax.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from cds_service.chart import Chart
from cds_service.finding import UNKNOWN, Fact, Finding, Truth
from cds_service.orders import read_drafts
from cds_service.readers import Resource, decode_any, read_resource
from cds_service.rule import Evidence, Indicator, Rule, rule
from cds_service.terminology import (
    Diagnosis,
    Lexicon,
    Measurement,
    Orderable,
    QualitativeTest,
    Threshold,
    ValueSet,
    Window,
)
from cds_service.units import Units

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ME = "subject-1"
SYSTEM = "https://made-up.example/codes"
ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED = "http://snomed.info/sct"

# -- concepts ------------------------------------------------------------------------------------


def value_set(name: str, *codes: str, system: str = SYSTEM, **more: Any) -> ValueSet:
    displays = {(system, code): f"{name} {code}" for code in codes}
    return ValueSet(name, name.title(), f"https://made-up.example/vs/{name}", "1", displays, **more)


LUX = Units("lux", "lux", {"lux": Decimal(1), "klux": Decimal(1000)})
POINTS = Units("{score}", "", {"points": Decimal(1)}, unitless_ok=True)

SPOTS = Diagnosis(
    "spots",
    "Spots",
    active=value_set("spots-active", "SPOT"),
    category=value_set("spots-category", "SPOTS-ANY"),
    remission=value_set("spots-remission", "SPOT-GONE"),
    relapse=value_set("spots-relapse", "SPOT-BACK"),
)
STRIPES = Diagnosis(
    "stripes",
    "Stripes",
    active=value_set("stripes", "STRIPE"),
    suspected_by=value_set("lines", "LINE"),
    suspected_words="lines recorded, stripes not specified",
    lifelong=True,
)
SHINE = Measurement(
    "shine",
    "Shine",
    value_set("shine", "SHINE", "SHINE-BEST"),
    LUX,
    plausible=(Decimal(0), Decimal(5000)),
    preferred=value_set("shine-best", "SHINE-BEST"),
)
GRADE = Measurement(
    "grade",
    "Grade",
    value_set("grade", "GRADE", "GRADE-2-FOUND"),
    POINTS,
    answers={(SYSTEM, "ANSWER-1"): Decimal(1), (SYSTEM, "GRADE-2-FOUND"): Decimal(2)},
)
GLOW = QualitativeTest("glow", "Glow", value_set("glow", "GLOW"))
_RARE = frozenset({(SYSTEM, "POLISH-RARE")})
POLISH = Orderable(
    "polish",
    "polish",
    value_set("polish", "POLISH", "POLISH-RARE", single_source=_RARE),
    ("polish", "super polish"),
    unless=("nail",),
)
WAX = Orderable("wax", "wax", value_set("wax", "WAX"), ("wax",))

CONCEPTS = (SPOTS, STRIPES, SHINE, GRADE, GLOW, POLISH, WAX)
LEXICON = Lexicon(CONCEPTS)

BRIGHT = Threshold("bright", Decimal(100), LUX, "As bright as a lamp.", "MADEUP")
TODAY = Window("today", timedelta(hours=24), "Shine fades.")

# -- records -------------------------------------------------------------------------------------


def coded(*codes: str, system: str | None = SYSTEM) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code} for code in codes]}


def condition(named: str = "SPOT", **fields: Any) -> dict[str, Any]:
    """`clinical` and `verification` are status codes; other fields are FHIR's own."""
    found: dict[str, Any] = {"resourceType": "Condition", "code": coded(named)}
    for name, word in (("clinicalStatus", "clinical"), ("verificationStatus", "verification")):
        if (status := fields.pop(word, None)) is not None:
            found[name] = {"coding": [{"code": status}]}
    return found | fields


def ago(hours: float) -> str:
    return (NOW - timedelta(hours=hours)).isoformat()


def observation(named: str = "SHINE", value: Any = None, **fields: Any) -> dict[str, Any]:
    """A final result of three hours ago; a number is an amount of lux."""
    found: dict[str, Any] = {
        "resourceType": "Observation",
        "status": "final",
        "code": coded(named),
        "effectiveDateTime": ago(3),
    }
    if value is not None:
        found["valueQuantity"] = {"value": value, "unit": "lux"}
    return {name: each for name, each in (found | fields).items() if each is not None}


def draft(identity: str, kind: str = "MedicationRequest", **fields: Any) -> dict[str, Any]:
    return {"resourceType": kind, "id": identity, "status": "draft", **fields}


def resource(fields: Mapping[str, Any]) -> Resource:
    read = read_resource(json.dumps(fields).encode())
    assert read is not None
    return read


def decoded(value: Any) -> Any:
    """As the engine sees JSON: fractions are Decimals."""
    return decode_any(json.dumps(value).encode())


def chart(*records: Mapping[str, Any], **more: Any) -> Chart:
    """`drafts` and `selections` are the context's; `troubles` are failed reads by concept id."""
    people = [each for each in records if each["resourceType"] == "Patient"]
    bundle = {"entry": [{"resource": each} for each in more.pop("drafts", ())]}
    drafts = read_drafts(decoded(bundle), more.pop("selections", None), ME, LEXICON)
    return Chart(
        lexicon=LEXICON,
        as_of=NOW,
        patient_id=ME,
        patient=resource(people[0]) if people else None,
        resources=[resource(each) for each in records if each["resourceType"] != "Patient"],
        orders=drafts.orders,
        **more,
    )


# -- findings and rules --------------------------------------------------------------------------


def answer(truth: Truth, name: str = "fact") -> Finding:
    """A finding of one fact that is missing where the answer is unknown."""
    return Finding(name, truth, (Fact(name, lambda: name, missing=truth is UNKNOWN),))


def said(facts: Iterable[Fact]) -> list[str]:
    return [fact.say() for fact in facts]


SOURCE = Evidence("MADEUP", "Doe J. On shine. 2020", "PMID 1", "https://made-up.example/1", "R")


def a_rule(
    identity: str = "some-rule",
    applies: Callable[[Chart], Finding] | None = None,
    truth: Truth = Truth.TRUE,
    **more: Any,
) -> Rule:
    """A rule that is complete, and answers as told."""

    def asked(chart: Chart) -> Finding:
        """What the card says."""
        return answer(truth, f"fact of {identity}") if applies is None else applies(chart)

    given = {
        "version": "1.0.0",
        "indicator": Indicator.INFO,
        "summary": f"Summary of {identity}",
        "evidence": (SOURCE,),
        "strength": "None",
        "statements": ("M-01",),
        **more,
    }
    return rule(id=identity, **given)(asked)


def raising(*_: Any) -> Any:
    """A question, an advice line or a proposal with a bug."""
    raise ZeroDivisionError("the subject's value is 4711")
