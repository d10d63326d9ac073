"""Hook requests out of files: as they lie there, or made of a patient's Bundle.

A Bundle becomes prefetch. Every resource of a type stands under every key of that type, because a
record that is coded otherwise than the templates ask must not get lost before it was looked at: the
service finds by its value sets what it can use, and names what it cannot.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from cds_service.errors import InvalidRequest
from cds_service.prefetch import Query
from cds_service.protocol import ORDER_HOOKS
from cds_service.readers import first_code
from cds_service.service import Service

Json = dict[str, Any]

_USER = "Practitioner/simulated"
_ORDERS = frozenset({"MedicationRequest", "ServiceRequest"})


@dataclass(frozen=True, slots=True)
class Call:
    """One hook request by name, and what it is meant to show, where somebody said."""

    name: str
    document: Json
    shows: str = ""
    is_refused: bool = False
    """Whether it is there to be refused."""


@dataclass(frozen=True, slots=True)
class Story:
    """One patient, or one folder, with all requests about it."""

    name: str
    calls: Sequence[Call]
    title: str = ""
    notes: Sequence[str] = field(default=())


def read_story(path: Path, services: Iterable[Service]) -> Story:
    """The requests of a file, or of the files *.json of a folder. Raises InvalidRequest."""
    services = list(services)
    files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
    posted: dict[str, Json] = {}
    records: dict[str, Record] = {}
    notes = []
    for file in files:
        name = str(file.relative_to(path)) if path.is_dir() else file.name
        document = _read(file, name)
        if "hook" in document:
            posted[name.removesuffix(".json")] = document
        elif document.get("resourceType") == "Bundle":
            record = read_record(document, name)
            records[record.patient_id] = record
        else:
            notes.append(f"{name} is neither a hook request nor a Bundle: not used")
    calls = [Call(name, _completed(each, records, services)) for name, each in posted.items()]
    for record in records.values():
        calls += _calls_of(record, posted.values(), services)
    if not calls:
        raise InvalidRequest(f"{path}: no file *.json with a hook request or a Bundle", *notes)
    return Story(path.name or str(path), calls, notes=tuple(notes))


def _read(file: Path, name: str) -> Json:
    try:
        document = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as problem:
        raise InvalidRequest(f"{name}: cannot be read as JSON") from problem
    if not isinstance(document, dict):
        raise InvalidRequest(f"{name}: is no JSON object")
    return document


def calls_of(bundle: Mapping[str, Any], services: Iterable[Service]) -> list[Call]:
    """What an EHR would ask about the patient of a Bundle. Raises InvalidRequest."""
    return list(_calls_of(read_record(bundle, "the Bundle"), (), services))


# -- a patient's Bundle ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Record:
    """All that a Bundle holds about its one patient."""

    patient: Json
    resources: Sequence[Json]

    @property
    def patient_id(self) -> str:
        """The id, as requests name it."""
        return str(self.patient["id"])

    def drafts(self) -> list[Json]:
        """Orders that are not placed yet."""
        return [r for r in self.resources if r["resourceType"] in _ORDERS and _is_draft(r)]

    def prefetch(self, queries: Iterable[Query]) -> Json:
        """What a client that holds this record would send under each key."""
        return {
            query.key: self.patient if query.is_read else _searchset(query, self.resources)
            for query in queries
        }


def read_record(bundle: Mapping[str, Any], name: str) -> Record:
    """The record in a Bundle of any type. Raises InvalidRequest unless it is about one patient."""
    entries = bundle.get("entry")
    found = [e for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []
    named = {str(e["fullUrl"]): _address(e) for e in found if e.get("fullUrl") and _address(e)}
    resources = [_with_id(_renamed(e["resource"], named), e) for e in found if _kind(e)]
    patients = [each for each in resources if each["resourceType"] == "Patient"]
    if len(patients) != 1:
        raise InvalidRequest(f"{name}: holds {len(patients)} Patients; a Bundle is about one")
    if not isinstance(patients[0].get("id"), str):
        raise InvalidRequest(f"{name}: its Patient has no id")
    return Record(patients[0], resources)


def _kind(entry: Mapping[str, Any]) -> str:
    resource = entry.get("resource")
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    return kind if isinstance(kind, str) else ""


def _id_of(entry: Mapping[str, Any]) -> str:
    """Its id, or what a `urn:uuid:` stands for where it has none yet."""
    own = entry["resource"].get("id")
    return own if isinstance(own, str) else str(entry.get("fullUrl", "")).rpartition(":")[2]


def _address(entry: Mapping[str, Any]) -> str:
    """How references name it once it stands on a server."""
    return f"{_kind(entry)}/{_id_of(entry)}" if _kind(entry) and _id_of(entry) else ""


def _with_id(resource: Json, entry: Mapping[str, Any]) -> Json:
    return {**resource, "id": _id_of(entry)} if _id_of(entry) else resource


def _renamed(value: Any, named: Mapping[str, str]) -> Any:
    """The same JSON, with references by `fullUrl` as Type/id."""
    if isinstance(value, dict):
        return {
            key: named.get(item, item)
            if key == "reference" and isinstance(item, str)
            else _renamed(item, named)
            for key, item in value.items()
        }
    return [_renamed(item, named) for item in value] if isinstance(value, list) else value


def _searchset(query: Query, resources: Iterable[Json]) -> Json:
    kinds = {query.resource_type, "Medication"}
    statuses = dict(parse_qsl(query.parameters)).get("status", "").split(",")
    entries = [
        {"resource": each}
        for each in resources
        if each["resourceType"] in kinds and (not any(statuses) or _has(each, statuses))
    ]
    bundle = {"resourceType": "Bundle", "type": "searchset"}
    matches = any(each["resource"]["resourceType"] == query.resource_type for each in entries)
    return {**bundle, "entry": entries} if matches else bundle


def _has(resource: Json, statuses: Sequence[str]) -> bool:
    status = first_code(resource.get("status"))
    return status is None or resource["resourceType"] == "Medication" or status in statuses


def _is_draft(resource: Json) -> bool:
    return first_code(resource.get("status")) == "draft"


# -- requests made of it ---------------------------------------------------------------------------


def _completed(posted: Json, records: Mapping[str, Record], services: Iterable[Service]) -> Json:
    """The request, with prefetch that it lacks out of the record of its patient."""
    context = posted.get("context")
    patient = context.get("patientId") if isinstance(context, dict) else None
    record = records.get(patient) if isinstance(patient, str) else None
    service = next((each for each in services if each.hook == posted.get("hook")), None)
    given = posted.get("prefetch") or {}
    if record is None or service is None or not isinstance(given, dict):
        return posted
    return {**posted, "prefetch": {**record.prefetch(service.queries), **given}}


def _calls_of(
    record: Record, posted: Iterable[Json], services: Iterable[Service]
) -> Iterator[Call]:
    """What an EHR would ask about this patient, where no file asks it already."""
    asked = {
        (each.get("hook"), each["context"].get("patientId"))
        for each in posted
        if isinstance(each.get("context"), dict)
    }
    for service in services:
        if (service.hook, record.patient_id) in asked:
            continue
        context: Json = {"userId": _USER, "patientId": record.patient_id}
        if service.hook in ORDER_HOOKS:
            drafts = record.drafts()
            if not drafts:
                continue
            context["draftOrders"] = {
                "resourceType": "Bundle",
                "type": "collection",
                "entry": [{"resource": each} for each in drafts],
            }
            context["selections"] = [f"{d['resourceType']}/{d.get('id')}" for d in drafts]
        yield Call(f"{record.patient_id}.{service.hook}", _request(service, context, record))


def _request(service: Service, context: Json, record: Record) -> Json:
    return {
        "hook": service.hook,
        "hookInstance": "00000000-0000-4000-8000-000000000000",
        "context": context,
        "prefetch": record.prefetch(service.queries),
    }
