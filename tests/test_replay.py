"""`replay`: what changes between two contents or configurations is said, and nothing else."""

from __future__ import annotations

import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import fixtures
from cds_service.commands import main
from tests.engine.made_up import ME, observation

CONTENT = """
import os
import time
from decimal import Decimal

from cds_service.prefetch import Query
from cds_service.rule import Indicator, OverrideReason, Suggestion
from cds_service.terminology import Threshold
from tests.engine.made_up import CONCEPTS, LUX, SHINE, TODAY, a_rule
from tests.engine.test_service import a_service

BRIGHT = Threshold("bright", Decimal(100), LUX, "As bright as a lamp.", "MADEUP")


def is_bright(subject):
    if subject.patient_id == "slow":
        time.sleep(600)
    if subject.patient_id == "deadly":
        os._exit(3)
    return subject.latest(SHINE, TODAY).at_least(BRIGHT)


bright = a_rule(
    "bright", is_bright, advice=("Close the eyes.",),
    suggestions=(lambda subject: Suggestion("Turn away", ()),),
    override_reasons=(OverrideReason("http://reasons.example", "blind", "Blind"),),
)
dim = a_rule("dim", lambda subject: subject.latest(SHINE, TODAY).below(BRIGHT))
QUERIES = (
    Query("person", "Patient", "Who."),
    Query("results", "Observation", "Shine.", (SHINE,), 9),
)
SERVICES = (a_service((bright,), (dim,), queries=QUERIES),)
"""
"""A content package that other versions differ from by a replacement in its text."""


def package(folder: Path, old: str = "", new: str = "", name: str = "lamps") -> str:
    """The folder with that package, some of its text replaced."""
    assert old in CONTENT
    (folder / name).mkdir(parents=True)
    text = CONTENT.replace(old, new) if old else CONTENT
    (folder / name / "__init__.py").write_text(text, encoding="utf-8")
    return str(folder)


def request(patient: str = ME, lux: float = 90, **more: Any) -> dict[str, Any]:
    shine = observation("SHINE", lux, subject={"reference": f"Patient/{patient}"})
    return {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": patient},
        "prefetch": {
            "person": {"resourceType": "Patient", "id": patient},
            "results": {"resourceType": "Bundle", "entry": [{"resource": shine}]},
        },
        **more,
    }


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """A folder with one recorded request, below it in a folder of its own."""
    write(tmp_path / "recordings" / "march" / "one.json", request())
    return tmp_path / "recordings"


COPIED = datetime(2026, 12, 24, tzinfo=UTC).timestamp()


def write(path: Path, document: Any) -> None:
    """A file as it is a month after the recording, on another disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = document if isinstance(document, str) else json.dumps(document)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (COPIED, COPIED))


def replay(*arguments: Any) -> Result:
    return CliRunner().invoke(main, ["replay", *map(str, arguments)])


@pytest.fixture
def versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Replays requests with the content, and with the content after a replacement."""
    monkeypatch.setenv("CDS_CONTENT", "lamps")
    old = package(tmp_path / "old")

    def run(requests: Path, before: str, after: str, *options: Any) -> Result:
        new = package(tmp_path / "new", before, after)
        return replay(requests, "--before", old, "--after", new, *options)

    return run


LOWER = ("Decimal(100)", "Decimal(80)")


def test_the_same_content_in_another_folder_changes_nothing(versions: Any, recordings: Any) -> None:
    result = versions(recordings, "", "")
    assert (result.exit_code, result.output.splitlines()[-1]) == (0, "Answers that change: 0 of 1")


def test_what_content_prints_does_not_get_between_the_answers(
    versions: Any, recordings: Any
) -> None:
    noisy = "return print('noise') or subject.latest"
    assert versions(recordings, "return subject.latest", noisy).exit_code == 0


def test_a_changed_threshold_is_told_by_rule_and_card(versions: Any, recordings: Any) -> None:
    result = versions(recordings, *LOWER)
    lines = [line.strip() for line in result.output.splitlines()]
    assert result.exit_code == 1
    assert "march/one.json (made-up, as of 2026-11-21T09:00:00+00:00)" in lines
    assert "truth        bright: no -> yes" in lines
    assert "truth        dim: yes -> no" in lines
    assert "disappeared  dim: [info] Summary of dim" in lines
    assert "appeared     bright: [info] Summary of bright" in lines
    assert lines[-1] == "Answers that change: 1 of 1"


def changes(result: Result) -> dict[str, Any]:
    """Kind of change to the change itself, of the only request."""
    [found] = json.loads(result.stdout)["requests"]
    return {each["kind"]: each for each in found["changes"]}


