"""The documentation says what the code does."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import fixtures
from cds_service.settings import Settings, read_settings
from hooks import SERVICES
from hooks.statements import STATEMENTS

ROOT = Path(__file__).parent.parent
RULES = sorted({rule.id for service in SERVICES for rule in service.rules()})
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


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


def test_the_readme_names_every_service_and_a_fixture_that_exists() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(service.id in readme for service in SERVICES)
    named = re.findall(r"fixtures request (\S+)", readme)
    assert named
    assert all(name in fixtures.requests(name.split(".")[0]) for name in named)


def test_documented_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    targets = set(re.findall(r"`make ([a-z]+)`", text)) | {"run", "test"}
    assert [target for target in targets if f"\n{target}:" not in makefile] == []


def test_settings_are_read_from_the_environment() -> None:
    settings = read_settings({"CDS_THREADS": "3", "HOST": "0.0.0.0", "PORT": "9"})
    assert (settings.threads, settings.host, settings.port) == (3, "0.0.0.0", 9)
