"""The production server: uvicorn runs the processes, httptools parses, this module runs WSGI.

The event loop reads a request to its last byte, then a thread runs the application. Clients that
are idle, slow or gone hold no thread, and threads are free to wait for a FHIR server. What clients
can make a process hold is limited: connections, bodies, requests that wait for a thread. It knows
nothing of CDS Hooks. PEP 3333: https://peps.python.org/pep-3333/; choice:
docs/decisions/0002-server.md.
"""

import asyncio
import ctypes
import gc
import json
import logging
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from importlib import import_module
from io import BytesIO
from multiprocessing import parent_process
from typing import Any
from urllib.parse import unquote_to_bytes

import httptools
from uvicorn import Config, Server
from uvicorn.config import STARTUP_FAILURE
from uvicorn.server import ServerState
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from cds_service.logs import raised

MAX_BODY_BYTES = 32 << 20
MAX_HEADER_BYTES = 64 << 10
MAX_PIPELINED = 16
# Together with the connections to FHIR servers this stays below the usual 1,024 open files.
MAX_CONNECTIONS = 512
# What waits longer than eight turns is not waited for by its client either.
WAITING_PER_THREAD = 8
# Requests without a body (health, readiness, discovery, preflights) never wait behind hook calls.
RESERVED_THREADS = 2
# Bodies of one process together, in bodies of the largest size; small ones are not refused for it.
MAX_HELD_BODIES = 4
SMALL_BODY_BYTES = 64 << 10
RETRY_SECONDS = 1
# After bodies of this size what is left of a request is freed at once.
LARGE_BODY_BYTES = 1 << 20
# Memory blocks of this size go back to the system when they are freed.
MAPPED_BLOCK_BYTES = 512 << 10
HEADER_SECONDS = 30.0
BODY_SECONDS = 30.0
# Common proxies drop an idle connection after 60 s. We wait longer, so that we never close one
# just as a proxy reuses it.
IDLE_SECONDS = 65.0
# Between tries to replace a worker while new ones do not start.
REPLACE_SECONDS = 5.0
# Running requests wait at most 2 s for FHIR, and a container is killed 10 s after SIGTERM.
STOP_SECONDS = 5

Environ = dict[str, Any]
Wsgi = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

logger = logging.getLogger(__name__)


def serve(
    app_factory: str,
    host: str,
    port: int,
    workers: int,
    threads: int,
    *,
    max_body_bytes: int = MAX_BODY_BYTES,
    body_seconds: float = BODY_SECONDS,
) -> None:
    """Serve "module:factory" until SIGTERM or SIGINT; every process calls the factory once.

    With one process the caller sees what the factory raises, with several the log shows it.
    """
    build = partial(load, app_factory, threads, workers > 1, max_body_bytes, body_seconds)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    _when_hung_up(lambda number, frame: signal.raise_signal(signal.SIGTERM))
    try:
        if workers > 1:
            _supervise(configuration(partial(_load_or_exit, build), host, port, workers))
        else:
            application = build()
            Server(configuration(lambda: application, host, port)).run()
    except KeyboardInterrupt:
        return  # uvicorn raises the signal again after it has stopped.


def load(app_factory: str, *arguments: Any) -> "Application":
    module, _, attribute = app_factory.partition(":")
    application = Application(getattr(import_module(module), attribute)(), *arguments)
    _settle_memory()
    return application


def _settle_memory() -> None:
    """Spare later collections what was built at the start, and keep large blocks out of the heap.

    Only what is young is collected before: modules leave next to nothing behind, and to look for
    it among all that they hold takes as long as a tenth of the start.

    The C library of most systems would soon keep blocks as large as bodies in the heaps of its
    threads, where small ones that live longer stand in the way of giving them back.
    """
    gc.collect(1)
    gc.freeze()
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # Others need no such hint.
        mallopt(_M_MMAP_THRESHOLD, MAPPED_BLOCK_BYTES)


_M_MMAP_THRESHOLD = -3
"""https://man7.org/linux/man-pages/man3/mallopt.3.html"""


