"""Every prefetch key in every state, with and without a FHIR server: what the answer is.

The expectation is the two tables below, MEANING and OUTCOME, and what each request needs for its
cards, REQUESTS; nothing of it is recorded output.
https://cds-hooks.hl7.org/2.0/#prefetch-template, https://cds-hooks.hl7.org/2.0/#fhir-resource-access
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from enum import Enum
from functools import cache
from itertools import combinations, product
from typing import Any

import pytest

from tests.protocol.fhir_stub import NOT_FOUND, FhirStub, filled, reply, story
from tests.protocol.support import (
    KEYS,
    SEARCH_KEYS,
    Caller,
    application,
    good,
    without_uuids,
)

# --- The keys, and what may stand under them ------------------------------------------------------

READ, REQUIRED, OPTIONAL = "read", "required search", "optional search"
CLASS = dict.fromkeys(KEYS, OPTIONAL) | {"patient": READ, "conditions": REQUIRED}

ERROR = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "exception", "diagnostics": "Search failed"}],
}
NOTHING = {"resourceType": "Bundle", "type": "searchset", "total": 0}
ERROR_ENTRY = {**NOTHING, "entry": [{"resource": ERROR, "search": {"mode": "outcome"}}]}
ABSENT = object()


TYPE = dict.fromkeys(KEYS, "Observation") | {
    "patient": "Patient",
    "conditions": "Condition",
    "medications": "MedicationRequest",
}


def _cut_off(key: str, value: dict[str, Any], server: str) -> dict[str, Any]:
    """The page that was sent, which says that there is another one."""
    page = NOTHING if CLASS[key] == READ else value
    return {**page, "link": [{"relation": "next", "url": f"{server}/page-2"}]}


def _misplaced(key: str, value: dict[str, Any], server: str) -> dict[str, Any]:
    """A Patient where a Bundle belongs, and a resource that is no Patient under the read."""
    return {"resourceType": "Observation" if CLASS[key] == READ else "Patient", "id": "a"}


def _of_another(key: str, value: dict[str, Any], server: str) -> dict[str, Any]:
    """A search that found somebody else; another Patient is a 400, see test_prefetch.py."""
    subject = {"reference": "Patient/somebody-else"}
    found = {"resource": {"resourceType": TYPE[key], "id": "a", "subject": subject}}
    return value if CLASS[key] == READ else {**NOTHING, "entry": [found]}


def _unreadable(key: str, value: dict[str, Any], server: str) -> dict[str, Any]:
    """What was found, and an entry beside it that has no FHIR shape."""
    entry = {"resource": {"resourceType": TYPE[key], "id": "a", "code": 5}}
    return {**NOTHING, "entry": [*value.get("entry", ()), entry]}


STATES: dict[str, Callable[[str, dict[str, Any], str], Any]] = {
    "answered": lambda key, value, server: value,
    "null": lambda key, value, server: None,
    "an empty Bundle": lambda key, value, server: NOTHING,
    "an OperationOutcome": lambda key, value, server: ERROR,
    "HTML": lambda key, value, server: "<html><body>502 Bad Gateway</body></html>",
    "a number": lambda key, value, server: 7,
    "another kind of resource": _misplaced,
    "a Bundle of an error": lambda key, value, server: ERROR_ENTRY,
    "only another patient's": _of_another,
    "an entry that is unreadable": _unreadable,
    "cut off": _cut_off,
    "absent": lambda key, value, server: ABSENT,
}


class Meaning(Enum):
    """How a state is to be understood."""

    DATA = "data"
    NONE = "there is none"
    PART = "a part of the data"
    SPOILT = "a part of the data, and no page that would hold the rest"
    FAILED = "it could not be read"
    WRONG = "no client may send this here"


MEANING: dict[str, tuple[Meaning, Meaning]] = {
    # under a key:               a search         the read of the patient
    "answered": (Meaning.DATA, Meaning.DATA),
    "null": (Meaning.NONE, Meaning.FAILED),
    "an empty Bundle": (Meaning.NONE, Meaning.WRONG),
    "an OperationOutcome": (Meaning.FAILED, Meaning.FAILED),
    "HTML": (Meaning.WRONG, Meaning.WRONG),
    "a number": (Meaning.WRONG, Meaning.WRONG),
    "another kind of resource": (Meaning.WRONG, Meaning.WRONG),
    "a Bundle of an error": (Meaning.FAILED, Meaning.WRONG),
    "only another patient's": (Meaning.FAILED, Meaning.DATA),
    "an entry that is unreadable": (Meaning.SPOILT, Meaning.WRONG),
    "cut off": (Meaning.PART, Meaning.WRONG),
    "absent": (Meaning.FAILED, Meaning.FAILED),
}


class Outcome(Enum):
    """What becomes of a key."""

    KNOWN = "its data counts"
    EMPTY = "known to hold nothing"
    PART = "its data counts, and that it is not all is named"
    UNKNOWN = "named as not read; where the key is required, 412"
    REFUSED = "412"


KNOWN, EMPTY, PART = Outcome.KNOWN, Outcome.EMPTY, Outcome.PART
UNKNOWN, REFUSED = Outcome.UNKNOWN, Outcome.REFUSED
MODES = ("no server", "a server that answers", "a server that fails", "a server without data")
OUTCOME: dict[Meaning, tuple[Outcome, Outcome, Outcome, Outcome]] = {
    # with:        no server, answers, fails, without data
    Meaning.DATA: (KNOWN, KNOWN, KNOWN, KNOWN),
    Meaning.NONE: (EMPTY, EMPTY, EMPTY, EMPTY),
    # The next page is empty: then the first was all.
    Meaning.PART: (PART, KNOWN, PART, KNOWN),
    # A server that finds less than was sent has not found all.
    Meaning.SPOILT: (PART, KNOWN, PART, PART),
    Meaning.FAILED: (UNKNOWN, KNOWN, UNKNOWN, EMPTY),
    Meaning.WRONG: (REFUSED, KNOWN, REFUSED, EMPTY),
}


def outcome(name: str, key: str, state: str, mode: str) -> Outcome:
    """What becomes of a key in a state, by the tables."""
    is_read = CLASS[key] == READ
    meaning = MEANING[state][is_read]
    if is_read and mode == "a server without data":
        # A server has no patient or has one; without, it has failed.
        mode = "a server that fails"
    if mode == "a server without data" and not (json.loads(_sent(name))[key] or {}).get("entry"):
        # Where there is nothing on record, this is the truth.
        mode = "a server that answers"
    found = OUTCOME[meaning][MODES.index(mode)]
    if CLASS[key] == REQUIRED and found is UNKNOWN:
        return REFUSED
    return found


# --- The requests, and what their cards need ------------------------------------------------------


@dataclass(frozen=True)
class Expected:
    """Rule to the keys without whose data its card cannot show; `asks` is the same for the card
    of gaps where nothing else shows, although everything was read."""

    cards: Mapping[str, frozenset[str]]
    asks: frozenset[str] | None = None


REQUESTS = {
    "als-aml-emergency.patient-view": Expected(
        {
            "hyperleukocytosis-emergency": frozenset({"conditions", "leukocytes"}),
            "als-acute-leukemia-goals": frozenset({"conditions"}),
        },
        # A count of 182 and nothing on record that explains it.
        asks=frozenset({"leukocytes"}),
    ),
    "als-aml-emergency.order-select.leukapheresis-and-daunorubicin": Expected(
        {
            "leukapheresis-als": frozenset({"conditions"}),
            "intensive-therapy-als": frozenset({"conditions"}),
        }
    ),
    "als-aml-seven-plus-three.order-sign": Expected(
        {"intensive-therapy-als": frozenset({"conditions"})}
    ),
    "gout.patient-view": Expected({}),
    "gout.order-sign": Expected({}),
}
QUIET = [name for name, expected in REQUESTS.items() if not expected.cards]


def expected_rules(name: str, outcomes: Mapping[str, Outcome]) -> set[str]:
    """The cards by the tables."""
    lost = {key for key, each in outcomes.items() if each in (EMPTY, UNKNOWN)}
    expected = REQUESTS[name]
    shown = {rule for rule, needs in expected.cards.items() if not needs & lost}
    asks = expected.asks is not None and not expected.asks & lost
    return shown or ({"data-gaps"} if asks or not_complete(outcomes) else set())


def not_complete(outcomes: Mapping[str, Outcome]) -> set[str]:
    """The keys that some card has to name."""
    return {key for key, each in outcomes.items() if each in (PART, UNKNOWN)}


# --- Asking ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def caller() -> Caller:
    """A client of an application that waits long enough for a busy machine."""
    return Caller(application(fhir_deadline_seconds=20.0))


@pytest.fixture(scope="module")
def servers(caller: Caller) -> Iterator[dict[str, str]]:
    """Mode to the address of its FHIR server."""
    templates = caller.send("GET", "/cds-services").json["services"][0]["prefetch"]
    answers, reads = {"page-2": reply(NOTHING)}, {}
    for name in REQUESTS:
        record = story(name, templates)
        answers |= record | {_by_reference(path): each for path, each in record.items()}
        reads[filled(templates, good(name))["patient"]] = NOT_FOUND
    stubs = {
        "a server that answers": FhirStub(answers),
        "a server that fails": FhirStub(otherwise=reply(ERROR, 500)),
        "a server without data": FhirStub(reads, otherwise=reply(NOTHING)),
    }
    with ExitStack() as stack:
        yield {mode: stack.enter_context(stub).base for mode, stub in stubs.items()}


def _by_reference(path: str) -> str:
    """The same search with the patient written as a reference, which some servers want."""
    return path.replace("patient=", "patient=Patient/")


@cache
def _sent(name: str) -> str:
    return json.dumps(good(name)["prefetch"])


def request(name: str, states: Mapping[str, str], server: str | None) -> dict[str, Any]:
    """The fixture request with these keys in these states."""
    body = good(name)
    body.pop("fhirServer", None)
    if server is not None:
        body["fhirServer"] = server
    for key, state in states.items():
        sent = json.loads(_sent(name))[key] or NOTHING
        value = STATES[state](key, sent, server or "https://ehr.example/fhir")
        body["prefetch"][key] = value
        if value is ABSENT:
            del body["prefetch"][key]
    return body


_plain: dict[tuple[str, frozenset[str]], Any] = {}


def plain(caller: Caller, name: str, empty: frozenset[str]) -> Any:
    """The cards where prefetch holds everything, and nothing under the keys in `empty`."""
    if (name, empty) not in _plain:
        body = request(name, dict.fromkeys(empty, "null"), None)
        _plain[name, empty] = without_uuids(caller.cards(body))
    return _plain[name, empty]


_READ = re.compile(r"^- [A-Z][^.]+\. Data under (\w+) could not be read: \S", flags=re.MULTILINE)
_CHECKED = re.compile(r"could not be checked \((\w+): ")
_REFUSED = re.compile(r"^prefetch key (\w+) is needed and could not be had: \S")


def problems(
    caller: Caller, name: str, states: Mapping[str, str], mode: str, servers: Mapping[str, str]
) -> list[str]:
    """How the answer differs from what the tables say."""
    outcomes = {key: outcome(name, key, state, mode) for key, state in states.items()}
    answer = caller.post(request(name, states, servers.get(mode)))
    refused = {key for key, each in outcomes.items() if each is REFUSED}
    if refused or answer.status_code != 200:
        told = [_REFUSED.match(issue["diagnostics"]) for issue in answer.json.get("issue", ())]
        named = {match[1] for match in told if match}
        return _differences(status=(answer.status_code, 412 if refused else 200)) + _differences(
            refused=(named, refused)
        )
    return _of_cards(caller, name, outcomes, answer.json["cards"])


def _of_cards(
    caller: Caller, name: str, outcomes: Mapping[str, Outcome], cards: list[dict[str, Any]]
) -> list[str]:
    text = "\n".join(card["detail"] for card in cards)
    named, unchecked = set(_READ.findall(text)), set(_CHECKED.findall(text))
    incomplete = not_complete(outcomes)
    found = _differences(
        cards=({card["source"]["topic"]["code"] for card in cards}, expected_rules(name, outcomes)),
        named=(named, incomplete),
        unchecked=(unchecked - incomplete, set()),
    )
    if not incomplete:
        # Where it came from makes no difference to any word of any card.
        empty = frozenset(key for key, each in outcomes.items() if each is EMPTY)
        found += _differences(words=(without_uuids(cards) == plain(caller, name, empty), True))
    return found


def _differences(**pairs: tuple[Any, Any]) -> list[str]:
    return [
        f"{what}: {is_!r}, not {should!r}" for what, (is_, should) in pairs.items() if is_ != should
    ]


# --- One key --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("name", REQUESTS)
def test_a_key_in_every_state_has_the_outcome_of_the_table(
    caller: Caller, servers: dict[str, str], name: str, key: str, mode: str
) -> None:
    """DATA-01, DATA-04, DATA-05, DATA-07, DATA-08, DATA-11, DATA-12, DATA-24, BAD-22, BAD-23"""
    found = [
        f"{state}: {each}"
        for state in STATES
        for each in problems(caller, name, {key: state}, mode, servers)
    ]
    assert not found, "\n".join(found)


# --- Two keys at once -----------------------------------------------------------------------------

ONE_OF_EACH = ("null", "absent", "HTML", "an entry that is unreadable", "cut off")
"""A state of each meaning."""


@pytest.mark.parametrize(("one", "other"), list(combinations(KEYS, 2)))
def test_two_keys_do_not_hide_each_other(
    caller: Caller, servers: dict[str, str], one: str, other: str
) -> None:
    """Every pair of keys in every pair of states; modes and requests take turns."""
    turn = KEYS.index(one) + 3 * KEYS.index(other)
    names, found = list(REQUESTS), []
    for place, (first, second) in enumerate(product(ONE_OF_EACH, repeat=2)):
        # The second terms: else a request would always meet the same second state.
        name = names[(turn + place + place // len(names)) % len(names)]
        mode = MODES[(turn + place + place // len(MODES)) % len(MODES)]
        states = {one: first, other: second}
        case = f"{name}, {first} and {second}, {mode}"
        found += [f"{case}: {each}" for each in problems(caller, name, states, mode, servers)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", REQUESTS)
def test_all_keys_in_one_state_have_the_outcome_of_the_table(
    caller: Caller, servers: dict[str, str], name: str, state: str, mode: str
) -> None:
    """DATA-02, DATA-03, DATA-10, DATA-12"""
    states = dict.fromkeys(KEYS, state)
    assert problems(caller, name, states, mode, servers) == []


# --- What must never happen -----------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["no server", "a server that fails"])
@pytest.mark.parametrize("name", QUIET)
def test_a_quiet_patient_is_not_all_clear_where_a_key_was_not_read(
    caller: Caller, servers: dict[str, str], name: str, mode: str
) -> None:
    """Said without the tables: no cards only where every key was answered or is known empty."""
    silent = set()
    for key, state in product(KEYS, STATES):
        answer = caller.post(request(name, {key: state}, servers.get(mode)))
        if answer.json.get("cards") == []:
            silent.add((key, state))
    fine = {(key, state) for key in SEARCH_KEYS for state in ("null", "an empty Bundle")}
    # The Patient is left as it is there.
    fine |= {(key, "answered") for key in KEYS} | {("patient", "only another patient's")}
    assert silent == fine


def test_the_tables_leave_nothing_out() -> None:
    assert set(MEANING) == set(STATES)
    assert set(OUTCOME) == set(Meaning)
    assert {MEANING[state][0] for state in ONE_OF_EACH} == set(Meaning) - {Meaning.DATA}
    assert set(CLASS.values()) == {READ, REQUIRED, OPTIONAL}
    assert set(SEARCH_KEYS) == {key for key in KEYS if CLASS[key] != READ}
    hooks = {name.split(".")[1] for name in REQUESTS}
    assert hooks == {"patient-view", "order-select", "order-sign"}
