"""How a drug is to be given: https://hl7.org/fhir/R4/dosage.html, as drafts really send it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cds_service.dosage import Dose, dosage_text, read_doses
from tests.engine.made_up import coded, decoded


def doses(*instructions: Any) -> list[Dose]:
    return read_doses(decoded({"dosageInstruction": list(instructions)}))


def only(instruction: dict[str, Any]) -> Dose:
    (dose,) = doses(instruction)
    return dose


def given(value: Any, unit: str = "mg", **fields: Any) -> dict[str, Any]:
    return {"doseAndRate": [{"doseQuantity": {"value": value, "unit": unit}}], **fields}


@pytest.mark.parametrize(
    "order", [{}, {"dosageInstruction": None}, {"dosageInstruction": []}, {"dosageInstruction": 5}]
)
def test_an_order_without_instructions_has_no_dose(order: dict[str, Any]) -> None:
    assert read_doses(order) == []


def test_an_empty_instruction_says_nothing() -> None:
    assert only({}) == Dose(None, "", None, "", None, None, (), "")


AMOUNTS = {
    "quantity": (given(20), (Decimal(20), "mg")),
    "fraction, exactly": (given(0.1), (Decimal("0.1"), "mg")),
    "unit code before the unit in words": (
        {"doseAndRate": [{"doseQuantity": {"value": 2, "unit": "milligram", "code": "mg"}}]},
        (Decimal(2), "mg"),
    ),
    "high end of a range": (
        {"doseAndRate": [{"doseRange": {"low": {"value": 1}, "high": {"value": 3, "unit": "g"}}}]},
        (Decimal(3), "g"),
    ),
    "low end where there is no other": (
        {"doseAndRate": [{"doseRange": {"low": {"value": 1, "unit": "g"}}}]},
        (Decimal(1), "g"),
    ),
    "one object where a list belongs": (
        {"doseAndRate": {"doseQuantity": {"value": 5, "unit": "mg"}}},
        (Decimal(5), "mg"),
    ),
    "on the instruction itself, as in STU3": (
        {"doseQuantity": {"value": 6, "unit": "mg"}},
        (Decimal(6), "mg"),
    ),
    "number in quotes": (given("20"), (None, "mg")),
    "true": (given(True), (None, "mg")),
    "no value": (given(None), (None, "mg")),
    "beyond measure": (given(10**40), (None, "mg")),
    "unit that is no text": (given(1, unit=5), (Decimal(1), "")),  # type: ignore[arg-type]
}


@pytest.mark.parametrize(("instruction", "expected"), AMOUNTS.values(), ids=AMOUNTS)
def test_the_amount_of_a_dose(
    instruction: dict[str, Any], expected: tuple[Decimal | None, str]
) -> None:
    dose = only(instruction)
    assert (dose.amount, dose.unit) == expected


def ratio(top: Any, bottom: Any) -> dict[str, Any]:
    return {"doseAndRate": [{"rateRatio": {"numerator": top, "denominator": bottom}}]}


MG = {"value": 180, "unit": "mg"}
RATES = {
    "quantity": (
        {"doseAndRate": [{"rateQuantity": {"value": 8, "unit": "mg/h"}}]},
        (Decimal(8), "mg/h"),
    ),
    "range": (
        {"doseAndRate": [{"rateRange": {"high": {"value": 9, "unit": "mg/h"}}}]},
        (Decimal(9), "mg/h"),
    ),
    "amount per time": (ratio(MG, {"value": 2, "unit": "h"}), (Decimal(90), "mg/h")),
    "amount per one": (ratio(MG, {"unit": "h"}), (Decimal(180), "mg/h")),
    "over 24 h is per day": (ratio(MG, {"value": 24, "unit": "h"}), (Decimal(180), "mg/d")),
    "over 12 h is not": (ratio(MG, {"value": 12, "unit": "h"}), (Decimal(15), "mg/h")),
    "over nothing": (ratio(MG, {"value": 0, "unit": "h"}), (None, "")),
    "over what is not said": (ratio(MG, None), (None, "")),
    "of what is not said": (ratio({"unit": "mg"}, {"value": 1, "unit": "h"}), (None, "")),
    "ratio that is a text": ({"doseAndRate": [{"rateRatio": "180 mg/24 h"}]}, (None, "")),
}


@pytest.mark.parametrize(("instruction", "expected"), RATES.values(), ids=RATES)
def test_the_rate_of_an_infusion(
    instruction: dict[str, Any], expected: tuple[Decimal | None, str]
) -> None:
    dose = only(instruction)
    assert (dose.rate, dose.rate_unit) == expected


def timed(**repeat: Any) -> dict[str, Any]:
    return {"timing": {"repeat": repeat}}


TIMES = {
    "twice a day": (timed(frequency=2, period=1, periodUnit="d"), Decimal(2)),
    "every eight hours": (timed(frequency=1, period=8, periodUnit="h"), Decimal(3)),
    "every other day": (timed(frequency=1, period=2, periodUnit="d"), Decimal("0.5")),
    "the upper of two frequencies": (
        timed(frequency=2, frequencyMax=4, period=1, periodUnit="d"),
        Decimal(4),
    ),
    "no period is one": (timed(frequency=3, periodUnit="d"), Decimal(3)),
    "no frequency": (timed(period=1, periodUnit="d"), None),
    "no unit": (timed(frequency=1, period=1), None),
    "unknown unit": (timed(frequency=1, period=1, periodUnit="fortnight"), None),
    "unit that is a list": (timed(frequency=1, period=1, periodUnit=["d"]), None),
    "unit that is an object": (timed(frequency=1, period=1, periodUnit={}), None),
    "every eight hours in DSTU2": (timed(frequency=1, period=8, periodUnits="h"), Decimal(3)),
    "a unit without a period in DSTU2": (timed(frequency=1, periodUnits="s"), None),
    "the unit of R4 beside that of DSTU2": (
        timed(frequency=1, period=1, periodUnit="d", periodUnits="h"),
        Decimal(1),
    ),
    "period of nothing": (timed(frequency=1, period=0, periodUnit="d"), None),
    "repeat that is a text": ({"timing": {"repeat": "daily"}}, None),
    "timing that is a text": ({"timing": "daily"}, None),
    "coded": ({"timing": {"code": coded("BID")}}, Decimal(2)),
    "coded in lower case": ({"timing": {"code": coded("q6h")}}, Decimal(4)),
    "coded every four hours": ({"timing": {"code": coded("Q4H")}}, Decimal(6)),
    "unknown code": ({"timing": {"code": coded("NOW")}}, None),
    "numbers before the code": (
        {"timing": {"repeat": {"frequency": 1, "periodUnit": "d"}, "code": coded("BID")}},
        Decimal(1),
    ),
}


@pytest.mark.parametrize(("instruction", "expected"), TIMES.values(), ids=TIMES)
def test_the_times_per_day(instruction: dict[str, Any], expected: Decimal | None) -> None:
    assert only(instruction).times_per_day == expected


DURATIONS = {
    "days": ({"value": 7, "unit": "d"}, Decimal(7)),
    "days in words": ({"value": 7, "unit": "days"}, Decimal(7)),
    "weeks": ({"value": 2, "code": "wk"}, Decimal(14)),
    "hours": ({"value": 36, "unit": "h"}, Decimal("1.5")),
    "unit not known": ({"value": 7, "unit": "cycles"}, None),
    "no unit": ({"value": 7}, None),
    "no number": ({"unit": "d"}, None),
    "a text": ("7 days", None),
}


@pytest.mark.parametrize(("bounds", "days"), DURATIONS.values(), ids=DURATIONS)
def test_the_number_of_days(bounds: Any, days: Decimal | None) -> None:
    assert only(timed(boundsDuration=bounds)).days == days
    assert only(timed(boundsQuantity=bounds)).days == days


def test_dose_and_rate_of_dstu2_stand_on_the_instruction() -> None:
    """https://hl7.org/fhir/DSTU2/medicationorder.html"""
    over_a_day = {"numerator": MG, "denominator": {"value": 24, "unit": "h"}}
    dose = only({"doseQuantity": {"value": 180, "unit": "mg"}, "rateRatio": over_a_day})
    assert (dose.amount, dose.unit) == (Decimal(180), "mg")
    assert (dose.rate, dose.rate_unit) == (Decimal(180), "mg/d")


