"""Why no dose of hydroxyurea is proposed: the gates of its calculation, in words that are true.

A gate that is closed, one that is open because nobody recorded it and one that could not be read
are three things. A known reason comes before what is only not known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from cds_service.amount import Amount
from cds_service.chart import Chart
from cds_service.finding import FALSE, TRUE, Finding
from cds_service.limits import Stated
from hooks import concepts, questions, thresholds
from hooks.calculations import body, kidney


class _Gate(NamedTuple):
    """Closed where the answer is yes; passed where it is known to be no."""

    ask: Callable[[Chart], Finding]
    closed: str
    not_known: str
    unread: str


_GATES = (
    _Gate(
        lambda patient: patient.age().below(thresholds.ADULT),
        Stated("the patient is under {.number}", thresholds.ADULT),
        "the age is not known",
        "the birth date could not be read",
    ),
    _Gate(
        questions.pregnant,
        "pregnancy is recorded or possible, and hydroxyurea harms the embryo",
        "pregnancy is recorded or possible, and hydroxyurea harms the embryo",
        "whether the patient is pregnant could not be read, and hydroxyurea harms the embryo",
    ),
    _Gate(
        questions.apl_suspected_or_confirmed,
        "APL is recorded or possible; ATRA comes first",
        "APL is recorded or possible; ATRA comes first",
        "what would show APL, where ATRA comes first, could not be read",
    ),
    _Gate(
        lambda patient: patient.may_have(concepts.ALL),
        "ALL is recorded or possible; a steroid or lineage therapy is preferred there",
        "ALL is recorded or possible; a steroid or lineage therapy is preferred there",
        "what would show ALL, where a steroid or lineage therapy is preferred, could not be read",
    ),
    _Gate(
        lambda patient: patient.taking(concepts.HYDROXYUREA),
        "hydroxyurea is already prescribed",
        "whether hydroxyurea is already being given is not known",
        "the active prescriptions could not be read",
    ),
    _Gate(
        lambda patient: patient.has(concepts.COMFORT_PLAN),
        "a comfort-only plan is recorded",
        "a comfort-only plan is recorded or possible",
        "what would show a comfort-only plan could not be read",
    ),
)


def why_no_dose(patient: Chart) -> str:
    """The first gate that is closed, else the first that is not known, else what is missing."""
    if questions.acute_leukemia_only_suspected(patient).truth is TRUE:
        return "the leukemia is suspected, not confirmed"
    asked = [(gate, gate.ask(patient)) for gate in _GATES]
    shut = [patient.limits.say(gate.closed) for gate, found in asked if found.truth is TRUE]
    unknown = [_words(gate, found) for gate, found in asked if found.truth is not FALSE]
    return next(iter([*shut, *unknown]), None) or _what_is_missing(patient)


def _words(gate: _Gate, found: Finding) -> str:
    return gate.unread if questions.is_unread(found) else gate.not_known


def _what_is_missing(patient: Chart) -> str:
    """Of the values that the computation needs."""
    weight = patient.latest(concepts.BODY_WEIGHT, thresholds.WEIGHT_FOR_DOSE)
    if body.weight_kg(patient) is None:
        window = patient.limit(thresholds.WEIGHT_FOR_DOSE).in_words
        return _value(weight, "body weight", f"no body weight of the last {window} is known")
    if body.dosing_weight_kg(patient) is None:
        return _why_no_dosing_weight(patient)
    if kidney.creatinine_clearance_ml_per_min(patient) is None:
        return _why_no_clearance(patient)
    return "the computed dose is outside what this service proposes"


def _why_no_dosing_weight(patient: Chart) -> str:
    so = "so the lower of actual and ideal weight is unknown"
    if body.height_cm(patient) is None:
        height = patient.latest(concepts.BODY_HEIGHT)
        return f"{_value(height, 'height', 'the height is not known')}, {so}"
    if body.ideal_weight_kg(patient) is None:
        return f"the sex is not known as male or female, {so}"
    return "no ideal weight can be computed for this height"


def _why_no_clearance(patient: Chart) -> str:
    creatinine = patient.latest(concepts.CREATININE, thresholds.CREATININE_FOR_DOSE)
    if creatinine.exact() is None:
        window = patient.limit(thresholds.CREATININE_FOR_DOSE)
        return _value(creatinine, "creatinine", f"no creatinine of the last {window} is known")
    return "the birth date is incomplete, so the creatinine clearance cannot be computed"


def _value(amount: Amount, name: str, absent: str) -> str:
    """Why a value gives no number: not read, in doubt, a limit only, or not there."""
    if amount.fact.unread:
        return f"the {name} could not be read"
    if amount.bounds is None:
        return absent
    if amount.doubt is not None:
        return f"a newer {name} could not be read"
    return f"the {name} is reported as a limit only"
