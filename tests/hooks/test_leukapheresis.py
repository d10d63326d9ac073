"""Treatment or collection: catalogue section 5.9. The same codes serve both."""

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import leukapheresis
from hooks.concepts import APHERESIS, LEUKAPHERESIS, LEUKOCYTES, OTHER_APHERESIS
from tests.patients import (
    CPT,
    ICD_10_PCS,
    SNOMED,
    chart,
    count,
    in_words,
    not_read,
    order,
)

HIGH = count(182)


def truth(*records):
    return leukapheresis.therapeutic_leukapheresis(chart(*records)).truth


def therapeutic(*records):
    found = leukapheresis.therapeutic_orders(chart(*records))
    return [each.id for each in found]


COLLECTIONS = {
    "reason: stem cell collection": {"reason": "Peripheral blood stem cell collection"},
    "reason: HPC": {"reason": "HPC, apheresis"},
    "reason: mobilization": {"reason": "Mobilization with plerixafor"},
    "reason: CAR-T": {"reason": "CAR-T cell manufacture"},
    "reason: lymphocytes": {"reason": "Lymphocyte collection for DLI"},
    "reason: granulocyte donation": {"reason": "Granulocyte donation"},
    "category: stem cell": {"category": "Stem cell transplant"},
    "category: donor": {"category": "Donor services"},
    "performer: donor center": {"performer": "Donor center"},
    "performer: collection unit": {"performer": "Stem cell collection unit"},
    "note: harvest": {"note": "PBSC harvest day 1"},
    "name: donor leukapheresis": {"name": "Donor leukapheresis"},
}


@pytest.mark.parametrize("said", COLLECTIONS.values(), ids=COLLECTIONS)
@pytest.mark.parametrize("system", [CPT, SNOMED], ids=["CPT", "SNOMED"])
def test_a_collection_is_no_treatment_whatever_the_code_and_the_count(system, said):
    """CPT 36511 says therapeutic and is also used for collection: the reason wins."""
    drafted = order(LEUKAPHERESIS, system=system, **said)
    assert truth(HIGH, drafted) is FALSE
    assert therapeutic(HIGH, drafted) == []


@pytest.mark.parametrize(
    "name",
    ["Plasma exchange", "Plateletpheresis", "Extracorporeal photopheresis", "Erythrocytapheresis"],
)
def test_other_apheresis_by_name_is_none(name):
    assert truth(HIGH, order(name, procedure=True)) is FALSE


def test_other_apheresis_by_code_is_none():
    for system, code in sorted(OTHER_APHERESIS.codes.codes):
        assert truth(HIGH, order(OTHER_APHERESIS, system=system, code=code)) is FALSE


def test_a_code_that_says_therapeutic_needs_no_count():
    drafted = order(LEUKAPHERESIS, system=CPT)
    assert truth(drafted) is TRUE
    assert truth(count(3), drafted) is TRUE
    assert therapeutic(drafted) == ["leukapheresis"]


def test_a_transplant_unit_that_treats_leukostasis_collects_nothing():
    """Such units run most apheresis: their name alone must not silence the cards."""
    unit = "Bone marrow transplant and apheresis unit"
    assert truth(order(LEUKAPHERESIS, system=CPT, reason="Leukostasis", performer=unit)) is TRUE
    assert truth(HIGH, order(LEUKAPHERESIS, performer=unit)) is TRUE


NO_COLLECTION = {
    "samples are collected": {"note": "After collection of the diagnostic samples"},
    "a donor is being looked for": {"note": "Donor search ongoing, transplant later"},
    "the patient cannot move": {"note": "Immobilized, needs two to transfer"},
    "the chart is handled": {"note": "Special handling: isolation"},
}


@pytest.mark.parametrize("said", NO_COLLECTION.values(), ids=NO_COLLECTION)
def test_a_word_that_only_looks_like_collection_silences_nothing(said):
    assert truth(order(LEUKAPHERESIS, system=CPT, **said)) is TRUE


PURPOSES = {
    "therapeutic": {"name": "Therapeutic leukapheresis"},
    "for leukostasis": {"reason": "Leukostasis"},
    "for hyperleukocytosis": {"reason": "Hyperleukocytosis"},
    "for leucostasis, as written in Britain": {"reason": "Leucostasis"},
    "for cytoreduction": {"reason": "Urgent cytoreduction"},
    "for leukodepletion": {"note": "leukodepletion, one session"},
}


