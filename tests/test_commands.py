"""The command line, used as a person would."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result
from uvicorn.config import STARTUP_FAILURE

import fixtures
from cds_service import server
from cds_service.approvals import not_approved, problems, read_approvals
from cds_service.chart import Chart
from cds_service.commands import main
from cds_service.engine import Engine
from cds_service.errors import ContentError
from cds_service.finding import Finding, all_of, any_of, none_of
from cds_service.rule_list import describe
from cds_service.settings import Settings
from hooks import SERVICES
from tests.engine import made_up
from tests.engine.site_folders import BRITTLE, CONTENT, DULL, TIMED
from tests.engine.test_service import a_service

RULE_IDS = {rule.id for service in SERVICES for rule in service.rules()}


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


def test_check_says_where_a_rule_shows_that_has_no_card_of_its_own() -> None:
    name = "als-aml-emergency.order-select.leukapheresis-and-catheter"
    lines = run("check", "-", text=story(name)).output.splitlines()
    assert "leukapheresis-als: yes" in lines
    assert "central-line-bleeding-risk: yes (on the card of leukapheresis-als)" in lines
    assert "leukapheresis-routine: yes (no card of its own: another rule speaks first)" in lines


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


def test_rules_are_counted_with_the_dormant_ones() -> None:
    last = run("rules").output.splitlines()[-1]
    dormant = sum(rule["dormant"] for rule in json.loads(run("rules", "--json").output))
    assert last.startswith(f"{len(RULE_IDS)} rules, {dormant} dormant: ")


def test_rules_as_json_name_every_rule_once() -> None:
    ids = [rule["id"] for rule in json.loads(run("rules", "--json").output)]
    assert len(ids) == len(set(ids))
    assert set(ids) == RULE_IDS


def test_rules_print_a_form_of_approvals_that_counts_once_it_is_filled_in(tmp_path: Path) -> None:
    form = tmp_path / "approvals.toml"
    form.write_text(run("rules", "--approvals").output, encoding="utf-8")
    with pytest.raises(ContentError, match="approver"):
        read_approvals(str(form))
    filled = form.read_text(encoding="utf-8").replace(
        'approver = ""', 'approver = "Dr. A. Example"'
    )
    form.write_text(filled.replace('date = ""', "date = 2026-01-31"), encoding="utf-8")
    signed = read_approvals(str(form))
    assert problems(signed, SERVICES, date(2026, 2, 1)) == []
    assert not_approved(SERVICES, signed, date(2026, 2, 1)) == []


def test_fixtures_list_names_every_request() -> None:
    listed = run("fixtures", "list").output
    assert all(name in listed for s in fixtures.stories() for name in fixtures.requests(s))


def test_an_unknown_fixture_is_refused_with_the_way_to_find_one() -> None:
    result = run("fixtures", "request", "no-such-story")
    assert (result.exit_code, "fixtures list" in result.output) == (1, True)


def test_of_a_story_that_exists_the_requests_are_named() -> None:
    result = run("fixtures", "request", "gout.patient")
    assert (result.exit_code, "\n    gout.patient-view\n" in result.output) == (1, True)
    assert "healthy" not in result.output


def test_a_start_that_fails_says_how_to_choose_another_port(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*arguments: object, **named: object) -> None:
        raise SystemExit(STARTUP_FAILURE)

    monkeypatch.setattr(server, "serve", fail)
    monkeypatch.setenv("CDS_PORT", "8099")
    result = run("serve")
    assert result.exit_code == STARTUP_FAILURE
    assert "port 8099, choose another: PORT=" in result.output


def test_a_start_says_where_a_browser_finds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "serve", lambda *arguments, **named: None)
    monkeypatch.setenv("CDS_PORT", "8099")
    monkeypatch.setenv("CDS_HOST", "0.0.0.0")
    assert "In a browser: http://127.0.0.1:8099\n" in run("serve").output


def test_serve_says_at_once_all_that_production_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_MODE", "production")
    result = run("serve")
    assert result.exit_code == 1
    for setting in ("BASE_URL", "CLIENTS", "APPROVALS", "STORE", "TRUSTED_PROXIES"):
        assert f"CDS_{setting}" in result.output


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


# -- value sets of a site ------------------------------------------------------------------------

EXAMPLE_SITE = Path(fixtures.__file__).parent / "site"
MORPHOLOGY = {
    "resourceType": "Observation",
    "status": "final",
    "code": {
        "coding": [
            {
                "system": "http://example-hospital.example/fhir/CodeSystem/local",
                "code": "apl-morphology",
            }
        ]
    },
    "effectiveDateTime": "2026-01-15T08:00:00Z",
    "valueString": "present",
}


def with_coded_morphology() -> str:
    document = fixtures.request("healthy.patient-view", fixtures.ANCHOR)
    document["prefetch"]["molecular"] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": MORPHOLOGY}],
    }
    return json.dumps(document)


@pytest.mark.parametrize(("folder", "truth"), [("", "no"), (str(EXAMPLE_SITE), "yes")])
def test_check_reads_the_codes_of_the_site(
    monkeypatch: pytest.MonkeyPatch, folder: str, truth: str
) -> None:
    monkeypatch.setenv("CDS_SITE_VALUE_SETS", folder)
    as_of = fixtures.ANCHOR.isoformat()
    result = run("check", "--as-of", as_of, "-", text=with_coded_morphology())
    assert f"apl-suspected: {truth}" in result.output


def test_rules_name_what_a_site_must_map_and_what_is_missing_besides() -> None:
    listed = run("rules").output
    assert (
        "allo-hsct-favorable-aml 1.0.0 "
        "(dormant: cannot apply until a site maps eln-favorable (value set eln-risk))"
    ) in listed
    assert (
        "dormant:   mrd, mrd-end-of-consolidation, mrd-end-of-induction, "
        "mrd-presence (value set mrd)"
    ) in listed
    assert "by name:   intensive-protocol" in listed


def test_rules_are_not_dormant_where_the_site_has_mapped_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CDS_SITE_VALUE_SETS", str(EXAMPLE_SITE))
    listed = run("rules").output
    assert {line.strip() for line in listed.splitlines() if "dormant" in line} == {
        "dormant:   none"
    }


@pytest.mark.parametrize("command", [("serve",), ("rules",), ("check", "-")], ids=" ".join)
def test_a_broken_folder_stops_every_command_with_all_its_problems(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "mrd.json").write_text("{")
    (tmp_path / "mrd.csv").write_text("")
    monkeypatch.setenv("CDS_SITE_VALUE_SETS", str(tmp_path))
    result = run(*command, text=story("healthy.patient-view"))
    assert result.exit_code == 1
    assert "mrd.json: is not JSON" in result.output
    assert "mrd.csv: is no .json file" in result.output


DORMANCY: dict[str, tuple[Callable[[Chart], Finding], list[list[str]]]] = {
    "needed beside a fact": (
        lambda p: all_of(p.has(made_up.SPOTS), p.test_is_positive(DULL)),
        [["dull-now"]],
    ),
    "one way of two": (
        lambda p: any_of(p.has(made_up.SPOTS), p.test_is_positive(DULL)),
        [],
    ),
    "both ways of two": (
        lambda p: any_of(p.test_is_positive(DULL), p.test_is_positive(BRITTLE)),
        [["brittle"], ["dull-now"]],
    ),
    "two that are both needed": (
        lambda p: all_of(p.test_is_positive(DULL), p.test_is_positive(BRITTLE)),
        [["brittle", "dull-now"]],
    ),
    "one needed, one not": (
        lambda p: all_of(
            p.test_is_positive(DULL), any_of(p.has(made_up.SPOTS), p.test_is_positive(BRITTLE))
        ),
        [["dull-now"]],
    ),
    "an exclusion that nothing on record denies": (
        lambda p: all_of(p.has(made_up.SPOTS), none_of(p.test_is_positive(DULL))),
        [],
    ),
    "an exclusion that stays unknown": (
        lambda p: all_of(p.has(made_up.SPOTS), none_of(p.latest(TIMED).at_least(made_up.BRIGHT))),
        [["timed"]],
    ),
    "an order that is recognised by name": (lambda p: p.ordering(made_up.POLISH), []),
}


@pytest.mark.parametrize(("asks", "needed"), DORMANCY.values(), ids=DORMANCY)
def test_a_rule_is_dormant_when_no_record_could_make_it_apply(
    asks: Callable[[Chart], Finding], needed: list[list[str]]
) -> None:
    service = a_service((made_up.a_rule("asked", asks),))
    described = {each["id"]: each for each in describe(Engine([service], CONTENT, Settings()))}
    assert described["asked"]["dormantUntilMapped"] == needed
    assert described["asked"]["dormant"] is bool(needed)


def test_the_listing_offers_every_way_to_wake_a_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    asks, _ = DORMANCY["both ways of two"]
    service = a_service((made_up.a_rule("asked", asks),))
    content = SimpleNamespace(SERVICES=(service,), CONCEPTS=CONTENT)
    monkeypatch.setitem(sys.modules, "some_content", content)  # type: ignore[arg-type]
    monkeypatch.setenv("CDS_CONTENT", "some_content")
    listed = run("rules").output
    assert "until a site maps brittle or dull-now (value set dull))" in listed
