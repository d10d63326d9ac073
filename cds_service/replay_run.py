"""Running a replay: two processes that answer the same requests, each as its side is told to be.

Two versions of a package of one name do not fit into one process. Each gets one request at a time
and is ended when it is late; nothing is written to disk.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Timer

from cds_service import replay_side
from cds_service.errors import CDSError
from cds_service.replay import Change, Json, apart, compare, compare_sides, lacks, recorded_at

SECONDS_TO_START = 60.0
NOTHING_CHANGES, SOMETHING_CHANGES, CANNOT_SAY = 0, 1, 2


class CannotReplay(CDSError):  # noqa: N818 it says what is so
    """A side does not start, so nothing can be compared."""


class Lost(Exception):  # noqa: N818 it says what became of an answer
    """A side gave no answer to a request; its process has ended."""


class Unreadable(Exception):  # noqa: N818 it says what a file is
    """A file that holds no request that a hook can be called with."""


# -- requests --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Recorded:
    """A request as both sides get it: the FHIR server is named apart, so that none is read."""

    name: str
    hook: str
    body: bytes
    as_of: datetime
    fhir_server: str
    document: Json = field(repr=False)


_OF_SERVER = ("fhirServer", "fhirAuthorization")


def recorded(name: str, body: bytes, as_of: datetime) -> Recorded:
    """The request in a body. Raises Unreadable."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise Unreadable("it is not JSON") from problem
    hook = document.get("hook") if isinstance(document, dict) else None
    if not isinstance(hook, str):
        raise Unreadable("it names no hook: no CDS Hooks request")
    server = document.get("fhirServer")
    if any(each in document for each in _OF_SERVER):
        document = {key: value for key, value in document.items() if key not in _OF_SERVER}
        body = json.dumps(document).encode()
    return Recorded(name, hook, body, as_of, server if isinstance(server, str) else "", document)


def read_recorded(path: Path, name: str, as_of: datetime | None) -> Recorded:
    """The request in a file, as of when it was recorded if nothing is said. Raises Unreadable."""
    try:
        body = path.read_bytes()
        saved = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as problem:
        raise Unreadable("the file cannot be read") from problem
    text = body.decode("utf-8", "replace")
    return recorded(name, body, recorded_at(text, saved) if as_of is None else as_of)


# -- sides -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Side:
    """What one side is told to be, beyond what this process is: settings, and where content is."""

    name: str
    settings: Mapping[str, str]
    folder: str = ""

    def environment(self) -> dict[str, str]:
        """That of this process, which finds what this process finds, but for the side's own."""
        path = [os.path.abspath(self.folder)] if self.folder else []
        path += [entry or os.getcwd() for entry in sys.path]
        own = {"PYTHONPATH": os.pathsep.join(path), "PYTHONDONTWRITEBYTECODE": "1"}
        return {**os.environ, **self.settings, **own}


class Process:
    """A side that runs. An answer that is late ends it; the next request starts it anew."""

    def __init__(self, side: Side, seconds: float) -> None:
        self.side = side
        self._seconds = seconds
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> Json:
        """What the side is. Raises CannotReplay with all that keeps it from starting."""
        # -P: neither the folder of that file nor the working directory may hide a package.
        command = [sys.executable, "-P", replay_side.__file__, self.side.folder]
        self._running = subprocess.Popen(  # noqa: S603 our own file, no shell
            command,
            env=self.side.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Its log is about calls that nobody made.
            stderr=subprocess.DEVNULL,
        )
        try:
            described = self._exchange(b"", SECONDS_TO_START)
        except Lost as problem:
            raise CannotReplay(f"{self.side.name}: does not start: {problem}") from problem
        if problems := described.get("problems"):
            raise CannotReplay(*(f"{self.side.name}: {each}" for each in problems))
        return described

    def ask(self, request: Recorded) -> Json:
        """The answers to a request, by service. Raises Lost."""
        if self._running is None:
            self.start()
        asked = {
            "bytes": len(request.body),
            "asOf": request.as_of.isoformat(),
            "hook": request.hook,
            "fhirServer": request.fhir_server,
        }
        return self._exchange(json.dumps(asked).encode() + b"\n" + request.body, self._seconds)

    def _exchange(self, sent: bytes, seconds: float) -> Json:
        running, is_late = self._running, Event()
        assert running is not None
        assert running.stdin is not None
        assert running.stdout is not None

        def stop() -> None:
            is_late.set()
            running.kill()

        # Ending the process is what wakes a read, or a write, that waits for it.
        timer = Timer(seconds, stop)
        timer.start()
        try:
            running.stdin.write(sent)
            running.stdin.flush()
            answer: Json = json.loads(running.stdout.readline())
        except (OSError, ValueError) as problem:
            self.end()
            late = f"gave no answer in {seconds:g} s"
            raise Lost(late if is_late.is_set() else "ended without an answer") from problem
        finally:
            timer.cancel()
        return answer

    def end(self) -> None:
        """End the process, whatever it does."""
        running, self._running = self._running, None
        if running is None:
            return
        running.kill()
        for pipe in (running.stdin, running.stdout):
            try:
                if pipe is not None:
                    pipe.close()
            except OSError:
                continue  # What was not taken is of no use any more.
        running.wait()


# -- comparing -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Replayed:
    """What changes in the answer of one service to one request."""

    request: str
    service: str
    as_of: datetime
    changes: tuple[Change, ...]


@dataclass(slots=True)
class Result:
    """Everything that a replay found. `lacking`: prefetch keys that a live service would read."""

    sides: list[Change]
    replayed: list[Replayed] = field(default_factory=list)
    compared: int = 0
    not_compared: dict[str, str] = field(default_factory=dict)
    lacking: dict[str, list[str]] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The exit status. That nothing changes is said only where everything was compared."""
        if self.sides or self.replayed:
            return SOMETHING_CHANGES
        return CANNOT_SAY if self.not_compared or not self.compared else NOTHING_CHANGES


class Replay:
    """Both sides, request by request."""

    def __init__(self, before: Process, after: Process, pool: Executor) -> None:
        self._processes = (before, after)
        self._pool = pool
        self._described = list(pool.map(Process.start, self._processes))
        self.result = Result(compare_sides(*self._described))

    def add(self, request: Recorded) -> None:
        """Ask both sides and note what differs."""
        answers = list(self._pool.map(_asked, self._processes, [request] * 2))
        if lost := [each for each in answers if isinstance(each, str)]:
            self.result.not_compared[request.name] = "; ".join(lost)
            return
        before, after = (each for each in answers if not isinstance(each, str))
        services = list(dict.fromkeys([*before, *after]))
        if not services:
            self.result.not_compared[request.name] = "neither side has a service for its hook"
            return
        self.result.compared += 1
        self._note_what_is_lacking(request)
        for service in services:
            known = apart(service, *self._described)
            if changes := compare(before.get(service), after.get(service), known):
                found = Replayed(request.name, service, request.as_of, tuple(changes))
                self.result.replayed.append(found)

    def _note_what_is_lacking(self, request: Recorded) -> None:
        if not request.fhir_server:
            return
        asked = (each for side in self._described for each in side["services"].values())
        templates = (each["prefetch"] for each in asked if each["hook"] == request.hook)
        keys = dict.fromkeys(key for each in templates for key in lacks(request.document, each))
        if keys:
            self.result.lacking[request.name] = list(keys)


def _asked(process: Process, request: Recorded) -> Json | str:
    """The answers, or in words why there are none: both sides are always heard out."""
    try:
        return process.ask(request)
    except Lost as problem:
        return f"{process.side.name} {problem}"
