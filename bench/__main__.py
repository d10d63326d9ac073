"""Measure the service against the floor and write docs/performance.md.

python -m bench               what `make bench` does
python -m bench --stand-in    the floor in the service's place: tests the bench, writes nothing
"""

import argparse
import http.client
import json
import os
import socket
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from bench import bodies, callback, recording, report
from bench.report import Row
from bench.servers import FLOOR, JSON, SERVICE, Server, running

STARTS = 7
STALLED = 64
OBSERVATIONS = (0, 1_000, 10_000)


@dataclass
class Cost:
    """What requests with one body cost one server, over all rounds."""

    cpu: float = 0.0
    seconds: list[float] = field(default_factory=list)

    @property
    def milliseconds(self) -> float:
        return 1000 * self.cpu / len(self.seconds)

    def percentile(self, percent: int) -> float:
        return 1000 * statistics.quantiles(self.seconds, n=100)[percent - 1]

    def add(self, server: Server, service: str, body: bytes, requests: int) -> None:
        before = server.cpu_seconds()
        for _ in range(requests):
            started = time.perf_counter()
            server.post(service, body)
            self.seconds.append(time.perf_counter() - started)
        self.cpu += server.cpu_seconds() - before


class Bench:
    """One run: collects the rows of the table and a line about each body."""

    def __init__(self, service_command: list[str], floor_command: list[str]) -> None:
        self.service_command = service_command
        self.floor_command = floor_command
        self.rows: list[Row] = []
        self.bodies: list[str] = []

    def run(self) -> None:
        # The same user asks about the same patient thousands of times, as nobody does: with a store
        # each call would look through the ones before. What a store costs is measured by itself.
        alone = running(self.service_command, CDS_STORE="none")
        with alone as service, running(self.floor_command) as under:
            self._read_discovery(service)
            self._small(service, under)
            self._chart(service, under)
            self._growth(service, under)
            for name, sent in (("idle", b""), ("half-sent", self._half())):
                self._stalled(service, name, sent)
            self._callback(service)
        if self.service_command == SERVICE:
            self.rows += recording.rows()
        self._start()
        self._memory()

    def _read_discovery(self, service: Server) -> None:
        listed = service.get("/cds-services")["services"]
        self.ids = {entry["hook"]: entry["id"] for entry in listed}
        self.view = self.ids["patient-view"]
        self.templates = next(e["prefetch"] for e in listed if e["hook"] == "patient-view")

    def _small(self, service: Server, under: Server) -> None:
        """The fixture request with most cards, of those near 12 KB."""
        best: tuple[tuple[int, int], str, str, bytes] | None = None
        for name, body in bodies.hook_requests(9_000, 20_000).items():
            hook = json.loads(body)["hook"]
            if hook not in self.ids:
                continue
            try:
                cards = service.cards(self.ids[hook], body)
            except RuntimeError:
                continue  # Some fixtures are there to be refused.
            rank = (cards, -abs(len(body) - 12_000))
            if best is None or rank > best[0]:
                best = rank, name, self.ids[hook], body
        assert best is not None
        _, name, service_id, self.small = best
        self.small_service = service_id
        self._note(service, service_id, self.small, f"12 KB: the fixture request `{name}`")
        ours, theirs = self._compare(service, under, service_id, self.small, 300, 8)
        self._ratio("12 KB", ours, theirs, 2.0, 0.45)

    def _chart(self, service: Server, under: Server) -> None:
        body = bodies.patient_view(self.templates, 200, 30, 40)
        text = "310 KB: 30 Conditions, 200 Observations, 40 MedicationRequests around a patient"
        self._note(service, self.view, body, text)
        ours, theirs = self._compare(service, under, self.view, body, 60, 8)
        self._ratio("310 KB", ours, theirs, 0.65, 1.6)

    def _growth(self, service: Server, under: Server) -> None:
        """Each body's share beyond the first, which has no unrelated Observation."""
        costs: list[tuple[Cost, Cost]] = []
        for count in OBSERVATIONS:
            body = bodies.patient_view(self.templates, count)
            self._note(service, self.view, body, f"growth: {count:,} unrelated Observations")
            requests = max(6, 200_000 // (count + 1_000))
            costs.append(self._compare(service, under, self.view, body, requests, 4))
        for place, what, limit in ((0, "service", 6.0), (1, "floor", None)):
            none, *more = [pair[place].milliseconds for pair in costs]
            for count, cost in zip(OBSERVATIONS[1:], more, strict=True):
                each = 1000 * (cost - none) / count
                text = f"growth to {count:,} Observations, {what}, CPU for each"
                self.rows.append(Row(text, "µs", each, limit))
        self.rows.append(Row("10,000 Observations, CPU", "ms", costs[-1][0].milliseconds, 65))
        self.large = body

    def _compare(
        self, service: Server, under: Server, service_id: str, body: bytes, count: int, rounds: int
    ) -> tuple[Cost, Cost]:
        pairs = ((service, service_id, Cost()), (under, "floor", Cost()))
        for server, name, _ in pairs:
            Cost().add(server, name, body, max(2, count // 10))
        for _ in range(rounds):
            for server, name, cost in pairs:
                cost.add(server, name, body, count)
        return pairs[0][2], pairs[1][2]

    def _ratio(self, body: str, ours: Cost, theirs: Cost, ratio: float, cpu: float) -> None:
        self.rows += [
            Row(f"{body}, CPU", "ms", ours.milliseconds, cpu),
            Row(f"{body}, floor's CPU", "ms", theirs.milliseconds),
            Row(f"{body}, ratio to the floor", "", ours.milliseconds / theirs.milliseconds, ratio),
            Row(f"{body}, median wall time", "ms", ours.percentile(50)),
            Row(f"{body}, 95th percentile of wall time", "ms", ours.percentile(95)),
        ]

    def _note(self, service: Server, service_id: str, body: bytes, text: str) -> None:
        """What each body brings: an empty answer is cheap, and must not pass for a fast one."""
        cards = service.cards(service_id, body)
        line = f"{text}: {len(body):,} bytes, {cards} card{'' if cards == 1 else 's'}"
        print(line, flush=True)
        self.bodies.append(line)

    def _half(self) -> bytes:
        head = f"POST /cds-services/{self.view} HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n"
        return f"{head}Content-Type: application/json\r\n\r\n".encode() + self.small[:500]

    def _stalled(self, service: Server, name: str, sent: bytes) -> None:
        with ExitStack() as connections:
            for _ in range(STALLED):
                address = ("127.0.0.1", service.port)
                connection = connections.enter_context(socket.create_connection(address))
                connection.sendall(sent)
            time.sleep(0.2)
            answered = _fresh_seconds(service.port, self.small_service, self.small)
        self.rows.append(
            Row(f"wall time with {STALLED} {name} connections", "ms", 1000 * answered, 1000)
        )

    def _callback(self, service: Server) -> None:
        rows, body = callback.rows(service, self.view)
        self.rows += rows
        print(body, flush=True)
        self.bodies.append(body)

    def _start(self) -> None:
        """From starting the process to the first 200; then the second request, for lazy builds."""
        firsts, seconds, later = [], [], []
        for _ in range(STARTS):
            with running(self.service_command) as service:
                service.post(self.small_service, self.small)
                firsts.append(time.perf_counter() - service.started)
                seconds.append(_timed(lambda s=service: s.post(self.small_service, self.small)))
                later.append(_timed(lambda s=service: s.post(self.small_service, self.small)))
        self.rows += [
            Row(f"start to first cards, median of {STARTS}", "s", statistics.median(firsts), 0.5),
            Row("second request, median", "ms", 1000 * statistics.median(seconds)),
            Row("third request, median", "ms", 1000 * statistics.median(later)),
        ]

    def _memory(self) -> None:
        with running(self.service_command) as service:
            service.post(self.small_service, self.small)
            self.rows.append(
                Row("memory after one request", "MiB", service.resident_mebibytes(), 60)
            )
            time.sleep(recording.OPENING_SECONDS)
            opened = service.resident_mebibytes()
            self.rows.append(Row("memory once the store is open as well", "MiB", opened))
            for _ in range(20):
                service.post(self.view, self.large)
            text = "memory after twenty bodies of 13 MB"
            self.rows.append(Row(text, "MiB", service.resident_mebibytes(), 150))


def _timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _fresh_seconds(port: int, service: str, body: bytes) -> float:
    """How long a new client waits for its answer; infinite when none comes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    started = time.perf_counter()
    try:
        connection.request("POST", f"/cds-services/{service}", body, JSON)
        status = connection.getresponse().status
    except OSError:
        return float("inf")
    finally:
        connection.close()
    return time.perf_counter() - started if status == 200 else float("inf")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--stand-in", action="store_true", help="the floor as the service")
    stand_in = parser.parse_args().stand_in
    bench = Bench(FLOOR if stand_in else SERVICE, FLOOR)
    bench.run()
    print(f"\n{os.cpu_count()} cores\n")
    print(report.table(bench.rows))
    if not stand_in:
        report.write(bench.rows, bench.bodies)


if __name__ == "__main__":
    main()
