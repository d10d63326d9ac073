"""A shell completes commands, names of stories and ids of rules."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

import fixtures
from cds_service.commands import main
from hooks import SERVICES

PROGRAM = Path(sys.executable).parent / "als-leukemia-cds"


def offered(*words: str) -> list[tuple[str, str]]:
    """What is offered for the last word, with its kind."""
    shell = ShellComplete(main, {}, "als-leukemia-cds", "_ALS_LEUKEMIA_CDS_COMPLETE")
    return [(each.value, each.type) for each in shell.get_completions(list(words[:-1]), words[-1])]


def values(*words: str) -> list[str]:
    return [value for value, _ in offered(*words)]


def test_stories_and_their_requests_are_offered_and_else_files() -> None:
    assert "als-aml-emergency.patient-view" in values("simulate", "als-aml-em")
    assert set(fixtures.stories()) <= set(values("simulate", ""))
    assert offered("simulate", "./pati") == [("./pati", "file")]


def test_requests_and_stories_are_offered_where_they_are_asked_for() -> None:
    assert values("fixtures", "request", "gout.p") == ["gout.patient-view"]
    assert values("fixtures", "load", "gou") == ["gout"]
    assert values("fixtures", "list", "gou") == ["gout"]


def test_rules_are_offered() -> None:
    ids = {rule.id for service in SERVICES for rule in service.rules()}
    assert set(values("rules", "")) == ids
    assert values("rules", "leukapheresis-a") == ["leukapheresis-apl", "leukapheresis-als"]


def test_content_that_is_broken_offers_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_CONTENT", "json")
    assert offered("rules", "") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_asks_this_program(shell: str) -> None:
    result = CliRunner().invoke(main, ["completion", shell])
    assert result.exit_code == 0
    assert f"_ALS_LEUKEMIA_CDS_COMPLETE={shell}_complete" in result.output
    assert "als-leukemia-cds" in result.output


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash_completes_with_the_script() -> None:
    """The whole way: the script, sourced by a bash, asks the installed program."""
    script = (
        'source <("$0" completion bash); PATH="${0%/*}:$PATH"; COMP_WORDS=(als-leukemia-cds rules '
        "hydrat); COMP_CWORD=2; _als_leukemia_cds_completion als-leukemia-cds; echo ${COMPREPLY[@]}"
    )
    found = subprocess.run(
        ["bash", "-c", script, str(PROGRAM)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    assert found.stdout.split() == ["hydration-als"], found.stderr
