"""Unknown is not no, and what decided suffices: over every rule, its cases and the stories."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.finding import FALSE, TRUE, UNKNOWN
from cds_service.terminology import Measurement
from hooks import SERVICES, questions
from tests.patients import LEXICON, NOW, Draft, Record, Unread, chart, in_words, person
from tests.properties.cases import (
    PER_RULE,
    Case,
    about,
    all_cases,
    asked,
    facts,
    is_new,
    keys,
    one_of_many,
    own_warnings,
    warning_cases,
    warning_charts,
    with_cases,
)

every_rule = pytest.mark.parametrize("rule_id", with_cases())

# -- results that cannot be used -----------------------------------------------------------------


def spoiled(result: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {**result, **changed}


SPOILED: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "in a unit that nobody converts": lambda result: {
        **in_words(result, ""),
        "valueQuantity": {"value": 182, "unit": "furlong"},
    },
    "in words": lambda result: in_words(result, "see report"),
    "without a value": lambda result: {
        **{name: each for name, each in result.items() if not name.startswith("value")},
        "dataAbsentReason": {"text": "clotted"},
    },
    "ten years old": lambda result: spoiled(result, effectiveDateTime="2016-11-21T12:00:00Z"),
    "dated tomorrow": lambda result: spoiled(result, effectiveDateTime="2026-11-22T12:00:00Z"),
    "of unknown status": lambda result: spoiled(result, status="unknown"),
    "cancelled": lambda result: spoiled(result, status="cancelled"),
    "without a time": lambda result: {
        name: each for name, each in result.items() if name not in ("effectiveDateTime", "issued")
    },
}
NO_RESULT = ("ten years old", "cancelled")
"""Of these nothing of today is left, while the others are results that must be named."""

_MRD = "an MRD that is too old or was called off is none, and ALL without MRD is silent (0.9)"
SILENT_WITHOUT_RESULT = {
    ("all-mrd", "mrd"): _MRD,
    ("all-mrd", "mrd-end-of-induction"): _MRD,
    ("all-mrd", "mrd-end-of-consolidation"): _MRD,
    ("t-all-response-group", "mrd-end-of-induction"): _MRD,
    ("t-all-response-group", "mrd-end-of-consolidation"): _MRD,
    ("hyperleukocytosis-watch", "leukocyte-count"): "in remission nobody counts every day",
}
"""Rule and measurement to the reason why the rule is silent without any result of it."""

ONLY_IN = {"hyperleukocytosis-watch": questions.leukemia_in_remission}
"""Where alone that holds."""

OTHER_SCALE = {
    "ecog-performance-status": "karnofsky-performance-status",
    "karnofsky-performance-status": "ecog-performance-status",
}
"""Two measures of one thing, the newer of which counts (5.4)."""

NEVER_FALLS = {"relapse-count": "who had a relapse once has had one, whatever is counted since"}
"""Measurements whose older value does speak for a newer one, and why."""


def may_be_silent(rule_id: str, concept: str, how: str, case: Iterable[Record]) -> bool:
    """Where there is no result, and the catalogue asks nothing or another measure says no."""
    if how not in NO_RESULT:
        return False
    is_asked = ONLY_IN.get(rule_id)
    if (rule_id, concept) in SILENT_WITHOUT_RESULT:
        return is_asked is None or is_asked(chart(*case)).truth is TRUE
    return OTHER_SCALE.get(concept) in keys(asked(rule_id, *case))


def is_result_of(record: Record, concept: str) -> bool:
    is_result = isinstance(record, dict) and record["resourceType"] == "Observation"
    return is_result and concept in about(record)


def measured(case: Case) -> list[str]:
    """Ids of the measurements that a case holds results of."""
    named = {concept for record in case for concept in about(record)}
    return sorted(
        concept
        for concept in named
        if isinstance(LEXICON.concepts.get(concept), Measurement)
        and any(is_result_of(record, concept) for record in case)
    )


def spoil(case: Case, concept: str, how: str) -> list[Record]:
    change = SPOILED[how]
    return [
        change(each) if isinstance(each, dict) and is_result_of(each, concept) else each
        for each in case
    ]


@every_rule
def test_a_measurement_that_cannot_be_used_never_means_no(rule_id: str) -> None:
    """A warning may become a question then, and not silence."""
    silenced = [
        (how, concept, case)
        for case in own_warnings(rule_id)
        for concept in measured(case)
        for how in SPOILED
        if asked(rule_id, *(records := spoil(case, concept, how))).truth is FALSE
        and not may_be_silent(rule_id, concept, how, records)
    ]
    assert silenced == []


def test_every_measurement_that_may_silence_its_rule_does() -> None:
    """Else its exception would hide a rule that has changed."""
    silent = {
        (rule_id, concept)
        for rule_id, concept in SILENT_WITHOUT_RESULT
        for case in own_warnings(rule_id)
        if concept in measured(case)
        and asked(rule_id, *spoil(case, concept, "cancelled")).truth is FALSE
    }
    assert silent == set(SILENT_WITHOUT_RESULT)


@every_rule
@given(data=st.data())
@PER_RULE
def test_nor_does_it_in_a_chart_that_holds_more(rule_id: str, data: st.DataObject) -> None:
    case = data.draw(warning_charts(rule_id))
    for concept in measured(case):
        how = data.draw(st.sampled_from(sorted(SPOILED)))
        records = spoil(case, concept, how)
        found = asked(rule_id, *records)
        assert found.truth is not FALSE or may_be_silent(rule_id, concept, how, records)


def older_than(result: dict[str, Any], value: int, measurement: Measurement) -> dict[str, Any]:
    """The same measurement a minute before, readable."""
    time = datetime.fromisoformat(str(result.get("effectiveDateTime", NOW.isoformat())))
    time = time if time.tzinfo else time.replace(tzinfo=UTC)
    quantity = {"value": value, "unit": measurement.units.canonical}
    kept = {each: result[each] for each in ("resourceType", "subject", "code") if each in result}
    before = (time - timedelta(minutes=1)).isoformat()
    return {**kept, "status": "final", "effectiveDateTime": before, "valueQuantity": quantity}


@every_rule
@pytest.mark.parametrize("how", ["in a unit that nobody converts", "in words", "without a value"])
def test_an_older_value_does_not_speak_for_a_newer_one_that_cannot_be_read(
    rule_id: str, how: str
) -> None:
    silenced = []
    for case in own_warnings(rule_id):
        for concept in set(measured(case)) - NEVER_FALLS.keys():
            measurement = LEXICON.concepts[concept]
            assert isinstance(measurement, Measurement)
            last = next(each for each in reversed(case) if is_result_of(each, concept))
            assert isinstance(last, dict)
            for end in measurement.plausible or ():
                older = older_than(last, int(end), measurement)
                if asked(rule_id, older, *spoil(case, concept, how)).truth is FALSE:
                    silenced.append((concept, end, case))
    assert silenced == []


# -- data that could not be read -----------------------------------------------------------------

UNREAD = {
    (rule.id, query.key): Unread(query.concepts)
    for service in SERVICES
    for rule in service.rules()
    for query in service.queries
    if not query.is_read
}


def without(case: Case, unread: Unread) -> list[Record]:
    """The case as it is when one prefetch key could not be read."""
    lost = about(unread)
    return [each for each in case if isinstance(each, Draft) or not about(each) & lost] + [unread]


@pytest.mark.parametrize(("rule_id", "key"), UNREAD)
def test_a_prefetch_key_that_failed_never_means_no(rule_id: str, key: str) -> None:
    silenced = [
        case
        for case in warning_cases(rule_id)
        if asked(rule_id, *without(case, UNREAD[rule_id, key])).truth is FALSE
    ]
    assert silenced == []


@every_rule
@given(data=st.data())
@PER_RULE
def test_nor_does_a_page_that_is_lacking(rule_id: str, data: st.DataObject) -> None:
    """Any part of the record may be missing where a key says that it was not read in full."""
    case = data.draw(warning_charts(rule_id))
    every = [unread for (of, _), unread in UNREAD.items() if of == rule_id]
    unread = data.draw(st.sampled_from(every))
    lost = about(unread)
    kept = [
        each
        for each in case
        if isinstance(each, Draft) or not about(each) & lost or data.draw(st.booleans())
    ]
    found = asked(rule_id, *kept, unread)
    assert found.truth is not FALSE or claims_only_what_is_on_record(found, kept)


def claims_only_what_is_on_record(finding: Any, kept: list[Record]) -> bool:
    """Whether every fact of a no is about something that is still here."""
    here = set().union(*(about(each) for each in kept))
    return bool(keys(finding) & here)


@every_rule
@given(data=st.data())
@PER_RULE
def test_what_is_unknown_names_what_is_missing(rule_id: str, data: st.DataObject) -> None:
    case = data.draw(one_of_many(all_cases()))
    more = data.draw(facts())
    every = [unread for (of, _), unread in UNREAD.items() if of == rule_id]
    gaps = data.draw(st.lists(st.sampled_from(every), max_size=1))
    records = (*case, more) if is_new(more, case) else case
    found = asked(rule_id, *records, *gaps)
    assert found.truth is not UNKNOWN or any(fact.missing for fact in found.deciding())


# -- what decided --------------------------------------------------------------------------------


def named_only(case: Case, named: set[str]) -> list[Record]:
    """The records that some fact names; gaps stay, and the person's age goes unless named."""
    kept = [each for each in case if isinstance(each, Unread) or about(each) & named]
    return kept if "age" in named else [*kept, person(None, None)]


@every_rule
def test_the_deciding_facts_suffice(rule_id: str) -> None:
    lacking = [
        (sorted(named), case)
        for case in warning_cases(rule_id)
        if asked(rule_id, *named_only(case, named := keys(asked(rule_id, *case)))).truth is not TRUE
    ]
    assert lacking == []


@every_rule
@given(data=st.data())
@PER_RULE
def test_the_deciding_facts_suffice_in_a_chart_that_holds_more(
    rule_id: str, data: st.DataObject
) -> None:
    case = data.draw(warning_charts(rule_id))
    kept = named_only(case, keys(asked(rule_id, *case)))
    assert asked(rule_id, *kept).truth is TRUE
