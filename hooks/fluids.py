"""How much intravenous fluid the selected orders amount to in 24 h (catalogue 5.12 and R22).

Fluids are ordered as rates, as daily volumes or in words, as drugs or as services, and sometimes
per body surface. Of several statements in one order the largest counts; orders add up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from cds_service.amount import number_text
from cds_service.chart import Chart, order_fact, question
from cds_service.finding import FALSE, TRUE, UNKNOWN, Fact, Finding
from cds_service.orders import Order
from hooks import concepts, thresholds
from hooks.calculations import body

_PER = r"\s*(?:/|\bper\b|\bover\b|\bin\b|\ba\b)\s*"
_AREA = r"(?:m2|m²|m\^2|m\*2|sqm)"
_TIME = r"(?:min|hr|hour|h|day|d|\(?24\s*\.?\s*h(?:rs?|ours?)?\)?)"
_STATED = re.compile(
    r"(?P<number>\d+(?:,\d{3})*(?:[.,]\d+)?)\s*(?P<volume>ml|cc|l|lit(?:er|re)s?)"
    rf"(?:{_PER}(?P<area>{_AREA}))?(?:{_PER}(?P<time>{_TIME})|\s*(?P<adverb>daily|hourly))"
    rf"(?:{_PER}(?P<behind>{_AREA}))?(?![a-z0-9]|\s*/)"
)
_THOUSANDS = re.compile(r",(?=\d{3}(?:\D|$))")
_ML_PER_L = Decimal(1000)
_TIMES_PER_DAY = {"min": 1440, "h": 24, "hr": 24, "hour": 24, "hourly": 24}


class Stated(NamedTuple):
    """A volume in 24 h, of the whole patient or of each square meter."""

    ml: Decimal
    per_m2: bool


def stated_volumes(text: str) -> list[Stated]:
    """Every rate or daily volume in a text: "200 mL/h", "5 L/day", "125 mL/m2/h"."""
    found = []
    for hit in _STATED.finditer(text.lower()):
        number = Decimal(_THOUSANDS.sub("", hit["number"]).replace(",", "."))
        in_ml = number if hit["volume"] in ("ml", "cc") else number * _ML_PER_L
        times = _TIMES_PER_DAY.get(hit["time"] or hit["adverb"], 1)
        found.append(Stated(in_ml * times, bool(hit["area"] or hit["behind"])))
    return found


def _said(order: Order) -> Iterator[Stated]:
    """All that an order says of its rate, coded or in words."""
    for dose in order.doses():
        yield from stated_volumes(_text(dose.rate, dose.rate_unit))
        yield from stated_volumes(_text(dose.amount, dose.unit))
        yield from stated_volumes(dose.words)
        if dose.amount is not None and dose.times_per_day is not None:
            yield from stated_volumes(_text(dose.amount * dose.times_per_day, f"{dose.unit}/d"))
    yield from stated_volumes(_quantity(order.resource))
    yield from stated_volumes(order.words())


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
    """The selected intravenous fluids come to 2 L/m2 or more in 24 h."""
    words = "Ordering intravenous fluid of 2 L/m² or more in 24 h"
    patient.asked.add(concepts.CRYSTALLOID.id)
    orders = patient.selected(concepts.CRYSTALLOID)
    if not orders:
        fact = Fact("crystalloid", lambda: "Intravenous fluid: not among the selected orders")
        return Finding(words, FALSE, (fact,))
    area = body.body_surface_area_m2(patient)
    volumes = [ml_per_day(order, area or thresholds.SMALL_ADULT_M2) for order in orders]
    total = sum((volume for volume in volumes if volume is not None), Decimal(0))
    if total >= _limit_ml(area or thresholds.SMALL_ADULT_M2):
        ordered = tuple(order_fact(order, concepts.CRYSTALLOID) for order in orders)
        return Finding(words, TRUE, (*ordered, _volume_fact(total, area)))
    if None in volumes:
        return Finding(words, UNKNOWN, (_not_stated(patient),))
    if area is None and not _is_small_for_any_adult(patient, total):
        return Finding(words, UNKNOWN, (_area_not_known(total),))
    return Finding(words, FALSE, (_volume_fact(total, area),))


def _limit_ml(area_m2: Decimal) -> Decimal:
    return thresholds.LARGE_HYDRATION_L_PER_M2 * _ML_PER_L * area_m2


def _is_small_for_any_adult(patient: Chart, total_ml: Decimal) -> bool:
    adult = patient.age().at_least(thresholds.ADULT).truth is TRUE
    return adult and total_ml < _limit_ml(thresholds.SMALLEST_ADULT_M2)


def _volume_fact(total_ml: Decimal, area_m2: Decimal | None) -> Fact:
    volume = f"Ordered fluid: {number_text(round(total_ml, 0))} mL in 24 h"
    if area_m2 is None:
        assumed = number_text(thresholds.SMALL_ADULT_M2)
        words = f"{volume} (body surface area not known, taken as {assumed} m²)"
    else:
        by_area = number_text(total_ml / _ML_PER_L / area_m2)
        words = f"{volume}, {by_area} L/m² at {number_text(area_m2)} m² (Mosteller)"
    return Fact("fluid volume", words.__str__)


def _area_not_known(total_ml: Decimal) -> Fact:
    words = (
        f"Ordered fluid: {number_text(round(total_ml, 0))} mL in 24 h, not judged: body surface "
        "area not known (weight of the last 90 days and height)"
    )
    return Fact("fluid volume", words.__str__, missing=True)


def _not_stated(patient: Chart) -> Fact:
    """Said when signing; while orders are still being written a rate may yet come."""
    words = "Order of intravenous fluid: rate or daily volume not stated, so it was not judged"
    return Fact("fluid volume", words.__str__, missing=True, quiet=not patient.drafts_are_final)
