"""Any rasburicase order, leukemia or not: G6PD first."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import TRUE, Finding, all_of, any_of
from cds_service.rule import Action, Escalation, Indicator, Suggestion, carrying, rule
from hooks import concepts, evidence, lines, overrides, proposals, urate

_HYDRATION_REVIEW = "Review of hydration and urate lowering for tumor lysis, without rasburicase"


def _replacing(patient: Chart) -> Suggestion | None:
    """In deficiency one choice: rasburicase away, allopurinol instead, hydration reviewed."""
    if urate.g6pd_deficient(patient).truth is not TRUE:
        return None
    removal = proposals.taking_back(patient.selected(concepts.RASBURICASE), "rasburicase")
    actions: list[Action] = list(removal.actions) if removal is not None else []
    label = "Remove rasburicase" if actions else "Instead of rasburicase"
    if not patient.drafted(concepts.ALLOPURINOL):
        actions.append(urate.allopurinol_draft(patient))
        label += ", draft allopurinol" if removal is not None else ": draft allopurinol"
    review = proposals.service_request(patient, _HYDRATION_REVIEW, "urgent")
    actions.append(Action("create", f"Draft: {_HYDRATION_REVIEW}", review))
    return Suggestion(f"{label} and hydration review (G6PD deficient)", tuple(actions))


def _state(patient: Chart) -> str:
    if urate.g6pd_deficient(patient).truth is TRUE:
        return (
            "G6PD deficiency is on record or suspected: rasburicase is contraindicated; "
            "allopurinol and hydration instead."
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
        "Rasburicase: contraindicated in G6PD deficiency (hemolysis, methemoglobinemia). Check "
        "G6PD before the dose."
    ),
    escalations=(Escalation(Indicator.WARNING, urate.g6pd_not_known),),
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
        "A G6PD result within 3 months after a red-cell transfusion, or soon after hemolysis, may "
        "be falsely normal (not verified). Transfusions and allergies are not read here.",
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
    suggestions=(_replacing, urate.g6pd_assay),
    override_reasons=(
        overrides.G6PD_NORMAL_ELSEWHERE,
        overrides.TLS_RISK_ACCEPTED,
        overrides.OTHER,
    ),
)
def rasburicase_g6pd(patient: Chart) -> Finding:
    """Rasburicase can cause severe hemolysis and methemoglobinemia in G6PD deficiency, which is a
    boxed warning of its label. A G6PD that nobody measured is not a normal one."""
    return all_of(
        patient.ordering(concepts.RASBURICASE),
        any_of(urate.g6pd_deficient(patient), urate.g6pd_not_known(patient)),
    )
