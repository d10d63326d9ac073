"""What the card of puncture-bleeding-risk says to whom: catalogue R26."""

from hooks.concepts import AML, APL, BLASTS_PERCENT
from tests.patients import diagnosis, part, result
from tests.rules.test_puncture_bleeding_risk import (
    DISEASE,
    LEUKEMIA,
    LP,
    MARROW,
    NO_BLASTS,
    UNSAFE,
    card,
    values,
)


def test_what_is_said_of_als_is_said_in_als():
    text = card(LEUKEMIA, *UNSAFE, LP)["detail"]
    assert "in ALS put off" not in text
    assert "defer while counts or clotting are unsafe, and set a date to review it" in text


def test_the_first_intrathecal_dose_is_a_matter_of_all():
    said = "give the intrathecal dose with the first puncture"
    assert said in card(LEUKEMIA, *UNSAFE, LP)["detail"]
    for other in (AML, APL):
        text = card(diagnosis(other), *UNSAFE, LP)["detail"]
        assert said not in text
        assert "this was not studied in other leukemias" in text


def test_a_marrow_sample_is_not_measured_by_the_limits_of_the_spine():
    text = card(DISEASE, LEUKEMIA, *UNSAFE, MARROW)["detail"]
    assert "Marrow sampling has a low bleeding risk" in text
    assert "Platelets for lumbar puncture" not in text
    assert "defer while" not in text
    assert "Found here" not in text


def found_here(*records):
    lines = part(card(DISEASE, LEUKEMIA, *records, LP), "Consider")
    return [line for line in lines if line.startswith("Found here")]


def test_it_says_which_value_is_unsafe():
    assert found_here(*values(platelets=49), NO_BLASTS) == [
        "Found here: Platelets below 50 ×10⁹/L."
    ]
    assert found_here(*values(), NO_BLASTS) == []
    assert found_here(*values(inr=1.6)[:4], result(BLASTS_PERCENT, 30)) == [
        "Found here: INR above 1.5; Blasts in blood."
    ]
