"""What differs between two answers to one request, and between two sides of a replay.

An answer is what `replay_side` gives: status, truth by rule, cards without their uuids. The version
of a rule is told once for the side, not on each of its cards; everything else is compared.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cds_service.card import EXTENSION
from cds_service.profiles import rule_of

Json = dict[str, Any]

NOT_ASKED = "not asked"
_TRUTHS = {"true": "yes", "false": "no"}
_WITH_VERSION = "version"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs. `about` is a rule, else a service.

    `lines` are those of a diff, beginning with - or +; they hold what cards say of the patient,
    while `before` and `after` are words of the content alone.
    """

    kind: str
    about: str = ""
    before: str | None = None
    after: str | None = None
    lines: tuple[str, ...] = ()


# -- one request -----------------------------------------------------------------------------------


def compare(before: Json | None, after: Json | None, apart: frozenset[str]) -> list[Change]:
    """What differs between two answers; None where a side has no such service.

    The truth of rules in `apart`, which only one side has, is told once for the side.
    """
    one, other = before or {"status": 404}, after or {"status": 404}
    changes = [*_statuses(one, other)]
    if not changes:
        changes += _truths(one.get("truths", {}), other.get("truths", {}), apart)
    return changes + list(_cards(one.get("cards", []), other.get("cards", [])))


def _statuses(one: Json, other: Json) -> Iterator[Change]:
    said = [(str(each["status"]), "\n".join(each.get("problems", ()))) for each in (one, other)]
    (status, problems), (new_status, new_problems) = said
    if said[0] != said[1]:
        yield Change("status", "", status, new_status, _diff(problems, new_problems))


def _truths(
    one: Mapping[str, str], other: Mapping[str, str], apart: frozenset[str]
) -> Iterator[Change]:
    for rule in dict.fromkeys([*one, *other]):
        if rule not in apart and one.get(rule) != other.get(rule):
            yield Change("truth", rule, _word(one.get(rule)), _word(other.get(rule)))


def _word(truth: str | None) -> str:
    return NOT_ASKED if truth is None else _TRUTHS.get(truth, truth)


def _cards(one: list[Json], other: list[Json]) -> Iterator[Change]:
    old, new = _by_rule(one), _by_rule(other)
    for rule, card in old.items():
        if rule not in new:
            yield Change("disappeared", rule, before=_headline(card), lines=_removed(card))
    for rule, card in new.items():
        if rule not in old:
            yield Change("appeared", rule, after=_headline(card), lines=_added(card))
    for rule in (rule for rule in old if rule in new):
        yield from _members(rule, old[rule], new[rule])
    kept = [[rule for rule in cards if rule in old and rule in new] for cards in (old, new)]
    if kept[0] != kept[1]:
        yield Change("order", "cards", ", ".join(kept[0]), ", ".join(kept[1]))


def _by_rule(cards: list[Json]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for card in cards:
        rule, name, place = rule_of(card), rule_of(card), 1
        while name in found:
            place += 1
            name = f"{rule} ({place})"
        found[name] = card
    return found


def _headline(card: Json) -> str:
    return f"[{card.get('indicator')}] {card.get('summary')}"


def _removed(card: Json) -> tuple[str, ...]:
    return _diff(card.get("detail"), None)


def _added(card: Json) -> tuple[str, ...]:
    return _diff(None, card.get("detail"))


_OWN_WORDS = ("indicator", "summary")
"""Members that the content words in advance: no value of a patient is in them."""


def _members(rule: str, one: Json, other: Json) -> Iterator[Change]:
    old, new = _flat(one), _flat(other)
    for member in dict.fromkeys([*old, *new]):
        was, now = old.get(member), new.get(member)
        if was == now:
            continue
        if member in _OWN_WORDS:
            yield Change(member, rule, str(was), str(now))
        else:
            yield Change(member, rule, lines=_diff(was, now))


def _flat(card: Json) -> Json:
    """The members of a card, those of our extension among them, without the rule's version."""
    extension = dict(card.get("extension", {}))
    ours = extension.pop(EXTENSION, {})
    members = {name: value for name, value in card.items() if name != "extension"}
    members |= {name: value for name, value in ours.items() if name != _WITH_VERSION}
    return members | ({"extension": extension} if extension else {})


def _diff(was: Any, now: Any) -> tuple[str, ...]:
    found = list(difflib.unified_diff(_lines(was), _lines(now), n=0, lineterm=""))
    return tuple(line for line in found[2:] if line not in ("-", "+") and line[:2] != "@@")


def _lines(value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, str):
        return value.splitlines()
    if isinstance(value, list):
        return [line for each in value for line in _lines(each)]
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).splitlines()


# -- the sides themselves --------------------------------------------------------------------------


def compare_sides(before: Json, after: Json) -> list[Change]:
    """What differs whatever the request: services, what they ask for, rules and their versions."""
    old, new = before["services"], after["services"]
    changes = [Change("service removed", each) for each in old if each not in new]
    changes += [Change("service added", each) for each in new if each not in old]
    for service in (each for each in old if each in new):
        changes += _prefetch(service, old[service]["prefetch"], new[service]["prefetch"])
    return changes + list(_rules(_versions(old), _versions(new))) + list(_placed(old, new))


def _prefetch(service: str, old: Json, new: Json) -> Iterator[Change]:
    keys = [key for key in dict.fromkeys([*old, *new]) if old.get(key) != new.get(key)]
    if keys:
        yield Change("prefetch", service, after=", ".join(keys))


def _versions(services: Json) -> dict[str, str]:
    return {rule: version for each in services.values() for rule, version in each["rules"].items()}


def _rules(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for rule in dict.fromkeys([*old, *new]):
        if rule not in new:
            yield Change("rule removed", rule, before=old[rule])
        elif rule not in old:
            yield Change("rule added", rule, after=new[rule])
        elif old[rule] != new[rule]:
            yield Change("version", rule, old[rule], new[rule])


def _placed(old: Json, new: Json) -> Iterator[Change]:
    """Rules that both sides have, but not in the same services."""
    known = [_versions(old), _versions(new)]
    for rule in (rule for rule in known[0] if rule in known[1]):
        was, now = ([each for each in side if rule in side[each]["rules"]] for side in (old, new))
        if set(was) != set(now):
            yield Change("services of rule", rule, ", ".join(was), ", ".join(now))


def apart(service: str, before: Json, after: Json) -> frozenset[str]:
    """The rules that only one side asks in a service."""
    old, new = (side["services"].get(service, {}).get("rules", {}) for side in (before, after))
    return frozenset(set(old) ^ set(new))


# -- recorded requests -----------------------------------------------------------------------------

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)")


def recorded_at(text: str, saved: datetime) -> datetime:
    """When a request was recorded: the newest instant that it names, up to when it was saved.

    The time of a file is that of the last copy. Results would look old as of that, the rules about
    them would be silent on both sides, and a change of theirs would not show.
    """
    found = (_instant(each) for each in _INSTANT.findall(text))
    return max((each for each in found if each is not None and each <= saved), default=saved)


def _instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def lacks(request: Json, templates: Mapping[str, str]) -> list[str]:
    """Prefetch keys under which a request holds no answer: a live service would have read them."""
    sent = request.get("prefetch")
    sent = sent if isinstance(sent, dict) else {}
    return [
        key for key, each in templates.items() if key not in sent or not _holds(sent[key], each)
    ]


def _holds(value: Any, template: str) -> bool:
    """Null is the answer of a search that found nothing, and none of a read."""
    if value is None:
        return "?" in template
    return isinstance(value, dict) and value.get("resourceType") != "OperationOutcome"
