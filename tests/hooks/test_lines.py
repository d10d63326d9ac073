"""Lines of advice that depend on the patient: catalogue sections 5.4, 5.7, 5.10 and 5.12."""

from decimal import Decimal

import pytest

from cds_service.readers import Bounds
from hooks import lines, urate
from hooks.concepts import (
    ALL,
    ALS,
    AML,
    APL,
    BODY_WEIGHT,
    CALCIUM,
    CALCIUM_CORRECTED,
    COMFORT_PLAN,
    CREATININE,
    ECOG,
    G6PD_ACTIVITY,
    G6PD_DEFICIENCY,
    G6PD_SCREEN,
    HYDROXYUREA,
    KARNOFSKY,
    PHOSPHATE,
    PML_RARA,
    POTASSIUM,
    PREGNANCY,
    UNSPECIFIED_ACUTE_LEUKEMIA,
    URATE,
)
from tests.patients import (
    BODY,
    aged,
    answered,
    chart,
    diagnosis,
    in_remission,
    not_read,
    person,
    prescription,
    result,
)

LEUKEMIA = diagnosis(AML)
DOSED = (LEUKEMIA, *BODY, result(CREATININE, 0.9))


def said(facts):
    return [fact.say() for fact in facts]


# -- tumor lysis ----------------------------------------------------------------------------------


def criteria(*records):
    return lines.tumor_lysis_criteria(chart(*records))


LYSIS = {
    "potassium 6.0 mmol/L": (POTASSIUM, 6.0, "mmol/L", True),
    "potassium 5.9 mmol/L": (POTASSIUM, 5.9, "mmol/L", False),
    "phosphate 4.5 mg/dL": (PHOSPHATE, 4.5, "mg/dL", True),
    "phosphate 4.4 mg/dL": (PHOSPHATE, 4.4, "mg/dL", False),
    "phosphate 1.45 mmol/L": (PHOSPHATE, 1.45, "mmol/L", True),
    "phosphate 1.44 mmol/L": (PHOSPHATE, 1.44, "mmol/L", False),
    "calcium 7.0 mg/dL": (CALCIUM, 7.0, "mg/dL", True),
    "calcium 7.1 mg/dL": (CALCIUM, 7.1, "mg/dL", False),
    "calcium 1.75 mmol/L": (CALCIUM, 1.75, "mmol/L", True),
    "calcium 1.76 mmol/L": (CALCIUM, 1.76, "mmol/L", False),
    "corrected calcium 7.0 mg/dL": (CALCIUM_CORRECTED, 7.0, "mg/dL", True),
    "corrected calcium 7.1 mg/dL": (CALCIUM_CORRECTED, 7.1, "mg/dL", False),
    "urate 8.0 mg/dL": (URATE, 8.0, "mg/dL", True),
    "urate 7.9 mg/dL": (URATE, 7.9, "mg/dL", False),
    "urate 476 umol/L": (URATE, 476, "umol/L", True),
    "urate 475 umol/L": (URATE, 475, "umol/L", False),
}


@pytest.mark.parametrize(("value", "number", "unit", "is_met"), LYSIS.values(), ids=LYSIS)
def test_a_lysis_criterion_begins_at_its_limit_in_either_unit(value, number, unit, is_met):
    assert bool(criteria(result(value, number, unit))) is is_met


@pytest.mark.parametrize(("number", "is_met"), [(2.1, True), (2.09, False), (1.5, False)])
def test_phosphate_of_a_child_has_a_limit_of_its_own(number, is_met):
    assert bool(criteria(aged(9), result(PHOSPHATE, number, "mmol/L"))) is is_met


@pytest.mark.parametrize(("hours", "is_met"), [(12, True), (12 + 1 / 60, False)])
def test_lysis_values_count_for_12_hours(hours, is_met):
    assert bool(criteria(result(URATE, 9.1, hours_ago=hours))) is is_met


def test_corrected_calcium_wins_over_the_total():
    both = (result(CALCIUM, 6.5), result(CALCIUM_CORRECTED, 8.2))
    assert criteria(*both) == []
    assert criteria(both[0]) == ["calcium (not corrected for albumin) 6.5 mg/dL"]


