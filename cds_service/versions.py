"""Which FHIR version a resource or server speaks, where it is not R4.

Most of a resource is alike in every version, so one of another version could be read in part and
be taken for all there is. What gives it away is named instead:
https://hl7.org/fhir/R4/versions.html, and the difference pages of each resource type.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from cds_service.readers import UNREADABLE, Resource

_TYPES = {
    "MedicationOrder": "DSTU2",
    "DiagnosticOrder": "DSTU2",
    "ProcedureRequest": "STU3 or older",
    "ReferralRequest": "STU3 or older",
    "MedicationUsage": "R5",
}
"""Resource types that R4 does not have."""

_TELLING = frozenset({*_TYPES, "Condition", "MedicationRequest"})
"""Resource types of which some tell their version: never an Observation, of which most are."""


def other_versions(resources: Iterable[Resource]) -> list[str]:
    """The versions whose shapes some of the resources have, each once."""
    telling = [each for each in resources if each.resourceType in _TELLING]
    return sorted({version for each in telling if (version := other_version(each))})


def other_version(resource: Resource) -> str | None:
    """The version whose shape a resource has; None where it may be R4."""
    kind = resource.resourceType
    if kind in _TYPES:
        return _TYPES[kind]
    if kind == "Condition":
        return _of_condition(resource)
    # R5 has one element, a CodeableReference, where R4 has a choice of two.
    return "R5" if kind == "MedicationRequest" and resource.medication else None


def _of_condition(condition: Resource) -> str | None:
    if condition.patient is not None and condition.subject is None:
        return "DSTU2"
    statuses = (condition.clinicalStatus, condition.verificationStatus)
    return "STU3 or older" if any(bytes(status)[:1] == b'"' for status in statuses) else None


def names_other_version(number: str) -> bool:
    """Whether a version number, as in a CapabilityStatement, is not one of R4 or R4B."""
    return not number.startswith(("4.0", "4.3"))


class _Capabilities(msgspec.Struct):
    """CapabilityStatement, or Conformance before STU3."""

    fhirVersion: str = ""  # noqa: N815 FHIR's own name


def version_in_capabilities(body: bytes) -> str | None:
    """The version number that a server's /metadata gives; None where it gives none."""
    try:
        return _number(msgspec.json.decode(body, type=_Capabilities).fhirVersion)
    except UNREADABLE:
        return None


def version_in_media_type(media_type: str) -> str | None:
    """The `fhirVersion` parameter: https://hl7.org/fhir/R4/http.html#version-parameter"""
    for part in media_type.split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "fhirversion":
            return _number(value)
    return None


def _number(text: str) -> str | None:
    """A version number, short and plain enough to be repeated on a card."""
    found = re.fullmatch(r"\d{1,2}(\.\d{1,2}){0,2}", text.strip().strip('"').split("-")[0])
    return found[0] if found else None