PERIODS = {
    "dates": ({"start": "2026-11-01", "end": "2026-11-15"}, Decimal(14)),
    "times": ({"start": "2026-11-01T08:00:00Z", "end": "2026-11-11T20:00:00Z"}, Decimal(10)),
    "a day on which it starts and ends": ({"start": "2026-11-01", "end": "2026-11-01"}, None),
    "an end before the start": ({"start": "2026-11-15", "end": "2026-11-01"}, None),
    "no end": ({"start": "2026-11-01"}, None),
    "no start": ({"end": "2026-11-01"}, None),
    "texts": ({"start": "today", "end": "next week"}, None),
    "a text": ("two weeks", None),
}


@pytest.mark.parametrize(("period", "days"), PERIODS.values(), ids=PERIODS)
def test_the_number_of_days_of_a_period(period: Any, days: Decimal | None) -> None:
    assert only(timed(boundsPeriod=period)).days == days


def test_alternatives_of_one_dose_are_all_kept() -> None:
    """Ordered and calculated amounts stand side by side, in units of their own."""
    alternatives = [
        {"doseQuantity": {"value": 100, "unit": "mg/m2"}},
        {"doseQuantity": {"value": 180, "unit": "mg"}, "rateQuantity": {"value": 90, "unit": "h"}},
    ]
    found = doses({"doseAndRate": alternatives, "text": "Daily"}, given(7))
    assert [(d.amount, d.unit, d.rate) for d in found] == [
        (Decimal(100), "mg/m2", None),
        (Decimal(180), "mg", Decimal(90)),
        (Decimal(7), "mg", None),
    ]
    assert [d.words for d in found] == ["daily", "daily", ""]