def test_one_criterion_is_not_called_the_syndrome_and_two_are():
    one = lines.tumor_lysis(chart(result(URATE, 9.1)))
    two = lines.tumor_lysis(chart(result(URATE, 9.1), result(PHOSPHATE, 4.9)))
    assert "urate 9.1 mg/dL (one of four; two make laboratory tumor lysis syndrome)" in one
    assert (
        "phosphate 4.9 mg/dL, urate 9.1 mg/dL (two or more of four: laboratory tumor lysis" in two
    )


def test_no_criterion_says_which_values_were_looked_at():
    text = lines.tumor_lysis(chart(result(POTASSIUM, 4.1), result(URATE, 5)))
    assert "No laboratory criterion is met in the values of the last 12 h that are on record" in (
        text
    )
    assert "Not judged, no usable value: phosphate, calcium." in text


def test_without_any_value_no_criterion_is_called_unmet():
    text = lines.tumor_lysis(chart())
    assert "Laboratory criteria cannot be judged" in text
    assert "No laboratory criterion is met" not in text


def test_one_criterion_met_names_what_was_not_judged():
    assert "Not judged, no usable value: potassium, phosphate, calcium." in lines.tumor_lysis(
        chart(result(URATE, 9.1))
    )


def test_a_urate_of_a_child_is_not_called_missing():
    text = lines.tumor_lysis(chart(aged(9), result(POTASSIUM, 4.1), result(URATE, 9.1)))
    assert "no usable value: phosphate, calcium. Urate of a child is not judged." in text


G6PD = {
    "deficient on the problem list": (diagnosis(G6PD_DEFICIENCY), "allopurinol only"),
    "deficient by screening": (answered(G6PD_SCREEN, "deficient"), "allopurinol only"),
    "deficient by assay": (answered(G6PD_ACTIVITY, "low"), "allopurinol only"),
    "normal by assay": (answered(G6PD_ACTIVITY, "normal"), "G6PD is normal: rasburicase"),
    "pending": (answered(G6PD_SCREEN, None), "needs G6PD, which is not known"),
    "not read": (not_read(G6PD_DEFICIENCY, G6PD_SCREEN), "needs G6PD, which is not known"),
}


@pytest.mark.parametrize(("record", "text"), G6PD.values(), ids=G6PD)
def test_rasburicase_waits_for_g6pd(record, text):
    assert text in lines.tumor_lysis(chart(record))


def test_a_deficiency_on_record_outweighs_a_normal_assay():
    found = chart(diagnosis(G6PD_DEFICIENCY), answered(G6PD_ACTIVITY, "normal"))
    assert "rasburicase is contraindicated" in lines.tumor_lysis(found)
    assert said(urate.g6pd(found))[0].startswith("G6PD deficiency: active")


def test_what_is_known_of_g6pd_is_shown():
    assert said(urate.g6pd(chart(answered(G6PD_ACTIVITY, "normal")))) == ["G6PD normal by assay"]
    (gap,) = urate.g6pd(chart())
    assert (gap.say(), gap.missing) == ("G6PD: not known", True)


# -- cytoreduction --------------------------------------------------------------------------------


def test_cytoreduction_shows_how_the_dose_was_reached():
    text = lines.cytoreduction(chart(*DOSED))
    assert "3,500 mg/day in 500 mg capsules, from 50-60 mg/kg of 65.9 kg" in text
    assert "that is 3,297-3,956 mg/day; creatinine clearance 79 mL/min." in text
    assert "Lineage is not known" not in text


def test_a_halved_dose_says_why():
    old = (aged(81), LEUKEMIA, *BODY, result(CREATININE, 1.4))
    text = lines.cytoreduction(chart(*old))
    assert "25-30 mg/kg (halved, creatinine clearance below 60)" in text


def test_a_dose_below_the_band_says_so():
    light = (LEUKEMIA, result(BODY_WEIGHT, 41), BODY[1], result(CREATININE, 0.5))
    text = lines.cytoreduction(chart(*light))
    assert "2,000 mg/day" in text
    assert "No number of capsules meets the band, so the next lower one is shown." in text


