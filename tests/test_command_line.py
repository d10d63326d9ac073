"""How every command finds its reader, and how it ends."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner, Result

import fixtures
from cds_service import commands, rules_command
from cds_service.command_line import FAULT, Commands
from cds_service.commands import main

PROGRAM = [sys.executable, "-m", "cds_service"]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def every_command(group: click.Group = main, words: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command, and those of groups, as the words that name it."""
    found = []
    for name, command in group.commands.items():
        found.append((*words, name))
        if isinstance(command, click.Group):
            found += every_command(command, (*words, name))
    return found


# -- content that is none --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [("rules",), ("serve",), ("doctor",), ("doctor", "--production"), ("describe",)],
    ids=" ".join,
)
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("json", "CDS_CONTENT: json is no content package: it has no SERVICES and no CONCEPTS"),
        ("no_such_package", "CDS_CONTENT: no_such_package cannot be imported"),
        (".hooks", "CDS_CONTENT: .hooks cannot be imported"),
    ],
)
def test_a_package_that_is_no_content_is_named_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, content: str, said: str, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("CDS_CONTENT", content)
    result = run(*command)
    assert result.exit_code == 1
    assert said in result.output
    assert isinstance(result.exception, SystemExit)


def test_a_package_with_half_of_the_content_lacks_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    half = SimpleNamespace(__name__="half", SERVICES=())
    monkeypatch.setitem(sys.modules, "half", half)  # type: ignore[arg-type]
    monkeypatch.setenv("CDS_CONTENT", "half")
    assert "half is no content package: it has no CONCEPTS\n" in run("rules").output


