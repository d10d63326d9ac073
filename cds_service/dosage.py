"""How a drug is to be given, as far as a MedicationRequest says.

https://hl7.org/fhir/R4/dosage.html. Sandbox and EHR drafts leave out most of it and send single
objects where lists belong; whatever is not there stays None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cds_service.code_systems import canonical
from cds_service.instants import parse_any
from cds_service.readers import codings, texts

_HOURS = {"s": Decimal(1) / 3600, "min": Decimal(1) / 60, "h": Decimal(1), "d": Decimal(24)}
_HOURS |= {"wk": Decimal(168), "mo": Decimal(730), "a": Decimal(8760)}

_MILLILITERS = {"ml": Decimal(1), "cc": Decimal(1), "milliliter": Decimal(1)}
_MILLILITERS |= {"millilitre": Decimal(1), "dl": Decimal(100), "l": Decimal(1000)}
_MILLILITERS |= {"liter": Decimal(1000), "litre": Decimal(1000)}
"""By unit in lower case and without plural: as a volume of a draft, Ml is no megaliter."""

_PER_DAY = {"min": 1440, "minute": 1440, "h": 24, "hr": 24, "hour": 24, "d": 1, "day": 1}
_PER_DAY |= {"24h": 1, "24hr": 1, "24hour": 1}

_CODED_TIMES = {"QD": 1, "BID": 2, "TID": 3, "QID": 4, "AM": 1, "PM": 1, "Q4H": 6, "Q6H": 4}
_CODED_TIMES |= {"Q1H": 24, "Q2H": 12, "Q3H": 8, "Q8H": 3, "Q12H": 2}
"""Times per day of https://hl7.org/fhir/R4/valueset-timing-abbreviation.html"""


@dataclass(frozen=True, slots=True)
class Dose:
    """One dosage instruction. `amount` is the largest stated; `unit` as sent.

    `rate` and `rate_unit` are set for infusions. `times_per_day` and `days` are None where not
    said; `continuous` is set when the dose is given around the clock. `words` is every text about
    route, method and timing, in lower case.
    """

    amount: Decimal | None
    unit: str
    rate: Decimal | None
    rate_unit: str
    times_per_day: Decimal | None
    days: Decimal | None
    route_codes: tuple[tuple[str, str], ...]
    words: str


def read_doses(medication_request: Mapping[str, Any]) -> list[Dose]:
    """Every dosage instruction of a draft order; an empty list when there is none."""
    return [
        dose
        for instruction in _mappings(medication_request.get("dosageInstruction"))
        for dose in _doses(instruction)
    ]


def daily_volume_ml(dose: Dose) -> Decimal | None:
    """Milliliters in 24 h: the larger of volume times doses a day and the rate all day long.

    None where the dose says neither; a text counts where no number does. It is an upper bound: an
    infusion may run for less, and the volume may be that of one bag of many.
    """
    volume = _volume_ml(dose.amount, dose.unit)
    stated = [
        None if dose.rate is None else volume_per_day_ml(dose.rate, dose.rate_unit),
        None if dose.amount is None else volume_per_day_ml(dose.amount, dose.unit),
        None if volume is None or dose.times_per_day is None else volume * dose.times_per_day,
    ]
    known = [each for each in stated if each is not None]
    return max(known) if known else volume_per_day_in_text_ml(dose.words)


def volume_per_day_ml(number: Decimal, unit: str) -> Decimal | None:
    """A rate such as 200 mL/h or 3 L/d over 24 h; None where the unit is no volume per time."""
    volume, _, time = re.sub(r"[\s().]", "", unit.lower()).partition("/")
    per_day = _PER_DAY.get(_singular(time))
    milliliters = _volume_ml(number, volume)
    return None if per_day is None or milliliters is None else milliliters * per_day


def _volume_ml(number: Decimal | None, unit: str) -> Decimal | None:
    factor = _MILLILITERS.get(_singular(unit.lower().strip()))
    return None if number is None or number <= 0 or factor is None else number * factor


