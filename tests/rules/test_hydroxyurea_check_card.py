"""hydroxyurea-check: what its card says and offers. When it shows: test_hydroxyurea_check.py."""

import pytest

from hooks import ORDER_SELECT, ORDER_SIGN
from hooks.concepts import (
    ALL,
    ALS,
    AML,
    APL,
    BODY_HEIGHT,
    BODY_WEIGHT,
    CREATININE,
    DYSPHAGIA,
    ECOG,
    HYDROXYUREA,
    PML_RARA,
    PREGNANCY,
    PREGNANCY_STATUS,
)
from hooks.rules.hydroxyurea_check import hydroxyurea_check as rule
from tests.patients import (
    BODY,
    aged,
    answered,
    cards,
    count,
    diagnosis,
    order,
    overrides,
    part,
    person,
    prescription,
    result,
    suggestions,
)
from tests.rules.test_hydroxyurea_check import (
    CHECKED,
    HALVED,
    LEUKEMIA,
    ORDER,
    WOMAN,
    card,
    hydroxyurea,
)

# -- what the card says ----------------------------------------------------------------------------


def test_it_names_the_values_and_what_the_band_rests_on():
    one = card(LEUKEMIA, count(160), *CHECKED, ORDER)
    basis = part(one, "This patient")
    for value in ("Leukocytes 160", "Creatinine 0.9", "Body weight 70", "Body height 170"):
        assert any(line.startswith(value) and "2026-" in line for line in basis), value
    assert (
        "Hydroxyurea ordered 3,500 mg/day; band 3,297-3,956 mg/day (label weight 65.9 kg, "
        "creatinine clearance 79 mL/min)"
    ) in one["detail"]


def test_a_halved_band_that_no_capsules_meet_is_said():
    text = card(LEUKEMIA, *HALVED, hydroxyurea("1500 mg"))["detail"]
    assert "band 1,648-1,978 mg/day, halved for a creatinine clearance below 60 mL/min" in text
    assert "No number of 500 mg capsules meets it: the next below." in text


def test_the_sources_are_attributed():
    text = card(LEUKEMIA, *CHECKED, ORDER)["detail"]
    assert "Guideline summary: 50-60 mg/kg/day at once. Evidence: off-label in acute leuk" in text
    assert "Guideline summary: aim at a count below 10-20. Taper as the count nears 20" in text
    assert "not held back for genetics. Evidence: a convenient bridge in AML" in text
    for word in ("never", "must ", "mandatory", "contraindication"):
        assert word not in text.lower()


@pytest.mark.parametrize(
    ("records", "lacking"),
    [
        ((), "a weight of the last 90 d, a height, a creatinine of the last 48 h"),
        (BODY, "a creatinine of the last 48 h"),
        ((*BODY, result(CREATININE, 0.9, hours_ago=48 + 1 / 60)), "a creatinine of the last 48 h"),
        ((person(gender=None), *CHECKED), "the sex"),
        ((person("1964"), *HALVED), "the full birth date"),
        (
            (
                result(BODY_WEIGHT, 70, hours_ago=90 * 24 + 1),
                result(BODY_HEIGHT, 170),
                result(CREATININE, 0.9),
            ),
            "a weight of the last 90 d",
        ),
    ],
)
def test_what_the_band_lacks_is_named_as_missing(records, lacking):
    one = card(LEUKEMIA, *records, ORDER)
    words = f"Hydroxyurea dose: not compared with the band, which needs {lacking}"
    assert words in part(one, "Missing or uncertain")
    assert suggestions_that_change(one) == []


def test_an_unread_dose_is_named_as_missing_and_the_band_is_shown():
    one = card(LEUKEMIA, *CHECKED, order(HYDROXYUREA, text="as directed"))
    assert any("could not be read" in line for line in part(one, "Missing or uncertain"))
    assert "Here band 3,297-3,956 mg/day" in one["detail"]


def test_a_child_gets_no_band_and_no_dose():
    young = (aged(9), result(BODY_WEIGHT, 30), result(BODY_HEIGHT, 135), result(CREATININE, 0.4))
    one = card(*young, LEUKEMIA, hydroxyurea("1500 mg"))
    assert any("one for adults" in line for line in part(one, "Missing or uncertain"))
    assert "; band " not in one["detail"]
    assert suggestions_that_change(one) == []


def test_als_explains_a_low_creatinine():
    assert "cystatin C" in card(diagnosis(ALS), LEUKEMIA, ORDER)["detail"]
    assert "cystatin C" not in card(LEUKEMIA, ORDER)["detail"]


def test_a_second_prescription_is_pointed_out():
    assert "do not add up" in card(LEUKEMIA, prescription(HYDROXYUREA), ORDER)["detail"]
    assert "do not add up" not in card(LEUKEMIA, ORDER)["detail"]


# -- what it offers --------------------------------------------------------------------------------


def suggestions_that_change(one):
    return [label for label in suggestions(one) if label.startswith("Change")]


def test_the_computed_dose_is_an_update_of_the_whole_order():
    drafted = hydroxyurea("6000 mg", note="start tonight", identity="order-7")
    one = card(LEUKEMIA, *CHECKED, drafted)
    label = "Change the dose to 3,500 mg/day (7 capsules of 500 mg), 1 day"
    (action,) = suggestions(one)[label]["actions"]
    assert action["type"] == "update"
    resource = action["resource"]
    assert {name: each for name, each in resource.items() if name != "dosageInstruction"} == {
        name: each for name, each in drafted.resource.items() if name != "dosageInstruction"
    }
    (instruction,) = resource["dosageInstruction"]
    assert instruction["text"] == "7 capsules of 500 mg by mouth once daily for 1 day"
    assert instruction["route"] == {"text": "Oral"}
    assert instruction["doseAndRate"][0]["doseQuantity"]["value"] == 3500
    assert "isRecommended" not in suggestions(one)[label]


