"""Hydroxyurea ordered in acute leukemia: dose, kidneys, pregnancy, lineage, swallowing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from cds_service.amount import number_text
from cds_service.chart import Chart
from cds_service.finding import FALSE, TRUE, UNKNOWN, Fact, Finding, all_of
from cds_service.orders import Order
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

ADULTS_ONLY = "Hydroxyurea dose: the band is one for adults, so the order was not compared with it"
UNREADABLE = "Hydroxyurea dose: what the order amounts to in a day could not be read"
LIQUIDS = ("solution", "suspension", "liquid", "syrup")


# -- the dose ------------------------------------------------------------------------------------


def _ordered(patient: Chart) -> ordered_dose.DailyDose | None:
    """What the selected orders amount to in a day."""
    return ordered_dose.daily_dose(patient.selected(concepts.HYDROXYUREA))


def _band(patient: Chart) -> hydroxyurea.HydroxyureaDose | None:
    """The band for this body and these kidneys, whatever else stands against a proposal."""
    weight, clearances = body.dosing_weight_kg(patient), _clearances(patient)
    if weight is None or not clearances:
        return None
    low, high = (hydroxyurea.capsules_for(weight, each) for each in clearances)
    return low if low.is_reduced == high.is_reduced else None


def _clearances(patient: Chart) -> tuple[Decimal, Decimal] | None:
    """The lowest and the highest that the age allows: a birth date may be a year only."""
    weight, age = body.dosing_weight_kg(patient), patient.age_bounds()
    creatinine = patient.latest(concepts.CREATININE, thresholds.CREATININE_FOR_DOSE).exact()
    if weight is None or creatinine is None or age is None or None in (age.low, age.high):
        return None
    female = patient.gender() == "female"
    found = [
        kidney.cockcroft_gault_ml_per_min(years, weight, creatinine, female=female)
        for years in (age.low, age.high)
        if years is not None
    ]
    known = [clearance for clearance in found if clearance is not None]
    return (min(known), max(known)) if len(known) == len(found) else None


def _dose_outside_band(patient: Chart) -> Finding:
    """Above the band, or below both the band and the capsules that come nearest to it.

    Without a body or kidney function only a dose that no such value could justify is outside.
    """
    question = "Daily dose outside the band"
    dose, band = _ordered(patient), _band(patient)
    if patient.age().at_least(thresholds.ADULT).truth is not TRUE:
        return _open(question, ADULTS_ONLY)
    if dose is None:
        return _open(question, UNREADABLE)
    daily = dose.total_mg(body.weight_kg(patient))
    if band is None or daily is None:
        excess = _beyond_any_band(patient, dose)
        return _yes(question, excess) if excess else _open(question, _not_compared(patient))
    if daily > band.highest_mg or daily < min(band.lowest_mg, band.daily_mg):
        return _yes(question, _dose_words(patient, daily, band))
    return Finding(question, FALSE)


def _yes(question: str, words: str) -> Finding:
    return Finding(question, TRUE, (Fact("hydroxyurea dose", words.__str__),))


def _open(question: str, words: str) -> Finding:
    return Finding(question, UNKNOWN, (Fact("hydroxyurea dose", words.__str__, missing=True),))


def _beyond_any_band(patient: Chart, dose: ordered_dose.DailyDose) -> str | None:
    """Words where the dose is too high or too low whatever the missing values are."""
    least, most = hydroxyurea.REDUCED_BAND_MG_PER_KG[0], hydroxyurea.FULL_BAND_MG_PER_KG[1]
    actual, basis = body.weight_kg(patient), body.dosing_weight_kg(patient)
    daily = dose.total_mg(actual)
    if daily is None or actual is None:
        return _beyond_without_weight(dose, least, most)
    words = f"Hydroxyurea ordered {_mg(daily)}"
    if daily > most * (basis or actual):
        return f"{words}, more than {most} mg/kg/day of {_kg(basis or actual)}"
    if basis is not None and daily < least * basis - hydroxyurea.CAPSULE_MG:
        return f"{words}, less than {least} mg/kg/day of {_kg(basis)}"
    return None


def _beyond_without_weight(
    dose: ordered_dose.DailyDose, least: Decimal, most: Decimal
) -> str | None:
    if dose.mg > hydroxyurea.MG_OF_100_KG:
        return f"Hydroxyurea ordered {_mg(dose.mg)}, the band of more than 100 kg; weight not known"
    per_kg = dose.mg_per_kg
    if per_kg > most or (not dose.mg and per_kg < least):
        return f"Hydroxyurea ordered {number_text(per_kg)} mg/kg/day; band {least}-{most} mg/kg/day"
    return None


def _not_compared(patient: Chart) -> str:
    creatinine = patient.latest(concepts.CREATININE, thresholds.CREATININE_FOR_DOSE).exact()
    recent = patient.limit(thresholds.CREATININE_FOR_DOSE)
    weighed = patient.limit(thresholds.WEIGHT_FOR_DOSE)
    lacking = {
        f"a weight of the last {weighed}": body.weight_kg(patient) is None,
        "a height": body.height_cm(patient) is None,
        "the sex": patient.gender() not in ("male", "female"),
        f"a creatinine of the last {recent}": creatinine is None,
        "the full birth date": patient.age().exact() is None,
    }
    named = ", ".join(words for words, is_lacking in lacking.items() if is_lacking)
    needed = named or "an ideal weight for this height"
    return f"Hydroxyurea dose: not compared with the band, which needs {needed}"


def _mg(amount: Decimal) -> str:
    return f"{number_text(round(amount, 0))} mg/day"


def _kg(weight: Decimal) -> str:
    return f"{number_text(round(weight, 1))} kg"


def _band_words(patient: Chart, band: hydroxyurea.HydroxyureaDose) -> str:
    """The band, and what it rests on."""
    low, high = (number_text(round(each, 0)) for each in (band.lowest_mg, band.highest_mg))
    clearance = kidney.creatinine_clearance_ml_per_min(patient)
    kidneys = f", creatinine clearance {round(clearance, 0)} mL/min" if clearance else ""
    halved = ", halved for a creatinine clearance below 60 mL/min" if band.is_reduced else ""
    basis = f"label weight {_kg(band.weight_kg)}{kidneys}"
    return f"band {low}-{high} mg/day{halved} ({basis})"


def _dose_words(patient: Chart, daily: Decimal, band: hydroxyurea.HydroxyureaDose) -> str:
    return f"Hydroxyurea ordered {_mg(daily)}; {_band_words(patient, band)}"


def _dose_line(patient: Chart) -> str:
    text = (
        f"{lines.SUMMARY} 50-60 mg/kg/day at once. Evidence: off-label in acute leukemia; the "
        "label doses by the lower of actual and ideal weight and halves the dose when creatinine "
        "clearance is below 60 mL/min."
    )
    return f"{text} {_dose_here(patient)}"


def _dose_here(patient: Chart) -> str:
    """The order beside the band; no band of a drug that something speaks against."""
    outside = _dose_outside_band(patient)
    if outside.truth is not FALSE and outside.facts[0].say() != UNREADABLE:
        return f"{outside.facts[0].say()}."
    if _is_ruled_out(patient):
        return "No dose is computed here, for the reasons named above."
    band, dose = _band(patient), _ordered(patient)
    if band is None:
        return f"{_not_compared(patient)}."
    daily = None if dose is None else dose.total_mg(body.weight_kg(patient))
    if daily is None:
        return f"Here {_band_words(patient, band)}. {UNREADABLE}."
    fewer = " No number of 500 mg capsules meets it: the next below." if band.is_below_band else ""
    return f"{_dose_words(patient, daily, band)}.{fewer}"


# -- what else may speak against it --------------------------------------------------------------


def _pregnancy(patient: Chart) -> Finding:
    return questions.pregnant(patient)


def _lymphoblastic(patient: Chart) -> Finding:
    return patient.may_have(concepts.ALL)


def _promyelocytic(patient: Chart) -> Finding:
    return questions.apl_suspected_or_confirmed(patient)


def _is_ruled_out(patient: Chart) -> bool:
    """Another drug comes first, or this one harms: no dose of it is worked out."""
    against = (_pregnancy(patient), _lymphoblastic(patient), _promyelocytic(patient))
    return any(questions.is_yes(each) for each in against)


def _is_liquid(order: Order) -> bool:
    """By its name: a note may say that there is no liquid."""
    return any(word in ordered_dose.product_words(order) for word in LIQUIDS)


def _capsules_in_dysphagia(patient: Chart) -> Finding:
    """Weak swallowing, and an order that is not called a liquid."""
    orders = patient.selected(concepts.HYDROXYUREA)
    solid = any(not _is_liquid(order) for order in orders)
    words = "The order is not a liquid"
    return all_of(patient.may_have(concepts.DYSPHAGIA), Finding(words, TRUE if solid else FALSE))


def _what_is_wrong(patient: Chart) -> str | None:
    said = {
        "pregnancy is recorded: hydroxyurea harms the embryo and fetus (label)": _pregnancy,
        "ALL: a steroid or lineage therapy is preferred": _lymphoblastic,
        "APL is suspected or confirmed: ATRA comes first": _promyelocytic,
        "the dose is outside the band": _dose_outside_band,
        "weak swallowing or a feeding tube with capsules: ask for a liquid": _capsules_in_dysphagia,
    }
    found = [words for words, ask in said.items() if questions.is_yes(ask(patient))]
    return f"Found here: {'; '.join(found)}." if found else None


def _first_drug(patient: Chart) -> str:
    """What the summary says of every leukemia, and what holds in this one."""
    claim = (
        f"{lines.SUMMARY} hydroxyurea is the first drug for cytoreduction and is not held back "
        "for genetics. Evidence:"
    )
    if questions.is_yes(_promyelocytic(patient)):
        return f"{claim} not so in APL, where ATRA comes first."
    if questions.is_yes(_lymphoblastic(patient)):
        return f"{claim} studied in AML only; in ALL a steroid or lineage therapy is preferred."
    return (
        f"{claim} a convenient bridge in AML that did not lower early death in pooled cohorts; "
        "smear for APL and diagnostic samples come first by minutes."
    )


def _already_taken(patient: Chart) -> str | None:
    if not questions.is_yes(patient.taking(concepts.HYDROXYUREA)):
        return None
    return "Hydroxyurea is already prescribed: check that the two orders do not add up."


# -- proposals -----------------------------------------------------------------------------------


def _computed_dose(patient: Chart) -> Suggestion | None:
    """The selected order with the computed dose; only where every gate is passed."""
    orders = patient.selected(concepts.HYDROXYUREA)
    dose = hydroxyurea.hydroxyurea_dose(patient)
    is_open = _is_ruled_out(patient) or questions.is_yes(
        questions.acute_leukemia_only_suspected(patient)
    )
    if dose is None or is_open or len(orders) != 1:
        return None
    if _dose_outside_band(patient).truth is FALSE:
        return None
    is_liquid = _is_liquid(orders[0])
    liquid = is_liquid or questions.is_yes(patient.may_have(concepts.DYSPHAGIA))
    label = f"Change the dose to {_amount(dose, liquid=liquid)}"
    changes: dict[str, Any] = {"dosageInstruction": [_instruction(dose, liquid=liquid)]}
    if liquid and not is_liquid:
        # A liquid in the words and a capsule as the product would contradict each other.
        if "medicationCodeableConcept" not in orders[0].resource:
            return None
        changes["medicationCodeableConcept"] = proposals.hydroxyurea_of_no_form()
    action = proposals.updated(orders[0], label, changes)
    return None if action is None else Suggestion(label, (action,))


def _amount(dose: hydroxyurea.HydroxyureaDose, *, liquid: bool) -> str:
    capsules = int(dose.daily_mg / hydroxyurea.CAPSULE_MG)
    form = "as a liquid" if liquid else f"{capsules} capsules of 500 mg"
    return f"{number_text(dose.daily_mg)} mg/day ({form}), 1 day"


def _instruction(dose: hydroxyurea.HydroxyureaDose, *, liquid: bool) -> dict[str, Any]:
    capsules = int(dose.daily_mg / hydroxyurea.CAPSULE_MG)
    text, route = f"{capsules} capsules of 500 mg by mouth once daily", "Oral"
    if liquid:
        route = "Oral or enteral tube"
        text = f"{number_text(dose.daily_mg)} mg as a liquid by mouth or enteral tube once daily"
    return proposals.instruction(f"{text} for 1 day", dose.daily_mg, 1, 1, route)


def _checks(patient: Chart) -> Suggestion | None:
    tests = []
    if kidney.creatinine_clearance_ml_per_min(patient) is None:
        tests.append("Creatinine, for the creatinine clearance")
    if questions.is_yes(questions.pregnancy_open(patient)):
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
        Escalation(
            Indicator.WARNING,
            _pregnancy,
            "Hydroxyurea ordered in pregnancy: it harms the embryo and fetus; confirm intent and "
            "alternatives before signing.",
        ),
        Escalation(
            Indicator.WARNING,
            _promyelocytic,
            "Hydroxyurea ordered in suspected or confirmed APL: tretinoin (ATRA) comes first; "
            "check the dose too.",
        ),
        Escalation(
            Indicator.WARNING,
            _lymphoblastic,
            "Hydroxyurea ordered in ALL: a steroid or lineage therapy is usually preferred; check "
            "the dose too.",
        ),
        Escalation(
            Indicator.WARNING,
            _dose_outside_band,
            "Hydroxyurea dose is outside the band for this weight and kidney function: confirm or "
            "correct it before signing.",
        ),
        Escalation(
            Indicator.WARNING,
            _capsules_in_dysphagia,
            "Hydroxyurea capsules ordered with weak swallowing or a feeding tube: ask pharmacy for "
            "a liquid before signing.",
        ),
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
        carrying("S3-10 S3-39", _first_drug),
        _already_taken,
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
    only_for=questions.ordering(concepts.HYDROXYUREA),
)
def hydroxyurea_check(patient: Chart) -> Finding:
    """Hydroxyurea brings the count down within days. Dose, kidneys, pregnancy, lineage and
    swallowing decide whether this order fits this patient."""
    return questions.possible_acute_leukemia(patient)
