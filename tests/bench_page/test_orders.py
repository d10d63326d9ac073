"""A suggestion does to the drafts what an EHR would make of its actions."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from cds_service.bench_orders import at_hook, listed, take
from cds_service.errors import InvalidRequest
from tests.bench_page.conftest import Desk

LEUKAPHERESIS = "als-aml-emergency.order-select.leukapheresis"
DRUG = {
    "resourceType": "MedicationRequest",
    "status": "draft",
    "intent": "order",
    "medicationCodeableConcept": {"text": "hydroxyurea 500 MG Oral Capsule"},
}

Json = dict[str, Any]


def drafts(request: Json) -> list[str]:
    entries = request["context"]["draftOrders"].get("entry", [])
    return [f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in entries]


def suggestion(desk: Desk, request: Json, label: str) -> list[Json]:
    """The actions of a suggestion on a card."""
    cards = desk.decision(request).cards
    return next(s["actions"] for c in cards for s in c["suggestions"] if label in s["label"])


def test_a_deletion_removes_the_order_and_its_selection(desk: Desk) -> None:
    request = desk.request(LEUKAPHERESIS)
    taken = take(request, [], suggestion(desk, request, "Remove"))
    assert drafts(taken.request) == []
    assert taken.request["context"]["selections"] == []
    assert "entry" not in taken.request["context"]["draftOrders"], "FHIR allows no empty arrays"
    [change] = taken.changes
    assert (change["what"], change["order"]) == ("removed", "Leukapheresis, therapeutic")
    assert '- code.coding[0].code: "36511"' in change["lines"]


def test_a_creation_drafts_the_order_and_selects_it(desk: Desk) -> None:
    request = desk.request(LEUKAPHERESIS)
    taken = take(request, [], suggestion(desk, request, "hydroxyurea"))
    assert len(drafts(taken.request)) == 2
    assert taken.request["context"]["selections"] == drafts(taken.request)
    assert taken.changes[0]["what"] == "drafted"
    assert "hydroxyurea-check" in desk.shown(taken.request), "the new draft is not looked at"


def test_drafts_without_an_id_get_one_each(desk: Desk) -> None:
    actions = [{"type": "create", "resource": DRUG}, {"type": "create", "resource": DRUG}]
    taken = take(desk.request(LEUKAPHERESIS), [], actions)
    assert len(set(drafts(taken.request))) == 3


def test_an_update_replaces_the_order_and_names_what_differs(desk: Desk) -> None:
    request = desk.request(LEUKAPHERESIS)
    before = request["context"]["draftOrders"]["entry"][0]["resource"]
    after = {**before, "priority": "urgent", "code": {"text": "Plasma exchange"}}
    taken = take(request, [], [{"type": "update", "resource": after}])
    assert taken.request["context"]["draftOrders"]["entry"][0]["resource"] == after
    lines = taken.changes[0]["lines"]
    assert '+ priority: "urgent"' in lines
    assert '- code.text: "Leukapheresis, therapeutic"' in lines
    assert '+ code.text: "Plasma exchange"' in lines
    assert not [line for line in lines if "subject" in line], "what stayed is named as changed"


@pytest.mark.parametrize(
    "action",
    [
        {"type": "delete", "resourceId": "ServiceRequest/other"},
        {"type": "update", "resource": {**DRUG, "id": "other"}},
    ],
    ids=["delete", "update"],
)
def test_an_order_that_is_not_there_is_said_not_to_be(desk: Desk, action: Json) -> None:
    request = desk.request(LEUKAPHERESIS)
    taken = take(request, [], [action])
    assert taken.request == request
    assert [each["what"] for each in taken.changes] == ["not found"]


def test_an_opened_chart_has_no_place_for_drafts_and_keeps_them_beside(desk: Desk) -> None:
    request = desk.request("als-aml-emergency.patient-view")
    taken = take(request, [], suggestion(desk, request, "emergency labs"))
    assert taken.request == request
    assert len(taken.entries) > 1
    more = take(request, taken.entries, [{"type": "create", "resource": DRUG}])
    assert len(more.entries) == len(taken.entries) + 1
    assert listed(more.entries)[-1]["order"] == "hydroxyurea 500 MG Oral Capsule"


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_drafts_of_an_opened_chart_can_be_taken_to_an_order_hook(desk: Desk, hook: str) -> None:
    request = desk.request("als-aml-emergency.patient-view")
    taken = take(request, [], suggestion(desk, request, "hydroxyurea"))
    moved = at_hook(request, taken.entries, hook)
    assert moved["hook"] == hook
    assert ("selections" in moved["context"]) is (hook == "order-select")
    assert "hydroxyurea-check" in desk.shown(moved)


def test_selected_drafts_can_be_signed(desk: Desk) -> None:
    signed = at_hook(desk.request(LEUKAPHERESIS), [], "order-sign")
    assert "selections" not in signed["context"]
    assert "leukapheresis-als" in desk.shown(signed)


def test_what_is_given_stays_as_it_is(desk: Desk) -> None:
    request = desk.request(LEUKAPHERESIS)
    before = deepcopy(request)
    take(request, [], [{"type": "delete", "resourceId": "ServiceRequest/order-leukapheresis"}])
    at_hook(request, [], "order-sign")
    assert request == before


@pytest.mark.parametrize(
    "actions",
    [[7], [{"type": "create"}], [{"type": "explode", "resource": {}}], [{"type": "create"}] * 101],
    ids=["no object", "no resource", "no such type", "too many"],
)
def test_what_is_no_action_is_refused_in_words(desk: Desk, actions: list[Any]) -> None:
    with pytest.raises(InvalidRequest, match="actions"):
        take(desk.request(LEUKAPHERESIS), [], actions)


def test_without_drafts_there_is_nothing_to_sign(desk: Desk) -> None:
    with pytest.raises(InvalidRequest, match="no draft order"):
        at_hook(desk.request("als-aml-emergency.patient-view"), [], "order-sign")
    with pytest.raises(InvalidRequest, match="selected or signed"):
        at_hook(desk.request(LEUKAPHERESIS), [], "patient-view")
