"""The worked example of docs/adding-a-rule.md works: its files, its cases, its commands."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import fixtures
from cds_service.app import create_app
from cds_service.settings import Settings
from tests.patients import NOW

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "adding-a-rule.md").read_text(encoding="utf-8")
EXAMPLE = PAGE.partition("## A complete example\n")[2]
FILES = dict(re.findall(r"```python title=\"([^\"]+)\"\n(.*?)```", EXAMPLE, flags=re.DOTALL))
BLOCKS = re.findall(r"```(sh|text)\n(.*?)```", EXAMPLE, flags=re.DOTALL)
RAN = [text for kind, text in BLOCKS if kind == "sh"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files that the page shows."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def printed(block: str, folder: Path) -> str:
    """What a command of the page prints, in a project that holds the folder."""
    python = shlex.quote(sys.executable)
    programs = {"als-leukemia-cds": f"{python} -m cds_service", "python": python}
    script = re.sub(r"\.venv/bin/([\w-]+)", lambda found: programs[found[1]], block)
    script = script.replace("PYTHONPATH=.", f"PYTHONPATH=.:{shlex.quote(str(ROOT))}")
    command = ["bash", "-euo", "pipefail", "-c", script]
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def shown_after(block: str) -> str:
    """The output that the page shows under a command; empty where it shows none."""
    kind, text = [*BLOCKS, ("", "")][BLOCKS.index(("sh", block)) + 1]
    return text if kind == "text" else ""


def test_the_page_shows_a_rule_its_cases_and_its_service() -> None:
    assert {*FILES} == {"house/__init__.py", "house/weigh_today.py", "house/test_weigh_today.py"}
    assert len(RAN) == 3
    assert sum(bool(shown_after(block)) for block in RAN) == 2


@pytest.mark.parametrize("block", RAN)
def test_every_command_of_the_example_runs_and_prints_what_is_shown(
    block: str, folder: Path
) -> None:
    output = printed(block, folder)
    if "pytest" in block:
        assert re.search(r"\b12 passed", output)
    parts = [re.escape(" ".join(part.split())) for part in shown_after(block).split("...")]
    assert re.search(".{,40}".join(parts), " ".join(output.split())), output


@pytest.fixture
def content(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The example as a content package that can be imported."""
    monkeypatch.syspath_prepend(str(folder))
    yield "house"
    for name in [name for name in sys.modules if name.partition(".")[0] == "house"]:
        del sys.modules[name]


def test_the_service_answers_with_the_card_of_the_example(content: str) -> None:
    app = create_app(Settings(content=content), clock=lambda: NOW)
    request = fixtures.request("aml-fit.patient-view", NOW)
    answer = app.test_client().post("/cds-services/als-leukemia-patient-view", json=request)
    cards = {card["source"]["topic"]["code"]: card for card in answer.json["cards"]}
    assert [*cards] == ["aml-fit", "weigh-today"]
    assert cards["weigh-today"]["source"]["label"].startswith("Example Hospital.")
    assert "Rules of this hospital rest on its own policies." in cards["weigh-today"]["detail"]
    assert [each["label"] for each in cards["weigh-today"]["suggestions"]] == ["Draft weighing"]


def test_the_example_keeps_the_rules_that_are_there(content: str) -> None:
    app = create_app(Settings(content=content), clock=lambda: NOW)
    request = fixtures.request("als-aml-emergency.patient-view", NOW)
    answer = app.test_client().post("/cds-services/als-leukemia-patient-view", json=request)
    first = answer.json["cards"][0]
    assert (first["indicator"], first["source"]["topic"]["code"]) == (
        "critical",
        "hyperleukocytosis-emergency",
    )


def test_the_example_is_written_as_the_project_is(folder: Path) -> None:
    """Its tests stand beside it, and what is ours is not seen from its folder."""
    for tool in (["check", "--ignore", "S101,I001"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *tool, "--config", str(ROOT / "pyproject.toml")]
        ran = subprocess.run(
            [*command, "house"], cwd=folder, capture_output=True, text=True, check=False
        )
        assert ran.returncode == 0, ran.stdout
