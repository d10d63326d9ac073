"""Why there is a card, or none, is told of every rule; silence is never told as an all-clear."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import msgspec
import pytest

from cds_service.bench import Bench
from cds_service.bench_values import BenchContent, Edit
from cds_service.engine import load_engine
from cds_service.settings import Settings
from hooks import bench
from tests.bench_page.conftest import Desk
from tests.catalogue import NOW
from tests.protocol import made_up_content

Json = dict[str, Any]


def told(desk: Desk, request: Json) -> Json:
    own = Bench(desk.engine, bench(), frozenset())
    return own.told(own.service_for(request), request, desk.decision(request))


def rules(said: Json) -> dict[str, Json]:
    return {each["rule"]: each for each in said["why"]}


def questions(node: Json) -> Iterator[str]:
    yield node["question"]
    for part in node.get("parts", ()):
        yield from questions(part)


def test_every_rule_of_the_service_is_told_once(desk: Desk) -> None:
    request = desk.request("als-aml-emergency.patient-view")
    said = told(desk, request)
    service = next(s for s in desk.engine.services.values() if s.hook == "patient-view")
    assert sorted(rules(said)) == sorted(rule.id for rule in service.rules())
    assert sum(said["counts"].values()) == len(said["why"])


def test_a_rule_that_applies_says_where_it_shows_and_what_decided(desk: Desk) -> None:
    said = rules(told(desk, desk.request("als-aml-emergency.patient-view")))
    emergency = said["hyperleukocytosis-emergency"]
    assert (emergency["truth"], emergency["where"]) == ("yes", "shown as a card")
    facts = [fact["text"] for each in emergency["because"] for fact in each["facts"]]
    assert any(fact.startswith("Leukocytes 187 ×10⁹/L") for fact in facts)
    watch = said["hyperleukocytosis-watch"]
    assert watch["where"] == "no card of its own: another rule speaks first"


def test_a_rule_that_does_not_apply_says_which_question_decided(desk: Desk) -> None:
    request = desk.request("als-aml-emergency.patient-view")
    lower = desk.changed(request, leukocyte_count=Edit("40", "10*9/L", "3 h")).request
    emergency = rules(told(desk, lower))["hyperleukocytosis-emergency"]
    assert emergency["truth"] == "no"
    assert [each["question"] for each in emergency["because"]] == [
        "Leukocytes at least 100 ×10⁹/L within 24 h"
    ]


def test_a_rule_that_cannot_tell_names_what_is_missing(desk: Desk) -> None:
    said = told(desk, desk.request("aml-stale-count.patient-view"))
    emergency = rules(said)["hyperleukocytosis-emergency"]
    assert emergency["truth"] == "unknown"
    facts = [fact for each in emergency["because"] for fact in each["facts"]]
    assert any(fact["missing"] and "older than 24 h" in fact["text"] for fact in facts)
    assert any("older than 24 h" in each["what"] for each in said["notEvaluable"])
    assert rules(said)["data-gaps"]["where"] == "lines at the foot of the first card"


def test_all_questions_of_a_rule_can_be_opened(desk: Desk) -> None:
    said = rules(told(desk, desk.request("als-aml-emergency.patient-view")))
    asked = list(questions(said["hyperleukocytosis-emergency"]["tree"]))
    assert "All of these are so" in asked
    assert "At least one of these is so" in asked
    assert len(asked) > len(said["hyperleukocytosis-emergency"]["because"])


def test_no_card_is_said_in_words(desk: Desk) -> None:
    healthy = told(desk, desk.request("healthy.patient-view"))
    assert healthy["silence"] == ["No card: 13 rules were asked, and none applies."]
    assert told(desk, desk.request("als-aml-emergency.patient-view"))["silence"] == []


def test_no_card_because_nobody_was_asked_is_not_told_as_nothing_found(desk: Desk) -> None:
    said = told(desk, desk.request("als-aml-emergency.patient-view.patient-user"))
    assert said["silence"][0].startswith("No card, because nothing was checked")


def test_no_card_for_lack_of_data_is_not_told_as_nothing_found(desk: Desk) -> None:
    request = desk.request("als-aml-cytarabine.order-select.no-dose")
    said = told(desk, request)
    assert said["details"] == {}
    assert said["counts"]["unknown"] > 0
    assert "could not tell, for lack of data" in said["silence"][0]


def test_a_rule_that_raises_could_not_be_checked() -> None:
    engine = load_engine(made_up_content, Settings())
    own = Bench(engine, BenchContent(), frozenset())
    service = next(
        s for s in engine.services.values() if "failing-rule" in {r.id for r in s.rules()}
    )
    nothing = {"resourceType": "Bundle", "type": "searchset"}
    request = {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": "p"},
        "prefetch": {q.key: nothing for q in service.queries if not q.is_read},
    }
    decision = engine.respond(service, msgspec.json.encode(request), NOW)
    said = own.told(service, request, decision)
    assert said["why"][0]["rule"] == "failing-rule"
    assert said["why"][0]["truth"] == "could not be checked"
    assert "secret" not in str(said)


def test_a_content_package_without_a_bench_has_no_values_and_no_course() -> None:
    class Plain(ModuleType):
        SERVICES = made_up_content.SERVICES
        CONCEPTS = made_up_content.CONCEPTS

    plain = Plain("plain")
    own = Bench.of(load_engine(plain, Settings()), plain)
    assert own.content == BenchContent()
    service = next(iter(own.engine.services.values()))
    assert own.timeline(service, b"{}", NOW) is None


@pytest.mark.parametrize("hook", ["patient-view", "order-select", "order-sign", "appointment-book"])
def test_some_service_answers_every_request(desk: Desk, hook: str) -> None:
    own = Bench(desk.engine, bench(), frozenset())
    expected = hook if hook != "appointment-book" else "patient-view"
    assert own.service_for({"hook": hook}).hook == expected
