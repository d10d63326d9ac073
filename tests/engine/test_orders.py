"""Draft orders: https://cds-hooks.hl7.org/hooks/order-select/ in every shape a drug is sent in."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.orders import (
    BY_CODE,
    Drafts,
    Order,
    is_stopping,
    read_drafts,
)
from tests.engine.made_up import LEXICON, ME, SYSTEM, coded, decoded, draft

POLISH = {"medicationCodeableConcept": coded("POLISH")}


def read(*drafts: Any, selections: Any = None) -> tuple[list[Order], int]:
    bundle = {"resourceType": "Bundle", "entry": [{"resource": each} for each in drafts]}
    found = read_drafts(decoded(bundle), selections, ME, LEXICON)
    return list(found.orders), found.foreign


def drafts_of(*entries: Any, selections: Any = None) -> Drafts:
    """As `read`, from whole entries."""
    return read_drafts(decoded({"entry": list(entries)}), selections, ME, LEXICON)


def entry(resource: dict[str, Any], full_url: Any = None) -> dict[str, Any]:
    return {"resource": resource} | ({} if full_url is None else {"fullUrl": full_url})


def only(*drafts: Any) -> Order:
    (order,), _ = read(*drafts)
    return order


def referring(reference: str, **fields: Any) -> dict[str, Any]:
    return draft("m", medicationReference={"reference": reference}, **fields)


def medication(identity: str, **fields: Any) -> dict[str, Any]:
    return {"resourceType": "Medication", "id": identity, **fields}


# -- what is ordered -----------------------------------------------------------------------------

PLACES_OF_A_CODE = {
    "in the order": (draft("m", **POLISH),),
    "in a contained Medication": (
        referring("#drug", contained=[medication("drug", code=coded("POLISH"))]),
    ),
    "in a Medication of the same Bundle": (
        referring("Medication/drug"),
        medication("drug", code=coded("POLISH")),
    ),
    "in a Medication named by an absolute reference": (
        referring("https://ehr.example/fhir/Medication/drug/_history/2"),
        medication("drug", code=coded("POLISH")),
    ),
    "in an ingredient": (
        referring("Medication/drug"),
        medication("drug", ingredient=[5, {"itemCodeableConcept": coded("POLISH")}]),
    ),
    "in an ingredient that is a contained Medication": (
        referring(
            "#mix",
            contained=[
                medication("mix", ingredient=[{"itemReference": {"reference": "#drug"}}]),
                medication("drug", code=coded("POLISH")),
            ],
        ),
    ),
    "in an ingredient that is a Medication of the Bundle": (
        referring("Medication/mix"),
        medication("mix", ingredient=[{"itemReference": {"reference": "Medication/drug"}}]),
        medication("drug", code=coded("POLISH")),
    ),
    "in an ingredient of Medications that go round": (
        referring("Medication/a"),
        medication("a", ingredient=[{"itemReference": {"reference": "Medication/b"}}]),
        medication(
            "b",
            code=coded("POLISH"),
            ingredient=[{"itemReference": {"reference": "Medication/a"}}],
        ),
    ),
    "as a device": (draft("m", "DeviceRequest", codeCodeableConcept=coded("POLISH")),),
    "as a procedure": (draft("m", "ServiceRequest", code=coded("POLISH")),),
    "as R5 writes it": (draft("m", medication=coded("POLISH")),),
    "beside other codes": (draft("m", medicationCodeableConcept=coded("X", "POLISH")),),
}


@pytest.mark.parametrize("drafts", PLACES_OF_A_CODE.values(), ids=PLACES_OF_A_CODE)
def test_a_code_is_found_wherever_it_stands(drafts: tuple[dict[str, Any], ...]) -> None:
    order = only(*drafts)
    assert (order.recognised, order.value_sets) == ({"polish": BY_CODE}, {"polish"})
    assert order.codings == {(SYSTEM, "POLISH")}


PLACES_OF_A_NAME = {
    "text": draft("m", medicationCodeableConcept={"text": "Super Polish 5 %"}),
    "display of an unknown code": draft(
        "m", medicationCodeableConcept={"coding": [{"code": "7", "display": "polish"}]}
    ),
    "display of an ingredient that is not here": referring(
        "#mix",
        contained=[
            medication(
                "mix", ingredient=[{"itemReference": {"reference": "#x", "display": "Polish"}}]
            )
        ],
    ),
    "display of a reference": draft("m", medicationReference={"display": "Polish, green"}),
}


@pytest.mark.parametrize("fields", PLACES_OF_A_NAME.values(), ids=PLACES_OF_A_NAME)
def test_a_name_is_recognised_where_no_code_is(fields: dict[str, Any]) -> None:
    order = only(fields)
    assert set(order.recognised) == {"polish"}
    assert order.recognised["polish"] != BY_CODE
    assert (order.value_sets, order.weakly) == (set(), set())


OTHER_NAMES = ("polishing", "nail polish", "unpolished", "5polish", "varnish", "")


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_a_name_counts_only_as_a_whole_and_without_what_makes_it_something_else(name: str) -> None:
    assert only(draft("m", medicationCodeableConcept={"text": name})).recognised == {}


def test_a_code_decides_over_a_name() -> None:
    concept = {**coded("WAX"), "text": "polish"}
    assert only(draft("m", medicationCodeableConcept=concept)).recognised == {"wax": BY_CODE}


def test_a_code_of_a_single_source_is_weak_until_a_text_says_the_same() -> None:
    rare = coded("POLISH-RARE")
    assert only(draft("m", medicationCodeableConcept=rare)).weakly == {"polish"}
    named = {**rare, "text": "Polish"}
    assert only(draft("m", medicationCodeableConcept=named)).weakly == set()
    both = coded("POLISH-RARE", "POLISH")
    assert only(draft("m", medicationCodeableConcept=both)).weakly == set()


# -- whose, and which ----------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["draft", "active", "on-hold", None])
def test_a_draft_may_have_any_live_status(status: str | None) -> None:
    assert only(draft("m", **POLISH) | {"status": status}).reference == "MedicationRequest/m"


@pytest.mark.parametrize(
    "void",
    [
        {"status": "entered-in-error"},
        {"status": "cancelled"},
        {"status": "revoked"},
        {"status": "stopped"},
        {"status": "completed"},
        {"doNotPerform": True},
    ],
)
def test_an_order_of_which_nothing_will_happen_is_none(void: dict[str, Any]) -> None:
    assert read(draft("m", **POLISH) | void) == ([], 0)


ENDING: dict[str, tuple[dict[str, Any], bool]] = {
    "draft": ({"status": "draft"}, False),
    "on hold": ({"status": "on-hold"}, False),
    "no status": ({"status": None}, False),
    "a status of another type": ({"status": ["stopped"]}, False),
    "stopped": ({"status": "stopped"}, True),
    "cancelled": ({"status": "cancelled"}, True),
    "revoked": ({"status": "revoked"}, True),
    "completed": ({"status": "completed"}, True),
    "forbidden": ({"status": "draft", "doNotPerform": True}, True),
    "no longer forbidden": ({"status": "stopped", "doNotPerform": True}, False),
    "not forbidden": ({"status": "draft", "doNotPerform": False}, False),
    "a mistake": ({"status": "entered-in-error"}, False),
    "a prohibition by mistake": ({"status": "entered-in-error", "doNotPerform": True}, False),
}


@pytest.mark.parametrize(("said", "ends"), ENDING.values(), ids=ENDING)
def test_drafts_that_end_something_are_kept_apart(said: dict[str, Any], ends: bool) -> None:
    resource = draft("m", **POLISH) | said
    found = drafts_of(entry(resource), entry(draft("other", **POLISH)))
    assert is_stopping(resource) is ends
    assert [order.id for order in found.discontinued] == ["m"] * ends
    assert [order.recognised for order in found.discontinued] == [{"polish": BY_CODE}] * ends
    live = not ends and said["status"] in ("draft", "on-hold", None, ["stopped"])
    assert [order.id for order in found.orders] == ["m"] * live + ["other"]


def test_what_another_patient_no_longer_gets_is_counted_and_left_out() -> None:
    other = draft("m", subject={"reference": "Patient/x"}, **POLISH) | {"status": "stopped"}
    assert drafts_of(entry(other)) == Drafts((), foreign=1)


NAMABLE = ("a", "7", "A-1.b", "e" * 190, ".a", "a..b")
UNNAMABLE = (
    "",
    " ",
    "a b",
    "a/b",
    "a_b",
    ".",
    "..",
    "a\n",
    "ü",
    "a?b",
    "a#b",
    "%2e",
    "a|b",
    "a\x00",
)


@pytest.mark.parametrize("identity", NAMABLE)
def test_an_order_is_named_by_an_id_of_fhirs_letters_however_long(identity: str) -> None:
    assert only(draft(identity)).can_be_named


@pytest.mark.parametrize("identity", UNNAMABLE)
def test_an_order_without_such_an_id_cannot_be_named(identity: str) -> None:
    assert not only(draft(identity)).can_be_named


def test_an_order_that_shares_its_id_cannot_be_named() -> None:
    twice = (draft("a"), draft("a", **POLISH), draft("a", "ServiceRequest"))
    assert [order.can_be_named for order in read(*twice)[0]] == [False, False, True]
    stopped = draft("a") | {"status": "stopped"}
    assert not only(draft("a"), stopped).can_be_named


def test_an_id_that_is_a_number_is_its_digits_and_one_of_another_type_is_none() -> None:
    odd = [draft("x") | {"id": each} for each in (7, 7.5, True, ["a"], {"a": 1}, None)]
    assert [order.id for order in read(*odd)[0]] == ["7", "", "", "", "", ""]


OWN = ("Patient/subject-1", "https://ehr.example/fhir/Patient/subject-1", "subject-1", "")
FOREIGN = ("Patient/subject-2", "https://ehr.example/fhir/Patient/subject-2", "urn:uuid:7")


@pytest.mark.parametrize("reference", OWN)
def test_orders_for_the_patient_count(reference: str) -> None:
    orders, foreign = read(draft("m", subject={"reference": reference}))
    assert (len(orders), foreign) == (1, 0)


@pytest.mark.parametrize("reference", FOREIGN)
@pytest.mark.parametrize("name", ["subject", "patient"])
def test_orders_for_another_patient_are_counted_and_left_out(name: str, reference: str) -> None:
    assert read(draft("m", **{name: {"reference": reference}}), draft("own"))[1] == 1


def test_an_order_without_subject_is_the_patients() -> None:
    assert read(draft("m"))[1] == 0


# -- words and doses -----------------------------------------------------------------------------


def test_texts_notes_and_places_are_kept_apart_in_lower_case() -> None:
    order = only(
        draft(
            "m",
            "ServiceRequest",
            code={"text": "Polish"},
            reasonCode=[{"text": "For the Ball"}],
            category=[{"coding": [{"display": "Beauty"}]}],
            orderDetail=[{"text": "Twice"}],
            performer=[{"display": "Parlour"}],
            note=[{"text": "Gently"}, 5, {"text": None}],
        )
    )
    assert order.words_without_notes() == "polish for the ball beauty twice"
    assert order.words() == "polish for the ball beauty twice gently"
    assert order.places() == "parlour"


def test_doses_are_the_orders_instructions() -> None:
    order = only(draft("m", dosageInstruction=[{"doseQuantity": {"value": 2, "unit": "ml"}}]))
    assert [(dose.amount, dose.unit) for dose in order.doses()] == [(2, "ml")]


# -- what is no order ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "bundle",
    [None, 5, [], {}, {"entry": None}, {"entry": 5}, {"entry": [5, {}, {"resource": 5}]}],
)
def test_what_is_no_bundle_has_no_orders(bundle: Any) -> None:
    found = read_drafts(bundle, None, ME, LEXICON)
    assert (found.orders, found.foreign) == ((), 0)


ODD = (
    {"resourceType": 5},
    {"resourceType": "MedicationRequest"},
    {"resourceType": "MedicationRequest", "id": {"a": 1}, "status": ["draft"], "subject": 5},
    {"resourceType": "MedicationRequest", "id": None, "medicationReference": "Medication/1"},
    {"resourceType": "MedicationRequest", "medicationReference": {"reference": {}, "display": 1}},
    {"resourceType": "MedicationRequest", "medicationCodeableConcept": [[1], "x", {"coding": 1}]},
    {"resourceType": "MedicationRequest", "contained": 1, "medicationReference": {}},
    {"resourceType": "Medication", "id": [], "ingredient": 5},
    {"resourceType": "MedicationRequest", "note": "x", "performer": 5, "reasonReference": [1]},
)


@pytest.mark.parametrize("fields", ODD)
def test_an_odd_draft_is_read_as_far_as_it_goes(fields: dict[str, Any]) -> None:
    orders, foreign = read(fields, draft("good", **POLISH))
    assert foreign == 0
    assert orders[-1].recognised == {"polish": BY_CODE}
    assert [order.words() for order in orders] == ["", ""][: len(orders)]
