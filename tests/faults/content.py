"""Faults of what a FHIR server says: pages that mislead, others' data, contradictions, no FHIR."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

from tests.faults.server import Behaviour, Exchange, Json, well

OUTCOME: Json = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "processing", "diagnostics": "A search failed."}],
}
STRANGER = {"reference": "Patient/somebody-else"}


def changed(change: Callable[[Json], None]) -> Behaviour:
    """Good answers, each changed in place before it is sent. Reads of the patient stay as is."""

    def behave(exchange: Exchange) -> None:
        answer = exchange.good()
        if answer is None or answer["resourceType"] != "Bundle":
            return well(exchange)
        change(answer)
        exchange.json(answer)
        return None

    return behave


def each(change: Callable[[Json], None]) -> Behaviour:
    """Good answers, each of their resources changed in place."""

    def behave(bundle: Json) -> None:
        for resource in resources(bundle):
            change(resource)

    return changed(behave)


def instead(body: Any) -> Behaviour:
    """This JSON, whatever is asked."""
    return lambda exchange: exchange.json(body)


def resources(bundle: Json) -> list[Json]:
    """The resources of a Bundle, which may be changed in place."""
    return [entry["resource"] for entry in bundle.get("entry", ())]


def add(bundle: Json, *added: Json) -> None:
    """Put resources at the end of a Bundle."""
    bundle.setdefault("entry", []).extend({"resource": resource} for resource in added)


def text_changed(change: Callable[[bytes], bytes]) -> Behaviour:
    """Good answers, changed as bytes."""
    return lambda exchange: exchange.answer(change(json.dumps(exchange.good()).encode()))


# --- Pages ----------------------------------------------------------------------------------------


def _linked(exchange: Exchange, bundle: Json, url: str) -> None:
    """Send a Bundle whose next page is said to be there."""
    bundle["link"] = [{"relation": "next", "url": url}]
    exchange.json(bundle)


def next_page_at(form: str) -> Behaviour:
    """Every search has its next page at this address, which names the server's parts."""

    def behave(exchange: Exchange) -> None:
        bundle = exchange.good() or {}
        if bundle.get("resourceType") != "Bundle":
            return well(exchange)
        server = exchange.server
        url = form.format(
            base=server.base, port=server.port, path=exchange.path, elsewhere=server.elsewhere
        )
        return _linked(exchange, bundle, url)

    return behave


def _page(exchange: Exchange) -> int:
    return int(exchange.path.partition("&page=")[2] or 1)


def _page_url(exchange: Exchange, page: int) -> str:
    plain = exchange.path.partition("&page=")[0]
    return f"{exchange.server.base}/{plain}&page={page}"


def in_pages_of(size: int) -> Behaviour:
    """Pages as they should be, but smaller than asked for."""

    def behave(exchange: Exchange) -> None:
        bundle = exchange.good() or {}
        if bundle.get("resourceType") != "Bundle" or "entry" not in bundle:
            return well(exchange)
        page = _page(exchange)
        rest = bundle["entry"][size * page :]
        bundle["entry"] = bundle["entry"][size * (page - 1) : size * page]
        if not rest:
            return exchange.json(bundle)
        return _linked(exchange, bundle, _page_url(exchange, page + 1))

    return behave


def never_ending_pages(seconds: float) -> Behaviour:
    """Each page of a search, after a while, brings an empty further one."""

    def behave(exchange: Exchange) -> None:
        exchange.pause(seconds)
        bundle = exchange.good() or {}
        if bundle.get("resourceType") != "Bundle":
            return well(exchange)
        page = _page(exchange)
        if page > 1:
            bundle.pop("entry", None)
        return _linked(exchange, bundle, _page_url(exchange, page + 1))

    return behave


def second_page_fails(exchange: Exchange) -> None:
    """The first page is good and short, the next is not there."""
    bundle = exchange.good() or {}
    if bundle.get("resourceType") != "Bundle":
        return well(exchange)
    if _page(exchange) > 1:
        return exchange.json(OUTCOME, 404)
    return _linked(exchange, bundle, _page_url(exchange, 2))


def outcome_beside(severity: str, code: str) -> Behaviour:
    """An OperationOutcome among the matches, as FHIR allows it, where there are any."""
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code}]}

    def change(bundle: Json) -> None:
        if "entry" in bundle:
            bundle["entry"].insert(0, {"resource": outcome, "search": {"mode": "outcome"}})

    return changed(change)


