"""Draft orders: what is being ordered, and what of it was just selected.

https://cds-hooks.hl7.org/hooks/order-select/ gives `draftOrders` (a Bundle) and `selections`.
A drug stands in medicationCodeableConcept, in a contained Medication, in a Medication of the same
Bundle, or is only named by a Reference's display. Codes decide; a name is the fallback, and the
card says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cds_service.dosage import Dose, read_doses
from cds_service.readers import codings, texts
from cds_service.terminology import Lexicon, Match, Orderable

BY_CODE = "code"

NOT_ORDERED = frozenset({"entered-in-error", "cancelled", "revoked", "stopped", "completed"})
"""Order statuses under which nothing is about to happen."""

_NAMABLE = re.compile(r"[A-Z][A-Za-z]+/[^\x00-\x20\x7f\s/?#]+")
_BLANK_WITHOUT_CODE = frozenset(
    {"MedicationRequest", "MedicationOrder", "ServiceRequest", "ProcedureRequest"}
)


@dataclass(frozen=True, slots=True)
class Order:
    """One draft. `recognised` maps orderable ids to how: BY_CODE or the name that was read.

    `codings` are those that some rule asks about. `weakly` holds those recognised only by a code
    that one source alone backs, with no text that says the same: enough for advice, not for a
    critical card.
    """

    resource: Mapping[str, Any] = field(repr=False)
    resource_type: str
    id: str
    selected: bool
    recognised: Mapping[str, str]
    value_sets: frozenset[str]
    weakly: frozenset[str] = frozenset()
    codings: frozenset[tuple[str, str]] = frozenset()

    @property
    def reference(self) -> str:
        """Type/id, as selections and delete actions name it."""
        return f"{self.resource_type}/{self.id}"

    @property
    def can_be_named(self) -> bool:
        """Whether an action can point to it; some drafts have no id, or none that fits a URL."""
        return _NAMABLE.fullmatch(self.reference) is not None

    def doses(self) -> list[Dose]:
        """Its dosage instructions."""
        return read_doses(self.resource)

    def words(self) -> str:
        """Every text about what, why and in which category, in lower case."""
        return " ".join((*_order_texts(self.resource), *_note_texts(self.resource))).lower()

    def words_without_notes(self) -> str:
        """As `words`, without free notes, which speak of other things too."""
        return " ".join(_order_texts(self.resource)).lower()

    def places(self) -> str:
        """Who is to do it and where, in lower case: no purpose, though a unit's name may hint."""
        return " ".join(_place_texts(self.resource)).lower()


def read_orders(
    bundle: Any, selections: Any, patient_id: str, lexicon: Lexicon
) -> tuple[list[Order], int]:
    """The drafts in the order of `selections`, others after; and how many are not this patient's.

    `selections` of None means that every draft counts as selected (order-sign).
    """
    resources = [r for r in _entries(bundle) if isinstance(r.get("resourceType"), str)]
    medications = _medications(bundle)
    ranks = _ranks(selections)
    orders, foreign = [], 0
    for resource in resources:
        if resource["resourceType"] == "Medication" or _is_void(resource):
            continue
        if not _is_about(resource, patient_id):
            foreign += 1
            continue
        order = _read_order(resource, ranks, medications, lexicon)
        orders.append(order)
    orders.sort(key=lambda order: (ranks or {}).get(order.reference, len(ranks or ())))
    return orders, foreign


def are_blank(bundle: Any, selections: Any) -> bool:
    """Whether no selected draft says yet what is ordered: an order view was just opened."""
    ranks = _ranks(selections)
    drafts = [r for r in _entries(bundle) if isinstance(r.get("resourceType"), str)]
    return all(
        draft["resourceType"] in _BLANK_WITHOUT_CODE
        and not any(name.startswith(("medication", "code")) for name in draft)
        for draft in drafts
        if ranks is None or f"{draft['resourceType']}/{draft.get('id') or ''}" in ranks
    )


def _ranks(selections: Any) -> dict[str, int] | None:
    if selections is None:
        return None
    found = selections if isinstance(selections, list) else []
    return {_last_two(str(each)): rank for rank, each in enumerate(found)}


def _read_order(
    resource: Mapping[str, Any],
    ranks: Mapping[str, int] | None,
    medications: Mapping[str, Mapping[str, Any]],
    lexicon: Lexicon,
) -> Order:
    kind, identity = resource["resourceType"], str(resource.get("id") or "")
    selected = ranks is None or f"{kind}/{identity}" in ranks
    concepts = list(_concepts(resource, medications))
    matches = [
        match
        for concept in concepts
        for coding in codings(concept)
        for match in lexicon.match(coding.system, coding.code)
    ]
    value_sets = frozenset(match.value_set for match in matches)
    names = [*(text for concept in concepts for text in texts(concept)), *_displays(resource)]
    named = {orderable: name for name in names for orderable in lexicon.named(name)}
    coded = lexicon.orderables_of(value_sets)
    weakly = frozenset(o.id for o in coded if o.id not in named and _is_weak(o, matches))
    recognised = {o.id: BY_CODE for o in coded} or named
    known = frozenset((match.system, match.code) for match in matches)
    return Order(resource, kind, identity, selected, recognised, value_sets, weakly, known)


