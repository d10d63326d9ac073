"""Which result counts, how it is shown, and why another one does not."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN, Truth
from cds_service.readers import Bounds
from cds_service.terminology import Window
from tests.engine.made_up import (
    BRIGHT,
    GRADE,
    ME,
    SHINE,
    TODAY,
    ago,
    chart,
    coded,
    observation,
)

Records = tuple[dict[str, Any], ...]
NOT_READ = {"troubles": {"shine": "could not be checked"}}

ERROR = "entered-in-error"


def shine(value: Any, hours: float = 3, **fields: Any) -> dict[str, Any]:
    return observation("SHINE", value, effectiveDateTime=ago(hours), **fields)


def bounds(*records: dict[str, Any]) -> Bounds | None:
    return chart(*records).latest(SHINE).bounds


LATEST: dict[str, tuple[Records, str | None]] = {
    "the newer one": ((shine(1, 30), shine(2, 3), shine(3, 9)), "2"),
    "whatever the zone": (
        (
            observation(value=1, effectiveDateTime="2026-11-21T11:00:00+03:00"),
            observation(value=2, effectiveDateTime="2026-11-21T09:00:00Z"),
        ),
        "2",
    ),
    "corrected over final": ((shine(1), shine(2, status="corrected")), "2"),
    "amended over final": ((shine(1), shine(2, status="amended")), "2"),
    "final over preliminary": ((shine(1, status="preliminary"), shine(2)), "2"),
    "newer preliminary over older final": ((shine(1, 4), shine(2, status="preliminary")), "2"),
    "the preferred code of one time": ((shine(1), shine(2, code=coded("SHINE-BEST"))), "2"),
    "the later issued of one time": (
        (shine(1, issued=ago(2)), shine(2, issued=ago(1))),
        "2",
    ),
    "not entered in error": ((shine(1, status="entered-in-error"), shine(2, 9)), "2"),
    "not cancelled": ((shine(1, status="cancelled"), shine(2, 9)), "2"),
    "not registered": ((shine(1, status="registered"), shine(2, 9)), "2"),
    "without status": ((shine(2, status=None),), "2"),
    "status that is no text": ((shine(1, status=["final"]),), None),
    "not in the future": ((shine(1, -1), shine(2, 9)), "2"),
    "minutes ahead": ((shine(2, -0.1),), "2"),
    "not without a time": ((observation(value=1, effectiveDateTime=None),), None),
    "issued where there is no other time": (
        (observation(value=2, effectiveDateTime=None, issued=ago(1)),),
        "2",
    ),
    "not an implausible one": ((shine(5001), shine(2, 9)), "2"),
    "the highest plausible one": ((shine(5000),), "5000"),
    "not below the lowest": ((shine(-1),), None),
    "not of another subject": (
        (shine(1, subject={"reference": "Patient/subject-2"}), shine(2, 9)),
        "2",
    ),
    "of the subject": ((shine(2, subject={"reference": f"https://x.example/Patient/{ME}"}),), "2"),
    "without subject": ((shine(2),), "2"),
    "of the year 1": ((shine(2) | {"effectiveDateTime": "0001-01-01T00:00:00Z"},), "2"),
}


@pytest.mark.parametrize(("records", "expected"), LATEST.values(), ids=LATEST)
@pytest.mark.parametrize("backwards", [False, True])
def test_which_result_counts(records: Records, expected: str | None, backwards: bool) -> None:
    found = bounds(*(reversed(records) if backwards else records))
    assert found == (None if expected is None else Bounds.exactly(Decimal(expected)))


COPIES: dict[str, tuple[Records, str | None]] = {
    "corrected": ((shine(1, id="a"), shine(2, id="a", status="corrected")), "2"),
    "corrected to an earlier time": (
        (shine(1, 3, id="a"), shine(2, 9, id="a", status="corrected")),
        "2",
    ),
    "entered in error after all": ((shine(1, id="a"), shine(1, id="a", status=ERROR)), None),
    "another one entered in error": ((shine(2, 9, id="a"), shine(1, id="b", status=ERROR)), "2"),
    "sent twice": ((shine(2, id="a"), shine(2, id="a")), "2"),
}


@pytest.mark.parametrize(("records", "expected"), COPIES.values(), ids=COPIES)
@pytest.mark.parametrize("backwards", [False, True])
def test_of_copies_of_one_result_the_newest_counts(
    records: Records, expected: str | None, backwards: bool
) -> None:
    found = bounds(*(reversed(records) if backwards else records))
    assert found == (None if expected is None else Bounds.exactly(Decimal(expected)))


@pytest.mark.parametrize("status", ["Final ", "FINAL"])
def test_a_status_in_capitals_is_the_same_status(status: str) -> None:
    assert bounds(shine(2, status=status)) == Bounds.exactly(Decimal(2))


@pytest.mark.parametrize("status", ["finished", "", 5, ["final"], {}])
def test_a_status_that_is_none_of_fhirs_is_said(status: Any) -> None:
    asked = chart(shine(50, 9), shine(120, status=status)).latest(SHINE)
    assert asked.doubt is not None
    assert "Shine 120 lux: not used, its status is unknown" in asked.doubt.say()
    assert asked.at_least(BRIGHT).truth is UNKNOWN


def component(code: str, value: Any) -> dict[str, Any]:
    return {"code": coded(code), "valueQuantity": {"value": value, "unit": "lux"}}


def test_a_result_inside_a_panel_counts() -> None:
    panel = observation("PANEL", component=[component("OTHER", 1), component("SHINE", 2)])
    assert bounds(panel) == Bounds.exactly(Decimal(2))


def test_a_panel_that_bears_the_code_itself_gives_its_components_value() -> None:
    panel = observation("SHINE", component=[component("SHINE", 2)])
    asked = chart(panel).latest(SHINE)
    assert (asked.bounds, asked.doubt) == (Bounds.exactly(Decimal(2)), None)


def test_equally_good_results_that_differ_are_a_named_range() -> None:
    asked = chart(shine(90), shine(110)).latest(SHINE)
    assert asked.bounds == Bounds(Decimal(90), Decimal(110))
    assert asked.at_least(BRIGHT).truth is UNKNOWN
    assert "results of the same time contradict each other: 90 to 110" in asked.fact.say()


def test_the_same_result_twice_is_one_result() -> None:
    asked = chart(shine(90), shine(90)).latest(SHINE)
    assert (asked.bounds, asked.fact.missing) == (Bounds.exactly(Decimal(90)), False)


@pytest.mark.parametrize("hours", [3, 2])
def test_a_newer_result_that_cannot_be_read_casts_doubt(hours: float) -> None:
    unread = shine(90, hours)
    unread["valueQuantity"]["unit"] = "lumen"
    asked = chart(shine(50), unread).latest(SHINE)
    assert asked.doubt is not None
    assert 'Shine 90 lumen: not used, unit "lumen"' in asked.doubt.say()
    assert asked.at_least(BRIGHT).truth is UNKNOWN
    assert asked.exact() is None


def test_an_older_result_that_cannot_be_read_casts_none() -> None:
    asked = chart(shine(50), shine("x", 4)).latest(SHINE)
    assert (asked.doubt, asked.at_least(BRIGHT).truth) == (None, FALSE)


AT_THE_EDGE = {"at the edge": (24, TRUE), "a minute more": (24 + 1 / 60, UNKNOWN)}


@pytest.mark.parametrize(("hours", "expected"), AT_THE_EDGE.values(), ids=AT_THE_EDGE)
def test_a_window_includes_its_edge(hours: float, expected: Truth) -> None:
    assert chart(shine(100, hours)).latest(SHINE, TODAY).at_least(BRIGHT).truth is expected


def test_a_result_too_old_is_named_with_its_age() -> None:
    fact = chart(shine(120, 30)).latest(SHINE, TODAY).fact
    assert fact.missing
    assert fact.say() == "Shine 120 lux, 2026-11-20 06:00 UTC, 30 h ago; older than 24 h"


def test_windows_of_one_measurement_do_not_disturb_each_other() -> None:
    asked = chart(shine(120, 30))
    assert asked.latest(SHINE, TODAY).bounds is None
    assert asked.latest(SHINE).bounds is not None
    assert asked.latest(SHINE, Window("week", timedelta(days=7), "")).bounds is not None


SHOWN: dict[str, tuple[dict[str, Any], str]] = {
    "plain": (shine(120), "Shine 120 lux, 2026-11-21 09:00 UTC, 3 h ago"),
    "as received where converted": (
        shine(None, valueQuantity={"value": 0.12, "unit": "klux"}),
        "Shine 120 lux (sent as 0.12 klux), 2026-11-21 09:00 UTC, 3 h ago",
    ),
    "with a comparator": (
        shine(None, valueQuantity={"value": 120, "unit": "lux", "comparator": ">"}),
        "Shine above 120 lux (sent as >120 lux), 2026-11-21 09:00 UTC, 3 h ago",
    ),
    "preliminary": (
        shine(120, status="preliminary"),
        "Shine 120 lux, 2026-11-21 09:00 UTC, 3 h ago, preliminary",
    ),
    "without time of day": (
        shine(120) | {"effectiveDateTime": "2026-11-21"},
        "Shine 120 lux, 2026-11-21, 12 h ago (time of day not known)",
    ),
    "without zone": (
        shine(120) | {"effectiveDateTime": "2026-11-21T09:00:00"},
        "Shine 120 lux, 2026-11-21 09:00, 3 h ago (time zone not known, read as UTC)",
    ),
    "implausible": (
        shine(5001),
        "Shine 5001 lux: not used, not a plausible value, 2026-11-21 09:00 UTC, 3 h ago",
    ),
    "without a time": (
        observation(value=7, effectiveDateTime=None),
        "Shine 7 lux: not used, time of the sample not sent",
    ),
    "code without system": (
        shine(120, code=coded("SHINE", system=None)),
        "Shine 120 lux, 2026-11-21 09:00 UTC, 3 h ago, code sent without its code system",
    ),
}


@pytest.mark.parametrize(("record", "text"), SHOWN.values(), ids=SHOWN)
def test_how_a_result_is_shown(record: dict[str, Any], text: str) -> None:
    assert chart(record).latest(SHINE).fact.say() == text


def test_no_result_says_whether_it_could_be_looked_for() -> None:
    assert chart().latest(SHINE).fact.say() == "Shine: not recorded"
    assert chart(troubles={"shine": "not supplied"}).latest(SHINE).fact.say() == (
        "Shine: not supplied"
    )
    assert chart(shine(120), **NOT_READ).latest(SHINE).bounds == Bounds.exactly(Decimal(120))


def test_a_finding_that_is_a_grade_counts_as_its_grade() -> None:
    assert chart(observation("GRADE-2-FOUND")).latest(GRADE).exact() == Decimal(2)


def test_a_result_without_a_time_is_on_record_and_may_lie_in_any_window() -> None:
    untimed = {k: v for k, v in shine(1).items() if k not in ("effectiveDateTime", "issued")}
    day = Window("day", timedelta(days=1), "")
    assert chart().has_result(SHINE).truth is FALSE
    assert chart(shine(1, 25)).has_result(SHINE, day).truth is FALSE
    assert chart(shine(1, 24)).has_result(SHINE, day).truth is TRUE
    found = chart(untimed).has_result(SHINE, day)
    assert found.truth is UNKNOWN
    (fact,) = found.facts
    assert fact.missing
    assert "time of the sample not sent" in fact.say()
    assert chart(untimed, shine(1, 24)).has_result(SHINE, day).truth is TRUE
