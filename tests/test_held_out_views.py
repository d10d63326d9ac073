"""Opened charts that nobody wrote the rules for, each of which once got a wrong answer."""

from __future__ import annotations

from typing import Any

import pytest

from hooks.concepts import (
    ALBUMIN,
    AML,
    APL,
    CALCIUM,
    CALCIUM_CORRECTED,
    COMPLETE_REMISSION,
    ECOG,
    FILGRASTIM,
    G6PD_ACTIVITY,
    HEART_FAILURE,
    PML_RARA,
    POTASSIUM,
    PREGNANCY,
)
from hooks.patient_view import PATIENT_VIEW
from tests.patients import (
    BODY,
    Record,
    aged,
    answered,
    cards,
    count,
    diagnosis,
    in_remission,
    in_words,
    part,
    person,
    prescription,
    result,
)


def missing(card: dict[str, Any]) -> list[str]:
    return part(card, "Missing or uncertain")


# -- remission -----------------------------------------------------------------------------------


def test_a_high_count_of_yesterday_in_remission_is_named() -> None:
    """130 of 30 h ago is too old for a card of its own, and no reason for silence."""
    for value in (130, 60):
        card = cards(PATIENT_VIEW, in_remission(AML), count(value, hours_ago=30))["data-gaps"]
        assert any(line.startswith(f"Leukocytes {value} ") for line in missing(card))
    assert cards(PATIENT_VIEW, in_remission(AML), count(5, hours_ago=30)) == {}
    assert cards(PATIENT_VIEW, in_remission(AML), count(130, hours_ago=80)) == {}
    assert cards(PATIENT_VIEW, in_remission(AML)) == {}


def test_gaps_about_a_high_count_in_remission_show_the_count() -> None:
    """On G-CSF, and nobody looked for blasts: why blasts are asked for has to be seen."""
    record = (in_remission(AML), count(60), prescription(FILGRASTIM))
    card = cards(PATIENT_VIEW, *record)["data-gaps"]
    assert any(line.startswith("Leukocytes 60 ") for line in part(card, "This patient"))


def test_an_entry_newer_than_a_reported_remission_is_new_or_relapsed() -> None:
    """Neither a pathway for new disease nor silence: the relapse may not be coded as one."""
    good = (count(9), result(ECOG, 1, hours_ago=48))
    entry = diagnosis(AML, recorded="2026-11-01")
    before = answered(COMPLETE_REMISSION, "CR", hours_ago=24 * 200)
    card = cards(PATIENT_VIEW, entry, before, *good)["data-gaps"]
    assert any("new or relapsed is not recorded" in line for line in missing(card))
    undated = cards(PATIENT_VIEW, diagnosis(AML, recorded=None), before, *good)
    assert set(undated) == {"data-gaps"}
    since = answered(COMPLETE_REMISSION, "CR", hours_ago=24)
    assert cards(PATIENT_VIEW, entry, since, *good) == {}


def test_a_fusion_found_after_the_remission_of_apl_is_named() -> None:
    """Molecular relapse has no code on the problem list; at diagnosis it was positive too."""
    remission = in_remission(APL, recorded="2026-11-01")
    card = cards(PATIENT_VIEW, remission, answered(PML_RARA, "Positive"))["data-gaps"]
    assert any("returning disease is not excluded" in line for line in missing(card))
    at_diagnosis = answered(PML_RARA, "Positive", hours_ago=24 * 200)
    assert cards(PATIENT_VIEW, remission, at_diagnosis) == {}
    assert cards(PATIENT_VIEW, remission, answered(PML_RARA, "Negative")) == {}


# -- results -------------------------------------------------------------------------------------


def test_a_result_in_words_is_shown_as_it_was_sent() -> None:
    """Catalogue R06: every gap names the last value, which a reader may understand."""
    told = in_words(count(0), "critical: 150 x10^9/L <b>" + "." * 90)
    lines = missing(cards(PATIENT_VIEW, diagnosis(AML), told)["data-gaps"])
    (line,) = (line for line in lines if line.startswith("Leukocytes"))
    assert "critical: 150 x10" in line
    assert "not used, sent as free text" in line
    assert "<b>" not in line
    assert "." * 40 not in line


# -- the problem list ----------------------------------------------------------------------------


