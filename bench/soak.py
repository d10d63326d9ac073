"""Many requests, valid, broken and hostile, against a real service with several workers.

python -m bench.soak [--requests 20000] [--connections 16] [--workers 2] [--seed 5]

Prints what was answered, in what time, and what each worker held in memory on the way. Exit status
1: a 5xx other than 503, a valid request without its usual answer, a worker that was replaced, or
memory that keeps growing. Which requests are sent, and in what order, the seed decides alone.
"""

import argparse
import http.client
import json
import random
import socket
import statistics
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import fixtures
from bench import hostile
from bench.bodies import patient_view
from bench.hostile import Sent
from bench.servers import JSON, SERVICE, Server, memory_of, running
from hooks import SERVICES

SHARES = {"valid": 60, "broken": 26, "hostile": 13, "large": 1}
MARKS = (0.02, 0.25, 0.5, 0.75, 1.0)
"""When memory is read. Before the first the service warms up: threads, caches, pools."""

GROWTH_MEBIBYTES = 32.0
"""What a worker may hold at the end beyond what it held at a quarter. Heaps, and what is remembered
of spellings, are full after some 30,000 requests: of 60,000, the second half added 2 MiB to one
worker and 23 to the other."""

VIEW = "als-leukemia-patient-view"


@dataclass
class Tally:
    """What came back, filled by all clients."""

    statuses: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    faults: list[str] = field(default_factory=list)
    usual: dict[str, tuple[int, int]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, sent: Sent, status: int, body: bytes, seconds: float) -> None:
        with self.lock:
            self.statuses[kind][str(status) if status else "closed"] += 1
            self.seconds[kind].append(seconds)
            if status >= 500 and status != 503:
                self.faults.append(f"{sent.name}: {status} {body[:200]!r}")
            if kind in ("valid", "large") and status != 503:
                self._compare(sent, status, body)
            if status not in (0, 200, 204) and sent.method != "HEAD":
                self._explain(sent, status, body)

    def _compare(self, sent: Sent, status: int, body: bytes) -> None:
        cards = len(json.loads(body)["cards"]) if status == 200 else -1
        if self.usual.setdefault(sent.name, (status, cards)) != (status, cards):
            self.faults.append(f"{sent.name}: {status} with {cards} cards, unlike before")

    def _explain(self, sent: Sent, status: int, body: bytes) -> None:
        try:
            explained = json.loads(body)["resourceType"] == "OperationOutcome"
        except (ValueError, KeyError, TypeError):
            explained = False
        if not explained:
            self.faults.append(f"{sent.name}: {status} without an OperationOutcome")


class Plan:
    """What is sent, in its order. Each request is made when it is sent: together they are large."""

    def __init__(self, count: int, seed: int) -> None:
        self.kinds = random.Random(seed).choices(list(SHARES), list(SHARES.values()), k=count)
        self.seed = seed
        now = datetime.now(UTC)
        names = [name for story in fixtures.stories() for name in fixtures.requests(story)]
        good = [name for name in names if fixtures.EXPECTED[name].status == 200]
        self.requests = {name: fixtures.request(name, now) for name in good}
        templates = next(service.prefetch for service in SERVICES if service.hook == "patient-view")
        self.large = [
            Sent("chart of 300 KB", VIEW, patient_view(templates, 200, 30, 40)),
            Sent("chart of 3 MB", VIEW, patient_view(templates, 2_000, 300, 400)),
            Sent("chart of 12 MB", VIEW, patient_view(templates, 10_000)),
        ]

    def sent(self, place: int) -> Sent:
        """The request at one place."""
        chance = random.Random(f"{self.seed} {place}")
        name = chance.choice(list(self.requests))
        match self.kinds[place]:
            case "large":
                return chance.choice(self.large)
            case "broken":
                return hostile.broken(self.requests[name], chance)
            case "hostile":
                return hostile.hostile(self.requests[name], chance)
        request = self.requests[name]
        return Sent(name, f"als-leukemia-{request['hook']}", json.dumps(request).encode())


class Client:
    """One connection that is kept alive as far as the service lets it be."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def send(self, sent: Sent) -> tuple[int, bytes]:
        """Status and body; status 0 where the service closed the connection without any."""
        if sent.raw is not None:
            return self._send_raw(sent.raw)
        for last in (False, True):
            try:
                return self._ask(sent)
            except (http.client.HTTPException, ConnectionError):
                # The service may have closed a connection after the request before.
                self._connection.close()
                if last:
                    return 0, b""
        raise AssertionError

    def _ask(self, sent: Sent) -> tuple[int, bytes]:
        path = sent.path or f"/cds-services/{sent.service}"
        self._connection.request(sent.method, path, sent.body, JSON | sent.headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def _send_raw(self, raw: bytes) -> tuple[int, bytes]:
        """The first answer; whatever comes after it is read too."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
                connection.sendall(raw)
                connection.shutdown(socket.SHUT_WR)
                answer = http.client.HTTPResponse(connection)
                answer.begin()
                body = answer.read()
                while connection.recv(65536):
                    pass
                return answer.status, body
        except (http.client.HTTPException, ConnectionError):
            return 0, b""  # Refused before all was sent: an answer may be lost with the rest.


