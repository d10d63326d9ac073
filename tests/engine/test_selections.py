"""What was selected: https://cds-hooks.hl7.org/hooks/order-select/, by any name of a draft."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from cds_service.orders import Drafts, are_blank, name_no_draft, read_drafts
from cds_service.protocol import parse
from cds_service.service import build_chart
from tests.engine.made_up import LEXICON, ME, NOW, coded, decoded, draft

POLISH = {"medicationCodeableConcept": coded("POLISH")}


def drafts_of(*entries: Any, selections: Any = None) -> Drafts:
    return read_drafts(decoded({"entry": list(entries)}), selections, ME, LEXICON)


def entry(resource: dict[str, Any], full_url: Any = None) -> dict[str, Any]:
    return {"resource": resource} | ({} if full_url is None else {"fullUrl": full_url})


def test_selections_decide_what_is_selected_and_come_first() -> None:
    drafts = (draft("a"), draft("b", "ServiceRequest"), draft("c"))
    selections = ["MedicationRequest/c", "ServiceRequest/b", "Gone/x"]
    orders = drafts_of(*map(entry, drafts), selections=selections).orders
    assert [(order.id, order.selected) for order in orders] == [
        ("c", True),
        ("b", True),
        ("a", False),
    ]


URN = "urn:uuid:5f3c0a5e-7b1c-4c5e-9d55-0b4f0b8d2a11"
NAMES_OF_A = {
    "type and id": "MedicationRequest/a",
    "a version": "MedicationRequest/a/_history/1",
    "absolute": "https://ehr.example/fhir/MedicationRequest/a",
    "absolute, a version": "https://ehr.example/fhir/MedicationRequest/a/_history/1",
    "bare id": "a",
    "urn of the id": "urn:uuid:a",
    "the entry's address": URN,
    "the entry's address in capitals": URN.upper().replace("URN:UUID", "urn:uuid"),
    "the end of the entry's address": URN.rpartition(":")[2],
    "type and the end of the entry's address": f"MedicationRequest/{URN.rpartition(':')[2]}",
    "blanks around": " MedicationRequest/a ",
}


@pytest.mark.parametrize("name", NAMES_OF_A.values(), ids=NAMES_OF_A)
def test_a_selection_may_name_a_draft_in_any_way(name: str) -> None:
    entries = (entry(draft("b")), entry(draft("a"), URN))
    found = drafts_of(*entries, selections=[name])
    assert [(order.id, order.selected) for order in found.orders] == [("a", True), ("b", False)]
    assert found.unmatched_selections == 0


@pytest.mark.parametrize(
    "name", ["ServiceRequest/a", "A", "MedicationRequest/A", "MedicationRequest", "a/b", "", "/"]
)
def test_a_selection_of_another_name_is_counted(name: str) -> None:
    entries = (entry(draft("b")), entry(draft("a"), URN))
    found = drafts_of(*entries, selections=[name, "MedicationRequest/b"])
    assert [(order.id, order.selected) for order in found.orders] == [("b", True), ("a", False)]
    assert found.unmatched_selections == 1


def test_a_draft_without_id_is_named_by_the_address_of_its_entry() -> None:
    nameless = {"resourceType": "MedicationRequest", **POLISH}
    for address, name in ((URN, URN), ("https://ehr.example/MedicationRequest/a", "a")):
        entries = (entry(draft("b")), entry(nameless, address))
        found = drafts_of(
            *entries, selections=[name if name == URN else f"MedicationRequest/{name}"]
        )
        assert [order.selected for order in found.orders] == [True, False]
        assert not found.orders[0].can_be_named


def test_a_bare_id_names_every_draft_that_has_it() -> None:
    entries = (entry(draft("a")), entry(draft("a", "ServiceRequest")), entry(draft("b")))
    found = drafts_of(*entries, selections=["a"])
    assert [order.selected for order in found.orders] == [True, True, False]


def test_where_the_selections_name_no_draft_every_draft_is_selected() -> None:
    found = drafts_of(entry(draft("a")), entry(draft("b")), selections=["x", "Gone/y"])
    assert [order.selected for order in found.orders] == [True, True]
    assert found.unmatched_selections == 2
    bundle = {"entry": [entry(draft("a"))]}
    assert name_no_draft(bundle, ["x"])
    assert not name_no_draft(bundle, ["x", "a"])


@pytest.mark.parametrize("fate", [{"status": "stopped"}, {"subject": {"reference": "Patient/x"}}])
def test_a_draft_that_does_not_count_may_be_selected(fate: dict[str, Any]) -> None:
    entries = (entry(draft("a") | fate), entry(draft("b")))
    found = drafts_of(*entries, selections=["MedicationRequest/a"])
    assert [order.selected for order in found.orders] == [False]
    assert found.unmatched_selections == 0


def test_where_nothing_is_selected_nothing_is() -> None:
    found = drafts_of(entry(draft("a")), selections=[])
    assert [order.selected for order in found.orders] == [False]
    assert not name_no_draft({"entry": [entry(draft("a"))]}, [])
    assert not name_no_draft({"entry": [entry(draft("a"))]}, None)


BLANK = {"resourceType": "MedicationRequest", "id": "blank", "status": "draft"}


@pytest.mark.parametrize(
    ("drafts", "selections", "expected"),
    [
        ((), None, True),
        ((BLANK,), None, True),
        ((BLANK, draft("a", **POLISH)), None, False),
        ((BLANK, draft("a", **POLISH)), ["MedicationRequest/blank"], True),
        ((BLANK, draft("a", **POLISH)), ["blank"], True),
        ((BLANK, draft("a", **POLISH)), ["MedicationRequest/a"], False),
        ((BLANK, draft("a", **POLISH)), ["MedicationRequest/gone"], False),
        ((BLANK,), ["MedicationRequest/gone"], True),
        ((), ["MedicationRequest/gone"], False),
        (({"resourceType": "NutritionOrder", "id": "n"},), None, False),
    ],
)
def test_an_order_view_is_blank_while_nothing_selected_says_what_it_is(
    drafts: tuple[dict[str, Any], ...], selections: Any, expected: bool
) -> None:
    assert are_blank({"entry": [entry(each) for each in drafts]}, selections) is expected


def test_without_selections_every_draft_is_selected() -> None:
    orders = drafts_of(entry(draft("a")), entry(draft("b"))).orders
    assert [order.selected for order in orders] == [True, True]


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_the_chart_holds_what_is_ordered_and_what_ends(hook: str) -> None:
    drafts = [entry(draft("a")), entry(draft("b") | {"status": "stopped"})]
    context = {
        "userId": "Practitioner/1",
        "patientId": ME,
        "draftOrders": {"resourceType": "Bundle", "entry": drafts},
        "selections": ["MedicationRequest/b"],
    }
    instance = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
    body = {"hook": hook, "hookInstance": instance, "context": context}
    request = parse(json.dumps(body).encode(), hook)
    service: Any = SimpleNamespace(queries=())
    chart = build_chart(service, LEXICON, request, {}, NOW)
    is_final = hook == "order-sign"
    assert [(order.id, order.selected) for order in chart.orders] == [("a", is_final)]
    assert [(order.id, order.selected) for order in chart.discontinued] == [("b", True)]
