"""The questions of a rule as an outline that can be read: the same logic in fewer lines.

Groups of one kind in each other are one group, repeats stand once, and alternatives that differ in
one name only share a line. What is asked is not changed by it, unknown answers included.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from cds_service.finding import ALL_OF, ANY_OF, NONE_OF, Finding

Kind = Literal["", "all", "any", "none", "not"]

_KINDS: dict[str, Kind] = {ALL_OF: "all", ANY_OF: "any", NONE_OF: "none"}

OPENINGS: dict[Kind, str] = {
    "all": "all of these are so:",
    "any": "at least one of these is so:",
    "none": "none of these is so:",
}

_STARTS = ("Ordering ", "Drafting ", "Active prescription of ", "Prescription of ", "Not known: ")
"""How questions of the chart begin; what follows is a name, and perhaps a comma and more."""

_FEWEST = 3
"""So many lines that differ in a name only become one; two are read as fast."""

_MOST_NAMES = 7
"""Of a line with more the first few are shown, and the others when asked for."""


@dataclass(frozen=True, slots=True)
class Point:
    """A question, or a group of them; `not` is one that must not be so.

    A line for several alternatives has their `names`, and `text` names all of them.
    """

    text: str
    kind: Kind = ""
    parts: tuple[Point, ...] = ()
    names: tuple[str, ...] = ()
    frame: tuple[str, str] = ("", "")

    @property
    def short(self) -> str:
        """The text, or the beginning of one with many names."""
        if len(self.names) <= _MOST_NAMES:
            return self.text
        start, end = self.frame
        few = "; ".join(self.names[:3])
        return f"{start}{few} or one of {len(self.names) - 3} others{end}"

    @property
    def first(self) -> str:
        """Its first question, which stands for those that are folded away."""
        return self.parts[0].first if self.parts else self.short

    @property
    def lines(self) -> int:
        """How many lines it has with all that belongs to it."""
        return 1 + sum(part.lines for part in self.parts)

    @property
    def questions(self) -> int:
        """How many questions that are."""
        return sum(part.questions for part in self.parts) if self.parts else max(1, len(self.names))


def outline_of(finding: Finding) -> Point:
    """What a finding asks, to be read."""
    return _together(simple(as_asked(finding)))


def as_asked(finding: Finding) -> Point:
    """What a finding asks, as it was written."""
    kind = _KINDS.get(finding.question, "")
    if not kind:
        return Point(finding.question)
    return Point(OPENINGS[kind], kind, tuple(map(as_asked, finding.parts)))


def simple(point: Point) -> Point:
    """The same without groups of one kind in each other, and without repeats."""
    if not point.kind:
        return point
    flat = [part for each in point.parts for part in _parts(simple(each), point.kind)]
    parts = tuple(dict.fromkeys(flat))
    if len(parts) == 1:
        return parts[0] if point.kind != "none" else _denied(point, parts[0])
    return replace(point, parts=parts)


def _parts(point: Point, outer: Kind) -> tuple[Point, ...]:
    """Those that may stand in the outer group: none of (a or b) is none of a, b."""
    inner = "any" if outer == "none" else outer
    return point.parts if point.kind == inner else (point,)


def _denied(group: Point, part: Point) -> Point:
    if part.kind:
        return replace(group, parts=(part,))
    return Point(f"Not so: {part.text}", "not", (part,))


def _together(point: Point) -> Point:
    """Alternatives that differ in a name only, in one line."""
    if point.kind == "not":
        return Point(point.text)
    parts = tuple(map(_together, point.parts))
    if point.kind not in ("any", "none"):
        return replace(point, parts=parts)
    found: dict[tuple[str, str], list[Point]] = {}
    for place, part in enumerate(parts):
        # A group shares its line with nothing.
        key = ("group", str(place)) if part.kind else _frame(part.text)
        found.setdefault(key, []).append(part)
    joined = tuple(each for key, alike in found.items() for each in _one_line(key, alike))
    if point.kind == "any" and len(joined) == 1:
        return joined[0]
    return replace(point, parts=joined)


def _frame(text: str) -> tuple[str, str]:
    """What a line begins and ends with around the one name in it."""
    start = next((each for each in _STARTS if text.startswith(each)), "")
    rest = text.removeprefix(start)
    _, between, end = rest.rpartition(": ") if ": " in rest else rest.partition(", ")
    # A comma without such a beginning is as good as any.
    is_end = start or between == ": "
    return start, between + end if is_end else ""


def _one_line(frame: tuple[str, str], alike: Sequence[Point]) -> Iterable[Point]:
    start, end = frame
    if len(alike) < _FEWEST or not (start or end):
        return alike
    names = tuple(each.text.removeprefix(start).removesuffix(end) for each in alike)
    text = f"{start}{'; '.join(names[:-1])} or {names[-1]}{end}"
    return [Point(text, names=names, frame=frame)]


def of_lines(lines: Sequence[str]) -> tuple[Point, ...]:
    """Lines of which those that are two blanks deeper belong to the one above."""
    found: list[Point] = []
    place = 0
    while place < len(lines):
        depth, end = _depth(lines[place]), place + 1
        while end < len(lines) and _depth(lines[end]) > depth:
            end += 1
        text = lines[place].strip()
        parts = of_lines(lines[place + 1 : end])
        kind: Kind = next((kind for kind, words in OPENINGS.items() if words == text), "all")
        found.append(_together(Point(text, kind, parts)) if parts else Point(text))
        place = end
    return tuple(found)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
