"""One reading of G6PD: the emergency card and the two order cards never disagree about it."""

from dataclasses import replace

import pytest

from cds_service.service import Group
from cds_service.site import read_site
from cds_service.terminology import Lexicon
from hooks import ORDER_SELECT, PATIENT_VIEW, concepts, questions
from hooks.concepts import (
    ALLOPURINOL,
    AML,
    COMFORT_PLAN,
    G6PD_ACTIVITY,
    G6PD_DEFICIENCY,
    G6PD_SCREEN,
    PREGNANCY,
    RASBURICASE,
    RUNNING_DRUGS,
)
from hooks.rules.allopurinol_high_tls_risk import allopurinol_high_tls_risk
from hooks.rules.hyperleukocytosis_emergency import hyperleukocytosis_emergency
from hooks.rules.rasburicase_g6pd import rasburicase_g6pd
from tests import patients
from tests.engine.site_folders import LOCAL, folder, mapping
from tests.patients import (
    BODY,
    aged,
    answered,
    cards,
    chart,
    count,
    diagnosis,
    in_words,
    not_read,
    order,
    part,
    prescription,
    suggestions,
)

ORDERS = (rasburicase_g6pd, allopurinol_high_tls_risk)
EACH = replace(ORDER_SELECT, groups=tuple(Group(rule.id, (rule,)) for rule in ORDERS))
EMERGENCY = (diagnosis(AML), count(180), *BODY)

YEARS = 6 * 365 * 24
LAST_WEEK = 7 * 24
ALLOPURINOL_DRAFT = "Draft allopurinol (G6PD deficient or suspected), dose to be chosen"
RASBURICASE_DRAFT = "Draft rasburicase 14 mg once (0.2 mg/kg, G6PD normal)"


def screen(said, hours_ago=LAST_WEEK, **more):
    return answered(G6PD_SCREEN, said, hours_ago=hours_ago, **more)


def assay(said, hours_ago=LAST_WEEK, **more):
    return answered(G6PD_ACTIVITY, said, hours_ago=hours_ago, **more)


def measured(activity, hours_ago=LAST_WEEK):
    """An assay that sent a number, and nothing that says what it means."""
    quantity = {"value": activity, "unit": "U/g Hb"}
    return {**assay(None, hours_ago), "valueQuantity": quantity}


DEFICIENT = {
    "deficient by assay in 2020, normal last week": (assay("deficient", YEARS), assay("normal")),
    "deficient on screening in 2020, normal last week": (
        screen("deficient", YEARS),
        screen("normal"),
    ),
    "deficient on screening in 2020, normal by assay last week": (
        screen("deficient", YEARS),
        assay("normal"),
    ),
    "deficient in 2020, not readable last week": (assay("deficient", YEARS), assay("see report")),
    "deficient last week, normal in 2020": (assay("normal", YEARS), assay("deficient")),
    "deficiency suspected": (diagnosis(G6PD_DEFICIENCY, "provisional"),),
    "deficiency suspected, normal by assay": (
        diagnosis(G6PD_DEFICIENCY, "unconfirmed"),
        assay("normal"),
    ),
    "deficiency on the problem list, normal by assay": (
        diagnosis(G6PD_DEFICIENCY),
        assay("normal"),
    ),
    "deficiency called resolved, normal by assay": (
        diagnosis(G6PD_DEFICIENCY, clinical="resolved"),
        assay("normal"),
    ),
    "deficiency refuted, deficient by assay": (
        diagnosis(G6PD_DEFICIENCY, "refuted"),
        assay("deficient", YEARS),
        assay("normal"),
    ),
    "contradictory on the same day": (assay("deficient"), assay("normal")),
    "contradictory on the same day by two tests": (screen("normal"), assay("deficient")),
}

