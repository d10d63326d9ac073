"""The documentation says what the code does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import fixtures
from cds_service.settings import Settings, read_settings
from hooks import SERVICES

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_generated_pages_are_current() -> None:
    command = [sys.executable, str(ROOT / "tools" / "generate.py"), "--check"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


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
