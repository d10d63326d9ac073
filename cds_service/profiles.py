"""Cards as one EHR can show them: what it does not support is changed or left out, never silently.

A profile is a pure function from cards to cards. It knows what a client does with a card, by the
client's own documentation (docs/ehr-profiles.md), and nothing of what the card says. Two rules hold
for all of them: half of a suggestion never becomes a whole one, and what cannot be offered as a
button is said in the card's detail. Notes hold no data of the patient: they may be logged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import uuid4

from cds_service.card import EXTENSION, escape
from cds_service.code_systems import ALIASES, canonical
from cds_service.dosage import dosage_text

Json = dict[str, Any]
Links = tuple[str, ...] | None
"""The links that were registered with the client; None where nobody said."""

EPIC_REQUEST = "com.epic.cdshooks.request."
EPIC_CONTENT_TYPE = "com.epic.cdshooks.card.detail.content-type"

LONGEST_SUMMARY = 139
_LONGEST_TOPIC = 100

_NO_BUTTON = "Not offered as a button here"
_TOGETHER = "Buttons that belong together"

_RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
_RXNORM_OID = next(alias for alias, own in ALIASES.items() if own == _RXNORM)


@dataclass(frozen=True, slots=True)
class Shown:
    """Cards for one client. `notes` say what was changed or dropped, each after its rule's id."""

    cards: list[Json]
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Fitting:
    """One card while it is being fitted."""

    card: Json
    links: Links
    notes: list[str] = field(default_factory=list)
    by_hand: list[str] = field(default_factory=list)
    together: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        said = f"{rule_of(self.card)}: {text}"
        if said not in self.notes:
            self.notes.append(said)


Step = Callable[[_Fitting], None]
SuggestionStep = Callable[[_Fitting, Json, str], list[Json]]
"""What becomes of one suggestion; the text names it in notes."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of client. Steps work on the whole card, `suggestion_steps` on each suggestion."""

    id: str
    title: str
    steps: tuple[Step, ...] = ()
    suggestion_steps: tuple[SuggestionStep, ...] = ()

    def show(self, cards: list[Json], links: Links) -> Shown:
        """The cards as this client can show them; those given stay as they are."""
        if not self.steps and not self.suggestion_steps:
            return Shown(cards)
        fittings = [_Fitting(deepcopy(card), links) for card in cards]
        for fitting in fittings:
            for step in self.steps:
                step(fitting)
            _fit_suggestions(fitting, self.suggestion_steps)
        return Shown(
            [fitting.card for fitting in fittings],
            tuple(note for fitting in fittings for note in fitting.notes),
        )


def rule_of(card: Mapping[str, Any]) -> str:
    """The id of the rule that the card speaks for, whatever a profile made of its topic."""
    return str(card.get("extension", {}).get(EXTENSION, {}).get("id", "card"))


def guests_of(card: Mapping[str, Any]) -> int:
    """How many other rules have lines on the card."""
    return len(card.get("extension", {}).get(EXTENSION, {}).get("also", ()))


# -- suggestions ---------------------------------------------------------------------------------


def _fit_suggestions(fitting: _Fitting, steps: Iterable[SuggestionStep]) -> None:
    suggestions = fitting.card.get("suggestions")
    if not suggestions:
        return
    fitted: list[Json] = []
    for place, suggestion in enumerate(suggestions, 1):
        name = f"suggestion {place} of {len(suggestions)}"
        current = [suggestion]
        for step in steps:
            current = [after for each in current for after in step(fitting, each, name)]
        fitted += current
    fitting.card["suggestions"] = fitted
    if not fitted:
        del fitting.card["suggestions"]
        fitting.card.pop("selectionBehavior", None)
    _say_in_detail(fitting.card, _NO_BUTTON, fitting.by_hand)
    _say_in_detail(fitting.card, _TOGETHER, fitting.together)


def _leave_out(fitting: _Fitting, suggestion: Json, name: str, reason: str) -> list[Json]:
    fitting.by_hand.append(f"{escape(suggestion['label'])}: {reason}")
    fitting.note(f"{name} left out and named in the detail: {reason}")
    return []


def _say_in_detail(card: Json, title: str, lines: Iterable[str]) -> None:
    """A section before the evidence, where a reader who wants to act still is."""
    listed = "\n".join(f"- {line}" for line in lines)
    if not listed:
        return
    section = f"**{title}**\n\n{listed}"
    before, evidence, after = card.get("detail", "").partition("\n\n**Evidence (")
    card["detail"] = "\n\n".join(part for part in (before, section) if part) + evidence + after