def _singular(unit: str) -> str:
    return unit.removesuffix("s")


_RATE_IN_TEXT = re.compile(
    r"(?<![\w.,/<>=≤≥~+±-])(?P<number>\d{1,5}(?:[.,]\d{1,3})?) ?(?P<volume>ml|l) ?(?:/|per) ?"
    r"(?P<time>(?:24 ?)?h(?:rs?|ours?)?|d(?:ays?)?)(?![\w/])"
)

_NO_PLAIN_RATE = re.compile(
    r"[<>≤≥]|\d ?(?:-|–|—|to|or) ?\d[\d.,]* ?m?l\b|\bx ?\d"
    r"|\bfor (?!(?:24|48|72) ?h)\d[\d.]* ?(?:h|min)"
    r"|\b(?:max\w*|min|minimum|least|most|more|less|under|over|above|below|up to|not|until|if|when"
    r"|then|goal|target\w*|titrat\w*|output|limit\w*|restrict\w*|avoid|wean|stop|bolus|and)\b"
)
"""What makes a number no rate, or not the only one: a range, a limit, a goal, a step, an hour."""


def volume_per_day_in_text_ml(text: str) -> Decimal | None:
    """The one plain rate of a text ("saline 0.9 %, 200 mL/h"); None where it may mean another."""
    plain = " ".join(text.lower().split())
    if _NO_PLAIN_RATE.search(plain):
        return None
    rates = {_rate_of(match) for match in _RATE_IN_TEXT.finditer(plain)}
    return rates.pop() if len(rates) == 1 else None


def _rate_of(match: re.Match[str]) -> Decimal | None:
    """A comma before three digits parts thousands of mL; before fewer it is a decimal sign."""
    number, unit = match["number"], f"{match['volume']}/{match['time']}"
    whole, comma, rest = number.partition(",")
    if comma and len(rest) == 3:
        return volume_per_day_ml(Decimal(whole + rest), unit) if match["volume"] == "ml" else None
    return volume_per_day_ml(Decimal(number.replace(",", ".")), unit)


def read_quantity(quantity: Any) -> tuple[Decimal | None, str]:
    """Number and unit of https://hl7.org/fhir/R4/datatypes.html#Quantity; None without a number."""
    if not isinstance(quantity, dict):
        return None, ""
    return _number(quantity.get("value")), _unit(quantity)


def dosage_text(medication_request: Mapping[str, Any]) -> str:
    """The first dosage instruction as a clinician wrote it, or put together from its parts."""
    for instruction in _mappings(medication_request.get("dosageInstruction")):
        written = instruction.get("text")
        if isinstance(written, str) and written.strip():
            return " ".join(written.split())[:_LONGEST_TEXT]
        return _composed(instruction)
    return ""


_LONGEST_TEXT = 160
"""A card shows what is ordered; a page of instructions belongs to the order itself."""


def _composed(instruction: Mapping[str, Any]) -> str:
    dose = next(_doses(instruction), None)
    if dose is None:
        return ""
    said = []
    if dose.amount is not None:
        said.append(f"{dose.amount.normalize():f} {dose.unit}".strip())
    if dose.rate is not None:
        said.append(f"{dose.rate.normalize():f} {dose.rate_unit}".strip())
    said += list(texts(instruction.get("route")))[:1]
    if dose.times_per_day is not None:
        times = f"{dose.times_per_day.normalize():f}"
        said.append({"1": "once a day", "2": "twice a day"}.get(times, f"{times} times a day"))
    return ", ".join(said)[:_LONGEST_TEXT]


