"""A read-only FHIR R4 server over resources in memory, for trying the service: /demo/fhir.

https://hl7.org/fhir/R4/http.html: capabilities, read, search by GET and POST. It knows neither the
web nor where its resources come from. Their dates move with the clock in steps of an hour: what is
read within an hour fits together, in every process, and nothing is ever in the future.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any
from urllib.parse import urlencode

from cds_service.demo_search import (
    SEARCHABLE,
    DemoRefusal,
    Json,
    Pairs,
    Search,
    Searchable,
    matches,
    read_search,
    referred,
    unknown_parameters,
)

Provider = Callable[[datetime], Iterable[Json]]
"""The resources as they look at an instant."""


@dataclass(frozen=True, slots=True)
class DemoRequest:
    """A request, its path relative to `base`, under which the endpoint is seen from outside.

    `is_strict`: parameters that are not known are to be refused.
    """

    method: str
    path: str
    base: str
    parameters: Pairs = ()
    is_strict: bool = False


class DemoServer:
    """Answers requests about the resources of one provider. Safe to use from several threads."""

    def __init__(self, provider: Provider, title: str) -> None:
        self._provider = provider
        self._title = title
        self._lock = Lock()
        self._records: _Records | None = None

    def answer(self, request: DemoRequest, now: datetime) -> dict[str, Any]:
        """The resource to answer with. Raises DemoRefusal."""
        if request.method not in ("GET", "HEAD", "POST"):
            raise _read_only()
        records = self._records_at(now.replace(minute=0, second=0, microsecond=0))
        kind, *rest = request.path.split("/")
        if request.method == "POST":
            if rest != ["_search"]:
                raise _read_only()
            return _searched(records, _held(kind), request)
        if kind == "metadata" and not rest:
            return _capabilities(request.base, self._title, records.hour)
        match rest:
            case [] | ["_search"]:
                return _searched(records, _held(kind), request)
            case [name]:
                return _read(records, _held(kind), name)
        raise DemoRefusal(404, "not-found", "read, search and metadata are all there is")

    def _records_at(self, hour: datetime) -> _Records:
        with self._lock:
            if self._records is None or self._records.hour != hour:
                self._records = _Records(hour, self._provider(hour))
            return self._records


class _Records:
    """The resources of one hour, by type and by address."""

    def __init__(self, hour: datetime, resources: Iterable[Json]) -> None:
        self.hour = hour
        self.of_type: dict[str, list[Json]] = {kind: [] for kind in SEARCHABLE}
        self.by_address: dict[str, Json] = {}
        for each in resources:
            kind = each["resourceType"]
            self.of_type[kind].append(each)
            self.by_address[f"{kind}/{each['id']}"] = each


def _read_only() -> DemoRefusal:
    return DemoRefusal(405, "not-supported", "this server is read-only: read, search, metadata")


def _held(kind: str) -> str:
    if kind not in SEARCHABLE:
        held = ", ".join(SEARCHABLE)
        raise DemoRefusal(404, "not-supported", f"only these types are held: {held}")
    return kind


def _read(records: _Records, kind: str, name: str) -> dict[str, Any]:
    found = records.by_address.get(f"{kind}/{name}")
    if found is None:
        raise DemoRefusal(404, "not-found", f"no {kind} has this id")
    return dict(found)


# --- Search ---------------------------------------------------------------------------------------


def _searched(records: _Records, kind: str, request: DemoRequest) -> dict[str, Any]:
    """https://hl7.org/fhir/R4/bundle.html#searchset"""
    search = read_search(kind, request.parameters, is_strict=request.is_strict)
    found = matches(search, records.of_type[kind], request.base)
    page = found[search.offset : search.offset + search.count]
    entries = [_entry(each, "match", request.base) for each in page]
    entries += [
        _entry(each, "include", request.base) for each in _included(records, search, page, request)
    ]
    if search.passed_over:
        text = f"passed over, so more may be found: {unknown_parameters(kind, search.passed_over)}"
        warning = outcome("warning", "not-supported", text)
        entries.append({"resource": warning, "search": {"mode": "outcome"}})
    bundle = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(found),
        "link": list(_links(search, len(found), request.base)),
    }
    # FHIR knows no empty lists.
    return {**bundle, "entry": entries} if entries else bundle


def _entry(resource: Json, mode: str, base: str) -> dict[str, Any]:
    address = f"{base}/{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": address, "resource": resource, "search": {"mode": mode}}


def _included(
    records: _Records, search: Search, page: Iterable[Json], request: DemoRequest
) -> list[Json]:
    """What the page refers to by the parameters of `_include`, each once."""
    wanted = (search.searchable.parameters[name] for name in search.includes)
    addresses = (
        address
        for parameter in wanted
        for each in page
        for address in referred(each, parameter, request.base)
    )
    found = (records.by_address.get(address) for address in dict.fromkeys(addresses))
    return [each for each in found if each is not None]


def _links(search: Search, total: int, base: str) -> Iterator[dict[str, str]]:
    """https://hl7.org/fhir/R4/http.html#paging: this page as it was understood, and the others."""
    yield {"relation": "self", "url": _url(search, search.offset, base)}
    if not search.count:
        return
    if search.offset:
        before = max(0, search.offset - search.count)
        yield {"relation": "previous", "url": _url(search, before, base)}
    if search.offset + search.count < total:
        after = search.offset + search.count
        yield {"relation": "next", "url": _url(search, after, base)}


def _url(search: Search, offset: int, base: str) -> str:
    parameters = [(name, value) for name, value in search.used if name != "_offset"]
    parameters += [("_offset", str(offset))] if offset else []
    return f"{base}/{search.kind}" + (f"?{urlencode(parameters)}" if parameters else "")


def outcome(severity: str, code: str, text: str) -> dict[str, Any]:
    """https://hl7.org/fhir/R4/operationoutcome.html"""
    issue = {"severity": severity, "code": code, "diagnostics": text}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


# --- Capabilities ---------------------------------------------------------------------------------


def _capabilities(base: str, title: str, hour: datetime) -> dict[str, Any]:
    """https://hl7.org/fhir/R4/capabilitystatement.html: what is really answered, and no more."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": hour.isoformat(),
        "kind": "instance",
        "title": title,
        "implementation": {"description": title, "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [
            {
                "mode": "server",
                "documentation": "Read-only. Anybody may read; an Authorization header is not "
                "looked at. Dates move with the clock, in steps of an hour.",
                "security": {"cors": True},
                "resource": [_of_type(kind, each) for kind, each in SEARCHABLE.items()],
            }
        ],
    }


def _of_type(kind: str, searchable: Searchable) -> dict[str, Any]:
    orders = ", ".join((*searchable.sorts, "_id"))
    described: dict[str, Any] = {
        "type": kind,
        "documentation": f"_sort by {orders}, _count, _total, _summary=count",
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "searchParam": [
            {"name": name, "type": each.type} for name, each in searchable.parameters.items()
        ],
    }
    includes = [f"{kind}:{name}" for name in searchable.includes]
    return {**described, "searchInclude": includes} if includes else described
