"""What the service answers when the client's FHIR server fails, fault by fault.

https://cds-hooks.hl7.org/2.0/#fhir-resource-access. Every call runs under a watchdog: a fault may
cost the deadline, and must not cost more.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from werkzeug.test import TestResponse

from tests.faults import transport
from tests.faults.server import Behaviour, FaultServer, record, well, with_access
from tests.faults.table import FAULTS, Fault, Outcome
from tests.protocol.support import (
    ACCESS_TOKEN,
    QUIET,
    VIEW,
    Caller,
    application,
    good,
    without_uuids,
)

GUARD_SECONDS = 15
"""Far beyond any deadline here: reaching it means that something waits for ever."""

LARGEST = 1_000_000
EVERYTHING = "the server alone"
ONE_KEY = "the server for one key"
MODES = pytest.mark.parametrize("mode", [EVERYTHING, ONE_KEY])
FIRST_RULE = "hyperleukocytosis-emergency"
"""The card that patient VIEW must not lose to a fault of some other key."""

Result = TypeVar("Result")


@pytest.fixture(scope="module")
def patient_caller() -> Caller:
    """A client of an application that waits long enough for a busy machine."""
    return Caller(application(fhir_deadline_seconds=10.0, fhir_max_response_bytes=LARGEST))


@pytest.fixture(scope="module")
def hurried_caller() -> Caller:
    """A client of an application whose deadline a test can wait for."""
    return Caller(application(fhir_deadline_seconds=0.4, fhir_max_response_bytes=LARGEST))


@pytest.fixture(scope="module")
def templates(patient_caller: Caller) -> dict[str, str]:
    listed = patient_caller.send("GET", "/cds-services").json["services"]
    found: dict[str, str] = next(s for s in listed if s["hook"] == "patient-view")["prefetch"]
    return found


def guarded(call: Callable[[], Result]) -> Result:
    """What the call returns; raises TimeoutError when it takes far too long."""
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as problem:
            future.set_exception(problem)

    threading.Thread(target=run, daemon=True).start()
    return future.result(timeout=GUARD_SECONDS)


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether it holds before the guard's time is over."""
    ends = time.monotonic() + GUARD_SECONDS
    while not (held := holds()) and time.monotonic() < ends:
        time.sleep(0.01)
    return held


@contextmanager
def serving(name: str, templates: dict[str, str], behave: Behaviour) -> Iterator[FaultServer]:
    """A server with the record of a request, and another one on which nothing may arrive."""
    held = record(templates, good(name))
    with FaultServer(held) as elsewhere, FaultServer(held, behave) as server:
        server.elsewhere = elsewhere.base
        yield server
        assert elsewhere.accepted == 0


def sent(name: str, server: FaultServer, lacking: list[str]) -> dict[str, Any]:
    return with_access(good(name), server.base, ACCESS_TOKEN, lacking)


def lacking_in(mode: str, fault: Fault, templates: dict[str, str]) -> list[str]:
    return list(templates) if mode == EVERYTHING else [fault.key]


def details(answer: TestResponse) -> str:
    return "\n".join(card.get("detail", "") for card in answer.json["cards"])


# --- The table ------------------------------------------------------------------------------------


@pytest.fixture(params=FAULTS)
def fault(request: pytest.FixtureRequest) -> Fault:
    return FAULTS[request.param]


@pytest.fixture
def caller(fault: Fault, patient_caller: Caller, hurried_caller: Caller) -> Caller:
    return hurried_caller if fault.hangs else patient_caller


