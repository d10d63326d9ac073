"""Of several copies of one resource, the one that counts.

A search that is paged while results come in, or two searches that overlap, hold a resource twice:
once as it was, once as corrected or withdrawn. https://hl7.org/fhir/R4/resource.html#Meta
"""

from __future__ import annotations

from collections.abc import Iterable

from cds_service.instants import parse_any
from cds_service.readers import STATUS_RANK, Resource, first_code, read_condition_status

_WITHDRAWN = frozenset({"entered-in-error", "cancelled"})
"""Statuses from which a result or an order does not come back under the same id."""


def newest_revisions(resources: Iterable[Resource]) -> list[Resource]:
    """Each resource once, as far as its copies tell which of them is newer; else all of them.

    The order stays. What was withdrawn stays too, as withdrawn: its older copies are gone.
    """
    found = list(resources)
    ids = [each.id for each in found]
    if len(set(ids)) == len(ids) and None not in ids:
        return found  # So it is in most charts, some of which are large.
    named = [(each.resourceType, each.id) for each in found if each.id]
    if len(set(named)) == len(named):
        return found
    copies: dict[tuple[str, str], list[Resource]] = {}
    for resource in found:
        if resource.id:
            copies.setdefault((resource.resourceType, resource.id), []).append(resource)
    alike = (same for sharing in copies.values() for same in _alike(sharing))
    kept = {id(each) for same in alike for each in _newest(same)}
    return [resource for resource in found if not resource.id or id(resource) in kept]


def _alike(sharing: list[Resource]) -> list[list[Resource]]:
    """Those of one id that are one resource. Ids that are counted anew for each answer name a
    result here and another one there: without a code in common they are no copies."""
    groups: list[tuple[set[tuple[str | None, str | None]], list[Resource]]] = []
    for resource in sharing:
        codes = _codes(resource)
        for known, group in groups:
            if not codes or not known or codes & known:
                known.update(codes)
                group.append(resource)
                break
        else:
            groups.append((codes, [resource]))
    return [group for _, group in groups]


def _codes(resource: Resource) -> set[tuple[str | None, str | None]]:
    found = resource.code.coding if resource.code is not None else ()
    return {(coding.system, coding.code) for coding in found}


def _newest(copies: list[Resource]) -> list[Resource]:
    """By the server's own count; else by status, which only ever goes one way."""
    for order in (_updated, _version, _finality):
        if len(copies) == 1:
            break
        places = [order(each) for each in copies]
        known = [place for place in places if place is not None]
        if len(known) == len(copies):
            copies = [
                each for each, place in zip(copies, known, strict=True) if place == max(known)
            ]
    return copies


def _updated(resource: Resource) -> float | None:
    meta = resource.get("meta")
    time = parse_any(meta.get("lastUpdated")) if isinstance(meta, dict) else None
    return None if time is None else time.earliest.timestamp()


def _version(resource: Resource) -> int | None:
    meta = resource.get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    # FHIR lets a version be any id; only a plain count has an order.
    if not isinstance(version, str) or len(version) > _LONGEST_COUNT:
        return None
    return int(version) if version.isascii() and version.isdecimal() else None


_LONGEST_COUNT = 20


def _finality(resource: Resource) -> int:
    """Withdrawn over corrected over final over preliminary; all else is alike."""
    if resource.resourceType == "Condition":
        return int(read_condition_status(resource).verification == "entered-in-error")
    status = first_code(resource.get("status"))
    if status in _WITHDRAWN:
        return 1
    return -STATUS_RANK.get(status, _LEAST) if resource.resourceType == "Observation" else 0


_LEAST = max(STATUS_RANK.values()) + 1
