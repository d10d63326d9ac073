"""Low-dose cytarabine signed in a schedule of no trial, or in adverse-risk AML."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from cds_service.amount import number_text
from cds_service.chart import Chart
from cds_service.finding import FALSE, TRUE, Fact, Finding, all_of, any_of
from cds_service.orders import Order
from cds_service.rule import Escalation, Indicator, Suggestion, carrying, rule
from hooks import concepts, evidence, lines, overrides, proposals, questions, regimens
from hooks.calculations import body, stated_dose
from hooks.calculations.stated_dose import longest_days

FLAT_SINGLE_MG = Decimal(20)
"""Twice daily for 10 days (BURNETT07, AZAAML)."""
DAILY_MG_PER_M2 = Decimal(20)
"""Once daily for 10 days (DACO16, VIALEC, ELN22)."""
DAYS = 10
_ROUTE = "Subcutaneous"
ROUNDING = Decimal("0.1")
"""A dose rounded by a tenth, to what a syringe can measure, is still the schedule."""


def _low_dose_orders(patient: Chart) -> list[Order]:
    return [
        order
        for order in patient.selected(concepts.CYTARABINE)
        if regimens.cytarabine_intensity(patient, order) is regimens.Intensity.LOW
    ]


def _is_near(amount: Decimal | None, schedule: Decimal) -> bool:
    return amount is not None and abs(amount - schedule) <= schedule * ROUNDING


def _days(order: Order) -> Decimal | None:
    """The longest that the fields or the text of any instruction say."""
    said = [longest for dose in order.doses() for longest in (dose.days, longest_days(dose.words))]
    return max((days for days in said if days is not None), default=None)


def _is_within(patient: Chart, order: Order) -> bool:
    """Known to follow one of the schedules, in dose, frequency and length."""
    days, times = _days(order), _times(order)
    if days is not None and days > DAYS:
        return False
    in_mg = regimens.cytarabine_daily_mg(patient, order)
    per_m2 = regimens.cytarabine_daily_mg_per_m2(patient, order)
    flat = _is_near(in_mg, 2 * FLAT_SINGLE_MG) and times in (None, 2)
    return flat or (_is_near(per_m2, DAILY_MG_PER_M2) and times in (None, 1))


def _times(order: Order) -> Decimal | None:
    """How often a day; None for an amount that is stated for the day."""
    read = [stated_dose.read(dose, order.words_without_notes()) for dose in order.doses()]
    return next((each.times_per_day for each in read if each and each.times_per_day), None)


def _outside_trial_schedules(patient: Chart) -> Finding:
    """Some low-dose order is not known to follow a trial schedule: it is shown, not assumed to."""
    question = "Low-dose cytarabine outside both trial schedules"
    outside = [each for each in _low_dose_orders(patient) if not _is_within(patient, each)]
    facts = (fact for order in outside for fact in _dose_facts(patient, order))
    return Finding(question, TRUE if outside else FALSE, tuple(facts))


def _dose_facts(patient: Chart, order: Order) -> Iterator[Fact]:
    """The daily dose in both measures, how it compares with the trials, and what is not known."""
    in_mg = regimens.cytarabine_daily_mg(patient, order)
    per_m2 = regimens.cytarabine_daily_mg_per_m2(patient, order)
    said = []
    if in_mg is not None:
        said.append(f"{number_text(round(in_mg, 1))} mg/day")
    if per_m2 is not None:
        times = number_text(round(per_m2 / DAILY_MG_PER_M2, 1))
        said.append(f"about {number_text(round(per_m2, 1))} mg/m²/day")
        said.append(f"{times} times the trial dose of {DAILY_MG_PER_M2} mg/m²/day")
    if (days := _days(order)) is not None:
        said.append(f"for {number_text(days)} days")
    if said:
        yield Fact("cytarabine dose", lambda: f"Cytarabine ordered: {', '.join(said)}")
    if in_mg is None and per_m2 is None:
        yield _gap("how often a day is not stated, so it was not compared with the trial schedules")
    elif in_mg is None or per_m2 is None:
        yield _gap("no body surface area, so it was compared with one trial schedule only")


def _gap(words: str) -> Fact:
    return Fact("cytarabine schedule", lambda: f"Cytarabine: {words}", missing=True)


def _adverse_genetics(patient: Chart) -> Finding:
    return any_of(
        patient.test_is_positive(concepts.ELN_ADVERSE),
        patient.test_is_positive(concepts.ADVERSE_CYTOGENETICS),
    )


def _genetics(patient: Chart) -> str:
    tests = (concepts.ELN_ADVERSE, concepts.ADVERSE_CYTOGENETICS, concepts.KARYOTYPE)
    known = any_of(*(patient.has_result(test) for test in tests))
    now = "" if questions.is_yes(known) else " Genetic risk: not recorded in the data received."
    if questions.is_unread(known):
        now = " Genetic risk: could not be read."
    return (
        f"{lines.SUMMARY} low-dose cytarabine is the second choice and nearly inactive with "
        f"adverse-risk genetics. Evidence: poor activity there.{now}"
    )


def _trial_schedules(patient: Chart) -> Suggestion | None:
    """The selected order in either trial schedule, for the clinician to choose one."""
    orders = _low_dose_orders(patient)
    if len(orders) != 1 or _outside_trial_schedules(patient).truth is not TRUE:
        return None
    text = f"{FLAT_SINGLE_MG} mg subcutaneously twice daily for {DAYS} days"
    changes = {"dosageInstruction": [proposals.instruction(text, FLAT_SINGLE_MG, 2, DAYS, _ROUTE)]}
    action = proposals.updated(orders[0], f"Change to {text}", changes)
    return None if action is None else Suggestion(f"Change to {text}", (action,))


def _schedule_by_area(patient: Chart) -> Suggestion | None:
    orders, area = _low_dose_orders(patient), body.body_surface_area_m2(patient)
    if len(orders) != 1 or area is None:
        return None
    if _outside_trial_schedules(patient).truth is not TRUE:
        return None
    dose_mg = round(area * DAILY_MG_PER_M2, 0)
    text = f"{number_text(dose_mg)} mg ({DAILY_MG_PER_M2} mg/m²) subcutaneously once daily"
    changes = {
        "dosageInstruction": [
            proposals.instruction(f"{text} for {DAYS} days", dose_mg, 1, DAYS, _ROUTE)
        ]
    }
    label = f"Change to {text} for {DAYS} days"
    action = proposals.updated(orders[0], label, changes)
    return None if action is None else Suggestion(label, (action,))


@rule(
    id="low-dose-cytarabine",
    version="1.0.0",
    indicator=Indicator.INFO,
    summary=(
        "Low-dose cytarabine: schedule differs from trial doses or adverse-risk genetics "
        "recorded; confirm intent."
    ),
    escalations=(
        Escalation(
            Indicator.WARNING,
            _adverse_genetics,
            "Low-dose cytarabine with adverse-risk genetics recorded: poor activity there; confirm "
            "intent and schedule.",
        ),
    ),
    evidence=(
        evidence.BURNETT07,
        evidence.AZAAML,
        evidence.DACO16,
        evidence.VIALEC,
        evidence.ELN22,
    ),
    strength="Schedules of randomised trials",
    statements=("S0-26", "S3-18"),
    shows=(lines.value(concepts.BODY_WEIGHT), lines.value(concepts.BODY_HEIGHT)),
    advice=(
        carrying(
            "S3-18",
            f"Trial schedules: {FLAT_SINGLE_MG} mg flat subcutaneously twice daily, or "
            f"{DAILY_MG_PER_M2} mg/m² subcutaneously once daily, each for {DAYS} days. "
            f"{lines.SUMMARY} 10-20 mg/m² twice daily for 10 days, with little toxicity. Evidence: "
            "the upper end is about twice the daily dose of the trials; cytopenias and infection "
            "are common.",
        ),
        carrying("S0-26", _genetics),
        "Low-dose cytarabine with venetoclax is preferred to low-dose cytarabine alone where "
        "suitable.",
        lines.suspected_leukemia,
    ),
    suggestions=(_trial_schedules, _schedule_by_area),
    override_reasons=(
        overrides.PROTOCOL_DIRECTED,
        overrides.DOSE_INTENDED,
        overrides.OTHER,
    ),
    only_for=regimens.low_dose_cytarabine,
)
def low_dose_cytarabine(patient: Chart) -> Finding:
    """Low-dose cytarabine is drafted. Its schedule is not one that trials used, or adverse-risk
    genetics are on record, in which it does little."""
    return all_of(
        patient.may_have(concepts.AML),
        any_of(_outside_trial_schedules(patient), _adverse_genetics(patient)),
    )