def _is_weak(orderable: Orderable, matches: list[Match]) -> bool:
    """Whether every code that led to the orderable is backed by a single source."""
    single = orderable.codes.single_source
    return all(
        (match.system, match.code) in single
        for match in matches
        if match.value_set == orderable.codes.id
    )


def _concepts(
    resource: Mapping[str, Any], medications: Mapping[str, Mapping[str, Any]]
) -> Iterator[Any]:
    """Everything that may code what is ordered, ingredients of a referenced Medication included."""
    for name in ("medicationCodeableConcept", "medication", "code"):
        yield resource.get(name)
    reference = _reference(resource.get("medicationReference"))
    medication = _contained(resource, reference) if reference.startswith("#") else None
    medication = medication or medications.get(_last_two(reference))
    if medication is not None:
        yield medication.get("code")
        ingredients = medication.get("ingredient")
        for ingredient in ingredients if isinstance(ingredients, list) else []:
            if isinstance(ingredient, dict):
                yield ingredient.get("itemCodeableConcept")


def _displays(resource: Mapping[str, Any]) -> Iterator[str]:
    """The display of a reference to a Medication that is not here."""
    for name in ("medicationReference", "codeReference"):
        reference = resource.get(name)
        if isinstance(reference, dict) and isinstance(reference.get("display"), str):
            yield reference["display"]


def _order_texts(resource: Mapping[str, Any]) -> Iterator[str]:
    for name in ("code", "medicationCodeableConcept", "reasonCode", "category", "orderDetail"):
        yield from texts(resource.get(name))
    yield from _displays(resource)
    yield from _referred(resource.get("reasonReference"))


def _note_texts(resource: Mapping[str, Any]) -> Iterator[str]:
    notes = resource.get("note")
    for note in notes if isinstance(notes, list) else []:
        if isinstance(note, dict) and isinstance(note.get("text"), str):
            yield note["text"]


def _place_texts(resource: Mapping[str, Any]) -> Iterator[str]:
    yield from texts(resource.get("performerType"))
    for name in ("performer", "locationReference"):
        yield from _referred(resource.get(name))


def _referred(value: Any) -> Iterator[str]:
    """The displays of one or more references."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, dict) and isinstance(each.get("display"), str):
            yield each["display"]


def _contained(resource: Mapping[str, Any], reference: str) -> Mapping[str, Any] | None:
    contained = resource.get("contained")
    for each in contained if isinstance(contained, list) else []:
        if isinstance(each, dict) and f"#{each.get('id')}" == reference:
            return each
    return None


def _entries(bundle: Any) -> Iterator[Mapping[str, Any]]:
    entries = bundle.get("entry") if isinstance(bundle, dict) else None
    for entry in entries if isinstance(entries, list) else []:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            yield resource


def _medications(bundle: Any) -> dict[str, Mapping[str, Any]]:
    """Medication resources of the drafts, by type and id and by the end of their fullUrl."""
    entries = bundle.get("entry") if isinstance(bundle, dict) else None
    found: dict[str, Mapping[str, Any]] = {}
    for entry in entries if isinstance(entries, list) else []:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and resource.get("resourceType") == "Medication":
            found[f"Medication/{resource.get('id')}"] = resource
            if isinstance(address := entry.get("fullUrl"), str):
                found[_last_two(address)] = resource
    return found


def _is_void(resource: Mapping[str, Any]) -> bool:
    status = resource.get("status")
    void = isinstance(status, str) and status in NOT_ORDERED
    return void or resource.get("doNotPerform") is True


def _is_about(resource: Mapping[str, Any], patient_id: str) -> bool:
    subject = resource.get("subject") or resource.get("patient")
    reference = _reference(subject)
    return not reference or _last_two(reference).rpartition("/")[2] == patient_id


def _reference(value: Any) -> str:
    reference = value.get("reference") if isinstance(value, dict) else None
    return reference if isinstance(reference, str) else ""


def _last_two(reference: str) -> str:
    """Type/id of a relative or absolute reference; the id of a urn."""
    plain = reference.split("/_history/")[0].rstrip("/")
    if plain.startswith("urn:"):
        return plain.rpartition(":")[2]
    return "/".join(plain.split("/")[-2:])
