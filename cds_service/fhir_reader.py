"""Completes prefetch from the client's FHIR server: https://cds-hooks.hl7.org/#fhir-resource-access

All reads of a hook call run in parallel under one deadline; what does not arrive in time is a
failed answer with its reason, not an error. The token goes to the declared server only: no
redirect is followed, and no link to another origin or out of the declared path.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeVar
from urllib.parse import SplitResult, unquote, urljoin, urlsplit, urlunsplit

from cds_service.fhir_client import LATE, FhirClient, ReadError
from cds_service.logs import raised
from cds_service.outbound import SANDBOX_RULES, AddressRules, Allowance, Deadline
from cds_service.prefetch import Answer, Query, State, failed
from cds_service.readers import Resource, read_tolerantly
from cds_service.searchset import ONLY_COUNTED, read_answer, within_count
from cds_service.versions import (
    names_other_version,
    version_in_capabilities,
    version_in_media_type,
)

log = logging.getLogger(__name__)

Found = TypeVar("Found")

PatientSearch = Literal["id", "reference"]
"""How a server wants the `patient` of a search: as an id, or as Patient/id."""


@dataclass(frozen=True, slots=True)
class FhirLimits:
    """Bounds on what one question may read; `reads` run at once, for all hook calls together."""

    bytes_per_query: int = 16 * 1024 * 1024
    pages: int = 20
    referenced_drugs: int = 16
    reads: int = 144


@dataclass(frozen=True, slots=True)
class Access:
    """Where one hook call may read, as whom and about whom.

    `deadline` is in seconds, for all reads together; `patient_search` of None is found out.
    """

    server: str
    token: str | None
    patient_id: str
    deadline: float
    patient_search: PatientSearch | None = None
    rules: AddressRules = SANDBOX_RULES


@dataclass(frozen=True, slots=True)
class _Call:
    """The reads of one hook call."""

    access: Access
    deadline: Deadline

    def url(self, relative: str) -> str:
        return f"{self.access.server}/{relative}"


class FhirReader:
    """Reads for many hook calls at once. Remembers of a server only how it wants to be asked."""

    def __init__(self, limits: FhirLimits, ca_bundle: str = "") -> None:
        self.limits = limits
        self._client = FhirClient(limits.reads, ca_bundle)
        self._pool = ThreadPoolExecutor(limits.reads, thread_name_prefix="fhir")
        self._searches: _Remembered[PatientSearch] = _Remembered()
        self._versions: _Remembered[str] = _Remembered()

    def complete(
        self,
        access: Access,
        queries: Sequence[Query],
        answers: Mapping[str, Answer],
        drafted: Answer | None = None,
        told: Callable[[int], None] = lambda requests: None,
    ) -> dict[str, Answer]:
        """The answers, and what they lack from the server. Never raises for what it does.

        The Medications of `drafted` are read too, and put beside what it holds. `told` is told how
        many requests were sent.
        """
        call = _Call(access, Deadline(access.deadline, access.rules))
        lacking = [query for query in queries if not answers[query.key].is_usable]
        known = access.patient_search or self._searches.get(access.server)
        read = self._read(call, lacking, answers, known or "id")
        if known is None:
            read = self._find_search(call, lacking, answers, read)
        merged = {**answers, **{key: _better(answers[key], read[key]) for key in read}}
        self._add_drugs(call, [*merged.values(), *([drafted] if drafted is not None else ())])
        self._add_version(call, [merged[query.key] for query in lacking])
        told(call.deadline.requests)
        return merged

    def _find_search(
        self,
        call: _Call,
        queries: Sequence[Query],
        sent: Mapping[str, Answer],
        by_id: dict[str, Answer],
    ) -> dict[str, Answer]:
        """Where no search found anybody, ask by reference: some servers want it so.

        A server that does not know `patient=ID` looks just like one without data. Once a search
        has found something, the server is known. The pages after one that was sent are no search
        of ours: what they hold proves nothing.
        """
        searches = [query for query in queries if not query.is_read]
        own = [query for query in searches if sent[query.key].next_url is None]
        if any(by_id[query.key].resources for query in own):
            self._searches.keep(call.access.server, "id")
            return by_id
        searches = [query for query in searches if _may_be_misunderstood(by_id[query.key])]
        by_reference = self._read(call, searches, {}, "reference")
        if any(answer.resources for answer in by_reference.values()):
            self._searches.keep(call.access.server, "reference")
        better = {key: _told(by_id[key], answer) for key, answer in by_reference.items()}
        return {**by_id, **better}

    def _read(
        self,
        call: _Call,
        queries: Sequence[Query],
        sent: Mapping[str, Answer],
        form: PatientSearch,
    ) -> dict[str, Answer]:
        reads = {q.key: partial(self._answer, call, q, sent.get(q.key), form) for q in queries}
        return self._in_parallel(call, reads, failed)

    def _in_parallel(
        self,
        call: _Call,
        reads: Mapping[str, Callable[[], Found]],
        otherwise: Callable[[str], Found],
    ) -> dict[str, Found]:
        """What each read brings by the deadline, or what stands for it with the reason."""
        futures = {key: self._pool.submit(read) for key, read in reads.items()}
        wait(futures.values(), timeout=max(0.0, call.deadline.left()))
        if not all(future.done() for future in futures.values()):
            call.deadline.cut()
        return {key: _outcome(future, otherwise) for key, future in futures.items()}

    # -- one key -------------------------------------------------------------------------------

    def _answer(
        self, call: _Call, query: Query, sent: Answer | None, form: PatientSearch
    ) -> Answer:
        """The pages that follow what was sent; all of it, where there are none to be had."""
        allowance = Allowance(self.limits.bytes_per_query)
        if sent is None or sent.next_url is None:
            return self._searched(call, query, form, allowance)
        whole = self._followed(call, query, sent, allowance)
        if whole.is_usable:
            return whole
        anew = self._searched(call, query, form, allowance)
        return anew if anew.is_usable else _both(whole, anew)

    def _searched(
        self, call: _Call, query: Query, form: PatientSearch, allowance: Allowance
    ) -> Answer:
        patient = call.access.patient_id
        named = f"Patient/{patient}" if form == "reference" and not query.is_read else patient
        first = self._page(call, query, call.url(query.url(named)), allowance)
        return self._followed(call, query, first, allowance)

    def _followed(self, call: _Call, query: Query, answer: Answer, allowance: Allowance) -> Answer:
        """The answer with its further pages, as many as the limits and the deadline allow."""
        seen: set[str] = set()
        while answer.next_url is not None:
            url = on_same_server(call.access.server, answer.next_url)
            if url is None:
                lies = "lies elsewhere" if answer.next_url else "has no address"
                return _incomplete(answer, f"its next page {lies}")
            if url in seen or len(seen) == self.limits.pages - 1:
                return _incomplete(answer, "its pages do not end")
            seen.add(url)
            more = self._page(call, query, url, allowance)
            answer = within_count(query, _joined(answer, more))
        return answer

    def _page(self, call: _Call, query: Query, url: str, allowance: Allowance) -> Answer:
        try:
            body, media_type = self._client.get(url, call.access.token, call.deadline, allowance)
        except ReadError as problem:
            return failed(problem.reason)
        resource, unreadable = read_tolerantly(body)
        if resource is None:
            return failed("the FHIR server's answer is not FHIR JSON")
        answer = read_answer(query, resource, call.access.patient_id, unreadable)
        if query.is_read and any(r.id != call.access.patient_id for r in answer.resources):
            return failed("the FHIR server answered with another patient")
        version = version_in_media_type(media_type)
        if version is not None and names_other_version(version):
            return _incomplete(answer, f"the FHIR server answered in FHIR {version}, not R4")
        # A server's mistake is a failed read, not a request that no client may send.
        return failed(answer.reason) if answer.state is State.MISMATCHED else answer

    # -- drugs by reference ----------------------------------------------------------------------

    def _add_drugs(self, call: _Call, answers: Iterable[Answer]) -> None:
        """Read the Medications that nothing else names, next to the records that mean them."""
        for answer in answers:
            sent = (address for address in answer.unnamed_drugs() if address is not None)
            wanted = {name for address in sent if (name := _own_name(call, address)) is not None}
            some = sorted(wanted)[: self.limits.referenced_drugs]
            reads = {name: partial(self._medication, call, name) for name in some}
            found = self._in_parallel(call, reads, lambda _: None)
            answer.included = [*answer.included, *(each for each in found.values() if each)]

    def _medication(self, call: _Call, name: str) -> Resource | None:
        allowance = Allowance(self.limits.bytes_per_query)
        try:
            url = call.url(name)
            body, _ = self._client.get(url, call.access.token, call.deadline, allowance)
        except ReadError:
            return None
        resource, _ = read_tolerantly(body)
        is_it = resource is not None and f"{resource.resourceType}/{resource.id}" == name
        return resource if is_it else None

    # -- the server's version --------------------------------------------------------------------

    def _add_version(self, call: _Call, answers: Sequence[Answer]) -> None:
        """Say of a server that refused what every R4 server knows, which version it speaks."""
        refused = [a for a in answers if a.reason.startswith(_NOT_KNOWN)]
        if not refused:
            return
        version = self._in_parallel(call, {"": partial(self._version, call)}, lambda _: None)[""]
        if version is not None and names_other_version(version):
            for answer in refused:
                answer.reason += f"; it speaks FHIR {version}, not R4"

    def _version(self, call: _Call) -> str | None:
        """https://hl7.org/fhir/R4/http.html#capabilities, which needs no token."""
        known = self._versions.get(call.access.server)
        if known is not None:
            return known
        try:
            url, allowance = call.url("metadata"), Allowance(self.limits.bytes_per_query)
            body, _ = self._client.get(url, None, call.deadline, allowance)
        except ReadError:
            return None
        version = version_in_capabilities(body)
        if version is not None:
            self._versions.keep(call.access.server, version)
        return version