def _no_halves(fitting: _Fitting, suggestion: Json, name: str) -> list[Json]:
    """Removing one order and drafting another are one decision: with the second alone both would
    run, with the first alone neither. A client that takes one action at a time gets no such button.
    """
    kinds = {action["type"] for action in suggestion.get("actions", ())}
    if len(kinds) <= 1:
        return [suggestion]
    reason = "takes several steps that belong together; please make them by hand"
    return _leave_out(fitting, suggestion, name, reason)


def _one_action_each(fitting: _Fitting, suggestion: Json, name: str) -> list[Json]:
    """One suggestion per action, in the action's own words."""
    actions = suggestion.get("actions", [])
    if len(actions) <= 1:
        return [suggestion]
    if all(action["type"] == "delete" for action in actions):
        # The same number for the same order, however the drafts lie in the request.
        actions = sorted(actions, key=lambda action: str(action["resourceId"]))
    total, bound = len(actions), not all(map(_stands_alone, actions))
    if bound:
        fitting.together.append(
            f"{escape(suggestion['label'])}: one button for each order, take all {total}; "
            "what is not taken stays as it is"
        )
    fitting.note(f"{name} became {total} suggestions of one action each")
    together = f", take all {total}" if bound else ""
    return [
        _split(suggestion, action, f"{place} of {total}{together}: {action['description']}")
        for place, action in enumerate(actions, 1)
    ]


def _stands_alone(action: Json) -> bool:
    """Tests and consults may be wanted one by one. Drugs drafted together, and orders removed or
    changed together, are one treatment."""
    kind = action.get("resource", {}).get("resourceType", "")
    return action["type"] == "create" and not kind.startswith("Medication")


def _split(suggestion: Json, action: Json, words: str) -> Json:
    own = {**action, "description": words}
    return {**suggestion, "label": words, "uuid": str(uuid4()), "actions": [own]}


def _by_hand(
    types: tuple[str, ...], *, priority: bool = False, preselect: bool = False
) -> SuggestionStep:
    """For clients that open an order, but not with the dose (or `priority`) that was drafted: the
    suggestion says what to enter. Without `preselect`, one that would open with another dose than
    the one said is chosen by a person, never beforehand."""

    def say(fitting: _Fitting, suggestion: Json, name: str) -> list[Json]:
        actions = [_told(a, types, priority) for a in suggestion.get("actions", ())]
        words = [said for said, _ in actions if said]
        if not words or suggestion["label"].endswith(words[-1]):
            return [suggestion]
        fitting.note(f"{name} says what to enter by hand, as the order opens without it")
        told = {
            **suggestion,
            "label": suggestion["label"] + words[-1],
            "actions": [action for _, action in actions],
        }
        if _DOSE in words[-1] and not preselect and told.pop("isRecommended", None):
            fitting.note(f"{name} is not preselected: the order opens without its dose")
        return [told]

    return say


_DOSE = "; enter the dose by hand"


def _told(action: Json, types: tuple[str, ...], priority: bool) -> tuple[str, Json]:
    """What a label has to add, and the action whose description adds it with the dose in full."""
    resource = action.get("resource", {}) if action["type"] in types else {}
    urgency = resource.get("priority", "routine")
    label = f"; enter priority {urgency} by hand" if priority and urgency != "routine" else ""
    instructions = resource.get("dosageInstruction")
    if not instructions:
        return label, {**action, "description": action["description"] + label}
    # Of several instructions the first alone would read like the whole.
    dose = dosage_text(resource) if len(instructions) == 1 else ""
    label += _DOSE
    return label, {
        **action,
        "description": action["description"] + label + (f": {dose}" if dose else ""),
    }


# -- links ---------------------------------------------------------------------------------------


def _is_registered(url: Any, links: Iterable[str]) -> bool:
    return isinstance(url, str) and url.rstrip("/") in {link.rstrip("/") for link in links}


def _keep_links(fitting: _Fitting, registered: Sequence[str]) -> None:
    links = fitting.card.get("links", [])
    kept = [link for link in links if _is_registered(link.get("url"), registered)]
    for link in links:
        if link not in kept:
            fitting.note(f"link left out, not registered: {link.get('url')}")
    if kept:
        fitting.card["links"] = kept
    else:
        fitting.card.pop("links", None)


# -- Epic ----------------------------------------------------------------------------------------


