"""What it costs to record calls: the same request with and without, in one run.

python -m bench.recording

Services beside each other, one without a store, one that records, one that records and looks for
what was overridden before; asked turn by turn, so that noise meets all alike.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import fixtures
from bench import report
from bench.report import Row
from bench.servers import SERVICE, Server, running

VIEW = "als-aml-emergency.patient-view"
SERVICE_ID = "als-leukemia-patient-view"
ROUNDS = 600
WARM_UP = 100
OPENING_SECONDS = 4.0
"""The store is opened beside the calls, a moment after the start."""
PAUSE = 0.002
"""Between two requests: nobody asks one worker without end."""

WAYS = {
    "without a store": {"CDS_STORE": "none"},
    "calls recorded": {"CDS_QUIET": "false"},
    "calls recorded, quiet cards looked up": {"CDS_QUIET": "true"},
}


def rows() -> list[Row]:
    """Figures of the three."""
    body = json.dumps(fixtures.request(VIEW, datetime.now(UTC))).encode()
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        services = {}
        for number, (way, settings) in enumerate(WAYS.items()):
            own = {"CDS_STORE": f"sqlite:///{folder}/{number}.sqlite3", **settings}
            services[way] = stack.enter_context(running(SERVICE, **own))
        time.sleep(OPENING_SECONDS)
        for service in services.values():
            for _ in range(WARM_UP):
                service.post(SERVICE_ID, body)
        before = {way: service.cpu_seconds() for way, service in services.items()}
        times = _turn_by_turn(services, body)
        time.sleep(1)  # So that what waits is written, and counted.
        cpu = {way: service.cpu_seconds() - before[way] for way, service in services.items()}
    return list(_figures(times, cpu))


def _turn_by_turn(services: dict[str, Server], body: bytes) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {way: [] for way in services}
    for _ in range(ROUNDS):
        for way, service in services.items():
            started = time.perf_counter()
            service.post(SERVICE_ID, body)
            times[way].append(1000 * (time.perf_counter() - started))
            time.sleep(PAUSE)
    return times


def _figures(times: dict[str, list[float]], cpu: dict[str, float]) -> Iterator[Row]:
    for way, found in times.items():
        yield Row(f"{way}, median wall time", "ms", statistics.median(found))
        yield Row(f"{way}, 95th percentile", "ms", statistics.quantiles(found, n=20)[18])
        yield Row(f"{way}, CPU of the process for a call", "ms", 1000 * cpu[way] / ROUNDS)


if __name__ == "__main__":
    print(report.table(rows()))