def test_an_entry_without_clinical_status_counts_as_active_and_says_so() -> None:
    """Catalogue 5.13: a missing clinical status is treated as active, and shown."""
    card = cards(PATIENT_VIEW, diagnosis(AML, clinical=None), count(150))
    basis = part(card["hyperleukocytosis-emergency"], "This patient")
    assert any("active, clinical status not sent" in line for line in basis)


@pytest.mark.parametrize("words", ["In remission", "Remission"])
def test_a_status_in_words_alone_is_read(words: str) -> None:
    entry = diagnosis(AML, clinical=None) | {"clinicalStatus": {"text": words}}
    assert set(cards(PATIENT_VIEW, entry, count(150))) == {"hyperleukocytosis-watch"}
    assert cards(PATIENT_VIEW, entry, count(5)) == {}


def test_a_refutation_in_words_alone_is_read() -> None:
    for words in ("Refuted", "Entered in error"):
        entry = diagnosis(AML, verification=None) | {"verificationStatus": {"text": words}}
        assert cards(PATIENT_VIEW, entry, count(5)) == {}


def test_a_status_in_words_that_spell_none_counts_as_active_and_is_shown() -> None:
    entry = diagnosis(AML, clinical=None) | {"clinicalStatus": {"text": "Smouldering"}}
    card = cards(PATIENT_VIEW, entry, count(150))["hyperleukocytosis-emergency"]
    assert any("clinical status smouldering" in line for line in part(card, "This patient"))


# -- what the emergency card says ----------------------------------------------------------------


def emergency(*records: Record) -> dict[str, Any]:
    return cards(PATIENT_VIEW, diagnosis(AML), count(150), *records)["hyperleukocytosis-emergency"]


def advice(card: dict[str, Any], start: str) -> str:
    (line,) = (line for line in part(card, "Consider") if line.startswith(start))
    return line


def test_calcium_is_shown_like_the_other_criteria_of_tumor_lysis() -> None:
    assert "Calcium, total: not recorded" in missing(emergency())
    low = (result(CALCIUM, 6.0), result(ALBUMIN, 2.5))
    basis = part(emergency(*low), "This patient")
    assert any(line.startswith("Calcium, total 6 mg/dL") for line in basis)
    assert any(line.startswith("Albumin 2.5 g/dL") for line in basis)
    reported = part(emergency(result(CALCIUM_CORRECTED, 7.2)), "This patient")
    assert any("7.2 mg/dL" in line for line in reported)


def test_a_rate_of_infusion_shows_the_body_it_rests_on() -> None:
    """Also where no drug is proposed, as in pregnancy."""
    card = emergency(person("1995-01-01", "female"), diagnosis(PREGNANCY), *BODY)
    assert "mL/h" in advice(card, "Hydration")
    basis = part(card, "This patient")
    assert any(line.startswith("Body weight 70 kg") for line in basis)
    assert any(line.startswith("Body height 170 cm") for line in basis)


def test_recorded_heart_failure_limits_the_hydration() -> None:
    assert "Heart failure" not in advice(emergency(*BODY), "Hydration")
    assert "Heart failure is recorded" in advice(emergency(diagnosis(HEART_FAILURE)), "Hydration")


def test_a_value_that_threatens_life_does_not_wait_for_its_repeat() -> None:
    assert "do not wait" in advice(emergency(result(POTASSIUM, 7.2)), "Potassium, glucose")


def test_the_dose_of_adults_is_named_as_one_to_the_team_of_a_child() -> None:
    assert "one of adults" in advice(emergency(aged(12)), "Cytoreduction")
    assert "one of adults" not in advice(emergency(person()), "Cytoreduction")
    assert "one of adults" not in advice(emergency(person(None)), "Cytoreduction")


def test_a_g6pd_result_that_could_not_be_read_is_named() -> None:
    """8 U/g without a range may be normal or not: "not known" alone hides that it was measured."""
    assert [line for line in missing(emergency()) if "G6PD" in line] == ["G6PD: not known"]
    measured = answered(G6PD_ACTIVITY, None) | {"valueQuantity": {"value": 8, "unit": "U/g"}}
    lines = [line for line in missing(emergency(measured)) if "G6PD" in line]
    assert any("a result is on record that could not be read" in line for line in lines)


def test_a_growth_factor_that_is_running_is_named() -> None:
    assert advice(emergency(), "Bleeding").endswith("Hold G-CSF.")
    running = emergency(prescription(FILGRASTIM))
    assert "G-CSF is prescribed now: hold it" in advice(running, "Bleeding")
