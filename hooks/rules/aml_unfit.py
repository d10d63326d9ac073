"""Newly diagnosed AML in an adult who is not fit for intensive therapy, without ALS.

For adults, as aml-fit. Any one criterion of hooks/fitness.py that is on record is enough.
"""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import Finding
from cds_service.rule import Indicator, carrying, rule
from hooks import evidence, fitness, genetics, lines, overrides, proposals


@rule(
    id="aml-unfit",
    version="1.0.0",
    indicator=Indicator.INFO,
    summary=(
        "AML not suited to intensive therapy: current guidance favors azacitidine or decitabine + "
        "venetoclax; single agents if that is not suitable."
    ),
    evidence=(
        evidence.ELN22,
        evidence.ASH25,
        evidence.VIALEA,
        evidence.DACO16,
        evidence.SHORT19,
        evidence.BURNETT07,
        evidence.AZAAML,
    ),
    strength=(
        "ASH 2025: conditional, moderate certainty (hypomethylating agent with venetoclax over the "
        "agent alone)"
    ),
    statements=("S0-24", "S0-25", "S0-26", "S0-27", "S0-52"),
    shows=(fitness.status, genetics.on_record),
    advice=(
        lines.apl_not_excluded,
        fitness.criteria_met,
        fitness.outside_trials,
        carrying(
            "S0-24",
            f"{lines.SUMMARY} a hypomethylating agent first. Evidence: superseded; ELN 2022 and "
            "ASH 2025 put azacitidine or decitabine with venetoclax ahead of either alone. "
            "Low-dose cytarabine with venetoclax, or ivosidenib with an IDH1 mutation, are "
            "alternatives; a single agent is the fallback.",
        ),
        carrying(
            "S0-24",
            "For clinicians: azacitidine with venetoclax gave 14.7 months of overall survival, "
            "azacitidine alone 9.6 (VIALE-A).",
        ),
        carrying(
            "S0-25",
            f"{lines.SUMMARY} 5 days of decitabine are preferred to 10, with equal results. "
            "Evidence: a randomized phase 2 trial compared them, its results could not be read; "
            "ELN 2022 lists 20 mg/m2 for 5 days.",
        ),
        carrying(
            "S0-26",
            f"{lines.SUMMARY} low-dose cytarabine is the second choice, with next to no effect in "
            "adverse genetics. Evidence: alone it is no longer preferred; little activity with "
            "adverse cytogenetics is not verified in the trial's text.",
        ),
        carrying(
            "S0-27",
            f"{lines.SUMMARY} in heavy comorbidity best supportive care with transfusions and "
            "infection care is appropriate. Evidence: ELN 2022 keeps it, hydroxyurea included, for "
            "those who cannot tolerate or do not want antileukemic therapy; red-cell support may "
            "continue.",
        ),
        carrying(
            "S0-52",
            f"{lines.SUMMARY} fitness and comorbidity predict better than age alone. "
            "Evidence: age stayed an independent factor; 75 is the trials' entry criterion, and "
            "clinical review may judge otherwise.",
        ),
    ),
    suggestions=(
        genetics.panel_if_none,
        proposals.requesting("Draft palliative care referral", "Palliative care referral"),
    ),
    override_reasons=(overrides.FIT_ON_REVIEW, overrides.PROTOCOL_DIRECTED, overrides.OTHER),
    only_for=fitness.open_to_either_intensity,
)
def aml_unfit(patient: Chart) -> Finding:
    """Newly diagnosed AML, and at least one recorded criterion speaks against intensive therapy.
    Lower-intensity treatment is usual; whether the criterion can improve is worth asking."""
    return fitness.unfit(patient)
