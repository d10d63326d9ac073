"""Whether a line or a puncture is safe by counts and clotting (catalogue sections 5.3 and 5.11).

Each value is unsafe, safe or not known. Not known asks for the same care as unsafe: a value older
than a day, or in APL older than 12 h, is shown and counts as not measured.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from cds_service.amount import Amount
from cds_service.chart import Chart, order_fact, question
from cds_service.finding import FALSE, TRUE, UNKNOWN, Fact, Finding, all_of, any_of, none_of
from cds_service.limits import Stated
from cds_service.orders import BY_CODE, Order
from cds_service.terminology import Measurement, Orderable, Threshold, Window
from hooks import concepts, lines, questions, regimens, thresholds

CENTRAL_LINES = (concepts.CENTRAL_LINE, concepts.PICC)
"""A PICC ends in a central vein, and the guidance speaks of central catheters."""

SPINAL_PUNCTURES = (
    concepts.LUMBAR_PUNCTURE,
    concepts.INTRATHECAL_CHEMOTHERAPY,
    concepts.TOFERSEN,
)
PUNCTURES = (*SPINAL_PUNCTURES, concepts.BRONCHOSCOPY, concepts.INVASIVE_PROCEDURE)

_INTRATHECAL_CODES = concepts.VALUE_SETS["intrathecal-route"].codes
_INTRATHECAL = re.compile(
    r"intrathec|intraventricular|ommaya|^i\.?t\.?(?=\s|$)|\b(?:mg|mcg|dose)\s+i\.?t\.?(?=\s|$)"
)
"""IT as the route, or right behind the dose; elsewhere it is a word like any other."""

_PLACED = re.compile(r"\b(?:insert|plac(?:e|ing|ement)|replac|exchang|new\b|rewir)")
_LOOKED_AT = re.compile(
    r"\W*(?:portable )?(?:xr\b|x-?ray|cxr\b|chest x|radiograph|verify|confirm|(?:ok|okay) to use)"
)
_IN_PLACE = re.compile(
    r"\b(?:remov|discontinu|dressing|flush|maintenance|culture|occlu|declot|infection|clabsi"
    r"|care\b(?! unit)|tip position|draw\b.*\b(?:from|via|through)\b|needle change)"
)
"""Words about a line that is there. An order that also speaks of placing one still counts."""

_PUNCTURE = r"(?:lumbar|lp\b|spinal|puncture|tap\b|biopsy|\w*scopy|\w+centesis)"
_ABOUT_A_PUNCTURE = re.compile(
    rf"\W*(?:(?:status )?post|after|s/p)[ -]{_PUNCTURE}"
    r"|\W*(?:consent|(?:surgical )?pathology|cytology|histology)\b"
    rf"|.*{_PUNCTURE}\W+(?:consent(?: form)?|education|handout|precautions|instructions"
    r"|reports?(?: second opinion)?|tray|kit)\W*$"
)
"""Words before or right behind its name that make it an order of something else."""


# -- the disease ---------------------------------------------------------------------------------


@question
def live_leukemia(patient: Chart) -> Finding:
    """Active acute leukemia, confirmed or suspected; APL also when only a test says so."""
    return any_of(
        questions.possible_acute_leukemia(patient), questions.apl_suspected_or_confirmed(patient)
    )


def values_window(patient: Chart) -> Window:
    """How old a value may be to count as measured: shorter unless APL is ruled out."""
    apl = questions.apl_suspected_or_confirmed(patient)
    return thresholds.PROCEDURE_VALUES if apl.truth is FALSE else thresholds.APL_PROCEDURE_VALUES


# -- the values ----------------------------------------------------------------------------------


class _Limit(NamedTuple):
    """When a value is unsafe, also in words. Without a window of its own it counts as the
    procedure's values do."""

    measurement: Measurement
    words: Stated
    is_unsafe: Callable[[Amount], Finding]
    window: Window | None = None