def configuration(build: Callable[[], Any], host: str, port: int, workers: int = 1) -> Config:
    """uvicorn with our protocol and without what is not needed."""
    return _Config(
        build,
        factory=True,
        host=host,
        port=port,
        workers=workers,
        http=Connection,
        interface="asgi3",
        loop="asyncio",
        lifespan="off",
        ws="none",
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


class _Config(Config):
    """Lets workers end as this process does: by an exit, at which what waits is written down."""

    def get_loop_factory(self) -> Callable[[], asyncio.AbstractEventLoop] | None:
        # Asked by each process just before uvicorn takes the signals, to raise them again later.
        if parent_process() is not None:
            signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
        return super().get_loop_factory()


def _when_hung_up(handler: Any) -> None:
    if hasattr(signal, "SIGHUP"):  # Not on Windows.
        signal.signal(signal.SIGHUP, handler)


def _supervise(config: Config) -> None:
    """Replace workers that end, and on SIGHUP all of them, each when its successor has started."""
    supervisor = _Supervisor(config, sockets=[config.bind_socket()])
    supervisor.run()
    if supervisor.does_not_start:
        sys.exit(STARTUP_FAILURE)


class _Supervisor(Multiprocess):
    """Goes on with the workers there are while one that died cannot be replaced.

    Its successor reads files that may have been spoilt since; the others do well without them, and
    a service that ends advises nobody.
    """

    does_not_start = False
    _next_try = 0.0

    def keep_subprocess_alive(self) -> None:
        for place, process in enumerate(self.processes):
            if self.should_exit.is_set():
                return
            if process.is_alive(timeout=self.config.timeout_worker_healthcheck):
                continue
            hangs = process.exitcode is None
            process.kill()
            if hangs:
                process.join()
            if process.exitcode != STARTUP_FAILURE:
                logger.warning("a worker has ended and is replaced")
            elif not any(each.is_ready() for each in self.processes):
                logger.error("no worker starts: the service ends")
                self.does_not_start = True
                self.should_exit.set()
                return
            elif time.monotonic() < self._next_try:
                continue
            else:
                self._next_try = time.monotonic() + REPLACE_SECONDS
                logger.error("a worker does not start: the others go on, and it is tried again")
            self.processes[place] = Process(self.config, self.sockets)
            self.processes[place].start()


def _load_or_exit(build: Callable[[], "Application"]) -> "Application":
    """The exit code tells the supervisor that starting this process again would not help."""
    # A terminal that closes sends it to all processes; what to do is the supervisor's to say.
    _when_hung_up(signal.SIG_IGN)
    threading.Thread(target=_stop_after_supervisor, daemon=True).start()
    try:
        return build()
    except Exception:
        logger.exception("The application does not start.")
        sys.exit(STARTUP_FAILURE)


def _stop_after_supervisor() -> None:
    """Or workers whose supervisor was killed would keep the port, and nobody could stop them."""
    supervisor = parent_process()
    if supervisor is not None:
        supervisor.join()
        os.kill(os.getpid(), signal.SIGTERM)


class Answer:
    """A whole answer: none is sent before it is complete, so none breaks off half way."""

    def __init__(
        self, status: str, headers: list[tuple[str, str]], body: bytes, method: str = "GET"
    ) -> None:
        bodiless = method == "HEAD" or status.startswith(("204", "304"))
        self.body = b"" if bodiless else body
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
        if not bodiless and not any(name.lower() == "content-length" for name, _ in headers):
            lines.append(f"Content-Length: {len(body)}")
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError("A status or header holds a line break.")
        self.head = "\r\n".join([*lines, ""]).encode("latin-1")


def refusal(status: HTTPStatus, code: str, diagnostics: str, **headers: str) -> Answer:
    """An answer of the server itself, as an OperationOutcome."""
    issue = {"severity": "error", "code": code, "diagnostics": diagnostics}
    body = json.dumps({"resourceType": "OperationOutcome", "issue": [issue]}).encode()
    sent = [
        ("Content-Type", "application/json"),
        ("X-Content-Type-Options", "nosniff"),
        # A script in a browser could not read the reason without it.
        ("Access-Control-Allow-Origin", "*"),
        *((name.replace("_", "-"), value) for name, value in headers.items()),
    ]
    return Answer(f"{status.value} {status.phrase}", sent, body)


def refusal_of_load(what: str) -> Answer:
    """The client may send the same again: nothing was looked at."""
    text = f"{what} at once; send the request again in a moment. No check was made."
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return refusal(status, "throttled", text, Retry_After=str(RETRY_SECONDS))


@dataclass(slots=True)
class Request:
    """A request that has arrived to its last byte."""

    environ: Environ
    body: bytearray
    keep_alive: bool
    size: int


class Application:
    """The WSGI application of one process, its threads and its limits.

    The event loop alone counts what waits and what is held.
    """

    def __init__(
        self,
        wsgi: Wsgi,
        threads: int,
        multiprocess: bool = False,
        max_body_bytes: int = MAX_BODY_BYTES,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        self.wsgi = wsgi
        self.threads = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self.reserved = ThreadPoolExecutor(RESERVED_THREADS, thread_name_prefix="request-reserved")
        self.unanswered, self.max_unanswered = 0, threads * (1 + WAITING_PER_THREAD)
        self.held_bytes, self.max_held_bytes = 0, MAX_HELD_BODIES * max_body_bytes
        self.max_body_bytes = max_body_bytes
        self.body_seconds = body_seconds
        self.environ: Environ = {
            "SCRIPT_NAME": "",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": multiprocess,
            "wsgi.run_once": False,
            "wsgi.input_terminated": True,  # So Flask may read to the end, without a copy.
        }

    def take(self, request: Request, work: Callable[[Request], None]) -> bool:
        """Give the request to a thread, now or later; False when too many wait for one."""
        if not request.size:
            self.reserved.submit(work, request)
            return True
        if self.unanswered >= self.max_unanswered:
            return False
        self.unanswered += 1
        self.threads.submit(work, request)
        return True

    def done(self, request: Request) -> None:
        """A thread has finished with a request that was taken."""
        self.unanswered -= bool(request.size)
        self.held_bytes -= request.size

    def has_room(self, more: int) -> bool:
        """Whether so many bytes of bodies can be held in addition."""
        return self.held_bytes + more <= self.max_held_bytes

    def answer(self, request: Request) -> Answer:
        """The application's answer, or a 500 in its place. Nothing of the request is kept."""
        answer = self._answer(request)
        # An application may well put its own view of the request there: a circle.
        request.environ.clear()
        if request.size >= LARGE_BODY_BYTES:
            gc.collect()  # Other circles hold the body too, and the next collection may be far.
        return answer

    def _answer(self, request: Request) -> Answer:
        environ, body = request.environ, bytes(request.body)
        request.body = bytearray()  # Or a large body would be held twice.
        environ |= {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        try:
            return self._run(environ)
        except BaseException as error:  # No exit or interrupt may come from a request.
            logger.error("an exception left the application", extra=raised(error))
            text = "The service failed on this request; it says nothing about the patient."
            return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "exception", text)

    def _run(self, environ: Environ) -> Answer:
        method = environ["REQUEST_METHOD"]
        started: list[tuple[str, list[tuple[str, str]]]] = []
        written: list[bytes] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: object = None
        ) -> Callable[[bytes], None]:
            if started and exc_info is None:
                raise RuntimeError("start_response was called twice.")
            started[:] = [(status, headers)]
            return written.append

        content = self.wsgi(environ, start_response)
        try:
            written.extend(content)
        finally:
            if hasattr(content, "close"):
                content.close()
        return Answer(*started[0], b"".join(written), method)


class Connection(asyncio.Protocol):
    """One client's connection: made and shut down by uvicorn, called by asyncio and httptools."""

    transport: asyncio.Transport
    environ: Environ

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.app: Application = config.loaded_app
        self.state = server_state
        self.loop = asyncio.get_running_loop()
        self.parser = httptools.HttpRequestParser(self)
        self.timer: asyncio.TimerHandle | None = None
        self.waiting: deque[Request] = deque()
        self.body = bytearray()
        self.refuse_rest: Callable[[], None] | None = None
        self.in_header = self.in_body = self.answering = self.blocked = self.last = False
        self.keep_alive = True
        self.unused_bytes = self.body_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.state.connections.add(self)  # type: ignore[arg-type]
        server, client = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
        self.base = self.app.environ | {
            "SERVER_NAME": server[0],
            "SERVER_PORT": str(server[1]),
            "REMOTE_ADDR": client[0],
            "REMOTE_PORT": str(client[1]),
        }
        self._allow(IDLE_SECONDS)
        if len(self.state.connections) > MAX_CONNECTIONS:
            self._refuse_load("Too many connections are open")

    def connection_lost(self, exc: Exception | None) -> None:
        self.state.connections.discard(self)
        self._drop_body()
        self._drop_waiting()
        if self.timer is not None:
            self.timer.cancel()
        # What holds this would be kept with it, and all that was read, until the next collection.
        del self.parser
        self.refuse_rest = None

    def shutdown(self) -> None:
        self.last = True
        if not self.answering and not self.in_body:
            self.transport.close()

    def eof_received(self) -> bool:
        self.last = True
        return self.answering  # A client may close its half and still wait for the answer.

    def pause_writing(self) -> None:
        self.blocked = True
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        self.blocked = False
        if not self.answering:
            self.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        ahead = self.answering
        # The parser keeps what completes nothing: an endless header, trailer, chunk extension.
        self.unused_bytes += len(data)
        try:
            self._feed(data)
        except httptools.HttpParserError:
            text = "This is no valid HTTP request."
            self._refuse(refusal(HTTPStatus.BAD_REQUEST, "structure", text))
        if self.unused_bytes > MAX_HEADER_BYTES:
            self._refuse_header()
        if self.waiting and not self.answering:
            self._next()
        if ahead or self.waiting:
            self.transport.pause_reading()  # Enough is read ahead.

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self.parser.get_method() == b"CONNECT":
                # That method asks for it in itself, so without the wish it would end here again.
                self._refuse_connect()
                return
            # We speak no other protocol, and the parser skips the body that comes with the wish
            # for one (Java's client has that wish on plain HTTP): so read it again without.
            asks = (b"connection", b"upgrade")
            kept = [b"%b: %b" % header for header in self.headers if header[0].lower() not in asks]
            line = b"%b %b HTTP/1.1" % (self.parser.get_method(), self.url)
            self.parser = httptools.HttpRequestParser(self)
            self.parser.feed_data(b"\r\n".join([line, *kept, b"", data[upgrade.args[0] :]]))

    def on_message_begin(self) -> None:
        self.in_header, self.url, self.headers = True, b"", list[tuple[bytes, bytes]]()
        if not self.answering:
            self._allow(HEADER_SECONDS)

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        length = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if length > MAX_HEADER_BYTES:
            self._refuse_header()
            return
        self.in_header, self.in_body, self.unused_bytes = False, True, 0
        self.body_bytes, self.refuse_rest = 0, None
        # Now, not when the body is here: trailers are added to the headers, and must not pass
        # for any.
        self.environ = self.base | self._request()
        if not self.answering:
            self._allow(self.app.body_seconds)
            if self.environ.get("HTTP_EXPECT", "").lower() == "100-continue":
                self._continue()

    def on_body(self, body: bytes) -> None:
        self.unused_bytes = 0
        self.body_bytes += len(body)
        if self.body_bytes > self.app.max_body_bytes:
            self.refuse_rest = self._refuse_body
        elif self.body_bytes > SMALL_BODY_BYTES:
            self._make_room(len(body))
        if self.refuse_rest is None:
            # One growing piece: as a list, chunks of two bytes would take forty each.
            self.body += body
            self.app.held_bytes += len(body)
            return
        # Most clients read no answer before they have sent everything, and would see a broken
        # connection: so the rest is read and dropped, up to a limit of its own.
        self._drop_body()
        if self.body_bytes > 4 * self.app.max_body_bytes:
            self.refuse_rest()

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return  # Only its header has been read: see _feed.
        self.in_body, self.unused_bytes = False, 0
        if self.refuse_rest is not None:
            self.refuse_rest()
        elif len(self.waiting) == MAX_PIPELINED:
            self.last = True  # A client whose request is not answered sends it again.
            self._drop_body()
        else:
            keep_alive = self.parser.get_http_version() == "1.1" and self.parser.should_keep_alive()
            size = len(self.body)
            self.waiting.append(Request(self.environ, self.body, keep_alive, size))
            self.body = bytearray()

    def _make_room(self, more: int) -> None:
        """Give up the largest of the bodies that are arriving, be it this one or another.

        Or a few clients that send large bodies slowly would keep out all others.
        """
        connections: Iterable[Connection] = self.state.connections  # type: ignore[assignment]
        while self.refuse_rest is None and not self.app.has_room(more):
            largest = max(connections, key=lambda each: len(each.body))
            if len(largest.body) <= len(self.body):
                largest = self
            largest.refuse_rest = partial(largest._refuse_load, "Too many large requests arrive")
            largest._drop_body()

    def _drop_body(self) -> None:
        """Forget the body that is being received."""
        self.app.held_bytes -= len(self.body)
        self.body = bytearray()

    def _drop_waiting(self) -> None:
        self.app.held_bytes -= sum(request.size for request in self.waiting)
        self.waiting.clear()

    def _request(self) -> Environ:
        target = httptools.parse_url(self.url)
        environ = {
            "REQUEST_METHOD": self.parser.get_method().decode("latin-1"),
            "PATH_INFO": unquote_to_bytes(target.path or b"/").decode("latin-1"),
            "QUERY_STRING": (target.query or b"").decode("latin-1"),
            "SERVER_PROTOCOL": "HTTP/" + self.parser.get_http_version(),
        }
        for name, value in self.headers:
            if b"_" in name:
                continue  # It would pass for the header with a hyphen, which a proxy may guard.
            key = name.decode("latin-1").upper().replace("-", "_")
            if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
                key = "HTTP_" + key
            text = value.decode("latin-1")
            joint = "; " if key == "HTTP_COOKIE" else ","
            environ[key] = environ[key] + joint + text if key in environ else text
        return environ

    def _continue(self) -> None:
        if int(self.environ.get("CONTENT_LENGTH", 0)) > self.app.max_body_bytes:
            self._refuse_body()
        else:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _next(self) -> None:
        while self.waiting and not self.answering:
            request = self.waiting.popleft()
            self.keep_alive = request.keep_alive
            self.answering = self.app.take(request, self._work)
            if not self.answering:
                self.app.held_bytes -= request.size
                self._send(refusal_of_load("Too many requests arrive"))
                self._allow(IDLE_SECONDS)

    def _work(self, request: Request) -> None:
        """All that runs in a thread."""
        answer = self.app.answer(request)
        self.loop.call_soon_threadsafe(self._answered, request, answer)

    def _answered(self, request: Request, answer: Answer) -> None:
        self.answering = False
        self.app.done(request)
        if self.transport.is_closing():
            return
        self._send(answer)
        self._next()
        if self.answering or self.transport.is_closing():
            return
        wait = self.app.body_seconds if self.in_body else HEADER_SECONDS
        self._allow(wait if self.in_body or self.in_header else IDLE_SECONDS)
        if not self.blocked:
            self.transport.resume_reading()

    def _send(self, answer: Answer) -> None:
        close = not self.keep_alive or (self.last and not self.waiting)
        date = [b"%b: %b\r\n" % header for header in self.state.default_headers]
        end = b"Connection: close\r\n\r\n" if close else b"\r\n"
        self.transport.write(b"".join([answer.head, *date, end, answer.body]))
        self.state.total_requests += 1
        if close:
            self._drop_waiting()
            self.transport.close()
            self._allow(IDLE_SECONDS)  # For reading it: the transport waits for that.

    def _refuse(self, answer: Answer) -> None:
        self.last = True
        # A client with an earlier request still open gets the answer to that one, and the end.
        if not self.answering and not self.waiting and not self.transport.is_closing():
            self._send(answer)

    def _refuse_load(self, what: str) -> None:
        self._refuse(refusal_of_load(what))

    def _refuse_header(self) -> None:
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        text = f"The header is larger than {MAX_HEADER_BYTES} bytes."
        self._refuse(refusal(status, "too-long", text))

    def _refuse_connect(self) -> None:
        text = "This is no proxy."
        status = HTTPStatus.METHOD_NOT_ALLOWED
        self._refuse(refusal(status, "not-supported", text, Allow="GET, POST, OPTIONS"))

    def _refuse_body(self) -> None:
        text = f"The body is larger than {self.app.max_body_bytes} bytes."
        self._refuse(refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-long", text))

    def _allow(self, seconds: float) -> None:
        """How long the client may take for what it is doing now."""
        self.deadline = self.loop.time() + seconds
        # A timer that is due too early sets itself again: cheaper than a new one per request.
        if self.timer is None or self.timer.when() > self.deadline:
            self._set_timer()

    def _set_timer(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        self.timer = self.loop.call_at(self.deadline, self._check)

    def _check(self) -> None:
        self.timer = None
        if self.deadline > self.loop.time():
            self._set_timer()
        elif self.answering:
            return
        elif (self.in_header or self.in_body) and not self.transport.is_closing():
            text = "The rest of the request did not arrive in time."
            self._refuse(refusal(HTTPStatus.REQUEST_TIMEOUT, "timeout", text))
        else:
            self.transport.abort()
