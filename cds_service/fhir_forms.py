"""What a call left behind, as FHIR R4 for an audit repository.

https://hl7.org/fhir/R4/auditevent.html for each call; who is source and destination follows
https://profiles.ihe.net/ITI/BALP/. https://hl7.org/fhir/R4/guidanceresponse.html for each rule that
was asked and did not say no.

Patient and user are what the client wrote: only what has the form of a FHIR reference is repeated,
and where it has not, that is said. A reference is the client's, and relative to its FHIR server
unless it is an address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from cds_service.prefetch import Query
from cds_service.record import CallRecord, Evaluation, Shown
from cds_service.terminology import Concept, Diagnosis, Lexicon, Measurement, QualitativeTest

BASE = "https://als-leukemia-cds.org/fhir"
RULE = f"{BASE}/PlanDefinition"
"""Names a rule with its version. No such resource is published: a canonical is a name first."""
HOOK_SYSTEM = f"{BASE}/CodeSystem/hook"
SHOWN = f"{BASE}/StructureDefinition/shown"
CARD = f"{BASE}/StructureDefinition/card"
CLIENT = f"{BASE}/StructureDefinition/client"
INPUT = f"{BASE}/StructureDefinition/input"

LEFT_OUT = "left out: not the form of a FHIR reference"
UNNAMED = "a client that is not known here"

Resource = dict[str, Any]

_DCM = "http://dicom.nema.org/resources/ontology/DCM"
_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
_EVENT = {
    "system": f"{_TERMINOLOGY}/audit-event-type",
    "code": "rest",
    "display": "RESTful Operation",
}
_CLIENT_ROLE = {
    "coding": [{"system": _DCM, "code": "110153", "display": "Source Role ID"}],
}
_SERVICE_ROLE = {
    "coding": [{"system": _DCM, "code": "110152", "display": "Destination Role ID"}],
}
_HUMAN_ROLE = {
    "coding": [
        {
            "system": f"{_TERMINOLOGY}/extra-security-role-type",
            "code": "humanuser",
            "display": "human user",
        }
    ],
}
_SERVER = {
    "system": f"{_TERMINOLOGY}/security-source-type",
    "code": "4",
    "display": "Application Server",
}
_PERSON = {"system": f"{_TERMINOLOGY}/audit-entity-type", "code": "1", "display": "Person"}
_OBJECT = {"system": f"{_TERMINOLOGY}/audit-entity-type", "code": "2", "display": "System Object"}
_PATIENT = {"system": f"{_TERMINOLOGY}/object-role", "code": "1", "display": "Patient"}
_QUERY = {"system": f"{_TERMINOLOGY}/object-role", "code": "24", "display": "Query"}

_STATUS = {"true": "success", "unknown": "data-required", "error": "failure"}
_NOTES = {
    "data-required": "What is missing has no name of its own here: see the card.",
    "failure": "The rule raised an exception, so this was not checked.",
}

# -- references ------------------------------------------------------------------------------------

LONGEST_REFERENCE = 4096
_ID = r"[A-Za-z0-9.-]{1,64}"
_SERVER_ADDRESS = r"https?://[A-Za-z0-9.:\[\]-]+(?:/[A-Za-z0-9._~%+-]+)*/"
_USER = re.compile(
    rf"(?:{_SERVER_ADDRESS})?(?P<type>Practitioner|PractitionerRole|Patient|RelatedPerson)/{_ID}"
)
_SUBJECT = re.compile(rf"(?:(?:{_SERVER_ADDRESS})?Patient/)?{_ID}")
_ID_ALONE = re.compile(_ID)


def _user(text: str) -> Resource:
    """https://hl7.org/fhir/R4/references.html, without the forms that no `userId` has."""
    found = _USER.fullmatch(text) if len(text) <= LONGEST_REFERENCE else None
    return {"reference": text, "type": found["type"]} if found else {"display": LEFT_OUT}


def _subject(text: str) -> Resource:
    """The patient, by id alone as `patientId` has it, or by a reference."""
    if len(text) > LONGEST_REFERENCE or not _SUBJECT.fullmatch(text):
        return {"display": LEFT_OUT}
    reference = f"Patient/{text}" if _ID_ALONE.fullmatch(text) else text
    return {"reference": reference, "type": "Patient"}


def _uuid(text: str) -> str | None:
    """A UUID says nothing about anybody; another text of a client may."""
    try:
        return str(UUID(text))
    except ValueError:
        return None


# -- inputs ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Input:
    """What a rule reads: the type of resource that holds it, and its value set if it has codes."""

    resource_type: str
    value_set: str | None = None


def inputs_of(queries: Iterable[Query], lexicon: Lexicon) -> dict[str, Input]:
    """Every concept by its id: where prefetch looks for it, else where its kind stands."""
    searched = {concept.id: query.resource_type for query in queries for concept in query.concepts}
    return {
        name: Input(searched.get(name) or _type_of(concept), _canonical(concept))
        for name, concept in lexicon.concepts.items()
    }


def _type_of(concept: Concept) -> str:
    if isinstance(concept, Diagnosis):
        return "Condition"
    return "Observation" if isinstance(concept, Measurement | QualitativeTest) else "Resource"


def _canonical(concept: Concept) -> str | None:
    """The first of its value sets: several filters would all have to hold."""
    first = next((each for each in concept.value_sets() if each.codes), None)
    return None if first is None else f"{first.url}|{first.version}"


