"""Callback mode: a request without prefetch, beside full prefetch and beside one single read.

python -m bench.callback          measure and print
python -m bench.callback PORT     the FHIR server that is read from, 20 ms late, as its own process
"""

import http.client
import json
import signal
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote

import fixtures
from bench import report
from bench.bodies import STORY, Json
from bench.report import Row
from bench.servers import SERVICE, Server, running
from hooks import SERVICES
from tests.faults.server import FaultServer, record, with_access
from tests.faults.transport import late

LATENCY = 0.02
ROUNDS = 200
VIEW = f"{STORY}.patient-view"
TEMPLATES = next(service.prefetch for service in SERVICES if service.hook == "patient-view")
FHIR_SERVER = [sys.executable, "-m", "bench.callback", "{port}"]


def serve(port: int) -> None:
    """A FHIR server that holds the fixture patient and answers everything 20 ms late."""
    held = record(TEMPLATES, fixtures.request(VIEW, datetime.now(UTC)))
    with FaultServer(held, late(LATENCY), port) as server:
        print(server.base, flush=True)
        signal.pause()


def rows(service: Server, service_id: str) -> tuple[list[Row], str]:
    """Figures, and the line about the body. Turn by turn, so that noise meets all alike."""
    request = fixtures.request(VIEW, datetime.now(UTC))
    with running(FHIR_SERVER) as fhir:
        base = f"http://127.0.0.1:{fhir.port}/fhir-1"
        alone = _encoded(with_access(request, base, "a-token", TEMPLATES))
        supplied = _encoded(request)
        cards = [service.cards(service_id, body) for body in (supplied, alone)]
        if cards[0] != cards[1]:
            raise RuntimeError(f"{cards[1]} cards from the FHIR server, {cards[0]} from prefetch")
        read = _reader(fhir.port, "/fhir-1", request["context"]["patientId"])
        slowest = max(TEMPLATES, key=lambda key: statistics.median(_times(lambda: read(key), 15)))
        asks: dict[str, Callable[[], object]] = {
            f"one read ({slowest}, the slowest)": lambda: read(slowest),
            "prefetch only": lambda: service.post(service_id, supplied),
            "no prefetch": lambda: service.post(service_id, alone),
        }
        times: dict[str, list[float]] = {what: [] for what in asks}
        for _ in range(ROUNDS):
            for what, ask in asks.items():
                times[what] += _times(ask, 1)
    text = f"callback: `{VIEW}`, {len(TEMPLATES)} reads, each answered after 20 ms"
    return _rows(times), f"{text}: {len(alone):,} bytes, {cards[1]} cards"


def _rows(times: dict[str, list[float]]) -> list[Row]:
    found = []
    for what, seconds in times.items():
        cuts = statistics.quantiles(seconds, n=100)
        found.append(Row(f"callback, {what}, median wall time", "ms", 1000 * cuts[49]))
        found.append(Row(f"callback, {what}, 95th percentile", "ms", 1000 * cuts[94]))
    one, supplied, alone = (statistics.median(seconds) for seconds in times.values())
    share = (alone - supplied) / one
    return [*found, Row("callback, reading all keys, in times of one read", "", share, 1.5)]


def _reader(port: int, path: str, patient: str) -> Callable[[str], None]:
    """Read what stands under a key, over one connection that is kept alive."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def read(key: str) -> None:
        relative = TEMPLATES[key].replace("{{context.patientId}}", patient)
        connection.request("GET", f"{path}/{quote(relative, safe='/?&=')}")
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{key} was answered {answer.status}: {body[:200]!r}")

    return read


def _times(call: Callable[[], object], count: int) -> list[float]:
    found = []
    for _ in range(count):
        started = time.perf_counter()
        call()
        found.append(time.perf_counter() - started)
    return found


def _encoded(request: Json) -> bytes:
    return json.dumps(request, separators=(",", ":")).encode()


def main() -> None:
    if len(sys.argv) > 1:
        return serve(int(sys.argv[1]))
    with running(SERVICE) as service:
        found, body = rows(service, "als-leukemia-patient-view")
    print(report.table(found))
    print(body)
    return None


if __name__ == "__main__":
    main()
