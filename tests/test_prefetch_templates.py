"""Prefetch templates and what rules ask: each holds what the other needs, and no more.

What a rule may ask is read from its code (hooks.source_attributes, every branch and every text of
the card); what it does ask is recorded on the charts of its own tests and of every story. The first
may name too much, the second too little: a question without data is looked for in the first, a
template without a question in the second. The queries themselves are held to the specification in
tests/protocol/test_discovery.py.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

import fixtures
import hooks
from cds_service.chart import Chart
from cds_service.engine import Engine, load_engine
from cds_service.prefetch import Query
from cds_service.rule import Line, Rule
from cds_service.service import Service
from cds_service.settings import Settings
from cds_service.terminology import Concept, Diagnosis, Orderable
from hooks import SERVICES
from hooks.source_attributes import inputs
from hooks.thresholds import CREATININE_FOR_DOSE
from tests.patients import chart
from tests.properties.cases import TABLES, Case, stories, table

CONTENT = Path(hooks.__file__).parent
SITES = {"shipped": "", "example site": str(Path(fixtures.__file__).parent / "site")}
EACH_SERVICE = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.id)
EACH_KEY = pytest.mark.parametrize("key", SERVICES[0].prefetch)
AT_EACH_SITE = pytest.mark.parametrize("site", SITES)

RUNNING = {"taking", "prescribed"}
"""Questions of the chart about a drug that is or was prescribed, not about a draft."""
ABOUT_RUNNING = RUNNING | {"running_or_drafted", "still_taking"}
"""Those, and the functions of the content that ask them of whatever drug they are given."""


# -- what is asked ---------------------------------------------------------------------------------


def rules(service: Service) -> list[Rule]:
    """All that a service asks, as rules: its own, and when a gap is worth a card."""
    if service.gaps_alone_when is None:
        return service.rules()
    own_id = f"{service.gaps.id} at {service.hook}"
    return [*service.rules(), replace(service.gaps, id=own_id, applies=service.gaps_alone_when)]


@cache
def declared(service: Service) -> frozenset[Concept]:
    """Every concept that the code of a service's rules names."""
    return frozenset(concept for rule in rules(service) for concept in inputs(rule).concepts)


@dataclass
class Recorded:
    """What the rules asked of charts: all concepts by rule, drugs as running, and from where."""

    asked: dict[str, set[str]] = field(default_factory=dict)
    running: dict[str, set[str]] = field(default_factory=dict)
    lines: set[tuple[str, int]] = field(default_factory=set)

    def of(self, service: Service, found: dict[str, set[str]]) -> set[str]:
        """The ids that the rules of one service asked."""
        return {concept for rule in rules(service) for concept in found[rule.id]}


@pytest.fixture(scope="module")
def recorded() -> Recorded:
    record = Recorded()
    with pytest.MonkeyPatch.context() as patch:
        rule_id = [""]
        for name in RUNNING:
            patch.setattr(Chart, name, noting(record, rule_id, getattr(Chart, name)))
        for rule in {rule.id: rule for service in SERVICES for rule in rules(service)}.values():
            rule_id[0] = rule.id
            ask_everywhere(rule, record)
    return record


def noting(record: Recorded, rule_id: list[str], own: Any) -> Any:
    """A question of the chart that notes the drug, and the lines of the content that asked."""

    def ask(self: Chart, drug: Orderable) -> Any:
        record.running[rule_id[0]].add(drug.id)
        frame = sys._getframe(1)
        while frame is not None:
            record.lines.add((frame.f_code.co_filename, frame.f_lineno))
            frame = frame.f_back
        return own(self, drug)

    return ask


def ask_everywhere(rule: Rule, record: Recorded) -> None:
    """Everything of a rule, of nobody, of its own cases and of every story."""
    asked = record.asked.setdefault(rule.id, set())
    record.running.setdefault(rule.id, set())
    own = [case for name in TABLES for case in table(rule.id, name).values()]
    cases: list[Case] = [(), *own, *stories().values()]
    for case in cases:
        told = chart(*case)
        ask(rule, told)
        asked |= told.asked


def ask(rule: Rule, told: Chart) -> None:
    """Whether it applies, how urgent it is, its values, lines and proposals."""
    texts = [each.text if isinstance(each, Line) else each for each in rule.advice]
    questions = [rule.applies, *(each.when for each in rule.escalations), *rule.suggestions]
    for question in (*questions, *(text for text in texts if not isinstance(text, str))):
        question(told)
    for show in rule.shows:
        list(show(told))


