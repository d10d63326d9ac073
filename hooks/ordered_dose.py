"""What an order of an oral drug amounts to in a day, in mg and in mg/kg.

From the fields where they say it, and from a text that is one dose in words of one meaning, "7
capsules by mouth once daily". None where any part of the order says neither: an amount that leaves
a part out would look like the whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cds_service.dosage import Dose, read_doses
from cds_service.orders import Order
from cds_service.readers import texts
from hooks import concepts
from hooks.calculations.stated_dose import IN_MG, tokens

_UNIT = re.compile(
    r"(?P<mass>mg|gm|g|mcg|ug|µg)(?P<weight>/kg)?(?P<day>/(?:d|day|24h|24hr))?(?:/dose|/\{dose\})?"
)
_PIECES = re.compile(
    r"\{?(?:capsule|cap|caps|capsules|tablet|tab|tabs|tablets|tbl|each|ea|1)\}?(?:\(s\))?"
)
_STRENGTH = re.compile(r"(\d+(?:\.\d+)?) ?mg\b(?! ?/)")
_CONCENTRATION = re.compile(r"(\d+(?:\.\d+)?) ?mg ?/ ?(\d+(?:\.\d+)?)? ?ml\b")
_MARKETED_MG = frozenset(map(Decimal, (100, 200, 300, 400, 500, 1000)))
"""Strengths of capsules and tablets: any other amount beside a number of them is their sum."""


@dataclass(frozen=True, slots=True)
class DailyDose:
    """A day's amount: `mg` for the whole body, and `mg_per_kg` for each kilogram on top of it."""

    mg: Decimal = Decimal(0)
    mg_per_kg: Decimal = Decimal(0)

    def total_mg(self, weight_kg: Decimal | None) -> Decimal | None:
        """For the whole body; None where a weight is needed and not known."""
        if not self.mg_per_kg:
            return self.mg
        return None if weight_kg is None else self.mg + self.mg_per_kg * weight_kg

    def __add__(self, other: DailyDose) -> DailyDose:
        return DailyDose(self.mg + other.mg, self.mg_per_kg + other.mg_per_kg)


def daily_dose(orders: Iterable[Order]) -> DailyDose | None:
    """What all of them together amount to in a day; None where one of them does not say."""
    return _sum(_of_order(order) for order in orders)


def _sum(doses: Iterable[DailyDose | None]) -> DailyDose | None:
    total: DailyDose | None = None
    for dose in doses:
        if dose is None:
            return None
        total = dose if total is None else total + dose
    return total


def _of_order(order: Order) -> DailyDose | None:
    """The most that it asks for on one day.

    Instructions of one sequence number, or of none, hold side by side; those of different numbers
    follow each other: https://hl7.org/fhir/R4/dosage-definitions.html#Dosage.sequence
    """
    stages: dict[Any, list[DailyDose | None]] = {}
    for instruction in _instructions(order):
        stage = stages.setdefault(str(instruction.get("sequence")), [])
        stage.append(_of_instruction(instruction, order))
    if not stages:
        return _of_name(order)
    totals = [_sum(stage) for stage in stages.values()]
    return None if None in totals else _largest(totals)


def _instructions(order: Order) -> list[Mapping[str, Any]]:
    found = order.resource.get("dosageInstruction")
    return [each for each in (found if isinstance(found, list) else [found]) if each]


def _of_name(order: Order) -> DailyDose | None:
    """An order without instructions may say all in its name, "hydroxyurea 3500 mg daily"."""
    names = texts(order.resource.get("medicationCodeableConcept"))
    return _largest(from_text(name.lower(), None) for name in names)


def _largest(doses: Iterable[DailyDose | None]) -> DailyDose | None:
    """Of several statements of one dose. Milligrams are what a dose per kg was worked out to be."""
    known = [dose for dose in doses if dose is not None]
    plain = [dose for dose in known if not dose.mg_per_kg]
    return max(plain or known, key=lambda dose: (dose.mg_per_kg, dose.mg), default=None)


