"""What a site cannot set: a limit that would silence a danger, or clear what today's would not."""

from __future__ import annotations

from pathlib import Path

import pytest

from cds_service.limits import Limit
from cds_service.local_limits import bounds
from cds_service.terminology import Threshold, Window
from hooks import thresholds
from tests.thresholds.changed import CHANGEABLE
from tests.thresholds.files import threshold, window
from tests.thresholds.test_the_file import limits, refused

NOT_ABOVE = {
    "hyperleukocytosis",
    "tumor-lysis-risk",
    "high-count",
    "hypercapnia",
    "high-dose-methotrexate",
    "high-dose-cytarabine",
    "large-hydration",
    "mrd-detectable",
    "high-hemoglobin",
    "dangerous-qtc",
    "venetoclax-count",
    "hydroxyurea-maximum",
    "fertile-from",
    "tls-potassium",
    "tls-phosphate-adult",
    "tls-phosphate-child",
    "tls-urate",
    "high-inr",
}
"""Above the default they would say nothing where a card is due today."""

NOT_BELOW = {
    "fvc-severe",
    "fvc-preserved",
    "weak-sniff",
    "weak-inspiration",
    "low-oxygen",
    "potassium-for-arsenic",
    "magnesium-for-arsenic",
    "neutropenia",
    "fertile-below",
    "tls-calcium",
}

EITHER_WAY = {
    "unfit-age": "fit and unfit are two paths, and both have their danger",
    "unfit-ejection-fraction": "the same",
    "unfit-lung-function": "the same",
    "unfit-clearance": "the same",
    "unfit-bilirubin": "the same; upper limits of normal differ between laboratories",
    "older-adult": "no age is agreed on",
    "mrd-high": "a level of risk within what is positive anyway",
    "marrow-blasts-high": "the same",
    "low-platelets-for-line": "guidance names 10 and 20",
    "low-platelets-for-puncture": "guidance names 20 and 50",
    "low-platelets": "the guidance's target is a range",
    "low-fibrinogen": "the guidance's target is a range",
    "recovered-neutrophils": "the protocol of the therapy decides",
    "recovered-platelets": "the protocol of the therapy decides",
    "shown-as-old": "nothing is decided by it, old values are shown as such",
    "breathing-review": "nothing is decided by it, old values are shown as such",
    "organ-function": "a longer window finds more that makes unfit, a shorter one newer values",
    "bilirubin": "the same",
}
"""Which side is the safe one depends on the patient, and why."""

WARNS_FOR_LONGER = {"after-remission", "morphology"}
"""Windows that the safe side lengthens: they hold what a warning rests on, and clear nothing."""

ROUNDING = 1.005
"""So that a default can be written in the other unit: 1.75 mmol/L of calcium is 7.01 mg/dL."""


def size(limit: Limit) -> float:
    return float(limit.value) if isinstance(limit, Threshold) else limit.length.total_seconds()


@pytest.mark.parametrize("limit", CHANGEABLE, ids=lambda limit: limit.name)
def test_a_card_calls_it_by_more_than_its_name(limit: Limit) -> None:
    assert len(limit.title.split()) > 1


@pytest.mark.parametrize("limit", CHANGEABLE, ids=lambda limit: limit.name)
def test_what_warns_or_clears_can_be_made_stricter_only(limit: Limit) -> None:
    low, high = map(size, bounds(limit))
    if limit.name in EITHER_WAY:
        assert low < size(limit) < high
    elif limit.name in NOT_BELOW | WARNS_FOR_LONGER:
        assert low >= size(limit) / ROUNDING
    else:
        assert isinstance(limit, Window) or limit.name in NOT_ABOVE
        assert high <= size(limit) * ROUNDING


def test_every_limit_is_judged_once() -> None:
    windows = {each.name for each in CHANGEABLE if isinstance(each, Window)}
    judged = [*NOT_ABOVE, *NOT_BELOW, *EITHER_WAY, *WARNS_FOR_LONGER]
    assert len(judged) == len(set(judged))
    assert {each.name for each in CHANGEABLE} == {*judged, *windows}


@pytest.mark.parametrize(
    ("name", "value", "unit"),
    [
        ("hyperleukocytosis", "200", "10*9/L"),
        ("high-count", "100", "10*9/L"),
        ("fvc-severe", "40", "%"),
        ("tls-potassium", "6.5", "mmol/L"),
        ("tls-urate", "590", "umol/L"),
        ("high-inr", "2", "{INR}"),
        ("high-hemoglobin", "7", "g/dL"),
    ],
)
def test_a_dangerous_limit_is_refused(tmp_path: Path, name: str, value: str, unit: str) -> None:
    [problem] = refused(tmp_path, threshold(name, value, unit))
    assert "is outside of what may be set" in problem


@pytest.mark.parametrize(
    ("name", "hours"), [("fresh-count", "48"), ("procedure-values", "36"), ("qtc", "96")]
)
def test_a_window_that_clears_cannot_be_lengthened(tmp_path: Path, name: str, hours: str) -> None:
    hours, days = ("", "4") if hours == "96" else (hours, "")
    [problem] = refused(tmp_path, window(name, hours=hours, days=days))
    assert "is outside of what may be set" in problem


@pytest.mark.parametrize("name", ["apl-high-risk", "adult"])
def test_what_is_dangerous_on_both_sides_is_not_a_site_s_to_set(tmp_path: Path, name: str) -> None:
    limit = thresholds.BY_NAME[name]
    assert isinstance(limit, Threshold)
    [problem] = refused(tmp_path, threshold(name, "17", limit.units.canonical))
    assert "a site cannot set it" in problem


@pytest.mark.parametrize(
    ("name", "value", "unit"),
    [
        ("tls-phosphate-adult", "1.45", "mmol/L"),
        ("tls-phosphate-child", "2.1", "mmol/L"),
        ("tls-calcium", "1.75", "mmol/L"),
        ("tls-urate", "476", "umol/L"),
        ("hypercapnia", "6", "kPa"),
        ("high-hemoglobin", "100", "g/L"),
        ("low-fibrinogen", "1.5", "g/L"),
    ],
)
def test_a_default_can_be_written_in_the_unit_of_the_other_laboratories(
    tmp_path: Path, name: str, value: str, unit: str
) -> None:
    limits(tmp_path, threshold(name, value, unit))
