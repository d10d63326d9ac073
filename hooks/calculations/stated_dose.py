"""What a dosage instruction states of a drug measured by mass: how much, per what, how often.

From the fields where they say it; from the text only where the whole text is one dose in words that
have one meaning, "100 mg/m2/day continuous IV x7 days". Anything else is not stated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from cds_service.dosage import Dose

IN_MG = {
    "mg": Decimal(1),
    "g": Decimal(1000),
    "gm": Decimal(1000),
    "mcg": Decimal("0.001"),
    "ug": Decimal("0.001"),
    "µg": Decimal("0.001"),
}
HOURS_PER_DAY = Decimal(24)


@dataclass(frozen=True, slots=True)
class StatedDose:
    """`amount_mg` per dose, or per day where `per_day`; of each m2 where `per_m2`.

    `times_per_day` and `days` are None where not said.
    """

    amount_mg: Decimal
    per_m2: bool
    per_day: bool
    times_per_day: Decimal | None = None
    days: Decimal | None = None

    def amount_mg_per_m2(self, area_m2: Decimal | None) -> Decimal | None:
        """The stated amount by body surface area; None where that is needed and not known."""
        if self.per_m2:
            return self.amount_mg
        return self.amount_mg / area_m2 if area_m2 else None

    def total_mg(self, area_m2: Decimal | None) -> Decimal | None:
        """The stated amount for the whole body."""
        if not self.per_m2:
            return self.amount_mg
        return self.amount_mg * area_m2 if area_m2 else None

    def per_day_factor(self) -> Decimal | None:
        """How often a day the stated amount is given; None where not said."""
        return Decimal(1) if self.per_day else self.times_per_day

    def per_dose_factor(self) -> Decimal:
        """The share of the stated amount that one dose is; an infusion all day is one dose."""
        if not self.per_day or self.times_per_day is None:
            return Decimal(1)
        return 1 / max(self.times_per_day, Decimal(1))


def tokens(known: re.Pattern[str], text: str) -> list[re.Match[str]] | None:
    """A text as known words; None as soon as one is not."""
    found, position = [], 0
    while position < len(text):
        match = known.match(text, position)
        if match is None or match.end() == position:
            return None
        found.append(match)
        position = match.end()
    return found


# -- from the fields ------------------------------------------------------------------------------

_UNIT = re.compile(
    r"(?P<mass>mcg|ug|µg|mg|g|gm)"
    r"(?P<area>/(?:m2|m²|m\^2|m\*2|sqm|sq\.m|bsa|\{m2\}))?"
    r"(?:(?P<day>/(?:d|day|24h|24\.h|24hr|24hours))|(?P<hour>/(?:h|hr|hour)))?"
    r"(?P<dose>/(?:dose|\{dose\}))?"
)

_CONTINUOUS = re.compile(
    r"(?<!not )(?<!non-)(?<!non )\bcontinuous(?:ly)?\b|\bcivi?\b|\baround the clock\b"
)


def read(dose: Dose, more_words: str = "") -> StatedDose | None:
    """The dose that an instruction states; `more_words` may say that an infusion never stops."""
    stated = _from_fields(dose, f"{dose.words} {more_words}")
    said = from_text(dose.words)
    if dose.amount is None and dose.rate is None:
        stated = _with_timing_of(dose, said)
    elif stated is not None and said is not None and stated.times_per_day is None:
        # "20 mg" in the fields, "20 mg SC BID" in the text: the text adds how often.
        stated = replace(stated, times_per_day=_times_if_same(stated, said))
    if stated is None:
        return None
    lengths = [days for days in (dose.days, longest_days(dose.words)) if days is not None]
    return replace(stated, days=max(lengths, default=None))


def _times_if_same(stated: StatedDose, said: StatedDose) -> Decimal | None:
    mine = (stated.amount_mg, stated.per_m2, stated.per_day)
    return said.times_per_day if mine == (said.amount_mg, said.per_m2, said.per_day) else None


def _with_timing_of(dose: Dose, said: StatedDose | None) -> StatedDose | None:
    """The dose of the text with the timing of the fields; None where they contradict each other."""
    if said is None or dose.times_per_day is None:
        return said
    if said.times_per_day not in (None, dose.times_per_day):
        return None
    return replace(said, times_per_day=dose.times_per_day)


def _from_fields(dose: Dose, words: str) -> StatedDose | None:
    for amount, unit in ((dose.amount, dose.unit), (dose.rate, dose.rate_unit)):
        plain = unit.lower().replace(" ", "").replace("(24.h)", "24h").replace("(m2.d)", "m2/d")
        match = _UNIT.fullmatch(plain.replace("(m2.h)", "m2/h"))
        if amount is None or match is None:
            continue
        is_rate = dose.amount is None
        if match["hour"]:
            if not _CONTINUOUS.search(words):
                # It may run for one hour or for seven days.
                continue
        elif is_rate and not match["day"]:
            continue
        per_day = bool(match["day"] or match["hour"])
        mass = amount * IN_MG[match["mass"]] * (HOURS_PER_DAY if match["hour"] else 1)
        return StatedDose(mass, bool(match["area"]), per_day, dose.times_per_day)
    return None


# -- from the text --------------------------------------------------------------------------------

_NUMBERS = r"\d+(?:\s*(?:,|-|–|to|and|&)\s*\d+)*"
_TOKENS = re.compile(
    r"""
    (?P<dose>(?<![\d.,/-])\d+(?:\.\d+)?\s*(?:mg|g|gm)(?![a-z])
        (?:\s*/\s*(?:m2|m²|m\^2|sqm)|\s+per\s+m2)?
        (?:\s*/\s*dose(?![a-z]))?)
    (?P<per_day>\s*/\s*(?:day|d|24\s*h(?:ours?|rs?)?)(?![a-z0-9])|\s+per\s+day\b)?
    (?P<per_hour>\s*/\s*h(?:our|r)?(?![a-z0-9])|\s+per\s+hour\b)?
    |(?P<once>\b(?:once\s+(?:daily|a\s+day|per\s+day|every\s+day)|daily|every\s+day|qd
        |q\s*24\s*h(?:ours|rs?)?|every\s+24\s+h(?:ours|rs?)?)\b)
    |(?P<twice>\b(?:bid|b\.i\.d\.?|twice\s+(?:daily|a\s+day|per\s+day)|two\s+times\s+(?:daily|a\s+day)
        |q\s*12\s*h(?:ours|rs?)?|every\s+12\s+h(?:ours|rs?)?)(?![a-z0-9]))
    |(?P<all_day>\bover\s+24\s*h(?:ours|rs?)?\b)
    |(?:(?:\bx|\bfor)\s*(?P<length>\d+)\s*(?:consecutive\s+)?-?d(?:ays?)?\b)
    |(?P<days>\b(?:on\s+)?d(?:ays?)?\s*(?P<numbers>NUMBERS)\b)
    |(?P<route>\b(?:intravenous(?:ly)?|i\.?v\.?|civi?|subcutaneous(?:ly)?|subcut|sub-?q|s\.?c\.?
        |under\s+the\s+skin|intrathecal(?:ly)?|i\.t\.|it|infusion|infuse|injection|inject|push|bolus
        |continuous(?:ly)?|piggyback|ivpb)(?![a-z0-9]))
    |(?P<brief>\bover\s+\d+(?:\.\d+)?\s*(?:h(?:ours?|rs?)?|min(?:utes?|s)?)\b)
    |(?P<filler>\b(?:give|administer|dose|cytarabine|ara-c|as|an?|by|via|the|route|at
        |qualifier|value|use)\b)
    |[\s,;.()]+
    """.replace("NUMBERS", _NUMBERS),
    re.VERBOSE,
)
"""Every word that a text may hold beside one dose. Any other word may change what it means."""

_DOSE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<mass>mg|gm|g)(?P<rest>.*)", re.DOTALL)


def from_text(text: str) -> StatedDose | None:
    """The one dose that a lower-case text states; None where it says anything else."""
    found = tokens(_TOKENS, text)
    if found is None:
        return None
    doses = [match for match in found if match["dose"]]
    times = {Decimal(2) for match in found if match["twice"]}
    times |= {Decimal(1) for match in found if match["once"]}
    if len(doses) != 1 or len(times) > 1:
        return None
    return _stated(doses[0], next(iter(times), None), found, text)


def _stated(
    match: re.Match[str], times: Decimal | None, found: list[re.Match[str]], text: str
) -> StatedDose | None:
    dose = _DOSE.fullmatch(match["dose"])
    if dose is None:
        return None
    amount = Decimal(dose["number"]) * IN_MG[dose["mass"]]
    continuous = bool(_CONTINUOUS.search(text))
    if match["per_hour"]:
        if not continuous:
            return None
        amount *= HOURS_PER_DAY
    per_day = bool(match["per_day"] or match["per_hour"] or any(m["all_day"] for m in found))
    if per_day and times is not None and times > 1:
        # "100 mg/m2/day BID" may be meant for the day or for the dose.
        return None
    return StatedDose(amount, "m" in dose["rest"], per_day, times)


_LENGTH = re.compile(r"(?:\bx|\bfor)\s*(\d+)\s*(?:consecutive\s+)?-?\s*(d|w)(?:ays?|eeks?|ks?)?\b")
_DAY_SPAN = re.compile(rf"\bd(?:ays?)?\s*({_NUMBERS})\b")


def longest_days(text: str) -> Decimal | None:
    """How many days a text speaks of, "x7 days", "for 3 weeks", "days 1-10"; the most it names."""
    lengths = [int(n) * (7 if unit == "w" else 1) for n, unit in _LENGTH.findall(text)]
    spans = [[int(n) for n in re.findall(r"\d+", span)] for span in _DAY_SPAN.findall(text)]
    lengths += [max(span) - min(span) + 1 for span in spans]
    return Decimal(max(lengths)) if lengths else None
