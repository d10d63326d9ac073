"""Servers as processes: started on a free port, asked over HTTP, measured through /proc."""

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
TICKS = os.sysconf("SC_CLK_TCK")
JSON = {"Content-Type": "application/json"}


class Server:
    """A running server and one connection to it that is kept alive."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, started: float) -> None:
        self.process = process
        self.port = port
        self.started = started
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def get(self, path: str) -> Any:
        return json.loads(self._ask("GET", path))

    def post(self, service: str, body: bytes) -> bytes:
        return self._ask("POST", f"/cds-services/{service}", body)

    def cards(self, service: str, body: bytes) -> int:
        return len(json.loads(self.post(service, body))["cards"])

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        self._connection.request(method, path, body, JSON)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path} was answered {answer.status}: {content[:500]!r}")
        return content

    def cpu_seconds(self) -> float:
        """User and system time of the process since its start, in steps of one clock tick."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident_mebibytes(self) -> float:
        return memory_of(self.process.pid)

    def workers(self) -> list[int]:
        """The processes that answer: this one, or those that it has started to do so."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [pid for pid in map(int, children.split()) if _is_worker(pid)] or [self.process.pid]

    def wait(self) -> None:
        """Return when the port answers."""
        while True:
            try:
                return self._connection.connect()
            except ConnectionError:
                if self.process.poll() is not None:
                    raise RuntimeError("the server ended instead of starting") from None
                time.sleep(0.002)

    def close(self) -> None:
        self._connection.close()
        self.process.terminate()
        self.process.wait()


def memory_of(pid: int, what: str = "VmRSS") -> float:
    """Mebibytes that a process holds, or held at most ("VmHWM")."""
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(f"{what}:"))
    return int(line.split()[1]) / 1024


def _is_worker(pid: int) -> bool:
    # A supervisor has one more child, which looks after what they share.
    return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()


@contextmanager
def running(command: list[str], **settings: str) -> Iterator[Server]:
    """Run `command`, in which {port} stands for a free port, which it also finds in PORT."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    # Modules are compiled once, as those that pip installs are, whatever is set here.
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("CDS_") and name != "PYTHONDONTWRITEBYTECODE"
    }
    environment = {**kept, "HOST": "127.0.0.1", "PORT": str(port), "CDS_WORKERS": "1"}
    filled = [part.format(port=port) for part in command]
    started = time.perf_counter()
    with tempfile.TemporaryFile() as log, tempfile.TemporaryDirectory() as folder:
        # A store as by default, and yet not below this folder.
        environment |= {"CDS_STORE": f"sqlite:///{folder}/cds.sqlite3", **settings}
        process = subprocess.Popen(
            filled, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=log
        )
        server = Server(process, port, started)
        try:
            server.wait()
            yield server
        except (RuntimeError, OSError):
            log.seek(0)
            print(log.read()[-5_000:].decode(errors="replace"), file=sys.stderr)
            raise
        finally:
            server.close()


SERVICE = [str(Path(sys.executable).with_name("als-leukemia-cds")), "serve"]
FLOOR = [sys.executable, "-m", "bench.floor", "{port}"]