@pytest.mark.parametrize(
    ("before", "after", "kind", "lines"),
    [
        ("Close the eyes", "Look away", "detail", ["-- Close the eyes.", "+- Look away."]),
        ('"Turn away", ()', '"Sit", ()', "suggestions", ['- "label": "Turn away"']),
        ('"Blind"', '"Asleep"', "overrideReasons", ['- "display": "Blind",']),
    ],
)
def test_what_a_card_says_and_offers_is_compared(
    versions: Any, tmp_path: Path, before: str, after: str, kind: str, lines: list[str]
) -> None:
    write(tmp_path / "bright" / "one.json", request(lux=200))
    result = versions(tmp_path / "bright", before, after, "--json")
    found = changes(result)
    assert (result.exit_code, list(found)) == (1, [kind])
    assert found[kind]["about"] == "bright"
    assert set(lines) <= {
        line.rstrip(",") + "," * line.endswith(",") for line in found[kind]["lines"]
    }


def test_indicator_and_summary_are_told_before_and_after(versions: Any, tmp_path: Path) -> None:
    write(tmp_path / "bright" / "one.json", request(lux=200))
    more = 'is_bright, indicator=Indicator.CRITICAL, summary="Too bright",'
    found = changes(versions(tmp_path / "bright", "is_bright, ", f"{more} ", "--json"))
    assert list(found) == ["summary", "indicator"]
    assert (found["indicator"]["before"], found["indicator"]["after"]) == ("info", "critical")
    assert found["summary"]["after"] == "Too bright"


def test_a_new_version_of_a_rule_is_told_once_though_no_card_changes(
    versions: Any, recordings: Any
) -> None:
    result = versions(recordings, "is_bright, advice", 'is_bright, version="1.1.0", advice')
    assert result.exit_code == 1
    assert "version      bright: 1.0.0 -> 1.1.0" in result.output
    assert result.output.endswith("Answers that change: 0 of 1\n")


def test_rules_that_come_and_go_are_told_once(versions: Any, recordings: Any) -> None:
    result = versions(recordings, 'a_rule("dim"', 'a_rule("faint"', "--json")
    document = json.loads(result.stdout)
    assert [(each["kind"], each["about"]) for each in document["sides"]] == [
        ("rule removed", "dim"),
        ("rule added", "faint"),
    ]
    assert set(changes(result)) == {"disappeared", "appeared"}


def test_other_prefetch_is_told_because_recordings_hold_what_was_asked_for(
    versions: Any, recordings: Any
) -> None:
    result = versions(recordings, "(SHINE,), 9)", "(SHINE,), 5)")
    assert (result.exit_code, "prefetch     made-up: results" in result.output) == (1, True)
    assert "Prefetch differs" in result.output


def test_a_rule_that_raises_is_a_changed_truth(versions: Any, recordings: Any) -> None:
    found = changes(
        versions(recordings, "return subject.latest", "return 1 / 0, subject", "--json")
    )
    assert (found["truth"]["before"], found["truth"]["after"]) == ("no", "error")


# -- other kinds of sides --------------------------------------------------------------------------


def test_a_package_of_another_name_is_a_side(
    tmp_path: Path, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package(tmp_path / "both")
    package(tmp_path / "both", *LOWER, name="candles")
    monkeypatch.syspath_prepend(tmp_path / "both")
    result = replay(recordings, "--before", "lamps", "--after", "candles", "--json")
    assert json.loads(result.stdout)["after"]["settings"] == {"CDS_CONTENT": "candles"}
    assert (result.exit_code, "truth" in changes(result)) == (1, True)


def test_a_setting_is_a_side_and_a_refusal_is_a_changed_status(
    versions: Any, tmp_path: Path
) -> None:
    write(tmp_path / "long" / "one.json", request(extension={"long": "x" * 3000}))
    result = versions(tmp_path / "long", "", "", "--after", "CDS_MAX_BODY_BYTES=2048")
    assert result.exit_code == 1
    assert "CDS_MAX_BODY_BYTES=2048" in result.output
    assert "status       the answer: 200 -> 413" in result.output
    assert "disappeared  dim" in result.output


def test_the_shipped_requests_show_what_codes_of_a_site_wake() -> None:
    site = Path(fixtures.__file__).parent / "site"
    result = replay("--fixtures", "--after", f"CDS_SITE_VALUE_SETS={site}", "--json")
    document = json.loads(result.stdout)
    woken = {each["request"] for each in document["requests"]}
    assert result.exit_code == 1
    assert "t-all-adolescent.patient-view.standard" in woken
    assert "healthy.patient-view" not in woken
    assert document["compared"] == sum(len(fixtures.requests(s)) for s in fixtures.stories())


def test_values_of_settings_are_not_repeated(versions: Any, recordings: Any) -> None:
    secret = "postgresql://user:sesame@host/name"
    result = versions(recordings, "", "", "--after", f"CDS_STORE={secret}")
    assert (result.exit_code, "CDS_STORE=..." in result.output) == (0, True)
    assert "sesame" not in result.output


# -- what cannot be compared -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("import os\n", "import nothing_of_that_name\n", "nothing_of_that_name"),
        ("SERVICES", "OTHERS", "SERVICES"),
        ("import os\n", "import os\nos._exit(3)\n", "ended without an answer"),
    ],
)
def test_a_side_that_does_not_start_is_named_with_the_reason(
    versions: Any, recordings: Any, before: str, after: str, words: str
) -> None:
    result = versions(recordings, before, after)
    assert (result.exit_code, "after: " in result.output) == (2, True)
    assert words in result.output


