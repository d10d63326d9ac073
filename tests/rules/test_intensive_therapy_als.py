"""intensive-therapy-als: catalogue R13, scenarios 5-9. Doses: tests/hooks/test_regimens.py."""

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import ORDER_SELECT, concepts
from hooks.concepts import (
    ALL,
    ALS,
    AML,
    APL,
    CYTARABINE,
    DAUNORUBICIN,
    ECOG,
    FVC,
    HYDROXYUREA,
    IDARUBICIN,
    INTENSIVE_PROTOCOL,
    KARNOFSKY,
    METHOTREXATE,
    MIXED_PHENOTYPE_ACUTE_LEUKEMIA,
    OTHER_LEUKEMIA,
    TRETINOIN,
    UNSPECIFIED_ACUTE_LEUKEMIA,
    VALUE_SETS,
    VENTILATOR_DEPENDENCE,
    VINCRISTINE,
)
from hooks.rules.intensive_therapy_als import intensive_therapy_als as rule
from tests.patients import (
    BODY,
    ICD_10,
    SNOMED,
    aged,
    cards,
    chart,
    count,
    diagnosis,
    in_remission,
    never_decisive,
    not_read,
    order,
    overrides,
    part,
    person,
    prescription,
    relapsed,
    result,
    suggestions,
)

DISEASE = diagnosis(ALS)
LEUKEMIA = diagnosis(AML)
BOTH = (DISEASE, LEUKEMIA)
ANTHRACYCLINE = order(DAUNORUBICIN)
INDUCTION = order(CYTARABINE, dose="100 mg/m2", route="continuous intravenous infusion", times=1)
LOW_DOSE = order(CYTARABINE, dose="20 mg", route="subcutaneous", times=2)

WARNS = {
    "7+3 as two orders": (*BOTH, INDUCTION, ANTHRACYCLINE),
    "an anthracycline, which needs no dose": (*BOTH, ANTHRACYCLINE),
    "idarubicin": (*BOTH, order(IDARUBICIN)),
    "doxorubicin": (*BOTH, order(concepts.DOXORUBICIN)),
    "mitoxantrone": (*BOTH, order(concepts.MITOXANTRONE)),
    "CPX-351": (*BOTH, order(concepts.CPX_351)),
    "fludarabine": (*BOTH, order(concepts.FLUDARABINE)),
    "cladribine by infusion": (*BOTH, order(concepts.CLADRIBINE)),
    "clofarabine": (*BOTH, order(concepts.CLOFARABINE)),
    "etoposide": (*BOTH, order(concepts.ETOPOSIDE)),
    "asparaginase in ALL": (DISEASE, diagnosis(ALL), order(concepts.ASPARAGINASE)),
    "pegaspargase in ALL": (DISEASE, diagnosis(ALL), order(concepts.PEGASPARGASE)),
    "calaspargase in ALL": (DISEASE, diagnosis(ALL), order(concepts.CALASPARGASE)),
    "induction cytarabine alone": (*BOTH, INDUCTION),
    "high-dose methotrexate in ALL": (
        DISEASE,
        diagnosis(ALL),
        order(METHOTREXATE, dose="500 mg/m2", route="intravenous"),
    ),
    "a regimen ordered by name": (*BOTH, order("7+3 induction chemotherapy", procedure=True)),
    "a regimen by a code that the site mapped": (*BOTH, order(INTENSIVE_PROTOCOL)),
    "daunorubicin by name only": (*BOTH, order("daunorubicin 60 mg/m2 IV")),
    "ALS only suspected": (diagnosis(ALS, "provisional"), LEUKEMIA, ANTHRACYCLINE),
    "ALS coded in SNOMED CT": (diagnosis(ALS, system=SNOMED), LEUKEMIA, ANTHRACYCLINE),
    "motor neuron disease, ALS not specified": (
        diagnosis(ALS, codes=VALUE_SETS["motor-neuron-disease"], system=ICD_10),
        LEUKEMIA,
        ANTHRACYCLINE,
    ),
    "AML only suspected": (DISEASE, diagnosis(AML, "unconfirmed"), ANTHRACYCLINE),
    "AML relapsed": (DISEASE, relapsed(AML), ANTHRACYCLINE),
    "mixed phenotype leukemia": (
        DISEASE,
        diagnosis(MIXED_PHENOTYPE_ACUTE_LEUKEMIA),
        ANTHRACYCLINE,
    ),
    "acute leukemia without lineage": (
        DISEASE,
        diagnosis(UNSPECIFIED_ACUTE_LEUKEMIA),
        ANTHRACYCLINE,
    ),
    "APL": (DISEASE, diagnosis(APL), ANTHRACYCLINE),
}