def _of_instruction(instruction: Mapping[str, Any], order: Order) -> DailyDose | None:
    """EHRs send one dose several times over, ordered and calculated, and again as a text."""
    name = product_words(order)
    doses = read_doses({"dosageInstruction": [instruction]})
    said = from_text(doses[0].words, _times(doses), _strength(name)) if doses else None
    return _largest([*(_of_fields(dose, name) for dose in doses), said])


def product_words(order: Order) -> str:
    """What the product is called; a code that came without any name has the name we know."""
    known = concepts.HYDROXYUREA.codes.codes
    ours = " ".join(known.get(code, "") for code in sorted(order.codings))
    return order.words_without_notes() or ours.lower()


def _times(doses: list[Dose]) -> Decimal | None:
    return doses[0].times_per_day


def _strength(name: str) -> Decimal | None:
    found = _STRENGTH.search(name)
    return Decimal(found[1]) if found else None


def _of_fields(dose: Dose, name: str) -> DailyDose | None:
    if dose.amount is None or dose.amount <= 0:
        return None
    times = dose.times_per_day or _times_in(dose.words)
    unit = re.sub(r"[\s()]", "", dose.unit.lower()).replace(".", "/")
    match = _UNIT.fullmatch(unit)
    if match is None:
        single = _mg_of_pieces(dose.amount, unit, name)
        return None if single is None or times is None else DailyDose(single * times)
    factor = Decimal(1) if match["day"] else times
    if factor is None:
        return None
    amount = dose.amount * IN_MG[match["mass"]] * factor
    return DailyDose(mg_per_kg=amount) if match["weight"] else DailyDose(amount)


def _mg_of_pieces(amount: Decimal, unit: str, name: str) -> Decimal | None:
    """Capsules by the strength in the product's name, milliliters by its concentration."""
    if unit == "ml":
        found = _CONCENTRATION.search(name)
        return amount * Decimal(found[1]) / Decimal(found[2] or 1) if found else None
    strength = _strength(name)
    return amount * strength if strength and _PIECES.fullmatch(unit) else None


# -- from the text --------------------------------------------------------------------------------

_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_TIMES_WORDS = {"once": 1, "twice": 2, "two": 2, "three": 3, "four": 4}
_TIMES_CODES = {"qd": 1, "daily": 1, "bid": 2, "tid": 3, "qid": 4}
_FREQUENCY = (
    r"(?:(?P<word>once|twice|(?:two|three|four)(?=\s+times)|[1-4](?=\s+times))(?:\s+times)?\s+"
    r"(?:daily|an?\s+day|per\s+day|every\s+day|/\s*d(?:ay)?)"
    r"|(?P<code>b\.?i\.?d|t\.?i\.?d|q\.?i\.?d|q\.?d|daily)\b\.?"
    r"|every\s+(?:day|morning|evening|night)|q(?:am|pm|hs)\b"
    r"|(?:q|every)\s*(?P<hours>6|8|12|24)\s*h(?:ours|rs?)?)(?![a-z0-9])"
)
_FREQUENCIES = re.compile(rf"\b{_FREQUENCY}")
_NOT_DAILY = re.compile(r"every other|alternat|weekly|per week|a week|weekend|\bon (?:mon|tue|wed)")
_TOKENS = re.compile(
    rf"""
    (?P<dose>(?P<number>(?<![\d.,/-])(?:\d{{1,3}}(?:,\d{{3}})+|\d+(?:\.\d+)?))\s*
        (?P<mass>mg|gm|g)(?![a-z])(?P<weight>\s*(?:/|per)\s*kg)?
        (?P<per_day>\s*(?:/|per)\s*(?:day|d|24\s*h)(?![a-z]))?(?:\s*/\s*dose)?)
    |(?P<pieces>(?P<how_many>\d+|{"|".join(_WORDS)})\s*(?:\(\d+\)\s*)?
        (?:x\s*)?(?:capsules?|caps?|tablets?|tabs?)\b)
    |(?P<times>(?P<count>\d+)\s*[x×](?=\s*\d))
    |(?P<frequency>{_FREQUENCY})
    |(?:\bx|\bfor)\s*\d+\s*-?(?:d(?:ays?)?|w(?:ee)?ks?)\b
    |\b(?:by\s+mouth|p\.?o\b\.?|oral(?:ly)?|route|use|qualifier|value|via|per|by|through|in(?:to)?|the|an?
        |enteral(?:ly)?|feeding|gastric|nasogastric|ng|peg|g|tube|gastrostomy
        |take|give|administer|swallow|whole|dose|of|each|as|with|food|water|total|at|bedtime
        |hydroxyurea|hydroxycarbamide|hydrea|liquid|oral\s+solution|solution|suspension)\b
    |[\s,;:.()=]+
    """,
    re.VERBOSE,
)
"""Every word that a text may hold beside one dose. Any other word may change what it means."""


