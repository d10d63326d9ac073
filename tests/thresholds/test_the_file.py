"""A file of limits is read whole or refused whole, with all that is wrong in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

import hooks
from cds_service.engine import load_engine
from cds_service.errors import ContentError
from cds_service.limits import Limits, Stated
from cds_service.local_limits import announce, bounds, read_limits
from cds_service.settings import Settings
from cds_service.terminology import Threshold, Window
from hooks import thresholds
from tests.patients import NOW
from tests.thresholds.files import threshold, window, written

TODAY = NOW.date()


def limits(folder: Path, *entries: str) -> Limits:
    path = written(folder, *entries)
    return load_engine(hooks, Settings(thresholds=str(path))).limits


def refused(folder: Path, *entries: str) -> list[str]:
    with pytest.raises(ContentError) as refusal:
        limits(folder, *entries)
    path = f"{folder / 'thresholds.toml'}: "
    assert all(problem.startswith(path) for problem in refusal.value.problems)
    return [problem.removeprefix(path) for problem in refusal.value.problems]


def test_without_a_file_the_content_s_own_limits_hold() -> None:
    found = load_engine(hooks, Settings()).limits
    assert (found.local, found.by_rule) == ({}, {})
    assert found.of(thresholds.HYPERLEUKOCYTOSIS) is thresholds.HYPERLEUKOCYTOSIS


def test_a_value_takes_the_place_of_the_default(tmp_path: Path) -> None:
    found = limits(tmp_path, threshold("high-count", "40"), window("fresh-count", hours="12"))
    count, fresh = found.of(thresholds.HIGH_COUNT), found.of(thresholds.FRESH_COUNT)
    assert (count.value, str(count)) == (Decimal(40), "40 ×10⁹/L")
    assert (fresh.length, str(fresh)) == (timedelta(hours=12), "12 h")
    assert found.of(thresholds.OLD_COUNT) is thresholds.OLD_COUNT


def test_it_is_named_for_the_rules_that_rest_on_it_and_no_others(tmp_path: Path) -> None:
    found = limits(tmp_path, threshold("venetoclax-count", "20"))
    assert set(found.by_rule) == {"venetoclax-start", "hypomethylating-agent-alone"}


@pytest.mark.parametrize(
    ("name", "value", "unit", "read"),
    [
        ("low-fibrinogen", "1.2", "g/L", "120 mg/dL"),
        ("high-count", "40000", "/uL", "40 ×10⁹/L"),
        ("hypercapnia", "6.0", "kPa", "45.0036 mmHg"),
        ("unfit-clearance", "40", "mL/min", "40 mL/min"),
        ("mrd-high", "0.05", "%", "0.05 %"),
    ],
)
def test_a_unit_that_converts_is_converted(
    tmp_path: Path, name: str, value: str, unit: str, read: str
) -> None:
    found = limits(tmp_path, threshold(name, value, unit))
    assert str(found.of(thresholds.BY_NAME[name])) == read


def test_what_a_unit_converts_to_is_shown_with_as_many_digits_as_anybody_reads(
    tmp_path: Path,
) -> None:
    own = limits(tmp_path, threshold("tls-urate", "400", "umol/L")).of(thresholds.TLS_URATE)
    assert str(own) == "6.72495 mg/dL"
    assert own.value == Decimal(400) * (thresholds.TLS_URATE.units.factor("umol/L") or 0)


def test_a_limit_set_to_its_default_is_no_local_one(tmp_path: Path) -> None:
    assert limits(tmp_path, threshold("high-count", "50")).local == {}


@pytest.mark.parametrize("name", ["high-count", "tls-potassium", "low-oxygen", "mrd-high"])
def test_the_ends_of_what_may_be_set_are_taken_and_what_lies_beyond_is_not(
    tmp_path: Path, name: str
) -> None:
    limit = thresholds.BY_NAME[name]
    assert isinstance(limit, Threshold)
    unit = limit.units.canonical
    for end, beyond in zip(bounds(limit), ("0.999", "1.001"), strict=True):
        assert isinstance(end, Threshold)
        own = limits(tmp_path, threshold(name, str(end.value), unit)).of(limit)
        assert own.value == end.value
        [problem] = refused(tmp_path, threshold(name, str(end.value * Decimal(beyond)), unit))
        assert "is outside of what may be set" in problem


def test_half_and_double_are_the_ends_where_nothing_else_is_declared() -> None:
    low, high = bounds(thresholds.LOW_PLATELETS_FOR_PUNCTURE)
    assert isinstance(low, Threshold)
    assert isinstance(high, Threshold)
    assert (low.value, high.value) == (25, 100)
    first, last = bounds(thresholds.SHOWN_AS_OLD)
    assert isinstance(first, Window)
    assert isinstance(last, Window)
    assert (first.length, last.length) == (timedelta(hours=24), timedelta(days=4))


def test_half_of_an_odd_number_of_days_is_said_as_it_can_be_set(tmp_path: Path) -> None:
    low, _ = bounds(thresholds.BILIRUBIN)
    assert str(low) == "72 h"
    own = limits(tmp_path, window("bilirubin", days="3")).of(thresholds.BILIRUBIN)
    assert own.length == timedelta(days=3)


REFUSED = {
    "a name that there is not": (threshold("high-cuont", "60"), "there is no such limit"),
    "no name": (threshold("", "60"), "name: is missing"),
    "no value": (threshold("high-count", ""), "value: is missing"),
    "no unit": (threshold("high-count", "40", ""), "unit: is missing"),
    "no reason": (threshold("high-count", "40", reason=""), "reason: is missing"),
    "an empty reason": (threshold("high-count", "40", reason='""'), "reason: is missing"),
    "nobody who approved": (threshold("high-count", "40", approved_by=""), "approved_by: is"),
    "an approver with markup": (
        threshold("high-count", "40", approved_by='"<b>Me</b>"'),
        "matching regex",
    ),
    "no date": (threshold("high-count", "40", date=""), "date: is missing"),
    "a date as a text": (threshold("high-count", "40", date='"soon"'), "Invalid RFC3339"),
    "a date with a time": (
        threshold("high-count", "40", date="2026-10-01T12:00:00"),
        "write a day",
    ),
    "a number as a text": (threshold("high-count", '"40"'), "Expected `int | float`"),
    "yes as a number": (threshold("high-count", "true"), "Expected `int | float`"),
    "no number": (threshold("high-count", "nan"), "is no number"),
    "without end": (threshold("high-count", "inf"), "is no number"),
    "another unit": (threshold("high-count", "40", "mg/dL"), 'is not "10*9/L"'),
    "a unit of another size": (threshold("high-count", "40", "/uL"), "0.04 ×10⁹/L is outside"),
    "a blank for a unit": (threshold("high-inr", "1.4", " "), 'is not "{INR}"'),
    "a negative number": (threshold("high-count", "-40"), "is outside"),
    "a window as a limit": (threshold("fresh-count", "12", "h"), "under [[window]]"),
    "a limit as a window": (window("high-count", hours="12"), "under [[threshold]]"),
    "a word too many": (threshold("high-count", "40", values="60"), "unknown field `values`"),
    "neither hours nor days": (window("fresh-count"), "either hours or days"),
    "hours and days": (window("fresh-count", hours="12", days="1"), "either hours or days"),
    "a part of an hour": (window("fresh-count", hours="12.5"), "Expected `int | null`"),
    "too many hours": (window("fresh-count", hours="9" * 18), "is too long"),
    "a negative time": (window("fresh-count", hours="-12"), "is outside"),
    "hours that are no days": (window("old-count", hours="100"), "only whole days"),
    "what a site cannot set": (threshold("severe-ecog", "3", "{score}"), "a site cannot set it"),
    "the other way round": (
        threshold("low-platelets-for-line", "40") + threshold("low-platelets-for-puncture", "30"),
        "low-platelets-for-line 40 ×10⁹/L would be above low-platelets-for-puncture 30 ×10⁹/L",
    ),
    "twice": (
        threshold("high-count", "40") + threshold("high-count", "45"),
        "threshold high-count: stands twice",
    ),
    "twice, once as it is": (
        threshold("high-count", "50") + threshold("high-count", "45"),
        "threshold high-count: stands twice",
    ),
    "nothing": ("", "holds neither [[threshold]] nor [[window]]"),
    "another table": ("[[limit]]\nname = 1", "unknown field `limit`"),
    "no TOML": ("[[threshold", ""),
    "more digits than a card shows": (
        threshold("older-adult", "60.12345", "a"),
        "value: has more digits than are shown, which are 6",
    ),
}


@pytest.mark.parametrize(("text", "words"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_refused(tmp_path: Path, text: str, words: str) -> None:
    [problem] = refused(tmp_path, text)
    assert words in problem


def test_a_number_that_makes_a_summary_too_long_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, threshold("older-adult", "60.1234", "a"))
    rule = hooks.SERVICES[0].rules()[0]
    full = replace(rule, summary=Stated("x" * 134 + " {.number}", thresholds.OLDER_ADULT))
    with pytest.raises(ContentError, match=f"the summary of {rule.id} would be longer than 139"):
        read_limits(str(path), hooks.LIMITS, (full,), hooks.limits_of)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="CDS_THRESHOLDS names a TOML file"):
        load_engine(hooks, Settings(thresholds=str(tmp_path / "none.toml")))


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    wrong = threshold("high-count", "", reason="", date="") + window("no-such", hours="1")
    assert refused(tmp_path, wrong, threshold("high-inr", "9", "{INR}")) == [
        "threshold high-count: value: is missing",
        "threshold high-count: reason: is missing",
        "threshold high-count: date: is missing",
        "threshold high-inr: 9 is outside of what may be set, 1.2 to 1.5 (default 1.5)",
        "window no-such: there is no such limit",
    ]


def test_content_without_limits_refuses_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("hooks.LIMITS")
    path = written(tmp_path, threshold("high-count", "40"))
    with pytest.raises(ContentError, match="has no limits that a site may set"):
        load_engine(hooks, Settings(thresholds=str(path)))


def test_production_does_not_start_on_an_approval_that_is_to_come(tmp_path: Path) -> None:
    later = limits(tmp_path, threshold("high-count", "40", date="2026-11-22"))
    with pytest.raises(ContentError, match="high-count: approved on 2026-11-22, which is to come"):
        announce(later, "production", TODAY)
    announce(later, "sandbox", TODAY)
    today = limits(tmp_path, threshold("high-count", "40", date="2026-11-21"))
    announce(today, "production", TODAY)
