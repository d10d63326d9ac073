"""Cases that nobody wrote the rules for, each of which once got a wrong answer."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.finding import Truth
from cds_service.orders import Order, read_drafts
from hooks import concepts
from hooks.calculations import hydroxyurea
from hooks.concepts import ALL, AML
from hooks.order_select import ORDER_SELECT
from hooks.patient_view import PATIENT_VIEW
from hooks.rules.apl_suspected import apl_suspected
from hooks.rules.hyperleukocytosis_emergency import hyperleukocytosis_emergency
from hooks.rules.intensive_therapy_als import intensive_therapy_als
from tests.patients import (
    BODY,
    ICD_10_CM,
    LEXICON,
    ME,
    answered,
    cards,
    chart,
    coded,
    count,
    diagnosis,
    in_remission,
    order,
    part,
    relapsed,
    result,
)


def missing(card: dict[str, Any]) -> list[str]:
    return part(card, "Missing or uncertain")


# -- values --------------------------------------------------------------------------------------


def test_a_newer_creatinine_without_unit_stops_the_dose() -> None:
    """4.5 without a unit may mean renal failure: the normal value of yesterday no longer counts."""
    older = (diagnosis(AML), count(150), *BODY, result(concepts.CREATININE, 0.9, hours_ago=30))
    newer = result(concepts.CREATININE, 4.5, "", hours_ago=2)
    assert hydroxyurea.hydroxyurea_dose(chart(*older)) is not None
    assert hydroxyurea.hydroxyurea_dose(chart(*older, newer)) is None


def test_a_count_known_only_to_be_above_60_is_at_least_the_watch_card() -> None:
    """Catalogue 0.9, values: in any leukemia."""
    record = (diagnosis(ALL), count(60, comparator=">"))
    assert hyperleukocytosis_emergency.applies(chart(*record)).truth is Truth.UNKNOWN
    card = cards(PATIENT_VIEW, *record)["hyperleukocytosis-watch"]
    assert any(
        line.startswith("Leukocytes above 60 ")
        and line.endswith(": may or may not be at least 100 ×10⁹/L")
        for line in part(card, "Missing or uncertain")
    )


def test_of_two_results_of_one_sample_the_later_issued_counts() -> None:
    first = {**count(15), "issued": "2026-11-21T09:10:00Z"}
    second = {**count(150), "issued": "2026-11-21T10:30:00Z"}
    for record in ((first, second), (second, first)):
        found = hyperleukocytosis_emergency.applies(chart(diagnosis(AML), *record))
        assert found.truth is Truth.TRUE


def test_contradicting_results_are_all_named() -> None:
    card = cards(PATIENT_VIEW, diagnosis(AML), count(15), count(150))["data-gaps"]
    assert any("contradict each other: 15 to 150" in line for line in missing(card))


# -- the problem list ----------------------------------------------------------------------------


def test_a_suspected_remission_does_not_end_a_confirmed_leukemia() -> None:
    confirmed = diagnosis(AML, recorded="2026-10-01")
    suspected = diagnosis(AML, "provisional", "remission", recorded="2026-11-15")
    found = hyperleukocytosis_emergency.applies(chart(confirmed, suspected, count(130)))
    assert found.truth is Truth.TRUE


def test_a_resolved_copy_does_not_hide_a_lifelong_disease() -> None:
    live = diagnosis(concepts.ALS, recorded="2020-01-01")
    resolved = diagnosis(concepts.ALS, clinical="resolved", recorded="2024-01-01")
    assert chart(live, resolved).has(concepts.ALS).truth is Truth.TRUE
    assert chart(resolved).has(concepts.ALS).truth is Truth.UNKNOWN


# -- tests with words for an answer --------------------------------------------------------------

UNREAD = ("PML::RARA fusion detected", "Abnormal: t(15;17) in 180 of 200 nuclei")


@pytest.mark.parametrize("words", UNREAD)
def test_a_genetic_result_in_other_words_is_unknown_not_absent(words: str) -> None:
    record = (diagnosis(AML), count(12), answered(concepts.PML_RARA, words))
    assert apl_suspected.applies(chart(*record)).truth is Truth.UNKNOWN
    (card,) = cards(PATIENT_VIEW, *record).values()
    assert any(line.startswith("PML::RARA: a result is on record") for line in missing(card))


def test_a_pending_genetic_result_is_no_answer() -> None:
    record = (diagnosis(AML), count(12), answered(concepts.PML_RARA, "Pending"))
    assert apl_suspected.applies(chart(*record)).truth is Truth.FALSE


def test_a_newer_unread_result_outweighs_an_older_no() -> None:
    older = answered(concepts.PML_RARA, "Negative", hours_ago=900)
    newer = answered(concepts.PML_RARA, UNREAD[0])
    assert apl_suspected.applies(chart(diagnosis(AML), older)).truth is Truth.FALSE
    assert apl_suspected.applies(chart(diagnosis(AML), older, newer)).truth is Truth.UNKNOWN


# -- orders --------------------------------------------------------------------------------------

TEXTS = ("Daunorubicin 44 mg/cytarabine 100 mg liposome", "FLAG IDA cycle 1")


@pytest.mark.parametrize("text", TEXTS)
def test_an_intensive_regimen_is_recognised_as_it_is_written(text: str) -> None:
    record = (diagnosis(concepts.ALS), diagnosis(AML), order(text))
    assert intensive_therapy_als.applies(chart(*record)).truth is Truth.TRUE


def drafts(*entries: dict[str, Any], chosen: str) -> list[Order]:
    return list(read_drafts({"entry": list(entries)}, [chosen], ME, LEXICON).orders)


def test_a_selection_may_be_an_absolute_address() -> None:
    draft = {"resourceType": "ServiceRequest", "id": "1", "code": {"text": "Leukapheresis"}}
    (found,) = drafts({"resource": draft}, chosen="https://ehr.example/fhir/ServiceRequest/1")
    assert found.selected


def test_a_medication_of_the_bundle_is_found_by_its_full_url() -> None:
    drug = {"resourceType": "Medication", "code": {"text": "daunorubicin"}}
    reference = {"reference": "urn:uuid:1234"}
    draft = {"resourceType": "MedicationRequest", "id": "1", "medicationReference": reference}
    entries = ({"resource": draft}, {"fullUrl": "urn:uuid:1234", "resource": drug})
    (found,) = drafts(*entries, chosen="MedicationRequest/1")
    assert concepts.DAUNORUBICIN.id in found.recognised


# -- what a card says ----------------------------------------------------------------------------


def test_a_gaps_card_says_nothing_that_is_not_so() -> None:
    """Shown for the unknown count alone: the lineage is known, and leukemia is on record."""
    card = cards(PATIENT_VIEW, diagnosis(ALL), count(120, comparator="<"))["data-gaps"]
    assert part(card, "This patient") == []
    assert "not specified" not in card["detail"]


def test_a_dose_shows_how_old_the_weight_is() -> None:
    weight = result(concepts.BODY_WEIGHT, 70, hours_ago=80 * 24)
    known = (result(concepts.BODY_HEIGHT, 170), result(concepts.CREATININE, 0.9))
    record = (diagnosis(AML), count(150), weight, *known)
    basis = part(cards(PATIENT_VIEW, *record)["hyperleukocytosis-emergency"], "This patient")
    assert any(line.startswith("Body weight 70 kg") and "80 d ago" in line for line in basis)
    assert any(line.startswith("Body height 170 cm") for line in basis)


def test_apl_alone_gets_no_advice_for_other_myeloid_leukemia() -> None:
    shown = cards(PATIENT_VIEW, diagnosis(concepts.ALS), diagnosis(concepts.APL))
    assert "AML: a hypomethylating agent" not in shown["als-acute-leukemia-goals"]["detail"]
    shown = cards(PATIENT_VIEW, diagnosis(concepts.ALS), diagnosis(AML))
    assert "AML: a hypomethylating agent" in shown["als-acute-leukemia-goals"]["detail"]


def test_contradicting_entries_do_not_hide_the_count() -> None:
    record = (relapsed(AML), in_remission(AML), count(130))
    card = cards(PATIENT_VIEW, *record)["hyperleukocytosis-watch"]
    assert any("entries contradict each other" in line for line in missing(card))
    assert any(line.startswith("Leukocytes 130 ") for line in part(card, "This patient"))
    quiet = (relapsed(AML), in_remission(AML), count(12))
    assert "hyperleukocytosis-watch" not in cards(PATIENT_VIEW, *quiet)


def test_a_code_under_the_other_edition_or_a_snomed_edition_counts() -> None:
    for system, code, value_set in (
        ("http://hl7.org/fhir/sid/icd-10", "G12.21", "als"),
        ("http://hl7.org/fhir/sid/icd-10", "C92.00", "aml-active"),
        ("http://hl7.org/fhir/sid/icd-10-cm", "C92.8", "aml-category"),
        ("http://snomed.info/sct/731000124108", "86044005", "als"),
        (None, "C92.0", "aml-category"),
        ("http://hl7.org/fhir/sid/icd-10-cm", "O26.91", "pregnancy-chapter"),
        ("http://hl7.org/fhir/sid/icd-10-cm", "C92.12", "other-leukemia"),
    ):
        assert value_set in {match.value_set for match in LEXICON.match(system, code)}, code
    assert LEXICON.match("http://fhir.de/CodeSystem/bfarm/icd-10-gm", "C92.00") == ()


def test_pregnancy_by_status_or_chapter_stops_every_proposal() -> None:
    known = (result(concepts.BODY_WEIGHT, 70), result(concepts.BODY_HEIGHT, 170))
    record = (diagnosis(AML), count(150), *known, result(concepts.CREATININE, 0.9))
    status = {
        **count(1),
        "code": coded(concepts.PREGNANCY_STATUS.codes),
        "valueQuantity": None,
        "valueCodeableConcept": coded(concepts.VALUE_SETS["pregnancy-answer"]),
    }
    chapter = diagnosis(concepts.PREGNANCY)
    chapter["code"]["coding"][0] |= {"system": ICD_10_CM, "code": "O26.91"}
    for pregnant in (status, chapter):
        card = cards(PATIENT_VIEW, *record, pregnant)["hyperleukocytosis-emergency"]
        assert "pregnancy is recorded or possible" in card["detail"]
    card = cards(PATIENT_VIEW, *record)["hyperleukocytosis-emergency"]
    assert "pregnancy is recorded" not in card["detail"]


def test_the_source_is_the_publication_that_was_read_with_or_without_address() -> None:
    card = cards(PATIENT_VIEW, diagnosis(concepts.APL))["apl-suspected"]
    assert card["source"]["label"].startswith("Sanz MA et al. Management of APL")
    assert "url" not in card["source"]


def test_leukostasis_in_a_transplant_candidate_is_treatment() -> None:
    als_and_aml = (diagnosis(concepts.ALS), diagnosis(AML), count(180))
    reason = "Leukostasis, AML, transplant candidate"
    drafted = order(concepts.LEUKAPHERESIS, reason=reason)
    assert set(cards(ORDER_SELECT, *als_and_aml, drafted)) == {"leukapheresis-als"}
    collected = order(concepts.LEUKAPHERESIS, reason="Donor lymphocytes for transplant")
    assert cards(ORDER_SELECT, *als_and_aml, collected) == {}
