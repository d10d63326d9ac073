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
    An `unread` gap lies in data that could not be had: what it would say may well be on record.
    A `weak` fact was recognised by a code that a single source backs, and by no word beside it.
    """

    __slots__ = ("key", "missing", "quiet", "say", "unread", "weak")

    def __init__(
        self,
        key: str,
        say: Callable[[], str],
        *,
        missing: bool = False,
        quiet: bool = False,
        unread: bool = False,
        weak: bool = False,
    ) -> None:
        self.key = key
        self.say = say
        self.missing = missing
        self.quiet = quiet
        self.unread = unread
        self.weak = weak

    def __repr__(self) -> str:
        return f"Fact({self.say()!r}{', missing' if self.missing else ''})"


class Finding:
    """The answer to one question: its truth, the facts it rests on, the parts it is made of."""

    __slots__ = ("_decided", "facts", "parts", "question", "truth")

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
        self._decided: tuple[Fact, ...] | None = None if parts else facts

    def __bool__(self) -> Never:
        raise TypeError(
            "a Finding is not a bool: unknown would be taken for yes. "
            "Use all_of, any_of or none_of, or compare .truth"
        )

    def __repr__(self) -> str:
        return f"Finding({self.question!r}, {self.truth.name})"

    def deciding(self) -> Iterator[Fact]:
        """The facts that made the answer what it is, in the order of the questions."""
        if self._decided is None:
            # Gathered once: choosing, joining and showing a card all ask.
            below = (fact for part in self._deciding_parts() for fact in part.deciding())
            self._decided = (*self.facts, *below)
        return iter(self._decided)

    def deciding_questions(self) -> Iterator[Finding]:
        """The single questions that made the answer what it is, in order."""
        if not self.parts:
            yield self
        for part in self._deciding_parts():
            yield from part.deciding_questions()

    def _deciding_parts(self) -> Iterator[Finding]:
        """Parts without which the truth would be another one."""
        if not self.parts:
            return
        own, needs_all = self._own_truth(), self._needs_all()
        for part in self.parts:
            if needs_all or part.truth is own:
                yield part

    def _own_truth(self) -> Truth:
        """The truth that the parts were looked at for: "none of" is yes when they are no."""
        return Truth(TRUE - self.truth) if self.question == NONE_OF else self.truth

    def is_firm(self) -> bool:
        """Whether the answer would be the same without its weak facts."""
        if any(fact.weak for fact in self.facts):
            return False
        if not self.parts:
            return True
        firm = [part.is_firm() for part in self._deciding_parts()]
        # Where every part had to agree each must be firm; where one was enough, one.
        return all(firm) if self._needs_all() else any(firm)

    def _needs_all(self) -> bool:
        """Whether every part had to be what it is: all of them yes, or all of them no."""
        return self._own_truth() is (TRUE if self.question == ALL_OF else FALSE)

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