SILENT = {
    "low-dose cytarabine": (*BOTH, LOW_DOSE),
    "hydroxyurea": (*BOTH, order(HYDROXYUREA)),
    "azacitidine": (*BOTH, order(VALUE_SETS["azacitidine"])),
    "venetoclax": (*BOTH, order(VALUE_SETS["venetoclax"])),
    "a tyrosine kinase inhibitor in ALL": (
        DISEASE,
        diagnosis(ALL),
        order(VALUE_SETS["dasatinib"]),
    ),
    "a steroid in ALL": (DISEASE, diagnosis(ALL), order(VALUE_SETS["prednisone"])),
    "vincristine, of which another rule speaks": (DISEASE, diagnosis(ALL), order(VINCRISTINE)),
    "intrathecal cytarabine": (*BOTH, order(CYTARABINE, dose="50 mg", route="intrathecal")),
    "intrathecal methotrexate": (
        DISEASE,
        diagnosis(ALL),
        order(METHOTREXATE, dose="12 mg", route="intrathecal"),
    ),
    "methotrexate tablets in maintenance": (
        DISEASE,
        diagnosis(ALL),
        order(METHOTREXATE, dose="20 mg/m2", route="oral"),
    ),
    "cladribine tablets for multiple sclerosis": (
        *BOTH,
        order("Mavenclad (cladribine) tablet 10 mg"),
    ),
    "an anthracycline drafted but not selected": (
        *BOTH,
        order(DAUNORUBICIN, selected=False),
        order(HYDROXYUREA),
    ),
    "an anthracycline whose draft was cancelled": (
        *BOTH,
        order(DAUNORUBICIN, status="cancelled"),
    ),
    "nothing ordered": BOTH,
    "no ALS": (LEUKEMIA, ANTHRACYCLINE),
    "ALS refuted": (diagnosis(ALS, "refuted"), LEUKEMIA, ANTHRACYCLINE),
    "ALS entered in error": (diagnosis(ALS, "entered-in-error"), LEUKEMIA, ANTHRACYCLINE),
    "no leukemia": (DISEASE, ANTHRACYCLINE),
    "CLL": (DISEASE, diagnosis(OTHER_LEUKEMIA), order(concepts.FLUDARABINE)),
    "AML refuted": (DISEASE, diagnosis(AML, "refuted"), ANTHRACYCLINE),
    "AML in remission": (DISEASE, in_remission(AML), ANTHRACYCLINE),
    "AML resolved": (DISEASE, diagnosis(AML, clinical="resolved"), ANTHRACYCLINE),
}

