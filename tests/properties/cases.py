"""Charts for the properties: every rule's own cases, every story, and facts to add to them.

Generic over the rules that the services list: no rule is named here.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st

import fixtures
from cds_service.chart import Chart
from cds_service.finding import TRUE, Finding
from cds_service.readers import codings, texts
from cds_service.rule import Rule
from cds_service.terminology import (
    Concept,
    Diagnosis,
    Measurement,
    Orderable,
    QualitativeTest,
    ValueSet,
)
from hooks import SERVICES
from tests.patients import (
    LEXICON,
    ME,
    NOW,
    PROCEDURES,
    Draft,
    Record,
    answered,
    chart,
    diagnosis,
    order,
    prescription,
    result,
)

RULES: Mapping[str, Rule] = {rule.id: rule for service in SERVICES for rule in service.rules()}
TABLES = ("WARNS", "SILENT", "ASKS")
TESTS_OF_RULES = Path(__file__).resolve().parent.parent / "rules"

Case = tuple[Record, ...]
Each = TypeVar("Each")


def bounded(examples: int) -> settings:
    """The same examples on every run and on every machine, shared out among the rules."""
    return settings(derandomize=True, database=None, deadline=None, max_examples=examples)


PER_RULE = bounded(max(10, 400 // len(RULES)))


# -- cases ---------------------------------------------------------------------------------------


def module_name(rule_id: str) -> str:
    return f"test_{rule_id.replace('-', '_')}"


@cache
def module(rule_id: str) -> ModuleType | None:
    """The test module of a rule; None where it has none yet."""
    if not (TESTS_OF_RULES / f"{module_name(rule_id)}.py").is_file():
        return None
    return importlib.import_module(f"tests.rules.{module_name(rule_id)}")


def table(rule_id: str, name: str) -> dict[str, Case]:
    """One of the three tables of a rule: sentence to records."""
    found = getattr(module(rule_id), name, {})
    return {sentence: tuple(records) for sentence, records in found.items()}


@cache
def stories() -> dict[str, Case]:
    """The patients of the fixtures as records, with the drafts of their requests."""
    return {
        name: _records(fixtures.request(name, NOW))
        for story in fixtures.stories()
        for name in fixtures.requests(story)
    }


def _records(request: Mapping[str, Any]) -> Case:
    context = request.get("context") or {}
    text = json.dumps(request.get("prefetch") or {})
    # The builders know one patient only.
    text = text.replace(f'"Patient/{context.get("patientId")}"', f'"Patient/{ME}"')
    records: list[Record] = []
    for value in json.loads(text).values():
        found = [value] if not isinstance(value, dict) or "entry" not in value else value["entry"]
        resources = [each.get("resource", each) for each in found if isinstance(each, dict)]
        records += [r for r in resources if isinstance(r, dict) and _is_of_patient(r)]
    chosen = context.get("selections")
    for entry in (context.get("draftOrders") or {}).get("entry", ()):
        resource = {**entry["resource"], "subject": {"reference": f"Patient/{ME}"}}
        reference = f"{resource['resourceType']}/{resource.get('id')}"
        records.append(Draft(resource, chosen is None or reference in chosen))
    return tuple(records)


def _is_of_patient(resource: Mapping[str, Any]) -> bool:
    return resource.get("resourceType") not in (None, "Bundle", "OperationOutcome")


@cache
def all_cases() -> tuple[Case, ...]:
    """Of every rule and every story."""
    written = [case for rule in RULES for name in TABLES for case in table(rule, name).values()]
    return (*written, *stories().values())


@cache
def own_warnings(rule_id: str) -> tuple[Case, ...]:
    """The cases of a rule's own table in which it warns; while it has none, the stories."""
    return tuple(table(rule_id, "WARNS").values()) or warning_cases(rule_id)


@cache
def warning_cases(rule_id: str) -> tuple[Case, ...]:
    """Those in which one rule warns: its own, and the stories that make it warn."""
    own = (case for case in table(rule_id, "WARNS").values() if warns(rule_id, case))
    applies = RULES[rule_id].applies
    told = (case for case, read in told_charts() if applies(read).truth is TRUE)
    return (*own, *told)


@cache
def told_charts() -> tuple[tuple[Case, Chart], ...]:
    """Every story with its chart, which remembers what one rule has asked for the next."""
    return tuple((case, chart(*case)) for case in stories().values())


def warns(rule_id: str, case: Case) -> bool:
    return RULES[rule_id].applies(chart(*case)).truth is TRUE


def is_new(record: Record, case: Case) -> bool:
    """Whether it adds to the case: a second draft of one id would replace the first."""
    drafted = {each.reference for each in case if isinstance(each, Draft)}
    return not isinstance(record, Draft) or record.reference not in drafted


def with_cases() -> list[str]:
    """The rules that some case makes warn; test_cases.py names those without any."""
    return [rule_id for rule_id in RULES if warning_cases(rule_id)]


@st.composite
def warning_charts(draw: st.DrawFn, rule_id: str) -> Case:
    """A case in which the rule warns, and up to two facts more that leave it so."""
    case = draw(one_of_many(warning_cases(rule_id)))
    for more in draw(st.lists(facts(), max_size=2)):
        if is_new(more, case) and warns(rule_id, (*case, more)):
            case = (*case, more)
    return case


# -- facts ---------------------------------------------------------------------------------------


