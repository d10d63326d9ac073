"""neurotoxic-drug-als: catalogue R33, statements S0-36, S0-41 and X-03, scenarios 8 and 32."""

from dataclasses import replace

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from cds_service.service import Group
from hooks import ORDER_SELECT, ORDER_SIGN, concepts
from hooks.concepts import (
    ALL,
    ALS,
    AML,
    BLINATUMOMAB,
    CYTARABINE,
    DASATINIB,
    DAUNORUBICIN,
    DEXAMETHASONE,
    ECOG,
    FIBRINOGEN,
    FVC,
    IFOSFAMIDE,
    INR,
    INTRATHECAL_CHEMOTHERAPY,
    METHOTREXATE,
    NELARABINE,
    PLATELETS,
    T_LINEAGE_ALL,
    TOFERSEN,
    VENTILATOR_DEPENDENCE,
    VINBLASTINE,
    VINCRISTINE,
    VINORELBINE,
)
from hooks.rules.neurotoxic_drug_als import neurotoxic_drug_als as rule
from tests.patients import (
    BODY,
    SNOMED,
    cards,
    chart,
    count,
    diagnosis,
    never_decisive,
    not_read,
    order,
    overrides,
    part,
    result,
    suggestions,
)

ALONE = replace(ORDER_SELECT, groups=(Group(rule.id, (rule,)),))
DISEASE = diagnosis(ALS)
LEUKEMIA = diagnosis(ALL)
BY_NEEDLE = order(METHOTREXATE, dose="12 mg", route="Intrathecal")
ORDER = order(VINCRISTINE)


def into_vein(dose: str):
    return order(CYTARABINE, dose=dose, route="Intravenous", times=2)


WARNS = {
    f"{drug.title} in ALS and ALL": (DISEASE, LEUKEMIA, order(drug))
    for drug in (VINCRISTINE, VINBLASTINE, VINORELBINE, NELARABINE, BLINATUMOMAB, IFOSFAMIDE)
}
WARNS |= {
    "vincristine in ALS without leukemia": (DISEASE, ORDER),
    "vincristine by name alone": (DISEASE, order("vinCRIStine 2 mg IV push")),
    "ALS only suspected": (diagnosis(ALS, "provisional"), ORDER),
    "motor neuron disease, ALS not specified": (diagnosis(ALS, codes=ALS.suspected_by), ORDER),
    "cytarabine 1000 mg/m2 into the vein": (DISEASE, into_vein("1000 mg/m2")),
    "cytarabine 3 g/m2 into the vein": (DISEASE, into_vein("3 g/m2")),
    "cytarabine 1819 mg at 1.818 m2": (DISEASE, *BODY, into_vein("1819 mg")),
    "high-dose cytarabine by its name": (DISEASE, order("HiDAC consolidation")),
    "intrathecal methotrexate": (DISEASE, BY_NEEDLE),
    "intrathecal cytarabine": (DISEASE, order(CYTARABINE, dose="70 mg", route="Intrathecal")),
    "intrathecal chemotherapy as a procedure": (
        DISEASE,
        order(INTRATHECAL_CHEMOTHERAPY, system=SNOMED, procedure=True),
    ),
}

SILENT = {
    "no ALS": (LEUKEMIA, ORDER),
    "ALS refuted": (diagnosis(ALS, "refuted"), LEUKEMIA, ORDER),
    "ALS entered in error": (diagnosis(ALS, "entered-in-error"), LEUKEMIA, ORDER),
    "nothing ordered": (DISEASE, LEUKEMIA),
    "vincristine drafted, not selected": (DISEASE, order(VINCRISTINE, selected=False)),
    "nelarabine called off": (DISEASE, order(NELARABINE, status="cancelled")),
    "kinase inhibitor and steroid": (DISEASE, LEUKEMIA, order(DASATINIB), order(DEXAMETHASONE)),
    "cytarabine 999 mg/m2 into the vein": (DISEASE, into_vein("999 mg/m2")),
    "cytarabine 1817 mg at 1.818 m2": (DISEASE, *BODY, into_vein("1817 mg")),
    "low-dose cytarabine under the skin": (
        DISEASE,
        order(CYTARABINE, dose="20 mg", route="Subcutaneous", times=2),
    ),
    "methotrexate by mouth": (DISEASE, order(METHOTREXATE, dose="15 mg", route="Oral")),
    "tofersen, the intrathecal drug of ALS": (
        DISEASE,
        order(TOFERSEN, dose="100 mg", route="Intrathecal"),
    ),
}
SILENT |= {
    f"{drug.title} without ALS": (LEUKEMIA, order(drug))
    for drug in (VINBLASTINE, VINORELBINE, NELARABINE, BLINATUMOMAB, IFOSFAMIDE)
}

