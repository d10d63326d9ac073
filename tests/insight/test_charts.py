"""The geometry of charts: what is twice as much is twice as long."""

from __future__ import annotations

from itertools import pairwise

import pytest

from cds_service.insight_charts import (
    SHARE_WIDTH,
    SPARK_HEIGHT,
    Series,
    scale,
    shares,
    spark,
    stack,
)
from cds_service.insight_page import percent


@pytest.mark.parametrize(
    ("most", "end", "step"),
    [
        (0, 1, 1),
        (1, 1, 1),
        (4, 4, 1),
        (5, 6, 2),
        (8, 8, 2),
        (9, 10, 5),
        (41, 60, 20),
        (100, 100, 50),
        (1_234_567, 1_500_000, 500_000),
    ],
)
def test_axes_end_at_round_counts_that_hold_the_most(most: int, end: int, step: int) -> None:
    assert scale(most) == (end, step)


def test_bars_stand_on_each_other_from_zero() -> None:
    drawn = stack(["w1", "w2"], [Series("a", "shown", [2, 0]), Series("b", "held", [1, 4])])
    first, second, third = drawn.bars
    assert first.height == pytest.approx(2 * second.height)
    assert second.y + second.height == pytest.approx(first.y)
    assert third.height == pytest.approx(4 * second.height)
    assert first.y + first.height == pytest.approx(third.y + third.height)
    assert third.y == pytest.approx(drawn.ticks[-1].y), "the axis ends at 4"
    assert [bar.title for bar in drawn.bars] == ["w1: a 2", "w1: b 1", "w2: b 4"]


@pytest.mark.parametrize("weeks", [1, 13, 106])
def test_the_newest_week_is_named_and_names_do_not_overlap(weeks: int) -> None:
    names = [f"2026-W{week:02}" for week in range(weeks)]
    labels = stack(names, [Series("a", "shown", [1] * weeks)]).labels
    assert labels[-1].text == names[-1]
    assert all(b.x - a.x >= 60 for a, b in pairwise(labels))


def test_no_weeks_and_no_counts_are_drawn_empty() -> None:
    assert stack([], []).bars == []
    assert stack(["w"], [Series("a", "shown", [0])]).bars == []
    assert spark([0, 0]) == []
    assert shares([("a", "accepted", 0)]) == []


def test_small_courses_and_shares_keep_their_proportions() -> None:
    low, high = spark([5, 0, 10])
    assert (low.height, high.height) == (SPARK_HEIGHT / 2, SPARK_HEIGHT)
    one, three = shares([("a", "accepted", 1), ("b", "overridden", 3), ("c", "none", 0)])
    assert one.width == SHARE_WIDTH / 4
    assert (three.x, three.width) == (one.width, SHARE_WIDTH * 3 / 4)


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [(0, 0, "–"), (0, 9, "0 %"), (1, 300, "<1 %"), (299, 300, ">99 %"), (9, 9, "100 %")],
)
def test_a_share_is_never_all_or_nothing_while_there_are_others(
    part: int, whole: int, words: str
) -> None:
    assert percent(part, whole) == words