def _times_in(text: str) -> Decimal | None:
    """How often a day a text says; None where it says nothing, two things, or not every day."""
    if _NOT_DAILY.search(text):
        return None
    found = {_times_of(match) for match in _FREQUENCIES.finditer(text)}
    return found.pop() if len(found) == 1 else None


def _times_of(match: re.Match[str]) -> Decimal:
    if match["hours"]:
        return Decimal(24) / Decimal(match["hours"])
    if match["word"]:
        word = match["word"]
        return Decimal(_TIMES_WORDS.get(word) or int(word))
    code = (match["code"] or "daily").replace(".", "")
    return Decimal(_TIMES_CODES[code])


def from_text(
    text: str, times_per_day: Decimal | None, strength_mg: Decimal | None = None
) -> DailyDose | None:
    """The one dose that a lower-case text states; None where it says anything else.

    `times_per_day` is what the fields say; a text that contradicts them says nothing.
    """
    found = tokens(_TOKENS, " ".join(text.split()))
    if found is None:
        return None
    times = {_times_of(match) for match in found if match["frequency"]}
    times |= {times_per_day} if times_per_day is not None else set()
    doses = [match for match in found if match["dose"]]
    pieces = [_how_many(match) for match in found if match["pieces"] or match["times"]]
    if len(doses) > 1 or len(pieces) > 1 or len(times) > 1:
        return None
    if doses and (doses[0]["weight"] or doses[0]["per_day"] or not pieces):
        return None if pieces else _of_dose(doses[0], next(iter(times), None))
    single = _of_pieces(pieces, doses, strength_mg)
    return None if single is None or not times else DailyDose(single * times.pop())


def _how_many(match: re.Match[str]) -> Decimal:
    word = match["how_many"] or match["count"]
    return Decimal(_WORDS.index(word) + 1 if word in _WORDS else word)


def _milligrams(match: re.Match[str]) -> Decimal:
    return Decimal(match["number"].replace(",", "")) * IN_MG[match["mass"]]


def _of_dose(match: re.Match[str], times: Decimal | None) -> DailyDose | None:
    if match["per_day"] and times is not None and times > 1:
        # "3500 mg/day twice daily" may be meant for the day or for the dose.
        return None
    factor = Decimal(1) if match["per_day"] else times
    if factor is None:
        return None
    amount = _milligrams(match) * factor
    return DailyDose(mg_per_kg=amount) if match["weight"] else DailyDose(amount)


def _of_pieces(
    pieces: list[Decimal], doses: list[re.Match[str]], strength_mg: Decimal | None
) -> Decimal | None:
    """ "7 capsules", "7 capsules of 500 mg" or "7 capsules (3500 mg)"."""
    if not pieces:
        return None
    if not doses:
        return None if strength_mg is None else pieces[0] * strength_mg
    said = _milligrams(doses[0])
    if said in _MARKETED_MG:
        return pieces[0] * said
    return said if strength_mg in (None, said / pieces[0]) else None
