"""A number about the patient that a rule can compare: known, a range, or not usable.

A comparison is yes or no only when the whole range agrees; else it is unknown. So ">500" is at
least 100, ">60" may or may not be, and an age known to the year is compared with both ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from cds_service.finding import FALSE, TRUE, UNKNOWN, Fact, Finding, Truth
from cds_service.limits import NO_LOCAL_LIMITS, Limits
from cds_service.readers import Bounds
from cds_service.terminology import Threshold


@dataclass(frozen=True, slots=True)
class Amount:
    """One quantity: `bounds` in canonical units, or None with the reason in `fact`.

    `doubt` is set when a newer result exists that could not be read: what this value shows
    stands, but what it denies may no longer be so. `limits` say which limit holds here instead of
    the one that is asked about.
    """

    title: str
    bounds: Bounds | None
    fact: Fact
    doubt: Fact | None = None
    within: str = field(default="")
    limits: Limits = field(default=NO_LOCAL_LIMITS, repr=False)

    def at_least(self, limit: Threshold) -> Finding:
        """The value is the limit or more."""
        limit = self.limits.of(limit)
        return self._compare(f"at least {limit}", self._at_least(limit.value))

    def above(self, limit: Threshold) -> Finding:
        """The value is more than the limit."""
        limit = self.limits.of(limit)
        return self._compare(f"above {limit}", self._above(limit.value))

    def at_most(self, limit: Threshold) -> Finding:
        """The value is the limit or less."""
        limit = self.limits.of(limit)
        return self._compare(f"at most {limit}", Truth(TRUE - self._above(limit.value)))

    def below(self, limit: Threshold) -> Finding:
        """The value is less than the limit."""
        limit = self.limits.of(limit)
        return self._compare(f"below {limit}", Truth(TRUE - self._at_least(limit.value)))

    def known(self) -> Finding:
        """There is a usable value."""
        truth = FALSE if self.bounds is None else TRUE
        return Finding(f"{self.title} known{self.within}", truth, (self.fact,))

    def exact(self) -> Decimal | None:
        """The number for a computation; None when it is a range, not usable, or in doubt."""
        if self.doubt is not None or self.bounds is None or not self.bounds.is_exact():
            return None
        return self.bounds.low

    def _compare(self, comparison: str, truth: Truth) -> Finding:
        question = f"{self.title} {comparison}{self.within}"
        if self.doubt is not None and truth is FALSE:
            return Finding(question, UNKNOWN, (self.doubt, self.fact))
        if truth is UNKNOWN and not self.fact.missing:
            # A range that leaves the comparison open is a gap, and a gap is said.
            return Finding(question, UNKNOWN, (self._undecided(comparison),))
        return Finding(question, truth, (self.fact,))

    def _undecided(self, comparison: str) -> Fact:
        say = self.fact.say
        return Fact(self.fact.key, lambda: f"{say()}: may or may not be {comparison}", missing=True)

    def _at_least(self, limit: Decimal) -> Truth:
        if self.bounds is None:
            return UNKNOWN
        low, high, _, high_open = self.bounds
        if low is not None and low >= limit:
            return TRUE
        if high is not None and (high < limit or (high == limit and high_open)):
            return FALSE
        return UNKNOWN

    def _above(self, limit: Decimal) -> Truth:
        if self.bounds is None:
            return UNKNOWN
        low, high, low_open, _ = self.bounds
        if low is not None and (low > limit or (low == limit and low_open)):
            return TRUE
        if high is not None and high <= limit:
            return FALSE
        return UNKNOWN


_LONGEST = 20


def number_text(value: Decimal) -> str:
    """A number as a clinician writes it: thousands separated, no needless digits.

    Small ones keep two digits that count: 0.009 % is not 0.01 %, and not nothing.
    """
    digits = 1 if abs(value) >= 100 else max(2, 1 - value.adjusted())
    # A number too long to round is an error somewhere, and is shown as it is.
    plain = f"{value if value.adjusted() > _LONGEST else round(value, digits):,f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def bounds_text(bounds: Bounds) -> str:
    """A known number, or the range as "more than 500", "70 to 71"."""
    low, high, low_open, high_open = bounds
    if low is not None and low == high:
        return number_text(low)
    if low is None and high is not None:
        return f"{'below' if high_open else 'at most'} {number_text(high)}"
    if high is None and low is not None:
        return f"{'above' if low_open else 'at least'} {number_text(low)}"
    if low is None or high is None:
        return "not known"
    return f"{number_text(low)} to {number_text(high)}"
