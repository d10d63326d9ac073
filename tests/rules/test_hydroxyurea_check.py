"""hydroxyurea-check: catalogue R18, scenario 37. What orders amount to: test_ordered_dose.py."""

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import ORDER_SELECT, concepts
from hooks.concepts import (
    ALL,
    ALS,
    AML,
    APL,
    BODY_HEIGHT,
    BODY_WEIGHT,
    CREATININE,
    DYSPHAGIA,
    HYDROXYUREA,
    MIXED_PHENOTYPE_ACUTE_LEUKEMIA,
    OTHER_LEUKEMIA,
    PML_RARA,
    PREGNANCY,
    PREGNANCY_STATUS,
    UNSPECIFIED_ACUTE_LEUKEMIA,
    VENETOCLAX,
)
from hooks.rules.hydroxyurea_check import hydroxyurea_check as rule
from tests.patients import (
    BODY,
    aged,
    answered,
    cards,
    chart,
    diagnosis,
    in_remission,
    never_decisive,
    not_read,
    order,
    part,
    person,
    prescription,
    relapsed,
    result,
)

LEUKEMIA = diagnosis(AML)
CAPSULES = "Hydroxyurea 500 mg oral capsule"


def hydroxyurea(dose="3500 mg", times=1, name=CAPSULES, **more):
    return order(HYDROXYUREA, name=name, dose=dose, times=times, **more)


ORDER = hydroxyurea()
CHECKED = (*BODY, result(CREATININE, 0.9))
"""Label weight 65.9 kg, clearance 79 mL/min: 3,297-3,956 mg/day."""
HALVED = (*BODY, result(CREATININE, 1.2))
"""Clearance 59.5 mL/min: 1,648-1,978 mg/day, which no number of capsules meets."""
UNHALVED = (*BODY, result(CREATININE, 1.19))
"""Clearance 60.02 mL/min."""
LIGHT = (result(BODY_WEIGHT, 41), result(BODY_HEIGHT, 170), result(CREATININE, 0.5))
"""Actual weight below the ideal one: 2,050-2,460 mg/day."""

WARNS = {
    "AML": (LEUKEMIA, ORDER),
    "ALL": (diagnosis(ALL), ORDER),
    "APL": (diagnosis(APL), ORDER),
    "acute leukemia without lineage": (diagnosis(UNSPECIFIED_ACUTE_LEUKEMIA), ORDER),
    "mixed phenotype leukemia": (diagnosis(MIXED_PHENOTYPE_ACUTE_LEUKEMIA), ORDER),
    "AML only suspected": (diagnosis(AML, "provisional"), ORDER),
    "AML relapsed": (relapsed(AML), ORDER),
    "AML beside CML": (diagnosis(OTHER_LEUKEMIA), LEUKEMIA, ORDER),
    "in ALS too": (diagnosis(ALS), LEUKEMIA, ORDER),
    "an order without a dose": (LEUKEMIA, order(HYDROXYUREA)),
    "an order by its brand name": (LEUKEMIA, order("Hydrea 500 mg capsule")),
    "an order by its European name": (LEUKEMIA, order("Hydroxycarbamide 500 mg")),
}

SILENT = {
    "CML or another chronic leukemia": (diagnosis(OTHER_LEUKEMIA), ORDER),
    "no leukemia, as in sickle cell disease": (ORDER,),
    "AML in remission": (in_remission(AML), ORDER),
    "AML refuted": (diagnosis(AML, "refuted"), ORDER),
    "another drug": (LEUKEMIA, order(VENETOCLAX)),
    "hydroxyurea drafted but not selected": (LEUKEMIA, hydroxyurea(selected=False)),
    "hydroxyurea running, nothing ordered": (LEUKEMIA, prescription(HYDROXYUREA)),
}