NO_DOSE = {
    "leukemia only suspected": (
        (diagnosis(AML, "provisional"), *DOSED[1:]),
        "the leukemia is suspected, not confirmed",
    ),
    "a child": ((aged(9), *DOSED), "the patient is under 18."),
    "no birth date": ((person(None), *DOSED), "the age is not known."),
    "pregnant": ((*DOSED, diagnosis(PREGNANCY)), "pregnancy is recorded or possible"),
    "APL suspected": ((*DOSED, diagnosis(APL, "provisional")), "APL is recorded or possible"),
    "on hydroxyurea": ((*DOSED, prescription(HYDROXYUREA)), "hydroxyurea is already prescribed"),
    "prescriptions not read": (
        (*DOSED, not_read(HYDROXYUREA)),
        "the active prescriptions could not be read",
    ),
    "a comfort-only plan": ((*DOSED, diagnosis(COMFORT_PLAN)), "a comfort-only plan is recorded"),
    "no weight": ((LEUKEMIA, BODY[1]), "no body weight of the last 90 days is known"),
    "no height": ((LEUKEMIA, BODY[0]), "the height is not known, so"),
    "no sex": ((person(gender=None), *DOSED), "the sex is not known as male or female, so"),
    "no creatinine": ((LEUKEMIA, *BODY), "no creatinine of the last 48 h is known"),
    "a creatinine reported as a limit": (
        (LEUKEMIA, *BODY, result(CREATININE, 0.5, comparator="<")),
        "the creatinine is reported as a limit only",
    ),
    "the year of birth alone": ((person("1960"), *DOSED), "the birth date is incomplete"),
}


@pytest.mark.parametrize(("records", "why"), NO_DOSE.values(), ids=NO_DOSE)
def test_no_dose_says_why_and_keeps_the_range(records, why):
    text = lines.cytoreduction(chart(*records))
    assert f"No dose is proposed: {why}" in text
    assert "hydroxyurea 50-60 mg/kg/day" in text
    assert "Computed" not in text


def test_all_gets_lineage_therapy_and_no_hydroxyurea_range():
    text = lines.cytoreduction(chart(diagnosis(ALL), *BODY))
    assert "hydroxyurea is not the first choice" in text
    assert "uncommon below about 400" in text
    assert "mg/kg" not in text


def test_an_unknown_lineage_is_said():
    text = lines.cytoreduction(chart(diagnosis(UNSPECIFIED_ACUTE_LEUKEMIA), *DOSED[1:]))
    assert "Lineage is not known: review the smear for APL and ALL before hydroxyurea" in text


def test_the_order_of_smear_and_hydroxyurea_is_plain():
    """The smear comes before hydroxyurea by minutes; genetics do not: catalogue S3-39 and C10."""
    text = lines.cytoreduction(chart(*DOSED))
    first = "Step 1, in minutes: diagnostic samples, smear for APL, clotting."
    then = "Step 2, at once after it: hydroxyurea, without waiting for genetics; ATRA in its place"
    assert text.index(first) < text.index(then) < text.index("50-60 mg/kg/day")
    settled = lines.cytoreduction(chart(*DOSED, answered(PML_RARA, "negative")))
    assert (
        "Step 1, in minutes: diagnostic samples. Step 2, at once after it: hydroxyurea" in settled
    )
    assert "ATRA" not in settled


def test_what_comes_first_comes_first_in_minutes():
    said = lines.apl_not_excluded(chart(LEUKEMIA)) or ""
    assert said.endswith("smear and clotting first, a matter of minutes.")


# -- APL not excluded -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("records", "is_said"),
    [
        ((LEUKEMIA,), True),
        ((LEUKEMIA, answered(PML_RARA, None)), True),
        ((LEUKEMIA, answered(PML_RARA, "negative")), False),
        ((diagnosis(ALL),), False),
    ],
    ids=["no test", "pending", "negative", "ALL"],
)
def test_apl_is_not_excluded_without_a_negative_test(records, is_said):
    found = chart(*records)
    assert (lines.apl_not_excluded(found) is not None) is is_said
    assert [fact.missing for fact in lines.genetics(found)] == [True] * is_said


# -- fluids, swallowing ---------------------------------------------------------------------------


