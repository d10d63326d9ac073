"""Whether a result says yes or no: https://hl7.org/fhir/R4/observation.html"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from cds_service.code_systems import canonical
from cds_service.instants import ClinicalTime
from cds_service.readers import Coding, Readable, codings, read_value, texts
from cds_service.terminology import QualitativeTest, ValueSet
from cds_service.units import Units


class Answered(NamedTuple):
    """A result that says present or absent, and when; `weak` as on facts."""

    time: ClinicalTime
    present: bool
    weak: bool


class Unread(NamedTuple):
    """A result that does not count, why, and how it was sent.

    `present` is what it says where only its time is not known.
    """

    time: ClinicalTime | None
    present: bool | None
    problem: str
    sent: str

    def order(self) -> tuple[float, str, str]:
        """To sort by: newest first, then by what it says, without a time last."""
        age = float("inf") if self.time is None else -self.time.earliest.timestamp()
        return age, self.sent, self.problem


def read_presence(part: Readable, test: QualitativeTest) -> bool | None:
    """Whether a result says yes; None when it says neither (pending, unclear, both).

    Words count only as a whole, so that "not detected" is never read as "detected".
    """
    if part.get("dataAbsentReason") is not None:
        return None
    coded = [
        c for name in ("valueCodeableConcept", "interpretation") for c in codings(part.get(name))
    ]
    said = {_plain(text) for text in texts(part.get("valueCodeableConcept"))}
    said |= {(coding.code or "").lower() for coding in coded}
    text = part.get("valueString")
    if isinstance(text, str):
        said.add(_plain(text))
    stated = (part.get("valueBoolean"), _share(part) if test.amount_means_yes else None)
    yes = any(each is True for each in stated) or bool(said & test.yes)
    no = any(each is False for each in stated) or bool(said & test.no)
    yes = yes or _is_any_of(coded, test.yes_codes)
    no = no or _is_any_of(coded, test.no_codes)
    return None if yes == no else yes


def _is_any_of(coded: Iterable[Coding], answers: ValueSet | None) -> bool:
    return answers is not None and any(
        (canonical(c.system or ""), c.code) in answers.codes for c in coded
    )


def _share(part: Readable) -> bool | None:
    """Whether a measured amount is above nothing; None where it may be nothing ("below 0.01")."""
    quantity = part.get("valueQuantity")
    if not isinstance(quantity, dict):
        return None
    number = quantity.get("value")
    if isinstance(number, bool) or not isinstance(number, int | Decimal) or number < 0:
        return None
    match quantity.get("comparator"):
        case None | "":
            return number > 0
        case ">":
            return True
        case ">=":
            return True if number > 0 else None
    return None


_NO_ANSWER = frozenset({"", "pending", "in progress", "to follow", "not done", "not performed"})
_NO_ANSWER |= {"indeterminate", "inconclusive", "equivocal"}
"""Words that were understood and say neither yes nor no."""


def says_something(part: Readable) -> bool:
    """Whether a result holds a value that is more than a note that there is no answer."""
    answer = part.get("valueCodeableConcept")
    said = {_plain(text) for text in texts(answer)} | {c.code for c in codings(answer) if c.code}
    if isinstance(text := part.get("valueString"), str):
        said.add(_plain(text))
    return bool(said - _NO_ANSWER) or any(part.get(name) is not None for name in _AMOUNTS)


_AMOUNTS = ("valueQuantity", "valueInteger", "valueBoolean", "valueRange", "valueRatio")


_NO_UNIT = Units("", "", {})


def as_sent(part: Readable) -> str:
    """The value and its flags as they were sent; empty where there are none in numbers or words."""
    flags = ", ".join(c.code for c in codings(part.get("interpretation")) if c.code)
    said = (read_value(part, _NO_UNIT, {}).received, f"flagged {flags}" if flags else "")
    return " ".join(filter(None, said))


def _plain(text: str) -> str:
    """A word without the semantic tag that SNOMED names carry, "Positive (qualifier value)"."""
    return text.split("(")[0].strip().lower()
