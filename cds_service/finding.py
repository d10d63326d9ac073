"""Three-valued findings: no, unknown, yes.

A rule asks questions and combines the answers. Unknown is a value of its own, so a `Finding`
refuses `if`, `and`, `or` and `not`: Python would take unknown for yes. Combine findings with
`all_of`, `any_of` and `none_of` (Kleene's strong logic: minimum, maximum, mirrored maximum).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import IntEnum
from typing import Never


class Truth(IntEnum):
    """Ordered, so that "all" is the minimum and "any" the maximum."""

    FALSE = 0
    UNKNOWN = 1
    TRUE = 2


FALSE, UNKNOWN, TRUE = Truth


class Fact:
    """Something that was read, or is missing, in words for a clinician.

    `key` names what the fact is about (a concept id), so that one thing is shown once.
    `say` is called only when the fact is shown: most facts of most charts never are.
    `missing` marks a gap: not recorded, too old, unreadable, only suspected. A `quiet` gap is one
    that nobody can fill, because no code is mapped here: it is listed as dormant, not on cards.
    """

    __slots__ = ("key", "missing", "quiet", "say")

    def __init__(
        self, key: str, say: Callable[[], str], *, missing: bool = False, quiet: bool = False
    ) -> None:
        self.key = key
        self.say = say
        self.missing = missing
        self.quiet = quiet

    def __repr__(self) -> str:
        return f"Fact({self.say()!r}{', missing' if self.missing else ''})"


class Finding:
    """The answer to one question: its truth, the facts it rests on, the parts it is made of."""

    __slots__ = ("facts", "parts", "question", "truth")

    def __init__(
        self,
        question: str,
        truth: Truth,
        facts: tuple[Fact, ...] = (),
        parts: tuple[Finding, ...] = (),
    ) -> None:
        self.question = question
        self.truth = truth
        self.facts = facts
        self.parts = parts

    def __bool__(self) -> Never:
        raise TypeError(
            "a Finding is not a bool: unknown would be taken for yes. "
            "Use all_of, any_of or none_of, or compare .truth"
        )

    def __repr__(self) -> str:
        return f"Finding({self.question!r}, {self.truth.name})"

    def deciding(self) -> Iterator[Fact]:
        """The facts that made the answer what it is, in the order of the questions."""
        yield from self.facts
        for part in self._deciding_parts():
            yield from part.deciding()

    def _deciding_parts(self) -> Iterator[Finding]:
        """Parts without which the truth would be another one."""
        if not self.parts:
            return
        mirrored = self.question == NONE_OF
        own = Truth(TRUE - self.truth) if mirrored else self.truth
        every_part_counts = own is (TRUE if self.question == ALL_OF else FALSE)
        for part in self.parts:
            if every_part_counts or part.truth is own:
                yield part

    def leaves(self) -> Iterator[Finding]:
        """Every single question below this finding, in order."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.leaves()


ALL_OF = "all of"
ANY_OF = "any of"
NONE_OF = "none of"


def all_of(*parts: Finding) -> Finding:
    """Yes when every part is yes, no when any part is no, else unknown."""
    return Finding(ALL_OF, min((part.truth for part in parts), default=TRUE), (), parts)


def any_of(*parts: Finding) -> Finding:
    """Yes when any part is yes, no when every part is no, else unknown."""
    return Finding(ANY_OF, max((part.truth for part in parts), default=FALSE), (), parts)


def none_of(*parts: Finding) -> Finding:
    """Yes when every part is no, no when any part is yes, else unknown."""
    highest = max((part.truth for part in parts), default=FALSE)
    return Finding(NONE_OF, Truth(TRUE - highest), (), parts)


def outline(finding: Finding, depth: int = 0) -> Iterator[str]:
    """The questions as an indented list: what docs/rules.md and `check` print."""
    yield "  " * depth + finding.question
    for part in finding.parts:
        yield from outline(part, depth + 1)