NORMAL = {
    "normal by assay": (assay("normal"),),
    "normal on screening years ago": (screen("normal", YEARS),),
    "a number of the same sample as normal": (measured(9.5), assay("normal")),
    "no result in 2020, normal last week": (assay(None, YEARS), assay("normal")),
    "deficiency refuted, normal by assay": (diagnosis(G6PD_DEFICIENCY, "refuted"), assay("normal")),
    "a deficiency entered in error, normal by assay": (
        diagnosis(G6PD_DEFICIENCY, "entered-in-error"),
        assay("deficient", YEARS, status="entered-in-error"),
        assay("normal"),
    ),
}

NOT_KNOWN = {
    "nothing on record": (),
    "pending": (assay(None, status="registered"),),
    "deficiency refuted, never tested": (diagnosis(G6PD_DEFICIENCY, "refuted"),),
    "a number without a range": (in_words(assay(None), "9.5 U/g Hb"),),
    "not readable, newer than normal": (assay("normal", YEARS), assay("see comment")),
    "not readable, older than normal": (assay("see comment", YEARS), assay("normal")),
    "a number without a range or a flag in 2020, normal last week": (
        measured(1.2, YEARS),
        assay("normal"),
    ),
    "not readable between two that are normal": (
        assay("normal", YEARS),
        assay("see comment", 2 * LAST_WEEK),
        assay("normal"),
    ),
    "deficient at no known time, normal last week": (
        {k: v for k, v in assay("deficient").items() if k != "effectiveDateTime"},
        assay("normal"),
    ),
    "normal, its status not known": (assay("normal", status="unknown"),),
    "not readable on screening, normal by assay": (screen("see comment"), assay("normal")),
    "not readable on screening in 2020, normal by assay last week": (
        screen("see comment", YEARS),
        assay("normal"),
    ),
    "results that could not be read": (not_read(G6PD_SCREEN, G6PD_ACTIVITY),),
    "a problem list that could not be read, normal by assay": (
        not_read(G6PD_DEFICIENCY),
        assay("normal"),
    ),
    "a suspicion called resolved, normal by assay": (
        diagnosis(G6PD_DEFICIENCY, "provisional", "resolved"),
        assay("normal"),
    ),
}

PREGNANT = (aged(30, "female"), diagnosis(PREGNANCY))
PEOPLE = {"man": (aged(40, "male"),), "woman": (aged(40, "female"),), "pregnant": PREGNANT}
"""The gene is on the X chromosome: women may be deficient, and a normal result is no less."""


def on_opening(*records):
    """The emergency card at patient-view."""
    return cards(PATIENT_VIEW, *EMERGENCY, *records)[hyperleukocytosis_emergency.id]


def on_ordering(drug, rule, *records):
    """The order card of the drug; None where there is none."""
    return cards(EACH, *EMERGENCY, *records, order(drug)).get(rule.id)


def urate_drafts(card):
    """What the card offers to lower urate, by label."""
    found = suggestions(card or {})
    return {k: v for k, v in found.items() if "rasburicase" in k or "allopurinol" in k}


def laboratory(card):
    actions = suggestions(card)["Draft emergency labs"]["actions"]
    return [action["resource"]["code"]["text"] for action in actions]


@pytest.mark.parametrize("someone", PEOPLE.values(), ids=PEOPLE)
@pytest.mark.parametrize("records", DEFICIENT.values(), ids=DEFICIENT)
def test_once_deficient_or_suspected_gets_no_rasburicase_on_any_card(records, someone):
    opened = on_opening(*someone, *records)
    assert list(urate_drafts(opened)) == [ALLOPURINOL_DRAFT]
    assert "rasburicase is contraindicated" in opened["detail"]
    assert "rasburicase is preferred" not in opened["detail"]
    assert not any(line.startswith("G6PD normal") for line in part(opened, "This patient"))
    assert on_ordering(RASBURICASE, rasburicase_g6pd, *someone, *records)["indicator"] == "critical"
    assert on_ordering(ALLOPURINOL, allopurinol_high_tls_risk, *someone, *records) is None


