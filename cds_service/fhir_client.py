"""One GET from a FHIR server, in bounded time: https://hl7.org/fhir/R4/http.html#read

Where it may go and how it is bounded: `outbound`. A read is idempotent, so a broken connection or a
busy server is asked again while there is time.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

import requests

from cds_service import outbound
from cds_service.outbound import Allowance, Deadline, OutboundRefused

log = logging.getLogger(__name__)

LATE = "the FHIR server did not answer in time"

_BUSY = frozenset({429, 502, 503, 504})
"""Statuses that may be gone at the next try: https://www.rfc-editor.org/rfc/rfc9110#section-15.6"""
_TRIES = 3
_PAUSE = 0.05
"""Seconds before the second try; twice as long before the third."""

_REFUSALS = {401: "access token refused", 403: "not permitted", 429: "too many requests"}


class ReadError(Exception):
    """A read that brought no data. `reason` is in words without patient data."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class FhirClient:
    """Reads for many requests at once; connections are kept and used again."""

    def __init__(self, connections: int, ca_bundle: str = "") -> None:
        self._ca_bundle = ca_bundle
        self._session = outbound.session(connections, ca_bundle)

    def get(
        self, url: str, token: str | None, deadline: Deadline, allowance: Allowance
    ) -> tuple[bytes, str]:
        """The body of a 200 and its media type. Raises ReadError for everything else."""
        headers = {"Accept": "application/fhir+json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        for attempt in range(1, _TRIES + 1):
            if attempt == 1:
                answer = self._try(self._session, url, headers, deadline, allowance)
            else:
                # Kept connections die together: another one of them would be no second try.
                with outbound.session(1, self._ca_bundle) as fresh:
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
        if deadline.left() <= 0:
            raise ReadError(LATE)
        deadline.count_request()
        try:
            with outbound.get(session, url, headers, deadline) as response:
                status = response.status_code
                if status in _BUSY:
                    return _Again(_refusal(status), _seconds(response.headers.get("Retry-After")))
                if status != 200:
                    raise _refusal(status)
                body = allowance.body(response)
                if body is None:
                    raise ReadError("the FHIR server's answer is too large")
                if deadline.left() <= 0:
                    # What ends by being cut may look like a whole answer.
                    raise ReadError(LATE)
                return body, response.headers.get("Content-Type", "")
        except OutboundRefused as problem:
            # Why is for the log: a card must not tell what this machine could reach.
            log.warning("a FHIR server was not asked", extra={"reason": problem.reason})
            raise _unreached(deadline) from problem
        except requests.Timeout as problem:
            raise ReadError(LATE) from problem
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            return _Again(_unreached(deadline))
        except (requests.RequestException, ValueError) as problem:
            # ValueError: what a host name turns out to be that no resolver takes.
            raise _unreached(deadline) from problem


@dataclass(slots=True)
class _Again:
    """A try that failed in a way that may pass; `wait` is what the server asked for, in seconds."""

    error: ReadError
    wait: float = 0.0


def _unreached(deadline: Deadline) -> ReadError:
    return ReadError(LATE if deadline.left() <= 0 else "the FHIR server could not be reached")


def _refusal(status: int) -> ReadError:
    words = f" ({_REFUSALS[status]})" if status in _REFUSALS else ""
    return ReadError(f"the FHIR server answered {status}{words}")


def _seconds(retry_after: str | None) -> float:
    """https://www.rfc-editor.org/rfc/rfc9110#field.retry-after; a date counts as too long."""
    if not retry_after:
        return 0.0
    return float(retry_after) if retry_after.isascii() and retry_after.isdigit() else float("inf")