_NOT_KNOWN = tuple(
    f"the FHIR server answered {status}" for status in (400, 404, 405, 406, 415, 422)
)
"""Answers of a server that may not know the resource type or the search."""


class _Remembered(dict[str, Found]):
    """What was found out about servers, of a bounded number of them."""

    def keep(self, server: str, what: Found) -> None:
        if len(self) < _SERVERS:
            self[server] = what


_SERVERS = 1000


def _outcome(future: Future[Found], otherwise: Callable[[str], Found]) -> Found:
    """What was read. A read that was cut gets a moment to say what it has."""
    try:
        return future.result(timeout=_MOMENT)
    except TimeoutError:
        future.cancel()
        return otherwise(LATE)
    except Exception as problem:
        log.error("a read from the FHIR server raised", extra=raised(problem))
        return otherwise("the FHIR server could not be read")


_MOMENT = 0.05
"""Seconds."""


def _may_be_misunderstood(answer: Answer) -> bool:
    """Nothing found, or refused as a server does that does not know the search."""
    return answer.state is State.EMPTY or answer.reason.startswith((*_NOT_KNOWN, ONLY_COUNTED))


def _told(by_id: Answer, by_reference: Answer) -> Answer:
    """What a server says that nobody knows yet, asked both ways.

    Nothing found by id is no data once the other way has found nothing either, or is not known.
    """
    if by_reference.resources:
        return by_reference
    if by_id.is_usable:
        is_said = by_reference.is_usable or by_reference.reason.startswith(_NOT_KNOWN)
        return by_id if is_said else by_reference
    is_refused = by_id.reason.startswith(_NOT_KNOWN)
    return by_reference if is_refused and by_reference.is_usable else by_id


