"""Changes to a request that mean nothing change no card: spelling, order, strangers, repetition."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

import fixtures
from cds_service import code_systems
from cds_service.readers import codings
from cds_service.terminology import Measurement
from hooks import CONCEPTS
from tests.patients import CPT, ICD_10, ICD_10_CM, LOINC, RXNORM, SNOMED
from tests.properties.posts import (
    NOW,
    add,
    bundles,
    cards,
    request,
    resources,
    served,
    usual,
    without_spelling,
)


def answer(asked: dict[str, Any], name: str) -> Any:
    """The cards of a changed request; where the change left it as it was, those it gets anyway."""
    return usual(name) if asked == request(name) else cards(asked)


every_request = pytest.mark.parametrize("name", served())
SYNTHEA = Path(__file__).resolve().parents[3] / "shared" / "data" / "synthea"

# -- units ---------------------------------------------------------------------------------------

MEASURED = {
    key: concept
    for concept in CONCEPTS
    if isinstance(concept, Measurement)
    for value_set in concept.value_sets()
    for key in value_set.codes
}


def quantities(asked: dict[str, Any]) -> Iterator[tuple[Measurement, dict[str, Any]]]:
    """Every number of a request that is a known measurement, components included."""
    for resource in resources(asked):
        for part in (resource, *(resource.get("component") or ())):
            quantity = part.get("valueQuantity") if isinstance(part, dict) else None
            known = [
                MEASURED.get((c.system or "", c.code or "")) for c in codings(part.get("code"))
            ]
            measurement = next((each for each in known if each is not None), None)
            if measurement is not None and isinstance(quantity, dict):
                yield measurement, quantity


def respell(random: Random, measurement: Measurement, quantity: dict[str, Any]) -> None:
    """Another unit and the number that is the same amount in it, where that is a short one."""
    units = measurement.units
    spellings = [quantity.get("unit"), quantity.get("code")]
    if not all(each is None or isinstance(each, str) for each in spellings):
        return
    sent, value = units.factor(*spellings), quantity.get("value")
    if sent is None or isinstance(value, bool) or not isinstance(value, int | float):
        return
    amount = Decimal(str(value)) * sent
    low, high = measurement.plausible or (amount, amount)
    if not low <= amount <= high:
        return  # Shown as sent, because it is not used.
    spelled = [*units.spellings.items(), *units.exact_spellings.items()]
    fitting = [
        (spelling, amount / factor)
        for spelling, factor in spelled
        if len((amount / factor).normalize().as_tuple().digits) <= 9
    ]
    spelling, number = random.choice(sorted(fitting))
    quantity |= {"value": float(number), "unit": spelling}
    for name in ("code", "system"):
        quantity.pop(name, None)


@every_request
def test_the_spelling_of_units_makes_no_difference(name: str) -> None:
    asked, random = request(name), Random(name)
    for measurement, quantity in quantities(asked):
        respell(random, measurement, quantity)
    assert without_spelling(answer(asked, name)) == without_spelling(usual(name))


def test_units_that_scale_are_among_the_spellings() -> None:
    """Else the test above would only compare capitals with small letters."""
    factors = {
        measurement.id: len(set(measurement.units.spellings.values()))
        for name in served()
        for measurement, _ in quantities(request(name))
    }
    assert factors["leukocyte-count"] >= 4
    assert sum(count > 1 for count in factors.values()) >= 8


WRITTEN_OUT = {
    "leukocyte-count": {"10*9/L": 1, "10*3/uL": 1, "K/uL": 1, "/uL": 1000, "10*12/L": 0.001},
    "platelet-count": {"10*9/L": 1, "10*3/uL": 1, "/uL": 1000},
    "fibrinogen": {"mg/dL": 1, "g/L": 0.01},
    "hemoglobin": {"g/dL": 1, "g/L": 10},
    "body-weight": {"kg": 1, "g": 1000},
    "body-height": {"cm": 1, "m": 0.01},
    "potassium": {"mmol/L": 1, "meq/L": 1},
}
"""Usual unit first: what the same amount is in the others, not taken from the tables."""


@every_request
def test_the_same_amount_in_another_unit_makes_no_difference(name: str) -> None:
    asked, random = request(name), Random(name)
    for measurement, quantity in quantities(asked):
        worth = WRITTEN_OUT.get(measurement.id, {})
        sent, value = quantity.get("unit"), quantity.get("value")
        is_read = isinstance(value, int | float) and quantity.get("code") in (None, sent)
        if not is_read or sent not in worth or not 0 < value / worth[sent] < 1000:
            continue
        unit = random.choice(sorted(worth))
        number = Decimal(str(value)) * Decimal(str(worth[unit])) / Decimal(str(worth[sent]))
        quantity |= {"value": float(number), "unit": unit, "code": unit}
    assert without_spelling(answer(asked, name)) == without_spelling(usual(name))


# -- code systems --------------------------------------------------------------------------------

RESPELLED = {
    SNOMED: [
        "http://snomed.info/sct/731000124108",
        "http://snomed.info/sct/900000000000207008/version/20260201",
        "https://snomed.info/sct",
    ],
    LOINC: ["http://loinc.org/", "https://loinc.org"],
    RXNORM: [f"{RXNORM}/"],
    CPT: [f"{CPT}/"],
    ICD_10_CM: [f"{ICD_10_CM}/"],
    ICD_10: [f"{ICD_10}/"],
}
for alias, system in code_systems.ALIASES.items():
    RESPELLED.setdefault(system, []).append(alias)


ANSWERS = ("valueCodeableConcept", "interpretation", "route")
"""Elements whose codes say what was found or how, not what a resource is about."""


def all_codings(value: Any, within: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every coding anywhere in a request, each with the element that holds its concept."""
    if isinstance(value, dict):
        if isinstance(value.get("system"), str) and isinstance(value.get("code"), str):
            yield within, value
        for name, each in value.items():
            yield from all_codings(each, within if name == "coding" else name)
    elif isinstance(value, list):
        for each in value:
            yield from all_codings(each, within)