@pytest.mark.parametrize("someone", PEOPLE.values(), ids=PEOPLE)
@pytest.mark.parametrize("records", NORMAL.values(), ids=NORMAL)
def test_normal_gets_the_same_rasburicase_on_every_card(records, someone):
    opened = on_opening(*someone, *records)
    ordered = on_ordering(ALLOPURINOL, allopurinol_high_tls_risk, *someone, *records)
    assert list(urate_drafts(opened)) == ([] if someone is PREGNANT else [RASBURICASE_DRAFT])
    assert drafts(opened) == drafts(ordered)
    assert "G6PD normal by assay" in part(opened, "This patient")
    assert "G6PD activity" not in laboratory(opened)
    assert on_ordering(RASBURICASE, rasburicase_g6pd, *someone, *records) is None


def drafts(card):
    """The drafted resources without what makes each suggestion a new one."""
    return [
        action["resource"]
        for suggestion in urate_drafts(card).values()
        for action in suggestion["actions"]
    ]


@pytest.mark.parametrize("someone", PEOPLE.values(), ids=PEOPLE)
@pytest.mark.parametrize("records", NOT_KNOWN.values(), ids=NOT_KNOWN)
def test_not_known_gets_an_assay_and_no_drug_on_any_card(records, someone):
    opened = on_opening(*someone, *records)
    ordered = on_ordering(ALLOPURINOL, allopurinol_high_tls_risk, *someone, *records)
    assert (urate_drafts(opened), urate_drafts(ordered)) == ({}, {})
    assert "G6PD activity" in laboratory(opened)
    assert "needs G6PD, which is not known" in opened["detail"]
    assert "G6PD: not known" in part(opened, "Missing or uncertain")
    assert "Draft G6PD activity, STAT" in suggestions(ordered)
    assert on_ordering(RASBURICASE, rasburicase_g6pd, *someone, *records)["indicator"] == "warning"


CLOSED = {
    "a course was given before": (prescription(RASBURICASE, "completed"),),
    "rasburicase is prescribed": (prescription(RASBURICASE),),
    "prescriptions that could not be read": (not_read(*RUNNING_DRUGS),),
    "comfort-only plan": (diagnosis(COMFORT_PLAN),),
}


@pytest.mark.parametrize("records", CLOSED.values(), ids=CLOSED)
def test_a_gate_that_is_closed_is_closed_on_every_card(records):
    shown = cards(PATIENT_VIEW, *EMERGENCY, assay("normal"), *records)
    assert not [label for card in shown.values() for label in urate_drafts(card)]
    ordered = on_ordering(ALLOPURINOL, allopurinol_high_tls_risk, assay("normal"), *records)
    assert urate_drafts(ordered) == {}


def test_without_a_weight_no_rasburicase_is_drafted():
    opened = cards(PATIENT_VIEW, diagnosis(AML), count(180), assay("normal"))
    assert urate_drafts(opened[hyperleukocytosis_emergency.id]) == {}


def test_while_leukemia_is_only_suspected_no_rasburicase_is_drafted():
    suspected = (diagnosis(AML, "provisional"), count(180), *BODY, assay("normal"))
    assert urate_drafts(cards(PATIENT_VIEW, *suspected)[hyperleukocytosis_emergency.id]) == {}


def test_in_pregnancy_a_normal_result_stays_normal_and_the_drug_is_left_to_the_team():
    reason = "no rasburicase is drafted; weigh benefit and risk"
    for someone, is_said in ((PREGNANT, True), ((aged(30, "female"),), False)):
        opened = on_opening(*someone, assay("normal"))
        ordered = on_ordering(ALLOPURINOL, allopurinol_high_tls_risk, *someone, assay("normal"))
        assert (reason in opened["detail"], reason in ordered["detail"]) == (is_said, is_said)
        assert "G6PD is normal: rasburicase is preferred" in opened["detail"]


