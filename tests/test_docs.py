"""The documentation says what the code does."""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

import fixtures
from cds_service.clients import Client
from cds_service.settings import Settings, read_settings
from hooks import SERVICES
from hooks.statements import STATEMENTS

ROOT = Path(__file__).resolve().parent.parent
RULES = sorted({rule.id for service in SERVICES for rule in service.rules()})
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_generated_pages_are_current() -> None:
    command = [sys.executable, str(ROOT / "tools" / "generate.py"), "--check"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def anchors(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_a_heading_lead_to_one(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]*)#([^)]+)\)", page.read_text(encoding="utf-8"))
    known = {
        name: anchors(page.parent / name if name else page) for name in {to for to, _ in links}
    }
    assert [(name, heading) for name, heading in links if heading not in known[name]] == []


def test_every_rule_and_every_statement_has_its_heading() -> None:
    assert set(RULES) - anchors(ROOT / "docs" / "rules.md") == set()
    assert {each.lower() for each in STATEMENTS} - anchors(ROOT / "docs" / "statements.md") == set()


@pytest.mark.parametrize("rule", RULES)
def test_the_page_of_a_rule_shows_what_a_reviewer_needs(rule: str) -> None:
    text = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    shown = text.partition(f"\n## {rule}\n")[2].partition("\n## ")[0]
    parts = ["What it asks:", "Statements carried", "Evidence:", "Source attributes"]
    module = f"test_{rule.replace('-', '_')}"
    # That every rule has its tests is held in test_content.py.
    if (ROOT / "tests" / "rules" / f"{module}.py").exists():
        tables = vars(importlib.import_module(f"tests.rules.{module}"))
        parts += [
            f"- {case}\n" for name in ("WARNS", "SILENT", "ASKS") for case in tables.get(name, ())
        ]
    assert [part for part in parts if part not in shown] == []


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert all(f"`CDS_{name.upper()}`" in text for name in Settings.__struct_fields__)
    assert all(f"\n| `{name}` |" in text for name in Client.__struct_fields__)


def test_the_readme_names_every_service_and_a_fixture_that_exists() -> None:
    assert [service.id for service in SERVICES if f"| `{service.id}` |" not in README] == []
    named = re.findall(r"fixtures request (\S+)", README)
    assert named
    assert [name for name in named if name not in fixtures.requests(name.split(".")[0])] == []


def test_the_readme_counts_the_rules_right() -> None:
    assert re.findall(r"(\d+) rules", README) == [str(len(RULES))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_a_page_names_are_there(page: Path) -> None:
    """Generated pages quote texts of sources, which name no file of ours."""
    text = re.sub(r"\]\([^)]*\)|https?://\S+", "", page.read_text(encoding="utf-8"))
    folders = "cds_service|docs|fixtures|hooks|tests|tools"
    named = re.findall(rf"(?<![\w/.-])((?:{folders})/[\w./*-]*)", text)
    assert [name for name in named if not any(ROOT.glob(name.rstrip("./")))] == []


@pytest.mark.parametrize("package", ["cds_service", "hooks"])
def test_the_architecture_has_a_place_for_every_module(package: str) -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    modules = {path.stem for path in (ROOT / package).glob("*.py") if path.stem[0] != "_"}
    assert modules - set(re.findall(r"\w+", text)) == set()


def test_the_changelog_names_every_rule_under_clinical_content() -> None:
    text = (ROOT / "docs" / "changelog.md").read_text(encoding="utf-8")
    content = text.partition("### Clinical content")[2]
    assert [rule for rule in RULES if f"`{rule}`" not in content] == []
    assert f"all {len(STATEMENTS)} statements" in content


def test_documented_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    targets = set(re.findall(r"`make ([a-z]+)`", text)) | {"run", "test"}
    assert [target for target in targets if f"\n{target}:" not in makefile] == []


def test_settings_are_read_from_the_environment() -> None:
    settings = read_settings({"CDS_THREADS": "3", "HOST": "0.0.0.0", "PORT": "9"})
    assert (settings.threads, settings.host, settings.port) == (3, "0.0.0.0", 9)


# -- what the README tells a newcomer to run -------------------------------------------------------

PORT = "127.0.0.1:8080"
"""The address that the README's commands are about."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


COMMANDS = [block for block in blocks("sh") if not block.startswith("make ")]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The service as `make run` starts it, on a free port."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [sys.executable, "-m", "cds_service", "serve"]
    environment = {**os.environ, "HOST": "127.0.0.1", "PORT": str(port), "CDS_STORE": "none"}
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=quiet, stderr=quiet)
    try:
        wait_until_ready(f"http://127.0.0.1:{port}/ready", server)
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


def wait_until_ready(url: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert server.poll() is None, "the service stopped instead of serving"
        try:
            with urlopen(url):
                return
        except URLError:
            time.sleep(0.1)
    raise AssertionError("the service does not answer")


def ran(block: str, address: str) -> str:
    """What a block of the README prints, with this environment and this service."""
    program = f"{shlex.quote(sys.executable)} -m cds_service"
    script = block.replace(".venv/bin/als-leukemia-cds", program).replace(PORT, address)
    command = ["bash", "-euo", "pipefail", "-c", script]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


needs_curl = pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("bash")), reason="curl or bash is not here"
)


@needs_curl
@pytest.mark.parametrize("block", COMMANDS)
def test_every_command_of_the_readme_runs_and_shows_a_card(block: str, address: str) -> None:
    printed = ran(block, address)
    if "curl" in block:
        assert json.loads(printed)["cards"]
    else:
        assert re.search(r"^([1-9]\d* card|  \[critical\] )", printed, flags=re.MULTILINE)


@needs_curl
def test_the_first_answer_is_the_one_shown(address: str) -> None:
    [shown] = [json.loads(block)["cards"] for block in blocks("json")]
    first = next(block for block in COMMANDS if "curl" in block)
    real = json.loads(ran(first, address))["cards"]
    assert len(shown) == len(real)
    assert_within(shown, real)


def assert_within(shown: Any, real: Any) -> None:
    """Whether what is shown is a shortened form of the real thing."""
    if isinstance(shown, dict):
        for name, value in shown.items():
            assert_within(value, real[name])
    elif isinstance(shown, list):
        for one, other in zip(shown, real, strict=False):
            assert_within(one, other)
        assert len(shown) <= len(real)
    else:
        parts = [re.escape(part.strip()) for part in shown.split("...")]
        assert re.search(".*".join(parts), real, flags=re.DOTALL)
