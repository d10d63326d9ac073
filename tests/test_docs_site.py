"""The site of the documentation is whole, and what its first pages tell people to run runs."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.test_docs import PORT, address, needs_curl

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
DEPLOYMENT = (DOCS / "deployment.md").read_text(encoding="utf-8")
FIRST_STEPS = (DOCS / "first-steps.md").read_text(encoding="utf-8")

__all__ = ["address"]


class _Loader(yaml.SafeLoader):
    """Reads mkdocs.yml, which names a function of Python."""


_Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)
SITE: dict[str, Any] = yaml.load((ROOT / "mkdocs.yml").read_text(), _Loader)


def pages(nav: Any) -> Iterator[str]:
    """Every page that the navigation names."""
    if isinstance(nav, str) and nav.endswith("/"):
        yield from (f"{nav}{path.name}" for path in (DOCS / nav).glob("*.md"))
    elif isinstance(nav, str):
        yield nav
    for each in nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else ():
        yield from pages(each)


def test_every_page_has_its_place_in_the_navigation() -> None:
    there = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")}
    named = [*pages(SITE["nav"])]
    assert there <= {*named}
    # These two stand where their readers look for them: tools/docs_site.py.
    assert {*named} - there == {"index.md", "fixtures.md"}


def test_the_site_loads_nothing_from_elsewhere_and_refuses_broken_links() -> None:
    """The theme would load fonts from another host; others come only with such plugins."""
    assert SITE["theme"]["font"] is False
    assert SITE["plugins"] == ["search"]
    assert not {"analytics", "extra_javascript", "extra_css"} & {*SITE, *SITE["extra"]}
    assert {*SITE["validation"]["links"].values()} == {"warn"}
    # Quiet, mkdocs counts no warnings, and strictness has nothing to refuse.
    assert "mkdocs build --strict\n" in (ROOT / "Makefile").read_text()


# -- first steps -----------------------------------------------------------------------------------

COMMANDS = [
    block
    for block in re.findall(r"```sh\n(.*?)```", FIRST_STEPS, flags=re.DOTALL)
    if not block.startswith("make ")
]


@needs_curl
def test_the_first_steps_run_one_after_the_other(address: str, tmp_path: Path) -> None:
    program = f"{shlex.quote(sys.executable)} -m cds_service"
    printed = []
    for block in COMMANDS:
        script = block.replace(".venv/bin/als-leukemia-cds", program).replace(PORT, address)
        command = ["bash", "-euo", "pipefail", "-c", script]
        result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert (result.returncode, result.stderr) == (0, "")
        printed.append(" ".join(result.stdout.split()))
    story, _, why, why_not = printed
    assert "[critical]" in story
    assert "[critical]" in why
    assert "[critical]" not in why_not
    [said] = re.findall(r'"(Data under leukocytes[^"]*)"', " ".join(FIRST_STEPS.split()))
    assert said in why_not
    assert '"indicator":"critical"' in (tmp_path / "answer.json").read_text()


def test_the_sandbox_is_opened_by_the_same_address_everywhere() -> None:
    found = {
        address
        for page in (ROOT / "README.md", DOCS / "sandbox.md")
        for address in re.findall(r"https://sandbox\S+\?\S+", page.read_text(encoding="utf-8"))
    }
    assert len(found) == 1


# -- deployment ------------------------------------------------------------------------------------


def overlay() -> dict[str, Any]:
    [text] = re.findall(r"```yaml\n(.*?)```", DEPLOYMENT, flags=re.DOTALL)
    return dict(yaml.safe_load(text))


def manifest(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "deploy" / "kubernetes" / name).read_text()))


def test_the_overlay_gives_all_that_the_manifests_leave_to_a_site() -> None:
    volumes = manifest("deployment.yaml")["spec"]["template"]["spec"]["volumes"]
    needed = {volume["configMap"]["name"] for volume in volumes if "configMap" in volume}
    given = {each["name"]: each for each in overlay()["configMapGenerator"]}
    assert needed <= given.keys()
    settings = (ROOT / "deploy" / "kubernetes" / "settings.env").read_text()
    files = [file for each in given.values() for file in each.get("files", ())]
    assert [file for file in files if f"/{file}\n" not in settings] == []
    for setting in ("CDS_BASE_URL", "CDS_TRUSTED_PROXIES"):
        assert f"{setting}=" in settings
        assert any(
            each.startswith(setting) for each in given["als-leukemia-cds-settings"]["literals"]
        )


def test_the_overlay_patches_the_addresses_of_the_network_policy() -> None:
    policy = manifest("network.yaml")["spec"]
    for change in yaml.safe_load(overlay()["patches"][0]["patch"]):
        found: Any = {"spec": policy}
        for part in change["path"].strip("/").split("/"):
            found = found[int(part) if part.isdigit() else part]
        # Documentation addresses: https://www.rfc-editor.org/rfc/rfc5737
        assert found.startswith(("198.51.100.", "203.0.113."))


def test_every_secret_that_is_mounted_is_said_to_be_made() -> None:
    settings = (ROOT / "deploy" / "kubernetes" / "settings.env").read_text()
    for name in re.findall(r"/run/secrets/cds/(\S+)", settings):
        assert f"--from-file={name}" in DEPLOYMENT
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())
    for each in compose["secrets"].values():
        assert f"> deploy/{each['file']}\n" in DEPLOYMENT


def test_what_has_not_run_is_said() -> None:
    assert "None of it has run in a container engine." in DEPLOYMENT
