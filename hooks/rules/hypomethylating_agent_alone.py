"""Azacitidine or decitabine ordered for AML without a partner drug."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import Finding, all_of, any_of, none_of
from cds_service.limits import Stated
from cds_service.rule import Indicator, carrying, rule
from hooks import concepts, discontinued, evidence, lines, overrides, questions, thresholds

PARTNERS = (concepts.VENETOCLAX, *concepts.TARGETED_AGENTS)
"""Drugs that an HMA is combined with: one of them in the drafts or running settles the rule."""


def _partner(patient: Chart) -> Finding:
    """Drafted, or running and not stopped by a draft."""
    return any_of(
        *(patient.drafting(drug) for drug in PARTNERS),
        *(discontinued.still_taking(patient, drug) for drug in PARTNERS),
    )


def _two_year_figure(patient: Chart) -> str | None:
    """Of slow disease with few blasts: no prognosis where the count is high or not known."""
    count = patient.latest(concepts.LEUKOCYTES, thresholds.OLD_COUNT)
    if not questions.is_yes(count.below(thresholds.HYPERLEUKOCYTOSIS)):
        return None
    return (
        f"For clinicians: {lines.SUMMARY} with azacitidine about half alive at 2 years in AML with "
        "20-30% blasts (v 16%; figures unverified, few of those patients had a high count)."
    )


@rule(
    id="hypomethylating-agent-alone",
    version="1.0.0",
    indicator=Indicator.INFO,
    summary=(
        "Azacitidine or decitabine alone: combination with venetoclax is preferred when "
        "suitable; decitabine 5-day schedule is usual."
    ),
    evidence=(
        evidence.VIALEA,
        evidence.ASH25,
        evidence.AZAAML,
        evidence.FENAUX10,
        evidence.SHORT19,
        evidence.DACO16,
    ),
    strength="ASH 2025: conditional, moderate certainty",
    statements=("S0-24", "S0-25", "S3-19", "S3-20", "S3-21"),
    shows=(lines.value(concepts.LEUKOCYTES, thresholds.OLD_COUNT), lines.performance),
    advice=(
        carrying(
            "S0-24",
            Stated(
                f"{lines.SUMMARY} a hypomethylating agent (azacitidine, decitabine) first in unfit "
                "AML. For clinicians: with venetoclax half of the patients lived 14.7 months, "
                "without it 9.6 (VIALE-A). Contraindications, a count above {.number}, frailty or "
                "the patient's choice are valid reasons for the single agent.",
                thresholds.VENETOCLAX_COUNT,
            ),
        ),
        carrying(
            "S3-19",
            f"For clinicians: {lines.SUMMARY} better quality of life than low-dose cytarabine. "
            "Evidence: no quality-of-life comparison was found; survival 10.4 months with "
            "azacitidine against 6.5 with conventional care (p=0.10, AZA-AML-001).",
        ),
        carrying("S3-20", _two_year_figure),
        carrying(
            "S0-25",
            f"{lines.SUMMARY} decitabine for 5 days is preferred to 10 days. Evidence: compared in "
            "a randomised phase 2 trial whose results were not readable; 20 mg/m² for 5 days is "
            "the listed schedule.",
        ),
        carrying(
            "S3-21",
            "Outpatient treatment on 5-7 days a month: a travel burden, above all in ALS. "
            "Venetoclax is usually started in hospital.",
        ),
        lines.suspected_leukemia,
    ),
    override_reasons=(
        overrides.PARTNER_UNSUITABLE,
        overrides.OTHER_USE,
        overrides.PATIENT_CHOICE,
        overrides.OTHER,
    ),
    only_for=questions.ordering(*concepts.HYPOMETHYLATING_AGENTS),
)
def hypomethylating_agent_alone(patient: Chart) -> Finding:
    """Azacitidine or decitabine is drafted for AML, and no venetoclax or targeted drug is drafted
    or running. The single agent is the fallback where the combination is not tolerated or not
    wanted."""
    return all_of(
        patient.may_have(concepts.AML),
        none_of(questions.apl_suspected_or_confirmed(patient)),  # ATRA comes first there
        none_of(_partner(patient)),
    )
