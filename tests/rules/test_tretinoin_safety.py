"""tretinoin-safety: catalogue R29."""

import pytest

from cds_service.finding import FALSE, TRUE
from hooks import ORDER_SELECT, ORDER_SIGN
from hooks.concepts import (
    APL,
    ARSENIC_TRIOXIDE,
    AZOLES,
    DYSPHAGIA,
    FIRST_TRIMESTER,
    FLUCONAZOLE,
    LATER_TRIMESTER,
    LEUKOCYTES,
    ONDANSETRON,
    PREGNANCY,
    PREGNANCY_STATUS,
    TETRACYCLINES,
    TRETINOIN,
)
from hooks.rules.tretinoin_safety import tretinoin_safety as rule
from tests.patients import (
    RXNORM,
    aged,
    answered,
    cards,
    chart,
    count,
    diagnosis,
    never_decisive,
    not_read,
    order,
    overrides,
    part,
    person,
    prescription,
    suggestions,
)

LEUKEMIA = diagnosis(APL)
DRUG = order(TRETINOIN, system=RXNORM)
ATC = "http://www.whocc.no/atc"
DAY = 24


def coded_as(name=None, **more):
    """The ingredient's code, which creams carry too."""
    return order(TRETINOIN, system=RXNORM, name=name, **more)


WARNS = {
    "tretinoin ordered in APL": (LEUKEMIA, DRUG),
    "no diagnosis on record": (DRUG,),
    "the drug of ATC group L01": (LEUKEMIA, order(TRETINOIN, system=ATC)),
    "tretinoin capsules": (LEUKEMIA, order("Tretinoin 10 mg oral capsule")),
    "ATRA in words": (LEUKEMIA, order("ATRA 45 mg/m2/day PO")),
    "a soft gelatin capsule, which is no gel": (
        LEUKEMIA,
        coded_as("tretinoin 10 mg, soft gelatin"),
    ),
    "a reason that speaks of the skin": (LEUKEMIA, coded_as(reason="APL with skin involvement")),
    "a route by mouth": (LEUKEMIA, coded_as(dose="40 mg", route="oral", times=2)),
    "capsules through a feeding tube": (
        LEUKEMIA,
        coded_as(text="40 mg via gastrostomy twice daily, protect skin from sun"),
    ),
    "capsules beside a cream": (
        LEUKEMIA,
        DRUG,
        order("tretinoin", name="tretinoin 0.05 % topical", identity="cream"),
    ),
}

SILENT = {
    "nothing ordered": (LEUKEMIA,),
    "tretinoin drafted but not selected": (
        LEUKEMIA,
        order(TRETINOIN, selected=False),
        order(ARSENIC_TRIOXIDE),
    ),
    "a cream by name": (order("Tretinoin 0.025 % cream"),),
    "a cream by the ingredient's code": (coded_as("tretinoin 0.025 % topical cream, 45 g tube"),),
    "a gel by the ingredient's code": (coded_as("Retin-A Micro 0.1 % gel"),),
    "a lotion by the ingredient's code": (coded_as("tretinoin 0.05% lotion"),),
    "a strength in percent and nothing more": (coded_as("tretinoin 0.05 %"),),
    "a route on the skin": (coded_as(dose="1 g", route="topical", times=1),),
    "an instruction for the skin": (coded_as(text="apply to face at bedtime"),),
    "a reason of the skin": (coded_as(reason="Acne vulgaris"),),
    "isotretinoin": (order("Isotretinoin 20 mg oral capsule"),),
    "topical tretinoin by its own ATC code": (
        order(TRETINOIN, system=ATC, code="D10AD01", name="Tretinoin, topical"),
    ),
}


@pytest.mark.parametrize("records", WARNS.values(), ids=WARNS)
def test_warns(records):
    assert rule.applies(chart(*records)).truth is TRUE


@pytest.mark.parametrize("records", SILENT.values(), ids=SILENT)
def test_silent(records):
    assert rule.applies(chart(*records)).truth is FALSE


def test_every_condition_matters():
    """Dropping any one condition from the rule would turn a silent case into a warning."""
    assert never_decisive(rule, SILENT.values()) == set()


# -- the card -------------------------------------------------------------------------------------

WOMAN = aged(29, "female")
PREGNANT = diagnosis(PREGNANCY)
EARLY = diagnosis(FIRST_TRIMESTER)
LATER = diagnosis(LATER_TRIMESTER)


def card(*records):
    return cards(ORDER_SELECT, *records)[rule.id]