class Soak:
    """One run."""

    def __init__(self, service: Server, plan: Plan, connections: int) -> None:
        self.service = service
        self.plan = plan
        self.connections = connections
        self.tally = Tally()
        self.memory: list[dict[int, float]] = []

    def run(self) -> None:
        begin = 0
        for mark in MARKS:
            end = round(mark * len(self.plan.kinds))
            self._send(range(begin, end))
            self.memory.append({pid: memory_of(pid) for pid in self.service.workers()})
            print(f"{end:,} sent", flush=True)
            begin = end

    def _send(self, places: range) -> None:
        rest = iter(places)  # Taking the next one is a single step of the interpreter.
        clients = [
            threading.Thread(target=self._client, args=(rest,)) for _ in range(self.connections)
        ]
        for client in clients:
            client.start()
        for client in clients:
            client.join()

    def _client(self, rest: Iterator[int]) -> None:
        client = Client(self.service.port)
        for place in rest:
            sent = self.plan.sent(place)
            started = time.perf_counter()
            try:
                status, body = client.send(sent)
            except OSError as problem:
                status, body = 0, b""
                self.tally.faults.append(f"{sent.name}: {type(problem).__name__}")
            seconds = time.perf_counter() - started
            self.tally.add(self.plan.kinds[place], sent, status, body, seconds)

    def faults(self) -> list[str]:
        """Everything that must not be."""
        found = list(dict.fromkeys(self.tally.faults))
        if len({frozenset(held) for held in self.memory}) > 1:
            found.append("a worker was replaced")
        closed = self.tally.statuses["valid"]["closed"] + self.tally.statuses["large"]["closed"]
        if closed:
            found.append(f"{closed} valid requests were not answered")
        sent = sum(map(len, self.tally.seconds.values()))
        if sent < len(self.plan.kinds):
            found.append(f"only {sent:,} requests were sent: the bench itself failed")
        for pid, at_quarter in self.memory[1].items():
            if self.memory[-1].get(pid, 0) > at_quarter + GROWTH_MEBIBYTES:
                found.append(f"worker {pid} held {self.memory[-1][pid]:.0f} MiB at the end")
        return found


def report(soak: Soak) -> Iterator[str]:
    yield "| requests | number | statuses | p50 ms | p95 ms | p99 ms |"
    yield "|---|---|---|---|---|---|"
    for kind in SHARES:
        counted, seconds = soak.tally.statuses[kind], soak.tally.seconds[kind]
        if len(seconds) < 2:
            continue
        cuts = statistics.quantiles(seconds, n=100)
        p50, p95, p99 = (f"{1000 * cuts[percent - 1]:.1f}" for percent in (50, 95, 99))
        statuses = ", ".join(f"{status}: {number:,}" for status, number in sorted(counted.items()))
        yield f"| {kind} | {len(seconds):,} | {statuses} | {p50} | {p95} | {p99} |"
    yield ""
    marks = " | ".join(f"{mark:.0%}" for mark in MARKS)
    yield f"| MiB of worker after | {marks} | at most |"
    yield "|---" * (len(MARKS) + 2) + "|"
    for number, pid in enumerate(soak.memory[0], 1):
        held = " | ".join(f"{at.get(pid, 0):.0f}" for at in soak.memory)
        most = f"{memory_of(pid, 'VmHWM'):.0f}" if pid in soak.memory[-1] else "gone"
        yield f"| {number} | {held} | {most} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.soak")
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=5)
    asked = parser.parse_args()
    plan = Plan(asked.requests, asked.seed)
    with running(SERVICE, CDS_WORKERS=str(asked.workers)) as service:
        Client(service.port).send(Sent("discovery", method="GET", path="/cds-services"))
        while len(service.workers()) < asked.workers:
            time.sleep(0.05)
        soak = Soak(service, plan, asked.connections)
        started = time.perf_counter()
        soak.run()
        seconds = time.perf_counter() - started
        print(f"\n{len(plan.kinds):,} requests in {seconds:.0f} s, seed {asked.seed}\n")
        print(*report(soak), sep="\n")
        found = soak.faults()
    if found:
        sys.exit("\nFaults:\n" + "\n".join(found[:50]))


if __name__ == "__main__":
    main()