def topic_code(code: str) -> str:
    """Letters and digits only, at most 100 of them: "tretinoin-safety" is "TretinoinSafety"."""
    parts = re.split(r"[^A-Za-z0-9]+", code)
    plain = code if len(parts) == 1 else "".join(part[:1].upper() + part[1:] for part in parts)
    if len(plain) <= _LONGEST_TOPIC:
        return plain
    # Two long codes may differ at their ends only.
    return plain[: _LONGEST_TOPIC - 12] + sha256(code.encode()).hexdigest()[:12]


def _epic_topic(fitting: _Fitting) -> None:
    topic = fitting.card.get("source", {}).get("topic")
    if topic is None or topic["code"] == topic_code(topic["code"]):
        return
    topic["code"] = topic_code(topic["code"])
    fitting.note(f"topic code is {topic['code']}")


def _epic_content_type(fitting: _Fitting) -> None:
    extension = fitting.card.setdefault("extension", {})
    if EPIC_CONTENT_TYPE not in extension:
        extension[EPIC_CONTENT_TYPE] = "text/markdown; variant=GitHub"
        fitting.note("the detail is declared as GitHub Markdown")


def _epic_links(fitting: _Fitting) -> None:
    if fitting.links is not None:
        _keep_links(fitting, fitting.links)
    elif fitting.card.get("links"):
        kept = len(fitting.card["links"])
        fitting.note(f"links kept ({kept}): the EHR shows those alone that are on its allow list")


def _epic_selection(fitting: _Fitting) -> None:
    """Only `any` is known there: alternatives have to say themselves that they are."""
    if fitting.card.get("selectionBehavior", "any") == "any":
        return
    fitting.card["selectionBehavior"] = "any"
    for suggestion in fitting.card.get("suggestions", ()):
        for each, key in (
            (suggestion, "label"),
            *((a, "description") for a in suggestion["actions"]),
        ):
            each[key] = f"Choose one only: {each[key]}"
    fitting.note("selectionBehavior is any, and each suggestion says to choose one only")


_EPIC_CREATES = frozenset({"MedicationRequest", "ServiceRequest", "Condition"})
_EPIC_DELETES = frozenset({"MedicationRequest", "ServiceRequest"})


def _epic_supported(fitting: _Fitting, suggestion: Json, name: str) -> list[Json]:
    """Orders can be drafted and removed there, not changed, and not those of every type."""
    for action in suggestion.get("actions", ()):
        reason = _epic_refusal(action)
        if reason is not None:
            return _leave_out(fitting, suggestion, name, f"{reason}; please do it by hand")
    return [suggestion]


def _epic_refusal(action: Json) -> str | None:
    if action["type"] == "update":
        return "this EHR changes no drafted order from a card"
    if action["type"] == "delete":
        kind, known = action.get("resourceId", "").partition("/")[0], _EPIC_DELETES
    else:
        kind, known = action.get("resource", {}).get("resourceType"), _EPIC_CREATES
    if kind in known:
        return None
    return f"this EHR can {action['type']} no {kind} from a card"


def _epic_codes(fitting: _Fitting, suggestion: Json, name: str) -> list[Json]:
    """RxNorm under the identifier that is read there; orders without a code are for the site."""
    for action in suggestion.get("actions", ()):
        resource = action.get("resource", {})
        concept = resource.get("medicationCodeableConcept", resource.get("code", {}))
        found = concept.get("coding", [])
        known = {(coding.get("system"), coding.get("code")) for coding in found}
        added = [
            {**coding, "system": _RXNORM_OID}
            for coding in found
            if canonical(coding.get("system", "")) == _RXNORM
            and (_RXNORM_OID, coding.get("code")) not in known
        ]
        if added:
            concept["coding"] = [*found, *added]
            fitting.note(f"{name} repeats its RxNorm code under {_RXNORM_OID}")
        if action["type"] == "create" and not found:
            fitting.note(f"{name} drafts an order without a code: the site has to map it")
    return [suggestion]


# -- Oracle --------------------------------------------------------------------------------------


def _oracle_links(fitting: _Fitting) -> None:
    registered = fitting.links or ()
    _keep_links(fitting, registered)
    source = fitting.card.get("source", {})
    if "url" in source and not _is_registered(source["url"], registered):
        fitting.note(f"source without its link, not registered: {source.pop('url')}")
    for link in fitting.card.get("links", ()):
        if link.pop("appContext", None) is not None:
            fitting.note(f"appContext left out: {link['url']}")