_HIGH_COUNT = _Limit(
    concepts.LEUKOCYTES,
    Stated("{} or more", thresholds.HYPERLEUKOCYTOSIS),
    lambda amount: amount.at_least(thresholds.HYPERLEUKOCYTOSIS),
    thresholds.FRESH_COUNT,
)
_LOW_FIBRINOGEN = _Limit(
    concepts.FIBRINOGEN,
    Stated("below {}", thresholds.LOW_FIBRINOGEN),
    lambda amount: amount.below(thresholds.LOW_FIBRINOGEN),
)
_HIGH_INR = _Limit(
    concepts.INR,
    Stated("above {}", thresholds.HIGH_INR),
    lambda amount: amount.above(thresholds.HIGH_INR),
)


def _low_platelets(limit: Threshold) -> _Limit:
    words = Stated("below {}", limit)
    return _Limit(concepts.PLATELETS, words, lambda amount: amount.below(limit))


def _limits(platelets: Threshold) -> tuple[_Limit, ...]:
    """What is looked at before a procedure that needs so many platelets."""
    return _HIGH_COUNT, _low_platelets(platelets), _LOW_FIBRINOGEN, _HIGH_INR


def _judged(patient: Chart, limit: _Limit) -> tuple[Finding, Finding]:
    """Of the last day, and of the time for which a safe value counts: in APL that is 12 h."""
    today = patient.latest(limit.measurement, thresholds.PROCEDURE_VALUES)
    current = patient.latest(limit.measurement, limit.window or values_window(patient))
    return limit.is_unsafe(today), limit.is_unsafe(current)


def _unsafe_or_not_known(patient: Chart, *limits: _Limit) -> Finding:
    """Any value is unsafe, or not known today."""
    found = []
    for limit in limits:
        today, current = _judged(patient, limit)
        not_known = questions.not_known(current, f"{limit.measurement.title}: not known today")
        found.append(any_of(today, not_known))
    return any_of(*found)


@question
def unsafe_for_line(patient: Chart) -> Finding:
    """A count or clotting value is unsafe for a central line, or not known today."""
    return _unsafe_or_not_known(patient, *_limits(thresholds.LOW_PLATELETS_FOR_LINE))


@question
def unsafe_for_puncture(patient: Chart) -> Finding:
    """A count or clotting value is unsafe for a puncture, or not known today."""
    return _unsafe_or_not_known(patient, *_limits(thresholds.LOW_PLATELETS_FOR_PUNCTURE))


def unsafe_values(patient: Chart, platelets: Threshold) -> list[str]:
    """Which values speak against the procedure, and which are not known, in words."""
    said = []
    for limit in _limits(platelets):
        today, current = _judged(patient, limit)
        if today.truth is TRUE:
            said.append(f"{limit.measurement.title} {patient.limits.say(limit.words)}")
        elif questions.is_unread(current):
            said.append(f"{limit.measurement.title} could not be read")
        elif current.truth is UNKNOWN:
            said.append(f"{limit.measurement.title} not known, or too old")
    return said


@question
def coagulopathy(patient: Chart) -> Finding:
    """On the problem list, or by a value of the last 24 h."""
    day = thresholds.PROCEDURE_VALUES
    return any_of(
        patient.may_have(concepts.COAGULOPATHY),
        patient.latest(concepts.FIBRINOGEN, day).below(thresholds.LOW_FIBRINOGEN),
        patient.latest(concepts.INR, day).above(thresholds.HIGH_INR),
        patient.latest(concepts.PLATELETS, day).below(thresholds.LOW_PLATELETS),
    )


@question
def coagulopathy_or_not_known(patient: Chart) -> Finding:
    """Active, or not ruled out by platelets, fibrinogen and INR of the window."""
    return any_of(
        patient.may_have(concepts.COAGULOPATHY),
        _unsafe_or_not_known(
            patient, _low_platelets(thresholds.LOW_PLATELETS), _LOW_FIBRINOGEN, _HIGH_INR
        ),
    )