def _better(sent: Answer, read: Answer) -> Answer:
    """The answer to go on with: what was read where it is all, else both, and that it is not all.

    A server that finds less than was sent has not found all.
    """
    if sent.state is State.MISMATCHED and not read.is_usable:
        return sent
    if not sent.resources or (read.is_usable and len(read.resources) >= len(sent.resources)):
        return read
    return _both(sent, read)


def _both(first: Answer, second: Answer) -> Answer:
    """Two answers to one question, neither of them all there is. What stands in both counts once,
    as copies of a resource do."""
    reasons = [each.reason for each in (first, second) if each.resources or not each.is_usable]
    resources = {id(each): each for each in first.resources + second.resources}
    return Answer(
        State.FAILED,
        list(resources.values()),
        "; ".join(dict.fromkeys(filter(None, reasons))),
        included=first.included + second.included,
        foreign=max(first.foreign, second.foreign),
    )


def _incomplete(answer: Answer, reason: str) -> Answer:
    """The answer as one that is not all there is."""
    reasons = [answer.reason, reason] if answer.state is State.FAILED else [reason]
    return replace(answer, state=State.FAILED, reason="; ".join(filter(None, reasons)))


def _joined(first: Answer, more: Answer) -> Answer:
    """Two pages as one answer, complete only where both are."""
    reasons = [page.reason for page in (first, more) if page.state is State.FAILED]
    resources = first.resources + more.resources
    state = State.FAILED if reasons else State.ANSWERED if resources else State.EMPTY
    return Answer(
        state,
        resources,
        "; ".join(dict.fromkeys(reasons)),
        more.next_url,
        first.included + more.included,
        first.foreign + more.foreign,
    )


def _own_name(call: _Call, address: str) -> str | None:
    """Type/id of a resource on the declared server. On another one the same id is another drug."""
    base, slash, identity = address.rpartition("Medication/")
    own = on_same_server(call.access.server, base) if base else call.url("")
    return f"{slash}{identity}" if own == call.url("") else None


def on_same_server(server: str, link: str) -> str | None:
    """The URL of a link, under the server's address as declared; None where it leads elsewhere.

    Taking scheme, host and port from the server leaves no second reading of the link by which the
    token could go elsewhere. https://www.rfc-editor.org/rfc/rfc6454#section-4
    Links come with prefetch too, and what else a host answers at other paths is not registered.
    """
    try:
        base, url = urlsplit(server), urlsplit(urljoin(f"{server}/", link))
        if not link or _origin(base) != _origin(url) or not _is_below(base.path, url.path):
            return None
    except ValueError:
        return None
    return urlunsplit((base.scheme, base.netloc, url.path, url.query, ""))


def _is_below(base: str, path: str) -> bool:
    """Steps up, in whatever spelling, are taken before or after the request is sent: none may be.

    Capitals do not count: some servers spell their own path otherwise than they were registered.
    """
    base, path = base.rstrip("/").lower(), path.lower()
    steps = unquote(path).replace("\\", "/").split("/")
    return f"{path}/".startswith(f"{base}/") and not {".", ".."} & {*steps}


_PORTS = {"http": 80, "https": 443}


def _origin(url: SplitResult) -> tuple[str, str, int | None]:
    """Raises ValueError for a user, which no origin has, and for a port that is none."""
    if "@" in url.netloc:
        raise ValueError("a user in an address")
    return url.scheme, url.hostname or "", url.port or _PORTS.get(url.scheme)