def outcome_alone(bundle: Json) -> None:
    bundle["entry"] = [{"resource": OUTCOME, "search": {"mode": "outcome"}}]


# --- Whose data -----------------------------------------------------------------------------------


def of_a_stranger(resource: Json) -> None:
    """Somebody else's resource."""
    resource["subject"] = STRANGER


def with_a_stranger(bundle: Json) -> None:
    """The patient's own resources, and of each a copy that is somebody else's."""
    for resource in resources(bundle):
        add(bundle, {**resource, "id": f"{resource['id']}-other", "subject": STRANGER})


def another_patient(exchange: Exchange) -> None:
    exchange.json({"resourceType": "Patient", "id": "somebody-else", "gender": "male"})


def only_by_reference(exchange: Exchange) -> None:
    """Searches with a bare patient id find nothing: this server wants Patient/ID."""
    found = exchange.good() or {}
    if "?patient=" in exchange.path and "?patient=Patient/" not in exchange.path:
        found.pop("entry", None)
    exchange.json(found)


def only_by_bare_id(exchange: Exchange) -> None:
    """Searches with Patient/ID are refused: this server wants the bare id."""
    if "?patient=Patient/" in exchange.path:
        exchange.json(OUTCOME, 400)
    else:
        well(exchange)


# --- Twice and otherwise --------------------------------------------------------------------------


def twice(bundle: Json) -> None:
    add(bundle, *copy.deepcopy(resources(bundle)))


def with_another_value(bundle: Json) -> None:
    """Each result once more, under its own id and time, with a tenth of the value."""
    for resource in copy.deepcopy(resources(bundle)):
        if "valueQuantity" in resource:
            resource["valueQuantity"]["value"] = round(resource["valueQuantity"]["value"] / 10, 2)
            add(bundle, resource)


def with_an_error_of_the_same_id(bundle: Json) -> None:
    """Each result once more, under its own id and time, as entered in error."""
    add(bundle, *({**each, "status": "entered-in-error"} for each in resources(bundle)))


def with_a_newer_error(bundle: Json) -> None:
    """After each result a newer one that was entered in error."""
    for resource in copy.deepcopy(resources(bundle)):
        if "valueQuantity" in resource:
            resource["valueQuantity"]["value"] = 1
            newer = {"effectiveDateTime": "2026-11-21T11:59:00Z", "status": "entered-in-error"}
            bundle["entry"].insert(0, {"resource": {**resource, **newer, "id": "newer-error"}})


def with_another_status(name: str, code: str) -> Behaviour:
    """Each Condition once more, under its own id and date, with another status."""
    other = {name: {"coding": [{"code": code}]}}
    return changed(lambda bundle: add(bundle, *({**each, **other} for each in resources(bundle))))


# --- Not FHIR R4 ----------------------------------------------------------------------------------


def with_broken_text(body: bytes) -> bytes:
    """A byte that is no UTF-8 in the first word of every code."""
    return body.replace(b'"code": {"', b'"code": {"text": "\xff\xfe", "', 1)


def with_nan(body: bytes) -> bytes:
    """NaN, which is no JSON, in place of one number."""
    return body.replace(b'"value": ', b'"value": NaN, "previous": ', 1)


def with_deep_nesting(body: bytes) -> bytes:
    """An extension nested more deeply than any parser likes."""
    deep = b"[" * 100_000 + b"]" * 100_000
    return body.replace(b'"status": ', b'"extension": ' + deep + b', "status": ', 1)


def dstu2_condition(resource: Json) -> None:
    """https://hl7.org/fhir/DSTU2/condition.html: patient and statuses were plain codes."""
    resource["patient"] = resource.pop("subject")
    for name in ("clinicalStatus", "verificationStatus"):
        resource[name] = resource[name]["coding"][0]["code"]
    resource["category"] = {"coding": [{"code": "diagnosis"}]}
    resource["dateRecorded"] = resource.pop("recordedDate")


def dstu2_medication(resource: Json) -> None:
    """https://hl7.org/fhir/DSTU2/medicationorder.html: the resource had another name."""
    resource["resourceType"] = "MedicationOrder"
    resource["patient"] = resource.pop("subject")
    resource["dateWritten"] = resource.pop("authoredOn", "2026-11-01")


def r5_medication(resource: Json) -> None:
    """https://hl7.org/fhir/R5/medicationrequest.html: the drug stands in a CodeableReference."""
    resource["medication"] = {"concept": resource.pop("medicationCodeableConcept")}
