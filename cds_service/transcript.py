"""What the service says to one request, told so that a clinician can follow it.

A transcript is a JSON-ready value made of a request and its answer; its lines are made of the value
alone. Texts of requests are for eyes here: nothing of them is trusted to be of the right shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from cds_service.card import EXTENSION, escape
from cds_service.command_line import plain, styled, wrapped
from cds_service.dosage import dosage_text
from cds_service.errors import CDSError
from cds_service.finding import TRUE, UNKNOWN, Fact
from cds_service.readers import first_code, texts
from cds_service.service import Decision

Json = dict[str, Any]

TRUTHS = {"TRUE": "yes", "FALSE": "no", "UNKNOWN": "unknown"}
_NOT_CHECKED = "could not be checked"
NO_CARD = " (no card of its own: another rule speaks first)"
_SILENT = " (silent here: not shown)"
_HELD = " (held back: not shown)"
_AT_FOOT = " (lines at the foot of the first card)"
_CROWDED_OUT = " (a line on the first card: no room for a card)"


def places(decision: Decision) -> dict[str, str]:
    """Of each rule that applies and shows, where: a card of its own goes without saying."""
    own = {each.rule.id: "" for each in decision.applied}
    own |= dict.fromkeys(decision.silent, _SILENT)
    own |= dict.fromkeys(decision.crowded_out, _CROWDED_OUT)
    own |= {rule: _HELD for each in decision.held for rule in (each.rule, *each.also)}
    return own | {
        guest.rule.id: f" (on the card of {each.rule.id})"
        for each in decision.applied
        for guest in each.also
    }


# -- what is told ----------------------------------------------------------------------------------


def told(
    name: str,
    document: Mapping[str, Any],
    answer: Decision | CDSError,
    *,
    gaps: str = "",
    dormant: Iterable[str] = (),
) -> Json:
    """One request and what came of it. `gaps` is the rule whose lines stand at the foot of a card
    where one shows, `dormant` are rules that cannot apply here."""
    said: Json = {"request": name, "hook": document.get("hook"), "orders": orders_of(document)}
    if isinstance(answer, CDSError):
        return {**said, "refused": list(dict.fromkeys(answer.problems))}
    dormant = set(dormant)
    return {
        **said,
        "asked": bool(answer.outcomes),
        "cards": answer.cards,
        "rules": list(_rules(answer, gaps)),
        "notEvaluable": _not_evaluable(answer),
        "heldBack": [each.member() for each in answer.held],
        "off": list(answer.off),
        "dormant": [o.rule.id for o in answer.outcomes if o.rule.id in dormant],
    }


def _rules(decision: Decision, gaps: str) -> Iterator[Json]:
    """Every rule that was asked and did not say no."""
    where = {**({gaps: _AT_FOOT} if decision.cards else {}), **places(decision)}
    for outcome in decision.outcomes:
        finding = outcome.finding
        if finding is None:
            yield {"rule": outcome.rule.id, "truth": _NOT_CHECKED}
        elif finding.truth is TRUE:
            place = where.get(outcome.rule.id, NO_CARD)
            yield {"rule": outcome.rule.id, "truth": "yes", "where": place.strip(" ()")}
        elif finding.truth is UNKNOWN:
            yield {"rule": outcome.rule.id, "truth": "unknown"}


def _not_evaluable(decision: Decision) -> list[Json]:
    """What was missing for an answer, each thing once: who asked for it, and whether a card says
    so. A `quiet` gap is kept off the cards on purpose: mostly, nobody here can fill it."""
    on_cards = {line for card in decision.cards for line in _own(card).get("notEvaluable", ())}
    at_foot = set(decision.missing) if decision.cards else set()
    found: dict[str, Json] = {}
    said: set[str] = set()
    for rule, fact in _missing(decision):
        words = _words(fact)
        said.add(escape(words))
        gap = {"what": words, "rules": [], "onCard": False, "quiet": fact.quiet}
        entry = found.setdefault(fact.key, gap)
        entry["onCard"] |= not fact.quiet and (fact.key in at_foot or escape(words) in on_cards)
        entry["rules"] += [] if rule in entry["rules"] else [rule]
    lines = [line for line in decision.gaps if line not in said | on_cards]
    other = [
        {"what": _unmarked(line), "rules": [], "onCard": False, "quiet": False} for line in lines
    ]
    return [*found.values(), *other]


def _missing(decision: Decision) -> Iterator[tuple[str, Fact]]:
    """What rules lacked that came to no answer, with their ids."""
    for outcome in decision.outcomes:
        if outcome.finding is not None and outcome.finding.truth is UNKNOWN:
            yield from ((outcome.rule.id, f) for f in outcome.finding.deciding() if f.missing)


def _words(fact: Fact) -> str:
    try:
        return fact.say()
    except Exception:
        # The service says as much on the card: one gap without words takes no other with it.
        return "Something that could not be put in words"


# -- the patient and the orders, as they were sent -------------------------------------------------


def patient_of(document: Mapping[str, Any], as_of: datetime) -> Json:
    """Who the request is about, by its own prefetch."""
    context = _mapping(document.get("context"))
    prefetch = _mapping(document.get("prefetch")).values()
    person = _mapping(next((each for each in prefetch if _type(each) == "Patient"), None))
    return {
        "id": context.get("patientId"),
        "name": _name(person),
        "sex": person.get("gender"),
        "born": person.get("birthDate"),
        "age": _age(person.get("birthDate"), as_of),
        "died": bool(person.get("deceasedBoolean") or person.get("deceasedDateTime")),
        "problems": list(
            dict.fromkeys(filter(None, map(_problem, _of_type("Condition", prefetch))))
        ),
    }


def _name(person: Mapping[str, Any]) -> str:
    for name in _list(person.get("name")):
        parts = [
            *map(str, _list(_mapping(name).get("given"))),
            str(_mapping(name).get("family", "")),
        ]
        return " ".join(filter(None, parts)) or str(_mapping(name).get("text", ""))
    return ""


def _age(born: Any, as_of: datetime) -> int | None:
    """Whole years, where the date of birth is known to the day."""
    try:
        day = date.fromisoformat(str(born))
    except ValueError:
        return None
    today = as_of.date()
    return today.year - day.year - ((today.month, today.day) < (day.month, day.day))


def _problem(condition: Mapping[str, Any]) -> str:
    name = next(iter(texts(condition.get("code"))), "")
    states = [first_code(condition.get(f"{kind}Status")) for kind in ("clinical", "verification")]
    said = [each for each in states if each not in (None, "active", "confirmed")]
    return f"{name} ({', '.join(map(str, said))})" if name and said else name


def orders_of(document: Mapping[str, Any]) -> list[Json]:
    """The drafts of an order hook, in the order they were sent."""
    context = _mapping(document.get("context"))
    chosen = {str(each).rpartition("/")[2] for each in _list(context.get("selections"))}
    drafts = _mapping(context.get("draftOrders"))
    found = [_mapping(_mapping(entry).get("resource")) for entry in _list(drafts.get("entry"))]
    return [
        {
            "order": _order(draft),
            "status": draft.get("status"),
            "selected": str(draft.get("id")) in chosen if chosen else None,
        }
        for draft in found
    ]


def _order(draft: Mapping[str, Any]) -> str:
    """What is ordered, with its dose, as the client wrote it."""
    reference = _mapping(draft.get("medicationReference"))
    names = [
        *texts(draft.get("medicationCodeableConcept")),
        *filter(None, [reference.get("display")]),
        *(
            text
            for each in _list(draft.get("contained"))
            for text in texts(_mapping(each).get("code"))
        ),
        *texts(draft.get("code")),
        *texts(draft.get("productCodeableConcept")),
    ]
    name = str(names[0]) if names else f"{draft.get('resourceType', 'order')} that names nothing"
    return ", ".join(filter(None, (name, dosage_text(draft))))


def _type(value: Any) -> str:
    return str(_mapping(value).get("resourceType", ""))


def _of_type(kind: str, prefetch: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    for value in prefetch:
        for entry in _list(_mapping(value).get("entry")):
            resource = _mapping(_mapping(entry).get("resource"))
            if _type(resource) == kind:
                yield resource


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


# -- as lines --------------------------------------------------------------------------------------

_LOOKS: Mapping[str, Mapping[str, Any]] = {
    "critical": {"fg": "red", "bold": True, "reverse": True},
    "warning": {"fg": "yellow", "bold": True},
    "info": {"fg": "blue", "bold": True},
}
_INSIDE = "    "


def heading(title: str, about: str) -> list[str]:
    """What begins a story."""
    first = styled(plain(title), bold=True, underline=True)
    return [first, *(wrapped(plain(about), "  ") if about else ())]


def patient_lines(patient: Mapping[str, Any]) -> list[str]:
    """The patient in a line or two."""
    age, born, sex = patient["age"], patient["born"], patient["sex"]
    known = [
        str(patient["name"] or f"Patient/{patient['id']}"),
        str(sex) if sex else "sex not sent",
        f"{age} years" if age is not None else f"born {born}" if born else "date of birth not sent",
        "recorded as deceased" if patient["died"] else "",
    ]
    problems = "; ".join(patient["problems"]) or "none was sent with the request"
    return [
        *wrapped(plain(", ".join(filter(None, known))), "  Patient:  ", " " * 12),
        *wrapped(plain(problems), "  Problems: ", " " * 12),
    ]


def call_lines(call: Mapping[str, Any], shows: str = "", *, brief: bool = False) -> Iterator[str]:
    """One request: what was ordered, every card, what was not evaluable, what does not show."""
    yield ""
    yield styled(f"{plain(str(call['hook']))}  ", bold=True) + plain(str(call["request"]))
    yield from (wrapped(plain(shows), "  ") if shows else ())
    yield from _order_lines(call["orders"])
    if "refused" in call:
        yield styled("  Refused, nothing was checked:", fg="red", bold=True)
        yield from (line for each in call["refused"] for line in _item(each))
        return
    if not call["asked"]:
        yield "  Nothing was checked: no order is selected, or the user is no clinician."
        return
    for card in call["cards"]:
        yield ""
        yield from card_lines(card, brief=brief)
    yield from _closing_lines(call)


def _order_lines(orders: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for place, each in enumerate(orders):
        status = "" if each["status"] in (None, "draft") else f" [{each['status']}]"
        chosen = "" if each["selected"] in (None, True) else " (drafted, not selected)"
        first = "  Orders:   " if place == 0 else " " * 12
        yield from wrapped(plain(f"{each['order']}{status}{chosen}"), first.ljust(12), " " * 14)


def card_lines(card: Mapping[str, Any], *, brief: bool = False) -> Iterator[str]:
    """A card as far as a terminal can show it; `brief`: its summary, its gaps and its buttons."""
    label = f"  [{card['indicator']}]"
    first, *rest = wrapped(f"{label} {plain(str(card['summary']))}", "", _INSIDE)
    yield f"  {indicator(card)}{styled(first.removeprefix(label), bold=True)}"
    yield from (styled(line, bold=True) for line in rest)
    if brief:
        # What a reader of summaries alone must not miss.
        missing = "; ".join(map(_unmarked, _own(card).get("notEvaluable", ())))
        yield from (wrapped(f"Missing or uncertain: {missing}", _INSIDE) if missing else ())
    else:
        yield ""
        yield from detail_lines(str(card.get("detail", "")))
    yield from _choices(card, brief=brief)


def indicator(card: Mapping[str, Any]) -> str:
    """How urgent a card is, in its colour."""
    return styled(f"[{card['indicator']}]", **_LOOKS.get(str(card["indicator"]), {}))


def detail_lines(markdown: str) -> Iterator[str]:
    """The detail of a card as wrapped text: only what our own cards use of markdown."""
    for line in markdown.splitlines():
        text = _unmarked(line.removeprefix("- "))
        if not line.strip():
            yield ""
        elif line.startswith("- "):
            yield from wrapped(text, f"{_INSIDE}- ", f"{_INSIDE}  ")
        elif line.startswith("**") and line.endswith("**"):
            yield from (styled(each, bold=True) for each in wrapped(text, _INSIDE))
        else:
            yield from wrapped(text, _INSIDE)


_MARK = re.compile(r"\\([\\`*_{}\[\]<>#|~])|\*\*|(?<!\w)[*_](?=\w)|(?<=[\w.])[*_](?!\w)")
_LINK = re.compile(r"(?<!\\)\[([^\]]*)\]\((https?://[^)\s]+)\)")


def _unmarked(line: str) -> str:
    """Without emphasis, escapes and entities; a link as its text and its address."""
    shown = _MARK.sub(lambda found: found[1] or "", _LINK.sub(r"\1 (\2)", line))
    return plain(shown.replace("&lt;", "<").replace("&amp;", "&"))


def _choices(card: Mapping[str, Any], *, brief: bool) -> Iterator[str]:
    suggestions = card.get("suggestions", ())
    if suggestions and not brief:
        yield ""
        yield styled(f"{_INSIDE}Buttons", bold=True)
    for each in suggestions:
        recommended = " (recommended)" if each.get("isRecommended") else ""
        yield from _button(f"{each['label']}{recommended}")
        labels = (action["description"] for action in each["actions"])
        for said in (label for label in labels if label != each["label"] and not brief):
            yield from wrapped(plain(said), f"{_INSIDE}     + ", f"{_INSIDE}       ")
    if brief:
        return
    reasons = "; ".join(each["display"] for each in card.get("overrideReasons", ()))
    if reasons:
        yield ""
        yield from wrapped(f"To set it aside: {plain(reasons)}.", _INSIDE)
    yield from _origin(card)


def _button(label: str) -> list[str]:
    return wrapped(plain(label), f"{_INSIDE}-> ", f"{_INSIDE}   ")


def _origin(card: Mapping[str, Any]) -> list[str]:
    """Which rule speaks, and with what standing."""
    own = _own(card)
    also = f"; also {', '.join(own['also'])}" if own.get("also") else ""
    words = f"Rule {own.get('id')} {own.get('version')}, {own.get('reviewStatus')}{also}."
    return [styled(line, dim=True) for line in wrapped(plain(words), _INSIDE)]


def _closing_lines(call: Mapping[str, Any]) -> Iterator[str]:
    """What no card says, and whether silence means that all was looked at."""
    cards = call["cards"]
    untold = [each for each in call["notEvaluable"] if not each["onCard"]]
    hidden = list(_not_shown(call))
    if not cards or untold or hidden:
        yield ""
    if not cards and not untold and not hidden:
        yield styled("  No card: all was checked, and nothing found.", fg="green", bold=True)
    elif not cards:
        yield styled("  No card. What was not checked, or does not show:", fg="yellow", bold=True)
    if untold:
        yield "  Not evaluable, and on no card:" if cards else "  Not evaluable:"
        yield from (line for each in untold for line in _item(_gap(each)))
    yield from hidden


def _gap(each: Mapping[str, Any]) -> str:
    asked = f" (for {', '.join(each['rules'])})" if each["rules"] else ""
    return f"{each['what']}{asked}"


_PLACES = (
    ("Applies, and was held back", _HELD),
    ("Applies, and is silent here", _SILENT),
    ("Applies, and another rule speaks first", NO_CARD),
)


def _not_shown(call: Mapping[str, Any]) -> Iterator[str]:
    """Rules that a reader of the cards alone would not know of."""
    said = [
        (title, [e["rule"] for e in call["rules"] if e.get("where") == place.strip(" ()")])
        for title, place in _PLACES
    ]
    faults = [each["rule"] for each in call["rules"] if each["truth"] == _NOT_CHECKED]
    said.append(("Could not be checked, a fault", faults))
    said.append(("Off here, not asked", call["off"]))
    if not call["cards"]:
        said.append(("Cannot apply until this site maps their codes", call["dormant"]))
    for title, rules in said:
        if rules:
            yield from wrapped(f"{title}: {', '.join(rules)}.", "  ", _INSIDE)


def _own(card: Mapping[str, Any]) -> Mapping[str, Any]:
    """Our extension of a card."""
    return _mapping(_mapping(card.get("extension")).get(EXTENSION))


def _item(text: str) -> list[str]:
    return wrapped(plain(text), f"{_INSIDE}- ", f"{_INSIDE}  ")
