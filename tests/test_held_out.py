"""Cases that nobody wrote the rules for, each of which once got a wrong answer."""

from __future__ import annotations

from cds_service.finding import Truth
from hooks import concepts, dosing
from hooks.concepts import ALL, AML
from hooks.patient_view import PATIENT_VIEW
from hooks.rules.hyperleukocytosis_emergency import hyperleukocytosis_emergency
from tests.patients import BODY, cards, chart, count, diagnosis, part, result

# -- values --------------------------------------------------------------------------------------


def test_a_newer_creatinine_without_unit_stops_the_dose() -> None:
    """4.5 without a unit may mean renal failure: the normal value of yesterday no longer counts."""
    older = (diagnosis(AML), count(150), *BODY, result(concepts.CREATININE, 0.9, hours_ago=30))
    newer = result(concepts.CREATININE, 4.5, "", hours_ago=2)
    assert dosing.hydroxyurea_dose(chart(*older)) is not None
    assert dosing.hydroxyurea_dose(chart(*older, newer)) is None


def test_a_count_known_only_to_be_above_60_is_said_in_any_leukemia() -> None:
    record = (diagnosis(ALL), count(60, comparator=">"))
    assert hyperleukocytosis_emergency.applies(chart(*record)).truth is Truth.UNKNOWN
    (line,) = part(cards(PATIENT_VIEW, *record)["data-gaps"], "Missing or uncertain")
    assert line.startswith("Leukocytes above 60 ")
    assert line.endswith(": may or may not be at least 100 ×10⁹/L")


# -- what a card says ----------------------------------------------------------------------------


def test_a_gaps_card_says_nothing_that_is_not_so() -> None:
    """Shown for the unknown count alone: the lineage is known, and leukemia is on record."""
    card = cards(PATIENT_VIEW, diagnosis(ALL), count(60, comparator=">"))["data-gaps"]
    assert part(card, "This patient") == []
    assert "not specified" not in card["detail"]
