"""What the log lets through, and in which form."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cds_service import logs
from cds_service.errors import ContentError
from hooks import SERVICES

OURS = "cds_service.somewhere"
PRIVATE = "Walter Example"
SECRET = "https://fhir.example/Patient/4711?name=Walter"
UUID = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"


@pytest.fixture(autouse=True)
def _new_request() -> Iterator[None]:
    logs.begin()
    yield
    logs.begin()


def record(
    text: Any, *args: Any, logger: str = OURS, problem: BaseException | None = None, **fields: Any
) -> logging.LogRecord:
    info = (type(problem), problem, problem.__traceback__) if problem is not None else None
    return logging.getLogger(logger).makeRecord(
        logger, logging.WARNING, "/somewhere/else.py", 12, text, args, info, extra=fields
    )


def line(text: Any, *args: Any, **options: Any) -> dict[str, Any]:
    """What the JSON line of a record says."""
    written: dict[str, Any] = json.loads(
        logs.JsonFormatter().format(record(text, *args, **options))
    )
    return written


def caught(call: Callable[[], Any]) -> BaseException:
    try:
        call()
    except BaseException as problem:
        return problem
    raise AssertionError("it does not raise")


def test_a_line_has_its_time_level_process_and_event() -> None:
    said = line("answered")
    assert said.pop("time").endswith("+00:00")
    assert said == {"level": "warning", "process": os.getpid(), "event": "answered"}


def test_numbers_in_a_text_are_written_and_other_arguments_are_not() -> None:
    assert line("%d of %s, %s", 3, PRIVATE, {PRIVATE: 1})["event"] == "3 of ..., ..."
    assert line("%(a)s and %(b)d", {"a": PRIVATE, "b": 2})["event"] == "... and 2"
    assert line("%d", PRIVATE)["event"] == "%d"
    assert line("%s and %s", PRIVATE)["event"] == "%s and %s"


@pytest.mark.parametrize("host", ["%s", "[%s]"])
def test_the_port_that_is_listened_on_is_said(host: str) -> None:
    text = f"Uvicorn running on %s://{host}:%d (Press CTRL+C to quit)"
    assert line(text, "http", "::1", 8080)["event"] == "listening on port 8080"


def test_a_text_is_one_line_of_bounded_length() -> None:
    assert line("a\nb\x1b[31m")["event"] == "a b [31m"
    assert len(line("x" * 10_000)["event"]) == logs.MOST_TEXT


FIT = {
    "service": "als-leukemia-patient-view",
    "hook": "order-sign",
    "hookInstance": UUID,
    "client": "St. Mary's, ward 3",
    "outcome": "refused",
    "status": 412,
    "milliseconds": 1.3,
    "cards": 0,
    "rules": {"true": ["a-rule"], "error": ["b.rule", "c_rule"]},
    "off": ["a-rule"],
    "silent": ["b.rule", "c_rule"],
    "held": ["a-rule"],
    "rule": "a-rule",
    "limits": ["high-count 60 ×10⁹/L"],
    "profile": "epic",
    "sink": "store",
    "unread": "labs:failed body:absent",
    "count": 3,
    "reason": "prefetch key labs is needed and could not be had: not supplied",
    "exception": "OSError ECONNREFUSED",
    "because": "KeyError",
    "places": ["cds_service/app.py:3 call"],
    "problems": ["CDS_STORE: name the database"],
}


def test_the_table_has_a_good_value_for_every_field() -> None:
    assert set(FIT) == set(logs.FIELDS)


@pytest.mark.parametrize("name", FIT)
def test_a_listed_field_is_written(name: str) -> None:
    assert line("x", **{name: FIT[name]})[name] == FIT[name]


UNFIT: dict[str, Any] = {
    "service": PRIVATE,
    "hook": "patient view",
    "client": SECRET,
    "outcome": PRIVATE,
    "status": PRIVATE,
    "milliseconds": PRIVATE,
    "cards": PRIVATE,
    "rules": {PRIVATE: ["a-rule"]},
    "off": [PRIVATE],
    "silent": 7,
    "held": [PRIVATE],
    "rule": ["a-rule"],
    "profile": "x" * 65,
    "sink": ["store"],
    "unread": f"labs:failed {PRIVATE}",
    "count": -1,
    "reason": SECRET,
    "exception": "two\nlines",
}


@pytest.mark.parametrize("name", UNFIT)
def test_a_field_that_has_not_its_form_is_only_named(name: str) -> None:
    said = line("x", **{name: UNFIT[name]})
    assert said["unfit"] == [name]
    assert name not in said


def test_a_truth_that_there_is_not_and_a_rule_that_is_none_are_only_named() -> None:
    for rules in ({"maybe": ["a"]}, {"true": [PRIVATE]}, "true", 7):
        assert line("x", rules=rules)["unfit"] == ["rules"]


def test_a_field_that_is_not_listed_is_dropped() -> None:
    said = line("x", patient=PRIVATE, url=SECRET, user=PRIVATE)
    assert set(said) == {"time", "level", "process", "event"}


@pytest.mark.parametrize("sent", [PRIVATE, "", "4711", UUID[:-1], 4711, None, [UUID]])
def test_a_hook_instance_is_written_as_a_uuid_only(sent: Any) -> None:
    said = line("x", hookInstance=sent)
    assert said.get("hookInstance", "not a UUID") == "not a UUID"
    assert "unfit" not in said


# -- exceptions and other libraries ----------------------------------------------------------------


def raising() -> None:
    try:
        raise KeyError(PRIVATE)
    except KeyError as problem:
        raise RuntimeError(f"about {SECRET}") from problem


def test_an_exception_is_named_by_type_and_place() -> None:
    problem = caught(raising)
    for said in (line("x", **logs.raised(problem)), line("x", problem=problem), line(problem)):
        assert (said["exception"], said["because"]) == ("RuntimeError", "KeyError")
        assert said["places"][-1].startswith("trust/test_logs.py:")
        assert said["places"][-1].endswith(" raising")
        assert "Walter" not in json.dumps(said)


def test_an_endless_recursion_has_its_innermost_places() -> None:
    def again() -> None:
        again()

    assert len(line("x", problem=caught(again))["places"]) == logs.MOST_PLACES


def test_an_error_of_the_system_is_named_with_its_number() -> None:
    said = line(OSError(98, PRIVATE), logger="uvicorn.error")
    assert (said["event"], said["exception"]) == ("an error", "OSError EADDRINUSE")


def test_what_is_wrong_with_the_content_is_said_in_full() -> None:
    said = line("no start", problem=ContentError("one", "two"))
    assert said["problems"] == ["one", "two"]


@pytest.mark.parametrize("logger", ["urllib3", "asyncio", "hooks.rules", "root", "cds_service"])
def test_of_another_library_the_place_is_written(logger: str) -> None:
    said = line(
        f"GET {SECRET} %s", PRIVATE, logger=logger, reason=PRIVATE, problem=KeyError(SECRET)
    )
    assert said.pop("time")
    assert said == {
        "level": "warning",
        "process": os.getpid(),
        "event": f"from {logger}",
        "place": "else.py:12",
        "exception": "KeyError",
        "places": [],
    }


def test_uvicorn_says_what_becomes_of_the_process() -> None:
    said = line("running on %s://%s:%d", "http", "host", 8080, logger="uvicorn.error")
    assert said["event"] == "running on ...://...:8080"


# -- requests --------------------------------------------------------------------------------------


def test_what_is_known_of_a_request_stands_on_every_line_about_it() -> None:
    logs.note(service="a", hookInstance=UUID)
    logs.note(client="b", patient=PRIVATE)
    for logger in (OURS, "asyncio"):
        said = line("x", logger=logger)
        assert (said["service"], said["hookInstance"], said["client"]) == ("a", UUID, "b")
        assert "patient" not in said
    logs.begin()
    assert "service" not in line("x")


def test_what_is_known_of_a_request_stands_on_no_line_of_another_thread() -> None:
    logs.note(service="a")
    said = []
    thread = threading.Thread(target=lambda: said.append(line("x")))
    thread.start()
    thread.join()
    assert "service" not in said[0]


# -- lines -----------------------------------------------------------------------------------------


def test_the_longest_line_is_written_to_a_pipe_as_a_whole() -> None:
    """https://pubs.opengroup.org/onlinepubs/9799919799/functions/write.html: PIPE_BUF"""
    for service in SERVICES:
        rules = {"unknown": [rule.id for rule in service.rules()]}
        fields = {**FIT, "rules": rules, "reason": "x" * 10_000, "problems": None, "places": None}
        text = logs.JsonFormatter().format(record("answered", **fields))
        assert len(text.encode()) < 4096


