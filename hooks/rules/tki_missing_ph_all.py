"""Ph-positive ALL treated without a tyrosine kinase inhibitor, or with one being stopped."""

from __future__ import annotations

from cds_service.chart import Chart, question
from cds_service.finding import FALSE, TRUE, Fact, Finding, all_of, any_of, none_of
from cds_service.rule import Indicator, carrying, rule
from hooks import concepts, discontinued, evidence, lines, overrides, proposals, thresholds

_ANTILEUKEMIC = frozenset(drug.id for drug in concepts.ANTILEUKEMIC_DRUGS)


def _treatment_signed(patient: Chart) -> Finding:
    """An antileukemic drug is ordered. Not named as an order: the advice is on what is missing."""
    ordered = [drug for drug in concepts.ANTILEUKEMIC_DRUGS if patient.selected(drug)]
    patient.asked |= _ANTILEUKEMIC
    words = [f"Antileukemic treatment being ordered: {drug.title}" for drug in ordered]
    facts = tuple(Fact(drug.id, said.__str__) for drug, said in zip(ordered, words, strict=True))
    return Finding("An antileukemic drug is ordered", TRUE if ordered else FALSE, facts)


def _another_inhibitor(patient: Chart) -> Finding:
    """One that runs on, or is drafted: a draft beside the stop of one drug is a change of dose."""
    inhibitors = concepts.TYROSINE_KINASE_INHIBITORS
    return any_of(
        *(discontinued.still_taking(patient, drug) for drug in inhibitors),
        *(patient.drafting(drug) for drug in inhibitors),
    )


def _ph_positive(patient: Chart) -> Finding:
    """By the name of the disease or by a result at any time: once positive, always."""
    return any_of(
        patient.on_record(concepts.PH_POSITIVE_LEUKEMIA),
        patient.test_was_positive(concepts.BCR_ABL1),
    )


@question
def _treated_or_stopped(patient: Chart) -> Finding:
    """An antileukemic drug is ordered, or an inhibitor is being stopped."""
    return any_of(
        _treatment_signed(patient),
        discontinued.being_stopped(patient, *concepts.TYROSINE_KINASE_INHIBITORS),
    )


@rule(
    id="tki-missing-ph-all",
    version="1.0.0",
    indicator=Indicator.WARNING,
    summary=(
        "Ph+ ALL without an active tyrosine kinase inhibitor (TKI): treatment and "
        "post-consolidation maintenance normally include one."
    ),
    evidence=(evidence.EWALLPH, evidence.LAL1205, evidence.PHASH22),
    strength="Trials",
    statements=("S0-40", "S0-42"),
    shows=(lines.ph_status,),
    advice=(
        carrying(
            "S0-40",
            "A tyrosine kinase inhibitor with a steroid, with or without chemotherapy, is the "
            "backbone in Ph-positive ALL: dasatinib with a steroid and intrathecal therapy brought "
            "hematologic remission in all patients without induction deaths (LAL1205).",
        ),
        carrying(
            "S0-42",
            f"{lines.SUMMARY} maintenance with the inhibitor after consolidation is mandatory. "
            "Evidence: the trial continued dasatinib until relapse or death (EWALL-PH-01); "
            "intolerance, resistance or a plan after transplant are valid reasons against it.",
        ),
        lines.suspected_leukemia,
    ),
    suggestions=(
        proposals.requesting(
            "Draft review of the tyrosine kinase inhibitor",
            "Hematology: tyrosine kinase inhibitor in Ph-positive ALL (choice, mutation, dose)",
        ),
    ),
    override_reasons=(
        overrides.TKI_NOT_POSSIBLE,
        overrides.AFTER_TRANSPLANT,
        overrides.REVIEWED_WITH_SPECIALIST,
        overrides.OTHER,
    ),
    only_for=_treated_or_stopped,
)
def tki_missing_ph_all(patient: Chart) -> Finding:
    """Ph-positive ALL is being treated, or was within the last two years, and no tyrosine kinase
    inhibitor is active on the record. It may be given elsewhere, or be missing."""
    return all_of(
        _ph_positive(patient),
        any_of(
            patient.may_have(concepts.ALL),
            patient.in_remission(concepts.ALL, thresholds.AFTER_REMISSION),
        ),
        none_of(_another_inhibitor(patient)),
    )