@cache
def single_records() -> tuple[Record, ...]:
    """Every resource and draft that some case holds, once. The person is always known."""
    found: dict[str, Record] = {}
    for record in (each for case in all_cases() for each in case):
        if isinstance(record, Draft):
            found[json.dumps([record.resource, record.selected], sort_keys=True)] = record
        elif isinstance(record, dict) and record["resourceType"] != "Patient":
            found[json.dumps(record, sort_keys=True)] = record
    return tuple(found.values())


DIAGNOSES = [c for c in LEXICON.concepts.values() if isinstance(c, Diagnosis)]
MEASUREMENTS = [c for c in LEXICON.concepts.values() if isinstance(c, Measurement)]
TESTS = [c for c in LEXICON.concepts.values() if isinstance(c, QualitativeTest)]
ORDERABLES = [c for c in LEXICON.concepts.values() if isinstance(c, Orderable) and c.codes.codes]
VERIFICATIONS = ["confirmed", "provisional", "refuted", "entered-in-error", None]
CLINICAL = ["active", "recurrence", "remission", "resolved", None]


def _lists(concept: Concept) -> list[ValueSet]:
    return [value_set for value_set in concept.value_sets() if value_set.codes]


@st.composite
def diagnoses(draw: st.DrawFn) -> Record:
    disease = draw(st.sampled_from(DIAGNOSES))
    return diagnosis(
        disease,
        draw(st.sampled_from(VERIFICATIONS)),
        draw(st.sampled_from(CLINICAL)),
        codes=draw(st.sampled_from(_lists(disease))),
        recorded=draw(st.sampled_from(["2026-11-20", "2026-11-01", "2019", None])),
    )


@st.composite
def results(draw: st.DrawFn) -> Record:
    measurement = draw(st.sampled_from(MEASUREMENTS))
    low, high = measurement.plausible or (0, 100)
    return result(
        measurement,
        draw(st.integers(int(low), int(high))),
        draw(st.sampled_from([None, None, "furlong"])),
        codes=_lists(measurement)[0],
        hours_ago=draw(st.sampled_from([1, 3, 30, 80, 24 * 40, 24 * 400])),
        status=draw(st.sampled_from(["final", "preliminary", "corrected", "entered-in-error"])),
        comparator=draw(st.sampled_from([None, None, ">", "<"])),
    )


@st.composite
def answers(draw: st.DrawFn) -> Record:
    test = draw(st.sampled_from(TESTS))
    said = [*sorted(test.yes), *sorted(test.no), "see report", None]
    hours_ago = draw(st.sampled_from([1, 30, 24 * 400]))
    return answered(test, draw(st.sampled_from(said)), hours_ago=hours_ago)


@st.composite
def drugs_and_orders(draw: st.DrawFn) -> Record:
    what = draw(st.sampled_from(ORDERABLES))
    is_procedure = what.id in {procedure.id for procedure in PROCEDURES}
    if not is_procedure and draw(st.booleans()):
        return prescription(what, draw(st.sampled_from(["active", "stopped", "draft"])))
    selected = draw(st.booleans())
    return order(what, identity="added", selected=selected, procedure=is_procedure)


def one_of_many(every: Sequence[Each]) -> st.SearchStrategy[Each]:
    """As sampled_from, which looks at every element first."""
    return st.integers(0, len(every) - 1).map(every.__getitem__)


@cache
def facts() -> st.SearchStrategy[Record]:
    """One more thing that may become known about the patient."""
    return st.one_of(
        st.deferred(lambda: one_of_many(single_records())),
        diagnoses(),
        results(),
        answers(),
        drugs_and_orders(),
    )


# -- what a record is about ----------------------------------------------------------------------


def _coded_parts(resource: Mapping[str, Any]) -> Iterator[Any]:
    yield resource.get("code")
    yield resource.get("medicationCodeableConcept")
    for component in resource.get("component") or ():
        yield component.get("code") if isinstance(component, dict) else None
    for contained in resource.get("contained") or ():
        yield contained.get("code") if isinstance(contained, dict) else None


def about(record: Record) -> set[str]:
    """The keys that a fact about this record may have: concept ids, "order <reference>", "age"."""
    if isinstance(record, Draft):
        (drafted,) = chart(record).orders or (None,)
        named = set(drafted.recognised) if drafted is not None else set()
        return {f"order {record.reference}", *named}
    if not isinstance(record, dict):
        return {concept.id for concept in record.concepts}
    if record["resourceType"] == "Patient":
        return {"age"}
    value_sets, names = set(), set()
    for part in _coded_parts(record):
        for coding in codings(part):
            value_sets |= {hit.value_set for hit in LEXICON.match(coding.system, coding.code)}
        if record["resourceType"].startswith("Medication"):
            names |= {found for text in texts(part) for found in LEXICON.named(text)}
    return names.union(*(_concepts_of().get(value_set, ()) for value_set in value_sets))


@cache
def _concepts_of() -> dict[str, set[str]]:
    """Id of a value set to the concepts that it codes."""
    found: dict[str, set[str]] = {}
    for concept in LEXICON.concepts.values():
        for value_set in concept.value_sets():
            found.setdefault(value_set.id, set()).add(concept.id)
    return found


def keys(finding: Finding) -> set[str]:
    """What the deciding facts of a finding are about."""
    return {fact.key for fact in finding.deciding()}


def asked(rule_id: str, *records: Record) -> Finding:
    """The answer of a rule, all facts of which can be put in words."""
    finding = RULES[rule_id].applies(chart(*records))
    assert all(fact.say() for fact in finding.deciding())
    return finding
