"""How much memory one process takes while clients try to make it hold as much as they can.

python -m bench.limits     try everything against a fresh process each, and print a table

Exit status 1: a process ended, no longer answers a good request, or took more than the bound.
"""

import json
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import UTC, datetime

import fixtures
from bench.bodies import patient_view
from bench.hostile import HEAD, SWELLING
from bench.servers import SERVICE, Server, memory_of, running
from hooks import SERVICES

LARGEST = 32 << 20
BOUND_MEBIBYTES = 1_024
VIEW = next(service for service in SERVICES if service.hook == "patient-view")
NAME = "als-aml-emergency.patient-view"

Answers = Counter[str]

CHUNKED_ONCE = HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"


def request_with(**members: object) -> bytes:
    """A good request with other members, in which "FILLING" stands for what is put in later."""
    request = fixtures.request(NAME, datetime.now(UTC))
    return json.dumps({**request, **members}).encode()


def filled(body: bytes, unit: str, size: int = LARGEST) -> bytes:
    """A request of just the size that is allowed, filled with one unit again and again."""
    times = (size - len(body)) // (len(unit) + 1)
    return body.replace(b'"FILLING"', f"[{','.join([unit] * times)}]".encode())


def in_bundle(unit: str) -> bytes:
    bundle = {"resourceType": "Bundle", "type": "searchset", "entry": "FILLING"}
    return filled(request_with(prefetch={"labs": bundle}), unit)


def many_keys() -> bytes:
    keys = ",".join(f'"{number:07}":null' for number in range(2_200_000))
    return request_with(prefetch="KEYS").replace(b'"KEYS"', f"{{{keys}}}".encode())


def large_chart() -> bytes:
    return patient_view(VIEW.prefetch, 24_000)


def at_once(body: Callable[[], bytes], clients: int = 16) -> Callable[[Server], Answers]:
    """All clients send the same."""

    def attack(server: Server) -> Answers:
        sent = body()
        head = HEAD + f"Content-Length: {len(sent)}\r\nConnection: close\r\n\r\n".encode()
        return answers_to(server, [(head, sent)] * clients)

    return attack


def answers_to(server: Server, sent: list[tuple[bytes, ...]]) -> Answers:
    answers: Answers = Counter()
    senders = [threading.Thread(target=_send, args=(server.port, parts, answers)) for parts in sent]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return answers


def _send(port: int, parts: tuple[bytes, ...], answers: Answers) -> None:
    status = "closed"
    with (
        suppress(OSError),
        socket.create_connection(("127.0.0.1", port), timeout=120) as connection,
    ):
        for part in parts:
            connection.sendall(part)
        received = connection.recv(65536)
        status = received[9:12].decode() or status
        while connection.recv(65536):
            pass
    answers[status] += 1


def held(sent: bytes, clients: int) -> Callable[[Server], Answers]:
    """All clients send the same, which is not all, and wait."""

    def attack(server: Server) -> Answers:
        answers: Answers = Counter()
        with ExitStack() as waiting:
            connections = []
            for _ in range(clients):
                address = ("127.0.0.1", server.port)
                connection = waiting.enter_context(socket.create_connection(address, timeout=5))
                connections.append(connection)
                with suppress(OSError):
                    connection.sendall(sent)
            time.sleep(2)
            for connection in connections:
                connection.settimeout(0.01)
                try:
                    answers[connection.recv(65536)[9:12].decode() or "closed"] += 1
                except TimeoutError:
                    answers["kept waiting"] += 1
                except OSError:
                    answers["closed"] += 1
        return answers

    return attack


def _half_of(size: int) -> bytes:
    return HEAD + f"Content-Length: {size}\r\n\r\n".encode() + b" " * (size - 1)


def _pipelined() -> bytes:
    body = request_with()
    return (HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode() + body) * 100


ATTACKS: dict[str, Callable[[Server], Answers]] = {
    "16 charts of 30 MB, valid": at_once(large_chart),
    **{
        f"16 bodies of 32 MB, entries `{unit[:40]}`": at_once(lambda unit=unit: in_bundle(unit))
        for unit, _ in SWELLING
    },
    "16 bodies of 32 MB, 2.2 million prefetch keys": at_once(many_keys),
    "16 bodies of 32 MB, an extension of decimals": at_once(
        lambda: filled(request_with(extension={"a": "FILLING"}), "1.5")
    ),
    "16 bodies of 2 MB, draft orders of decimals": at_once(
        lambda: filled(
            request_with(context={"userId": "a", "patientId": "b", "draftOrders": "FILLING"}),
            "1.5",
            2 << 20,
        )
    ),
    "16 bodies of 32 MB, one text": at_once(
        lambda: request_with(extension={"a": "x" * (LARGEST - 50_000)})
    ),
    "16 bodies of 32 MB, brackets": at_once(lambda: b"[" * LARGEST),
    "400 charts of 300 KB": at_once(lambda: patient_view(VIEW.prefetch, 200, 30, 40), 400),
    "64 bodies of 32 MB but for a byte": held(_half_of(LARGEST), 64),
    "1,000 bodies of 60 KB but for a byte": held(_half_of(60_000), 1_000),
    "1,000 idle connections": held(b"", 1_000),
    "1,000 half headers of 60 KB": held(HEAD + b"X: " + b"a" * 60_000, 1_000),
    "100 clients, each 100 requests pipelined, reading no answer": held(_pipelined(), 100),
    "8 bodies of 2 MB in chunks of two bytes": lambda server: answers_to(
        server, [(CHUNKED_ONCE, b"2\r\n  \r\n" * (1 << 20), b"0\r\n\r\n")] * 8
    ),
}


def measure(attack: Callable[[Server], Answers]) -> tuple[Answers, float, float]:
    """Statuses, peak and what is left, in MiB."""
    with running(SERVICE) as server:
        answers = attack(server)
        pid = server.process.pid
        peak, left = memory_of(pid, "VmHWM"), memory_of(pid)
        service = f"als-leukemia-{VIEW.hook}"
        if server.cards(service, request_with()) == 0:
            raise RuntimeError("A good request brings no card any more.")
        return answers, peak, left


def main() -> None:
    print("| tried | answers | peak MiB | left MiB |")
    print("|---|---|---|---|", flush=True)
    highest = 0.0
    for name, attack in ATTACKS.items():
        answers, peak, left = measure(attack)
        counted = ", ".join(f"{status}: {number}" for status, number in sorted(answers.items()))
        print(f"| {name} | {counted} | {peak:.0f} | {left:.0f} |", flush=True)
        highest = max(highest, peak)
    if highest > BOUND_MEBIBYTES:
        sys.exit(f"A process took {highest:.0f} MiB, more than {BOUND_MEBIBYTES}.")


if __name__ == "__main__":
    main()
