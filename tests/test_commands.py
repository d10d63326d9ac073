"""The command line, used as a person would."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import fixtures
from cds_service.commands import main


def run(*arguments: str, text: str | None = None) -> Result:
    return CliRunner().invoke(main, list(arguments), input=text)


def story(name: str) -> str:
    return run("fixtures", "request", name).output


def test_check_explains_every_rule_and_shows_the_cards() -> None:
    result = run("check", "-", text=story("als-aml-emergency.patient-view"))
    assert result.exit_code == 0
    for line in (
        "apl-suspected: no",
        "hyperleukocytosis-emergency: yes",
        "als-acute-leukemia-goals: yes",
        "[critical] WBC at or above 100",
        "-> Draft hydroxyurea 3,500 mg/day (7 capsules of 500 mg), 1 day (recommended)",
    ):
        assert line in result.output


def test_check_says_unknown_where_the_count_is_old() -> None:
    result = run("check", "-", text=story("aml-stale-count.patient-view"))
    assert "hyperleukocytosis-emergency: unknown" in result.output
    assert "older than 24 h" in result.output


def test_check_prints_every_question_on_request() -> None:
    result = run("check", "--all", "-", text=story("healthy.patient-view"))
    assert "Acute myeloid leukemia (AML): confirmed or suspected: no" in result.output


def test_check_answers_as_of_another_instant() -> None:
    """A day and a half later the same count is no emergency but one to repeat."""
    request = json.dumps(fixtures.request("als-aml-emergency.patient-view", fixtures.ANCHOR))
    result = run("check", "--as-of", "2026-01-16T22:00:00Z", "-", text=request)
    assert "hyperleukocytosis-watch: yes" in result.output
    assert "hyperleukocytosis-emergency: unknown" in result.output


def test_check_prints_the_response_as_json() -> None:
    result = run("check", "--json", "-", text=story("als-aml-emergency.patient-view"))
    assert len(json.loads(result.output)["cards"]) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "not JSON"), ('{"hook": "other"}', "none of"), ('{"hook": "patient-view"}', "lacks")],
)
def test_check_refuses_what_the_service_would_refuse(text: str, words: str) -> None:
    result = run("check", "-", text=text)
    assert (result.exit_code, words in result.output) == (1, True)


def test_check_wants_a_zone() -> None:
    assert run("check", "--as-of", "2026-01-16T22:00:00", "-", text="{}").exit_code == 2


def test_rules_lists_hooks_status_evidence_and_dormant_inputs() -> None:
    result = run("rules", "--outline")
    assert result.exit_code == 0
    for words in (
        "apl-suspected 1.0.0",
        "order-select",
        "pending clinical review",
        "OBEROI14",
        "dormant:   apl-morphology",
        "Leukocytes at least 100 ×10⁹/L within 24 h",
    ):
        assert words in result.output


def test_rules_as_json_name_every_rule_once() -> None:
    ids = [rule["id"] for rule in json.loads(run("rules", "--json").output)]
    assert len(ids) == len(set(ids)) == 9


def test_fixtures_list_names_every_request() -> None:
    listed = run("fixtures", "list").output
    assert all(name in listed for s in fixtures.stories() for name in fixtures.requests(s))


def test_an_unknown_fixture_is_refused_with_the_way_to_find_one() -> None:
    result = run("fixtures", "request", "no-such-story")
    assert (result.exit_code, "fixtures list" in result.output) == (1, True)


def test_serve_refuses_production_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_MODE", "production")
    result = run("serve")
    assert (result.exit_code, "cannot authenticate" in result.output) == (1, True)


def test_a_setting_that_does_not_exist_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_PROT", "1")
    result = run("rules")
    assert (result.exit_code, "CDS_PROT" in result.output) == (1, True)


def test_the_readme_is_about_commands_that_exist() -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    for command in ("serve", "check", "rules", "fixtures"):
        assert run(command, "--help").exit_code == 0
    assert "make run" in readme.split("## ")[0]
    assert "make test" in readme.split("## ")[0]
