"""Suspected is not no: a diagnosis that nobody has confirmed silences nothing by being doubtful."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.diagnosis import LIVE
from cds_service.finding import FALSE, TRUE
from tests.patients import ME, Record, chart
from tests.properties.cases import (
    DIAGNOSES,
    PER_RULE,
    RULES,
    Case,
    about,
    all_cases,
    asked,
    warning_cases,
    warning_charts,
    with_cases,
)

every_rule = pytest.mark.parametrize("rule_id", with_cases())

UNCONFIRMED = ("provisional", "differential", "unconfirmed")

_DIRECTION = "treatment is chosen for a leukemia that is confirmed; a suspected one is worked up"
_CRITERION = "unfit needs a criterion on record, and one only suspected is none yet (5.5)"

CONFIRMED_ONLY: Mapping[str, Mapping[str, str]] = {
    "comfort-plan": {"comfort-plan": "advice is held back only for a plan that is settled"},
    "als-acute-leukemia-goals": dict.fromkeys(
        ("aml", "apl", "all", "mixed-phenotype-acute-leukemia", "acute-leukemia-unspecified"),
        "R04 is for active leukemia; that of ALS may be suspected",
    ),
    "aml-fit": {"aml": _DIRECTION},
    "aml-unfit": {"aml": _DIRECTION, "heart-failure": _CRITERION, "angina-pectoris": _CRITERION},
    "aml-relapsed-refractory": {"aml": _DIRECTION},
    "all-relapsed-refractory": {"all": _DIRECTION},
    "all-older-adult": {"all": _DIRECTION},
    "all-mrd": {"all": _DIRECTION},
    "t-all-response-group": {"all": _DIRECTION},
    "infection-prophylaxis-als": {
        "neutropenia": "R34 asks for neutrophils below 0.5 or a running antileukemic therapy"
    },
    "tki-missing-ph-all": {
        "ph-positive-leukemia": "R36 is for a BCR::ABL1 that was found; the ALL may be suspected"
    },
    "count-recovery": {"aml": "consolidation is for a leukemia that was there and is in remission"},
}
"""Rule and diagnosis to the reason why it asks about a suspicion instead of warning."""


def stands(record: Record) -> bool:
    """An entry of this patient's that is confirmed, or says nothing to the contrary."""
    if not isinstance(record, dict) or record["resourceType"] != "Condition":
        return False
    if (record.get("subject") or {}).get("reference") not in (None, f"Patient/{ME}"):
        return False
    status = (record.get("verificationStatus") or {}).get("coding") or [{"code": "confirmed"}]
    return {each.get("code") for each in status} == {"confirmed"}


def doubted(record: Record, status: str) -> Record:
    assert isinstance(record, dict)
    return {**record, "verificationStatus": {"coding": [{"code": status}]}}


def with_doubts(case: Case, status: str) -> Iterator[tuple[set[str], list[Record]]]:
    """The case with each diagnosis in doubt, and with all; first, which."""
    entries = [each for each in case if stands(each)]
    for entry in entries:
        yield about(entry), [doubted(each, status) if each is entry else each for each in case]
    if len(entries) > 1:
        every = set().union(*(about(each) for each in entries))
        yield every, [doubted(each, status) if stands(each) else each for each in case]


def is_live(entry: Record) -> bool:
    """Of a disease that is active in every sense of its codes, not of one in remission."""
    views = [chart(entry).diagnosis(disease) for disease in DIAGNOSES if disease.id in about(entry)]
    return all(record.course in LIVE for view in views for record in view.records)


def was_settled(case: Case, records: list[Record]) -> bool:
    """A warning that entries contradict each other has lost its reason.

    Of a confirmed entry and one that is only suspected the confirmed one counts.
    """
    before, after = chart(*case), chart(*records)
    return any(
        before.diagnosis(disease).in_conflict and not after.diagnosis(disease).in_conflict
        for disease in DIAGNOSES
    )


@every_rule
def test_a_disease_that_is_only_suspected_never_means_no(rule_id: str) -> None:
    """A warning may become a question then, or be worded for the suspicion, and not silence."""
    silenced = [
        (sorted(doubtful), records)
        for case in warning_cases(rule_id)
        for doubtful, records in with_doubts(case, "provisional")
        if asked(rule_id, *records).truth is FALSE and not was_settled(case, records)
    ]
    assert silenced == []


@every_rule
@given(data=st.data())
@PER_RULE
def test_nor_does_it_in_a_chart_that_holds_more(rule_id: str, data: st.DataObject) -> None:
    case = data.draw(warning_charts(rule_id))
    status = data.draw(st.sampled_from(UNCONFIRMED))
    for _, records in with_doubts(case, status):
        assert asked(rule_id, *records).truth is not FALSE or was_settled(case, records)


def only_asked_about(rule_id: str) -> list[set[str]]:
    """Of each live entry that makes a rule ask, where it warns when confirmed: its diseases."""
    found = []
    for case in warning_cases(rule_id):
        for entry in (each for each in case if stands(each) and is_live(each)):
            records = [doubted(each, "provisional") if each is entry else each for each in case]
            if asked(rule_id, *records).truth is not TRUE and not was_settled(case, records):
                found.append(about(entry))
    return found


@every_rule
def test_a_suspected_disease_warns_as_a_confirmed_one_does_unless_a_reason_is_named(
    rule_id: str,
) -> None:
    """A question stays unseen where no other card shows, so silence is near.

    A reason that is no longer needed would hide a rule that has changed.
    """
    named, found = set(CONFIRMED_ONLY.get(rule_id, ())), only_asked_about(rule_id)
    assert [diseases for diseases in found if not diseases & named] == []
    assert named - set().union(*found) == set()


ABSENT = ("not on the problem list", "no result", "not recorded")


def claimed_absent(entries: Case) -> Iterator[tuple[str, str]]:
    """Rule and fact: what a no says of the diagnoses, all of them in doubt, as if they were not."""
    *_, (doubtful, records) = with_doubts(entries, "provisional")
    seen = chart(*records)
    for rule in RULES.values():
        for leaf in rule.applies(seen).leaves():
            for fact in leaf.facts if leaf.truth is FALSE else ():
                if fact.key in doubtful and any(words in fact.say() for words in ABSENT):
                    yield rule.id, fact.say()


def test_no_answer_says_of_a_suspected_disease_that_it_is_not_on_record() -> None:
    """Whatever a rule makes of it: a suspicion is an entry, and its absence is not confirmed."""
    lists = [tuple(each for each in case if stands(each)) for case in all_cases()]
    distinct = {json.dumps(entries): entries for entries in lists if entries}
    claims = {claim for entries in distinct.values() for claim in claimed_absent(entries)}
    assert claims == set()
