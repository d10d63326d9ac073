"""Requests with a mark in every field, and a watch over what is written while they are answered."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.test import TestResponse

from cds_service import logs

MARK = "zqmark"
"""A text that is nowhere else. Letters only, so that it may stand wherever a name may."""
NUMBER = 918273645546
BORN = "1961-03-17"
MARKS = (MARK, str(NUMBER), BORN)

PATIENT = f"{MARK}-patient"
TEXTS = frozenset(
    {"text", "display", "div", "family", "given", "line", "city", "note", "comment", "title"}
    | {"description", "patientInstruction", "value", "preferred"}
)
"""Members whose text is for people: the mark is added to it."""


def marked(request: dict[str, Any]) -> dict[str, Any]:
    """The request with as many marks as it can bear and be served: texts, ids, further members."""
    patient = request["context"]["patientId"]
    text = json.dumps(request).replace(f'Patient/{patient}"', f'Patient/{PATIENT}"')
    found: dict[str, Any] = _with_marks(json.loads(text), "")
    context = found["context"]
    context |= {"patientId": PATIENT, "userId": f"Practitioner/{MARK}"}
    context["encounterId"] = MARK
    found |= {"hookInstance": MARK, "extension": {"com.example": {MARK: MARK}}}
    person = (found.get("prefetch") or {}).get("patient")
    if isinstance(person, dict):
        person |= {"id": PATIENT, "birthDate": BORN}
    return found


def _with_marks(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        members = {key: _with_marks(each, key) for key, each in value.items()}
        return {**members, MARK: {MARK: [MARK, NUMBER]}}
    if isinstance(value, list):
        return [_with_marks(each, name) for each in value]
    return f"{value} {MARK}" if isinstance(value, str) and name in TEXTS else value


Place = tuple[str | int, ...]


def places(value: Any, path: Place = ()) -> Iterator[Place]:
    """Every member and item of a JSON tree, the outer ones first."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for step, each in items:
        yield (*path, step)
        if isinstance(each, dict | list):
            yield from places(each, (*path, step))


def kinds(request: dict[str, Any]) -> dict[tuple[str, ...], Place]:
    """One place of each kind: items of a list count as one."""
    found: dict[tuple[str, ...], Place] = {}
    for place in places(request):
        found.setdefault(tuple("*" if isinstance(s, int) else s for s in place), place)
    return found


def changed(request: dict[str, Any], place: Place, value: Any, name: str = "") -> dict[str, Any]:
    """A copy with another value at one place, or the same value under another name."""
    copy: dict[str, Any] = json.loads(json.dumps(request))
    holder: Any = copy
    for step in place[:-1]:
        holder = holder[step]
    if name and isinstance(holder, dict):
        holder[name] = holder.pop(place[-1])
    else:
        holder[place[-1]] = value
    return copy


_USUAL = frozenset(vars(logging.makeLogRecord({})))
"""What every record has: the time, for one, which may look like a mark."""


class Watch(logging.Handler):
    """Keeps what the log writes, and what our own modules hand to it: neither may hold a mark."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.handed: list[str] = []
        self.setFormatter(logs.JsonFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        """Every line of INFO and above, and ours of DEBUG."""
        is_ours = record.name.startswith("cds_service.")
        if is_ours or record.levelno >= logging.INFO:
            self.lines.append(self.format(record))
        if is_ours:
            extra = {name: value for name, value in vars(record).items() if name not in _USUAL}
            self.handed.append(f"{record.getMessage()} {extra} {record.exc_info}")

    def check(self) -> None:
        """Raises AssertionError where a mark was written, or handed over."""
        for text in (*self.lines, *self.handed):
            check(text)


def check(text: str) -> None:
    """Raises AssertionError where a text holds a mark."""
    found = [mark for mark in MARKS if mark in text.lower()]
    assert found == [], text


def check_answer(answer: TestResponse) -> None:
    """No header holds a mark, and no error; cards show the caller what the caller sent."""
    check(str(answer.headers))
    if answer.status_code >= 300:
        check(answer.text)


@contextmanager
def watching() -> Iterator[Watch]:
    """What is logged within, checked at the end."""
    watch, root, ours = Watch(), logging.getLogger(), logging.getLogger("cds_service")
    levels = root.level, ours.level
    root.addHandler(watch)
    root.setLevel(logging.INFO)
    ours.setLevel(logging.DEBUG)
    try:
        yield watch
    finally:
        root.removeHandler(watch)
        root.setLevel(levels[0])
        ours.setLevel(levels[1])
    watch.check()
