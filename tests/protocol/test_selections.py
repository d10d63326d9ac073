"""What was selected: https://cds-hooks.hl7.org/hooks/order-select/

Clients name drafts in several ways, and some name what they did not send. Silence would then pass
for "checked, nothing found".
"""

from __future__ import annotations

import logging
from typing import Any

import pytest

from tests.protocol.support import ORDER, QUIET, Caller, good, without_uuids

UNMATCHED = "What was selected is not among the drafts sent"
QUIET_ORDER = "healthy.order-select"


def selecting(name: str, *selections: str) -> dict[str, Any]:
    """The request with other selections."""
    request = good(name)
    request["context"]["selections"] = list(selections)
    return request


def drafts(request: dict[str, Any]) -> list[dict[str, Any]]:
    """The entries of the Bundle of drafts, which a test may change in place."""
    entries: list[dict[str, Any]] = request["context"]["draftOrders"]["entry"]
    return entries


SPELLINGS = {
    "bare id": "{id}",
    "absolute": "https://ehr.example/fhir/{kind}/{id}",
    "of a version": "{kind}/{id}/_history/3",
    "absolute, of a version": "https://ehr.example/fhir/{kind}/{id}/_history/3",
    "urn": "urn:uuid:{id}",
    "with blanks": " {kind}/{id} ",
}


@pytest.mark.parametrize("spelling", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize("place", [0, 1])
def test_a_draft_may_be_named_in_any_way(caller: Caller, spelling: str, place: int) -> None:
    """BAD-21: https://hl7.org/fhir/R4/references.html#literal"""
    kind, _, identity = good(ORDER)["context"]["selections"][place].partition("/")
    relative = caller.cards(selecting(ORDER, f"{kind}/{identity}"))
    spelled = caller.cards(selecting(ORDER, spelling.format(kind=kind, id=identity)))
    assert without_uuids(spelled) == without_uuids(relative) != []
    assert UNMATCHED not in str(spelled)


def test_a_draft_without_id_may_be_named_by_the_address_of_its_entry(caller: Caller) -> None:
    """BAD-21: https://hl7.org/fhir/R4/bundle.html#references"""
    address = "urn:uuid:0F6D9F9C-1D3E-4b5E-9f63-0c5b3b1d6b11"
    request = selecting(ORDER, address.lower())
    (leukapheresis,) = (
        each for each in drafts(request) if each["resource"]["resourceType"] == "ServiceRequest"
    )
    relative = caller.rules(selecting(ORDER, f"ServiceRequest/{leukapheresis['resource']['id']}"))
    del leukapheresis["resource"]["id"]
    leukapheresis["fullUrl"] = address
    assert caller.rules(request) == relative != caller.rules(good(ORDER))


@pytest.mark.parametrize(
    "selection", ["", "ServiceRequest/elsewhere", "elsewhere", "ServiceRequest", "/", "urn:uuid:1"]
)
def test_where_no_draft_is_named_every_draft_is_checked_and_that_is_said(
    caller: Caller, caplog: pytest.LogCaptureFixture, selection: str
) -> None:
    """BAD-21, DATA-22: https://cds-hooks.hl7.org/hooks/order-select/"""
    caplog.set_level(logging.INFO)
    cards = caller.cards(selecting(ORDER, selection, selection))
    rules = [card["source"]["topic"]["code"] for card in cards]
    assert rules == caller.rules(good(ORDER))
    assert [UNMATCHED in card["detail"] for card in cards] == [True, False]
    assert "2 selections name no draft" in caplog.text
    assert "elsewhere" not in caplog.text


def test_one_selection_that_names_a_draft_is_enough(
    caller: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    """BAD-21: another is counted in the log: https://cds-hooks.hl7.org/hooks/order-select/"""
    chosen = good(ORDER)["context"]["selections"][0]
    cards = caller.cards(selecting(ORDER, chosen, "ServiceRequest/elsewhere"))
    assert without_uuids(cards) == without_uuids(caller.cards(selecting(ORDER, chosen)))
    assert "1 selections name no draft" in caplog.text


def test_a_selection_that_is_not_there_is_never_silent(caller: Caller) -> None:
    """RSP-05: nothing applies to the drafts, and what was selected is not known."""
    assert caller.rules(good(QUIET_ORDER)) == []
    (card,) = caller.cards(selecting(QUIET_ORDER, "ServiceRequest/elsewhere"))
    assert card["source"]["topic"]["code"] == "data-gaps"
    assert UNMATCHED in card["detail"]


@pytest.mark.parametrize("entries", [[], [{}], [{"resource": {"resourceType": "Medication"}}]])
def test_a_selection_without_drafts_is_not_silent_either(
    caller: Caller, entries: list[Any]
) -> None:
    """RSP-05: https://cds-hooks.hl7.org/hooks/order-select/"""
    request = selecting(QUIET_ORDER, "ServiceRequest/elsewhere")
    request["context"]["draftOrders"]["entry"] = entries
    (card,) = caller.cards(request)
    assert UNMATCHED in card["detail"]


def test_a_selected_draft_that_was_stopped_is_not_missing(caller: Caller) -> None:
    """BAD-21: nothing of it will happen: https://hl7.org/fhir/R4/medicationrequest.html"""
    request = good(ORDER)
    for entry in drafts(request):
        entry["resource"]["status"] = "stopped"
    assert caller.cards(request) == []


def test_where_nothing_was_selected_there_is_nothing_to_say(caller: Caller) -> None:
    """HOOK-05: https://cds-hooks.hl7.org/hooks/order-select/"""
    assert caller.cards(selecting(ORDER)) == []


def test_a_selection_at_another_hook_means_nothing(caller: Caller) -> None:
    """BAD-21: https://cds-hooks.hl7.org/hooks/order-sign/"""
    request = selecting(ORDER, "ServiceRequest/elsewhere") | {"hook": "order-sign"}
    assert UNMATCHED not in str(caller.cards(request))
    view = good(QUIET)
    view["context"]["selections"] = ["ServiceRequest/elsewhere"]
    assert caller.cards(view) == []


ODD_KINDS: dict[str, dict[str, Any]] = {
    "NutritionOrder": {"oralDiet": {"type": [{"text": "Soft"}]}, "dateTime": "2026-11-21"},
    "DeviceRequest": {"codeCodeableConcept": {"text": "Cough assist"}},
    "Procedure": {"code": {"text": "Something"}},
    "Appointment": {"participant": [{"status": "accepted"}]},
    "Task": {"code": {"text": "Something"}, "for": {"reference": "Patient/x"}},
    "VisionPrescription": {"lensSpecification": []},
    "CommunicationRequest": {"payload": [{"contentString": "Call"}]},
}


@pytest.mark.parametrize("kind", ODD_KINDS)
def test_drafts_of_other_kinds_cost_no_other_its_advice(caller: Caller, kind: str) -> None:
    """BAD-19, HOOK-04: https://cds-hooks.hl7.org/hooks/order-select/"""
    odd = {"resourceType": kind, "id": "odd", "status": "draft", **ODD_KINDS[kind]}
    request = good(ORDER)
    drafts(request).insert(0, {"resource": odd})
    request["context"]["selections"].append(f"{kind}/odd")
    assert caller.rules(request) == caller.rules(good(ORDER))
    alone = selecting(QUIET_ORDER, f"{kind}/odd")
    alone["context"]["draftOrders"]["entry"] = [{"resource": odd}]
    assert caller.cards(alone) == []
