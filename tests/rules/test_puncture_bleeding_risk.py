"""puncture-bleeding-risk: catalogue R26."""

from dataclasses import replace

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from cds_service.service import Group
from hooks import ORDER_SELECT, concepts
from hooks.concepts import (
    ALL,
    ALS,
    AML,
    APL,
    BLASTS_ABSOLUTE,
    BLASTS_ABSOLUTE_BY_LINEAGE,
    BLASTS_PERCENT,
    BLASTS_PERCENT_BY_LINEAGE,
    COAGULOPATHY,
    CYTARABINE,
    FIBRINOGEN,
    INR,
    INTRATHECAL_CHEMOTHERAPY,
    LEUKOCYTES,
    LUMBAR_PUNCTURE,
    MARROW_SAMPLING,
    METHOTREXATE,
    PLATELETS,
    PML_RARA,
    TOFERSEN,
)
from hooks.rules.puncture_bleeding_risk import puncture_bleeding_risk as rule
from tests.patients import (
    CPT,
    SNOMED,
    answered,
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
    result,
    suggestions,
)

ALONE = replace(ORDER_SELECT, groups=(Group(rule.id, (rule,)),))
LEUKEMIA = diagnosis(ALL)
DISEASE = diagnosis(ALS)
LP = order(LUMBAR_PUNCTURE, system=CPT, code="62270", procedure=True)
MARROW = order(MARROW_SAMPLING, system=SNOMED, procedure=True)
BRONCHOSCOPY_ORDER = order("Bronchoscopy with lavage", procedure=True, identity="bronchoscopy")
BY_CODE = {"route": {"coding": [{"system": SNOMED, "code": "72607000"}]}}
NO_BLASTS = result(BLASTS_PERCENT, 0)


def values(
    leukocytes: float = 12,
    platelets: float = 90,
    fibrinogen: float = 240,
    inr: float = 1.1,
    hours_ago: float = 3,
):
    """Safe and three hours old unless said otherwise, and no blasts in blood."""
    return (
        count(leukocytes, hours_ago=hours_ago),
        result(PLATELETS, platelets, hours_ago=hours_ago),
        result(FIBRINOGEN, fibrinogen, hours_ago=hours_ago),
        result(INR, inr, hours_ago=hours_ago),
        NO_BLASTS,
    )


def without(measurement):
    """The same values but for one that nobody measured."""
    records = values()
    place = (LEUKOCYTES, PLATELETS, FIBRINOGEN, INR, None).index(measurement)
    return records[:place] + records[place + 1 :]


UNSAFE = values(platelets=49)

WARNS = {
    "leukocytes of exactly 100": (LEUKEMIA, *values(leukocytes=100), LP),
    "platelets of 49.9": (LEUKEMIA, *values(platelets=49.9), LP),
    "fibrinogen of 149 mg/dL": (LEUKEMIA, *values(fibrinogen=149), LP),
    "INR of 1.51": (LEUKEMIA, *values(inr=1.51), LP),
    "nothing measured at all": (LEUKEMIA, LP),
    "no leukocyte count": (LEUKEMIA, *without(LEUKOCYTES), LP),
    "no platelets": (LEUKEMIA, *without(PLATELETS), LP),
    "no fibrinogen": (LEUKEMIA, *without(FIBRINOGEN), LP),
    "no INR": (LEUKEMIA, *without(INR), LP),
    "safe values a minute older than 24 h": (LEUKEMIA, *values(hours_ago=24 + 1 / 60), LP),
    "blasts in blood": (LEUKEMIA, *without(None), result(BLASTS_ABSOLUTE, 0.2), LP),
    "blasts in blood before an intrathecal drug": (
        LEUKEMIA,
        *without(None),
        result(BLASTS_ABSOLUTE, 0.2),
        order(METHOTREXATE, dose="12 mg", route="IT"),
    ),
    "an intrathecal procedure": (
        LEUKEMIA,
        *UNSAFE,
        order(INTRATHECAL_CHEMOTHERAPY, system=CPT, procedure=True),
    ),
    "intrathecal cytarabine": (
        LEUKEMIA,
        *UNSAFE,
        order(CYTARABINE, dose="70 mg", route="Intrathecal route"),
    ),
    "an intrathecal steroid": (
        LEUKEMIA,
        *UNSAFE,
        order("Hydrocortisone", text="15 mg IT with the first puncture"),
    ),
    "a drug that no rule knows, its route IT": (
        LEUKEMIA,
        *UNSAFE,
        order("Rituximab", dose="25 mg", route="IT"),
    ),
    "a drug that no rule knows, IT behind its dose": (
        LEUKEMIA,
        *UNSAFE,
        order("Rituximab", text="Give 25 mg IT once"),
    ),
    "a drug that no rule knows, called intrathecal": (
        LEUKEMIA,
        *UNSAFE,
        order("Rituximab 25 mg, intrathecal"),
    ),
    "a drug that no rule knows, its route by code": (
        LEUKEMIA,
        *UNSAFE,
        order("Rituximab", instructions=(BY_CODE,)),
    ),
    "tofersen": (LEUKEMIA, *UNSAFE, order(TOFERSEN)),
    "bronchoscopy": (LEUKEMIA, *UNSAFE, BRONCHOSCOPY_ORDER),
    "liver biopsy": (LEUKEMIA, *UNSAFE, order("Liver biopsy", procedure=True)),
    "marrow sampling": (LEUKEMIA, *UNSAFE, MARROW),
    "leukemia only suspected": (diagnosis(AML, "provisional"), *UNSAFE, LP),
    "everything safe, but ALS": (DISEASE, LEUKEMIA, *values(), LP),
    "everything safe, but ALS suspected": (
        diagnosis(ALS, "provisional"),
        LEUKEMIA,
        *values(),
        LP,
    ),
    "everything safe, but APL": (diagnosis(APL), *values(), LP),
    "no diagnosis yet, PML::RARA positive": (answered(PML_RARA, "positive"), *values(), LP),
}

