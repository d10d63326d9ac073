"""Draft orders: what is being ordered, and what of it was just selected.

https://cds-hooks.hl7.org/hooks/order-select/ gives `draftOrders` (a Bundle) and `selections`.
A drug stands in medicationCodeableConcept, in a contained Medication, in a Medication of the same
Bundle, or is only named by a Reference's display. Codes decide; a name is the fallback, and the
card says so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from cds_service.dosage import Dose, read_doses
from cds_service.medications import DRUG_RECORDS, Medications, drug_concepts, drug_displays
from cds_service.readers import codings, id_in, reference_name, texts
from cds_service.terminology import Lexicon, Match, Orderable

BY_CODE = "code"

_ENDED = frozenset({"cancelled", "revoked", "stopped", "completed"})
_ERRONEOUS = "entered-in-error"

NOT_ORDERED = _ENDED | {_ERRONEOUS}
"""Order statuses under which nothing is about to happen."""

# The characters of https://hl7.org/fhir/R4/datatypes.html#id but not its 64: EHRs send longer ids.
# Dots alone are steps of a path, and a URL with them would name something else.
_NAMABLE = re.compile(r"[A-Z][A-Za-z]+/(?!\.+$)[A-Za-z0-9.-]+", re.ASCII)
_BLANK_WITHOUT_CODE = frozenset(
    {"MedicationRequest", "MedicationOrder", "ServiceRequest", "ProcedureRequest"}
)


@dataclass(frozen=True)
class Order:
    """One draft, read once however many rules ask.

    `recognised` maps orderable ids to how: BY_CODE or the name that was read.
    `codings` are those that some rule asks about. `weakly` holds those recognised only by a code
    that one source alone backs, with no text that says the same: enough for advice, not for a
    critical card. `shares_its_name` is set where another draft has the same type and id.
    """

    resource: Mapping[str, Any] = field(repr=False)
    resource_type: str
    id: str
    selected: bool
    recognised: Mapping[str, str]
    value_sets: frozenset[str]
    weakly: frozenset[str] = frozenset()
    codings: frozenset[tuple[str, str]] = frozenset()
    shares_its_name: bool = False

    @property
    def reference(self) -> str:
        """Type/id, as selections and delete actions name it."""
        return f"{self.resource_type}/{self.id}"

    @property
    def can_be_named(self) -> bool:
        """Whether an action can point to this draft and no other."""
        return not self.shares_its_name and _NAMABLE.fullmatch(self.reference) is not None

    def doses(self) -> list[Dose]:
        """Its dosage instructions."""
        return self._doses

    @cached_property
    def _doses(self) -> list[Dose]:
        return read_doses(self.resource)

    def words(self) -> str:
        """Every text about what, why and in which category, in lower case."""
        return self._words

    @cached_property
    def _words(self) -> str:
        return " ".join((*_order_texts(self.resource), *_note_texts(self.resource))).lower()

    def words_without_notes(self) -> str:
        """As `words`, without free notes, which speak of other things too."""
        return self._words_without_notes

    @cached_property
    def _words_without_notes(self) -> str:
        return " ".join(_order_texts(self.resource)).lower()

    def places(self) -> str:
        """Who is to do it and where, in lower case: no purpose, though a unit's name may hint."""
        return " ".join(_place_texts(self.resource)).lower()


@dataclass(frozen=True, slots=True)
class Drafts:
    """What the context's Bundle holds.

    `orders` are about to happen, those in the order of the selections first. `discontinued` are
    those that end something. `foreign` counts drafts of other patients, `unmatched_selections`
    selections that name no draft.
    """

    orders: tuple[Order, ...]
    discontinued: tuple[Order, ...] = ()
    foreign: int = 0
    unmatched_selections: int = 0


