"""The geometry of charts, for templates to draw as SVG: no script, nothing loaded.

Lengths are in units of the viewBox. What stands in a chart stands in a table beside it as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640.0, 220.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 48.0, 14.0, 10.0, 26.0
_GAP = 0.22  # Of the room of one bar.
_LABEL_ROOM = 66.0  # What the name of a week takes.
_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Series:
    """One colour of the stacked bars: `style` is a class of the style sheet."""

    name: str
    style: str
    values: Sequence[int]

    @property
    def total(self) -> int:
        """Over all weeks."""
        return sum(self.values)


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle, and what a pointer over it is told."""

    x: float
    y: float
    width: float
    height: float
    style: str
    title: str


@dataclass(frozen=True, slots=True)
class Label:
    """Text at a place."""

    x: float
    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Stack:
    """Stacked bars, one for each name, from one axis."""

    names: Sequence[str]
    series: Sequence[Series]
    bars: Sequence[Bar]
    ticks: Sequence[Label]
    labels: Sequence[Label]
    width: float = WIDTH
    height: float = HEIGHT
    left: float = _LEFT


def stack(names: Sequence[str], series: Sequence[Series]) -> Stack:
    """Bars that start at zero: a part of a bar is as long as its share."""
    heights = [sum(each.values[place] for each in series) for place in range(len(names))]
    top, step = scale(max(heights, default=0))
    floor, room = HEIGHT - _BOTTOM, HEIGHT - _BOTTOM - _TOP
    width = (WIDTH - _LEFT - _RIGHT) / max(len(names), 1)
    bars = []
    for place, name in enumerate(names):
        base = floor
        for each in series:
            value = each.values[place]
            if value:
                height = room * value / top
                base -= height
                x = _LEFT + width * (place + _GAP / 2)
                title = f"{name}: {each.name} {value:,}"
                bars.append(Bar(x, base, width * (1 - _GAP), height, each.style, title))
    ticks = [
        Label(_LEFT, floor - room * value / top, f"{value:,}") for value in range(0, top + 1, step)
    ]
    return Stack(names, series, bars, ticks, _labels(names, width))


def scale(most: int) -> tuple[int, int]:
    """The end of the axis and the distance of its ticks: three to five of them, at round counts."""
    size = 1
    while True:
        for step in (factor * size for factor in _STEPS):
            if most <= 4 * step:
                return max(-(-most // step), 1) * step, step
        size *= 10


def _labels(names: Sequence[str], width: float) -> list[Label]:
    """As many as there is room for, counted from the newest."""
    every = max(1, -int(-_LABEL_ROOM // width))
    last = len(names) - 1
    return [
        Label(_LEFT + width * (place + 0.5), HEIGHT - 8, name)
        for place, name in enumerate(names)
        if (last - place) % every == 0
    ]


SPARK_WIDTH, SPARK_HEIGHT = 96.0, 22.0


def spark(values: Sequence[int]) -> list[Bar]:
    """A small course without axes, as high as its own largest value."""
    most, width = max(values, default=0), SPARK_WIDTH / max(len(values), 1)
    return [
        Bar(
            place * width,
            SPARK_HEIGHT - max(1.5, SPARK_HEIGHT * value / most),
            width * 0.8,
            max(1.5, SPARK_HEIGHT * value / most),
            "shown",
            "",
        )
        for place, value in enumerate(values)
        if value
    ]


SHARE_WIDTH, SHARE_HEIGHT = 120.0, 10.0


def shares(parts: Sequence[tuple[str, str, int]]) -> list[Bar]:
    """One bar made of named parts: name, style, count."""
    whole, x, bars = sum(count for *_, count in parts), 0.0, []
    for name, style, count in parts:
        if count:
            width = SHARE_WIDTH * count / whole
            bars.append(Bar(x, 0, width, SHARE_HEIGHT, style, f"{name} {count:,}"))
            x += width
    return bars
