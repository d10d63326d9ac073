"""A code that one source alone backs is never the only ground of a critical card.

Catalogue section 0.9: unless the display or the text sent with it says the same thing.
"""

from typing import Any

from hooks import ORDER_SIGN, PATIENT_VIEW
from hooks.concepts import ALS, AML, DAUNORUBICIN, ECOG, FVC, PML_RARA
from tests.patients import LOINC, answered, cards, coded, diagnosis, order, part, result

WEAK_ECOG = ("http://loinc.org", "42800-3")
WEAK_PML_RARA = next(key for key in sorted(PML_RARA.codes.single_source) if key[0] == LOINC)


def recoded(found: dict[str, Any], code: str, **said: Any) -> dict[str, Any]:
    return {**found, "code": {"coding": [{"system": LOINC, "code": code, **said}]}}


FUSION = recoded(answered(PML_RARA, "positive"), WEAK_PML_RARA[1])


def test_the_codes_of_these_tests_are_single_source():
    assert WEAK_ECOG in ECOG.codes.single_source
    assert tuple(coded(ECOG.codes, firmly=True)["coding"][0].values()) not in (
        ECOG.codes.single_source
    )


def test_a_positive_fusion_under_such_a_code_alone_warns_and_says_why():
    card = cards(PATIENT_VIEW, FUSION)["apl-suspected"]
    assert card["indicator"] == "warning"
    assert any("backed by a single source" in line for line in part(card, "Missing or uncertain"))


def test_with_a_display_that_says_the_same_it_is_critical():
    named = recoded(answered(PML_RARA, "positive"), WEAK_PML_RARA[1], display="PML-RARA fusion")
    assert cards(PATIENT_VIEW, named)["apl-suspected"]["indicator"] == "critical"


def test_with_a_second_ground_that_is_firm_it_is_critical():
    card = cards(PATIENT_VIEW, FUSION, answered(PML_RARA, "positive", hours_ago=3))["apl-suspected"]
    assert card["indicator"] == "critical"


def test_a_performance_status_under_such_a_code_makes_no_card_critical():
    weakly = recoded(result(ECOG, 4), WEAK_ECOG[1])
    record = (diagnosis(ALS), diagnosis(AML), order(DAUNORUBICIN))
    assert cards(ORDER_SIGN, *record, weakly)["intensive-therapy-als"]["indicator"] == "warning"
    both = cards(ORDER_SIGN, *record, weakly, result(FVC, 30))
    assert both["intensive-therapy-als"]["indicator"] == "critical"
