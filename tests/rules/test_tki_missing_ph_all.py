"""tki-missing-ph-all: catalogue R36 and 0.9 (orders), statements S0-40 and S0-42."""

from dataclasses import replace

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from cds_service.service import Group
from hooks import ORDER_SIGN, concepts
from hooks.concepts import (
    ALL,
    ALLOPURINOL,
    AML,
    BCR_ABL1,
    DASATINIB,
    IMATINIB,
    MIDOSTAURIN,
    OTHER_LEUKEMIA,
    PH_POSITIVE_LEUKEMIA,
    PONATINIB,
    VINCRISTINE,
)
from hooks.rules.tki_missing_ph_all import tki_missing_ph_all as rule
from tests.patients import (
    ME,
    SNOMED,
    answered,
    cards,
    chart,
    coded,
    diagnosis,
    in_remission,
    never_decisive,
    not_read,
    order,
    overrides,
    part,
    prescription,
    relapsed,
    suggestions,
)

ALONE = replace(ORDER_SIGN, groups=(Group(rule.id, (rule,)),))
POSITIVE = answered(BCR_ABL1, "positive", hours_ago=90 * 24)
DISEASE = (diagnosis(ALL), POSITIVE)
ORDER = order(VINCRISTINE)
ENDED = order(DASATINIB, status="stopped")
"""As an order that is being discontinued comes with the drafts."""


def remission(recorded):
    return in_remission(ALL, recorded=recorded)


def by_name(drug: str):
    """A running prescription that carries a name and no code."""
    return {
        "resourceType": "MedicationRequest",
        "status": "active",
        "subject": {"reference": f"Patient/{ME}"},
        "medicationCodeableConcept": {"text": drug},
    }


def share(value: float, hours_ago: float):
    """BCR::ABL1 as a share, as residual disease is reported."""
    found = {
        k: v for k, v in answered(BCR_ABL1, "-", hours_ago=hours_ago).items() if "Con" not in k
    }
    return {**found, "valueQuantity": {"value": value, "unit": "%"}}


WARNS = {
    "vincristine, no inhibitor": (*DISEASE, ORDER),
    "the name of the disease says Ph-positive": (
        diagnosis(ALL),
        diagnosis(PH_POSITIVE_LEUKEMIA),
        ORDER,
    ),
    "one code for Ph-positive ALL": (
        {**diagnosis(ALL), "code": coded(PH_POSITIVE_LEUKEMIA.active, SNOMED, "425688002")},
        ORDER,
    ),
    "BCR::ABL1 once positive, residual disease negative since": (
        *DISEASE,
        answered(BCR_ABL1, "not detected", hours_ago=24),
        ORDER,
    ),
    "BCR::ABL1 once measured, zero since": (
        diagnosis(ALL),
        share(42, hours_ago=90 * 24),
        share(0, hours_ago=24),
        ORDER,
    ),
    "relapse": (relapsed(ALL), POSITIVE, ORDER),
    "remission of 730 days ago": (remission("2024-11-21T12:00:00Z"), POSITIVE, ORDER),
    "ALL suspected, BCR::ABL1 found": (diagnosis(ALL, "provisional"), POSITIVE, ORDER),
    "an inhibitor of something else": (*DISEASE, prescription(MIDOSTAURIN), ORDER),
    "dasatinib completed before": (*DISEASE, prescription(DASATINIB, "completed"), ORDER),
    "dasatinib drafted and forbidden": (
        *DISEASE,
        order(DASATINIB, status="cancelled"),
        ORDER,
    ),
    "the running inhibitor stopped beside chemotherapy": (
        *DISEASE,
        prescription(DASATINIB),
        ENDED,
        ORDER,
    ),
    "the running inhibitor stopped, nothing else signed": (
        *DISEASE,
        prescription(DASATINIB),
        ENDED,
    ),
    "stopped in remission": (remission("2026-03-01"), POSITIVE, prescription(DASATINIB), ENDED),
    "stopped by name alone": (
        *DISEASE,
        by_name("Sprycel 140 mg tablet"),
        order("Sprycel 140 mg tablet", status="stopped"),
    ),
}

SILENT = {
    "no antileukemic drug": (*DISEASE, order(ALLOPURINOL)),
    "nothing ordered": DISEASE,
    "vincristine drafted, not part of what is signed": (
        *DISEASE,
        order(VINCRISTINE, selected=False),
    ),
    "BCR::ABL1 negative": (diagnosis(ALL), answered(BCR_ABL1, "negative"), ORDER),
    "BCR::ABL1 not tested": (diagnosis(ALL), ORDER),
    "no ALL: CML": (diagnosis(OTHER_LEUKEMIA), POSITIVE, ORDER),
    "no ALL: AML with BCR::ABL1": (diagnosis(AML), POSITIVE, ORDER),
    "CML, the inhibitor stopped": (
        diagnosis(OTHER_LEUKEMIA),
        POSITIVE,
        prescription(DASATINIB),
        ENDED,
    ),
    "ALL refuted": (diagnosis(ALL, "refuted"), POSITIVE, ORDER),
    "remission of 731 days ago": (remission("2024-11-20T12:00:00Z"), POSITIVE, ORDER),
    "cured long ago": (
        diagnosis(ALL, clinical="resolved", recorded="2016-01-01"),
        POSITIVE,
        ORDER,
    ),
    "the running inhibitor by name alone": (*DISEASE, by_name("Iclusig 15 mg"), ORDER),
    "an inhibitor drafted, not selected": (*DISEASE, order(PONATINIB, selected=False), ORDER),
    "a switch: dasatinib stopped, ponatinib drafted": (
        *DISEASE,
        prescription(DASATINIB),
        ENDED,
        order(PONATINIB),
    ),
    "a switch: dasatinib stopped, ponatinib runs": (
        *DISEASE,
        prescription(DASATINIB),
        prescription(PONATINIB),
        ENDED,
    ),
    "a new dose: dasatinib stopped and drafted": (
        *DISEASE,
        prescription(DASATINIB),
        ENDED,
        order(DASATINIB, identity="new-dose"),
    ),
}
SILENT |= {
    f"{drug.title} running": (*DISEASE, prescription(drug), ORDER)
    for drug in concepts.TYROSINE_KINASE_INHIBITORS
}
SILENT |= {
    f"{drug.title} in the same signing": (*DISEASE, order(drug), ORDER)
    for drug in concepts.TYROSINE_KINASE_INHIBITORS
}