def test_people_read_the_same() -> None:
    text = logs.PlainFormatter().format(record("%d found", 3, **FIT, patient=PRIVATE))
    assert "WARNING 3 found service=als-leukemia-patient-view hook=order-sign" in text
    assert "rules=true:a-rule error:b.rule,c_rule" in text
    assert PRIVATE not in text


PROGRAM = """
import logging, threading, warnings
from cds_service import logs
logs.setup("sandbox")
log = logging.getLogger("cds_service.x")
log.info("started")
log.debug("unseen")
class Bad:
    def __str__(self): raise RuntimeError("Walter")
log.info(Bad())
log.info("fine", extra={"reason": Bad()})
warnings.warn("Walter")
def fail(): raise RuntimeError("Walter")
thread = threading.Thread(target=fail); thread.start(); thread.join()
class Left:
    def __del__(self): fail()
Left()
threads = [threading.Thread(target=lambda: [log.info("x" * 400) for _ in range(200)])
           for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
fail()
"""


def test_a_process_prints_nothing_but_whole_lines_of_the_log() -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=False)
    assert (ran.returncode, ran.stdout) == (1, b"")
    assert b"Walter" not in ran.stderr
    said = [json.loads(each) for each in ran.stderr.decode().splitlines()]
    events = [each["event"] for each in said if each["event"][0] != "x"]
    assert events == [
        "started",
        "an error",
        "fine",
        "from py.warnings",
        "a thread ended by an exception",
        "an exception was left over",
        "the process ends by an exception",
    ]
    assert sum(each["event"] == "x" * 400 for each in said) == 800


def test_a_record_that_cannot_be_put_in_words_is_not_printed(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = logs.Lines(2)
    handler.setFormatter(logs.JsonFormatter())
    monkeypatch.setattr(logs, "described", lambda _: {"a": object()})
    handler.handle(record("x", PRIVATE))
    written = capfd.readouterr().err
    assert json.loads(written)["event"] == "a log record could not be put in words"


def test_a_line_that_nobody_takes_does_no_harm() -> None:
    read, write = os.pipe()
    os.close(read)
    handler = logs.Lines(write)
    handler.handle(record("x"))
    os.close(write)
    handler.handle(record("x"))
