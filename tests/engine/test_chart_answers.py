"""What the results of a test say: yes, no, or neither; now, and at any time."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN, Truth
from cds_service.presence import read_presence
from tests.engine.made_up import GLOW, TODAY, ago, chart, coded, decoded, observation

Records = tuple[dict[str, Any], ...]
NOT_READ = {"troubles": {"glow": "could not be checked"}}


def glow(text: str | None, hours: float = 3, **fields: Any) -> dict[str, Any]:
    answer = {} if text is None else {"valueCodeableConcept": {"text": text}}
    return observation("GLOW", effectiveDateTime=ago(hours), **answer, **fields)


def untimed(text: str | None, **fields: Any) -> dict[str, Any]:
    """A result without the time of its sample."""
    return {k: v for k, v in glow(text, **fields).items() if k != "effectiveDateTime"}


GLOWS: dict[str, tuple[Records, Truth, Truth]] = {
    "never tested": ((), FALSE, FALSE),
    "positive": ((glow("Positive"),), TRUE, FALSE),
    "negative": ((glow("Not detected"),), FALSE, TRUE),
    "pending": ((glow("pending"),), FALSE, FALSE),
    "without a value": ((glow(None),), FALSE, FALSE),
    "answered in words that are not read": ((glow("faintly so"),), UNKNOWN, UNKNOWN),
    "read before, then in other words": (
        (glow("negative", 9), glow("faintly so")),
        UNKNOWN,
        UNKNOWN,
    ),
    "read after other words": ((glow("faintly so", 9), glow("negative")), FALSE, TRUE),
    "positive, then negative": ((glow("positive", 9), glow("negative")), FALSE, TRUE),
    "negative, then positive": ((glow("negative", 9), glow("positive")), TRUE, FALSE),
    "both at one time": ((glow("negative"), glow("positive")), TRUE, FALSE),
    "positive in error": ((glow("positive", status="entered-in-error"),), FALSE, FALSE),
    "negative, its status unknown": ((glow("negative", status="unknown"),), UNKNOWN, UNKNOWN),
    "positive, its status none of FHIR's": (
        (glow("positive", status="cannot-be-obtained"),),
        UNKNOWN,
        UNKNOWN,
    ),
    "positive in the future": ((glow("positive", -5),), UNKNOWN, UNKNOWN),
    "in a panel": (
        (observation("PANEL", component=[{"code": coded("GLOW"), "valueString": "detected"}]),),
        TRUE,
        FALSE,
    ),
}


@pytest.mark.parametrize(("records", "positive", "negative"), GLOWS.values(), ids=GLOWS)
@pytest.mark.parametrize("backwards", [False, True])
def test_what_a_test_says(
    records: Records, positive: Truth, negative: Truth, backwards: bool
) -> None:
    asked = chart(*(reversed(records) if backwards else records))
    assert asked.test_is_positive(GLOW).truth is positive
    assert asked.test_is_negative(GLOW).truth is negative


EVER: dict[str, tuple[Records, Truth]] = {
    "never tested": ((), FALSE),
    "negative": ((glow("negative"),), FALSE),
    "negative at every time": ((glow("negative", 9), glow("negative")), FALSE),
    "positive, then negative": ((glow("positive", 9), glow("negative")), TRUE),
    "positive, then in other words": ((glow("positive", 9), glow("faintly so")), TRUE),
    "in other words, then positive": ((glow("faintly so", 9), glow("positive")), TRUE),
    "in other words, then negative": ((glow("faintly so", 9), glow("negative")), UNKNOWN),
    "negative, then in other words": ((glow("negative", 9), glow("faintly so")), UNKNOWN),
    "in other words between two negatives": (
        (glow("negative", 9), glow("faintly so", 6), glow("negative")),
        UNKNOWN,
    ),
    "in other words and negative at one time": ((glow("faintly so"), glow("negative")), FALSE),
    "pending, then negative": ((glow("pending", 9), glow("negative")), FALSE),
    "without a value, then negative": ((glow(None, 9), glow("negative")), FALSE),
    "in other words in error, then negative": (
        (glow("faintly so", 9, status="entered-in-error"), glow("negative")),
        FALSE,
    ),
    "positive at no known time, then negative": ((untimed("positive"), glow("negative")), UNKNOWN),
    "flagged at no known time, then negative": (
        (untimed(None, interpretation=[coded("POS")]), glow("negative")),
        UNKNOWN,
    ),
    "negative at no known time, then negative": ((untimed("negative"), glow("negative")), FALSE),
    "positive and its status unknown, then negative": (
        (glow("positive", 9, status="unknown"), glow("negative")),
        UNKNOWN,
    ),
    "negative and its status unknown, then negative": (
        (glow("negative", 9, status="unknown"), glow("negative")),
        FALSE,
    ),
    "positive in the future, negative now": ((glow("positive", -5), glow("negative")), UNKNOWN),
}


@pytest.mark.parametrize(("records", "truth"), EVER.values(), ids=EVER)
@pytest.mark.parametrize("backwards", [False, True])
def test_what_holds_once_and_for_all(records: Records, truth: Truth, backwards: bool) -> None:
    asked = chart(*(reversed(records) if backwards else records))
    assert asked.test_was_positive(GLOW).truth is truth


NO_ANSWER = "could not be read as yes or no"
AS_SENT: dict[str, tuple[dict[str, Any], str]] = {
    "words": (glow("faintly so", 9), f'{NO_ANSWER}: "faintly so", 2026-'),
    "a number": (
        observation("GLOW", effectiveDateTime=ago(9), valueQuantity={"value": 1.2, "unit": "lx"}),
        f"{NO_ANSWER}: 1.2 lx, 2026-",
    ),
    "a contradiction": (
        glow("negative", 9, interpretation=[coded("POS")]),
        f'{NO_ANSWER}: "negative" flagged POS, 2026-',
    ),
    "a ratio": (
        observation("GLOW", effectiveDateTime=ago(9), valueRatio={}),
        f"{NO_ANSWER}: 2026-",
    ),
    "a ratio at no known time": (
        untimed(None, valueRatio={}),
        NO_ANSWER,
    ),
    "no time": (untimed("positive"), 'came without the time of the sample: "positive"'),
    "no known status": (
        glow("positive", 9, status="unknown"),
        'has an unknown status: "positive", 2026-',
    ),
    "a time to come": (glow("positive", -5), 'is dated in the future: "positive", 2026-'),
}


@pytest.mark.parametrize(("unread", "words"), AS_SENT.values(), ids=AS_SENT)
def test_a_result_that_leaves_a_test_unknown_is_named_as_sent(
    unread: dict[str, Any], words: str
) -> None:
    for asked in (chart(unread).test_is_positive(GLOW), chart(unread).test_was_positive(GLOW)):
        (fact,) = asked.facts
        assert fact.say().startswith(f"{GLOW.title}: a result is on record that {words}")
        assert not fact.say().endswith((":", " "))
        assert fact.missing


@pytest.mark.parametrize("backwards", [False, True])
def test_of_several_results_that_leave_a_test_unknown_the_newest_is_named(backwards: bool) -> None:
    records = (untimed("a little"), glow("faintly so", 9), glow("dimly", 6), glow("negative"))
    asked = chart(*(reversed(records) if backwards else records)).test_was_positive(GLOW)
    assert [fact.say().split('"')[1] for fact in asked.facts] == ["dimly"]


def test_a_test_that_could_not_be_looked_for_is_unknown() -> None:
    assert chart(**NOT_READ).test_is_positive(GLOW).truth is UNKNOWN
    assert chart(glow("negative"), **NOT_READ).test_is_positive(GLOW).truth is FALSE


def test_a_test_counts_within_its_window() -> None:
    assert chart(glow("positive", 24)).test_is_positive(GLOW, TODAY).truth is TRUE
    assert chart(glow("positive", 25)).test_is_positive(GLOW, TODAY).truth is FALSE


ANSWERS: dict[str, tuple[dict[str, Any], bool | None]] = {
    "true": ({"valueBoolean": True}, True),
    "false": ({"valueBoolean": False}, False),
    "word": ({"valueString": " Present "}, True),
    "word in a sentence": ({"valueString": "no glow present"}, None),
    "not detected is not detected": ({"valueString": "NOT DETECTED"}, False),
    "with the tag of its code system": (
        {"valueCodeableConcept": {"coding": [{"display": "Negative (qualifier value)"}]}},
        False,
    ),
    "interpretation": ({"interpretation": [coded("POS")]}, True),
    "contradiction": ({"valueString": "negative", "interpretation": [coded("POS")]}, None),
    "nothing": ({}, None),
    "number": ({"valueInteger": 1}, None),
}


@pytest.mark.parametrize(("source", "answer"), ANSWERS.values(), ids=ANSWERS)
def test_words_count_only_as_a_whole(source: dict[str, Any], answer: bool | None) -> None:
    assert read_presence(decoded(source), GLOW) is answer
