"""What the chart answers: yes, no, or unknown with the reason, never a guess."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from cds_service.chart import question
from cds_service.finding import FALSE, TRUE, UNKNOWN, Finding, Truth
from cds_service.readers import Bounds
from tests.engine.made_up import (
    GLOW,
    POLISH,
    SHINE,
    SPOTS,
    STRIPES,
    WAX,
    chart,
    coded,
    condition,
    draft,
    observation,
    said,
)

Records = tuple[dict[str, Any], ...]
NOT_READ = {"troubles": {"spots": "could not be checked", "polish": "not supplied"}}


def words(finding: Finding) -> list[str]:
    return said(finding.deciding())


# -- diagnoses: (has, may have, in remission, in relapse) ------------------------------------------

EARLIER, LATER = {"recordedDate": "2020-01-01"}, {"recordedDate": "2026-01-01"}
LIVE = (TRUE, TRUE, FALSE, FALSE)
OVER = (FALSE, FALSE, TRUE, FALSE)
BACK = (TRUE, TRUE, FALSE, TRUE)
NEVER = (FALSE, FALSE, FALSE, FALSE)
UNSURE = (UNKNOWN, TRUE, FALSE, FALSE)
OPEN = (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)

COURSES: dict[str, tuple[Records, tuple[Truth, ...]]] = {
    "nothing on record": ((), NEVER),
    "active": ((condition(clinical="active", verification="confirmed"),), LIVE),
    "without any status": ((condition(),), LIVE),
    "a status we do not know": ((condition(clinical="smouldering"),), LIVE),
    "a header code": ((condition("SPOTS-ANY"),), LIVE),
    "recurrence": ((condition(clinical="recurrence"),), BACK),
    "relapse by code": ((condition("SPOT-BACK"),), BACK),
    "relapse by code, in remission by status": (
        (condition("SPOT-BACK", clinical="remission"),),
        BACK,
    ),
    "remission by status": ((condition(clinical="remission"),), OVER),
    "remission by code, status says active": ((condition("SPOT-GONE", clinical="active"),), OVER),
    "remission by code, status says relapse": ((condition("SPOT-GONE", clinical="relapse"),), BACK),
    "resolved": ((condition(clinical="resolved"),), OVER),
    "inactive": ((condition(clinical="inactive"),), OVER),
    "ended, without status": ((condition(abatementDateTime="2020"),), OVER),
    "provisional": ((condition(verification="provisional"),), UNSURE),
    "differential": ((condition(verification="differential"),), UNSURE),
    "unconfirmed": ((condition(verification="unconfirmed"),), UNSURE),
    "refuted": ((condition(verification="refuted"),), NEVER),
    "entered in error": ((condition(verification="entered-in-error"),), NEVER),
    "refuted beside confirmed": ((condition(verification="refuted"), condition()), LIVE),
    "suspected beside confirmed": ((condition(verification="provisional"), condition()), LIVE),
    "active and relapsed": ((condition(), condition("SPOT-BACK")), BACK),
    "remission after active": ((condition(**EARLIER), condition("SPOT-GONE", **LATER)), OVER),
    "active after remission": ((condition("SPOT-GONE", **EARLIER), condition(**LATER)), LIVE),
    "both of one day": (
        (condition("SPOT-GONE", **LATER), condition(**LATER)),
        OPEN,
    ),
    "remission and active, one undated": ((condition("SPOT-GONE"), condition(**LATER)), OPEN),
    "active of long ago, remission undated": (
        (condition(onsetDateTime="1962-03"), condition("SPOT-GONE")),
        OPEN,
    ),
    "remission of long ago, active undated": (
        (condition("SPOT-GONE", onsetDateTime="1962-03"), condition()),
        OPEN,
    ),
    "only suspected remission after active": (
        (condition(**EARLIER), condition("SPOT-GONE", verification="provisional", **LATER)),
        LIVE,
    ),
    "suspected remission alone": (
        (condition("SPOT-GONE", verification="provisional"),),
        (FALSE, FALSE, UNKNOWN, FALSE),
    ),
    "about somebody else": ((condition(subject={"reference": "Patient/subject-2"}),), NEVER),
    "another disease": ((condition("STRIPE"),), NEVER),
    "a code of the disease on something else": ((observation("SPOT", 1),), NEVER),
}


@pytest.mark.parametrize(("records", "expected"), COURSES.values(), ids=COURSES)
@pytest.mark.parametrize("backwards", [False, True])
def test_where_a_disease_stands(
    records: Records, expected: tuple[Truth, ...], backwards: bool
) -> None:
    asked = chart(*(reversed(records) if backwards else records))
    found = (
        asked.has(SPOTS),
        asked.may_have(SPOTS),
        asked.in_remission(SPOTS),
        asked.in_relapse(SPOTS),
    )
    assert tuple(finding.truth for finding in found) == expected


def test_what_was_not_read_is_unknown_unless_something_was() -> None:
    finding = chart(**NOT_READ).has(SPOTS)
    assert words(finding) == ["Spots: could not be checked"]
    assert [fact.unread for fact in finding.facts] == [True]
    suspected = chart(condition(verification="provisional"), **NOT_READ).has(SPOTS)
    assert [fact.unread for fact in suspected.facts] == [False]
    assert chart(**NOT_READ).in_remission(SPOTS).truth is UNKNOWN
    assert chart(condition(), **NOT_READ).has(SPOTS).truth is TRUE


def test_an_absent_disease_is_worded_as_not_on_the_problem_list() -> None:
    assert words(chart().has(SPOTS)) == ["Spots: not on the problem list"]


def test_the_words_of_a_record() -> None:
    records = condition("SPOT-GONE", clinical="active", verification="provisional", **LATER)
    finding = chart(records).in_remission(SPOTS)
    assert words(finding) == [
        "Spots: in remission, not confirmed, though its status says active, recorded 2026-01-01"
    ]


def test_a_conflict_names_both_entries() -> None:
    asked = chart(condition("SPOT-GONE"), condition())
    assert asked.diagnosis(SPOTS).in_conflict
    assert words(asked.has(SPOTS)) == [
        "Spots: entries contradict each other (active, clinical status not sent / in remission)"
    ]


def test_a_broad_code_only_suggests_a_disease() -> None:
    asked = chart(condition("LINE"))
    assert (asked.has(STRIPES).truth, asked.may_have(STRIPES).truth) == (UNKNOWN, TRUE)
    assert words(asked.has(STRIPES)) == [
        "Stripes: lines recorded, stripes not specified, clinical status not sent"
    ]
    assert chart(condition("LINE"), condition("STRIPE")).has(STRIPES).truth is TRUE


def test_a_lifelong_disease_is_never_over() -> None:
    over = condition("STRIPE", clinical="resolved")
    finding = chart(over).has(STRIPES)
    assert finding.truth is UNKNOWN
    assert words(finding) == ["Stripes: recorded as resolved or inactive, which is implausible"]
    assert chart(condition("STRIPE", **EARLIER), over | LATER).has(STRIPES).truth is TRUE


# -- the person ------------------------------------------------------------------------------------


def born(date: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "birthDate": date}


AGED = {
    "birthday today": ("1996-11-21", "30", "30"),
    "birthday tomorrow": ("1996-11-22", "29", "29"),
    "only the year": ("1996", "29", "30"),
    "year and month, already had": ("1996-10", "30", "30"),
    "year and month of now": ("1996-11", "29", "30"),
    "on a leap day": ("1996-02-29", "30", "30"),
    "this year, day not known": ("2026", "0", "0"),
}


@pytest.mark.parametrize(("date", "least", "most"), AGED.values(), ids=AGED)
def test_age_in_completed_years(date: str, least: str, most: str) -> None:
    assert chart(born(date)).age_bounds() == Bounds(Decimal(least), Decimal(most))


@pytest.mark.parametrize("date", [None, "", "2027-01-01", "in May", 1996])
def test_no_birth_date_is_no_age(date: Any) -> None:
    age = chart(born(date)).age()
    assert (age.bounds, age.fact.say()) == (None, "Age: birth date not recorded")


def test_age_in_words() -> None:
    assert chart(born("1996-11-21")).age().fact.say() == "Age 30 y"
    partial = chart(born("1996")).age()
    words = "Age 29 to 30 y (birth date incomplete)"
    assert (partial.fact.say(), partial.fact.missing) == (words, True)


def test_an_age_that_could_not_be_read_is_not_called_unrecorded() -> None:
    reason = "could not be checked (person: the server is down)"
    fact = chart(troubles={"Patient": reason}).age().fact
    assert (fact.say(), fact.missing, fact.unread) == (f"Age: {reason}", True, True)
    read = chart(born(None), troubles={"Patient": reason}).age().fact
    assert (read.say(), read.unread) == ("Age: birth date not recorded", False)


def test_without_a_patient_nothing_is_known_of_the_person() -> None:
    assert chart().age_bounds() is None
    assert chart().gender() is None
    assert chart({"resourceType": "Patient", "gender": ["female"]}).gender() is None
    assert chart({"resourceType": "Patient", "gender": "female"}).gender() == "female"


# -- orders and prescriptions ----------------------------------------------------------------------

DRAFTS = (
    draft("a", medicationCodeableConcept=coded("POLISH")),
    draft("b", medicationCodeableConcept={"text": "wax"}),
    draft("c", medicationCodeableConcept=coded("POLISH")),
)


def test_ordering_asks_for_what_is_selected() -> None:
    asked = chart(drafts=DRAFTS, selections=["MedicationRequest/c", "MedicationRequest/b"])
    assert [order.id for order in asked.selected(POLISH)] == ["c"]
    assert [order.id for order in asked.drafted(POLISH)] == ["c", "a"]
    assert words(asked.ordering(POLISH)) == ["Order: polish"]
    assert words(asked.ordering(WAX)) == ["Order: wax (recognised by name, no known code)"]
    none_selected = chart(drafts=DRAFTS, selections=[]).ordering(POLISH)
    assert none_selected.truth is FALSE
    assert words(none_selected) == ["polish: not among the orders looked at"]


def prescription(kind: str = "MedicationRequest", **fields: Any) -> dict[str, Any]:
    base = {"resourceType": kind, "status": "active"}
    return base | (fields or {"medicationCodeableConcept": coded("POLISH")})


TAKING: dict[str, tuple[dict[str, Any], str]] = {
    "by code": (prescription(), "polish: active prescription"),
    "as a statement": (prescription("MedicationStatement"), "polish: active prescription"),
    "by name": (
        prescription(medicationCodeableConcept={"text": "Polish 5 mg"}),
        "polish: active prescription (recognised by name)",
    ),
    "by the display of a reference": (
        prescription(medicationReference={"display": "polish"}),
        "polish: active prescription (recognised by name)",
    ),
    "in a contained Medication": (
        prescription(contained=[{"resourceType": "Medication", "code": coded("POLISH")}]),
        "polish: active prescription",
    ),
    "on hold": (prescription() | {"status": "on-hold"}, "polish: active prescription"),
    "without status": (prescription() | {"status": None}, "polish: active prescription"),
}


@pytest.mark.parametrize(("record", "text"), TAKING.values(), ids=TAKING)
def test_an_active_prescription(record: dict[str, Any], text: str) -> None:
    finding = chart(record).taking(POLISH)
    assert (finding.truth, words(finding)) == (TRUE, [text])


@pytest.mark.parametrize("status", ["stopped", "completed", "cancelled", "entered-in-error"])
def test_a_prescription_that_ended_is_none(status: str) -> None:
    assert chart(prescription() | {"status": status}).taking(POLISH).truth is FALSE


def test_a_drug_that_must_not_be_given_is_not_running() -> None:
    assert chart(prescription() | {"doNotPerform": True}).taking(POLISH).truth is FALSE


@pytest.mark.parametrize("status", ["unknown", "active?", ""])
def test_whether_a_drug_runs_may_be_unclear(status: str) -> None:
    finding = chart(prescription() | {"status": status}).taking(POLISH)
    assert finding.truth is UNKNOWN
    assert words(finding) == ["polish: on record, whether it is being given is not known"]
    both = chart(prescription() | {"status": status}, prescription()).taking(POLISH)
    assert both.truth is TRUE


def test_prescriptions_that_were_not_read_are_unknown() -> None:
    assert chart(**NOT_READ).taking(POLISH).truth is UNKNOWN
    assert chart().taking(POLISH).truth is FALSE


@pytest.mark.parametrize("backwards", [False, True])
def test_a_prescription_by_code_is_shown_before_one_by_name(backwards: bool) -> None:
    records = [prescription(), prescription(medicationCodeableConcept={"text": "polish"})]
    asked = chart(*(reversed(records) if backwards else records))
    assert words(asked.taking(POLISH)) == ["polish: active prescription"]


# -- filing and memory -----------------------------------------------------------------------------


def test_resources_of_others_are_counted_and_ignored() -> None:
    other = {"reference": "Patient/subject-2"}
    asked = chart(
        observation(value=120, subject=other), condition(patient=other), condition(subject=other)
    )
    assert asked.foreign == 3
    assert asked.latest(SHINE).bounds is None
    assert asked.has(SPOTS).truth is FALSE


def test_what_was_asked_is_recorded() -> None:
    asked = chart()
    asked.has(SPOTS)
    asked.latest(SHINE)
    asked.test_is_positive(GLOW)
    asked.ordering(POLISH)
    asked.taking(WAX)
    assert asked.asked == {"spots", "shine", "glow", "polish", "wax"}


def test_a_question_is_asked_once_per_chart() -> None:
    calls = []

    @question
    def asked(patient: Any) -> Finding:
        calls.append(patient)
        return Finding("asked", TRUE)

    first, second = chart(), chart()
    for patient in (first, first, second):
        assert asked(patient).truth is TRUE
    assert calls == [first, second]


@pytest.mark.parametrize("backwards", [False, True])
def test_records_of_one_day_are_worded_alike_in_any_order(backwards: bool) -> None:
    records = [condition(clinical="active"), condition(clinical="smouldering")]
    asked = chart(*(reversed(records) if backwards else records))
    assert words(asked.has(SPOTS)) == ["Spots: active, clinical status smouldering"]