@pytest.mark.parametrize(
    ("records", "indicator"),
    [
        ((), "info"),
        ((WOMAN,), "info"),
        ((WOMAN, PREGNANT, EARLY), "warning"),
        ((WOMAN, EARLY), "warning"),
        ((WOMAN, PREGNANT), "warning"),
        ((WOMAN, answered(PREGNANCY_STATUS, "pregnant")), "warning"),
        ((WOMAN, diagnosis(PREGNANCY, "provisional")), "warning"),
        ((WOMAN, PREGNANT, LATER), "info"),
        ((WOMAN, PREGNANT, EARLY, LATER), "warning"),
        ((WOMAN, diagnosis(PREGNANCY, clinical="resolved")), "info"),
        ((WOMAN, answered(PREGNANCY_STATUS, "not pregnant")), "info"),
        ((prescription(ONDANSETRON),), "info"),
        ((prescription(FLUCONAZOLE, "stopped"),), "info"),
    ],
)
def test_how_urgent_it_is(records, indicator):
    shown = cards(ORDER_SELECT, LEUKEMIA, *records, DRUG)
    assert list(shown) == [rule.id]
    assert shown[rule.id]["indicator"] == indicator
    general = shown[rule.id]["summary"] == (
        "Tretinoin (ATRA): watch differentiation syndrome and rising WBC; first trimester is a "
        "contraindication unless agreed; check swallowing."
    )
    assert general is (indicator == "info"), "a warning says what it warns of"


@pytest.mark.parametrize("drug", [*AZOLES, *TETRACYCLINES], ids=lambda drug: drug.id)
@pytest.mark.parametrize("as_draft", [False, True], ids=["running", "drafted"])
def test_an_azole_or_a_tetracycline_is_a_warning_that_names_it(drug, as_draft):
    other = order(drug, selected=False) if as_draft else prescription(drug)
    one = card(LEUKEMIA, other, DRUG)
    assert one["indicator"] == "warning"
    (line,) = [line for line in part(one, "Consider") if line.startswith("On record")]
    assert drug.title in line


def test_pregnancy_is_said_with_its_trimester_open():
    said = "pregnancy is recorded and the first trimester not excluded"
    assert said in card(WOMAN, PREGNANT, DRUG)["detail"]
    assert said not in card(WOMAN, PREGNANT, LATER, DRUG)["detail"]
    assert said not in card(WOMAN, DRUG)["detail"]


def test_it_shows_the_count_and_swallowing():
    basis = part(card(LEUKEMIA, count(14), diagnosis(DYSPHAGIA), DRUG), "This patient")
    assert "Order: tretinoin (ATRA)" in basis
    assert any(line.startswith("Leukocytes 14 ×10⁹/L, 2026-11-21") for line in basis)
    assert any(line.startswith("Dysphagia or feeding tube: active") for line in basis)
    missing = part(card(LEUKEMIA, DRUG, not_read(LEUKOCYTES)), "Missing or uncertain")
    assert any(line.startswith("Leukocytes") for line in missing)


def test_little_toxicity_is_attributed_and_contradicted():
    advice = part(card(LEUKEMIA, DRUG), "Consider")
    (line,) = [line for line in advice if "little toxicity" in line]
    assert line.startswith("Guideline summary: ")
    for words in ("early death is still seen", "differentiation syndrome", "pseudotumor cerebri"):
        assert words in line
    assert any("dexamethasone 10 mg every 12 h (label; choose the route" in line for line in advice)
    assert any("enteral route" in line for line in advice)


@pytest.mark.parametrize(
    ("records", "is_offered"),
    [
        ((aged(29, "male"),), False),
        ((aged(11, "female"),), False),
        ((aged(12, "female"),), True),
        ((aged(50, "female"),), True),
        ((aged(56, "female"),), False),
        ((person("1997", "female"),), True),
        ((WOMAN, answered(PREGNANCY_STATUS, "not pregnant", hours_ago=7 * DAY)), False),
        ((WOMAN, answered(PREGNANCY_STATUS, "not pregnant", hours_ago=7 * DAY + 1)), True),
        ((WOMAN, PREGNANT), False),
    ],
)
def test_a_pregnancy_test_is_offered_to_women_of_fertile_age(records, is_offered):
    offered = suggestions(card(LEUKEMIA, *records, DRUG))
    assert ("Draft pregnancy test" in offered) is is_offered


def test_it_takes_nothing_back():
    offered = suggestions(card(LEUKEMIA, WOMAN, PREGNANT, EARLY, DRUG))
    actions = [action for each in offered.values() for action in each["actions"]]
    assert [action for action in actions if action["type"] != "create"] == []


def test_it_speaks_at_selection_only():
    assert cards(ORDER_SIGN, LEUKEMIA, DRUG) == {}


def test_overrides_can_say_why():
    assert overrides(card(LEUKEMIA, DRUG)) == ["known-and-accepted", "expert-contradicts", "other"]
