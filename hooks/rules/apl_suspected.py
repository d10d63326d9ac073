"""APL suspected or confirmed: an emergency of its own."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import FALSE, TRUE, UNKNOWN, Fact, Finding, any_of
from cds_service.rule import Indicator, carrying, rule
from hooks import concepts, evidence, lines, overrides, proposals, questions, thresholds


def _high_risk(patient: Chart) -> str | None:
    count = patient.latest(concepts.LEUKOCYTES, thresholds.OLD_COUNT)
    if count.above(thresholds.APL_HIGH_RISK).truth is not TRUE:
        return None
    return (
        f"Leukocytes above {patient.limit(thresholds.APL_HIGH_RISK)}: high-risk APL. Watch for "
        "differentiation syndrome and a rising count on ATRA."
    )


def _genetics(patient: Chart) -> str | None:
    if patient.test_is_negative(concepts.PML_RARA).truth is not TRUE:
        return None
    return (
        "PML::RARA is reported negative but the APL entry is not refuted: settle which is right, "
        "and update the problem list."
    )


def _pregnancy(patient: Chart) -> str | None:
    if questions.pregnant(patient).truth is not TRUE:
        return None
    return (
        "Pregnancy is recorded: ATRA is contraindicated in the first trimester unless agreed; no "
        "dose is proposed."
    )


def _als(patient: Chart) -> str | None:
    if patient.may_have(concepts.ALS).truth is not TRUE:
        return None
    return (
        "ALS does not remove the case for ATRA, and does not by itself exclude arsenic trioxide: "
        "check QTc, potassium, magnesium, interactions and logistics."
    )


def _fusion_after_remission(patient: Chart) -> Finding:
    """Unknown where the fusion was found since remission was recorded, else no.

    It may be disease that persists after induction or comes back: no ground to start ATRA unseen,
    and none for silence.
    """
    question = "PML::RARA positive since APL was recorded in remission"
    positive = patient.test_is_positive(concepts.PML_RARA)
    current = patient.diagnosis(concepts.APL).current
    found = patient.time_of_answer(concepts.PML_RARA)
    remission = patient.in_remission(concepts.APL)
    if remission.truth is not TRUE or positive.truth is not TRUE or current is None:
        return Finding(question, FALSE)
    since = current.recorded
    if found is None or (since is not None and found.earliest < since.earliest):
        return Finding(question, FALSE)
    said = (
        f"{concepts.PML_RARA.title} positive, {found.text()}, with {concepts.APL.title}: "
        f"{current.words}: persisting or returning disease is not excluded"
    )
    return Finding(question, UNKNOWN, (Fact(concepts.PML_RARA.id, said.__str__, missing=True),))


@rule(
    id="apl-suspected",
    version="1.0.0",
    indicator=Indicator.CRITICAL,
    summary=(
        "APL suspected: start ATRA now, correct coagulopathy, avoid leukapheresis, central lines "
        "and LP while genetics are pending."
    ),
    evidence=(evidence.ELNAPL19, evidence.ELNAPLT3, evidence.APLSEER),
    strength="ELN: ATRA Ib-A; blood products IIb-B; monitoring IIb-B",
    statements=("S3-22", "S3-28", "S3-29", "S3-30", "S3-31", "S3-33"),
    shows=(
        lines.value(concepts.FIBRINOGEN, thresholds.SHOWN_AS_OLD),
        lines.value(concepts.INR, thresholds.SHOWN_AS_OLD),
        lines.value(concepts.PLATELETS, thresholds.SHOWN_AS_OLD),
        lines.value(concepts.LEUKOCYTES, thresholds.OLD_COUNT),
        lines.pregnancy_if_recorded,
        lines.pregnancy_not_known,
        lines.dose_basis,
    ),
    advice=(
        carrying(
            "S3-29 S3-30",
            "Start ATRA as soon as APL is suspected (ELN level Ib, grade A), also at poor "
            "performance status; do not wait for PML::RARA.",
        ),
        _high_risk,
        carrying(
            "S3-22",
            "Transfuse to fibrinogen above 100-150 mg/dL, platelets above 30-50 ×10⁹/L, INR below "
            "1.5 (IIb-B); check counts and clotting at least daily.",
        ),
        carrying(
            "S3-33",
            "Avoid central line, lumbar puncture and other invasive procedures while the "
            "coagulopathy is active. Avoid leukapheresis: it can trigger fatal hemorrhage.",
        ),
        _genetics,
        _pregnancy,
        _als,
        carrying(
            "S3-28",
            "Promyelocytes with Auer rods raise the suspicion, and so does coagulopathy. "
            "Microgranular APL may lack obvious Auer rods: their absence does not exclude it.",
        ),
        carrying(
            "S3-31",
            f"{lines.SUMMARY} ATRA corrects the coagulopathy fast, with little toxicity. Evidence: "
            "early death is still about 17%, and differentiation syndrome, leukocytosis and "
            "teratogenicity need watching.",
        ),
    ),
    suggestions=(
        proposals.tretinoin,
        proposals.requesting(
            "Draft APL labs",
            "Fibrinogen, PT/INR, aPTT, D-dimer",
            "Complete blood count with smear review",
            "PML::RARA rapid test",
            "Blood type and screen",
            priority="stat",
        ),
        proposals.remove_leukapheresis,
    ),
    override_reasons=(
        overrides.APL_EXCLUDED,
        overrides.ALREADY_DONE,
        overrides.COMFORT_PLAN,
        overrides.FIRST_TRIMESTER,
        overrides.QUIET_24_HOURS,
        overrides.OTHER,
    ),
)
def apl_suspected(patient: Chart) -> Finding:
    """Manage as an emergency: early hemorrhage kills, and ATRA corrects the coagulopathy.
    Treat on suspicion; genetics confirm later."""
    return any_of(questions.apl_suspected_or_confirmed(patient), _fusion_after_remission(patient))
