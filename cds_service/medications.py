"""Drugs that a record names by reference: https://hl7.org/fhir/R4/medicationrequest.html

EHRs often send `medicationReference` to a Medication that stands elsewhere. One that nothing names
could be any drug: it is read from the FHIR server, or said to be unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from cds_service.readers import Readable, Resource, codings, reference_name, texts

DRUG_RECORDS = frozenset({"MedicationRequest", "MedicationStatement"})

Medications = Mapping[str, Mapping[str, Any]]
"""Medication resources as plain JSON, by Type/id."""


def by_reference(resources: Iterable[Resource]) -> dict[str, Mapping[str, Any]]:
    """Medications by the name that a reference has for them, those contained in them included."""
    return {f"Medication/{each.id}": _plain(each) for each in resources if each.id}


def _plain(medication: Resource) -> Mapping[str, Any]:
    return {
        "code": msgspec.to_builtins(medication.code),
        "ingredient": medication.get("ingredient"),
    }


def drug_concepts(resource: Readable, medications: Medications) -> Iterator[Any]:
    """Everything that may code what is ordered, ingredients of a referenced Medication included.

    `codeCodeableConcept` is a DeviceRequest's: https://hl7.org/fhir/R4/devicerequest.html
    """
    for name in ("medicationCodeableConcept", "medication", "code", "codeCodeableConcept"):
        yield resource.get(name)
    medication = _medication(resource, resource.get("medicationReference"), medications)
    if medication is not None:
        yield from _medication_concepts(resource, medication, medications, depth=3)
    else:
        yield from _loosely_contained(resource)


def _medication_concepts(
    resource: Readable, medication: Mapping[str, Any], medications: Medications, depth: int
) -> Iterator[Any]:
    """Code and ingredients, themselves Medications perhaps; `depth` because they may go round."""
    yield medication.get("code")
    for ingredient in _objects(medication.get("ingredient")):
        yield ingredient.get("itemCodeableConcept")
        reference = ingredient.get("itemReference")
        item = _medication(resource, reference, medications)
        if item is not None and depth:
            yield from _medication_concepts(resource, item, medications, depth - 1)
        elif item is None and isinstance(reference, dict):
            # The display of what is not here is its only name.
            yield {"text": reference.get("display")}


def _medication(
    resource: Readable, reference: Any, medications: Medications
) -> Mapping[str, Any] | None:
    """The Medication that a reference means: contained in the resource, or beside it."""
    address = _address(reference)
    if address.startswith("#"):
        return _contained(resource, address)
    return medications.get(reference_name(address)) if address else None


def _contained(resource: Readable, address: str) -> Mapping[str, Any] | None:
    found = (each for each in _all_contained(resource) if f"#{each.get('id')}" == address)
    return next(found, None)


def _all_contained(resource: Readable) -> list[Mapping[str, Any]]:
    return _objects(resource.get("contained"))


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _loosely_contained(resource: Readable) -> Iterator[Any]:
    """Codes of Medications contained without being referred to as they should be: there is nothing
    else that is ordered. The reason, or who prescribed, may be contained as well."""
    for each in _all_contained(resource):
        if each.get("resourceType", "Medication") == "Medication":
            yield each.get("code")


def _address(reference: Any) -> str:
    address = reference.get("reference") if isinstance(reference, dict) else None
    return address if isinstance(address, str) else ""


def drug_displays(resource: Readable) -> Iterator[str]:
    """The display of a reference to a Medication that is not here."""
    for name in ("medicationReference", "codeReference"):
        reference = resource.get(name)
        if isinstance(reference, dict) and isinstance(reference.get("display"), str):
            yield reference["display"]


_READABLE = re.compile(r"(https?://[^\s?#]+/)?Medication/(?!\.+$)[A-Za-z0-9.-]+", re.ASCII)
"""https://hl7.org/fhir/R4/datatypes.html#id without its limit, which EHRs pass; no path steps."""


def unnamed(resources: Iterable[Resource], medications: Medications) -> Iterator[str | None]:
    """Of each drug record that nothing names: the references to follow, or None."""
    for resource in resources:
        if resource.resourceType in DRUG_RECORDS and resource.code is None:
            yield from _unnamed_by(resource, medications)


def _unnamed_by(resource: Resource, medications: Medications) -> Iterator[str | None]:
    own = (resource.get("medicationCodeableConcept"), resource.get("medication"))
    if any(drug_displays(resource)) or any(map(_says_what, own)):
        return
    reference = resource.get("medicationReference")
    medication = _medication(resource, reference, medications)
    if medication is not None:
        yield from _unnamed_parts(resource, reference, medication, medications, depth=3)
    elif not any(map(_says_what, _loosely_contained(resource))):
        yield _readable(reference)


def _unnamed_parts(
    resource: Readable,
    reference: Any,
    medication: Mapping[str, Any],
    medications: Medications,
    depth: int,
) -> Iterator[str | None]:
    """A code names what is in a product; the words of a mixture may name none of it."""
    code, ingredients = medication.get("code"), medication.get("ingredient")
    if any(coding.code for coding in codings(code)):
        return
    parts = _objects(ingredients)
    if not parts and not _says_what(code):
        yield _readable(reference)
    for part in parts:
        item = part.get("itemReference")
        known = _medication(resource, item, medications)
        if known is not None and depth:
            yield from _unnamed_parts(resource, item, known, medications, depth - 1)
        elif known is None and not _says_what(part.get("itemCodeableConcept")):
            yield from () if _has_display(item) else (_readable(item),)


def _has_display(reference: Any) -> bool:
    return isinstance(reference, dict) and bool(reference.get("display"))


def _readable(reference: Any) -> str | None:
    """The address of a Medication without its version, where a reference can be followed to one."""
    address = _address(reference).strip().split("/_history/")[0]
    return address if _READABLE.fullmatch(address) else None


def _says_what(concept: Any) -> bool:
    return any(texts(concept)) or any(coding.code for coding in codings(concept))
