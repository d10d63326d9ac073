"""A fresh count of 100 or more in active acute leukemia."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import Finding, all_of
from cds_service.limits import Stated
from cds_service.rule import Escalation, Indicator, carrying, rule
from hooks import concepts, evidence, lines, overrides, proposals, questions, thresholds, urate


@rule(
    id="hyperleukocytosis-emergency",
    version="1.0.0",
    indicator=Indicator.CRITICAL,
    summary=Stated(
        "WBC at or above {.number} with acute leukemia: emergency; review cytoreduction, tumor "
        "lysis, bleeding and leukostasis steps today.",
        thresholds.HYPERLEUKOCYTOSIS,
    ),
    escalations=(
        Escalation(
            Indicator.CRITICAL,
            questions.acute_leukemia_only_suspected,
            Stated(
                "WBC at or above {.number} with suspected acute leukemia: emergency; confirm the "
                "diagnosis, review tumor lysis and bleeding today.",
                thresholds.HYPERLEUKOCYTOSIS,
            ),
        ),
    ),
    evidence=(
        evidence.ROLLIG15,
        evidence.OBEROI14,
        evidence.BEWERS20,
        evidence.BSHTLS15,
        evidence.CAIRO10,
        evidence.HARRIS78,
        evidence.SPURIOUS,
        evidence.HULABEL,
    ),
    strength="Expert review; tumor lysis: BSH grade 1B",
    statements=(
        *("S3-07", "S3-08", "S3-09", "S3-10", "S3-14", "S3-16", "S3-17", "S3-24"),
        *("S3-34", "S3-35", "S3-39", "S3-42", "X-05", "X-07"),
    ),
    shows=(
        lines.remission_if_reported,
        lines.value(concepts.POTASSIUM, thresholds.TUMOR_LYSIS_SHOWN),
        lines.value(concepts.PHOSPHATE, thresholds.TUMOR_LYSIS_SHOWN),
        lines.value(concepts.URATE, thresholds.TUMOR_LYSIS_SHOWN),
        lines.calcium,
        lines.value(concepts.CREATININE, thresholds.CREATININE_FOR_DOSE),
        lines.value(concepts.PLATELETS, thresholds.SHOWN_AS_OLD),
        lines.value(concepts.FIBRINOGEN, thresholds.SHOWN_AS_OLD),
        lines.value(concepts.INR, thresholds.SHOWN_AS_OLD),
        lines.diagnosis_if_recorded(concepts.ALS),
        lines.pregnancy_if_recorded,
        lines.pregnancy_not_known,
        lines.body_basis,
        urate.g6pd,
        lines.genetics,
    ),
    advice=(
        lines.suspected_leukemia,
        lines.apl_not_excluded,
        carrying("S3-08 S3-09 S3-10 S3-39", lines.cytoreduction),
        carrying("S3-16 S3-17", lines.tumor_lysis),
        carrying("S3-14", lines.hydration),
        carrying("S3-42", lines.bleeding),
        carrying("S3-24", lines.RED_CELLS),
        carrying("S3-10", lines.LEUKAPHERESIS_NOT_ROUTINE),
        lines.pregnancy_in_emergency,
        carrying("X-05", lines.SPURIOUS_VALUES),
        lines.swallowing_in_als,
        carrying("X-07", lines.CODE_STATUS),
        carrying("S3-34 S3-35", lines.early_death),
    ),
    suggestions=(
        proposals.hydroxyurea,
        proposals.emergency_labs,
        urate.lowering,
        proposals.requesting(
            "Draft urgent hematology consult", "Hematology/oncology consult", priority="urgent"
        ),
    ),
    override_reasons=(
        overrides.ALREADY_DONE,
        overrides.OTHER_CAUSE,
        overrides.COMFORT_PLAN,
        overrides.DATA_WRONG,
        overrides.QUIET_24_HOURS,
        overrides.OTHER,
    ),
)
def hyperleukocytosis_emergency(patient: Chart) -> Finding:
    """Hyperleukocytosis in acute leukemia is a hematologic emergency, also when intensive therapy
    is not possible: leukostasis, tumor lysis and hemorrhage threaten within hours to days."""
    return all_of(
        questions.possible_non_promyelocytic_leukemia(patient),
        patient.latest(concepts.LEUKOCYTES, thresholds.FRESH_COUNT).at_least(
            thresholds.HYPERLEUKOCYTOSIS
        ),
    )