SILENT = {
    "everything safe and no ALS": (LEUKEMIA, *values(), LP),
    "every value at its limit on the safe side": (
        LEUKEMIA,
        *values(leukocytes=99.9, platelets=50, fibrinogen=150, inr=1.5),
        LP,
    ),
    "safe values of exactly 24 h ago": (LEUKEMIA, *values(hours_ago=24), LP),
    "bronchoscopy with blasts in blood, all else safe": (
        LEUKEMIA,
        *without(None),
        result(BLASTS_PERCENT, 40),
        BRONCHOSCOPY_ORDER,
    ),
    "no blasts by any of four counts": (
        LEUKEMIA,
        *values(),
        result(BLASTS_ABSOLUTE, 0),
        result(BLASTS_PERCENT_BY_LINEAGE, 0),
        result(BLASTS_ABSOLUTE_BY_LINEAGE, 0),
        LP,
    ),
    "marrow sampling, everything safe": (LEUKEMIA, *values(), MARROW),
    "nothing ordered": (LEUKEMIA, *UNSAFE),
    "a puncture drafted but not selected": (
        LEUKEMIA,
        *UNSAFE,
        order(LUMBAR_PUNCTURE, system=CPT, procedure=True, selected=False),
    ),
    "an infusion, let it run over 3 hours": (
        LEUKEMIA,
        *UNSAFE,
        order(CYTARABINE, text="100 mg/m2 IV, let it run over 3 hours"),
    ),
    "no leukemia": (DISEASE, *UNSAFE, order(TOFERSEN)),
    "no leukemia and nothing measured": (LP,),
    "ALL in remission": (in_remission(ALL), *UNSAFE, LP),
    "ALL refuted": (diagnosis(ALL, "refuted"), *UNSAFE, LP),
    "APL in remission, PML::RARA once positive": (
        in_remission(APL),
        answered(PML_RARA, "positive"),
        *UNSAFE,
        LP,
    ),
}