def with_systems_respelled(name: str, *, answers: bool) -> dict[str, Any]:
    asked, random = request(name), Random(name)
    for element, coding in all_codings(asked):
        if coding["system"] in RESPELLED and (element in ANSWERS) is answers:
            coding["system"] = random.choice(RESPELLED[coding["system"]])
    return asked


@every_request
def test_the_spelling_of_code_systems_makes_no_difference(name: str) -> None:
    asked = with_systems_respelled(name, answers=False)
    assert without_spelling(answer(asked, name)) == without_spelling(usual(name))


def test_nor_does_it_in_answers_and_routes() -> None:
    changed = [
        name
        for name in served()
        if cards(with_systems_respelled(name, answers=True)) != usual(name)
    ]
    assert changed == []


@every_request
def test_the_dot_of_icd_codes_makes_no_difference(name: str) -> None:
    asked = request(name)
    for _, coding in all_codings(asked):
        if coding["system"] in (ICD_10_CM, ICD_10):
            coding["code"] = coding["code"].replace(".", "").lower()
    assert without_spelling(answer(asked, name)) == without_spelling(usual(name))


# -- order ---------------------------------------------------------------------------------------


@every_request
def test_the_order_of_resources_makes_no_difference(name: str) -> None:
    backwards = request(name)
    for bundle in bundles(backwards):
        bundle.get("entry", []).reverse()
    assert answer(backwards, name) == usual(name)
    shuffled, random = request(name), Random(name)
    for bundle in bundles(shuffled):
        random.shuffle(bundle.get("entry", []))
    assert answer(shuffled, name) == usual(name)


def in_no_order(found: Any) -> Any:
    """The cards, their lines and actions sorted: they name drafts in the order of the drafts."""
    if isinstance(found, dict):
        return {name: in_no_order(each) for name, each in found.items()}
    if isinstance(found, list):
        return sorted((in_no_order(each) for each in found), key=json.dumps)
    return sorted(found.split("\n")) if isinstance(found, str) else found


WITHOUT_CARD = "Also applies, without a card of its own: "


def told(found: Any) -> list[str]:
    """What is advised, on a card of its own or as a line for want of room."""
    lines = [line for card in found for line in card["detail"].split("\n")]
    named = [line.split(WITHOUT_CARD)[1] for line in lines if WITHOUT_CARD in line]
    return sorted([card["summary"] for card in found] + named)


