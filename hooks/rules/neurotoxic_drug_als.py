"""A neurotoxic antileukemic drug ordered in ALS."""

from __future__ import annotations

from cds_service.chart import Chart, question
from cds_service.finding import TRUE, Finding, any_of
from cds_service.rule import Indicator, carrying, rule
from hooks import concepts, evidence, lines, overrides, proposals, regimens, thresholds
from hooks.calculations import body

NEUROTOXIC = (
    *concepts.VINCA_ALKALOIDS,
    concepts.NELARABINE,
    concepts.BLINATUMOMAB,
    concepts.IFOSFAMIDE,
)
"""Whatever the dose; high-dose cytarabine and intrathecal drugs are asked beside them."""


def _high_dose_cytarabine(patient: Chart) -> Finding:
    """With the weight and height by which milligrams were judged, where they are known."""
    found = regimens.high_dose_cytarabine(patient)
    if found.truth is not TRUE or body.body_surface_area_m2(patient) is None:
        return found
    weight = patient.latest(concepts.BODY_WEIGHT, thresholds.WEIGHT_FOR_DOSE)
    height = patient.latest(concepts.BODY_HEIGHT)
    return Finding(found.question, TRUE, (*found.facts, weight.fact, height.fact))


def _about_vincristine(patient: Chart) -> str | None:
    if not any(patient.drafted(drug) for drug in concepts.VINCA_ALKALOIDS):
        return None
    return (
        f"{lines.SUMMARY} vincristine with a steroid, POMP, or dasatinib with vincristine and "
        "dexamethasone (96% remission in older Ph-positive ALL) as gentle choices in older ALL. "
        "That says nothing of ALS: vincristine caused severe neuropathy in inherited neuropathy "
        "and is contraindicated in demyelinating Charcot-Marie-Tooth disease."
    )


def _about_the_others(patient: Chart) -> str | None:
    said = []
    if patient.drafted(concepts.NELARABINE):
        said.append("Nelarabine (boxed warning): weakness, paralysis, Guillain-Barré-like disease.")
    if patient.drafted(concepts.BLINATUMOMAB):
        said.append("Blinatumomab: neurologic events in about 65%, severe in 13%.")
    return " ".join(said) or None


@question
def _neurotoxic_drug(patient: Chart) -> Finding:
    """A drug that harms nerves, by its name, dose or route."""
    return any_of(
        *(patient.ordering(drug) for drug in NEUROTOXIC),
        _high_dose_cytarabine(patient),
        regimens.intrathecal_drug(patient),
        patient.ordering(concepts.INTRATHECAL_CHEMOTHERAPY),
    )


@rule(
    id="neurotoxic-drug-als",
    version="1.0.0",
    indicator=Indicator.WARNING,
    summary=(
        "Neurotoxic drug drafted in ALS: weakness or breathing may worsen and be mistaken for ALS "
        "progression; involve neurology."
    ),
    evidence=(evidence.VCRCMT, evidence.NELBLIN),
    strength="Label; case series",
    statements=("S0-36", "S0-41", "X-03"),
    shows=(
        lines.value(concepts.FVC, thresholds.BREATHING_REVIEW),
        lines.ventilation,
        lines.performance,
    ),
    advice=(
        carrying("S0-36 S0-41", _about_vincristine),
        _about_the_others,
        carrying(
            "X-03",
            "No trial data in ALS: agree on the drug with neurology, record strength and vital "
            "capacity first, and plan who reviews new weakness.",
        ),
        lines.suspected_als,
    ),
    suggestions=(
        proposals.requesting("Draft neurology review", "Neurology: neurotoxic drug in ALS"),
        proposals.requesting(
            "Draft baseline examination",
            "Baseline strength and forced vital capacity before a neurotoxic drug",
        ),
    ),
    override_reasons=(
        overrides.REVIEWED_WITH_SPECIALIST,
        overrides.NO_ALTERNATIVE,
        overrides.OTHER,
    ),
    only_for=_neurotoxic_drug,
)
def neurotoxic_drug_als(patient: Chart) -> Finding:
    """This drug can harm nerves. In ALS new weakness or weaker breathing may be taken for the
    disease, and there is little reserve to lose."""
    return patient.may_have(concepts.ALS)