@pytest.mark.parametrize("said", PURPOSES.values(), ids=PURPOSES)
def test_words_that_say_therapeutic_need_no_count(said):
    assert truth(count(3), order(LEUKAPHERESIS, system=SNOMED, **said)) is TRUE


AMBIGUOUS = {
    "SNOMED": order(LEUKAPHERESIS, system=SNOMED),
    "ICD-10-PCS": order(LEUKAPHERESIS, system=ICD_10_PCS),
    "a name alone": order("Leukapheresis", procedure=True),
    "apheresis of white cells": order(APHERESIS, name="Apheresis, white cells"),
}


@pytest.mark.parametrize("drafted", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_the_count_decides_where_the_purpose_is_not_said(drafted):
    assert truth(count(50), drafted) is TRUE
    assert truth(count(49.9), drafted) is FALSE
    assert truth(drafted) is UNKNOWN


def test_an_assumed_purpose_is_said():
    finding = leukapheresis.therapeutic_leukapheresis(chart(count(50), order(LEUKAPHERESIS)))
    said = [fact.say() for fact in finding.facts]
    assert said[:2] == ["Order: leukapheresis", "Purpose not stated: assumed therapeutic"]
    assert said[2].startswith("Leukocytes 50 ×10⁹/L")


COUNTS = {
    "exactly 72 h old": (count(60, hours_ago=72), TRUE),
    "a minute older than 72 h": (count(60, hours_ago=72 + 1 / 60), UNKNOWN),
    "without unit": (count(60, ""), UNKNOWN),
    "no plausible number": (count(2001), UNKNOWN),
    "reported as above 40": (count(40, comparator=">"), UNKNOWN),
    "reported as above 50": (count(50, comparator=">"), TRUE),
    "reported as below 50": (count(50, comparator="<"), FALSE),
    "sent as text": (in_words(count(0), "60"), UNKNOWN),
    "not read": (not_read(LEUKOCYTES), UNKNOWN),
}


@pytest.mark.parametrize(("found", "expected"), COUNTS.values(), ids=COUNTS)
def test_a_count_that_cannot_be_used_leaves_the_purpose_unknown(found, expected):
    assert truth(found, order(LEUKAPHERESIS)) is expected


def test_apheresis_without_leukocytes_in_its_name_is_none():
    assert truth(HIGH, order(APHERESIS)) is FALSE
    assert truth(HIGH, order(APHERESIS, name="Apheresis")) is FALSE


def test_only_selected_orders_count():
    drafted = order(LEUKAPHERESIS, system=CPT, selected=False)
    assert truth(HIGH, drafted) is FALSE
    assert therapeutic(HIGH, drafted) == []


@pytest.mark.parametrize("status", ["cancelled", "revoked", "entered-in-error", "completed"])
def test_an_order_that_is_void_or_over_counts_no_more(status):
    assert truth(HIGH, order(LEUKAPHERESIS, system=CPT, status=status)) is FALSE


def test_of_a_collection_and_a_treatment_the_treatment_counts():
    collection = order(LEUKAPHERESIS, identity="collection", reason="Stem cell collection")
    treatment = order(LEUKAPHERESIS, identity="treatment", system=CPT)
    assert truth(collection, treatment) is TRUE
    assert therapeutic(collection, treatment) == ["treatment"]


FIRM = {
    "CPT": (order(LEUKAPHERESIS, system=CPT), True),
    "ICD-10-PCS": (order(LEUKAPHERESIS, system=ICD_10_PCS), True),
    "SNOMED, which one source backs": (order(LEUKAPHERESIS, system=SNOMED), False),
    "SNOMED whose text says the same": (
        order(LEUKAPHERESIS, system=SNOMED, name="Leukapheresis"),
        True,
    ),
    "SNOMED whose text says something else": (
        order(LEUKAPHERESIS, system=SNOMED, name="Procedure"),
        False,
    ),
    "a name alone": (order("Leukapheresis", procedure=True), True),
}


@pytest.mark.parametrize(("drafted", "expected"), FIRM.values(), ids=FIRM)
def test_a_single_source_is_firm_only_with_a_text(drafted, expected):
    found = leukapheresis.therapeutic_leukapheresis(chart(drafted, count(182)))
    assert found.truth is TRUE
    assert found.is_firm() is expected
