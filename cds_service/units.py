"""Units of measure: which spellings are read, and what each is worth in the canonical unit.

Tables, not a UCUM parser: records hold many spellings that UCUM does not know, and some that it
reads as something else (to UCUM, K/uL is kelvin per microliter). A spelling that stands in no
table is not readable, and no number is taken from it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

ONE = Decimal(1)

# A dot between digits may be a decimal point or a separator of thousands: it stays. Of the
# characters without width the byte order mark and the soft hyphen come with copied texts.
_DROPPED = re.compile(r"[\s\u00ad\u200b-\u200f\u2060\ufeff]+|(?<![0-9])\.|\.(?![0-9])")
_LOOKALIKES = str.maketrans({"μ": "u", "×": "x", "ˆ": "^", "∗": "*", "∕": "/", "⁄": "/"})
_ANNOTATION = re.compile(r"\{[^{}]+\}")
# Longer texts are notes, not units.
_LONGEST = 64
_REMEMBERED = 1000
_NEVER_SEEN = object()

UCUM = "unitsofmeasure.org"
"""What every spelling of the code system of units has in it."""

# fmt: off
_OF_SOME_QUANTITY = frozenset({
    "%", "percent", "g/l", "g/dl", "gm/dl", "mg/dl", "mg/l", "ug/l", "ug/ml", "ng/ml", "ng/dl",
    "mmol/l", "umol/l", "nmol/l", "meq/l", "u/l", "iu/l", "[iu]/l", "u/ml", "s", "sec", "ms",
    "min", "h", "d", "kg", "g", "mg", "ug", "lb", "[lb_av]", "cm", "m", "mm", "in", "[in_i]", "fl",
    "pg", "l", "dl", "ml", "ml/min", "ml/min/{1.73_m2}", "mm[hg]", "mmhg", "kpa", "cel", "[degf]",
    "m2", "kg/m2",
})
# fmt: on
"""Units with one certain meaning. Where a table does not know one of them, it belongs to another
kind of quantity, and number or unit is wrong whatever else was sent for the unit."""


@dataclass(frozen=True, slots=True)
class Units:
    """The unit in which a quantity is compared, and the spellings that convert to it.

    `canonical` is UCUM, `display` what a clinician reads. `spellings` give the factor to the
    canonical unit; blanks, loose dots and case make no difference there. `exact_spellings` are
    for units that another case would change (G/L is giga per liter, g/L gram per liter).
    `unitless_ok` is for quantities that have no unit, like a score.
    """

    canonical: str
    display: str
    spellings: Mapping[str, Decimal] = field(repr=False, hash=False)
    unitless_ok: bool = False
    exact_spellings: Mapping[str, Decimal] = field(default_factory=dict, repr=False, hash=False)
    # A laboratory sends the same few spellings all day.
    _known: dict[tuple[str | None, ...], Decimal | None] = field(
        default_factory=dict, repr=False, hash=False, compare=False, init=False
    )

    def __post_init__(self) -> None:
        """Normalise the tables once. Raises ValueError when one spelling has two factors."""
        spelled = [(_squeeze(text).casefold(), factor) for text, factor in self.spellings.items()]
        exact = [(_squeeze(text), factor) for text, factor in self.exact_spellings.items()]
        object.__setattr__(self, "spellings", _table(self.canonical, spelled))
        object.__setattr__(self, "exact_spellings", _table(self.canonical, exact))

    @property
    def is_score(self) -> bool:
        """Whether it counts points, so that "50-60" in words can only be a range of them."""
        return self.canonical == "{score}"

    def factor(self, *spellings: str | None) -> Decimal | None:
        """What to multiply by, given every text a Quantity has for its unit (unit, code).

        None when no text is readable, or when the texts contradict each other: two factors, or a
        unit of another kind of quantity. Where no text was sent at all, the factor is 1 if the
        quantity needs no unit, else None.
        """
        known = self._known.get(spellings, _NEVER_SEEN)
        if known is not _NEVER_SEEN:
            return known  # type: ignore[return-value]
        factor = self._agreed(spellings)
        is_short = all(text is None or len(text) <= _LONGEST for text in spellings)
        if is_short and len(self._known) < _REMEMBERED:
            self._known[spellings] = factor
        return factor

    def _agreed(self, spellings: tuple[str | None, ...]) -> Decimal | None:
        sent = [text for text in spellings if text is not None and text.strip()]
        if not sent:
            return ONE if self.unitless_ok else None
        factors = {text: self._read(text) for text in sent}
        if any(factor is None and _is_of_some_quantity(text) for text, factor in factors.items()):
            return None
        readable = {factor for factor in factors.values() if factor is not None}
        return readable.pop() if len(readable) == 1 else None

    def _read(self, text: str) -> Decimal | None:
        if len(text) > _LONGEST:
            return None
        squeezed = _squeeze(text)
        exact = self.exact_spellings.get(squeezed)
        found = self.spellings.get(squeezed.casefold()) if exact is None else exact
        # To UCUM an annotation alone is the number one, whatever it says.
        is_one = found is None and self.unitless_ok and _ANNOTATION.fullmatch(squeezed)
        return ONE if is_one else found


def _is_of_some_quantity(text: str) -> bool:
    return len(text) <= _LONGEST and _squeeze(text).casefold() in _OF_SOME_QUANTITY


def _squeeze(text: str) -> str:
    """One spelling of the same characters: no blanks or loose dots, µ as u, superscripts flat."""
    return _DROPPED.sub("", unicodedata.normalize("NFKC", text).translate(_LOOKALIKES))


def _table(unit: str, pairs: list[tuple[str, Decimal]]) -> dict[str, Decimal]:
    table: dict[str, Decimal] = {}
    for spelling, factor in pairs:
        if table.setdefault(spelling, factor) != factor:
            raise ValueError(f"units {unit}: {spelling!r} has two factors")
    return table