@every_request
def test_the_order_of_drafts_is_only_that_in_which_they_are_named(name: str) -> None:
    """Selections, where there are any, rank them whatever the order of the drafts."""
    asked = request(name)
    asked["context"].get("draftOrders", {}).get("entry", []).reverse()
    if asked["context"].get("selections"):
        assert answer(asked, name) == usual(name)
    if any(WITHOUT_CARD in card["detail"] for card in usual(name)):
        # Of equally urgent ones the order says which get a card, and none is lost.
        assert told(answer(asked, name)) == told(usual(name))
    else:
        assert in_no_order(answer(asked, name)) == in_no_order(usual(name))


# -- strangers -----------------------------------------------------------------------------------

KNOWN_CODES = {
    code for concept in CONCEPTS for each in concept.value_sets() for _, code in each.codes
}


def is_unrelated(resource: dict[str, Any]) -> bool:
    """No code of it, in whatever code system, is one that some rule asks about."""
    return KNOWN_CODES.isdisjoint(coding["code"] for _, coding in all_codings(resource))


@cache
def synthea() -> tuple[dict[str, Any], ...]:
    found = []
    for path in sorted(SYNTHEA.glob("*.json.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            found += [entry["resource"] for entry in json.load(file)["entry"]]
    kinds = ("Condition", "Observation", "MedicationRequest")
    return tuple(each for each in found if each["resourceType"] in kinds and is_unrelated(each))


@every_request
@pytest.mark.skipif(
    not SYNTHEA.exists(), reason="the synthetic patients of ../shared/data/synthea are not here"
)
def test_what_no_rule_asks_about_makes_no_difference(name: str) -> None:
    asked, random = request(name), Random(name)
    subject = {"reference": f"Patient/{asked['context']['patientId']}"}
    for resource in random.sample(synthea(), 40):
        add(asked, {**resource, "subject": subject})
    assert cards(asked) == usual(name)


@every_request
def test_made_up_results_with_unrelated_codes_make_no_difference(name: str) -> None:
    asked, random = request(name), Random(name)
    subject = {"reference": f"Patient/{asked['context']['patientId']}"}
    for number in range(20):
        coding = {"system": random.choice([*RESPELLED, None]), "code": f"unrelated-{number}"}
        value = {"value": random.choice([0, 182, 1e6, -1]), "unit": "10*9/L"}
        result = {"resourceType": "Observation", "status": "final", "subject": subject}
        result |= {"code": {"coding": [coding]}, "valueQuantity": value}
        add(asked, {**result, "effectiveDateTime": NOW.isoformat()})
    assert cards(asked) == usual(name)


@cache
def everyone() -> tuple[dict[str, Any], ...]:
    """The records of the patients of every story."""
    found = [
        entry["resource"] for s in fixtures.stories() for entry in fixtures.patient(s, NOW)["entry"]
    ]
    return tuple(each for each in found if isinstance(each, dict) and "subject" in each)


@every_request
def test_another_patients_record_makes_no_difference(name: str) -> None:
    asked, broken, random = request(name), request(name), Random(name)
    own = asked["context"]["patientId"]
    for each in (asked, broken):
        each.pop("fhirServer", None)
    others = [each for each in everyone() if each["subject"].get("reference") != f"Patient/{own}"]
    if not (asked["prefetch"]["conditions"] or {}).get("entry"):
        # Where nothing of this patient is left under the needed key, the request is refused.
        others = [each for each in others if each["resourceType"] != "Condition"]
    for resource in random.sample(others, 50):
        add(asked, resource)
        add(broken, {"resourceType": resource["resourceType"], "code": "no FHIR shape"})
    # Nothing of it counts; that it was there is said as that of entries that hold nothing.
    assert without_reasons(cards(asked)) == without_reasons(cards(broken))


def without_reasons(found: Any) -> Any:
    return re.sub(r"entries (are about another patient|could not be read)", "", json.dumps(found))


# -- repetition ----------------------------------------------------------------------------------


def test_the_same_request_gets_the_same_cards_whatever_was_asked_between() -> None:
    names = served()
    Random(0).shuffle(names)
    assert [cards(request(name)) for name in names] == [usual(name) for name in names]