# -- what the clinician reads ----------------------------------------------------------------------


def test_a_normal_result_after_a_deficient_one_is_explained_on_both_cards():
    reason = "A normal result beside it does not outweigh it"
    both = (assay("deficient", YEARS), assay("normal"))
    for records, is_said in ((both, True), (both[:1], False)):
        opened = on_opening(*records)
        ordered = on_ordering(RASBURICASE, rasburicase_g6pd, *records)
        assert (reason in opened["detail"], reason in ordered["detail"]) == (is_said, is_said)


def test_the_deficient_result_is_shown_with_its_date():
    opened = on_opening(assay("deficient", YEARS), assay("normal"))
    assert any(
        line.startswith("G6PD deficiency by assay positive, 2020-")
        for line in part(opened, "This patient")
    )


def test_an_old_result_that_could_not_be_read_is_named_on_both_cards():
    words = "could not be read as yes or no: 1.2 U/g Hb, 2020-"
    records = (measured(1.2, YEARS), assay("normal"))
    opened = on_opening(*records)
    ordered = on_ordering(RASBURICASE, rasburicase_g6pd, *records)
    for shown in (opened, ordered):
        assert any(words in line for line in part(shown, "Missing or uncertain"))


def test_a_normal_result_comes_with_what_transfusion_does_to_it():
    caution = "within 3 months after a red-cell transfusion"
    assert caution in on_opening(assay("normal"))["detail"]
    assert caution not in on_opening()["detail"]


def test_a_suspicion_is_tested_and_a_confirmed_deficiency_is_not():
    suspected, confirmed = diagnosis(G6PD_DEFICIENCY, "provisional"), diagnosis(G6PD_DEFICIENCY)
    once = (assay("deficient", YEARS), assay("normal"))
    assert "G6PD activity" in laboratory(on_opening(suspected))
    assert "G6PD activity" not in laboratory(on_opening(confirmed))
    assert "G6PD activity" not in laboratory(on_opening(*once))

    def offered(*records):
        return list(suggestions(on_ordering(RASBURICASE, rasburicase_g6pd, *records)))

    assert "Draft G6PD activity, STAT" in offered(suspected)
    assert "Draft G6PD activity, STAT" not in offered(confirmed)


# -- a site's own codes ---------------------------------------------------------------------------

SITE_CODES = (
    mapping("g6pd-activity", "LAB-G6PD"),
    mapping("g6pd-deficiency", "PROBLEM-G6PD"),
)


def recoded(resource, code):
    return {**resource, "code": {"coding": [{"system": LOCAL, "code": code}]}}


OF_A_SITE = {
    "once deficient": (
        recoded(assay("deficient", YEARS), "LAB-G6PD"),
        recoded(assay("normal"), "LAB-G6PD"),
    ),
    "once deficient by the site's code, later normal by a public one": (
        recoded(assay("deficient", YEARS), "LAB-G6PD"),
        assay("normal"),
    ),
    "suspected": (
        recoded(diagnosis(G6PD_DEFICIENCY, "provisional"), "PROBLEM-G6PD"),
        assay("normal"),
    ),
}


@pytest.mark.parametrize("records", OF_A_SITE.values(), ids=OF_A_SITE)
def test_a_code_of_the_site_counts_like_a_public_one(records, tmp_path, monkeypatch):
    site = read_site(folder(tmp_path, *SITE_CODES), concepts.CONCEPTS)
    known = Lexicon(map(site.extend, concepts.CONCEPTS), local=site.codes())
    assert questions.is_yes(questions.g6pd_normal(chart(assay("normal"))))
    assert not questions.is_yes(questions.g6pd_deficient(chart(*records)))
    monkeypatch.setattr(patients, "LEXICON", known)
    test_once_deficient_or_suspected_gets_no_rasburicase_on_any_card(records, PEOPLE["woman"])
