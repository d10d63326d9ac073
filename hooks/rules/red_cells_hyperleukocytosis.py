"""Red cells ordered while the leukocyte count is 100 or more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cds_service.chart import Chart
from cds_service.finding import FALSE, TRUE, Finding, all_of
from cds_service.limits import Stated
from cds_service.orders import Order
from cds_service.rule import Indicator, Suggestion, carrying, rule
from cds_service.terminology import Threshold
from hooks import concepts, evidence, lines, overrides, procedures, proposals, questions, thresholds

_SLOWLY = "1 unit over up to 4 h, then reassess before the next"
_LABEL = "Change to 1 unit over up to 4 h, then reassess"
_UNITS = re.compile(r"\b(?:\d+|two|three|four)\s*(?:units?|u)\b", re.IGNORECASE)


def _hemoglobin(patient: Chart) -> str:
    hemoglobin = patient.latest(concepts.HEMOGLOBIN, thresholds.HEMOGLOBIN)
    above = hemoglobin.above(thresholds.HIGH_HEMOGLOBIN).truth
    limit = patient.limit(thresholds.HIGH_HEMOGLOBIN)
    if above is TRUE:
        return (
            f"Hemoglobin is already above {limit}, where viscosity becomes the hazard at this "
            "count."
        )
    source = _whose(limit)
    if above is FALSE:
        return f"Hemoglobin: stay below about {limit} until the count falls ({source})."
    return (
        "Hemoglobin is unknown: measure it before the transfusion unless the need is urgent, and "
        f"stay below about {limit} until the count falls ({source})."
    )


def _whose(limit: Threshold) -> str:
    """Where the site has set another limit, it is no longer what the report advises."""
    own = thresholds.HIGH_HEMOGLOBIN
    return "advice of the report" if limit == own else f"the report advises {own}"


def _old_count(patient: Chart) -> str | None:
    fresh = patient.latest(concepts.LEUKOCYTES, thresholds.FRESH_COUNT)
    if fresh.bounds is not None:
        return None
    window = patient.limit(thresholds.FRESH_COUNT)
    return (
        f"The leukocyte count is old (over {window}): repeat it now, it may have moved either way."
    )


def _als(patient: Chart) -> str | None:
    if patient.may_have(concepts.ALS).truth is not TRUE:
        return None
    return (
        f"{lines.SUMMARY} keep hemoglobin where quality of life is best without fluid overload. "
        "Evidence: no threshold was studied in ALS; watch breathing during and after each unit."
    )


def _one_unit_slowly(patient: Chart) -> Suggestion | None:
    """Every selected red-cell order as one unit, slowly; all of them or nothing."""
    orders = patient.selected(concepts.RED_CELLS)
    actions = [proposals.updated(_plain(order), _LABEL, _changes(order)) for order in orders]
    named = tuple(action for action in actions if action is not None)
    if not orders or len(named) < len(actions):
        return None
    return Suggestion(_LABEL, named)


def _plain(order: Order) -> Order:
    """The order without other statements of how much, of which a resource may have one only."""
    gone = ("quantityRange", "quantityRatio")
    kept = {name: value for name, value in order.resource.items() if name not in gone}
    return replace(order, resource=kept)


def _changes(order: Order) -> Mapping[str, Any]:
    unit = {"value": 1, "unit": "unit"}
    if order.resource_type.startswith("Medication"):
        dispense = order.resource.get("dispenseRequest")
        kept = dispense if isinstance(dispense, dict) else {}
        changes: dict[str, Any] = {
            "dosageInstruction": [{"text": f"Intravenous: {_SLOWLY}"}],
            "dispenseRequest": {**kept, "quantity": unit},
        }
        coded = "medicationCodeableConcept"
    else:
        changes = {"quantityQuantity": unit, "orderDetail": [{"text": _SLOWLY}]}
        coded = "code"
    concept = order.resource.get(coded)
    if isinstance(concept, dict) and isinstance(concept.get("text"), str):
        changes[coded] = {**concept, "text": _UNITS.sub("1 unit", concept["text"])}
    return changes


@rule(
    id="red-cells-hyperleukocytosis",
    version="1.0.0",
    indicator=Indicator.WARNING,
    summary=Stated(
        "Red-cell transfusion with WBC at or above {.number} can worsen viscosity: delay or "
        "transfuse slowly unless clinically needed.",
        thresholds.HYPERLEUKOCYTOSIS,
    ),
    evidence=(evidence.HARRIS78,),
    strength="Case series + trial records",
    statements=("S3-23", "S3-24"),
    shows=(lines.value(concepts.HEMOGLOBIN, thresholds.HEMOGLOBIN),),
    advice=(
        carrying(
            "S3-24",
            f"{lines.SUMMARY} limit red cells until the leukocyte count is down, because of "
            "viscosity and leukostasis. Evidence: deaths after transfusion were reported in AML "
            "with blasts above 100 ×10⁹/L.",
        ),
        carrying("S3-24", _hemoglobin),
        _old_count,
        "If red cells are needed: one unit at a time, slowly, then reassess.",
        carrying("S3-24", "Do not withhold red cells in bleeding, ischemia or shock."),
        carrying("S3-23", _als),
        lines.suspected_leukemia,
    ),
    suggestions=(_one_unit_slowly,),
    override_reasons=(
        overrides.BLEEDING_OR_SHOCK,
        overrides.ISCHEMIA,
        overrides.COUNT_FALLING,
        overrides.OTHER,
    ),
    only_for=questions.ordering(concepts.RED_CELLS),
)
def red_cells_hyperleukocytosis(patient: Chart) -> Finding:
    """At this leukocyte count red cells can raise blood viscosity and bring on leukostasis. Delay
    them or give them slowly, unless bleeding, ischemia or shock asks for them."""
    return all_of(
        procedures.live_leukemia(patient),
        patient.latest(concepts.LEUKOCYTES, thresholds.OLD_COUNT).at_least(
            thresholds.HYPERLEUKOCYTOSIS
        ),
    )