def read_drafts(
    bundle: Any,
    selections: Any,
    patient_id: str,
    lexicon: Lexicon,
    elsewhere: Medications | None = None,
) -> Drafts:
    """Every draft of the patient. `elsewhere` are Medications that are not in the Bundle.

    `selections` of None means that every draft counts as selected (order-sign). So it does when
    there are selections and none names a draft: what was chosen is not known, and a draft left
    out would look as if it had been checked.
    """
    entries = _draft_entries(bundle)
    selected = _Selected(selections, entries)
    shared = _shared_names(entries)
    medications = {**(elsewhere or {}), **_medications(bundle)}
    found: dict[bool, list[tuple[int, Order]]] = {False: [], True: []}
    foreign = 0
    for entry in entries:
        resource = entry["resource"]
        ending = is_stopping(resource)
        if _is_void(resource) and not ending:
            continue
        if not _is_about(resource, patient_id):
            foreign += 1
            continue
        rank = selected.rank(entry)
        order = _read_order(resource, rank is not None, medications, lexicon)
        if (order.resource_type, order.id) in shared:
            order = replace(order, shares_its_name=True)
        found[ending].append((len(selected) if rank is None else rank, order))
    orders, discontinued = (
        tuple(order for _, order in sorted(found[ending], key=lambda ranked: ranked[0]))
        for ending in (False, True)
    )
    return Drafts(orders, discontinued, foreign, selected.unmatched)


def are_blank(bundle: Any, selections: Any) -> bool:
    """Whether no selected draft says yet what is ordered: an order view was just opened."""
    entries = _draft_entries(bundle)
    selected = _Selected(selections, entries)
    if selected.is_assumed and not entries:
        return False
    chosen = [each["resource"] for each in entries if selected.rank(each) is not None]
    return all(_is_blank(draft) for draft in chosen)


def chosen_drugs(bundle: Any, selections: Any) -> tuple[list[Any], list[Any]]:
    """The selected drafts of drugs that are about to happen, and the Medications beside them."""
    entries = _draft_entries(bundle)
    selected = _Selected(selections, entries)
    drugs = [
        entry["resource"]
        for entry in entries
        if entry["resource"]["resourceType"] in DRUG_RECORDS
        and selected.rank(entry) is not None
        and not _is_void(entry["resource"])
    ]
    return drugs, list(_medications(bundle).values())


def name_no_draft(bundle: Any, selections: Any) -> bool:
    """Whether something was selected, and it is none of the drafts."""
    return _Selected(selections, _draft_entries(bundle)).is_assumed


def _is_blank(draft: Mapping[str, Any]) -> bool:
    return draft["resourceType"] in _BLANK_WITHOUT_CODE and not any(
        name.startswith(("medication", "code", "contained")) for name in draft
    )


def is_stopping(resource: Mapping[str, Any]) -> bool:
    """Whether the draft ends something: it was stopped, or says what not to do."""
    status = resource.get("status")
    if status == _ERRONEOUS:
        return False
    ended = isinstance(status, str) and status in _ENDED
    # A prohibition that has ended itself forbids nothing any more.
    return ended != (resource.get("doNotPerform") is True)


# -- selections ----------------------------------------------------------------------------------


class _Selected:
    """Which drafts the selections name, by whichever name: https://hl7.org/fhir/R4/references.html

    A bare id names every draft that has it.
    """

    def __init__(self, selections: Any, entries: list[Mapping[str, Any]]) -> None:
        self._is_everything = selections is None
        chosen = selections if isinstance(selections, list) else []
        self._ranks: dict[str, int] = {}
        for rank, each in enumerate(chosen):
            self._ranks.setdefault(reference_name(str(each)), rank)
        # Where nothing is chosen, because everything is, no draft is looked for by name.
        known = {name for entry in entries for name in _names(entry)} if chosen else set()
        self.unmatched = sum(reference_name(str(each)) not in known for each in chosen)
        self.is_assumed = bool(chosen) and self.unmatched == len(chosen)

    def __len__(self) -> int:
        return len(self._ranks)

    def rank(self, entry: Mapping[str, Any]) -> int | None:
        """The place of a draft among the selections; None where it is not selected."""
        if self._ranks:
            found = [self._ranks[name] for name in _names(entry) if name in self._ranks]
            if found:
                return min(found)
        return len(self._ranks) if self._is_everything or self.is_assumed else None