ASKS = {
    "cytarabine without route and dose": (*BOTH, order(CYTARABINE)),
    "cytarabine without route": (*BOTH, order(CYTARABINE, dose="100 mg/m2", times=1)),
    "cytarabine without dose": (*BOTH, order(CYTARABINE, route="intravenous")),
    "cytarabine between the schedules": (
        *BOTH,
        order(CYTARABINE, dose="99 mg/m2", route="intravenous", times=1),
    ),
    "ALS resolved, which cannot be": (
        diagnosis(ALS, clinical="resolved"),
        LEUKEMIA,
        ANTHRACYCLINE,
    ),
    "AML active and in remission, neither entry dated": (
        DISEASE,
        diagnosis(AML, recorded=None),
        in_remission(AML, recorded=None),
        ANTHRACYCLINE,
    ),
    "a problem list that could not be read": (
        not_read(*concepts.CONDITIONS),
        ANTHRACYCLINE,
    ),
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


# -- the card -------------------------------------------------------------------------------------

ABLE = (result(ECOG, 1, hours_ago=24), result(FVC, 82, hours_ago=24 * 20))
REMOVE = "Remove the drafted intensive drugs (whole regimen)"


def card(*records):
    return cards(ORDER_SELECT, *records)[rule.id]


def removed(*records):
    return [action["resourceId"] for action in suggestions(card(*records))[REMOVE]["actions"]]


def test_scenario_7_is_a_warning_that_shows_the_facts():
    shown = card(*BOTH, *ABLE, INDUCTION, ANTHRACYCLINE)
    assert shown["indicator"] == "warning"
    assert shown["summary"] == (
        "Intensive leukemia therapy drafted in a patient with ALS: confirm fitness, breathing "
        "reserve and goals before signing."
    )
    basis = part(shown, "This patient")
    assert "Order: daunorubicin" in basis
    infused = "Order: cytarabine, 100 mg/m2, continuous intravenous infusion, once a day"
    assert infused in basis
    assert any(line.startswith("ECOG performance status 1") for line in basis)
    assert any("percent predicted 82 %" in line for line in basis)
    assert "absolute" not in shown["detail"].lower()
    assert "no guideline lists ALS as an exclusion" in shown["detail"]


def test_one_suggestion_takes_back_the_whole_regimen():
    shown = card(*BOTH, INDUCTION, ANTHRACYCLINE)
    assert list(suggestions(shown)) == [
        REMOVE,
        "Draft hematology and neurology review",
        "Draft palliative care referral",
    ]
    actions = suggestions(shown)[REMOVE]["actions"]
    assert {action["type"] for action in actions} == {"delete"}
    assert [action["resourceId"] for action in actions] == [
        "MedicationRequest/cytarabine",
        "MedicationRequest/daunorubicin",
    ]


def test_each_order_taken_back_is_named():
    """A client that takes one action at a time shows a button for each."""
    drafts = (
        *(INDUCTION, ANTHRACYCLINE, order(concepts.CPX_351)),
        *(order("7+3"), order("7+3: cytarabine 100 mg/m2", identity="by-name")),
        order(VINCRISTINE, selected=False),
    )
    actions = suggestions(card(*BOTH, *drafts))[REMOVE]["actions"]
    words = "Remove the drafted "
    assert [action["description"].removeprefix(words) for action in actions] == [
        "cytarabine",
        "daunorubicin",
        "liposomal daunorubicin and cytarabine (CPX-351)",
        "intensive regimen ordered by name",
        "cytarabine",
        "vincristine",
    ]


def test_the_other_half_of_the_regimen_goes_too_and_nothing_else():
    """What was drafted but not selected: cytarabine goes, the antiemetic and steroid stay."""
    drafts = (
        ANTHRACYCLINE,
        order(CYTARABINE, selected=False),
        order(VALUE_SETS["dexamethasone"]),
        order("ondansetron 8 mg"),
        order(HYDROXYUREA),
    )
    assert removed(*BOTH, *drafts) == [
        "MedicationRequest/daunorubicin",
        "MedicationRequest/cytarabine",
    ]


def test_low_dose_cytarabine_is_not_taken_back():
    assert removed(*BOTH, ANTHRACYCLINE, LOW_DOSE) == ["MedicationRequest/daunorubicin"]


@pytest.mark.parametrize(
    ("fact", "indicator"),
    [
        (result(FVC, 50), "warning"),
        (result(FVC, 49.9), "critical"),
        (result(FVC, 49.9, hours_ago=90 * 24), "critical"),
        (result(FVC, 49.9, hours_ago=90 * 24 + 1 / 60), "warning"),
        (result(FVC, 0.38, "ratio"), "critical"),
        (diagnosis(VENTILATOR_DEPENDENCE), "critical"),
        (diagnosis(VENTILATOR_DEPENDENCE, codes=VALUE_SETS["tracheostomy"]), "critical"),
        (diagnosis(VENTILATOR_DEPENDENCE, clinical="resolved"), "warning"),
        (result(ECOG, 2), "warning"),
        (result(ECOG, 3), "critical"),
        (result(ECOG, 4, hours_ago=30 * 24), "critical"),
        (result(ECOG, 4, hours_ago=30 * 24 + 1 / 60), "warning"),
        (result(KARNOFSKY, 41), "warning"),
        (result(KARNOFSKY, 40), "critical"),
    ],
    ids=[
        "FVC 50 %",
        "FVC 49.9 %",
        "FVC 49.9 % exactly 90 d old",
        "FVC 49.9 % older than 90 d",
        "FVC 0.38 as a ratio",
        "on a ventilator",
        "with a tracheostomy",
        "ventilated in the past",
        "ECOG 2",
        "ECOG 3",
        "ECOG 4 exactly 30 d old",
        "ECOG 4 older than 30 d",
        "Karnofsky 41",
        "Karnofsky 40",
    ],
)
def test_weak_breathing_or_performance_makes_it_critical(fact, indicator):
    assert card(*BOTH, ANTHRACYCLINE, fact)["indicator"] == indicator


def test_what_could_make_it_critical_and_is_not_known_is_named():
    missing = part(card(*BOTH, ANTHRACYCLINE), "Missing or uncertain")
    assert "ECOG performance status: not recorded" in missing
    assert "Forced vital capacity (FVC), percent predicted: not recorded" in missing


def test_atra_with_an_anthracycline_in_apl_is_only_information():
    """Only in high-risk APL, above 10 ×10⁹/L: there the anthracycline is the standard."""
    apl = (DISEASE, diagnosis(APL), result(ECOG, 3), count(10.1))
    assert card(*apl, ANTHRACYCLINE)["indicator"] == "critical"
    assert card(*apl, ANTHRACYCLINE, order(TRETINOIN))["indicator"] == "info"
    assert card(*apl, ANTHRACYCLINE, prescription(TRETINOIN))["indicator"] == "info"
    low_risk = (DISEASE, diagnosis(APL), count(10))
    assert card(*low_risk, ANTHRACYCLINE, order(TRETINOIN))["indicator"] == "warning"
    assert card(*BOTH, ANTHRACYCLINE, order(TRETINOIN))["indicator"] == "warning"


def test_the_anthracycline_of_high_risk_apl_is_not_offered_for_removal():
    apl = (DISEASE, diagnosis(APL), count(10.1), ANTHRACYCLINE)
    assert REMOVE in suggestions(card(*apl))
    shown = card(*apl, order(TRETINOIN))
    assert REMOVE not in suggestions(shown)
    assert "Read as ATRA with an anthracycline for high-risk APL" in shown["detail"]


def test_the_age_stands_beside_figures_of_an_age():
    shown = card(*BOTH, ANTHRACYCLINE, aged(44))
    assert "aged 70 or more" in shown["detail"]
    assert "Age 44 y" in part(shown, "This patient")
    unknown = part(card(*BOTH, ANTHRACYCLINE, person(None)), "Missing or uncertain")
    assert "Age: birth date not recorded" in unknown


def test_mortality_of_aml_is_said_of_aml_alone():
    words = "given intensive AML therapy"
    assert words in card(*BOTH, ANTHRACYCLINE)["detail"]
    assert words not in card(DISEASE, diagnosis(ALL), ANTHRACYCLINE)["detail"]
    assert words not in card(DISEASE, diagnosis(APL), ANTHRACYCLINE)["detail"]


def test_the_card_says_what_is_only_suspected():
    text = card(diagnosis(ALS, "provisional"), diagnosis(AML, "provisional"), ANTHRACYCLINE)
    assert "ALS is not confirmed" in text["detail"]
    assert "Acute leukemia is suspected, not confirmed" in text["detail"]


def test_a_drug_known_by_name_only_is_said_to_be():
    basis = part(card(*BOTH, order("daunorubicin 60 mg/m2 IV")), "This patient")
    assert "Order: daunorubicin (recognised by name, no known code)" in basis


def test_scenarios_5_and_6_low_dose_is_silent_up_to_twice_the_trial_dose():
    high = order(CYTARABINE, dose="36 mg", route="SC", times=2)
    assert cards(ORDER_SELECT, *BOTH, *BODY, LOW_DOSE) == {}
    assert cards(ORDER_SELECT, *BOTH, *BODY, high) == {}


def test_scenario_9_unclassified_cytarabine_is_silent_while_selecting():
    assert cards(ORDER_SELECT, *BOTH, order(CYTARABINE)) == {}


def test_unclassified_cytarabine_is_a_line_on_the_card_of_the_anthracycline():
    shown = card(*BOTH, count(30), ANTHRACYCLINE, order(CYTARABINE))
    assert shown["indicator"] == "warning"
    assert removed(*BOTH, ANTHRACYCLINE, order(CYTARABINE)) == [
        "MedicationRequest/daunorubicin",
        "MedicationRequest/cytarabine",
    ]


def test_overrides_can_say_why():
    assert overrides(card(*BOTH, ANTHRACYCLINE)) == [
        "preserved-function",
        "prefers-alternative",
        "patient-ineligible",
        "apl-high-risk-regimen",
        "quiet-24-hours",
        "other",
    ]
