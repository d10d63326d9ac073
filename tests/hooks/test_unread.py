"""What could not be read is told as that, and never as something about the patient."""

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import ORDER_SELECT, ORDER_SIGN, PATIENT_VIEW, genetics, lines, questions
from hooks.concepts import (
    ADVERSE_CYTOGENETICS,
    ALL,
    ALLOGENEIC_TRANSPLANT,
    ALS,
    AML,
    APL,
    B_LINEAGE_ALL,
    BLINATUMOMAB,
    BODY_HEIGHT,
    BODY_WEIGHT,
    CENTRAL_LINE,
    COMFORT_PLAN,
    CREATININE,
    CYTARABINE,
    ELN_ADVERSE,
    FIBRINOGEN,
    FIRST_TRIMESTER,
    FLT3,
    FVC,
    HYDROXYUREA,
    INSPIRATORY_PRESSURE,
    KARYOTYPE,
    MARROW_BLASTS,
    MRD,
    MRD_END_OF_CONSOLIDATION,
    MRD_END_OF_INDUCTION,
    PACO2,
    PHOSPHATE,
    PML_RARA,
    POTASSIUM,
    PREGNANCY,
    PREGNANCY_STATUS,
    RESPIRATORY_FAILURE,
    SNIFF_PRESSURE,
    SPO2,
    T_LINEAGE_ALL,
    TRETINOIN,
    VENTILATOR_DEPENDENCE,
)
from hooks.proposals import hydroxyurea
from hooks.rules.hydration_als import hydration_als
from hooks.services import QUERIES
from tests.patients import (
    BODY,
    LEXICON,
    aged,
    answered,
    cards,
    chart,
    count,
    diagnosis,
    in_words,
    not_read,
    order,
    part,
    person,
    prescription,
    result,
)

LEUKEMIA = diagnosis(AML)
CREATININE_KNOWN = result(CREATININE, 0.9)
DOSED = (LEUKEMIA, *BODY, CREATININE_KNOWN)
WOMAN = aged(30, "female")


def without_the_person(*records):
    """The Patient itself could not be read."""
    found = chart(*records, unread={"Patient": "could not be checked (patient: too slow)"})
    found.patient = None
    return found


# -- pregnancy ------------------------------------------------------------------------------------

UNREAD_PREGNANCY = not_read(PREGNANCY, PREGNANCY_STATUS)
MAY_BE_PREGNANT = {
    "a man": (aged(62), FALSE),
    "a man of 30": (aged(30), FALSE),
    "a woman of 30": (WOMAN, UNKNOWN),
    "a woman of 55": (aged(55, "female"), UNKNOWN),
    "a woman of 56": (aged(56, "female"), FALSE),
    "a girl of 11": (aged(11, "female"), FALSE),
    "a girl of 12": (aged(12, "female"), UNKNOWN),
    "a woman who may be 55 or 56": (person("1970", "female"), UNKNOWN),
    "a woman of no known age": (person(None, "female"), UNKNOWN),
    "a person of 30, neither man nor woman": (aged(30, "other"), UNKNOWN),
    "a person of 62 of no known sex": (person(gender=None), FALSE),
}


@pytest.mark.parametrize(("who", "truth"), MAY_BE_PREGNANT.values(), ids=MAY_BE_PREGNANT)
def test_a_failed_read_leaves_pregnancy_open_in_those_who_may_be_pregnant(who, truth):
    assert questions.pregnant(chart(who, UNREAD_PREGNANCY)).truth is truth


def test_what_is_recorded_of_a_pregnancy_counts_in_everyone():
    for who in (aged(30), aged(62, "female")):
        recorded = chart(who, diagnosis(PREGNANCY), not_read(PREGNANCY_STATUS))
        assert questions.pregnant(recorded).truth is TRUE
        odd = chart(who, answered(PREGNANCY_STATUS, "see comment"), not_read(PREGNANCY))
        assert questions.pregnant(odd).truth is UNKNOWN


def test_where_the_person_could_not_be_read_pregnancy_stays_open():
    assert questions.pregnant(without_the_person(UNREAD_PREGNANCY)).truth is UNKNOWN


def test_a_pregnancy_test_that_could_not_be_read_is_not_called_unrecorded():
    unread = lines.pregnancy_not_known(chart(WOMAN, not_read(PREGNANCY_STATUS)))
    assert [fact.say() for fact in unread] == [f"{PREGNANCY_STATUS.title}: could not be checked"]
    absent = lines.pregnancy_not_known(chart(WOMAN))
    assert [fact.say()[:20] for fact in absent] == ["Pregnancy: no result"]


# -- why no dose ----------------------------------------------------------------------------------