def _names(entry: Mapping[str, Any]) -> set[str]:
    """Every name under which a selection may mean the draft."""
    kind, identity = entry["resource"]["resourceType"], _identity(entry["resource"])
    names = {f"{kind}/{identity}", identity, f"urn:{identity.lower()}"} if identity else set()
    address = entry.get("fullUrl")
    if isinstance(address, str) and address.strip():
        name = reference_name(address)
        names.add(name)
        if name.startswith("urn:"):
            names |= {name.removeprefix("urn:"), f"{kind}/{name.removeprefix('urn:')}"}
    return names


def _shared_names(entries: list[Mapping[str, Any]]) -> set[tuple[str, str]]:
    """Types and ids that more than one draft has."""
    names = Counter(
        (entry["resource"]["resourceType"], _identity(entry["resource"])) for entry in entries
    )
    return {name for name, times in names.items() if times > 1}


def _identity(resource: Mapping[str, Any]) -> str:
    """The id as text; some clients send a number."""
    identity = resource.get("id")
    if isinstance(identity, int) and not isinstance(identity, bool):
        return str(identity)
    return identity if isinstance(identity, str) else ""


# -- what is ordered -----------------------------------------------------------------------------


def _read_order(
    resource: Mapping[str, Any],
    selected: bool,
    medications: Mapping[str, Mapping[str, Any]],
    lexicon: Lexicon,
) -> Order:
    kind, identity = resource["resourceType"], _identity(resource)
    concepts = list(drug_concepts(resource, medications))
    matches = [
        match
        for concept in concepts
        for coding in codings(concept)
        for match in lexicon.match(coding.system, coding.code)
    ]
    value_sets = frozenset(match.value_set for match in matches)
    names = [*(text for concept in concepts for text in texts(concept)), *drug_displays(resource)]
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


def _order_texts(resource: Mapping[str, Any]) -> Iterator[str]:
    for name in ("code", "medicationCodeableConcept", "reasonCode", "category", "orderDetail"):
        yield from texts(resource.get(name))
    yield from drug_displays(resource)
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


def _entries(bundle: Any) -> Iterator[Mapping[str, Any]]:
    """The entries that hold a resource with a type."""
    entries = bundle.get("entry") if isinstance(bundle, dict) else None
    for entry in entries if isinstance(entries, list) else []:
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and isinstance(resource.get("resourceType"), str):
            yield entry


def _draft_entries(bundle: Any) -> list[Mapping[str, Any]]:
    return [each for each in _entries(bundle) if each["resource"]["resourceType"] != "Medication"]


def _medications(bundle: Any) -> dict[str, Mapping[str, Any]]:
    """Medication resources beside the drafts, by every name a reference may have for them."""
    return {
        name: entry["resource"]
        for entry in _entries(bundle)
        if entry["resource"]["resourceType"] == "Medication"
        for name in _names(entry)
    }


def _is_void(resource: Mapping[str, Any]) -> bool:
    status = resource.get("status")
    void = isinstance(status, str) and status in NOT_ORDERED
    return void or resource.get("doNotPerform") is True


def _is_about(resource: Mapping[str, Any], patient_id: str) -> bool:
    reference = _reference(resource.get("subject") or resource.get("patient"))
    # A contained Patient is named by a place in the draft, which says nothing against this one.
    return id_in(reference) in (None, patient_id)


def _reference(value: Any) -> str:
    reference = value.get("reference") if isinstance(value, dict) else None
    return reference if isinstance(reference, str) else ""


def _last_two(reference: str) -> str:
    """Type/id of a relative or absolute reference; the id of a urn."""
    plain = reference.split("/_history/")[0].rstrip("/")
    if plain.startswith("urn:"):
        return plain.rpartition(":")[2]
    return "/".join(plain.split("/")[-2:])