def test_route_method_and_texts_are_the_words() -> None:
    dose = only(
        {
            "route": {"text": "By Mouth", **coded("ORAL")},
            "method": {"coding": [{"display": "Swallow"}]},
            "text": "Take ONE",
            "patientInstruction": "with water",
        }
    )
    assert dose.words == "by mouth swallow take one with water"
    assert dose.route_codes == (("https://made-up.example/codes", "ORAL"),)


def test_what_is_no_instruction_is_skipped() -> None:
    assert [dose.amount for dose in doses("daily", None, [given(1)], given(2))] == [Decimal(2)]


WRITTEN = {
    "as written": ({"text": "20 mg  SC\nBID"}, "20 mg SC BID"),
    "from its parts": (
        {
            "route": {"text": "Subcutaneous"},
            "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
            "doseAndRate": [{"doseQuantity": {"value": 20, "unit": "mg"}}],
        },
        "20 mg, Subcutaneous, twice a day",
    ),
    "an infusion": (
        {"doseAndRate": [{"rateQuantity": {"value": 200, "unit": "mL/h"}}]},
        "200 mL/h",
    ),
    "nothing said": ({}, ""),
    "text of another type": ({"text": 7}, ""),
    "a page of text": ({"text": "x" * 500}, "x" * 160),
}


@pytest.mark.parametrize(("instruction", "words"), WRITTEN.values(), ids=WRITTEN)
def test_a_dosage_is_shown_as_written_or_put_together(
    instruction: dict[str, object], words: str
) -> None:
    assert dosage_text({"dosageInstruction": [instruction]}) == words


def test_an_order_without_dosage_shows_none() -> None:
    assert dosage_text({}) == ""
    assert dosage_text({"dosageInstruction": "as directed"}) == ""