UNREAD_GATES = {
    "pregnancy": (
        (WOMAN, *DOSED, UNREAD_PREGNANCY),
        "whether the patient is pregnant could not be read",
    ),
    "genetics": ((*DOSED, not_read(PML_RARA)), "what would show APL, where ATRA comes first,"),
    "ALL": ((*DOSED, not_read(ALL)), "what would show ALL, where a steroid"),
    "prescriptions": ((*DOSED, not_read(HYDROXYUREA)), "the active prescriptions could not be"),
    "comfort plan": ((*DOSED, not_read(COMFORT_PLAN)), "what would show a comfort-only plan"),
    "weight": ((LEUKEMIA, not_read(BODY_WEIGHT, BODY_HEIGHT)), "the body weight could not be read"),
    "height": ((LEUKEMIA, BODY[0], not_read(BODY_HEIGHT)), "the height could not be read"),
    "creatinine": ((LEUKEMIA, *BODY, not_read(CREATININE)), "the creatinine could not be read"),
    "a newer weight": (
        (*DOSED, in_words(result(BODY_WEIGHT, 0, hours_ago=1), "bed scale broken")),
        "a newer body weight could not be read",
    ),
    "a newer creatinine": (
        (*DOSED, in_words(result(CREATININE, 0, hours_ago=1), "hemolyzed")),
        "a newer creatinine could not be read",
    ),
}
NEVER_SAID = ("recorded or possible", "is known", "not known", "under 18", "already prescribed")


@pytest.mark.parametrize(("records", "why"), UNREAD_GATES.values(), ids=UNREAD_GATES)
def test_a_dose_that_is_withheld_for_a_failed_read_says_so(records, why):
    found = chart(*records)
    text = lines.cytoreduction(found)
    said = text[text.index("No dose is proposed: ") :]
    assert f"No dose is proposed: {why}" in said
    assert "could not be read" in said
    assert not [words for words in NEVER_SAID if words in said]
    assert hydroxyurea(found) is None


def test_without_the_person_the_birth_date_is_the_reason():
    text = lines.cytoreduction(without_the_person(*DOSED))
    assert "No dose is proposed: the birth date could not be read." in text


def test_a_known_reason_comes_before_one_that_could_not_be_read():
    apl = (*DOSED, diagnosis(APL), not_read(PREGNANCY_STATUS))
    assert "No dose is proposed: APL is recorded" in lines.cytoreduction(chart(WOMAN, *apl))
    unclear = (*DOSED, prescription(HYDROXYUREA, "unknown"))
    text = lines.cytoreduction(chart(*unclear))
    assert "No dose is proposed: whether hydroxyurea is already being given is not known" in text


LEFT = {
    "body": (CREATININE_KNOWN,),
    "chemistry": BODY,
    "molecular": (*BODY, CREATININE_KNOWN),
    "medications": (*BODY, CREATININE_KNOWN),
}


@pytest.mark.parametrize(("key", "known"), LEFT.items(), ids=LEFT)
def test_a_man_of_62_is_not_called_pregnant_because_a_key_failed(key, known):
    shown = cards(PATIENT_VIEW, LEUKEMIA, count(150), *known, failing=(key,))
    detail = shown["hyperleukocytosis-emergency"]["detail"]
    said = detail[detail.index("No dose is proposed: ") :].split("\n")[0]
    assert "could not be read" in said
    assert "regnan" not in " ".join(part(shown["hyperleukocytosis-emergency"], "Consider"))
    assert "APL is recorded" not in detail


# -- values ---------------------------------------------------------------------------------------


def test_laboratory_values_that_could_not_be_read_are_not_called_unrecorded():
    everything = not_read(*next(q.concepts for q in QUERIES if q.key == "chemistry"))
    text = lines.tumor_lysis(chart(everything))
    assert (
        "Laboratory criteria cannot be judged. Not judged, could not be read: potassium, "
        "phosphate, urate, calcium." in text
    )
    assert "on record" not in text
    mixed = lines.tumor_lysis(chart(result(POTASSIUM, 4.1), not_read(PHOSPHATE)))
    assert "Not judged, could not be read: phosphate." in mixed
    assert "Not judged, no usable value: urate, calcium." in mixed


def test_genetics_that_could_not_be_read_are_not_called_unrecorded():
    said = lines.apl_not_excluded(chart(LEUKEMIA, not_read(PML_RARA)))
    assert said is not None
    assert said.startswith("APL not yet excluded (PML::RARA could not be read)")
    missing = part(
        cards(PATIENT_VIEW, LEUKEMIA, count(150), not_read(PML_RARA))[
            "hyperleukocytosis-emergency"
        ],
        "Missing or uncertain",
    )
    assert f"{PML_RARA.title}: could not be checked" in missing


