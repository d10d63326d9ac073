"""Therapeutic leukapheresis ordered in acute leukemia, neither ALS nor APL."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import Finding
from cds_service.rule import Indicator, WhenUnknown, carrying, rule
from hooks import concepts, evidence, leukapheresis, lines, overrides, questions, thresholds


@rule(
    id="leukapheresis-routine",
    version="1.0.0",
    indicator=Indicator.INFO,
    summary=(
        "Leukapheresis: pooled data show no early survival benefit when used routinely; usually "
        "kept for symptomatic leukostasis."
    ),
    evidence=(
        evidence.OBEROI14,
        evidence.BEWERS20,
        evidence.NGUYEN16,
        evidence.ZELLER24,
        evidence.ASHED14,
    ),
    strength="Retrospective",
    statements=("S3-12", "X-06", "X-08"),
    when_unknown=WhenUnknown.SILENT,
    shows=(
        lines.value(concepts.LEUKOCYTES, thresholds.OLD_COUNT),
        lines.value(concepts.PLATELETS, thresholds.SHOWN_AS_OLD),
        lines.value(concepts.FIBRINOGEN, thresholds.SHOWN_AS_OLD),
        lines.value(concepts.INR, thresholds.SHOWN_AS_OLD),
        lines.pregnancy_if_recorded,
        lines.genetics,
    ),
    advice=(
        lines.leukapheresis_in_apl,
        # Bleeding after leukapheresis in APL can be fatal, and here nothing rules APL out.
        lines.apl_not_excluded,
        carrying("S3-12", lines.EARLY_DEATH_AFTER_LEUKAPHERESIS),
        carrying("S3-12", lines.LEUKAPHERESIS_HARMS),
        "Children: conservative care without leukapheresis had low early toxicity in ALL (Nguyen "
        "2016); NOPHO AML avoided it.",
        carrying(
            "X-06",
            "Pregnancy: may be one of the accepted uses (unverified), as hydroxyurea can harm the "
            "fetus.",
        ),
        "With cerebral or pulmonary leukostasis do not wait for drugs to fail: discuss apheresis "
        "and start cytoreduction in the same hour.",
        lines.suspected_leukemia,
        carrying("X-08", lines.NOT_FOR_COLLECTIONS),
    ),
    override_reasons=(
        overrides.SYMPTOMATIC_LEUKOSTASIS,
        overrides.PREGNANCY,
        overrides.BRIDGE_TO_THERAPY,
        overrides.OTHER,
    ),
    only_for=leukapheresis.therapeutic_leukapheresis,
)
def leukapheresis_routine(patient: Chart) -> Finding:
    """Leukapheresis has no proven early survival benefit when used routinely; it may be used for
    organ-threatening leukostasis."""
    return questions.possible_acute_leukemia(patient)