def test_the_computed_dose_is_halved_with_the_band():
    one = card(LEUKEMIA, *HALVED, ORDER)
    assert suggestions_that_change(one) == [
        "Change the dose to 1,500 mg/day (3 capsules of 500 mg), 1 day"
    ]


def test_who_cannot_swallow_is_offered_a_liquid():
    one = card(LEUKEMIA, *CHECKED, diagnosis(DYSPHAGIA), hydroxyurea("6000 mg"))
    change = suggestions(one)["Change the dose to 3,500 mg/day (as a liquid), 1 day"]
    changed = change["actions"][0]["resource"]
    (instruction,) = changed["dosageInstruction"]
    assert "capsule" not in str(changed).lower()
    assert changed["medicationCodeableConcept"]["text"] == "hydroxyurea, liquid form"
    assert instruction["route"] == {"text": "Oral or enteral tube"}
    assert "Draft pharmacy consult for a liquid" in suggestions(one)


NO_DOSE = {
    "a dose that fits": (LEUKEMIA, *CHECKED, ORDER),
    "pregnancy": (WOMAN, LEUKEMIA, diagnosis(PREGNANCY), *CHECKED, hydroxyurea("9000 mg")),
    "ALL": (diagnosis(ALL), *CHECKED, hydroxyurea("9000 mg")),
    "APL": (diagnosis(APL), *CHECKED, hydroxyurea("9000 mg")),
    "PML::RARA positive": (
        LEUKEMIA,
        answered(PML_RARA, "positive"),
        *CHECKED,
        hydroxyurea("9000 mg"),
    ),
    "AML only suspected": (diagnosis(AML, "provisional"), *CHECKED, hydroxyurea("9000 mg")),
    "creatinine not known": (LEUKEMIA, *BODY, hydroxyurea("9000 mg")),
    "hydroxyurea running": (
        LEUKEMIA,
        *CHECKED,
        prescription(HYDROXYUREA),
        hydroxyurea("9000 mg"),
    ),
    "two orders": (LEUKEMIA, *CHECKED, ORDER, hydroxyurea("9000 mg", identity="second")),
}


@pytest.mark.parametrize("records", NO_DOSE.values(), ids=NO_DOSE)
def test_no_dose_is_offered(records):
    assert suggestions_that_change(card(*records)) == []


@pytest.mark.parametrize("against", [PREGNANCY, ALL, APL])
def test_no_band_is_printed_for_a_drug_that_is_ruled_out(against):
    text = card(WOMAN, LEUKEMIA, diagnosis(against), *CHECKED, ORDER)["detail"]
    assert "No dose is computed here, for the reasons named above." in text


def test_missing_tests_are_drafted():
    def drafted(*records):
        found = suggestions(card(*records)).get("Draft missing tests", {"actions": []})
        return [each["resource"]["code"]["text"] for each in found["actions"]]

    kidneys, pregnancy = "Creatinine, for the creatinine clearance", "Pregnancy test"
    assert drafted(LEUKEMIA, ORDER) == [kidneys]
    assert drafted(LEUKEMIA, *CHECKED, ORDER) == []
    assert drafted(WOMAN, LEUKEMIA, *CHECKED, ORDER) == [pregnancy]
    tested = answered(PREGNANCY_STATUS, "not pregnant", hours_ago=7 * 24)
    assert drafted(WOMAN, LEUKEMIA, *CHECKED, tested, ORDER) == []
    assert drafted(aged(56, "female"), LEUKEMIA, *CHECKED, ORDER) == []


def test_scenario_37_warns_of_the_embryo_and_offers_no_hydroxyurea():
    pregnant = (WOMAN, LEUKEMIA, count(160), diagnosis(PREGNANCY), *CHECKED, ORDER)
    shown = cards(ORDER_SELECT, *pregnant)
    assert list(shown) == [rule.id]
    assert "harms the embryo and fetus" in shown[rule.id]["summary"]
    assert suggestions(shown[rule.id]) == {}


def test_it_shows_at_signing_too():
    assert list(cards(ORDER_SIGN, LEUKEMIA, *CHECKED, result(ECOG, 1), ORDER)) == [rule.id]


def test_overrides_can_say_why():
    assert overrides(card(LEUKEMIA, ORDER)) == [
        "dose-intended",
        "bridge-to-therapy",
        "pregnancy-agreed",
        "other",
    ]


@pytest.mark.parametrize(
    ("disease", "said", "unsaid"),
    [
        (AML, "a convenient bridge in AML", "not so in APL"),
        (ALL, "in ALL a steroid or lineage therapy is preferred.", "a convenient bridge"),
        (APL, "not so in APL, where ATRA comes first.", "a convenient bridge"),
    ],
    ids=["AML", "ALL", "APL"],
)
def test_what_was_found_in_aml_is_not_said_of_all_or_apl(disease, said, unsaid):
    text = card(diagnosis(disease), *CHECKED, count(182), ORDER)["detail"]
    assert said in text
    assert unsaid not in text