# -- what is unknown is not absent ----------------------------------------------------------------

FAST = order("0.9% sodium chloride", rate="200 mL/h")
GOOD = (diagnosis(ALS), *BODY, result(FVC, 85), result(SPO2, 97), FAST)
SIGNS = (SNIFF_PRESSURE, INSPIRATORY_PRESSURE, PACO2, VENTILATOR_DEPENDENCE, RESPIRATORY_FAILURE)


@pytest.mark.parametrize("sign", SIGNS, ids=lambda each: each.id)
def test_breathing_is_not_preserved_where_a_sign_of_failure_could_not_be_read(sign):
    assert hydration_als.applies(chart(*GOOD)).truth is FALSE
    assert hydration_als.applies(chart(*GOOD, not_read(sign))).truth is TRUE


def test_a_blood_gas_in_words_that_are_not_read_is_no_preserved_breathing():
    words = in_words(result(PACO2, 0), "see report")
    assert hydration_als.applies(chart(*GOOD, words)).truth is TRUE
    old = in_words(result(PACO2, 0, hours_ago=100 * 24), "see report")
    assert hydration_als.applies(chart(*GOOD, old)).truth is FALSE


def test_tretinoin_is_not_called_ordered_in_pregnancy_because_a_read_failed():
    unread = not_read(PREGNANCY, PREGNANCY_STATUS, FIRST_TRIMESTER)
    for who in (aged(62), WOMAN):
        shown = cards(ORDER_SELECT, who, order(TRETINOIN), unread)["tretinoin-safety"]
        assert shown["indicator"] == "info"
        assert "pregnancy is recorded" not in shown["detail"]
    missing = part(shown, "Missing or uncertain")
    assert f"{PREGNANCY_STATUS.title}: could not be checked" in missing


def test_no_response_group_is_named_while_the_marrow_could_not_be_read():
    def mrd(point, value):
        codes = LEXICON.concepts[point.id].codes
        return result(point, value, "%", codes=codes, hours_ago=240)

    boy = (aged(9), diagnosis(ALL), diagnosis(T_LINEAGE_ALL))
    results = (mrd(MRD_END_OF_INDUCTION, 0.5), mrd(MRD_END_OF_CONSOLIDATION, 0.05))
    named = cards(PATIENT_VIEW, *boy, *results)["t-all-response-group"]["detail"]
    assert "intermediate group" in named
    unread = cards(PATIENT_VIEW, *boy, *results, not_read(MARROW_BLASTS))["t-all-response-group"]
    assert "intermediate group" not in unread["detail"]


def test_genetics_of_the_leukemia_that_could_not_be_read_are_not_called_missing():
    assert [f.say() for f in genetics.on_record(chart(LEUKEMIA, not_read(FLT3)))] == [
        f"{FLT3.title}: could not be checked"
    ]
    (gap,) = genetics.on_record(chart(LEUKEMIA))
    assert gap.say().endswith("no result on record")


SAID = {
    "genetic risk of low-dose cytarabine": (
        (LEUKEMIA, order(CYTARABINE, dose="30 mg", route="subcutaneous", times=2)),
        "low-dose-cytarabine",
        (ELN_ADVERSE, ADVERSE_CYTOGENETICS, KARYOTYPE),
        "Genetic risk: could not be read.",
        "Genetic risk: not recorded",
    ),
    "residual disease before transplant": (
        (diagnosis(ALL), order(ALLOGENEIC_TRANSPLANT, procedure=True)),
        "allo-hsct-all-mrd",
        (MRD,),
        "MRD not known: results could not be read",
        "no result of the last",
    ),
    "lineage before blinatumomab": (
        (diagnosis(ALL), order(BLINATUMOMAB)),
        "blinatumomab-eligibility",
        (B_LINEAGE_ALL, T_LINEAGE_ALL),
        "Lineage could not be read",
        "Lineage is not recorded",
    ),
    "clotting before a central line": (
        (LEUKEMIA, order(CENTRAL_LINE, procedure=True)),
        "central-line-bleeding-risk",
        (FIBRINOGEN,),
        "Fibrinogen could not be read",
        "Fibrinogen not known, or too old",
    ),
}


@pytest.mark.parametrize(
    ("records", "rule", "concepts", "unread", "absent"), SAID.values(), ids=SAID
)
def test_a_line_tells_what_could_not_be_read_from_what_is_absent(
    records, rule, concepts, unread, absent
):
    for more, said, unsaid in (((not_read(*concepts),), unread, absent), ((), absent, unread)):
        detail = cards(ORDER_SIGN, *records, *more)[rule]["detail"]
        assert said in detail
        assert unsaid not in detail
