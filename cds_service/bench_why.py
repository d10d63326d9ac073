"""Why a call was answered as it was: every rule with its answer, its facts and all its questions.

Made of a Decision, as JSON-ready values in plain words; the bench shows them. Texts of the request
are in them as they were sent: whoever shows them writes text, not HTML.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from cds_service.finding import ALL_OF, ANY_OF, NONE_OF, Fact, Finding
from cds_service.limits import Limits
from cds_service.service import Decision, Outcome
from cds_service.transcript import TRUTHS

Json = dict[str, Any]

NOT_CHECKED = "could not be checked"
_OPENINGS = {
    ALL_OF: "All of these are so",
    ANY_OF: "At least one of these is so",
    NONE_OF: "None of these is so",
}
_UNSAID = "something that could not be put in words"


def why(
    decision: Decision, where: Mapping[str, str], limits: Limits, dormant: Iterable[str] = ()
) -> list[Json]:
    """Every rule that was asked: first what failed, then what applies, what is unknown, the rest.

    `where` says of rules that apply where they show, other than on a card of their own. `dormant`
    are rules that cannot apply here until the site maps codes.
    """
    asleep = set(dormant)
    rules = [_rule(outcome, where, asleep, limits) for outcome in decision.outcomes]
    return sorted(rules, key=lambda each: _ORDER.index(each["truth"]))


_ORDER = (NOT_CHECKED, "yes", "unknown", "no")


def _rule(outcome: Outcome, where: Mapping[str, str], dormant: set[str], limits: Limits) -> Json:
    rule, finding = outcome.rule, outcome.finding
    said: Json = {"rule": rule.id, "summary": limits.say(rule.summary)}
    if finding is None:
        return {**said, "truth": NOT_CHECKED, "where": "", "because": [], "tree": None}
    truth = TRUTHS[finding.truth.name]
    return {
        **said,
        "truth": truth,
        "where": (where.get(rule.id) or "shown as a card") if truth == "yes" else "",
        "because": [_tree(each) for each in _each_once(finding.deciding_questions())],
        "tree": _tree(finding),
        "dormant": rule.id in dormant,
    }


def _tree(finding: Finding) -> Json:
    """Every question, with its answer and what it rests on."""
    node: Json = {
        "question": _OPENINGS.get(finding.question, finding.question),
        "truth": TRUTHS[finding.truth.name],
    }
    if finding.facts:
        node["facts"] = _facts(finding.facts)
    if finding.parts:
        node["parts"] = [_tree(part) for part in finding.parts]
    return node


def _each_once(questions: Iterable[Finding]) -> Iterable[Finding]:
    """Two parts of a rule may ask the same."""
    return {(each.question, each.truth): each for each in questions}.values()


def _facts(facts: Iterable[Fact]) -> list[Json]:
    """Each once, and whether it is a gap."""
    found: dict[str, Json] = {}
    for fact in facts:
        text = _said(fact)
        found.setdefault(text, {"text": text, "missing": fact.missing})
    return list(found.values())


def _said(fact: Fact) -> str:
    try:
        return fact.say()
    except Exception:
        # The service says as much on the card: one fact without words takes no other with it.
        return _UNSAID


def counts(rules: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many rules gave each answer."""
    return {truth: sum(each["truth"] == truth for each in rules) for truth in _ORDER}


def silence(told: Mapping[str, Any], rules: Sequence[Mapping[str, Any]]) -> list[str]:
    """What it means that no card shows: never that all is well, unless all was checked."""
    return list(_silence(told, counts(rules)))


def _silence(told: Mapping[str, Any], found: Mapping[str, int]) -> Iterator[str]:
    if not told["asked"]:
        yield (
            "No card, because nothing was checked: no order is selected, or the user is no "
            "clinician."
        )
        return
    total = sum(found.values())
    if found[NOT_CHECKED]:
        yield f"No card. {found[NOT_CHECKED]} of {total} rules could not be checked: a fault."
    elif found["unknown"]:
        yield (
            f"No card: {total} rules were asked; {found['no']} do not apply, and "
            f"{found['unknown']} could not tell, for lack of data."
        )
    elif found["yes"]:
        yield f"No card: {total} rules were asked, and those that apply do not show."
    else:
        yield f"No card: {total} rules were asked, and none applies."