ASKS = {
    "remission without a date": (remission(None), POSITIVE, ORDER),
    "prescriptions that could not be read": (*DISEASE, ORDER, not_read(*concepts.RUNNING_DRUGS)),
    "BCR::ABL1 in words that are not read": (
        diagnosis(ALL),
        answered(BCR_ABL1, "t(9;22) in 190 of 200 nuclei"),
        ORDER,
    ),
    "BCR::ABL1 in words that are not read, later negative": (
        diagnosis(ALL),
        answered(BCR_ABL1, "t(9;22) in 190 of 200 nuclei", hours_ago=90 * 24),
        answered(BCR_ABL1, "negative"),
        ORDER,
    ),
    "genetics that could not be read": (diagnosis(ALL), ORDER, not_read(BCR_ABL1)),
    "Ph-positive leukemia only suspected": (
        diagnosis(ALL),
        diagnosis(PH_POSITIVE_LEUKEMIA, "provisional"),
        ORDER,
    ),
    "a problem list that could not be read": (POSITIVE, ORDER, not_read(*concepts.CONDITIONS)),
}


@pytest.mark.parametrize("records", WARNS.values(), ids=WARNS)
def test_warns(records):
    assert rule.applies(chart(*records)).truth is TRUE


@pytest.mark.parametrize("records", SILENT.values(), ids=SILENT)
def test_silent(records):
    assert rule.applies(chart(*records)).truth is FALSE


@pytest.mark.parametrize("records", ASKS.values(), ids=ASKS)
def test_asks(records):
    assert rule.applies(chart(*records)).truth is UNKNOWN


def test_every_condition_matters():
    """Dropping any one condition from the rule would turn a silent case into a warning."""
    assert never_decisive(rule, SILENT.values()) == set()


# -- the card --------------------------------------------------------------------------------------


def card(*records):
    return cards(ALONE, *records)[rule.id]


def test_it_warns_and_shows_the_treatment_the_disease_and_the_test_with_its_date():
    one = card(*DISEASE, ORDER)
    assert one["indicator"] == "warning"
    assert one["summary"] == (
        "Ph+ ALL without an active tyrosine kinase inhibitor (TKI): treatment and "
        "post-consolidation maintenance normally include one."
    )
    basis = part(one, "This patient")
    for begin in (
        "Antileukemic treatment being ordered: vincristine",
        "Acute lymphoblastic leukemia (ALL): active",
        "BCR::ABL1 positive, 2026-08-23",
        "No active prescription on record: imatinib, dasatinib, ",
    ):
        assert any(line.startswith(begin) for line in basis)


def test_the_positive_test_is_shown_though_the_newest_is_negative():
    newest = answered(BCR_ABL1, "not detected", hours_ago=24)
    basis = part(card(*DISEASE, newest, ORDER), "This patient")
    assert any(line.startswith("BCR::ABL1 positive, 2026-08-23") for line in basis)


def test_it_names_the_inhibitor_that_is_being_stopped():
    one = card(*DISEASE, prescription(DASATINIB), ENDED)
    assert "dasatinib: being stopped in the drafts" in part(one, "This patient")


def test_mandatory_is_the_word_of_the_summary_alone():
    advice = part(card(*DISEASE, ORDER), "Consider")
    (line,) = (x for x in advice if "mandatory" in x)
    assert line.startswith("Guideline summary: maintenance with the inhibitor")
    assert "continued dasatinib until relapse or death (EWALL-PH-01)" in line
    assert "intolerance, resistance or a plan after transplant are valid reasons" in line


def test_the_backbone_and_its_trial_are_said():
    text = card(*DISEASE, ORDER)["detail"]
    assert "A tyrosine kinase inhibitor with a steroid, with or without chemotherapy" in text
    assert "(LAL1205)" in text


def test_it_offers_a_review_and_no_drug():
    offered = suggestions(card(*DISEASE, ORDER))
    assert list(offered) == ["Draft review of the tyrosine kinase inhibitor"]
    ((action,),) = (each["actions"] for each in offered.values())
    assert action["resource"]["resourceType"] == "ServiceRequest"


def test_overrides_can_say_why():
    assert overrides(card(*DISEASE, ORDER)) == [
        "tki-not-possible",
        "after-transplant",
        "expert-contradicts",
        "other",
    ]


def test_suspected_all_is_called_suspected():
    said = "Acute leukemia is suspected, not confirmed"
    assert said in card(diagnosis(ALL, "provisional"), POSITIVE, ORDER)["detail"]
    assert said not in card(*DISEASE, ORDER)["detail"]


def test_prescriptions_that_could_not_be_read_do_not_look_like_all_clear():
    found = cards(ALONE, *DISEASE, ORDER, failing=("medications",))["data-gaps"]
    assert any("imatinib" in line for line in part(found, "Missing or uncertain"))


def test_a_new_inhibitor_beside_the_old_one_is_no_gap():
    assert cards(ALONE, *DISEASE, prescription(IMATINIB), order(PONATINIB), ORDER) == {}
