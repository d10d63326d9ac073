"""Growth factor ordered while the count is high or blasts are in the blood."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import Finding, all_of, any_of
from cds_service.rule import Escalation, Indicator, carrying, rule
from hooks import (
    concepts,
    evidence,
    lines,
    overrides,
    proposals,
    questions,
    thresholds,
)


def _high_count(patient: Chart) -> Finding:
    return patient.latest(concepts.LEUKOCYTES, thresholds.OLD_COUNT).at_least(thresholds.HIGH_COUNT)


def _leukemia_on_record(patient: Chart) -> Finding:
    """Live, suspected, or in remission: a count that high may be a relapse nobody has recorded."""
    return any_of(
        questions.possible_acute_leukemia(patient), questions.acute_leukemia_on_record(patient)
    )


def _hyperleukocytosis_today(patient: Chart) -> Finding:
    """In a live leukemia."""
    count = patient.latest(concepts.LEUKOCYTES, thresholds.FRESH_COUNT)
    return all_of(
        count.at_least(thresholds.HYPERLEUKOCYTOSIS),
        questions.possible_acute_leukemia(patient),
    )


def _not_recorded_as_active(patient: Chart) -> Finding:
    live = questions.possible_acute_leukemia(patient)
    return questions.not_shown(live, "The leukemia is not recorded as active")


def _blasts_alone(patient: Chart) -> Finding:
    return questions.not_shown(_high_count(patient), "The count is not known to be high")


def _remission(patient: Chart) -> str | None:
    """What else a high count means where the record says remission."""
    if not questions.is_yes(_not_recorded_as_active(patient)):
        return None
    high = patient.limit(thresholds.HIGH_COUNT).number
    return (
        f"The leukemia is recorded as in remission. A count of {high} or more may come from "
        "mobilisation; otherwise check the smear for relapse."
    )


@rule(
    id="growth-factor-hyperleukocytosis",
    version="1.0.0",
    indicator=Indicator.WARNING,
    summary=(
        "Growth factor drafted while WBC is high with active leukemia: can raise the count "
        "and worsen leukostasis."
    ),
    escalations=(
        Escalation(Indicator.CRITICAL, _hyperleukocytosis_today),
        Escalation(
            Indicator.WARNING,
            _not_recorded_as_active,
            "Growth factor drafted while WBC is high, leukemia recorded as in remission: check for "
            "relapse; it can raise the count further.",
        ),
        Escalation(
            Indicator.WARNING,
            _blasts_alone,
            "Growth factor drafted with blasts in the blood in active leukemia: can raise the "
            "count and worsen leukostasis.",
        ),
    ),
    evidence=(evidence.GCSFPI,),
    strength="Product information",
    statements=("S3-42",),
    shows=(
        lines.value(concepts.LEUKOCYTES, thresholds.OLD_COUNT),
        lines.value(concepts.NEUTROPHILS, thresholds.RECOVERY_COUNTS),
    ),
    advice=(
        carrying(
            "S3-42",
            f"{lines.SUMMARY} no growth factors during hyperleukocytosis. Evidence: product "
            "information advises to stop above a count of 50, not to give one from 14 days before "
            "to 24 hours after chemotherapy, and caution in myeloid leukemia; the effect on "
            "leukostasis itself has no source.",
        ),
        lines.count_is_old,
        _remission,
        "Usual exceptions: stem-cell mobilisation in remission, priming by protocol (FLAG, CAG), "
        "neutropenia after the nadir.",
        lines.suspected_leukemia,
    ),
    suggestions=(proposals.removing(*concepts.GROWTH_FACTORS, what="growth factor"),),
    override_reasons=(
        overrides.MOBILISATION,
        overrides.PROTOCOL_DIRECTED,
        overrides.POST_NADIR,
        overrides.QUIET_24_HOURS,
        overrides.OTHER,
    ),
    only_for=questions.ordering(*concepts.GROWTH_FACTORS),
)
def growth_factor_hyperleukocytosis(patient: Chart) -> Finding:
    """A growth factor drives the leukocyte count up, and myeloid blasts can respond to it too.
    While the count is high in active leukemia it is usually held."""
    return all_of(
        any_of(
            all_of(_high_count(patient), _leukemia_on_record(patient)),
            all_of(questions.blasts_in_blood(patient), questions.possible_acute_leukemia(patient)),
        ),
    )
