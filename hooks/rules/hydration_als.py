"""Large-volume intravenous fluid ordered in ALS where breathing or the heart may not bear it."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import Finding, all_of, any_of, none_of
from cds_service.orders import Order
from cds_service.rule import Action, Indicator, Suggestion, carrying, rule
from hooks import (
    concepts,
    evidence,
    fluids,
    lines,
    overrides,
    proposals,
    questions,
    thresholds,
)

_LOWER = "Rate to be lowered: the prescriber enters the agreed rate and the daily limit"


def _breathing_not_preserved(patient: Chart) -> Finding:
    """Failing, supported, or not measured: unknown is not normal. A good vital capacity counts
    only where no later one is unreadable."""
    window = thresholds.BREATHING
    not_low = any_of(
        none_of(patient.latest(concepts.FVC, window).below(thresholds.FVC_PRESERVED)),
        none_of(patient.latest(concepts.SVC, window).below(thresholds.FVC_PRESERVED)),
    )
    return questions.not_shown(
        all_of(questions.breathing_preserved(patient), not_low),
        "Breathing not shown to be preserved",
    )


def _lower_rate(patient: Chart) -> Suggestion | None:
    """The drafted fluids marked for a lower rate; the number is the prescriber's."""
    actions = [_marked(order) for order in patient.selected(concepts.CRYSTALLOID)]
    named = tuple(action for action in actions if action is not None)
    if not named or len(named) < len(actions):
        return None
    return Suggestion("Mark the fluid for a lower rate, to be entered", named)


def _marked(order: Order) -> Action | None:
    notes = order.resource.get("note")
    kept = notes if isinstance(notes, list) else []
    return proposals.updated(order, _LOWER, {"note": [*kept, {"text": _LOWER}]})


@rule(
    id="hydration-als",
    version="1.0.0",
    indicator=Indicator.WARNING,
    summary=(
        "Tumor-lysis hydration target may exceed what this ALS patient can handle: set balance "
        "limits and respiratory monitoring."
    ),
    evidence=(evidence.TOSI08, evidence.BSHTLS15, evidence.NIVCRIT),
    strength="BSH 1B for hydration; ALS part reasoned",
    statements=("S3-14", "S3-15"),
    shows=(
        lines.value(concepts.FVC, thresholds.BREATHING_REVIEW),
        lines.ventilation,
        lines.value(concepts.SPO2, thresholds.OXYGEN),
        lines.value(concepts.BODY_WEIGHT, thresholds.WEIGHT_FOR_DOSE),
        lines.value(concepts.BODY_HEIGHT),
    ),
    advice=(
        carrying("S3-14", lines.hydration),
        carrying(
            "S3-14",
            "Increased hydration in high tumor lysis risk is BSH 1B; the figure per body surface "
            "was seen quoted only.",
        ),
        carrying(
            "S3-15",
            f"{lines.SUMMARY} in ALS watch fluids closely, because breathing limits what is "
            "tolerated. Evidence: reasonable, and not studied in ALS.",
        ),
        "State in the order: urine output goal, daily weight, oxygen saturation and carbon "
        "dioxide, stop criteria, and a diuretic plan.",
        "Vital capacity that was not measured is unknown, not normal. Oxygen alone can worsen "
        "carbon dioxide retention.",
        lines.suspected_als,
    ),
    suggestions=(
        _lower_rate,
        proposals.requesting(
            "Draft fluid balance and breathing monitoring",
            "Strict intake and output, urine output goal",
            "Daily weight",
            "Overnight oximetry with carbon dioxide measurement",
        ),
    ),
    override_reasons=(
        overrides.VOLUME_AGREED,
        overrides.INTENSIVE_CARE,
        overrides.OTHER,
    ),
    only_for=fluids.large_volume,
)
def hydration_als(patient: Chart) -> Finding:
    """Fluid of this volume can overload a patient whose breathing muscles or heart are weak.
    Hydration protects the kidneys in tumor lysis: keep it, with limits and monitoring."""
    return all_of(
        patient.may_have(concepts.ALS),
        any_of(
            _breathing_not_preserved(patient),
            patient.latest(concepts.SPO2, thresholds.OXYGEN).below(thresholds.LOW_OXYGEN),
            patient.may_have(concepts.HEART_FAILURE),
        ),
    )
