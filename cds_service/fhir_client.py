"""Reads from the client's FHIR server what prefetch left out.

https://cds-hooks.hl7.org/#fhir-resource-access. All reads run in parallel under one deadline;
what does not arrive in time is a failed answer with its reason, not an error. The token goes to
the declared server only: no redirects, no other origin, no log.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urljoin, urlsplit

import requests

from cds_service.prefetch import Answer, Query, State, failed, read_answer
from cds_service.readers import read_tolerantly

log = logging.getLogger(__name__)

CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class FhirLimits:
    """Bounds on what one hook call may read. Seconds, bytes, pages."""

    deadline: float = 2.0
    bytes_per_response: int = 16 * 1024 * 1024
    pages: int = 5


class FhirReader:
    """Reads for many requests at once; connections are kept and reused."""

    def __init__(self, limits: FhirLimits) -> None:
        self.limits = limits
        self._pool = ThreadPoolExecutor(max_workers=32, thread_name_prefix="fhir")
        self._session = requests.Session()
        self._session.trust_env = False
        # A cookie of one user's session must not come with another user's token.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = requests.adapters.HTTPAdapter(pool_connections=16, pool_maxsize=32)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def read(
        self, server: str, token: str | None, patient_id: str, queries: Iterable[Query]
    ) -> dict[str, Answer]:
        """Answers by key, all within the deadline. Never raises for what the server does."""
        ends = time.monotonic() + self.limits.deadline
        futures: dict[str, Future[Answer]] = {
            query.key: self._pool.submit(self._query, server, token, patient_id, query, ends)
            for query in queries
        }
        return {key: _outcome(future, ends) for key, future in futures.items()}

    def _query(
        self, server: str, token: str | None, patient_id: str, query: Query, ends: float
    ) -> Answer:
        answer = self._get(f"{server}/{query.url(patient_id)}", token, query, ends)
        pages = 1
        while answer.next_url is not None:
            if len(answer.resources) >= query.count:
                # Paged more finely than asked: the newest `_count` are here, which is all we want.
                return Answer(State.ANSWERED, answer.resources)
            if pages == self.limits.pages:
                break
            following = _on_same_origin(server, answer.next_url)
            if following is None:
                return Answer(answer.state, answer.resources, "its next page lies elsewhere")
            more = self._get(following, token, query, ends)
            more.resources = answer.resources + more.resources
            answer, pages = more, pages + 1
        return answer

    def _get(self, url: str, token: str | None, query: Query, ends: float) -> Answer:
        headers = {"Accept": "application/fhir+json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        left = ends - time.monotonic()
        if left <= 0:
            return failed("the FHIR server did not answer in time")
        try:
            with self._session.get(
                url, headers=headers, timeout=left, allow_redirects=False, stream=True
            ) as response:
                if response.status_code != 200:
                    return failed(f"the FHIR server answered {response.status_code}")
                return _judge(query, self._body(response, ends))
        except requests.Timeout:
            return failed("the FHIR server did not answer in time")
        except (requests.RequestException, ValueError):
            # ValueError: what a host name turns out to be that no resolver takes.
            late = time.monotonic() >= ends
            missed = "did not answer in time" if late else "could not be reached"
            return failed(f"the FHIR server {missed}")
        except _LimitExceededError as problem:
            return failed(str(problem))

    def _body(self, response: requests.Response, ends: float) -> bytes:
        received = bytearray()
        for chunk in response.iter_content(CHUNK):
            received += chunk
            if len(received) > self.limits.bytes_per_response:
                raise _LimitExceededError("the FHIR server's answer is too large")
            if time.monotonic() > ends:
                raise _LimitExceededError("the FHIR server did not answer in time")
        return bytes(received)


class _LimitExceededError(Exception):
    """A response that exceeds a limit; its message is the reason shown."""


def _outcome(future: Future[Answer], ends: float) -> Answer:
    try:
        return future.result(timeout=max(0.0, ends - time.monotonic()) + 0.05)
    except FutureTimeout:
        future.cancel()
        return failed("the FHIR server did not answer in time")
    except Exception as problem:
        # Only the type: a message may hold the URL, and with it the patient's id.
        log.error("unexpected %s while reading from the FHIR server", type(problem).__name__)
        return failed("the FHIR server could not be read")


def _judge(query: Query, body: bytes) -> Answer:
    resource, unreadable = read_tolerantly(body)
    if resource is None:
        return failed("the FHIR server's answer is not FHIR JSON")
    return read_answer(query, resource, unreadable)


def _on_same_origin(server: str, link: str) -> str | None:
    """The absolute URL of a link; None where it leads elsewhere or nowhere."""
    try:
        url = urljoin(f"{server}/", link)
        first, second = urlsplit(server), urlsplit(url)
    except ValueError:
        return None
    return url if (first.scheme, first.netloc) == (second.scheme, second.netloc) else None