def values(patient: Chart) -> list[Fact]:
    """What decides, with its age; an older value stands among what is missing."""
    window = values_window(patient)
    shown = (
        (concepts.LEUKOCYTES, thresholds.FRESH_COUNT),
        (concepts.PLATELETS, window),
        (concepts.FIBRINOGEN, window),
        (concepts.INR, window),
    )
    return [fact for each in shown for fact in lines.value(*each)(patient)]


# -- the orders ----------------------------------------------------------------------------------


def _ordering(
    patient: Chart, kind: Orderable, is_of_something_else: Callable[[Order, str], bool]
) -> Finding:
    """One is selected or being signed, and not just named in an order of something else.

    Only a name may speak of something else; a code is the procedure.
    """
    selected = patient.selected(kind)
    meant = [
        order
        for order in selected
        if (name := order.recognised[kind.id]) == BY_CODE
        or not is_of_something_else(order, name.lower())
    ]
    if len(meant) == len(selected):
        return patient.ordering(kind)
    patient.asked.add(kind.id)
    named = Fact(kind.id, lambda: f"{kind.title}: named in an order of something else")
    facts = tuple(order_fact(order, kind) for order in meant) or (named,)
    return Finding(f"Ordering {kind.title}", TRUE if meant else FALSE, facts)


def _is_of_a_line_in_place(order: Order, name: str) -> bool:
    """A drug given by it, a picture of it, a sample from it, care of it, its removal."""
    if order.resource_type.startswith("Medication") or _LOOKED_AT.match(name):
        return True
    return not _PLACED.search(name) and bool(_IN_PLACE.search(name))


def _is_about_a_puncture(_: Order, name: str) -> bool:
    return _ABOUT_A_PUNCTURE.match(name) is not None


@question
def central_line(patient: Chart) -> Finding:
    """A central venous catheter of any kind is selected or being signed."""
    return any_of(*(_ordering(patient, line, _is_of_a_line_in_place) for line in CENTRAL_LINES))


def _is_intrathecal(order: Order) -> bool:
    """By a coded route, or by the words of the route, the dose or the product."""
    doses = order.doses()
    coded = any(route in _INTRATHECAL_CODES for dose in doses for route in dose.route_codes)
    said = any(_INTRATHECAL.search(dose.words) for dose in doses)
    is_drug = order.resource_type.startswith("Medication")
    return coded or said or (is_drug and "intrathec" in order.words_without_notes())


@question
def intrathecal_drug(patient: Chart) -> Finding:
    """A leukemia drug whose route says so (unknown without one), or any other drug's route."""
    return any_of(regimens.intrathecal_drug(patient), _any_drug_given_intrathecally(patient))


def _any_drug_given_intrathecally(patient: Chart) -> Finding:
    words = "Ordering any drug with an intrathecal route"
    orders = [order for order in patient.orders if order.selected and _is_intrathecal(order)]
    facts = tuple(regimens.intrathecal_fact(order) for order in orders)
    return Finding(words, TRUE if orders else FALSE, facts)


@question
def spinal_puncture(patient: Chart) -> Finding:
    """Lumbar puncture, or a drug or procedure that needs one."""
    ordered = (_ordering(patient, each, _is_about_a_puncture) for each in SPINAL_PUNCTURES)
    return any_of(*ordered, intrathecal_drug(patient))


@question
def puncture(patient: Chart) -> Finding:
    """Any puncture or biopsy but that of the marrow, which bleeds little."""
    others = (concepts.BRONCHOSCOPY, concepts.INVASIVE_PROCEDURE)
    ordered = (_ordering(patient, each, _is_about_a_puncture) for each in others)
    return any_of(spinal_puncture(patient), *ordered)


@question
def marrow_sampling_only(patient: Chart) -> Finding:
    """Marrow is to be sampled and nothing else punctured."""
    return all_of(patient.ordering(concepts.MARROW_SAMPLING), none_of(puncture(patient)))
