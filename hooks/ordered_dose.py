"""What an order of an oral drug amounts to in a day, in mg. None where the order does not say."""

from __future__ import annotations

import re
from decimal import Decimal

from cds_service.dosage import Dose
from cds_service.orders import Order

_MASS = {"mg": Decimal(1), "g": Decimal(1000), "gm": Decimal(1000), "mcg": Decimal("0.001")}
_UNIT = re.compile(
    r"(?P<mass>mg|g|gm|mcg)(?P<weight>/kg)?(?P<day>/(?:d|day|24h|24hr))?(?:/dose|/\{dose\})?"
)
_PIECES = re.compile(
    r"\{?(?:capsule|cap|caps|capsules|tablet|tab|tabs|tablets|each|ea|1)\}?(?:\(s\))?"
)
_STRENGTH = re.compile(r"(\d+(?:\.\d+)?) ?mg\b")


def daily_mg(order: Order, weight_kg: Decimal | None) -> Decimal | None:
    """The largest daily amount that any dosage instruction states.

    Capsules count by the strength in the product's name; an amount per kg needs a weight; an
    amount without a frequency is not a daily dose unless its unit says "per day".
    """
    amounts = [_daily(dose, order, weight_kg) for dose in order.doses()]
    known = [amount for amount in amounts if amount is not None]
    return max(known) if known else None


def _daily(dose: Dose, order: Order, weight_kg: Decimal | None) -> Decimal | None:
    if dose.amount is None:
        return None
    unit = dose.unit.lower().replace(" ", "").replace(".", "/")
    match = _UNIT.fullmatch(unit)
    if match is None:
        strength = _STRENGTH.search(order.words_without_notes())
        if strength is None or not _PIECES.fullmatch(unit) or dose.times_per_day is None:
            return None
        return dose.amount * Decimal(strength[1]) * dose.times_per_day
    amount = dose.amount * _MASS[match["mass"]]
    if match["weight"]:
        if weight_kg is None:
            return None
        amount *= weight_kg
    if match["day"]:
        return amount
    return None if dose.times_per_day is None else amount * dose.times_per_day