ASKS = {
    "ALS recorded as resolved": (diagnosis(ALS, clinical="resolved"), ORDER),
    "a problem list that could not be read": (ORDER, not_read(*concepts.CONDITIONS)),
    "cytarabine without route or dose": (DISEASE, order(CYTARABINE)),
    "cytarabine 2 g into the vein of unknown surface": (DISEASE, into_vein("2000 mg")),
    "methotrexate without a route": (DISEASE, order(METHOTREXATE, dose="12 mg")),
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


@pytest.mark.parametrize("drug", [VINCRISTINE, NELARABINE, BLINATUMOMAB, IFOSFAMIDE])
def test_it_warns_whatever_the_drug(drug):
    one = card(DISEASE, order(drug))
    assert one["indicator"] == "warning"
    assert one["summary"] == (
        "Neurotoxic drug drafted in ALS: weakness or breathing may worsen and be mistaken for ALS "
        "progression; involve neurology."
    )
    assert any(line.startswith(f"Order: {drug.title}") for line in part(one, "This patient"))


def test_it_shows_breathing_and_performance_with_their_dates():
    values = (result(FVC, 44, hours_ago=30 * 24), result(ECOG, 3, hours_ago=24))
    basis = part(card(DISEASE, diagnosis(VENTILATOR_DEPENDENCE), *values, ORDER), "This patient")
    assert any("(FVC), percent predicted 44 %, 2026-10-22" in line for line in basis)
    assert any(line.startswith("ECOG performance status 3, 2026-11-20") for line in basis)
    assert any(line.startswith("Ventilation support") and "active" in line for line in basis)


def test_milligrams_are_shown_with_the_body_they_were_judged_by():
    basis = part(card(DISEASE, *BODY, into_vein("1819 mg")), "This patient")
    assert any(line.startswith("Body weight 70 kg, 2026-11-19") for line in basis)
    assert any(line.startswith("Body height 170 cm") for line in basis)


def test_what_was_not_measured_is_named():
    missing = part(card(DISEASE, ORDER), "Missing or uncertain")
    assert any(line.startswith("Forced vital capacity") for line in missing)
    assert any(line.startswith("ECOG") for line in missing)


def test_vincristine_is_not_called_gentle_in_als():
    """Catalogue C6: the summary's low-intensity regimens are attributed and contradicted."""
    (line,) = (x for x in part(card(DISEASE, ORDER), "Consider") if "POMP" in x)
    assert line.startswith("Guideline summary: vincristine")
    assert "96% remission in older Ph-positive ALL" in line
    assert "That says nothing of ALS" in line
    assert "contraindicated in demyelinating Charcot-Marie-Tooth disease" in line
    assert "low-intensity" not in card(DISEASE, ORDER)["detail"].lower()
    assert "low intensity" not in card(DISEASE, ORDER)["detail"].lower()


@pytest.mark.parametrize(
    ("drug", "says", "says_not"),
    [
        (NELARABINE, "Guillain-Barré-like disease", "Blinatumomab"),
        (BLINATUMOMAB, "neurologic events in about 65%, severe in 13%", "Nelarabine"),
        (IFOSFAMIDE, "No trial data in ALS", "vincristine"),
    ],
)
def test_it_speaks_of_the_drug_that_was_ordered(drug, says, says_not):
    text = " ".join(part(card(DISEASE, order(drug)), "Consider"))
    assert says in text
    assert says_not not in text


def test_it_offers_neurology_and_a_baseline():
    offered = suggestions(card(DISEASE, ORDER))
    assert list(offered) == ["Draft neurology review", "Draft baseline examination"]
    (baseline,) = offered["Draft baseline examination"]["actions"]
    assert "strength and forced vital capacity" in baseline["resource"]["code"]["text"]


def test_overrides_can_say_why():
    assert overrides(card(DISEASE, ORDER)) == ["expert-contradicts", "no-alternative", "other"]


def test_suspected_als_is_called_not_confirmed():
    said = "ALS is not confirmed"
    assert said in card(diagnosis(ALS, "provisional"), ORDER)["detail"]
    assert said not in card(DISEASE, ORDER)["detail"]


# -- beside other cards ----------------------------------------------------------------------------

SAFE = (result(PLATELETS, 120), result(FIBRINOGEN, 300), result(INR, 1.0), count(6))
UNSAFE = (result(PLATELETS, 12), result(FIBRINOGEN, 300), result(INR, 1.0), count(6))


def also(card):
    return card["extension"]["org.als-leukemia-cds.rule"].get("also", [])


@pytest.mark.parametrize("service", [ORDER_SELECT, ORDER_SIGN], ids=lambda service: service.hook)
@pytest.mark.parametrize(
    ("values", "host", "guest"),
    [
        (SAFE, rule.id, "puncture-bleeding-risk"),
        (UNSAFE, "puncture-bleeding-risk", rule.id),
        ((), "puncture-bleeding-risk", rule.id),
    ],
    ids=["safe values", "unsafe values", "unknown values"],
)
def test_an_intrathecal_drug_gives_one_card_by_what_is_worse(service, values, host, guest):
    found = cards(service, DISEASE, LEUKEMIA, *values, BY_NEEDLE)
    assert list(found) == [host]
    assert guest in also(found[host])
    assert "involve neurology" in found[host]["summary"] + found[host]["detail"]


@pytest.mark.parametrize("lineage", [(), (diagnosis(T_LINEAGE_ALL),)], ids=["unknown", "T"])
def test_blinatumomab_in_als_gives_one_card_with_the_lines_of_both(lineage):
    found = cards(ORDER_SIGN, DISEASE, LEUKEMIA, *lineage, order(BLINATUMOMAB))
    assert list(found) == [rule.id]
    assert also(found[rule.id]) == ["blinatumomab-eligibility"]
    assert "88 of 113" in found[rule.id]["detail"]


@pytest.mark.parametrize("service", [ORDER_SELECT, ORDER_SIGN], ids=lambda service: service.hook)
def test_vincristine_of_an_intensive_regimen_gets_no_second_card(service):
    found = cards(service, DISEASE, LEUKEMIA, order(DAUNORUBICIN), ORDER)
    assert list(found) == ["intensive-therapy-als"]
    assert rule.id in also(found["intensive-therapy-als"])


def test_high_dose_cytarabine_gets_no_second_card():
    found = cards(ORDER_SELECT, DISEASE, diagnosis(AML), into_vein("3 g/m2"))
    assert list(found) == ["intensive-therapy-als"]
