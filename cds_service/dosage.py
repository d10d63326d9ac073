"""How a drug is to be given, as far as a MedicationRequest says.

https://hl7.org/fhir/R4/dosage.html. Sandbox and EHR drafts leave out most of it and send single
objects where lists belong; whatever is not there stays None.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cds_service.code_systems import canonical
from cds_service.instants import parse_any
from cds_service.readers import codings, texts

_HOURS = {"s": Decimal(1) / 3600, "min": Decimal(1) / 60, "h": Decimal(1), "d": Decimal(24)}
_HOURS |= {"wk": Decimal(168), "mo": Decimal(730), "a": Decimal(8760)}

_CODED_TIMES = {"QD": 1, "BID": 2, "TID": 3, "QID": 4, "AM": 1, "PM": 1, "Q4H": 6, "Q6H": 4}
_CODED_TIMES |= {"Q1H": 24, "Q2H": 12, "Q3H": 8, "Q8H": 3, "Q12H": 2}
"""Times per day of https://hl7.org/fhir/R4/valueset-timing-abbreviation.html"""


@dataclass(frozen=True, slots=True)
class Dose:
    """One dosage instruction. `amount` is the largest stated; `unit` as sent.

    `rate` and `rate_unit` are set for infusions. `times_per_day` and `days` are None where not
    said. `words` is every text about route, method and timing, in lower case.
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
        # DSTU2 spells it boundsQuantity.
        bounds = repeat.get("boundsDuration") or repeat.get("boundsQuantity")
        days = _days(bounds) or _days_of_period(repeat.get("boundsPeriod"))
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
    if "periodUnit" not in repeat and "period" in repeat:
        # DSTU2's spelling. Servers send it as "s" without a period, which says nothing.
        unit = repeat.get("periodUnits")
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
