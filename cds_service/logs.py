"""The log: one line for each event, of what is listed here and nothing else.

A record of ours is a constant text and fields (`extra=`). The text is written, numbers in it too,
other arguments never; of the fields those of FIELDS, each where it has its form. What raised is
named by type and place, because messages hold values of patients. Other libraries' texts are not
ours to vouch for, so of their records the place is written.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any
from uuid import UUID

import msgspec

from cds_service.errors import ContentError

log = logging.getLogger(__name__)

OUTCOMES = frozenset({"answered", "refused", "failed"})
TRUTHS = frozenset({"true", "false", "unknown", "error"})

MOST_TEXT = 500
"""Characters of a text, and of a `reason`. With all rules a line stays below what a pipe takes as
a whole from several processes (4096 bytes)."""
MOST_PLACES = 12
"""Of the calls that led to an exception, the innermost."""

Fields = Mapping[str, Any]

# -- what may be written ---------------------------------------------------------------------------

_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")


def _name(value: Any) -> str:
    """An id out of content or settings: of a service, a hook, a rule."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError
    return value


def _words(value: Any) -> str:
    """A text of our own, on one line and without an address."""
    if not isinstance(value, str) or not value.isprintable() or "://" in value:
        raise ValueError
    return value if len(value) <= MOST_TEXT else f"{value[:MOST_TEXT]}..."


def _count(value: Any) -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError
    return value


def _milliseconds(value: Any) -> float:
    return round(float(value), 1)


def _status(value: Any) -> int:
    if value not in range(100, 600):
        raise ValueError
    return int(value)


def _outcome(value: Any) -> str:
    if value not in OUTCOMES:
        raise ValueError
    return str(value)


def _hook_instance(value: Any) -> str:
    """The client's text: a UUID says nothing about anybody, another text may."""
    try:
        return str(UUID(value))
    except (ValueError, AttributeError, TypeError):
        return "not a UUID"


def _rules(value: Any) -> dict[str, list[str]]:
    """Truth to the ids of the rules that have it."""
    if not TRUTHS.issuperset(value):
        raise ValueError
    return {truth: [_name(rule) for rule in rules] for truth, rules in value.items() if rules}


def _names(value: Any) -> list[str]:
    """Ids out of content: of rules."""
    return [_name(each) for each in value]


def _texts(value: Any) -> list[str]:
    return [str(each)[:MOST_TEXT] for each in value]


def _states(value: Any) -> str:
    """Prefetch keys of the content, each with a state of ours: `labs:failed body:absent`."""
    if not isinstance(value, str) or not re.fullmatch(r"([A-Za-z0-9._-]{1,64}:[a-z]+ ?)+", value):
        raise ValueError
    return value


FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "service": _name,
    "hook": _name,
    "hookInstance": _hook_instance,
    "client": _words,
    "outcome": _outcome,
    "status": _status,
    "milliseconds": _milliseconds,
    "cards": _count,
    "rules": _rules,
    "off": _names,
    "silent": _names,
    "held": _names,
    "rule": _name,
    "limits": _texts,
    "profile": _name,
    "sink": _name,
    "unread": _states,
    "count": _count,
    "reason": _words,
    "exception": _words,
    "because": _words,
    "places": _texts,
    "problems": _texts,
}
"""Everything that a line may say, and the form that it must have.

`reason` is a text of our own words (errors.py), `client` one of the client file; the last four are
what `raised` makes of an exception.
"""


def _fit(fields: Fields) -> dict[str, Any]:
    """The fields that may be written; of those that have not their form, only the name."""
    fit: dict[str, Any] = {}
    unfit = []
    for name, form in FIELDS.items():
        if fields.get(name) is None:
            continue
        try:
            fit[name] = form(fields[name])
        except (ValueError, TypeError, AttributeError):
            unfit.append(name)
    return {**fit, "unfit": unfit} if unfit else fit


# -- the request that a line belongs to ------------------------------------------------------------

_NOTHING: Fields = {}
_request: ContextVar[Fields] = ContextVar("request", default=_NOTHING)


def begin() -> None:
    """From here on this thread answers another request."""
    _request.set(_NOTHING)


def note(**fields: Any) -> None:
    """Fields for every further line about the request that this thread answers."""
    _request.set({**_request.get(), **fields})


# -- records ---------------------------------------------------------------------------------------

_SPEAKERS = ("cds_service.", "uvicorn")
"""Whose texts are constants, or hold numbers only. uvicorn tells of the process, and no request
goes through its hands. `cds_service` alone is what Flask calls itself here."""


def described(record: logging.LogRecord) -> dict[str, Any]:
    """What may be written of a record."""
    line: dict[str, Any] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "process": record.process,
        "event": _event(record),
    }
    fields: dict[str, Any] = {**_request.get(), **_exception(record)}
    if _is_ours(record):
        fields |= vars(record)
    else:
        line["place"] = f"{record.module}.py:{record.lineno}"
    return {**line, **_fit(fields)}


