"""Calcium corrected for albumin: Ca + 0.8 x (4 - albumin), section 5.10."""

from decimal import Decimal

import pytest
from hypothesis import given

from hooks.calculations import calcium
from hooks.concepts import ALBUMIN, CALCIUM
from tests.hooks.calculations.support import decimals, examples
from tests.patients import chart, result


@pytest.mark.parametrize(
    ("total", "albumin", "corrected"),
    [("8.9", "4", "8.9"), ("6.5", "2.5", "7.7"), ("7.4", "5", "6.6"), ("7", "2", "8.6")],
)
def test_a_gram_of_missing_albumin_stands_for_0_8_mg_of_calcium(total, albumin, corrected):
    found = calcium.corrected_mg_per_dl(Decimal(total), Decimal(albumin))
    assert found == Decimal(corrected)


@pytest.mark.parametrize(
    ("total", "albumin"),
    [((6.5, "mg/dL"), (2.5, "g/dL")), ((1.62175, "mmol/L"), (25, "g/L"))],
    ids=["mg and g/dL", "mmol and g/L"],
)
def test_either_unit_gives_the_same_calcium(total, albumin):
    found = calcium.corrected_calcium_mg_per_dl(
        chart(result(CALCIUM, *total), result(ALBUMIN, *albumin))
    )
    assert found is not None
    assert abs(found - Decimal("7.7")) < Decimal("1e-9")


TOTAL, ALBUMIN_LOW = result(CALCIUM, 6.5), result(ALBUMIN, 2.5)

NOT_KNOWN = {
    "no albumin": (TOTAL,),
    "no calcium": (ALBUMIN_LOW,),
    "calcium older than 12 h": (result(CALCIUM, 6.5, hours_ago=12.1), ALBUMIN_LOW),
    "albumin older than 24 h": (TOTAL, result(ALBUMIN, 2.5, hours_ago=24.1)),
    "albumin only bounded": (TOTAL, result(ALBUMIN, 2.5, comparator="<")),
}


@pytest.mark.parametrize("records", NOT_KNOWN.values(), ids=NOT_KNOWN)
def test_nothing_is_corrected_without_both_values(records):
    assert calcium.corrected_calcium_mg_per_dl(chart(TOTAL, ALBUMIN_LOW)) is not None
    assert calcium.corrected_calcium_mg_per_dl(chart(*records)) is None


def test_an_albumin_of_yesterday_still_corrects():
    yesterday = result(ALBUMIN, 2.5, hours_ago=24)
    assert calcium.corrected_calcium_mg_per_dl(chart(TOTAL, yesterday)) is not None


@examples(50)
@given(total=decimals("4", "14"), albumin=decimals("1", "6"), more=decimals("0.1", "2"))
def test_less_albumin_means_more_corrected_calcium(total, albumin, more):
    here = calcium.corrected_mg_per_dl(total, albumin)
    assert calcium.corrected_mg_per_dl(total, albumin + more) < here
    assert calcium.corrected_mg_per_dl(total + more, albumin) > here
