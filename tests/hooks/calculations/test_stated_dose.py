"""What a dosage text states: one dose in known words, or nothing."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hooks.calculations import stated_dose
from hooks.calculations.stated_dose import StatedDose
from tests.hooks.calculations.support import decimals, examples

# Text to amount in mg, whether per m2, whether per day, times a day.
READ = {
    "100 mg/m2/day continuous iv x7 days": (100, True, True, None),
    "100 mg/m2 daily iv": (100, True, False, 1),
    "200 mg/m²/24 h civi": (200, True, True, None),
    "100 mg/m2 per day by continuous infusion": (100, True, True, None),
    "100 mg/m2 iv over 24 hours": (100, True, True, None),
    "5 mg/m2/h continuous iv": (120, True, True, None),
    "8.5 mg/hr continuous": (204, False, True, None),
    "20 mg sc bid": (20, False, False, 2),
    "20mg subcut q12h x 10 days": (20, False, False, 2),
    "give 20 mg by subcutaneous injection twice daily for 10 days.": (20, False, False, 2),
    "20 mg/m2 sc once daily, days 1-10": (20, True, False, 1),
    "3 g/m2 iv q12h days 1, 3, 5": (3000, True, False, 2),
    "1.5 g/m2/dose iv over 3 hours every 12 hours": (1500, True, False, 2),
    "0.5 g iv": (500, False, False, None),
    "50 mg it": (50, False, False, None),
}


@pytest.mark.parametrize(("text", "expected"), READ.items())
def test_one_dose_in_plain_words_is_read(text, expected):
    found = stated_dose.from_text(text)
    assert found is not None
    assert (found.amount_mg, found.per_m2, found.per_day, found.times_per_day) == expected


NOT_READ = [
    "as per protocol",
    "20 mg sc bid or 40 mg sc daily",
    "100-200 mg/m2 iv daily",
    "100 to 200 mg/m2 iv daily",
    "do not exceed 20 mg sc bid",
    "20 mg sc bid, hold if platelets below 50",
    "20 mg sc bid, then as directed",
    "1,000 mg/m2 iv",
    "1,5 g/m2 iv",
    ".5 g iv",
    "100 mg/m2/day bid",
    "20 mg sc bid, 40 mg sc",
    "20 mg sc bid daily",
    "20 mg sc 3 times daily",
    "5 mg/m2/h iv",
    "5 mg/m2/h iv, not continuous",
    "20 mg/ml sc bid",
    "20 mg/kg iv daily",
    "20 units sc bid",
    "2 ml sc bid",
    "20 mcg sc bid",
    "10 x 20 mg sc",
    "iv daily",
    "",
]


@pytest.mark.parametrize("text", NOT_READ)
def test_anything_else_is_not_read(text):
    assert stated_dose.from_text(text) is None


@examples(100)
@given(
    amount=decimals("0.1", "5000"),
    unit=st.sampled_from(["mg", "mg/m2"]),
    often=st.sampled_from(["daily", "bid"]),
    before=st.sampled_from(["not ", "max ", "or ", "hold ", "if wbc high ", "2-", "~"]),
)
def test_a_word_that_is_not_known_makes_the_text_unreadable(amount, unit, often, before):
    text = f"{amount} {unit} sc {often}"
    assert stated_dose.from_text(text) is not None
    assert stated_dose.from_text(before + text) is None
    assert stated_dose.from_text(f"{text} {before}") is None


@examples(50)
@given(amount=decimals("0.1", "50"))
def test_grams_and_milligrams_are_the_same_dose(amount):
    in_g = stated_dose.from_text(f"{amount} g/m2 iv bid")
    assert in_g == stated_dose.from_text(f"{amount * 1000} mg/m2 iv bid")
    assert in_g is not None


LENGTHS = {
    "x7 days": 7,
    "x 10 d": 10,
    "for 21 days per protocol": 21,
    "for 3 weeks": 21,
    "days 1-10": 10,
    "days 1 to 28 of the cycle": 28,
    "on days 1, 3, 5": 5,
    "for 10 days, then for 14 days": 14,
    "twice daily": None,
    "every 28 days": None,
}


@pytest.mark.parametrize(("text", "days"), LENGTHS.items())
def test_the_longest_course_that_a_text_names_counts(text, days):
    assert stated_dose.longest_days(text) == days


def test_an_amount_per_area_and_for_the_body_need_the_area():
    flat, scaled = (StatedDose(Decimal(100), per_m2, False) for per_m2 in (False, True))
    assert (flat.total_mg(None), flat.amount_mg_per_m2(None)) == (100, None)
    assert (scaled.total_mg(None), scaled.amount_mg_per_m2(None)) == (None, 100)
    assert (flat.amount_mg_per_m2(Decimal(2)), scaled.total_mg(Decimal(2))) == (50, 200)