def test_hydration_is_a_rate_for_this_body():
    text = lines.hydration(chart(*BODY))
    assert "2.5-3 L/m²/day intravenously, here 189-227 mL/h at a body surface area of 1.82 m²" in (
        text
    )
    assert "ALS" not in text


def test_hydration_without_measures_has_no_rate():
    assert "mL/h" not in lines.hydration(chart(BODY[0]))


def test_als_limits_fluids_and_capsules():
    found = chart(*BODY, diagnosis(ALS, "provisional"))
    assert "No fluid order is proposed" in lines.hydration(found)
    assert "check swallowing before capsules" in (lines.swallowing_in_als(found) or "")
    assert lines.swallowing_in_als(chart()) is None


# -- performance status ---------------------------------------------------------------------------

GRADES = {
    100: "0",
    99: "0-1",
    90: "0-1",
    89: "1",
    80: "1",
    79: "1-2",
    70: "1-2",
    69: "2-3",
    60: "2-3",
    50: "2-3",
    49: "3-4",
    40: "3-4",
    30: "3-4",
    29: "4",
    20: "4",
    0: "4",
}


@pytest.mark.parametrize(("karnofsky", "ecog"), GRADES.items())
def test_karnofsky_stands_for_a_range_of_ecog_grades(karnofsky, ecog):
    assert lines.ecog_of_karnofsky(Bounds.exactly(Decimal(karnofsky))) == ecog


def test_a_karnofsky_range_is_not_converted():
    assert lines.ecog_of_karnofsky(Bounds(Decimal(60), None)) is None


def test_both_scales_are_shown_as_recorded():
    found = chart(result(ECOG, 1, hours_ago=24), result(KARNOFSKY, 60, hours_ago=24))
    shown = said(lines.performance(found))
    assert shown[0].startswith("ECOG performance status 1")
    assert shown[1].startswith("Karnofsky performance status 60")
    assert shown[2] == "Karnofsky corresponds to ECOG 2-3"


def test_a_missing_ecog_is_a_gap_unless_karnofsky_is_known():
    (gap,) = lines.performance(chart())
    assert (gap.say(), gap.missing) == ("ECOG performance status: not recorded", True)
    shown = lines.performance(chart(result(KARNOFSKY, 80, hours_ago=24)))
    assert not any(fact.missing for fact in shown)


# -- what is only suspected -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("records", "is_said"),
    [
        ((diagnosis(ALS, "provisional"),), True),
        ((diagnosis(ALS),), False),
        ((diagnosis(ALS, "refuted"),), False),
        ((), False),
    ],
    ids=["suspected", "confirmed", "refuted", "not recorded"],
)
def test_als_is_called_unconfirmed_only_when_it_is(records, is_said):
    assert (lines.suspected_als(chart(*records)) is not None) is is_said


@pytest.mark.parametrize(
    ("records", "is_said"),
    [
        ((diagnosis(AML, "differential"),), True),
        ((diagnosis(AML, "differential"), diagnosis(ALL)), False),
        ((LEUKEMIA,), False),
        ((in_remission(AML),), False),
        ((), False),
    ],
    ids=["suspected", "another confirmed", "confirmed", "in remission", "not recorded"],
)
def test_leukemia_is_called_suspected_only_when_it_is(records, is_said):
    assert (lines.suspected_leukemia(chart(*records)) is not None) is is_said


def test_hydroxyurea_as_the_alternative_is_for_confirmed_aml():
    assert "3,500 mg/day" in (lines.hydroxyurea_for_aml(chart(*DOSED)) or "")
    assert lines.hydroxyurea_for_aml(chart(diagnosis(ALL), *BODY)) is None
    assert lines.hydroxyurea_for_aml(chart(diagnosis(AML, "provisional"), *BODY)) is None


def test_the_early_death_of_aml_is_not_said_of_all():
    assert "in AML cohorts" in str(lines.early_death(chart(LEUKEMIA)))
    assert "in AML cohorts" in str(lines.early_death(chart(diagnosis(UNSPECIFIED_ACUTE_LEUKEMIA))))
    assert lines.early_death(chart(diagnosis(ALL))) is None
