"""The course of one measurement with its limits, as geometry that a template draws as SVG.

Lengths are in units of the viewBox. What stands in the chart stands in a table beside it as well.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from cds_service.amount import bounds_text
from cds_service.bench_values import Course
from cds_service.chart import Chart
from cds_service.instants import age_text, duration_text
from cds_service.readers import Bounds
from cds_service.result import Reading

WIDTH, HEIGHT = 760.0, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 190.0, 24.0, 34.0
_LABEL_ROOM = 14.0
_MOST_POINTS = 60


@dataclass(frozen=True, slots=True)
class Point:
    """One result: where it is drawn, what is written beside it."""

    x: float
    y: float
    text: str
    title: str


@dataclass(frozen=True, slots=True)
class Line:
    """A limit, a window or a tick, with its label."""

    at: float
    label: str
    label_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Row:
    """The same result for the table."""

    value: str
    time: str
    age: str
    remark: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """All of the chart; `rows` newest first."""

    title: str
    unit: str
    points: Sequence[Point]
    path: str
    limits: Sequence[Line]
    windows: Sequence[Line]
    y_ticks: Sequence[Line]
    x_ticks: Sequence[Line]
    rows: Sequence[Row]
    limit_words: Sequence[str]
    width: float = WIDTH
    height: float = HEIGHT
    left: float = _LEFT
    right: float = WIDTH - _RIGHT
    top: float = _TOP
    floor: float = HEIGHT - _BOTTOM


def timeline(chart: Chart, course: Course) -> Timeline:
    """The results on record, against the limits that hold here."""
    measurement = course.measurement
    readings = chart.results(measurement)[:_MOST_POINTS]
    usable = [r for r in readings if r.value.bounds is not None and not _is_open(r.value.bounds)]
    limits = [(chart.limit(limit), words) for limit, words in course.limits]
    windows = [(chart.limit(window), words) for window, words in course.windows]
    y = _LogScale([_middle(r.value.bounds) for r in usable], [limit.value for limit, _ in limits])
    oldest = max((r.time.age(chart.as_of) for r in usable), default=timedelta(0))
    span = max(oldest * 1.08, *(window.length * 1.15 for window, _ in windows), timedelta(hours=6))
    x = _TimeScale(chart.as_of, span)
    points = [_point(r, x, y, chart.as_of) for r in usable]
    words = [f"{limit}: {text}" for limit, text in limits]
    return Timeline(
        title=measurement.title,
        unit=measurement.units.display,
        points=points,
        path=" ".join(f"{p.x:.1f},{p.y:.1f}" for p in sorted(points, key=lambda p: p.x)),
        limits=_spread(
            Line(y(limit.value), text) for (limit, _), text in zip(limits, words, strict=True)
        ),
        windows=[
            Line(x.ago(window.length), f"{duration_text(window.length)}: {text}")
            for window, text in windows
        ],
        y_ticks=[Line(y(power), f"{power:,f}") for power in y.powers()],
        x_ticks=x.ticks(),
        rows=[_row(r, measurement.units.display, chart.as_of) for r in readings],
        limit_words=words,
    )


def _is_open(bounds: Bounds) -> bool:
    return bounds.low is None and bounds.high is None


def _middle(bounds: Bounds | None) -> Decimal:
    """Where a range is drawn: at the end that is known, else in the middle."""
    assert bounds is not None
    low, high = bounds.low, bounds.high
    if low is None or high is None:
        return high if low is None and high is not None else low or Decimal(0)
    return (low + high) / 2


class _LogScale:
    """Counts run over three powers of ten: on a straight axis nobody sees the lower limits."""

    def __init__(self, values: Sequence[Decimal], limits: Sequence[Decimal]) -> None:
        above = [float(value) for value in (*values, *limits) if value > 0] or [1.0, 10.0]
        # A little room, so that nothing lies on the edge.
        self._low = math.log10(min(above)) - 0.2
        self._high = max(math.log10(max(above)) + 0.15, self._low + 1.0)

    def __call__(self, value: Decimal) -> float:
        power = math.log10(float(value)) if value > 0 else self._low
        share = (power - self._low) / (self._high - self._low)
        floor = HEIGHT - _BOTTOM
        return floor - (floor - _TOP) * min(max(share, 0.0), 1.0)

    def powers(self) -> list[Decimal]:
        """Those of ten, for ticks."""
        found = range(math.ceil(self._low), math.floor(self._high) + 1)
        return [Decimal(10) ** power for power in found]


@dataclass(frozen=True, slots=True)
class _TimeScale:
    as_of: datetime
    span: timedelta

    def ago(self, age: timedelta) -> float:
        """Where something of this age is drawn."""
        room = WIDTH - _RIGHT - _LEFT
        share = min(max(age / self.span, 0.0), 1.0)
        return WIDTH - _RIGHT - room * share

    def ticks(self) -> list[Line]:
        """Now, and three to five ages at round distances."""
        steps = [timedelta(hours=h) for h in (6, 12, 24)]
        steps += [timedelta(days=d) for d in (2, 7, 14, 30, 91, 182, 365, 730, 3650)]
        step = next((each for each in steps if self.span / each <= 5), self.span / 4)
        count = int(self.span / step)
        ages = [step * n for n in range(1, count + 1)]
        return [
            Line(self.ago(timedelta(0)), "now"),
            *(Line(self.ago(age), f"−{duration_text(age)}") for age in ages),
        ]


def _point(reading: Reading, x: _TimeScale, y: _LogScale, as_of: datetime) -> Point:
    bounds = reading.value.bounds
    assert bounds is not None
    age = reading.time.age(as_of)
    text = bounds_text(bounds)
    title = f"{text}, {reading.time.text()}, {age_text(age)}"
    return Point(x.ago(age), y(_middle(bounds)), text, title)


def _row(reading: Reading, unit: str, as_of: datetime) -> Row:
    value = reading.value
    read = f"{bounds_text(value.bounds)} {unit}" if value.bounds is not None else ""
    remarks = [f"not used: {value.problem}"] if value.bounds is None else []
    if value.received and value.received not in (read, f"{read}".replace(unit, "").strip()):
        remarks.append(f"sent as {value.received}")
    remarks += ["preliminary"] if reading.status == "preliminary" else []
    remarks += [reading.note] if reading.note else []
    return Row(
        read or value.received or "none",
        reading.time.text(),
        age_text(reading.time.age(as_of)),
        "; ".join(remarks),
    )


def _spread(lines: Iterable[Line]) -> list[Line]:
    """Labels one below the other, however near their lines are."""
    found: list[Line] = []
    lowest = -math.inf
    for line in sorted(lines, key=lambda line: line.at):
        lowest = max(line.at, lowest + _LABEL_ROOM)
        found.append(Line(line.at, line.label, lowest))
    return found
