"""Newly diagnosed AML in an adult who is fit for intensive therapy, without ALS.

For adults: the doses and trials behind it are theirs. AML of a child gets no direction card.
"""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import Finding
from cds_service.rule import Escalation, Indicator, carrying, rule
from hooks import evidence, fitness, genetics, lines, overrides, questions


@rule(
    id="aml-fit",
    version="1.0.0",
    indicator=Indicator.INFO,
    summary=(
        "AML, no recorded barrier to intensive therapy: 7+3 type induction is the usual backbone; "
        "check genetics and trial options."
    ),
    escalations=(
        # "No recorded barrier" would be read past a pregnancy that the card does not name.
        Escalation(
            Indicator.INFO,
            questions.pregnant,
            "AML with pregnancy recorded or suspected: settle choice and timing of treatment with "
            "hematology and obstetrics; check genetics.",
        ),
    ),
    evidence=(evidence.AZAAML, evidence.CORN16, evidence.SALIDAC, evidence.CORN12),
    strength="Not graded in what was read",
    statements=("S0-19", "S0-20", "S0-21", "S0-22", "S0-52"),
    shows=(
        fitness.status,
        lines.pregnancy_if_recorded,
        lines.pregnancy_not_known,
        genetics.on_record,
    ),
    advice=(
        lines.pregnancy_before_chemotherapy,
        lines.apl_not_excluded,
        fitness.checks_run,
        carrying(
            "S0-19",
            f"{lines.SUMMARY} 7+3 is the mainstay in fit patients. Evidence: the trials' arm was "
            "cytarabine 100-200 mg/m2/day by continuous infusion for 7 days with an anthracycline "
            "for 3 days; mutations decide what is added, which the summary leaves out.",
        ),
        carrying(
            "S0-20",
            f"{lines.SUMMARY} judge the response in the marrow after count recovery or at days "
            "28-35. Evidence: these days were not found in what was read; the protocol decides.",
        ),
        carrying(
            "S0-21",
            f"{lines.SUMMARY} favorable risk: high-dose cytarabine consolidation. Evidence: "
            "chemotherapy consolidation is supported; in registry data an intermediate dose gave "
            "equal relapse-free survival.",
        ),
        carrying(
            "S0-22",
            f"{lines.SUMMARY} intermediate or adverse risk: consider allogeneic transplant. "
            "Evidence: supported in first remission; residual disease (MRD) and the risk of dying "
            "of the transplant decide with it.",
        ),
        carrying(
            "S0-52",
            f"{lines.SUMMARY} fitness and comorbidity predict better than age alone. "
            "Evidence: fitness is central, but age stayed an independent factor.",
        ),
    ),
    suggestions=(genetics.panel_if_none,),
    override_reasons=(overrides.NOT_NEW_DISEASE, overrides.PROTOCOL_DIRECTED, overrides.OTHER),
    only_for=fitness.open_to_either_intensity,
)
def aml_fit(patient: Chart) -> Finding:
    """Newly diagnosed AML with a good performance status, and none of the criteria that speak
    against intensive therapy is on record. Genetics and open trials shape the choice."""
    return fitness.fit(patient)
