"""Records of calls, and what holds for every resource that is made of one."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fhir.resources.R4B import get_fhir_model_class

from cds_service.fhir_forms import Forms, Input
from cds_service.record import CallRecord, CardSent, Evaluation, Shown

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
CALL = "0b8f3c1e-6a52-4d0e-9f0c-6d7c6f8f5a01"
CARD = "1c9f3c1e-6a52-4d0e-9f0c-6d7c6f8f5a02"
INSTANCE = "2d1f3c1e-6a52-4d0e-9f0c-6d7c6f8f5a03"

INPUTS = {
    "leukocytes": Input("Observation", "https://example.org/ValueSet/leukocytes|1"),
    "frailty": Input("Observation"),
}

APPLIES = Evaluation("leukapheresis-als", "2", "true", Shown.CARD, CARD)
UNKNOWN = Evaluation("aml-fit", "1", "unknown", missing=("leukocytes", "frailty", "order"))
RAISED = Evaluation("aml-unfit", "1", "error")

_CALL = CallRecord(
    id=CALL,
    at=NOW,
    service="als-leukemia-patient-view",
    hook="patient-view",
    client="general hospital",
    mode="production",
    content_version="2026-11-20",
    status=200,
    milliseconds=12.5,
    hook_instance=INSTANCE,
    cards=(CardSent(CARD, "leukapheresis-als", "2", "warning"),),
    evaluations=(APPLIES, UNKNOWN, RAISED),
    prefetch=(("labs", "failed"),),
    callbacks=2,
    patient="pat-1",
    user="Practitioner/doc-1",
)


def call(**changes: Any) -> CallRecord:
    """A call that was answered, with a card, a gap and a rule that raised."""
    return replace(_CALL, **changes)


def forms_of(record: CallRecord) -> list[dict[str, Any]]:
    """The resources of a record, each of them checked."""
    found = list(Forms("als-leukemia-cds 1.2.3", INPUTS).resources(record))
    for resource in found:
        check(resource)
    return found


def audit_event(**changes: Any) -> dict[str, Any]:
    return forms_of(call(**changes))[0]


def guidance(evaluation: Evaluation, **changes: Any) -> dict[str, Any]:
    return forms_of(call(evaluations=(evaluation,), **changes))[1]


# Of https://hl7.org/fhir/R4/, apart from the models: these are of R4B, and know no invariants.
_NEEDED = {
    "AuditEvent": {"type", "recorded", "agent", "source"},
    "GuidanceResponse": {"moduleCanonical", "status"},
}
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z")


def check(resource: dict[str, Any]) -> None:
    """Valid FHIR, by the models and by hand."""
    kind = resource["resourceType"]
    get_fhir_model_class(kind).model_validate_json(json.dumps(resource))
    assert resource.keys() >= _NEEDED[kind]
    assert re.fullmatch(r"[A-Za-z0-9.-]{1,64}", resource["id"])
    assert '""' not in json.dumps(resource)
    if kind == "AuditEvent":
        _check_event(resource)
    else:
        _check_guidance(resource)


def _check_event(event: dict[str, Any]) -> None:
    assert event["outcome"] in {"0", "4", "8", "12"}
    assert _INSTANT.fullmatch(event["recorded"])
    assert all(type(agent["requestor"]) is bool for agent in event["agent"])
    assert sum(agent["requestor"] for agent in event["agent"]) == 1
    assert event["source"]["observer"]
    for entity in event["entity"]:
        assert not {"name", "query"} <= entity.keys()  # sev-1
        assert all(each.keys() == {"type", "valueString"} for each in entity.get("detail", ()))


def _check_guidance(response: dict[str, Any]) -> None:
    assert response["status"] in {"success", "data-required", "failure"}
    assert _INSTANT.fullmatch(response["occurrenceDateTime"])
    assert ("note" in response) or response["status"] != "failure"
    for requirement in response.get("dataRequirement", ()):
        assert requirement["type"]
        for code in requirement.get("codeFilter", ()):
            assert ("path" in code) != ("searchParam" in code)  # drq-1
