"""The course of a measurement lies where its numbers and times say, beside the limits in force."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest

from cds_service.bench import Bench
from cds_service.bench_timeline import HEIGHT, WIDTH, Timeline
from cds_service.bench_values import BenchContent, Course, Edit
from hooks import bench
from hooks.concepts import LEUKOCYTES
from hooks.thresholds import HIGH_COUNT, HYPERLEUKOCYTOSIS, TUMOR_LYSIS_RISK
from tests.bench_page.conftest import Desk
from tests.catalogue import NOW


def course(desk: Desk, name: str, **edits: Edit) -> Timeline:
    request = desk.changed(desk.request(name), **edits).request
    own = Bench(desk.engine, bench(), frozenset())
    found = own.timeline(own.service_for(request), msgspec.json.encode(request), NOW)
    assert found is not None
    return found


def test_higher_counts_lie_higher_and_newer_ones_further_right(desk: Desk) -> None:
    found = course(desk, "aml-count-falling.patient-view")
    assert [point.text for point in found.points] == ["42", "96", "180"]
    newest, _, oldest = found.points
    assert newest.x > oldest.x
    assert newest.y > oldest.y, "SVG counts from above"


def test_a_count_lies_on_its_own_side_of_each_limit(desk: Desk) -> None:
    found = course(desk, "aml-count-falling.patient-view")
    limits = {line.label.split()[0]: line.at for line in found.limits}
    assert list(limits) == ["100", "50", "25", "10"]
    counts = {point.text: point.y for point in found.points}
    assert counts["180"] < limits["100"] < counts["96"] < limits["50"] < counts["42"] < limits["25"]


def test_windows_lie_where_their_age_does(desk: Desk) -> None:
    at_24 = course(
        desk, "als-aml-emergency.patient-view", leukocyte_count=Edit("5", "10*9/L", "24 h")
    )
    fresh, old = at_24.windows
    assert fresh.label.startswith("24 h")
    assert old.label.startswith("72 h")
    assert at_24.points[0].x == pytest.approx(fresh.at, abs=0.1)
    assert old.at < fresh.at


@pytest.mark.parametrize("value", ["0.02", "5", "187", "1900", "<0.5", ">500"])
@pytest.mark.parametrize("taken", ["now", "3 h", "40 d", "6 y"])
def test_whatever_is_drawn_lies_within_the_chart(desk: Desk, value: str, taken: str) -> None:
    edit = Edit(value, "10*9/L", taken)
    found = course(desk, "als-aml-emergency.patient-view", leukocyte_count=edit)
    [point] = found.points
    assert found.left <= point.x <= found.right
    assert found.top <= point.y <= found.floor
    assert found.right < WIDTH
    assert found.floor < HEIGHT
    for line in (*found.y_ticks, *found.limits):
        assert found.top <= line.at <= found.floor
    assert 2 <= len(found.x_ticks) <= 7


def test_labels_of_limits_do_not_overlap(desk: Desk) -> None:
    close = [(each, "close") for each in (HYPERLEUKOCYTOSIS, TUMOR_LYSIS_RISK, HIGH_COUNT)]
    content = BenchContent((), Course(LEUKOCYTES, tuple(close), ()))
    request = desk.request("als-aml-emergency.patient-view")
    own = Bench(desk.engine, content, frozenset())
    found = own.timeline(own.service_for(request), msgspec.json.encode(request), NOW)
    assert found is not None
    assert found.limits[0].at == found.limits[1].at
    places = [line.label_at for line in found.limits]
    assert all(after - before >= 12 for before, after in pairwise(places))


def test_the_table_holds_what_cannot_be_drawn_and_says_why(desk: Desk) -> None:
    edit = Edit("187", "", "3 h")
    found = course(desk, "als-aml-emergency.patient-view", leukocyte_count=edit)
    assert found.points == []
    [row] = found.rows
    assert row.remark.startswith("not used")


def test_without_results_there_are_limits_and_no_points(desk: Desk) -> None:
    found = course(desk, "als-aml-emergency.patient-view", leukocyte_count=Edit(None))
    assert (found.points, found.rows, found.path) == ([], [], "")
    assert len(found.limits) == 4


def test_a_refused_request_has_no_course(desk: Desk) -> None:
    own = Bench(desk.engine, bench(), frozenset())
    service = own.service_for({"hook": "patient-view"})
    assert own.timeline(service, b"{", NOW) is None