# -- faults ----------------------------------------------------------------------------------------


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that fails in a way which nobody expected, naming a patient."""

    def fail(engine: object) -> None:
        raise ValueError("Walter Example, 187")

    monkeypatch.setattr(rules_command, "describe", fail)


@pytest.mark.usefixtures("broken")
def test_a_fault_is_told_by_type_and_place_and_without_its_message() -> None:
    result = run("rules")
    assert result.exit_code == FAULT
    assert "ValueError at cds_service/rules_command.py:" in result.output
    assert "Walter" not in result.output


@pytest.mark.usefixtures("broken")
def test_a_fault_is_shown_in_full_to_who_asks() -> None:
    result = run("--traceback", "rules")
    assert isinstance(result.exception, ValueError)


# -- help ------------------------------------------------------------------------------------------


def test_the_help_fits_one_screen_and_names_every_command_once_under_its_readers() -> None:
    lines = run("--help").output.splitlines()
    assert len(lines) <= 30
    shown = [line.split()[0] for line in lines if line.startswith("  ") and line.split()]
    assert [name for name in main.commands if shown.count(name) != 1] == []
    assert [title for title, _ in commands.SECTIONS if f"{title}:" not in lines] == []


def test_a_command_that_no_section_names_is_listed_all_the_same() -> None:
    group = Commands("two", sections=(("Known", "one"),))
    group.add_command(click.Command("one"))
    group.add_command(click.Command("other"))
    assert "  other" in CliRunner().invoke(group, ["--help"]).output


@pytest.mark.parametrize("words", every_command(), ids=" ".join)
def test_every_command_explains_itself_with_an_example(words: tuple[str, ...]) -> None:
    result = run(*words, "--help")
    assert result.exit_code == 0
    assert f"als-leukemia-cds {' '.join(words)}" in result.output.partition("Example")[2]


@pytest.mark.parametrize("words", every_command(), ids=" ".join)
def test_what_stands_beside_a_command_is_not_cut_off(words: tuple[str, ...]) -> None:
    command: click.Command = main
    for word in words:
        assert isinstance(command, click.Group)
        command = command.commands[word]
    assert not command.get_short_help_str(limit=66).endswith("...")


def test_exit_statuses_are_the_same_in_the_help_and_in_the_documentation() -> None:
    page = Path(__file__).parent.parent / "docs" / "operations.md"
    table = page.read_text(encoding="utf-8").partition("## Exit statuses")[2].partition("\n## ")[0]
    told = " ".join(run("--help").output.split()).partition("Exit status:")[2]
    for status in ("0", "1", "2", "3", str(FAULT)):
        assert f"\n| {status} |" in table
        assert re.search(rf"\b{status} ", told)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(("--version",), 0), (("rules", "no-such-rule"), 1), (("no-such-command",), 2)],
)
def test_a_process_ends_with_the_status_that_is_documented(
    arguments: tuple[str, ...], status: int
) -> None:
    done = subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == status
    assert "Traceback" not in done.stderr


def test_links_that_are_no_text_are_refused_in_words(tmp_path: Path) -> None:
    links = tmp_path / "links.txt"
    links.write_bytes(b"\xff\xfe")
    result = run("lint", "--profile", "epic", "--links", str(links))
    assert (result.exit_code, "links.txt cannot be read as text" in result.output) == (1, True)


# -- what goes where -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("rules",),
        ("doctor",),
        ("describe",),
        ("fixtures", "list"),
        ("simulate", "gout"),
        ("lint", "--profile", "epic"),
    ],
    ids=" ".join,
)
def test_with_json_nothing_but_json_is_on_standard_output(arguments: tuple[str, ...]) -> None:
    json.loads(run(*arguments, "--json").stdout)


def test_every_listing_and_report_has_json() -> None:
    named = re.findall(r"`([a-z ]+)`", _paragraph("With `--json` (").partition(")")[0])
    assert {tuple(each.split()) for each in named if each != "--json"} == {
        words
        for words in every_command()
        if "--json" in run(*words, "--help").output and "--json" not in words
    }


def _paragraph(start: str) -> str:
    page = (Path(__file__).parent.parent / "docs" / "operations.md").read_text(encoding="utf-8")
    return page.partition(start)[2].partition("\n\n")[0]


def test_stories_are_listed_with_what_they_are_expected_to_bring() -> None:
    listed = {
        each["request"]: each for each in json.loads(run("fixtures", "list", "--json").stdout)
    }
    found = listed["als-aml-emergency.patient-view"]
    assert found["title"] == "ALS and newly diagnosed AML with hyperleukocytosis"
    assert {"rule": "hyperleukocytosis-emergency", "indicator": "critical"} in found["cards"]
    only = json.loads(run("fixtures", "list", "gout", "--json").stdout)
    assert {each["story"] for each in only} == {"gout"}


def test_one_rule_can_be_listed() -> None:
    assert run("rules", "hydration-als").output.endswith("\n1 rule\n")
    assert [each["id"] for each in json.loads(run("rules", "hydration-als", "--json").stdout)] == [
        "hydration-als"
    ]


# -- colours ---------------------------------------------------------------------------------------

ESCAPE = "\x1b["


def coloured(*arguments: str) -> str:
    return CliRunner().invoke(main, arguments, color=True).output


@pytest.mark.parametrize(
    "arguments",
    [("rules",), ("doctor",), ("simulate", "als-aml-emergency.patient-view"), ("fixtures", "list")],
    ids=" ".join,
)
def test_a_terminal_gets_colours_and_everything_else_plain_text(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert ESCAPE in coloured(*arguments)
    assert ESCAPE not in run(*arguments).output
    monkeypatch.setenv("NO_COLOR", "1")
    assert ESCAPE not in coloured(*arguments)


def test_nothing_of_a_request_can_drive_a_terminal(tmp_path: Path) -> None:
    document = fixtures.request("gout.patient-view", fixtures.ANCHOR)
    document["prefetch"]["patient"]["name"] = [{"family": "Ex\x1b[2Jample\x07"}]
    path = tmp_path / "request.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    assert "\x1b[2J" not in coloured("simulate", str(path))
    assert "\x07" not in run("simulate", str(path)).output


def test_lines_fit_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    lines = run("simulate", "als-aml-emergency.patient-view").output.splitlines()
    assert max(map(len, lines)) <= 60