def test_a_folder_without_the_package_is_no_side(versions: Any, recordings: Any) -> None:
    """Else the content that is installed would be compared with itself."""
    result = versions(recordings, "", "", "--before", "CDS_CONTENT=hooks")
    assert result.exit_code == 2
    assert "holds no package hooks" in result.output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((".",), "both sides are the same"),
        (("--after", "other"), "either FOLDER or --fixtures"),
        ((".", "--fixtures", "--after", "other"), "either FOLDER or --fixtures"),
        ((".", "--after", "./no-such-folder"), "is no folder"),
        ((".", "--after", "what is this"), "is none of"),
        ((".", "--after", "other", "--as-of", "2026-01-15T12:00:00"), "give a zone"),
        ((".", "--after", "CDS_NO_SUCH_SETTING=1"), "CDS_NO_SUCH_SETTING is no setting"),
    ],
)
def test_a_call_that_makes_no_sense_is_refused(arguments: tuple[str, ...], words: str) -> None:
    result = replay(*(os.path.dirname(__file__) if each == "." else each for each in arguments))
    assert (result.exit_code, words in " ".join(result.output.split())) == (2, True)


def test_a_folder_without_requests_is_not_taken_for_no_change(tmp_path: Path) -> None:
    result = replay(tmp_path, "--after", "other")
    assert (result.exit_code, "holds no file *.json" in result.output) == (2, True)


def test_files_that_hold_no_request_are_named_and_keep_it_from_saying_that_nothing_changes(
    versions: Any, recordings: Path
) -> None:
    write(recordings / "broken.json", "{")
    write(recordings / "cards.json", {"cards": []})
    write(recordings / "other.json", request() | {"hook": "another-hook"})
    result = versions(recordings, "", "", "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["notCompared"] == {
        "broken.json": "it is not JSON",
        "cards.json": "it names no hook: no CDS Hooks request",
        "other.json": "neither side has a service for its hook",
    }


@pytest.mark.parametrize(
    ("patient", "words"), [("slow", "gave no answer in 3 s"), ("deadly", "ended without an answer")]
)
def test_a_request_without_an_answer_is_named_and_the_next_one_is_answered(
    versions: Any, recordings: Path, patient: str, words: str
) -> None:
    write(recordings / "first.json", request(patient))
    result = versions(recordings, "", "", "--seconds", "3")
    assert result.exit_code == 2
    assert f"first.json: before {words}; after {words}" in result.output
    assert result.output.endswith("Answers that change: 0 of 1\n")


# -- time, servers, values -------------------------------------------------------------------------


def test_a_request_is_answered_as_of_when_it_was_recorded(versions: Any, recordings: Path) -> None:
    """As of the time of the copy its result is too old for any rule, on both sides alike."""
    assert versions(recordings, *LOWER).exit_code == 1


def test_another_instant_can_be_asked_for(versions: Any, recordings: Path) -> None:
    result = versions(recordings, *LOWER, "--as-of", "2026-11-28T12:00:00Z")
    assert (result.exit_code, "0 of 1" in result.output) == (0, True)


def test_no_fhir_server_is_read_and_what_it_would_add_is_said(
    versions: Any, recordings: Path
) -> None:
    prefetch = {"person": {"resourceType": "Patient", "id": ME}}
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/fhir"
        write(recordings / "by-server.json", request(fhirServer=address, prefetch=prefetch))
        result = versions(recordings, "", "")
        server.setblocking(False)
        with pytest.raises(BlockingIOError):  # Nobody has called.
            server.accept()
    assert (result.exit_code, "by-server.json: results" in result.output) == (0, True)


@pytest.mark.parametrize(("options", "is_there"), [((), True), (("--no-values",), False)])
def test_without_values_no_line_of_a_card_is_printed(
    versions: Any, tmp_path: Path, options: tuple[str, ...], is_there: bool
) -> None:
    write(tmp_path / "bright" / "one.json", request(lux=91.5))
    result = versions(tmp_path / "bright", *LOWER, *options)
    assert "bright: [info] Summary of bright" in result.output
    assert ("91.5 lux" in result.output) is is_there


def test_nothing_is_written(
    versions: Any, recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    versions(recordings, *LOWER)
    kept = {path.name for path in tmp_path.rglob("*")}
    assert kept == {"recordings", "march", "one.json", "old", "new", "lamps", "__init__.py"}


def test_a_name_cannot_command_the_terminal(versions: Any, recordings: Path) -> None:
    write(recordings / "\x07.json", "{")
    assert "\x07" not in versions(recordings, "", "").output
