"""What calls leave behind, written beside the calls: by one thread of each process, in batches.

A call puts its record on a bounded queue and never waits. Cards go out whatever happens here; what
cannot be written is lost, and that is counted and said. Sinks are built in the thread, because what
they import costs start-up time.
"""

from __future__ import annotations

import atexit
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar, runtime_checkable

from cds_service.logs import raised
from cds_service.record import CallRecord, OutcomeRecord

log = logging.getLogger(__name__)

Item = TypeVar("Item")

MOST_WAITING = 5_000
"""Records of a process that may wait for the thread: some 20 MB, and minutes of calls."""
PAUSE_SECONDS = 0.2
"""Between two batches. Calls do not wake the thread: it would take the interpreter from them."""
START_SECONDS = 1.0
"""The thread begins so long after the start: the first calls need the interpreter more."""
CLOSE_SECONDS = 3.0
"""At the end of the process what waits is written, if that does not take longer."""


class Sink(Protocol):
    """Where records go. What raises loses its batch."""

    def write(self, records: Sequence[CallRecord]) -> None:
        """Keep or count these calls, the oldest first."""


@runtime_checkable
class OutcomeSink(Protocol):
    """A sink that is also told what became of cards, after the store has it."""

    def write_outcomes(self, outcomes: Sequence[OutcomeRecord]) -> None:
        """Count these outcomes."""


@runtime_checkable
class TendedSink(Protocol):
    """A sink with something to do now and then, whether calls come or not."""

    def tend(self) -> None:
        """Called at each turn of the thread; to be done soon."""


Chore = Callable[[], None]
"""What the thread does at each turn before anything else. It does not raise."""


class Recorder:
    """The queue of one process and the thread that empties it. Starts no thread without work."""

    def __init__(
        self,
        sinks: Mapping[str, Callable[[], Sink]],
        chores: Iterable[Chore] = (),
        most_waiting: int = MOST_WAITING,
    ) -> None:
        """`sinks` are built by the thread, in this order, after every chore has run once."""
        self._builders = dict(sinks)
        self._chores = tuple(chores)
        self._most = most_waiting
        self._waiting: deque[CallRecord] = deque()
        self._outcomes: deque[OutcomeRecord] = deque()
        self._sinks: dict[str, Sink] = {}
        self._counting = threading.Lock()
        self._lost: dict[str, int] = {}
        self._failing: set[str] = set()
        self._wake, self._closed = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    # -- for those who answer calls ------------------------------------------------------------

    def start(self) -> None:
        """Let the thread begin, if there is anything for it to do."""
        if self._builders:
            self._thread.start()
            atexit.register(self.close)

    @property
    def is_wanted(self) -> bool:
        """Whether there is anywhere for records to go."""
        return bool(self._builders)

    def put(self, record: CallRecord) -> None:
        """Record a call. Never waits, never raises; a full queue loses the record."""
        if not self._builders:
            return
        if len(self._waiting) >= self._most:
            self._lose("queue", 1)
        else:
            self._waiting.append(record)

    def put_outcomes(self, outcomes: Sequence[OutcomeRecord]) -> None:
        """Tell the sinks what the store has accepted."""
        if self._builders and len(self._outcomes) < self._most:
            self._outcomes.extend(outcomes)

    def hurry(self) -> None:
        """Somebody waits for what the thread does."""
        self._wake.set()

    @property
    def lost(self) -> int:
        """How many records were lost since the start, all sinks together."""
        return sum(self.losses().values())

    def losses(self) -> dict[str, int]:
        """How many records each sink lost; `queue`: those that came to no sink."""
        with self._counting:
            return dict(self._lost)

    def failing(self) -> list[str]:
        """What does not work: sinks whose last batch was lost, and other parts of them."""
        return sorted(self._failing)

    def report(self) -> dict[str, Any]:
        """For /ready: what was lost and which sinks fail; empty when all is well."""
        lost, failing = self.losses(), self.failing()
        said = {"lost": lost, "failing": failing}
        return {"recording": {k: v for k, v in said.items() if v}} if lost or failing else {}

    def close(self) -> None:
        """Write what waits, and end the thread."""
        atexit.unregister(self.close)
        self._closed.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(CLOSE_SECONDS)

    # -- the thread ----------------------------------------------------------------------------

    def _run(self) -> None:
        self._wake.wait(START_SECONDS)
        while True:
            is_last = self._closed.is_set()
            self._wake.clear()
            for chore in self._chores:
                chore()
            self._build()
            self._write()
            if is_last:
                return
            self._tend()
            self._wake.wait(PAUSE_SECONDS)

    def _tend(self) -> None:
        for name, sink in self._sinks.items():
            if isinstance(sink, TendedSink):
                with self._watched(f"{name}-upkeep"):
                    sink.tend()

    def _build(self) -> None:
        """The sinks that are not there yet; one that cannot be built is tried again next time."""
        for name, build in self._builders.items():
            if name not in self._sinks:
                with self._watched(f"{name}-start"):
                    self._sinks[name] = build()

    def _write(self) -> None:
        records = _taken(self._waiting)
        outcomes = _taken(self._outcomes)
        for name in self._builders:
            sink = self._sinks.get(name)
            if records:
                self._write_to(name, sink, records)
            if outcomes:
                self._tell(name, sink, outcomes)

    def _write_to(self, name: str, sink: Sink | None, records: Sequence[CallRecord]) -> None:
        if sink is None:
            self._lose(name, len(records))
            return
        with self._watched(name, records):
            sink.write(records)

    def _tell(self, name: str, sink: object, outcomes: Sequence[OutcomeRecord]) -> None:
        if isinstance(sink, OutcomeSink):
            with self._watched(f"{name}-outcomes"):
                sink.write_outcomes(outcomes)

    @contextmanager
    def _watched(self, name: str, records: Sequence[CallRecord] = ()) -> Iterator[None]:
        """Nothing that raises ends the thread. It is said once, not at each batch."""
        try:
            yield
        except Exception as problem:
            self._lose(name, len(records))
            self._failed(name, problem)
        else:
            self._worked(name)

    def _lose(self, name: str, many: int) -> None:
        if many:
            with self._counting:
                self._lost[name] = self._lost.get(name, 0) + many

    def _failed(self, name: str, problem: Exception) -> None:
        if name not in self._failing:
            self._failing.add(name)
            log.error("a part of the recorder fails", extra={"sink": name, **raised(problem)})

    def _worked(self, name: str) -> None:
        if name in self._failing:
            self._failing.discard(name)
            log.warning("a part of the recorder works again", extra={"sink": name})


def _taken(queue: deque[Item]) -> list[Item]:
    taken: list[Item] = []
    while queue:
        taken.append(queue.popleft())
    return taken
