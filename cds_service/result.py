"""One result of a measurement, and what several of them say together.

https://hl7.org/fhir/R4/observation.html
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NamedTuple

from cds_service.amount import bounds_text
from cds_service.instants import ClinicalTime
from cds_service.readers import Bounds, Component, Resource, Value
from cds_service.terminology import Match, Measurement, ValueSet


class Reading(NamedTuple):
    """One result, read: when, how final, how preferred its code, the value, or the problem."""

    time: ClinicalTime
    rank: int
    second_choice: bool
    value: Value
    status: str | None
    note: str
    issued: ClinicalTime | None
    weak: bool = False


_WORD = re.compile(r"[a-z0-9]{4,}")


def is_weak(codes: ValueSet, match: Match, part: Resource | Component) -> bool:
    """Recognised by a code that a single source backs, and no word sent with it says the same."""
    key = (match.system, match.code)
    if key not in codes.single_source or part.code is None:
        return False
    meant = set(_WORD.findall(f"{codes.codes[key]} {codes.title}".lower()))
    sent = [part.code.text or "", *(coding.display or "" for coding in part.code.coding)]
    return not meant & set(_WORD.findall(" ".join(sent).lower()))


def as_good(reading: Reading, newest: Reading) -> bool:
    """Same time, same finality, same preference: nothing tells which of the two is right.

    Of two that were issued at different times the later one is.
    """
    if reading.issued is not None and issued_at(reading) < issued_at(newest):
        return False
    mine = (reading.time.earliest, reading.rank, reading.second_choice)
    return mine == (newest.time.earliest, newest.rank, newest.second_choice)


def issued_at(reading: Reading) -> float:
    return reading.issued.earliest.timestamp() if reading.issued is not None else 0.0


def together(readings: list[Reading]) -> Bounds:
    """The range that equally good results span."""
    all_bounds = [r.value.bounds for r in readings if r.value.bounds is not None]
    if all(bounds == all_bounds[0] for bounds in all_bounds):
        return all_bounds[0]
    lows = [bounds.low for bounds in all_bounds if bounds.low is not None]
    highs = [bounds.high for bounds in all_bounds if bounds.high is not None]
    everywhere = len(all_bounds)
    low = min(lows) if len(lows) == everywhere else None
    return Bounds(low, max(highs) if len(highs) == everywhere else None)


def plausible(value: Value, measurement: Measurement) -> Value:
    """The value, or the problem that no patient has such a one."""
    if value.bounds is None or measurement.plausible is None:
        return value
    lowest, highest = measurement.plausible
    for end in (value.bounds.low, value.bounds.high):
        if end is not None and not lowest <= end <= highest:
            return replace(value, bounds=None, problem="not a plausible value")
        if measurement.whole and end is not None and end % 1:
            return replace(value, bounds=None, problem="not a grade")
    return value


def says_the_same(value: Value, measurement: Measurement) -> bool:
    """Whether showing the value as received would add nothing to the value as converted."""
    if value.bounds is None or value.received == "coded":
        return True
    number, units = bounds_text(value.bounds), measurement.units
    spelled = {f"{number} {unit}".strip() for unit in (units.canonical, units.display, "")}
    return value.received in spelled
