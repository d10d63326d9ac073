"""A lumbar puncture, intrathecal drug or other puncture ordered in active acute leukemia."""

from __future__ import annotations

from datetime import timedelta

from cds_service.chart import Chart, question
from cds_service.finding import FALSE, TRUE, Finding, all_of, any_of
from cds_service.rule import Action, Escalation, Indicator, Suggestion, carrying, rule
from hooks import (
    concepts,
    evidence,
    lines,
    overrides,
    procedures,
    proposals,
    questions,
    thresholds,
)


def _apl_with_coagulopathy(patient: Chart) -> Finding:
    return all_of(
        questions.apl_suspected_or_confirmed(patient),
        procedures.coagulopathy(patient),
    )


def _spinal_puncture_among_blasts(patient: Chart) -> Finding:
    return all_of(procedures.spinal_puncture(patient), questions.blasts_in_blood(patient))


def _unsafe(patient: Chart) -> Finding:
    return any_of(procedures.unsafe_for_puncture(patient), _spinal_puncture_among_blasts(patient))


def _found_here(patient: Chart) -> str | None:
    """Which of the values brings the card, so that nobody has to know the limits by heart."""
    if procedures.marrow_sampling_only(patient).truth is TRUE:
        return None
    found = procedures.unsafe_values(patient, thresholds.LOW_PLATELETS_FOR_PUNCTURE)
    if _spinal_puncture_among_blasts(patient).truth is TRUE:
        found.append("Blasts in blood")
    return f"Found here: {'; '.join(found)}." if found else None


def _deferral(patient: Chart) -> str:
    """What the summary says of ALS stands only where ALS may be present."""
    decide = (
        "Decide case by case: defer while counts or clotting are unsafe, and set a date to review "
        "it."
    )
    if procedures.marrow_sampling_only(patient).truth is TRUE:
        decide = "Decide case by case."
    if patient.may_have(concepts.ALS).truth is FALSE:
        return decide
    return (
        f"{lines.SUMMARY} in ALS put off lumbar puncture and other invasive procedures "
        "indefinitely. Evidence: care of ALL includes intrathecal prophylaxis, and tofersen is "
        f"itself given intrathecally. {decide}"
    )


def _by_disease(patient: Chart) -> str | None:
    if questions.apl_suspected_or_confirmed(patient).truth is TRUE:
        return (
            "APL: avoid lumbar puncture and other invasive procedures before and during "
            "induction (ELN recommendation 1.9); fibrinogen above 100-150 mg/dL, platelets above "
            "30-50 ×10⁹/L and INR below 1.5 are the targets."
        )
    if procedures.marrow_sampling_only(patient).truth is TRUE:
        return None
    return (
        "Platelets for lumbar puncture: 50 ×10⁹/L in the 2015 guidance, 20 in that of 2025 (seen "
        "quoted only); neither studied hyperleukocytosis."
    )


def _spinal(patient: Chart) -> str | None:
    """What is known of blasts and of the first puncture, where the spine is meant."""
    if procedures.spinal_puncture(patient).truth is not TRUE:
        return None
    found = (
        "A traumatic puncture while blasts circulate worsened outcome in children with ALL: time "
        "it after blasts have cleared"
    )
    if patient.may_have(concepts.ALL).truth is FALSE:
        return f"{found}; this was not studied in other leukemias."
    return f"{found}, and give the intrathecal dose with the first puncture."


def _tofersen(patient: Chart) -> str | None:
    if patient.ordering(concepts.TOFERSEN).truth is not TRUE:
        return None
    return "Tofersen is given monthly by lumbar puncture: agree the date with neurology."


def _marrow(patient: Chart) -> str | None:
    if patient.ordering(concepts.MARROW_SAMPLING).truth is not TRUE:
        return None
    return "Marrow sampling has a low bleeding risk and is usually possible as things stand."