def _exception(record: logging.LogRecord) -> Fields:
    problem = record.exc_info[1] if record.exc_info else record.msg
    return raised(problem) if isinstance(problem, BaseException) else {}


def _is_ours(record: logging.LogRecord) -> bool:
    return record.name.startswith(_SPEAKERS)


_LISTENING = re.compile(r"^Uvicorn running on \S*:(\d+) .*")
"""uvicorn's line without scheme and host, which are no numbers."""


def _event(record: logging.LogRecord) -> str:
    if not _is_ours(record):
        return f"from {record.name}"
    if not isinstance(record.msg, str):
        return "an error"
    text = record.msg
    if record.args:
        with suppress(TypeError, ValueError):  # %d, and no number: the text alone.
            text = text % _numbers(record.args)
    text = _LISTENING.sub(r"listening on port \1", text)
    return "".join(each if each.isprintable() else " " for each in text)[:MOST_TEXT]


def _numbers(arguments: Any) -> Any:
    """The arguments of a text; what is no number is left out."""
    if isinstance(arguments, Mapping):
        return {name: _number(value) for name, value in arguments.items()}
    return tuple(map(_number, arguments))


def _number(value: Any) -> Any:
    return value if isinstance(value, int) else "..."


# -- exceptions ------------------------------------------------------------------------------------


def raised(problem: BaseException) -> dict[str, Any]:
    """What a line may say of an exception: `extra=raised(problem)`, never `exc_info=`.

    Its type, what it came from, and the places that led to it, the innermost last.
    """
    said: dict[str, Any] = {"exception": _type(problem), "places": _places(problem)}
    cause = problem.__cause__ or problem.__context__
    if cause is not None:
        said["because"] = _type(cause)
    if isinstance(problem, ContentError):
        # For who starts the service: about content and settings, before there is any patient.
        said["problems"] = list(problem.problems)
    return said


def _type(problem: BaseException) -> str:
    code = errno.errorcode.get(problem.errno or 0) if isinstance(problem, OSError) else None
    return f"{type(problem).__name__} {code}" if code else type(problem).__name__


def _places(problem: BaseException) -> list[str]:
    frames = list(traceback.walk_tb(problem.__traceback__))[-MOST_PLACES:]
    return [
        f"{'/'.join(Path(frame.f_code.co_filename).parts[-2:])}:{number} {frame.f_code.co_name}"
        for frame, number in frames
    ]


# -- lines -----------------------------------------------------------------------------------------


class JsonFormatter(logging.Formatter):
    """One JSON object a line, for machines."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        return msgspec.json.encode(described(record)).decode()


class PlainFormatter(logging.Formatter):
    """The same for people at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line = described(record)
        time = datetime.fromisoformat(line.pop("time")).astimezone()
        head = f"{time:%H:%M:%S} {line.pop('level').upper()} {line.pop('event')}"
        del line["process"]
        return " ".join([head, *(f"{name}={_plain(value)}" for name, value in line.items())])


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(f"{name}:{','.join(each)}" for name, each in value.items()) or "none"
    return "; ".join(value) if isinstance(value, list) else str(value)


class Lines(logging.Handler):
    """Writes each line at once, so that those of several threads and processes stay whole."""

    def __init__(self, file: int) -> None:
        super().__init__()
        self._file = file

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; an answer never fails because its line cannot be written."""
        try:
            line = self.format(record)
        except Exception:
            # The standard library would print the record with all that it holds.
            line = '{"level":"error","event":"a log record could not be put in words"}'
        try:
            os.write(self._file, f"{line}\n".encode("utf-8", "replace"))
        except OSError:
            return


def setup(mode: str, level: int = logging.INFO) -> None:
    """Write the log of this process, and all that it would print of exceptions, to stderr.

    For people where the mode is sandbox and stderr a terminal, else as JSON.
    """
    handler = Lines(2)
    is_plain = mode == "sandbox" and os.isatty(2)
    handler.setFormatter(PlainFormatter() if is_plain else JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.captureWarnings(True)
    sys.excepthook = _unhandled
    threading.excepthook = _unhandled_in_thread
    sys.unraisablehook = _unraisable


def _unhandled(
    kind: type[BaseException], problem: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    log.critical("the process ends by an exception", extra=raised(problem))


def _unhandled_in_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is None or issubclass(ended.exc_type, SystemExit):
        return
    log.error("a thread ended by an exception", extra=raised(ended.exc_value))


def _unraisable(ended: Any) -> None:
    if ended.exc_value is not None:
        log.error("an exception was left over", extra=raised(ended.exc_value))
