"""What taking a suggestion does to the draft orders, as an EHR would do it.

https://cds-hooks.hl7.org/#action: `create` drafts an order, `update` replaces one, `delete` removes
one. Pure: a request and actions in, the request after it and what changed out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from cds_service.errors import InvalidRequest
from cds_service.protocol import ORDER_HOOKS
from cds_service.transcript import orders_of

Json = dict[str, Any]

MOST_ACTIONS = 100
_MOST_FIELDS = 60
_MISSING = object()


@dataclass(slots=True)
class Drafts:
    """The drafts of one visit, those of order hooks in the request's own place."""

    request: Json
    entries: list[Any] = field(default_factory=list)
    changes: list[Json] = field(default_factory=list)


def take(request: Mapping[str, Any], drafts: Sequence[Any], actions: Sequence[Any]) -> Drafts:
    """After the actions. `drafts` are those that the request has no place for: those of a chart
    that was opened. Raises InvalidRequest."""
    if len(actions) > MOST_ACTIONS:
        raise InvalidRequest(f"actions: more than {MOST_ACTIONS}")
    taken = Drafts(deepcopy(dict(request)))
    has_place = request.get("hook") in ORDER_HOOKS
    taken.entries = _entries(taken.request) if has_place else deepcopy(list(drafts))
    for place, action in enumerate(actions):
        if not isinstance(action, dict):
            raise InvalidRequest(f"actions.{place}: is no object")
        _do(taken, action, place)
    if has_place:
        _put(taken)
    return taken


def at_hook(request: Mapping[str, Any], drafts: Sequence[Any], hook: str) -> Json:
    """The same patient and drafts, as another order hook asks about them. Raises InvalidRequest."""
    if hook not in ORDER_HOOKS:
        raise InvalidRequest("hook: orders are selected or signed")
    own = request.get("hook") in ORDER_HOOKS
    moved = deepcopy(dict(request))
    entries = _entries(moved) if own else deepcopy(list(drafts))
    if not entries:
        raise InvalidRequest("there is no draft order yet: take a suggestion that drafts one")
    moved["hook"] = hook
    taken = Drafts(moved, entries)
    _context(moved).pop("selections", None)
    if hook == "order-select":
        _context(moved)["selections"] = [name for name in map(_name, entries) if name]
    _put(taken)
    return moved


def _entries(request: Mapping[str, Any]) -> list[Any]:
    bundle = _context(request).get("draftOrders")
    entries = bundle.get("entry") if isinstance(bundle, dict) else None
    return list(entries) if isinstance(entries, list) else []


def _context(request: Mapping[str, Any]) -> Json:
    context = request.get("context")
    if not isinstance(context, dict):
        raise InvalidRequest("context: must be an object")
    return context


def _put(drafts: Drafts) -> None:
    bundle: Json = {"resourceType": "Bundle", "type": "collection"}
    # FHIR allows no empty arrays.
    context = _context(drafts.request)
    context["draftOrders"] = {**bundle, "entry": drafts.entries} if drafts.entries else bundle


def _do(drafts: Drafts, action: Json, place: int) -> None:
    kind, resource = action.get("type"), action.get("resource")
    if kind == "delete":
        _delete(drafts, str(action.get("resourceId") or ""))
    elif kind in ("create", "update") and isinstance(resource, dict):
        (_create if kind == "create" else _update)(drafts, deepcopy(resource))
    else:
        raise InvalidRequest(f"actions.{place}: is no action with what it acts on")


def _create(drafts: Drafts, resource: Json) -> None:
    if not isinstance(resource.get("id"), str):
        # An EHR gives a draft a name of its own.
        taken = set(map(_name, drafts.entries))
        kind = resource.get("resourceType")
        names = (f"drafted-{n}" for n in range(1, len(taken) + 2))
        resource["id"] = next(each for each in names if f"{kind}/{each}" not in taken)
    drafts.entries.append({"resource": resource})
    name = f"{resource.get('resourceType')}/{resource['id']}"
    selections = _context(drafts.request).get("selections")
    if isinstance(selections, list):
        selections.append(name)
    drafts.changes.append(_change("drafted", resource, list(_lines("+", resource))))


def _update(drafts: Drafts, resource: Json) -> None:
    wanted = f"{resource.get('resourceType')}/{resource.get('id')}"
    for place, entry in enumerate(drafts.entries):
        if _name(entry) == wanted:
            before = entry["resource"]
            drafts.entries[place] = {**entry, "resource": resource}
            drafts.changes.append(
                _change("changed", resource, list(_differences(before, resource)))
            )
            return
    drafts.changes.append({"what": "not found", "order": wanted, "lines": []})


def _delete(drafts: Drafts, wanted: str) -> None:
    for place, entry in enumerate(drafts.entries):
        if _name(entry) == wanted:
            del drafts.entries[place]
            selections = _context(drafts.request).get("selections")
            if isinstance(selections, list) and wanted in selections:
                selections.remove(wanted)
            lines = list(_lines("-", entry["resource"]))
            drafts.changes.append(_change("removed", entry["resource"], lines))
            return
    drafts.changes.append({"what": "not found", "order": wanted, "lines": []})


def _name(entry: Any) -> str | None:
    resource = entry.get("resource") if isinstance(entry, dict) else None
    if not isinstance(resource, dict) or not isinstance(resource.get("id"), str):
        return None
    return f"{resource.get('resourceType')}/{resource['id']}"


# -- in words --------------------------------------------------------------------------------------


def listed(entries: Sequence[Any]) -> list[Json]:
    """Draft orders as a person reads them."""
    return orders_of({"context": {"draftOrders": {"entry": list(entries)}}})


def _change(what: str, resource: Json, lines: list[str]) -> Json:
    order = listed([{"resource": resource}])[0]["order"]
    return {"what": what, "order": order, "lines": lines[:_MOST_FIELDS]}


def _lines(sign: str, resource: Any) -> Iterator[str]:
    return (f"{sign} {path}: {value}" for path, value in _flat(resource))


def _differences(before: Any, after: Any) -> Iterator[str]:
    was, now = dict(_flat(before)), dict(_flat(after))
    for path in dict.fromkeys([*was, *now]):
        if was.get(path, _MISSING) != now.get(path, _MISSING):
            yield from (f"- {path}: {was[path]}" for _ in range(path in was))
            yield from (f"+ {path}: {now[path]}" for _ in range(path in now))


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every leaf with its path."""
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for place, item in enumerate(value):
            yield from _flat(item, f"{path}[{place}]")
    else:
        yield path, json.dumps(value, ensure_ascii=False)
