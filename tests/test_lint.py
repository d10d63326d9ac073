"""`lint` as a person uses it: what a profile changes of real cards, and what it cannot mend."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import fixtures
from cds_service.commands import main
from cds_service.engine import Engine
from cds_service.lint_command import LONGEST_LABEL, lint_card, linted, read_links
from cds_service.profiles import PROFILES
from cds_service.settings import Settings
from tests.engine import made_up
from tests.engine.site_folders import CONTENT
from tests.engine.test_client_profiles import PAPER, card, create, drug, suggestion, update
from tests.engine.test_service import a_service

LEUKAPHERESIS = "als-aml-emergency.order-select.leukapheresis-and-catheter"
REGIMEN = "als-aml-seven-plus-three.order-select"
REFUSED = "als-aml-emergency.patient-view.conditions-failed"


def lint(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["lint", *arguments])


@pytest.fixture
def stored(tmp_path: Path) -> Any:
    """The path of a fixture request in a file, as of now."""

    def store(name: str) -> str:
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(fixtures.request(name, fixtures.ANCHOR)), encoding="utf-8")
        return str(path)

    return store


AS_OF = ("--as-of", fixtures.ANCHOR.isoformat())


@pytest.mark.parametrize("profile", PROFILES)
def test_every_fixture_can_be_linted_and_no_problem_is_left(profile: str) -> None:
    result = lint("--profile", profile)
    assert result.exit_code == 0, result.output
    assert "leukapheresis-als" in result.output
    assert result.output.splitlines()[-1].endswith("0 problems")


def test_it_says_per_rule_what_epic_does_not_get(stored: Any) -> None:
    result = lint("--profile", "epic", *AS_OF, stored(REGIMEN), stored(LEUKAPHERESIS))
    assert result.exit_code == 0
    for words in (
        "intensive-therapy-als (1 card)",
        "changed: suggestion 1 of 3 became 2 suggestions of one action each",
        "leukapheresis-als (1 card)",
        "changed: topic code is LeukapheresisAls",
        "2 cards, 2 changed, 0 problems",
    ):
        assert words in result.output


def test_json_names_request_rule_changes_and_problems(stored: Any) -> None:
    result = lint("--profile", "oracle", "--json", *AS_OF, stored(LEUKAPHERESIS))
    (found,) = json.loads(result.output)
    assert (found["request"], found["rule"]) == (f"{LEUKAPHERESIS}.json", "leukapheresis-als")
    assert "the summary says that 1 more stand in the detail" in found["changes"]
    assert found["problems"] == []


def test_registered_links_are_read_from_a_file(stored: Any, tmp_path: Path) -> None:
    def dropped(*more: str) -> list[str]:
        result = lint("--profile", "oracle", "--json", *more, *AS_OF, stored(LEUKAPHERESIS))
        changes: list[str] = json.loads(result.output)[0]["changes"]
        return [change for change in changes if "not registered: " in change]

    every = [change.rpartition(" ")[2] for change in dropped()]
    registered = tmp_path / "links.txt"
    registered.write_text("# ours\n\n" + "\n".join(f" {url} " for url in every))
    assert every
    assert dropped("--links", str(registered)) == []


def test_the_page_of_a_rule_is_a_link_to_register(
    stored: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDS_BASE_URL", "https://cds.hospital.example")
    output = lint("--profile", "oracle", *AS_OF, stored(LEUKAPHERESIS)).output
    assert "not registered: https://cds.hospital.example/rules/leukapheresis-als" in output


def test_comments_and_empty_lines_are_no_links() -> None:
    assert read_links(f"# {PAPER}\n\n  {PAPER}  \n") == (PAPER,)


def test_a_request_that_was_named_must_be_answered(stored: Any) -> None:
    result = lint("--profile", "generic", *AS_OF, stored(REFUSED))
    assert result.exit_code == 1
    assert "PROBLEM: refused: prefetch key conditions is needed" in result.output


@pytest.mark.parametrize("text", ["{", "[]", '{"hook": "encounter-start"}'])
def test_a_file_that_is_no_request_is_a_problem(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.json").write_text(text)
    result = lint("--profile", "generic", str(tmp_path / "bad.json"))
    assert (result.exit_code, "PROBLEM: refused" in result.output) == (1, True)


def test_a_request_of_one_ehr_is_linted_as_asked(stored: Any) -> None:
    """Epic's own keys would have its profile applied before the one asked for."""
    result = lint("--profile", "epic", *AS_OF, stored("epic-like-client.patient-view"))
    assert "1 card, 1 changed, 0 problems" in result.output
    assert "topic code is AlsAcuteLeukemiaGoals" in result.output