def summary_with_guests(summary: str, guests: int) -> str | None:
    """The summary saying how many more points the card holds; None where there is no room."""
    points = "point" if guests == 1 else "points"
    ways = (f"; {guests} further {points} in the detail", f" (+{guests} more)", f" (+{guests})")
    stop = "." if summary.endswith(".") else ""
    plain = summary.removesuffix(".")
    if not guests or plain.endswith(ways):
        return summary
    said = (f"{plain}{way}{stop}" for way in ways)
    return next((each for each in said if len(each) <= LONGEST_SUMMARY), None)


def _oracle_summary(fitting: _Fitting) -> None:
    summary, guests = fitting.card["summary"], guests_of(fitting.card)
    said = summary_with_guests(summary, guests)
    if said is None:
        fitting.note(f"the summary has no room to say that {guests} more stand in the detail")
    elif said != summary:
        fitting.card["summary"] = said
        fitting.note(f"the summary says that {guests} more stand in the detail")


# -- the official sandbox ------------------------------------------------------------------------


def _sandbox_replacement(fitting: _Fitting, suggestion: Json, name: str) -> list[Json]:
    """A draft removed for another of its type is that draft updated, and safe wherever it is done.

    The sandbox applies the first action that it understands: a deletion would empty the order on
    screen, and a creation alone would, in any other client, leave both orders.
    """
    by_type = {action["type"]: action for action in suggestion.get("actions", ())}
    if len(suggestion.get("actions", ())) != 2 or set(by_type) != {"delete", "create"}:
        return [suggestion]
    kind, _, identity = by_type["delete"]["resourceId"].rpartition("/")
    resource = by_type["create"]["resource"]
    if kind != resource["resourceType"]:
        return [suggestion]
    update = {
        "type": "update",
        "description": suggestion["label"],
        "resource": {**resource, "id": identity},
    }
    fitting.note(f"{name}: deletion and creation became one update of the order")
    return [{**suggestion, "actions": [update]}]


def _sandbox_one_action_each(fitting: _Fitting, suggestion: Json, name: str) -> list[Json]:
    """Where no action can be seen there, one button that does nothing is enough."""
    actions = suggestion.get("actions", ())
    if any(a["type"] == "delete" or is_seen_by_sandbox(a["resource"]) for a in actions):
        return _one_action_each(fitting, suggestion, name)
    return [suggestion]


def _sandbox_unseen(fitting: _Fitting, suggestion: Json, name: str) -> list[Json]:
    """The screen follows drugs only; the button is there and does nothing."""
    for action in suggestion.get("actions", ()):
        if action["type"] != "delete" and not is_seen_by_sandbox(action.get("resource", {})):
            fitting.note(f"{name} changes nothing on the sandbox's screen")
    return [suggestion]


def is_seen_by_sandbox(resource: Mapping[str, Any]) -> bool:
    """Whether its medicationCodeableConcept has text and a first code."""
    drug = resource.get("medicationCodeableConcept") or {}
    first: Mapping[str, Any] = next(iter(drug.get("coding", ())), {})
    return bool(drug.get("text") and first.get("code"))


# -- the profiles --------------------------------------------------------------------------------

GENERIC = Profile("generic", "Any client: cards as they are")
EPIC = Profile(
    "epic",
    "Epic",
    (_epic_selection, _epic_topic, _epic_content_type, _epic_links),
    (
        _epic_supported,
        _no_halves,
        _one_action_each,
        _epic_codes,
        _by_hand(("create",), priority=True),
    ),
)
ORACLE = Profile("oracle", "Oracle Health (Cerner Millennium)", (_oracle_links, _oracle_summary))
SANDBOX = Profile(
    "sandbox",
    "The official CDS Hooks sandbox",
    (),
    (
        _sandbox_replacement,
        _no_halves,
        _sandbox_one_action_each,
        _sandbox_unseen,
        _by_hand(("create", "update"), preselect=True),
    ),
)

PROFILES: Mapping[str, Profile] = {each.id: each for each in (GENERIC, EPIC, ORACLE, SANDBOX)}


def detect(extension: Any) -> str:
    """The profile that the request's `extension` gives away, "generic" where it does not.

    Epic's keys are documented; no other client is known to send keys of its own.
    """
    keys = extension if isinstance(extension, Mapping) else {}
    is_epic = any(isinstance(key, str) and key.startswith(EPIC_REQUEST) for key in keys)
    return EPIC.id if is_epic else GENERIC.id
