"""How much intravenous fluid the selected orders amount to in 24 h (catalogue 5.12 and R22).

Fluids are ordered as rates, as daily volumes or in words, as drugs or as services, and sometimes
per body surface. Of several statements in one order the largest counts; orders add up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from cds_service.amount import number_text
from cds_service.chart import Chart, order_fact, question
from cds_service.dosage import Dose, read_doses, read_quantity
from cds_service.finding import FALSE, TRUE, UNKNOWN, Fact, Finding
from cds_service.orders import Order
from cds_service.terminology import Threshold
from hooks import concepts, thresholds
from hooks.calculations import body, hydration

_PER = r"\s*(?:/|\bper\b|\bover\b|\bin\b|\ba\b)\s*"
_AREA = r"(?:m2|m²|m\^2|m\*2|sqm)"
_TIME = r"(?:min|hr|hour|h|day|d|\(?24\s*\.?\s*h(?:rs?|ours?)?\)?)"
_STATED = re.compile(
    r"(?P<number>\d+(?:,\d{3})*(?:[.,]\d+)?)\s*(?P<volume>ml|cc|l|lit(?:er|re)s?)"
    rf"(?:{_PER}(?P<area>{_AREA}))?(?:{_PER}(?P<time>{_TIME})|\s*(?P<adverb>daily|hourly))"
    rf"(?:{_PER}(?P<behind>{_AREA}))?(?![a-z0-9]|\s*/)"
)
_THOUSANDS = re.compile(r",(?=\d{3}(?:\D|$))")
_MINUTES = {"min": Decimal(1), "h": Decimal(60), "d": Decimal(1440)}
_ONCE = re.compile(r"\b(?:bolus|one[- ]time|once)\b(?! (?:a|per|every|daily))")
_GOES_ON = re.compile(r"\bthen\b|follow|continu|maint|repeat|every|\bq ?\d")
_TIMES_PER_HOUR = {"min": 60, "h": 1, "hr": 1, "hour": 1, "hourly": 1}
_DAY = Decimal(24)


class Stated(NamedTuple):
    """A volume in 24 h, of the whole patient or of each square meter."""

    ml: Decimal
    per_m2: bool


def stated_volumes(text: str, hours: Decimal = _DAY) -> list[Stated]:
    """Every rate or daily volume in a text: "200 mL/h", "5 L/day", "125 mL/m2/h".

    A rate counts for so many hours of the day.
    """
    found = []
    for hit in _STATED.finditer(text.lower()):
        number = Decimal(_THOUSANDS.sub("", hit["number"]).replace(",", "."))
        in_ml = number if hit["volume"] in ("ml", "cc") else number * hydration.ML_PER_L
        per_hour = _TIMES_PER_HOUR.get(hit["time"] or hit["adverb"])
        times = Decimal(1) if per_hour is None else per_hour * hours
        found.append(Stated(in_ml * times, bool(hit["area"] or hit["behind"])))
    return found


def _said(order: Order) -> Iterator[Stated]:
    """All that an order says of its rate, coded or in words."""
    instructions = order.resource.get("dosageInstruction")
    for instruction in instructions if isinstance(instructions, list) else [instructions]:
        for dose in read_doses({"dosageInstruction": [instruction]}):
            yield from _of_dose(dose, _repeat(instruction), order.words_without_notes())
    yield from stated_volumes(_quantity(order.resource))
    yield from stated_volumes(order.words())


def _repeat(instruction: Any) -> Mapping[str, Any]:
    timing = instruction.get("timing") if isinstance(instruction, dict) else None
    repeat = timing.get("repeat") if isinstance(timing, dict) else None
    return repeat if isinstance(repeat, dict) else {}


def _of_dose(dose: Dose, repeat: Mapping[str, Any], name: str) -> Iterator[Stated]:
    """A rate counts around the clock, unless the order says for how long it runs. That of a
    bolus of no stated length says nothing."""
    once = _is_given_once(f"{name} {dose.words}", repeat)
    times = Decimal(1) if once else dose.times_per_day
    hours = _hours_a_day(repeat, times)
    if hours is None:
        hours = Decimal(0) if once else _DAY
    for text in (_text(dose.rate, dose.rate_unit), dose.words):
        yield from (stated for stated in stated_volumes(text, hours) if stated.ml)
    yield from stated_volumes(_text(dose.amount, dose.unit))
    if dose.amount is not None and times is not None:
        yield from stated_volumes(_text(dose.amount * times, f"{dose.unit}/d"))


def _is_given_once(words: str, repeat: Mapping[str, Any]) -> bool:
    """A bolus, by its count or its words; not one that an infusion follows."""
    if repeat.get("count") is not None:
        return bool(repeat["count"] == 1) and "countMax" not in repeat
    return bool(_ONCE.search(words)) and not _GOES_ON.search(words)


def _hours_a_day(repeat: Mapping[str, Any], times: Decimal | None) -> Decimal | None:
    """How long it runs in a day; None where the order does not say."""
    each, _ = read_quantity({"value": repeat.get("durationMax", repeat.get("duration"))})
    minutes = _MINUTES.get(str(repeat.get("durationUnit")))
    if each is None or minutes is None or times is None:
        return None
    return min(each * minutes * times / 60, _DAY)


def _text(amount: Decimal | None, unit: str) -> str:
    return "" if amount is None else f"{amount:f} {unit}"


def _quantity(resource: Any) -> str:
    """The quantity of a service: "5 L/d", or a ratio of a volume and a time."""
    quantity, ratio = resource.get("quantityQuantity"), resource.get("quantityRatio")
    if isinstance(ratio, dict):
        top, bottom = _amount(ratio.get("numerator")), _amount(ratio.get("denominator"))
        return f"{top}/{bottom.removeprefix('1 ')}"
    return _amount(quantity)


def _amount(quantity: Any) -> str:
    if not isinstance(quantity, dict):
        return ""
    return f"{quantity.get('value', 1)} {quantity.get('code') or quantity.get('unit') or ''}"


def ml_per_day(order: Order, area_m2: Decimal) -> Decimal | None:
    """The volume of 24 h for a body; None where the order does not say it."""
    return max((s.ml * area_m2 if s.per_m2 else s.ml for s in _said(order)), default=None)


@question
def large_volume(patient: Chart) -> Finding:
    """The selected intravenous fluids come to a large volume by body surface in 24 h."""
    limit = patient.limit(thresholds.LARGE_HYDRATION)
    words = f"Ordering intravenous fluid of {limit} or more in 24 h"
    patient.asked.add(concepts.CRYSTALLOID.id)
    orders = patient.selected(concepts.CRYSTALLOID)
    if not orders:
        fact = Fact("crystalloid", lambda: "Intravenous fluid: not among the orders looked at")
        return Finding(words, FALSE, (fact,))
    area = body.body_surface_area_m2(patient)
    volumes = [ml_per_day(order, area or thresholds.SMALL_ADULT_M2) for order in orders]
    total = sum((volume for volume in volumes if volume is not None), Decimal(0))
    if total >= _limit_ml(limit, area or thresholds.SMALL_ADULT_M2):
        ordered = tuple(order_fact(order, concepts.CRYSTALLOID) for order in orders)
        return Finding(words, TRUE, (*ordered, _volume_fact(total, area)))
    if None in volumes:
        return Finding(words, UNKNOWN, (_not_stated(patient),))
    if area is None and not _is_small_for_any_adult(patient, total):
        return Finding(words, UNKNOWN, (_area_not_known(patient, total),))
    return Finding(words, FALSE, (_volume_fact(total, area),))


def _limit_ml(limit: Threshold, area_m2: Decimal) -> Decimal:
    return limit.value * hydration.ML_PER_L * area_m2


def _is_small_for_any_adult(patient: Chart, total_ml: Decimal) -> bool:
    adult = patient.age().at_least(thresholds.ADULT).truth is TRUE
    limit = patient.limit(thresholds.LARGE_HYDRATION)
    return adult and total_ml < _limit_ml(limit, thresholds.SMALLEST_ADULT_M2)


def _volume_fact(total_ml: Decimal, area_m2: Decimal | None) -> Fact:
    volume = f"Ordered fluid: {number_text(round(total_ml, 0))} mL in 24 h"
    if area_m2 is None:
        assumed = number_text(thresholds.SMALL_ADULT_M2)
        words = f"{volume} (body surface area not known, taken as {assumed} m²)"
    else:
        by_area = number_text(hydration.l_per_m2_per_day(total_ml, area_m2))
        words = f"{volume}, {by_area} L/m² at {number_text(area_m2)} m² (Mosteller)"
    return Fact("fluid volume", words.__str__)


def _area_not_known(patient: Chart, total_ml: Decimal) -> Fact:
    window = patient.limit(thresholds.WEIGHT_FOR_DOSE)
    words = (
        f"Ordered fluid: {number_text(round(total_ml, 0))} mL in 24 h, not judged: body surface "
        f"area not known (weight of the last {window.in_words} and height)"
    )
    return Fact("fluid volume", words.__str__, missing=True)


def _not_stated(patient: Chart) -> Fact:
    """Said when signing; while orders are still being written a rate may yet come."""
    words = "Order of intravenous fluid: rate or daily volume not stated, so it was not judged"
    return Fact("fluid volume", words.__str__, missing=True, quiet=not patient.drafts_are_final)