# -- resources -------------------------------------------------------------------------------------


class Forms:
    """Records as FHIR. `software` names this service with its version."""

    def __init__(self, software: str, inputs: Mapping[str, Input]) -> None:
        self._software = software
        self._inputs = inputs

    def resources(self, record: CallRecord) -> Iterator[Resource]:
        """The AuditEvent of a call, then a GuidanceResponse for each rule that did not say no."""
        yield self._audit_event(record)
        for evaluation in record.evaluations:
            status = _status(evaluation)
            if status is not None:
                yield self._guidance_response(record, evaluation, status)

    def _audit_event(self, record: CallRecord) -> Resource:
        end = record.at + timedelta(milliseconds=record.milliseconds)
        return {
            "resourceType": "AuditEvent",
            "id": record.id,
            "type": _EVENT,
            "subtype": [{"system": HOOK_SYSTEM, "code": record.hook}],
            "action": "E",
            "period": {"start": _instant(record.at), "end": _instant(end)},
            "recorded": _instant(end),
            "outcome": _outcome(record.status),
            "outcomeDesc": f"HTTP {record.status}",
            "agent": self._agents(record),
            "source": {"observer": {"display": self._software}, "type": [_SERVER]},
            "entity": [*_patient_entity(record), _query_entity(record)],
        }

    def _agents(self, record: CallRecord) -> list[Resource]:
        """There is one initiator at most: the user where there is one, else the client."""
        user = (
            [{"type": _HUMAN_ROLE, "who": _user(record.user), "requestor": True}]
            if (record.user)
            else []
        )
        client = {
            "type": _CLIENT_ROLE,
            "who": {"display": record.client or UNNAMED},
            "requestor": not user,
        }
        own = {"type": _SERVICE_ROLE, "who": {"display": self._software}, "requestor": False}
        return [*user, client, own]

    def _guidance_response(
        self, record: CallRecord, evaluation: Evaluation, status: str
    ) -> Resource:
        resource: Resource = {
            "resourceType": "GuidanceResponse",
            # The same again when it is written again: a repository then keeps one.
            "id": str(uuid5(NAMESPACE_URL, f"{RULE}/{evaluation.rule}/{record.id}")),
            "extension": _extensions(record, evaluation),
            "requestIdentifier": {
                "system": "urn:ietf:rfc:3986",
                "value": f"urn:uuid:{_uuid(record.hook_instance) or record.id}",
            },
            "moduleCanonical": f"{RULE}/{evaluation.rule}|{evaluation.version}",
            "status": status,
            "occurrenceDateTime": _instant(record.at),
            "performer": {"display": self._software},
        }
        if record.patient:
            resource["subject"] = _subject(record.patient)
        if evaluation.missing:
            resource["dataRequirement"] = [self._requirement(each) for each in evaluation.missing]
        if status == "failure" or (status == "data-required" and not evaluation.missing):
            resource["note"] = [{"text": _NOTES[status]}]
        return resource

    def _requirement(self, missing: str) -> Resource:
        known = self._inputs.get(missing) or Input("Resource")
        requirement: Resource = {
            "extension": [{"url": INPUT, "valueString": missing}],
            "type": known.resource_type,
        }
        if known.value_set is not None:
            requirement["codeFilter"] = [{"searchParam": "code", "valueSet": known.value_set}]
        return requirement


def _status(evaluation: Evaluation) -> str | None:
    """https://hl7.org/fhir/R4/valueset-guidance-response-status.html; None for a rule that says no.

    A rule may say no and have a card: the one for gaps, where data could not be read.
    """
    stands = "data-required" if evaluation.shown is not Shown.NO else None
    return _STATUS.get(evaluation.truth, stands)


def _extensions(record: CallRecord, evaluation: Evaluation) -> list[Resource]:
    """What became of the answer; on which card; and whose patient it was."""
    found: list[Resource] = [{"url": SHOWN, "valueCode": evaluation.shown.value}]
    if evaluation.card is not None:
        found.append({"url": CARD, "valueUuid": f"urn:uuid:{evaluation.card}"})
    if record.client is not None:
        found.append({"url": CLIENT, "valueString": record.client})
    return found


def _patient_entity(record: CallRecord) -> list[Resource]:
    if not record.patient:
        return []
    return [{"what": _subject(record.patient), "type": _PERSON, "role": _PATIENT}]


def _query_entity(record: CallRecord) -> Resource:
    """What was asked and sent: the service, the content that answered, the cards by their ids."""
    instance = _uuid(record.hook_instance)
    details = [
        *([("hookInstance", instance)] if instance else []),
        ("mode", record.mode),
        ("contentVersion", record.content_version),
        ("callbacks", str(record.callbacks)),
        *((f"prefetch.{key}", state) for key, state in record.prefetch),
        *(("card", card.uuid) for card in record.cards),
    ]
    return {
        "type": _OBJECT,
        "role": _QUERY,
        "name": record.service,
        # FHIR has no empty strings.
        "detail": [{"type": name, "valueString": value} for name, value in details if value],
    }


def _outcome(status: int) -> str:
    """https://hl7.org/fhir/R4/valueset-audit-event-outcome.html, which names these classes."""
    if status < 400:
        return "0"
    return "4" if status < 500 else "8"


def _instant(moment: datetime) -> str:
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
