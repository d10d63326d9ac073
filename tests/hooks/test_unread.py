"""What could not be read is told as that, and never as something about the patient."""

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import PATIENT_VIEW, lines, questions
from hooks.concepts import (
    ALL,
    AML,
    APL,
    BODY_HEIGHT,
    BODY_WEIGHT,
    COMFORT_PLAN,
    CREATININE,
    HYDROXYUREA,
    PHOSPHATE,
    PML_RARA,
    POTASSIUM,
    PREGNANCY,
    PREGNANCY_STATUS,
)
from hooks.proposals import hydroxyurea
from hooks.services import QUERIES
from tests.patients import (
    BODY,
    aged,
    answered,
    cards,
    chart,
    count,
    diagnosis,
    in_words,
    not_read,
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
    assert "regnan" not in detail
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