ASKS = {
    "a problem list that could not be read": (not_read(*concepts.CONDITIONS), ORDER),
    "AML active and in remission, neither entry dated": (
        diagnosis(AML, recorded=None),
        in_remission(AML, recorded=None),
        ORDER,
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


# -- how urgent ------------------------------------------------------------------------------------


def card(*records):
    return cards(ORDER_SELECT, *records)[rule.id]


WOMAN = aged(29, "female")
PLAIN = (
    "Hydroxyurea: check mg/kg band, renal function, pregnancy, lineage and swallowing route before "
    "signing."
)

INFO = {
    "seven capsules, computed for this body": (LEUKEMIA, *CHECKED, ORDER),
    "the same in two doses": (LEUKEMIA, *CHECKED, hydroxyurea("1750 mg", 2)),
    "the lowest dose of the band": (LEUKEMIA, *CHECKED, hydroxyurea("3297 mg")),
    "the highest dose of the band": (LEUKEMIA, *CHECKED, hydroxyurea("3956 mg")),
    "50 mg/kg by the actual weight": (LEUKEMIA, *CHECKED, hydroxyurea("50 mg/kg")),
    "a clearance just above 60, the full dose": (LEUKEMIA, *UNHALVED, ORDER),
    "a clearance below 60, the next capsule below the halved band": (
        LEUKEMIA,
        *HALVED,
        hydroxyurea("1500 mg"),
    ),
    "a clearance below 60, a dose within the halved band": (
        LEUKEMIA,
        *HALVED,
        hydroxyurea("1750 mg"),
    ),
    "a birth year alone, both ages with a clearance above 60": (
        person("1964"),
        LEUKEMIA,
        *CHECKED,
        ORDER,
    ),
    "creatinine not known": (LEUKEMIA, *BODY, ORDER),
    "creatinine not known, the least that the halved band may come to": (
        LEUKEMIA,
        *BODY,
        hydroxyurea("1149 mg"),
    ),
    "nothing measured": (LEUKEMIA, ORDER),
    "no dose": (LEUKEMIA, *CHECKED, order(HYDROXYUREA)),
    "a liquid in dysphagia": (
        LEUKEMIA,
        *CHECKED,
        diagnosis(DYSPHAGIA),
        hydroxyurea(name="Hydroxyurea 100 mg/mL oral solution"),
    ),
    "41 kg, where no number of capsules meets the band: the next below": (
        LEUKEMIA,
        *LIGHT,
        hydroxyurea("2000 mg"),
    ),
    "lineage not known": (diagnosis(UNSPECIFIED_ACUTE_LEUKEMIA), *CHECKED, ORDER),
    "a woman not known to be pregnant": (WOMAN, LEUKEMIA, ORDER),
    "a child, for whom there is no band": (aged(9), LEUKEMIA, hydroxyurea("9000 mg")),
}


@pytest.mark.parametrize("records", INFO.values(), ids=INFO)
def test_what_fits_or_is_not_known_is_a_note(records):
    one = card(*records)
    assert one["indicator"] == "info"
    assert one["summary"] == PLAIN


OUTSIDE = {
    "above the band": (LEUKEMIA, *CHECKED, hydroxyurea("3957 mg")),
    "eight capsules, in the band of the actual weight only": (
        LEUKEMIA,
        *CHECKED,
        hydroxyurea("8 capsule"),
    ),
    "below the band": (LEUKEMIA, *CHECKED, hydroxyurea("3296 mg")),
    "61 mg/kg": (LEUKEMIA, *CHECKED, hydroxyurea("61 mg/kg")),
    "47 mg/kg": (LEUKEMIA, *CHECKED, hydroxyurea("47 mg/kg")),
    "twice the dose in two instructions": (
        LEUKEMIA,
        *CHECKED,
        order(HYDROXYUREA, instructions=({"text": "7 capsules of 500 mg daily"},) * 2),
    ),
    "the full dose in two orders": (
        LEUKEMIA,
        *CHECKED,
        ORDER,
        hydroxyurea(identity="second"),
    ),
    "a dose in text": (LEUKEMIA, *CHECKED, order(HYDROXYUREA, text="12 capsules of 500 mg daily")),
    "41 kg, the next number of capsules above the band": (LEUKEMIA, *LIGHT, hydroxyurea("2500 mg")),
    "41 kg, the second number of capsules below the band": (
        LEUKEMIA,
        *LIGHT,
        hydroxyurea("1500 mg"),
    ),
    "a clearance just below 60, the full dose": (LEUKEMIA, *HALVED, ORDER),
    "a clearance below 60, above the halved band": (LEUKEMIA, *HALVED, hydroxyurea("2000 mg")),
    "a clearance below 60, below the next capsule": (LEUKEMIA, *HALVED, hydroxyurea("1499 mg")),
    "a clearance above 60, the halved dose": (LEUKEMIA, *UNHALVED, hydroxyurea("1500 mg")),
    "creatinine not known, above the full band": (LEUKEMIA, *BODY, hydroxyurea("4000 mg")),
    "creatinine not known, a capsule below the halved band": (
        LEUKEMIA,
        *BODY,
        hydroxyurea("1148 mg"),
    ),
    "height not known, above the band of the weight": (
        LEUKEMIA,
        result(BODY_WEIGHT, 70),
        hydroxyurea("4201 mg"),
    ),
    "weight not known, more than the largest": (LEUKEMIA, hydroxyurea("6001 mg")),
    "weight not known, 61 mg/kg": (LEUKEMIA, hydroxyurea("61 mg/kg")),
    "weight not known, 24 mg/kg": (LEUKEMIA, hydroxyurea("24 mg/kg")),
}


@pytest.mark.parametrize("records", OUTSIDE.values(), ids=OUTSIDE)
def test_a_dose_outside_the_band_warns(records):
    one = card(*records)
    assert one["indicator"] == "warning"
    assert one["summary"].startswith("Hydroxyurea dose is outside the band")
    assert "the dose is outside the band" in one["detail"]


OTHERWISE = {
    "pregnancy on the problem list": ((WOMAN, LEUKEMIA, diagnosis(PREGNANCY)), "pregnancy"),
    "pregnancy suspected": ((WOMAN, LEUKEMIA, diagnosis(PREGNANCY, "provisional")), "pregnancy"),
    "a recorded status": ((WOMAN, LEUKEMIA, answered(PREGNANCY_STATUS, "pregnant")), "pregnancy"),
    "ALL": ((diagnosis(ALL),), "ALL"),
    "ALL suspected beside AML": ((LEUKEMIA, diagnosis(ALL, "provisional")), "ALL"),
    "APL": ((diagnosis(APL),), "APL"),
    "APL suspected": ((LEUKEMIA, diagnosis(APL, "provisional")), "APL"),
    "PML::RARA positive": ((LEUKEMIA, answered(PML_RARA, "positive")), "APL"),
    "dysphagia and capsules": ((LEUKEMIA, diagnosis(DYSPHAGIA)), "swallowing"),
    "dysphagia suspected": ((LEUKEMIA, diagnosis(DYSPHAGIA, "provisional")), "swallowing"),
}


@pytest.mark.parametrize(("records", "word"), OTHERWISE.values(), ids=OTHERWISE)
def test_what_speaks_against_it_warns_and_is_named(records, word):
    one = card(*records, *CHECKED, ORDER)
    assert one["indicator"] == "warning"
    assert word in one["summary"]
    (found,) = [line for line in part(one, "Consider") if line.startswith("Found here:")]
    assert word in found


def test_a_form_not_stated_counts_as_capsules():
    records = (LEUKEMIA, *CHECKED, diagnosis(DYSPHAGIA))
    assert card(*records, order(HYDROXYUREA, dose="3500 mg", times=1))["indicator"] == "warning"
    noted = hydroxyurea(note="no liquid in stock")
    assert card(*records, noted)["indicator"] == "warning"


def test_one_liquid_does_not_speak_for_the_capsules_beside_it():
    liquid = hydroxyurea("1750 mg", name="Hydroxyurea oral solution", identity="liquid")
    both = (hydroxyurea("1750 mg"), liquid)
    assert card(LEUKEMIA, *CHECKED, diagnosis(DYSPHAGIA), *both)["indicator"] == "warning"


@pytest.mark.parametrize("records", [*INFO.values(), *OUTSIDE.values()], ids=[*INFO, *OUTSIDE])
def test_every_summary_is_short(records):
    assert len(card(*records)["summary"]) < 140