ASKS = {
    "everything safe, blasts not counted": (LEUKEMIA, *without(None), LP),
    "ALL active and in remission, neither entry dated": (
        diagnosis(ALL, recorded=None),
        in_remission(ALL, recorded=None),
        *UNSAFE,
        LP,
    ),
    "a problem list that could not be read": (not_read(*concepts.CONDITIONS), *UNSAFE, LP),
    "methotrexate that does not say by which route": (LEUKEMIA, *UNSAFE, order(METHOTREXATE)),
    "everything safe, ALS resolved, which cannot be": (
        diagnosis(ALS, clinical="resolved"),
        LEUKEMIA,
        *values(),
        LP,
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


# -- the card --------------------------------------------------------------------------------------


def card(*records):
    return cards(ALONE, *records)[rule.id]


WARNING = {
    "an unsafe value": (LEUKEMIA, *UNSAFE, LP),
    "a value not known": (LEUKEMIA, *without(INR), LP),
    "circulating blasts": (LEUKEMIA, *without(None), result(BLASTS_PERCENT, 40), LP),
    "an unsafe value in ALS": (DISEASE, LEUKEMIA, *UNSAFE, LP),
    "marrow and spine together": (LEUKEMIA, *UNSAFE, MARROW, LP),
    "APL, values not known": (diagnosis(APL), LP),
}


@pytest.mark.parametrize("records", WARNING.values(), ids=WARNING)
def test_what_is_unsafe_or_not_known_warns(records):
    one = card(*records)
    assert one["indicator"] == "warning"
    assert one["summary"] == (
        "Puncture planned with unsafe or unknown counts/clotting, or circulating blasts: confirm "
        "timing and correction."
    )


COAGULOPATHIC = {
    "platelets of 49": values(platelets=49),
    "fibrinogen of 88": values(fibrinogen=88),
    "an INR of 1.8": values(inr=1.8),
    "an unsafe INR of 20 h ago": values(inr=1.8, hours_ago=20),
    "coagulopathy on the problem list": (diagnosis(COAGULOPATHY), *values()),
}


@pytest.mark.parametrize("records", COAGULOPATHIC.values(), ids=COAGULOPATHIC)
def test_apl_with_coagulopathy_is_critical(records):
    one = card(diagnosis(APL, "provisional"), *records, LP)
    assert one["indicator"] == "critical"
    assert one["summary"] == (
        "Puncture planned in suspected or confirmed APL with coagulopathy: avoid while it is "
        "active; correct first."
    )


def test_an_intrathecal_drug_in_apl_with_coagulopathy_is_critical():
    drug = order(CYTARABINE, dose="70 mg", route="intrathecal")
    assert card(diagnosis(APL), *values(inr=1.8), drug)["indicator"] == "critical"


def test_a_code_of_a_single_source_is_not_critical():
    weak = order(LUMBAR_PUNCTURE, system=CPT, code="62329", procedure=True)
    assert card(diagnosis(APL), *values(inr=1.8), weak)["indicator"] == "warning"


def test_apl_with_safe_clotting_is_a_warning_of_its_own():
    one = card(diagnosis(APL), *values(), LP)
    assert one["indicator"] == "warning"
    assert one["summary"].startswith("Puncture planned in suspected or confirmed APL: avoid before")
    assert "ELN recommendation 1.9" in one["detail"]


def test_apl_values_older_than_12_h_are_not_known():
    one = card(diagnosis(APL), *values(hours_ago=13), LP)
    missing = part(one, "Missing or uncertain")
    for name in ("Platelets 90", "Fibrinogen 240", "INR 1.1"):
        assert any(line.startswith(name) and "older than 12 h" in line for line in missing)


def test_safe_values_in_als_are_a_note():
    one = card(DISEASE, LEUKEMIA, *values(), LP)
    assert one["indicator"] == "info"
    assert one["summary"] == (
        "Puncture planned in ALS with acute leukemia: counts and clotting are safe today; agree "
        "timing and position with neurology."
    )


MARROW_ALONE = {
    "unsafe values": (LEUKEMIA, *UNSAFE, MARROW),
    "nothing measured": (LEUKEMIA, MARROW),
    "APL with coagulopathy": (diagnosis(APL), *values(fibrinogen=88), MARROW),
}


@pytest.mark.parametrize("records", MARROW_ALONE.values(), ids=MARROW_ALONE)
def test_marrow_sampling_alone_is_a_note(records):
    one = card(*records)
    assert one["indicator"] == "info"
    assert one["summary"].startswith("Bone marrow sampling in acute leukemia: low bleeding risk")
    assert list(suggestions(one)) == ["Draft blood count and clotting, STAT"]


@pytest.mark.parametrize("records", WARNS.values(), ids=WARNS)
def test_every_summary_is_short(records):
    assert len(card(*records)["summary"]) < 140


def test_it_attributes_the_deferral_and_asks_for_a_date():
    text = card(DISEASE, LEUKEMIA, *UNSAFE, LP)["detail"]
    assert (
        "Guideline summary: in ALS put off lumbar puncture and other invasive procedures "
        "indefinitely. Evidence: care of ALL includes intrathecal prophylaxis"
    ) in text
    assert "set a date to review it" in text
    assert "50 ×10⁹/L in the 2015 guidance, 20 in that of 2025" in text
    assert "traumatic puncture" in text


def test_lines_about_the_spine_are_for_the_spine():
    text = card(LEUKEMIA, *UNSAFE, BRONCHOSCOPY_ORDER)["detail"]
    assert "traumatic puncture" not in text
    assert "Tofersen is given monthly" not in text


def test_tofersen_is_agreed_with_neurology():
    one = card(DISEASE, LEUKEMIA, *UNSAFE, order(TOFERSEN))
    assert "Tofersen is given monthly by lumbar puncture" in one["detail"]


def test_the_review_is_drafted_for_tomorrow():
    offered = suggestions(card(LEUKEMIA, *UNSAFE, LP))
    assert list(offered) == [
        "Draft blood count and clotting, STAT",
        "Draft a review date for the puncture",
    ]
    (review,) = offered["Draft a review date for the puncture"]["actions"]
    task = review["resource"]
    assert (task["resourceType"], task["status"]) == ("Task", "draft")
    assert task["restriction"]["period"]["end"] == "2026-11-22"
    assert task["description"].endswith("on 2026-11-22")


def test_overrides_can_say_why():
    assert overrides(card(LEUKEMIA, LP)) == [
        "corrected-and-rechecked",
        "cns-emergency",
        "protocol-directed",
        "marrow-aspirate",
        "quiet-24-hours",
        "other",
    ]