def searched(service: Service, kind: str) -> set[str]:
    """Ids of the concepts that the searches for one resource type are about."""
    found = (query.concepts for query in service.queries if query.resource_type == kind)
    return {concept.id for concepts in found for concept in concepts}


# -- every question has its template ---------------------------------------------------------------


@EACH_SERVICE
def test_what_is_asked_of_a_chart_is_among_what_the_code_names(
    recorded: Recorded, service: Service
) -> None:
    """Else the tests below would look for too little."""
    known = {concept.id for concept in declared(service)}
    assert recorded.of(service, recorded.asked) - known == set()


@EACH_SERVICE
def test_every_diagnosis_is_searched_for_among_conditions(service: Service) -> None:
    asked = {each.id for each in declared(service) if isinstance(each, Diagnosis)}
    assert len(asked) > 10
    assert asked - searched(service, "Condition") == set()


@EACH_SERVICE
def test_every_result_is_searched_for_among_observations(service: Service) -> None:
    asked = {each.id for each in declared(service) if not isinstance(each, Diagnosis | Orderable)}
    assert len(asked) > 10
    assert asked - searched(service, "Observation") == set()


@EACH_SERVICE
def test_every_drug_that_may_run_is_looked_for_among_prescriptions(
    recorded: Recorded, service: Service
) -> None:
    """All other orderables are asked of the drafts in the context."""
    asked = recorded.of(service, recorded.running)
    assert asked
    assert asked - searched(service, "MedicationRequest") == set()


def test_no_question_about_a_running_drug_was_left_unasked(recorded: Recorded) -> None:
    """Which drugs run is known only by asking: so every such line of the content has to be met."""
    unmet = [
        f"{path.relative_to(CONTENT)}:{call.lineno}: {ast.unparse(call)}"
        for path in sorted(CONTENT.rglob("*.py"))
        for call in calls(path)
        if not any((str(path), line) in recorded.lines for line in lines_of(call))
    ]
    assert unmet == []


