"""Prophylaxis against infection ordered in ALS, with what it interacts with."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import FALSE, TRUE, Finding, all_of, any_of
from cds_service.rule import Escalation, Indicator, carrying, rule
from hooks import concepts, evidence, lines, overrides, proposals, questions, thresholds

PROPHYLAXIS = (*concepts.FLUOROQUINOLONES, *concepts.AZOLES, concepts.CO_TRIMOXAZOLE)
RILUZOLE_RAISING = (concepts.CIPROFLOXACIN, concepts.ENOXACIN)
"""Inhibitors of CYP1A2, by which riluzole is broken down."""
QT_PROLONGING = (
    *concepts.QT_PROLONGING,
    concepts.ARSENIC_TRIOXIDE,
    concepts.QUIZARTINIB,
    concepts.IVOSIDENIB,
    concepts.GILTERITINIB,
    concepts.NILOTINIB,
)
"""These antileukemic drugs prolong the interval too, by their labels."""
AZOLE_PARTNERS = (concepts.VENETOCLAX, *concepts.VINCA_ALKALOIDS, *concepts.QUINIDINES)
"""Drugs whose level an azole raises dangerously."""


def _riluzole_interaction(patient: Chart) -> Finding:
    return all_of(
        any_of(*(patient.ordering(drug) for drug in RILUZOLE_RAISING)),
        questions.running_or_drafted(patient, concepts.RILUZOLE),
    )


def _azole_interaction(patient: Chart) -> Finding:
    return all_of(
        any_of(*(patient.ordering(drug) for drug in concepts.AZOLES)),
        questions.running_or_drafted(patient, *AZOLE_PARTNERS),
    )


def _two_qt_drugs(patient: Chart) -> Finding:
    """One is ordered, and another one runs or is drafted."""
    ordered = [d for d in QT_PROLONGING if questions.is_yes(patient.ordering(d))]
    others = [d for d in QT_PROLONGING if d not in ordered]
    # One product may be known under two names, dextromethorphan/quinidine under quinidine too.
    orders = {order.reference for drug in ordered for order in patient.selected(drug)}
    several = len(ordered) > 1 and len(orders) > 1
    return all_of(
        any_of(*(patient.ordering(drug) for drug in QT_PROLONGING)),
        any_of(
            Finding("Two QT-prolonging drugs are ordered", TRUE if several else FALSE),
            questions.running_or_drafted(patient, *others),
        ),
    )


def _interactions(patient: Chart) -> str | None:
    said = []
    if questions.is_yes(_riluzole_interaction(patient)):
        said.append("ciprofloxacin or enoxacin raises riluzole levels (CYP1A2)")
    if questions.is_yes(_azole_interaction(patient)):
        said.append(
            f"the azole raises levels of {lines.running_or_drafted(patient, AZOLE_PARTNERS)}"
        )
    if questions.is_yes(_two_qt_drugs(patient)):
        said.append("two drugs that prolong the QT interval: check the ECG")
    return f"Interactions found: {'; '.join(said)}." if said else None


def _neutropenic(patient: Chart) -> Finding:
    neutrophils = patient.latest(concepts.NEUTROPHILS, thresholds.RECOVERY_COUNTS)
    return any_of(
        neutrophils.below(thresholds.NEUTROPENIA),
        patient.has(concepts.NEUTROPENIA),
        questions.antileukemic_therapy_running(patient),
        questions.drafting_antileukemic_drug(patient),
    )


@rule(
    id="infection-prophylaxis-als",
    version="1.0.0",
    indicator=Indicator.INFO,
    summary=(
        "Prophylaxis in ALS: weigh pill burden and swallowing; ciprofloxacin raises riluzole "
        "levels; check QT and azole interactions."
    ),
    escalations=(
        Escalation(Indicator.WARNING, _riluzole_interaction),
        Escalation(
            Indicator.WARNING,
            _azole_interaction,
            "Azole prophylaxis in ALS with an interacting drug on the list: it can raise that drug "
            "to harmful levels; check before signing.",
        ),
        Escalation(
            Indicator.WARNING,
            _two_qt_drugs,
            "Prophylaxis in ALS makes two QT-prolonging drugs: check the ECG, potassium and "
            "magnesium, or consider another agent.",
        ),
    ),
    evidence=(evidence.RILUZOLE, evidence.NUEDEXTA, evidence.ELN22),
    strength="Label",
    statements=("S3-25",),
    shows=(
        lines.value(concepts.NEUTROPHILS, thresholds.RECOVERY_COUNTS),
        lines.swallowing,
        lines.value(concepts.QTC, thresholds.QTC),
    ),
    advice=(
        _interactions,
        carrying(
            "S3-25",
            f"{lines.SUMMARY} prophylaxis may be considered; weigh the pills against swallowing. "
            "Evidence: an opinion, no source was found. Prefer liquid or intravenous forms with "
            "weak swallowing, and avoid two agents for one purpose.",
        ),
        "Riluzole itself can cause neutropenia and liver injury: monitor both.",
        "Talk benefit and burden over with the patient.",
        lines.suspected_als,
    ),
    suggestions=(
        proposals.requesting(
            "Draft pharmacist review", "Pharmacist: prophylaxis, interactions and an alternative"
        ),
    ),
    override_reasons=(
        overrides.MONITORED,
        overrides.NO_ALTERNATIVE,
        overrides.REVIEWED_WITH_SPECIALIST,
        overrides.OTHER,
    ),
    only_for=questions.ordering(*PROPHYLAXIS),
)
def infection_prophylaxis_als(patient: Chart) -> Finding:
    """Prophylaxis adds pills and interactions. In ALS swallowing, riluzole and quinidine change
    which drug fits."""
    return all_of(
        patient.may_have(concepts.ALS),
        any_of(
            _neutropenic(patient),
            _riluzole_interaction(patient),
            _azole_interaction(patient),
            _two_qt_drugs(patient),
        ),
    )
