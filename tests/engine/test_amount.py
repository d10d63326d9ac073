"""A comparison is yes or no only when the whole range agrees; else it is unknown, and says so."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from cds_service.amount import Amount, bounds_text, number_text
from cds_service.finding import FALSE, TRUE, UNKNOWN, Fact, Truth
from cds_service.readers import Bounds
from tests.engine.made_up import BRIGHT, said

KNOWN = Fact("shine", lambda: "Shine as measured")
GAP = Fact("shine", lambda: "Shine: not recorded", missing=True)
DOUBT = Fact("shine", lambda: "Shine: a newer result could not be read", missing=True)


def between(low: str | None, high: str | None, low_open: bool = False, high_open: bool = False):
    ends = (None if end is None else Decimal(end) for end in (low, high))
    return Bounds(*ends, low_open, high_open)


def amount(bounds: Bounds | None, doubt: Fact | None = None) -> Amount:
    return Amount("Shine", bounds, GAP if bounds is None else KNOWN, doubt, " within 24 h")


# Answers to: at least 100, above 100, at most 100, below 100.
COMPARED = {
    "just below the limit": (between("99.999", "99.999"), (FALSE, FALSE, TRUE, TRUE)),
    "the limit itself": (between("100", "100"), (TRUE, FALSE, TRUE, FALSE)),
    "the limit with other digits": (between("1E+2", "100.0"), (TRUE, FALSE, TRUE, FALSE)),
    "just above the limit": (between("100.001", "100.001"), (TRUE, TRUE, FALSE, FALSE)),
    ">100": (between("100", None, low_open=True), (TRUE, TRUE, FALSE, FALSE)),
    ">=100": (between("100", None), (TRUE, UNKNOWN, UNKNOWN, FALSE)),
    "<100": (between(None, "100", high_open=True), (FALSE, FALSE, TRUE, TRUE)),
    "<=100": (between(None, "100"), (UNKNOWN, FALSE, TRUE, UNKNOWN)),
    ">60": (between("60", None, low_open=True), (UNKNOWN,) * 4),
    "<140": (between(None, "140", high_open=True), (UNKNOWN,) * 4),
    ">140": (between("140", None, low_open=True), (TRUE, TRUE, FALSE, FALSE)),
    "<60": (between(None, "60", high_open=True), (FALSE, FALSE, TRUE, TRUE)),
    "a range around the limit": (between("90", "110"), (UNKNOWN,) * 4),
    "a range up to the limit": (between("90", "100"), (UNKNOWN, FALSE, TRUE, UNKNOWN)),
    "a range from the limit": (between("100", "110"), (TRUE, UNKNOWN, UNKNOWN, FALSE)),
    "a range below": (between("90", "99"), (FALSE, FALSE, TRUE, TRUE)),
    "nothing known of either end": (between(None, None), (UNKNOWN,) * 4),
    "no value": (None, (UNKNOWN,) * 4),
}


def answers(of: Amount) -> tuple[Truth, ...]:
    asked = (of.at_least, of.above, of.at_most, of.below)
    return tuple(ask(BRIGHT).truth for ask in asked)


@pytest.mark.parametrize(("bounds", "expected"), COMPARED.values(), ids=COMPARED)
def test_comparisons_at_the_limit_of_100(
    bounds: Bounds | None, expected: tuple[Truth, ...]
) -> None:
    assert answers(amount(bounds)) == expected


def test_in_doubt_what_is_shown_stands_and_what_is_denied_does_not() -> None:
    assert answers(amount(between("110", "110"), DOUBT)) == (TRUE, TRUE, UNKNOWN, UNKNOWN)
    assert answers(amount(between("90", "90"), DOUBT)) == (UNKNOWN, UNKNOWN, TRUE, TRUE)


def test_a_doubt_is_said_before_the_value_it_casts_doubt_on() -> None:
    finding = amount(between("90", "90"), DOUBT).at_least(BRIGHT)
    assert said(finding.deciding()) == [
        "Shine: a newer result could not be read",
        "Shine as measured",
    ]


def test_a_question_names_the_limit_and_the_window() -> None:
    asked = amount(between("90", "90"))
    assert asked.at_least(BRIGHT).question == "Shine at least 100 lux within 24 h"
    assert asked.above(BRIGHT).question == "Shine above 100 lux within 24 h"
    assert asked.at_most(BRIGHT).question == "Shine at most 100 lux within 24 h"
    assert asked.below(BRIGHT).question == "Shine below 100 lux within 24 h"
    assert asked.known().question == "Shine known within 24 h"


def test_a_range_that_leaves_the_comparison_open_is_a_gap() -> None:
    (fact,) = amount(between("60", None, low_open=True)).at_least(BRIGHT).facts
    assert fact.missing
    assert fact.say() == "Shine as measured: may or may not be at least 100 lux"


def test_a_missing_value_is_said_as_it_is() -> None:
    (fact,) = amount(None).at_least(BRIGHT).facts
    assert fact is GAP


def test_known_means_a_usable_value() -> None:
    assert amount(between("60", None)).known().truth is TRUE
    assert amount(None).known().truth is FALSE


def test_only_an_exact_undoubted_number_is_computed_with() -> None:
    exact = amount(between("70", "70"))
    assert exact.exact() == Decimal(70)
    assert replace(exact, doubt=DOUBT).exact() is None
    assert amount(between("70", "71")).exact() is None
    assert amount(between("70", None)).exact() is None
    assert amount(None).exact() is None


NUMBERS = {
    "7": "7",
    "7.50": "7.5",
    "7.004": "7",
    "99.994": "99.99",
    "0": "0",
    "0.10": "0.1",
    "100": "100",
    "123.45": "123.4",
    "1234.5": "1,234.5",
    "1E+3": "1,000",
    "1234567": "1,234,567",
    "-3.10": "-3.1",
    "0.009": "0.009",
    "0.005": "0.005",
    "0.00123": "0.0012",
    "0.0996": "0.1",
    "1E+25": "10,000,000,000,000,000,000,000,000",
}


@pytest.mark.parametrize(("number", "text"), NUMBERS.items())
def test_a_number_as_a_clinician_writes_it(number: str, text: str) -> None:
    assert number_text(Decimal(number)) == text


@pytest.mark.parametrize(
    ("bounds", "text"),
    [
        (between("7", "7"), "7"),
        (between("70", "71"), "70 to 71"),
        (between("500", None, low_open=True), "above 500"),
        (between("500", None), "at least 500"),
        (between(None, "3", high_open=True), "below 3"),
        (between(None, "3"), "at most 3"),
        (between(None, None), "not known"),
    ],
)
def test_a_range_in_words(bounds: Bounds, text: str) -> None:
    assert bounds_text(bounds) == text
