"""Any rasburicase order, leukemia or not: G6PD first."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import TRUE, Finding, any_of
from cds_service.rule import Escalation, Indicator, Suggestion, carrying, rule
from hooks import concepts, evidence, lines, overrides, proposals, questions, urate

_HYDRATION_REVIEW = "Review of hydration and urate lowering for tumor lysis, without rasburicase"


def _is_deficient(patient: Chart) -> bool:
    return questions.g6pd_deficient(patient).truth is TRUE


def _removal(patient: Chart) -> Suggestion | None:
    """In deficiency rasburicase is taken back; where G6PD is only unknown the order stays."""
    if not _is_deficient(patient):
        return None
    return proposals.taking_back(patient.selected(concepts.RASBURICASE), "rasburicase")


def _allopurinol(patient: Chart) -> Suggestion | None:
    if not _is_deficient(patient) or patient.drafted(concepts.ALLOPURINOL):
        return None
    return Suggestion("Draft allopurinol instead", (urate.allopurinol_draft(patient),))


def _hydration_review(patient: Chart) -> Suggestion | None:
    if not _is_deficient(patient):
        return None
    label = "Draft hydration review (G6PD deficient)"
    return proposals.requesting(label, _HYDRATION_REVIEW, priority="urgent")(patient)


def _state(patient: Chart) -> str:
    if questions.g6pd_deficient(patient).truth is TRUE:
        return (
            "G6PD deficiency is on record or suspected: rasburicase is contraindicated; "
            f"allopurinol and hydration instead.{urate.outweighed(patient)}"
        )
    return (
        "G6PD is not known, and unknown is not normal: screen before the dose, at least with "
        "higher-risk ancestry (label). The order stays as it is."
    )


@rule(
    id="rasburicase-g6pd",
    version="1.0.0",
    indicator=Indicator.CRITICAL,
    summary=(
        "Rasburicase: contraindicated in G6PD deficiency (hemolysis, methemoglobinemia); check "
        "G6PD before the dose."
    ),
    escalations=(
        Escalation(
            Indicator.CRITICAL,
            questions.g6pd_deficient,
            "Rasburicase ordered with G6PD deficiency on record or suspected: contraindicated "
            "(hemolysis, methemoglobinemia).",
        ),
        Escalation(Indicator.WARNING, questions.g6pd_not_known),
    ),
    evidence=(
        evidence.RASLABEL,
        evidence.BSHTLS15,
        evidence.CAIRO10,
        evidence.GOLDMAN01,
        evidence.TOSI08,
    ),
    strength="Boxed warning; BSH 1B",
    statements=("S3-16", "X-01"),
    shows=(urate.weight,),
    advice=(
        carrying("X-01", _state),
        f"{urate.FALSELY_NORMAL} Transfusions and allergies are not read here.",
        carrying(
            "S3-16",
            f"{lines.SUMMARY} at high tumor lysis risk rasburicase is preferred over allopurinol "
            "and works faster. Evidence: so it is where G6PD is normal (BSH 1B); the summary "
            "leaves out the boxed warning.",
        ),
        urate.label_dose,
        "After a dose keep urate samples on ice: they read falsely low otherwise. Do not combine "
        "with allopurinol at once.",
    ),
    suggestions=(_removal, _allopurinol, _hydration_review, urate.g6pd_assay),
    override_reasons=(
        overrides.G6PD_NORMAL_ELSEWHERE,
        overrides.TLS_RISK_ACCEPTED,
        overrides.QUIET_24_HOURS,
        overrides.OTHER,
    ),
    only_for=questions.ordering(concepts.RASBURICASE),
)
def rasburicase_g6pd(patient: Chart) -> Finding:
    """Rasburicase can cause severe hemolysis and methemoglobinemia in G6PD deficiency, which is a
    boxed warning of its label. A G6PD that nobody measured is not a normal one."""
    return any_of(questions.g6pd_deficient(patient), questions.g6pd_not_known(patient))
