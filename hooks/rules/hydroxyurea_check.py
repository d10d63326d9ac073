"""Hydroxyurea ordered in acute leukemia: dose, kidneys, pregnancy, lineage, swallowing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cds_service.amount import number_text
from cds_service.chart import Chart
from cds_service.finding import FALSE, TRUE, Fact, Finding, all_of, any_of
from cds_service.rule import Escalation, Indicator, Suggestion, carrying, rule
from hooks import (
    concepts,
    evidence,
    lines,
    ordered_dose,
    overrides,
    proposals,
    questions,
    thresholds,
)
from hooks.calculations import body, hydroxyurea, kidney


def _daily_mg(patient: Chart) -> Decimal | None:
    """What the selected orders amount to in a day."""
    weight = body.weight_kg(patient)
    amounts = [
        ordered_dose.daily_mg(order, weight) for order in patient.selected(concepts.HYDROXYUREA)
    ]
    if not amounts or any(amount is None for amount in amounts):
        return None
    return sum((amount for amount in amounts if amount is not None), Decimal(0))


def _band(patient: Chart) -> hydroxyurea.HydroxyureaDose | None:
    """The band for this body and these kidneys, whatever else stands against a proposal."""
    weight = body.dosing_weight_kg(patient)
    clearance = kidney.creatinine_clearance_ml_per_min(patient)
    return (
        None if weight is None or clearance is None else hydroxyurea.capsules_for(weight, clearance)
    )


def _dose_outside_band(patient: Chart) -> Finding:
    """Above the band, or below both the band and the capsules that come nearest to it."""
    daily, band = _daily_mg(patient), _band(patient)
    question = "Daily dose outside the band"
    if daily is None or band is None or patient.age().at_least(thresholds.ADULT).truth is not TRUE:
        return Finding(question, FALSE)
    outside = daily > band.highest_mg or daily < min(band.lowest_mg, band.daily_mg)
    fact = Fact("hydroxyurea dose", lambda: _dose_words(daily, band))
    return Finding(question, TRUE if outside else FALSE, (fact,) if outside else ())


def _dose_words(daily: Decimal, band: hydroxyurea.HydroxyureaDose) -> str:
    low, high = (number_text(round(each, 0)) for each in (band.lowest_mg, band.highest_mg))
    kidney = ", halved for creatinine clearance below 60 mL/min" if band.is_reduced else ""
    return f"Hydroxyurea ordered {number_text(daily)} mg/day; band {low}-{high} mg/day{kidney}"


def _pregnancy(patient: Chart) -> Finding:
    return questions.pregnant(patient)


def _other_lineage(patient: Chart) -> Finding:
    """ALL, or APL suspected or confirmed: another first drug."""
    return any_of(patient.may_have(concepts.ALL), questions.apl_suspected_or_confirmed(patient))


def _capsules_in_dysphagia(patient: Chart) -> Finding:
    """Weak swallowing, and an order that is not a liquid."""
    liquid = any(
        word in order.words()
        for order in patient.selected(concepts.HYDROXYUREA)
        for word in ("solution", "suspension", "liquid")
    )
    solid = Finding("The order is not a liquid", FALSE if liquid else TRUE)
    return all_of(patient.has(concepts.DYSPHAGIA), solid)


def _what_is_wrong(patient: Chart) -> str | None:
    said = []
    if questions.is_yes(_pregnancy(patient)):
        said.append("pregnancy is recorded: hydroxyurea harms the embryo and fetus (label)")
    if questions.is_yes(patient.may_have(concepts.ALL)):
        said.append("ALL: a steroid or lineage therapy is preferred")
    if questions.is_yes(questions.apl_suspected_or_confirmed(patient)):
        said.append("APL is suspected or confirmed: ATRA comes first")
    if questions.is_yes(_capsules_in_dysphagia(patient)):
        said.append("weak swallowing or a feeding tube with capsules: ask for a liquid")
    return f"Found here: {'; '.join(said)}." if said else None


def _dose_line(patient: Chart) -> str:
    band, daily = _band(patient), _daily_mg(patient)
    text = (
        f"{lines.SUMMARY} 50-60 mg/kg/day at once. Evidence: off-label in acute leukemia; the "
        "label doses by the lower of actual and ideal weight and halves the dose when creatinine "
        "clearance is below 60 mL/min."
    )
    if band is None:
        return f"{text} Weight, height or creatinine are missing or too old for a band in mg."
    if daily is None:
        low, high = (number_text(round(each, 0)) for each in (band.lowest_mg, band.highest_mg))
        return f"{text} Here {low}-{high} mg/day; the order's daily dose could not be read."
    return f"{text} {_dose_words(daily, band)}."


def _computed_dose(patient: Chart) -> Suggestion | None:
    """The selected order with the computed dose; only where every gate is passed."""
    orders = patient.selected(concepts.HYDROXYUREA)
    dose = hydroxyurea.hydroxyurea_dose(patient)
    if dose is None or len(orders) != 1 or _daily_mg(patient) == dose.daily_mg:
        return None
    capsules = int(dose.daily_mg / hydroxyurea.CAPSULE_MG)
    label = f"Change the dose to {number_text(dose.daily_mg)} mg/day ({capsules} capsules)"
    action = proposals.updated(orders[0], label, {"dosageInstruction": [_instruction(dose)]})
    return None if action is None else Suggestion(label, (action,))


def _instruction(dose: hydroxyurea.HydroxyureaDose) -> dict[str, Any]:
    capsules = int(dose.daily_mg / hydroxyurea.CAPSULE_MG)
    text = f"{capsules} capsules of 500 mg by mouth or enteral tube once daily"
    return proposals.instruction(text, dose.daily_mg, 1, 1)


def _checks(patient: Chart) -> Suggestion | None:
    tests = []
    if kidney.creatinine_clearance_ml_per_min(patient) is None:
        tests.append("Creatinine, for the creatinine clearance")
    fertile = questions.is_yes(questions.may_become_pregnant(patient))
    tested = patient.has_result(concepts.PREGNANCY_STATUS, thresholds.PREGNANCY_TEST)
    if fertile and not questions.is_yes(tested) and not questions.is_yes(_pregnancy(patient)):
        tests.append("Pregnancy test")
    return proposals.requesting("Draft missing tests", *tests)(patient) if tests else None


def _liquid(patient: Chart) -> Suggestion | None:
    if not questions.is_yes(_capsules_in_dysphagia(patient)):
        return None
    text = "Pharmacy: liquid form of hydroxyurea for weak swallowing or a tube"
    return proposals.requesting("Draft pharmacy consult for a liquid", text)(patient)


@rule(
    id="hydroxyurea-check",
    version="1.0.0",
    indicator=Indicator.INFO,
    summary=(
        "Hydroxyurea: check mg/kg band, renal function, pregnancy, lineage and swallowing route "
        "before signing."
    ),
    escalations=(
        Escalation(Indicator.WARNING, _pregnancy),
        Escalation(Indicator.WARNING, _other_lineage),
        Escalation(Indicator.WARNING, _dose_outside_band),
        Escalation(Indicator.WARNING, _capsules_in_dysphagia),
    ),
    evidence=(evidence.HULABEL, evidence.OBEROI14, evidence.ELN22),
    strength="Label; expert",
    statements=("S3-08", "S3-09", "S3-10", "S3-39", "X-06"),
    shows=(
        lines.value(concepts.LEUKOCYTES, thresholds.OLD_COUNT),
        lines.value(concepts.CREATININE, thresholds.CREATININE_FOR_DOSE),
        lines.value(concepts.BODY_WEIGHT, thresholds.WEIGHT_FOR_DOSE),
        lines.value(concepts.BODY_HEIGHT),
        lines.swallowing,
    ),
    advice=(
        carrying("X-06", _what_is_wrong),
        carrying("S3-08", _dose_line),
        carrying(
            "S3-09",
            f"{lines.SUMMARY} aim at a count below 10-20. Taper as the count nears 20; stop or "
            "hold near 10.",
        ),
        carrying(
            "S3-10 S3-39",
            f"{lines.SUMMARY} hydroxyurea is the first drug for cytoreduction and is not held back "
            "for genetics. Evidence: a convenient bridge in AML that did not lower early death in "
            "pooled cohorts; smear for APL and diagnostic samples come first by minutes.",
        ),
        "Capsules hold a hazardous drug: do not open them without the local procedure.",
        "It may distort point-of-care creatinine and some glucose sensors.",
        lines.creatinine_in_als,
        lines.suspected_leukemia,
    ),
    suggestions=(_computed_dose, _checks, _liquid),
    override_reasons=(
        overrides.DOSE_INTENDED,
        overrides.BRIDGE_TO_THERAPY,
        overrides.PREGNANCY_AGREED,
        overrides.OTHER,
    ),
)
def hydroxyurea_check(patient: Chart) -> Finding:
    """Hydroxyurea brings the count down within days. Dose, kidneys, pregnancy, lineage and
    swallowing decide whether this order fits this patient."""
    return all_of(
        patient.ordering(concepts.HYDROXYUREA), questions.possible_acute_leukemia(patient)
    )
