"""Counters for Prometheus, fed beside the calls by the recorder's thread.

Every value of a label is a name of ours: a service, a rule, an input, a key. Clients are no label,
because there is no end to them. Several workers count into files of one folder, and whichever is
asked adds them up. A worker takes the first place that is free, so one that replaces another goes
on with its files: what a dead worker counted stays counted, and the folder does not grow.
https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from typing import IO, TYPE_CHECKING, Any

from cds_service.logs import raised
from cds_service.record import CallRecord, OutcomeRecord, Shown

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

log = logging.getLogger(__name__)

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The library's own variable: https://prometheus.github.io/client_python/multiprocess/"""

SECONDS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Most calls take some milliseconds; one that reads a FHIR server takes up to its deadline."""

# The library is imported where it is needed: by the recorder's thread, after the start.


@contextmanager
def folder(workers: int) -> Iterator[None]:
    """Where the workers started within count together; with one there is nothing to add up."""
    if workers < 2 or os.environ.get(FOLDER):
        yield
        return
    try:
        made = tempfile.mkdtemp(prefix="cds-metrics-")
    except OSError as problem:
        log.warning("there is no folder for metrics: /metrics has none", extra=raised(problem))
        yield
        return
    os.environ[FOLDER] = made
    try:
        yield
    finally:
        os.environ.pop(FOLDER, None)
        rmtree(made, ignore_errors=True)


class Counters:
    """What is counted. One for each process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        from prometheus_client import Counter, Histogram

        def counter(name: str, text: str, *labels: str) -> Any:
            return Counter(f"cds_{name}", text, labels, registry=registry)

        self.calls = counter(
            "calls", "Calls of a hook, by class of their status.", "service", "hook", "status"
        )
        self.seconds = Histogram(
            "cds_call_seconds",
            "Time to answer a call; refused and failed ones are left out.",
            ("service",),
            buckets=SECONDS,
            registry=registry,
        )
        self.cards = counter("cards", "Cards that went out.", "rule", "indicator")
        self.shown = counter(
            "rules_applied",
            "Rules that applied, and whether as card or line, held back or silent.",
            "rule",
            "shown",
        )
        self.errors = counter("rule_errors", "Rules that could not be run.", "rule")
        self.missing = counter("missing_inputs", "Calls in which a rule lacked an input.", "input")
        self.keys = counter(
            "prefetch_keys", "Prefetch keys, by what became of them.", "service", "key", "state"
        )
        self.fhir = counter("fhir_requests", "Requests to FHIR servers.", "service")
        self.feedback = counter("feedback", "Answers to cards.", "service", "outcome")
        self.lost = counter("records_lost", "Calls that could not be recorded.", "sink")


class Meter:
    """The counters of this process, built by the first who needs them."""

    def __init__(self, losses: Callable[[], Mapping[str, int]] = dict) -> None:
        """`losses` says how many records each sink of this process has lost."""
        self.losses = losses
        self._building = threading.Lock()
        self._counters: Counters | None = None
        self._registry: CollectorRegistry | None = None
        self._place: IO[str] | None = None

    def sink(self) -> MetricsSink:
        """For the recorder's thread."""
        return MetricsSink(self._built(), self)

    def text(self) -> bytes:
        """The counts of all workers, in the text format."""
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        self._built()
        if not os.environ.get(FOLDER):
            assert self._registry is not None
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)

    def _built(self) -> Counters:
        with self._building:
            if self._counters is None:
                from prometheus_client import CollectorRegistry

                if os.environ.get(FOLDER):
                    self._count_into(Path(os.environ[FOLDER]))
                self._registry = CollectorRegistry()
                self._counters = Counters(self._registry)
            return self._counters

    def _count_into(self, shared: Path) -> None:
        from prometheus_client import values

        number, self._place = free_place(shared)
        values.ValueClass = values.MultiProcessValue(lambda: number)  # type: ignore[no-untyped-call]


def free_place(shared: Path) -> tuple[int, IO[str]]:
    """The lowest number that no living worker has. It is ours while the file is open."""
    import fcntl  # Not on Windows, where uvicorn has no workers to replace either.

    number = 0
    while True:
        file = (shared / f"worker-{number}.lock").open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            number += 1
        else:
            return number, file


class MetricsSink:
    """Counts records. It keeps nothing of them."""

    def __init__(self, counters: Counters, meter: Meter) -> None:
        self._counters = counters
        self._meter = meter
        self._lost: dict[str, int] = {}

    def write(self, records: Sequence[CallRecord]) -> None:
        """Count calls."""
        for record in records:
            self._count_call(record)
            self._count_rules(record)

    def write_outcomes(self, outcomes: Sequence[OutcomeRecord]) -> None:
        """Count answers to cards."""
        for each in outcomes:
            self._counters.feedback.labels(each.service, each.outcome).inc()

    def tend(self) -> None:
        """Count what was lost meanwhile."""
        for sink, lost in self._meter.losses().items():
            more = lost - self._lost.get(sink, 0)
            if more > 0:
                self._counters.lost.labels(sink).inc(more)
                self._lost[sink] = lost

    def _count_call(self, record: CallRecord) -> None:
        counters = self._counters
        status = f"{record.status // 100}xx"
        counters.calls.labels(record.service, record.hook, status).inc()
        if record.status < 400:
            counters.seconds.labels(record.service).observe(record.milliseconds / 1000)
        for key, state in record.prefetch:
            counters.keys.labels(record.service, key, state).inc()
        if record.callbacks:
            counters.fhir.labels(record.service).inc(record.callbacks)

    def _count_rules(self, record: CallRecord) -> None:
        counters = self._counters
        for card in record.cards:
            counters.cards.labels(card.rule, card.indicator).inc()
        for each in record.evaluations:
            if each.shown is not Shown.NO:
                counters.shown.labels(each.rule, each.shown.value).inc()
            if each.truth == "error":
                counters.errors.labels(each.rule).inc()
        for name in {name for each in record.evaluations for name in each.missing}:
            counters.missing.labels(name).inc()
