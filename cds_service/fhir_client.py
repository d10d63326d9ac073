"""One GET from a FHIR server, in bounded time: https://hl7.org/fhir/R4/http.html#read

Nothing follows a redirect, no proxy or cookie of the environment is used, no token is logged. A
read is idempotent, so a broken connection or a busy server is asked again while there is time.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from socket import SHUT_RDWR, socket
from typing import Any

import requests
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

LATE = "the FHIR server did not answer in time"

_CHUNK = 64 * 1024
_BUSY = frozenset({429, 502, 503, 504})
"""Statuses that may be gone at the next try: https://www.rfc-editor.org/rfc/rfc9110#section-15.6"""
_TRIES = 3
_PAUSE = 0.05
"""Seconds before the second try; twice as long before the third."""

_REFUSALS = {401: "access token refused", 403: "not permitted", 429: "too many requests"}


class ReadError(Exception):
    """A read that brought no data. `reason` is in words without patient data.

    `status` is that of the answer; None where there was none.
    """

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class Deadline:
    """When the reads of one hook call end, and the connections to cut then.

    A socket's own timeout counts from byte to byte: a server that sends one now and then would
    hold its thread for ever. `cut` ends such a read wherever it is.
    """

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._open: dict[int, socket] = {}
        self._is_cut = False

    def left(self) -> float:
        """Seconds until the end; none or fewer when it is past."""
        return self._ends - time.monotonic()

    def watch(self, connection: socket) -> None:
        """The socket on which this thread is reading; the one that the deadline finds it at."""
        with self._lock:
            self._open[threading.get_ident()] = connection
            if self._is_cut:
                _shut(connection)

    def unwatch(self) -> None:
        """This thread has read what it wanted."""
        with self._lock:
            self._open.pop(threading.get_ident(), None)

    def cut(self) -> None:
        """End every read that is still going on."""
        with self._lock:
            self._is_cut = True
            for connection in self._open.values():
                _shut(connection)
            self._open.clear()


def _shut(connection: socket) -> None:
    with suppress(OSError):  # It has just been closed by the other side.
        connection.shutdown(SHUT_RDWR)


_thread = threading.local()
"""`deadline`: that of the read which this thread does, for the connections it opens."""


class _Watched(HTTPConnection):
    """The socket itself is watched: a connection forgets it once a response will close it."""

    def _new_conn(self) -> socket:
        connection = super()._new_conn()
        _thread.deadline.watch(connection)  # What TLS says to begin with may drip as well.
        return connection

    def connect(self) -> None:
        super().connect()
        _thread.deadline.watch(self.sock)

    def request(self, *args: Any, **kwargs: Any) -> None:
        # A connection that is used again does not connect again.
        if self.sock is not None:
            _thread.deadline.watch(self.sock)
        super().request(*args, **kwargs)


class _WatchedTLS(_Watched, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTLS


class _Adapter(requests.adapters.HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}


def _session(connections: int) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    # A cookie of one user's session must not come with another user's token.
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = _Adapter(pool_connections=16, pool_maxsize=connections)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


@dataclass(slots=True)
class Allowance:
    """How many bytes one question may still bring, over all its pages."""

    left: int


class FhirClient:
    """Reads for many requests at once; connections are kept and used again."""

    def __init__(self, connections: int) -> None:
        # urllib3 logs the URL, and with it the patient's id, of a header that it cannot read.
        logging.getLogger("urllib3").setLevel(logging.CRITICAL)
        self._session = _session(connections)

    def get(
        self, url: str, token: str | None, deadline: Deadline, allowance: Allowance
    ) -> tuple[bytes, str]:
        """The body of a 200 and its media type. Raises ReadError for everything else."""
        _thread.deadline = deadline
        headers = {"Accept": "application/fhir+json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        for attempt in range(1, _TRIES + 1):
            if attempt == 1:
                answer = self._try(self._session, url, headers, deadline, allowance)
            else:
                # Kept connections die together: another one of them would be no second try.
                with _session(1) as fresh:
                    answer = self._try(fresh, url, headers, deadline, allowance)
            if not isinstance(answer, _Again):
                return answer
            pause = max(answer.wait, _PAUSE * 2 ** (attempt - 1))
            if attempt == _TRIES or pause >= deadline.left():
                raise answer.error
            time.sleep(pause)
        raise AssertionError("the last try returns or raises")

    def _try(
        self,
        session: requests.Session,
        url: str,
        headers: dict[str, str],
        deadline: Deadline,
        allowance: Allowance,
    ) -> tuple[bytes, str] | _Again:
        left = deadline.left()
        if left <= 0:
            raise ReadError(LATE)
        try:
            with session.get(
                url, headers=headers, timeout=left, allow_redirects=False, stream=True
            ) as response:
                status = response.status_code
                if status in _BUSY:
                    return _Again(_refusal(status), _seconds(response.headers.get("Retry-After")))
                if status != 200:
                    raise _refusal(status)
                body = _body(response, allowance)
                if deadline.left() <= 0:
                    # What ends by being cut may look like a whole answer.
                    raise ReadError(LATE)
                return body, response.headers.get("Content-Type", "")
        except requests.Timeout as problem:
            raise ReadError(LATE) from problem
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            return _Again(_unreached(deadline))
        except (requests.RequestException, ValueError) as problem:
            # ValueError: what a host name turns out to be that no resolver takes.
            raise _unreached(deadline) from problem
        finally:
            deadline.unwatch()


@dataclass(slots=True)
class _Again:
    """A try that failed in a way that may pass; `wait` is what the server asked for, in seconds."""

    error: ReadError
    wait: float = 0.0


def _unreached(deadline: Deadline) -> ReadError:
    return ReadError(LATE if deadline.left() <= 0 else "the FHIR server could not be reached")


def _refusal(status: int) -> ReadError:
    words = f" ({_REFUSALS[status]})" if status in _REFUSALS else ""
    return ReadError(f"the FHIR server answered {status}{words}", status)


def _seconds(retry_after: str | None) -> float:
    """https://www.rfc-editor.org/rfc/rfc9110#field.retry-after; a date counts as too long."""
    if not retry_after:
        return 0.0
    return float(retry_after) if retry_after.isascii() and retry_after.isdigit() else float("inf")


def _body(response: requests.Response, allowance: Allowance) -> bytes:
    received = bytearray()
    for chunk in response.iter_content(_CHUNK):
        allowance.left -= len(chunk)
        if allowance.left < 0:
            raise ReadError("the FHIR server's answer is too large")
        received += chunk
    return bytes(received)