def test_a_change_is_said_once_per_rule_with_how_often(stored: Any) -> None:
    paths = [
        stored(f"als-aml-emergency.{hook}.leukapheresis") for hook in ("order-select", "order-sign")
    ]
    result = lint("--profile", "epic", *AS_OF, *paths)
    assert result.output.count("topic code is LeukapheresisAls (2 of 2)") == 1


def test_of_several_cards_what_befalls_each_suggestion_is_said_once(stored: Any) -> None:
    paths = [stored(f"{story}.patient-view") for story in ("als-aml-emergency", "als-suspected")]
    result = lint("--profile", "epic", *AS_OF, *paths)
    lines = result.output.partition("als-acute-leukemia-goals (2 cards)")[2].splitlines()
    told = [line for line in lines if "drafts an order without a code" in line]
    assert told[0] == (
        "    changed: a suggestion drafts an order without a code: the site has to map it (2 of 2)"
    )
    assert "suggestion 1 of" not in "".join(lines[: lines.index(told[0]) + 2])


@pytest.mark.parametrize("arguments", [(), ("--profile", "other"), ("--profile", "epic", "gone")])
def test_wrong_arguments_are_refused(arguments: tuple[str, ...]) -> None:
    assert lint(*arguments).exit_code == 2


# -- problems that no profile can mend -------------------------------------------------------------

LONG = "x" * (LONGEST_LABEL + 1)
PROBLEMS: dict[str, tuple[str, dict[str, Any], str]] = {
    "too long": ("generic", card(summary="x" * 140), "has 140 characters"),
    "empty": ("generic", card(summary=" "), "summary is empty"),
    "points below": ("generic", card(summary="Do not give it, see below."), "points to a text"),
    "points to a list": ("generic", card(summary="Check the following."), "points to a text"),
    "no uuid": ("generic", card(uuid=""), "the card has no uuid"),
    "no source": ("generic", card(source={}), "no source label"),
    "no label": ("generic", card(suggestion(create(), label="")), "has no label"),
    "long label": ("generic", card(suggestion(create(), label=LONG)), f"more than {LONGEST_LABEL}"),
    "same label": ("generic", card(suggestion(create()), suggestion(create())), "of another"),
    "no suggestion uuid": ("generic", card(suggestion(create(), uuid="")), "1 of 1 has no uuid"),
    "no description": (
        "generic",
        card(suggestion({**create(), "description": ""})),
        "without description",
    ),
    "a drug that goes blank": (
        "sandbox",
        card(suggestion(create("MedicationRequest"))),
        "the order goes blank",
    ),
}


def problems(profile: str, given: dict[str, Any]) -> tuple[str, ...]:
    return lint_card("request", given, PROFILES[profile], None).problems


@pytest.mark.parametrize(("profile", "given", "words"), PROBLEMS.values(), ids=PROBLEMS)
def test_a_problem_is_named(profile: str, given: dict[str, Any], words: str) -> None:
    found = problems(profile, given)
    assert len(found) >= 1
    assert any(words in each for each in found)


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    "given",
    [
        card(suggestion(create()), suggestion(drug(), label="Other"), summary="x" * 139),
        card(suggestion(update()), summary="WBC at or above 100: act."),
    ],
)
def test_a_good_card_has_no_problem(profile: str, given: dict[str, Any]) -> None:
    assert problems(profile, given) == ()


def test_a_summary_without_room_for_its_guests_is_oracles_problem() -> None:
    given = card(summary="x" * 139)
    extension = next(iter(given["extension"].values()))
    extension["also"] = ["other-rule"]
    assert any("no room" in each for each in problems("oracle", given))
    assert problems("epic", given) == ()


def test_a_template_that_clients_refuse_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine([a_service((made_up.a_rule("asked"),))], CONTENT, Settings())
    assert list(linted(engine, PROFILES["generic"], None, [], made_up.NOW)) == []
    monkeypatch.setattr("cds_service.lint_command.LONGEST_TEMPLATE", 10)
    (found,) = linted(engine, PROFILES["generic"], None, [], made_up.NOW)
    assert all("some clients cut or refuse it" in each for each in found.problems)