def _review(patient: Chart) -> Suggestion:
    """Counts and clotting are good for a day, so the next look is tomorrow's."""
    day = (patient.as_of + timedelta(days=1)).date().isoformat()
    text = f"Review whether the puncture can go ahead: counts and clotting, on {day}"
    task = {
        "resourceType": "Task",
        "status": "draft",
        "intent": "proposal",
        "description": text,
        "for": {"reference": f"Patient/{patient.patient_id}"},
        "authoredOn": patient.as_of.isoformat(timespec="seconds"),
        "restriction": {"period": {"end": day}},
    }
    return Suggestion(
        "Draft a review date for the puncture", (Action("create", f"Draft: {text}", task),)
    )


def _review_unless_marrow_only(patient: Chart) -> Suggestion | None:
    if procedures.marrow_sampling_only(patient).truth is TRUE:
        return None
    return _review(patient)


@question
def _puncture_or_marrow_sampling(patient: Chart) -> Finding:
    """Any puncture, that of the marrow included."""
    return any_of(procedures.puncture(patient), patient.ordering(concepts.MARROW_SAMPLING))


@rule(
    id="puncture-bleeding-risk",
    version="1.0.0",
    indicator=Indicator.INFO,
    summary=(
        "Puncture planned with unsafe or unknown counts/clotting, or circulating blasts: confirm "
        "timing and correction."
    ),
    escalations=(
        Escalation(
            Indicator.INFO,
            procedures.marrow_sampling_only,
            "Bone marrow sampling in acute leukemia: low bleeding risk, no reason to delay; "
            "counts and clotting are listed.",
        ),
        Escalation(
            Indicator.CRITICAL,
            _apl_with_coagulopathy,
            "Puncture planned in suspected or confirmed APL with coagulopathy: avoid while it is "
            "active; correct first.",
        ),
        Escalation(Indicator.WARNING, _unsafe),
        Escalation(
            Indicator.WARNING,
            questions.apl_suspected_or_confirmed,
            "Puncture planned in suspected or confirmed APL: avoid before and during induction; "
            "confirm need and timing.",
        ),
        Escalation(
            Indicator.INFO,
            lambda patient: patient.may_have(concepts.ALS),
            "Puncture planned in ALS with acute leukemia: counts and clotting are safe today; "
            "agree timing and position with neurology.",
        ),
    ),
    evidence=(
        evidence.ELNAPL19,
        evidence.AABB15,
        evidence.AABB25,
        evidence.TLP00,
        evidence.CCCG21,
        evidence.TOFERSEN,
    ),
    strength="Mixed",
    statements=("S3-27",),
    shows=(
        procedures.values,
        lines.diagnosis_if_recorded(concepts.COAGULOPATHY),
    ),
    advice=(
        _found_here,
        carrying("S3-27", _deferral),
        carrying("S3-27", _by_disease),
        _spinal,
        _tofersen,
        _marrow,
        "Platelets may read falsely high while blast fragments circulate: ask for a smear.",
        lines.suspected_als,
        lines.suspected_leukemia,
    ),
    suggestions=(
        proposals.requesting(
            "Draft blood count and clotting, STAT",
            "Complete blood count with smear review",
            "Fibrinogen, PT/INR, aPTT",
            priority="stat",
        ),
        _review_unless_marrow_only,
    ),
    override_reasons=(
        overrides.CORRECTED,
        overrides.CNS_EMERGENCY,
        overrides.PROTOCOL_DIRECTED,
        overrides.MARROW_ASPIRATE,
        overrides.QUIET_24_HOURS,
        overrides.OTHER,
    ),
    only_for=_puncture_or_marrow_sampling,
)
def puncture_bleeding_risk(patient: Chart) -> Finding:
    """A puncture can bleed where counts or clotting are unsafe, and a value that nobody measured
    today is not a safe one. Correct and time it rather than cancel it: decide case by case."""
    return all_of(
        procedures.live_leukemia(patient),
        any_of(
            _unsafe(patient),
            questions.apl_suspected_or_confirmed(patient),
            patient.may_have(concepts.ALS),
        ),
    )