def calls(path: Path) -> list[ast.Call]:
    """The calls of a module that ask about a running drug."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in found if name_of(call.func) in ABOUT_RUNNING]


def name_of(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def lines_of(call: ast.Call) -> range:
    return range(call.lineno, (call.end_lineno or call.lineno) + 1)


def test_no_other_function_passes_a_drug_on_to_such_a_question() -> None:
    """A new one has to be among ABOUT_RUNNING, so that its callers are looked at too."""
    passing = set()
    for path in CONTENT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and any(
                name_of(call.func) in ABOUT_RUNNING and takes_from(node, call)
                for call in ast.walk(node)
                if isinstance(call, ast.Call)
            ):
                passing.add(node.name)
    assert passing == ABOUT_RUNNING - RUNNING


def takes_from(function: ast.FunctionDef, call: ast.Call) -> bool:
    """Whether a call is given a parameter of the function that is not the chart."""
    parameters = function.args
    named = {each.arg for each in parameters.args[1:]}
    named |= {parameters.vararg.arg} if parameters.vararg is not None else set()
    # In `taking(drug) for drug in drugs` it is the loop that takes the parameter.
    loops = [node for node in ast.walk(function) if isinstance(node, ast.comprehension)]
    drawn = {
        name for loop in loops if names_in(loop.iter) & named for name in names_in(loop.target)
    }
    given = {name for each in call.args for name in names_in(each)}
    return bool(given & (named | drawn))


def names_in(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


@EACH_SERVICE
def test_age_and_sex_come_with_the_read_of_the_patient(service: Service) -> None:
    asked = [inputs(rule) for rule in rules(service)]
    assert any(each.sex for each in asked)
    assert any(each.birth_date for each in asked)
    assert [query.resource_type for query in service.queries if query.is_read] == ["Patient"]


def test_at_patient_view_nothing_is_asked_of_drafts_alone(recorded: Recorded) -> None:
    """There are none: such a question would always be answered no."""
    (view,) = (service for service in SERVICES if service.hook == "patient-view")
    every = {concept.id for query in view.queries for concept in query.concepts}
    assert recorded.of(view, recorded.asked) - every == set()


# -- every template has its question ---------------------------------------------------------------


def test_the_three_services_ask_alike() -> None:
    """A client that opens the chart has then filled the templates of the orders that follow, and
    a site configures one list. So a concept may be there for the rules of another service."""
    assert [service.prefetch for service in SERVICES] == [SERVICES[0].prefetch] * 3
    assert [service.queries for service in SERVICES] == [SERVICES[0].queries] * 3


@EACH_KEY
def test_every_concept_of_a_template_is_asked_by_some_rule(recorded: Recorded, key: str) -> None:
    (query,) = (query for query in SERVICES[0].queries if query.key == key)
    of_drugs = query.resource_type == "MedicationRequest"
    found = recorded.running if of_drugs else recorded.asked
    asked = {concept for concepts in found.values() for concept in concepts}
    assert {concept.id for concept in query.concepts} - asked == set()


@EACH_SERVICE
@EACH_KEY
def test_a_template_is_asked_for_only_where_a_rule_of_the_service_needs_it(
    recorded: Recorded, service: Service, key: str
) -> None:
    (query,) = (query for query in service.queries if query.key == key)
    if query.is_read:
        assert any(inputs(rule).sex or inputs(rule).birth_date for rule in rules(service))
    else:
        asked = recorded.of(service, recorded.asked)
        assert {concept.id for concept in query.concepts} & asked


@EACH_KEY
def test_no_concept_is_searched_for_under_two_keys(key: str) -> None:
    mine, others = set[str](), set[str]()
    for query in SERVICES[0].queries:
        (mine if query.key == key else others).update(each.id for each in query.concepts)
    assert mine & others == set()


# -- what a template asks for ----------------------------------------------------------------------


@cache
def engine(site: str) -> Engine:
    return load_engine(hooks, Settings(site_value_sets=SITES[site]))


def queries(site: str) -> tuple[Query, ...]:
    return next(iter(engine(site).services.values())).queries


def parameters(query: Query) -> dict[str, str]:
    found = parse_qsl(query.template.partition("?")[2], keep_blank_values=True)
    assert len(dict(found)) == len(found), "a parameter is repeated"
    return dict(found)


@AT_EACH_SITE
def test_a_search_asks_for_every_code_by_which_its_concepts_are_known_and_no_other(
    site: str,
) -> None:
    for query in queries(site):
        codes = {
            f"{system}|{code}"
            for concept in query.concepts
            for value_set in concept.value_sets()
            for system, code in value_set.codes
        }
        if query.resource_type == "Observation":
            tokens = parameters(query)["code"].split(",")
            assert sorted(tokens) == sorted(codes)
        else:
            # Problem lists and prescriptions are small, and coded in too many ways to list.
            assert "code" not in parameters(query)


def test_a_site_changes_nothing_but_the_codes() -> None:
    for shipped, local in zip(queries("shipped"), queries("example site"), strict=True):
        at_site, at_home = parameters(local), parameters(shipped)
        added = set(at_site.pop("code", "").split(",")) - {""}
        assert set(at_home.pop("code", "").split(",")) - {""} <= added
        assert at_site == at_home


# -- size ------------------------------------------------------------------------------------------

LIMIT = 2048
"""Bytes of a query that IIS takes as delivered, and with it several EHRs:
https://learn.microsoft.com/en-us/iis/configuration/system.webserver/security/requestfiltering/requestlimits/"""
EPIC_ID = "e" * 190
FHIR_ID = "e" * 64
"""The longest ids: of Epic, and of FHIR R4, which is the longest that the service takes."""


@pytest.mark.parametrize("key", ["leukocytes", "labs", "chemistry"])
def test_the_newest_results_reach_back_two_days_where_blood_is_drawn_every_six_hours(
    key: str,
) -> None:
    """As it is at the peak of tumor lysis (S3-17); a creatinine is used for 48 h."""
    (query,) = (query for query in SERVICES[0].queries if query.key == key)
    draws = CREATININE_FOR_DOSE.length // timedelta(hours=6)
    assert query.count >= draws * len(query.concepts)


@AT_EACH_SITE
@EACH_KEY
def test_a_filled_template_stays_under_the_limit_of_servers(site: str, key: str) -> None:
    (query,) = (query for query in queries(site) if query.key == key)
    assert len(query.url(EPIC_ID)) < LIMIT


@AT_EACH_SITE
@EACH_KEY
def test_a_query_as_http_clients_send_it_stays_under_the_limit(site: str, key: str) -> None:
    """They write "|" as "%7C": https://www.rfc-editor.org/rfc/rfc3986#section-3.4"""
    (query,) = (query for query in queries(site) if query.key == key)
    longest = query.url(FHIR_ID if query.is_read else f"Patient/{FHIR_ID}")
    sent = longest.partition("?")[2].replace("|", "%7C")
    assert len(sent) < LIMIT
