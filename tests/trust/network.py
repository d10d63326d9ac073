"""A network of the tests' own: names that change, and addresses that lead to a local server.

Nothing leaves the machine: an address without a route refuses the connection.
"""

from __future__ import annotations

import socket
import threading
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future
from ipaddress import ip_address
from typing import Any, TypeVar

import pytest

PUBLIC = "93.184.215.14"
OTHER_PUBLIC = "2a00:1450:4001:830::200e"
METADATA = "169.254.169.254"

GUARD_SECONDS = 20
"""Far beyond any limit here: reaching it means that something waits for ever."""

Result = TypeVar("Result")


class Network:
    """What every resolver and every socket of this process sees."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.names: dict[str, list[list[str]]] = {}
        """Of each name what it answers at first, then, and so on; the last answer stays."""
        self.routes: dict[str, int] = {}
        """Of an address the port of the local server that stands for it."""
        self.looked_up: list[str] = []
        self.dialled: list[str] = []
        self._asked: defaultdict[str, int] = defaultdict(int)
        self._really_connect = socket.socket.connect
        monkeypatch.setattr(socket, "getaddrinfo", self._look_up)
        monkeypatch.setattr(socket.socket, "connect", self._connect_for())

    def _look_up(self, host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        if host in self.names:
            self.looked_up.append(host)
            answers = self.names[host]
            found = answers[min(self._asked[host], len(answers) - 1)]
            self._asked[host] += 1
        elif _is_address(host):
            found = [host]
        else:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [_place(address, port) for address in found]

    def _connect_for(self) -> Callable[[socket.socket, Any], None]:
        def connect(connection: socket.socket, address: Any) -> None:
            self.dialled.append(address[0])
            if address[0] not in self.routes:
                raise ConnectionRefusedError
            self._really_connect(connection, ("127.0.0.1", self.routes[address[0]]))

        return connect


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _place(address: str, port: int) -> tuple[int, int, int, str, Any]:
    if ip_address(address).version == 4:
        return socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)
    return socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0)


def guarded(call: Callable[[], Result]) -> Result:
    """What the call returns; raises TimeoutError when it takes far too long."""
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as problem:
            future.set_exception(problem)

    threading.Thread(target=run, daemon=True).start()
    return future.result(timeout=GUARD_SECONDS)
