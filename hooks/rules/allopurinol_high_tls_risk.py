"""Allopurinol selected although the tumor lysis risk is high and rasburicase may be possible."""

from __future__ import annotations

from cds_service.chart import Chart, order_fact
from cds_service.finding import FALSE, TRUE, Finding, all_of, none_of
from cds_service.rule import Indicator, carrying, rule
from hooks import concepts, evidence, lines, overrides, questions, thresholds, urate


def _rasburicase_drafted(patient: Chart) -> Finding:
    drafts = patient.drafted(concepts.RASBURICASE)
    facts = tuple(order_fact(order, concepts.RASBURICASE) for order in drafts)
    return Finding("Rasburicase drafted", TRUE if drafts else FALSE, facts)


def _deficient(patient: Chart) -> Finding:
    """Only known deficiency closes the question; not known is what the card is about."""
    answer = questions.g6pd_deficient(patient)
    truth = TRUE if answer.truth is TRUE else FALSE
    return Finding("G6PD deficiency on record", truth, tuple(answer.deciding()))


def _riluzole(patient: Chart) -> str | None:
    if patient.taking(concepts.RILUZOLE).truth is not TRUE:
        return None
    return "Riluzole is running: with allopurinol watch liver tests more closely."


def _g6pd(patient: Chart) -> str:
    if questions.g6pd_not_known(patient).truth is TRUE:
        return "G6PD is not known: test it before rasburicase, which deficiency forbids."
    return f"G6PD is normal by assay. {urate.FALSELY_NORMAL}"


@rule(
    id="allopurinol-high-tls-risk",
    version="1.0.0",
    indicator=Indicator.INFO,
    summary=(
        "High tumor-lysis risk: rasburicase lowers urate faster than allopurinol if G6PD is not "
        "deficient."
    ),
    evidence=(evidence.BSHTLS15, evidence.GOLDMAN01, evidence.RILUZOLE),
    strength="BSH 1B",
    statements=("S3-16",),
    shows=(
        lines.value(concepts.LEUKOCYTES, thresholds.FRESH_COUNT),
        lines.value(concepts.URATE, thresholds.TUMOR_LYSIS_SHOWN),
        urate.weight,
    ),
    advice=(
        carrying(
            "S3-16",
            f"{lines.SUMMARY} at high tumor lysis risk rasburicase is preferred over allopurinol "
            "and works faster. Evidence: BSH 1B; urate fell by 86% v 12% in 4 h in a randomised "
            "trial (seen quoted only). The summary leaves out the G6PD warning.",
        ),
        _g6pd,
        "Allopurinol prevents new urate and does not remove what is there.",
        urate.label_dose,
        urate.in_pregnancy,
        _riluzole,
        lines.suspected_leukemia,
    ),
    suggestions=(urate.g6pd_assay, urate.rasburicase),
    override_reasons=(
        overrides.G6PD_NOT_USABLE,
        overrides.SUPPLY_OR_COST,
        overrides.TLS_RISK_FALLING,
        overrides.OTHER,
    ),
    only_for=questions.ordering(concepts.ALLOPURINOL),
)
def allopurinol_high_tls_risk(patient: Chart) -> Finding:
    """Allopurinol slows the making of urate; rasburicase removes it within hours and is preferred
    at high tumor lysis risk, unless G6PD is deficient."""
    return all_of(
        questions.possible_acute_leukemia(patient),
        urate.high_tumor_lysis_risk(patient),
        none_of(
            patient.taking(concepts.RASBURICASE),
            _rasburicase_drafted(patient),
            _deficient(patient),
        ),
    )