def _doses(instruction: Mapping[str, Any]) -> Iterator[Dose]:
    route, method = instruction.get("route"), instruction.get("method")
    words = [*texts(route), *texts(method)]
    words += [
        text
        for key in ("text", "patientInstruction")
        if isinstance(text := instruction.get(key), str)
    ]
    timing = instruction.get("timing")
    times, days = _timing(timing if isinstance(timing, dict) else {})
    routes = tuple((canonical(c.system or ""), c.code or "") for c in codings(route))
    alternatives = list(_mappings(instruction.get("doseAndRate"))) or [instruction]
    amounts = [_amount(each, "dose") for each in alternatives]
    rates = [_amount(each, "rate") for each in alternatives]
    # EHRs send one dose several times over (ordered, calculated, administered) in several units;
    # each is kept, because only the classification knows which unit it can use.
    for index in range(len(alternatives)):
        yield Dose(*amounts[index], *rates[index], times, days, routes, " ".join(words).lower())


def _amount(source: Mapping[str, Any], kind: str) -> tuple[Decimal | None, str]:
    """doseQuantity, the high end of doseRange, rateQuantity, or rateRatio as amount per time."""
    quantity = source.get(f"{kind}Quantity")
    span = source.get(f"{kind}Range")
    if not isinstance(quantity, dict) and isinstance(span, dict):
        quantity = span.get("high") or span.get("low")
    if isinstance(quantity, dict):
        return _number(quantity.get("value")), _unit(quantity)
    ratio = source.get(f"{kind}Ratio")
    if isinstance(ratio, dict):
        return _ratio(ratio)
    return None, ""


def _ratio(ratio: Mapping[str, Any]) -> tuple[Decimal | None, str]:
    top, bottom = ratio.get("numerator"), ratio.get("denominator")
    if not isinstance(top, dict) or not isinstance(bottom, dict):
        return None, ""
    above, below = _number(top.get("value")), _number(bottom.get("value", 1))
    if above is None or not below:
        return None, ""
    if below == 24 and _unit(bottom) == "h":
        # "182 mg over 24 h" says how much a day; "8 mg/h" does not, because it may run for less.
        return above, f"{_unit(top)}/d"
    return above / below, f"{_unit(top)}/{_unit(bottom)}"


def _timing(timing: Mapping[str, Any]) -> tuple[Decimal | None, Decimal | None]:
    """Times per day and number of days, each None where not said."""
    repeat = timing.get("repeat")
    if isinstance(repeat, dict):
        times = _per_day(repeat)
        days = _days(repeat.get("boundsDuration")) or _days_of_period(repeat.get("boundsPeriod"))
    else:
        times, days = None, None
    if times is None:
        for coding in codings(timing.get("code")):
            found = _CODED_TIMES.get((coding.code or "").upper())
            times = Decimal(found) if found else times
    return times, days


def _per_day(repeat: Mapping[str, Any]) -> Decimal | None:
    frequency = _number(repeat.get("frequencyMax")) or _number(repeat.get("frequency"))
    period, unit = _number(repeat.get("period", 1)), repeat.get("periodUnit")
    hours = _HOURS.get(unit) if isinstance(unit, str) else None
    if frequency is None or not period or hours is None:
        return None
    return frequency * 24 / (period * hours)


def _days(duration: Any) -> Decimal | None:
    if not isinstance(duration, dict):
        return None
    number, unit = _number(duration.get("value")), _unit(duration)
    hours = _HOURS.get(unit) or _HOURS.get(unit.rstrip("s")[:1])
    return None if number is None or hours is None else number * hours / 24


def _days_of_period(period: Any) -> Decimal | None:
    """Whole days from its start to its end: at least so many, because either may be a date only."""
    if not isinstance(period, dict):
        return None
    start, end = parse_any(period.get("start")), parse_any(period.get("end"))
    if start is None or end is None or end.earliest <= start.earliest:
        return None
    return Decimal((end.earliest - start.earliest).days)


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    number = Decimal(value)
    return number if number.is_finite() and abs(number.adjusted()) < 30 else None


def _unit(quantity: Mapping[str, Any]) -> str:
    for name in ("code", "unit"):
        text = quantity.get(name)
        if isinstance(text, str) and text.strip():
            return text.strip()
    return ""


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict):
            yield each