@MODES
def test_a_fault_has_the_outcome_of_the_table(
    fault: Fault,
    mode: str,
    caller: Caller,
    templates: dict[str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """DATA-11, DATA-14, DATA-20, DATA-22, DATA-24"""
    caplog.set_level(logging.DEBUG)
    lacking = lacking_in(mode, fault, templates)
    with serving(VIEW, templates, fault.on(templates)) as server:
        call = sent(VIEW, server, lacking)
        answer = guarded(lambda: caller.post(call))
        check_outcome(fault, answer, lacking, caller)
        if fault.outcome is Outcome.UNHARMED:
            again = guarded(lambda: caller.post(call))
            check_outcome(fault, again, lacking, caller)
        server.behave = well
        assert eventually(lambda: is_as_prefetched(caller, call)), "harmed for good"
    assert ACCESS_TOKEN not in caplog.text
    assert call["context"]["patientId"] not in served_log(caplog)


def served_log(caplog: pytest.LogCaptureFixture) -> str:
    """What the log of a running service holds: the levels that `serve` writes, of any library."""
    written = [record for record in caplog.records if record.levelno >= logging.INFO]
    return "\n".join(record.getMessage() for record in written)


def check_outcome(fault: Fault, answer: TestResponse, lacking: list[str], caller: Caller) -> None:
    """Raises AssertionError where the answer is not what the table says."""
    if fault.outcome is Outcome.UNHARMED:
        assert answer.status_code == 200, answer.text
        expected = caller.cards(good(VIEW))
        assert without_uuids(answer.json["cards"]) == without_uuids(expected)
    elif fault.outcome is Outcome.LOST and takes_what_is_required(fault, lacking):
        assert answer.status_code == 412, answer.text
        assert says_needed("conditions", fault.reason, answer), answer.text
    elif fault.outcome is Outcome.SAID:
        assert answer.status_code == 200, answer.text
        assert re.search(fault.reason, details(answer)), details(answer)
    else:
        assert answer.status_code == 200, answer.text
        assert says_lost(fault.key, fault.reason, answer), details(answer)
        rules = [card["source"]["topic"]["code"] for card in answer.json["cards"]]
        assert rules[0] == FIRST_RULE


def takes_what_is_required(fault: Fault, lacking: list[str]) -> bool:
    return "conditions" in lacking and fault.only in ("", "conditions")


def says_needed(key: str, reason: str, answer: TestResponse) -> bool:
    texts = [issue["diagnostics"] for issue in answer.json["issue"]]
    return any(re.search(f"prefetch key {key} is needed.*({reason})", text) for text in texts)


def says_lost(key: str, reason: str, answer: TestResponse) -> bool:
    return bool(re.search(f"Data under {key} could not be read: .*({reason})", details(answer)))


def is_as_prefetched(caller: Caller, call: dict[str, Any]) -> bool:
    answer = caller.post(call)
    expected = without_uuids(caller.cards(good(VIEW)))
    return answer.status_code == 200 and without_uuids(answer.json["cards"]) == expected


SILENCING = {
    name: fault
    for name, fault in FAULTS.items()
    # The quiet patient has results and a Patient, but neither Conditions nor medications.
    if fault.outcome in (Outcome.LOST, Outcome.PARTLY) and fault.only in ("", "labs", "patient")
}


@MODES
@pytest.mark.parametrize("name", SILENCING)
def test_a_fault_never_looks_like_all_clear(
    name: str,
    mode: str,
    patient_caller: Caller,
    hurried_caller: Caller,
    templates: dict[str, str],
) -> None:
    """DATA-24: a patient without any card, were the server well."""
    fault = SILENCING[name]
    caller = hurried_caller if fault.hangs else patient_caller
    lacking = lacking_in(mode, fault, templates)
    with serving(QUIET, templates, fault.on(templates)) as server:
        answer = guarded(lambda: caller.post(sent(QUIET, server, lacking)))
    if answer.status_code == 200:
        assert says_lost(fault.key, fault.reason, answer), answer.text
    else:
        assert says_needed("conditions", fault.reason, answer), answer.text


@MODES
@pytest.mark.parametrize("name", [VIEW, QUIET])
def test_a_server_without_a_fault_harms_nothing(
    name: str, mode: str, patient_caller: Caller, templates: dict[str, str]
) -> None:
    """What the table compares with."""
    lacking = lacking_in(mode, Fault(well), templates)
    with serving(name, templates, well) as server:
        cards = patient_caller.cards(sent(name, server, lacking))
        assert server.accepted
    assert without_uuids(cards) == without_uuids(patient_caller.cards(good(name)))


# --- Beyond the table -----------------------------------------------------------------------------

HANGING = [name for name, fault in FAULTS.items() if fault.hangs]


@pytest.mark.parametrize("name", HANGING)
def test_a_server_that_hangs_keeps_no_thread_and_no_connection(
    name: str, templates: dict[str, str]
) -> None:
    """DATA-20: more reads than there are threads, and then a good request."""
    caller = Caller(application(fhir_deadline_seconds=0.3, fhir_max_response_bytes=LARGEST))
    # As long as the guard allows: the server must not end what the client should give up.
    behave = transport.late(60) if "deadline" in name else FAULTS[name].behave
    with serving(VIEW, templates, behave) as server:
        call = sent(VIEW, server, list(templates))
        for _ in range(5):
            assert guarded(lambda: caller.post(call)).status_code == 412
        if behave is FAULTS[name].behave:
            assert eventually(lambda: server.busy == 0), f"{server.busy} connections are held"
        server.behave = well
        assert eventually(lambda: is_as_prefetched(caller, call))


def test_a_server_that_never_shakes_hands_keeps_no_connection(templates: dict[str, str]) -> None:
    """DATA-20: https, where nothing answers the client's first words."""
    caller = Caller(application(fhir_deadline_seconds=0.3))
    with serving(VIEW, templates, well) as server:
        call = sent(VIEW, server, list(templates))
        call["fhirServer"] = server.base.replace("http:", "https:")
        answer = guarded(lambda: caller.post(call))
        assert says_needed("conditions", "did not answer in time", answer), answer.text
        assert server.accepted
        assert eventually(lambda: server.open == 0), f"{server.open} connections are held"


@pytest.mark.parametrize(
    "name",
    [
        *(f"answers {number}" for number in (401, 403, 404)),
        "answers 429, to come back in an hour",
        "redirects to another server with 302",
        "answers 200 with HTML",
    ],
)
def test_a_refusal_is_not_asked_again(
    name: str, patient_caller: Caller, templates: dict[str, str]
) -> None:
    """Asking the same again costs the server and may lock the account."""
    with serving(VIEW, templates, FAULTS[name].behave) as server:
        guarded(lambda: patient_caller.post(sent(VIEW, server, list(templates))))
        assert set(server.asked.values()) == {1}


@pytest.mark.parametrize(
    "name", ["answers 503", "resets the connection", "has a next page that never is the last"]
)
def test_a_server_that_fails_is_not_asked_for_ever(
    name: str, patient_caller: Caller, templates: dict[str, str]
) -> None:
    """DATA-09: a server in trouble is not helped by a storm of requests."""
    with serving(VIEW, templates, FAULTS[name].behave) as server:
        guarded(lambda: patient_caller.post(sent(VIEW, server, ["labs"])))
        assert 1 < server.asked.total() <= 40


def test_the_page_of_faults_lists_every_fault() -> None:
    page = Path(__file__).parents[2] / "docs" / "faults.md"
    rows = re.findall(r"^\| ([^|]+?) +\|", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert rows[1:] == list(FAULTS)
