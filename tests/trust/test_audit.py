"""The audit fails where there is a vulnerability, and says when it has checked nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tools.audit import verdict

SOUND = {"name": "flask", "version": "3.1.3", "vulns": []}
WEAK = {
    "name": "requests",
    "version": "2.0",
    "vulns": [{"id": "CVE-2026-1", "fix_versions": ["2.1"]}, {"id": "CVE-2026-2"}],
}
UNKNOWN = {"name": "own", "skip_reason": "Dependency not found"}


def audited(*found: dict[str, Any]) -> tuple[int, list[str]]:
    return verdict(0, json.dumps({"dependencies": found, "fixes": []}), "")


def test_a_vulnerability_fails_and_is_named_with_its_fix() -> None:
    assert audited(SOUND, WEAK) == (
        1,
        [
            "requests 2.0: CVE-2026-1, fixed in 2.1",
            "requests 2.0: CVE-2026-2, fixed in no version yet",
            "pip-audit: 2 packages, 2 vulnerabilities",
        ],
    )


def test_no_vulnerability_is_said() -> None:
    assert audited(SOUND) == (0, ["pip-audit: 1 packages, 0 vulnerabilities"])


def test_what_is_not_checked_is_named() -> None:
    status, [said] = audited(SOUND, UNKNOWN)
    assert (status, said.endswith("not checked: own")) == (0, True)


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (json.dumps({"dependencies": [UNKNOWN]}), ""),
        (json.dumps({"dependencies": []}), ""),
        ("", "requests.exceptions.ConnectionError: Max retries exceeded"),
        ("", "ERROR:pip_audit._cli:Could not connect to PyPI's vulnerability feed"),
    ],
)
def test_where_nothing_can_be_checked_that_is_said_and_does_not_fail(
    answer: str, complaint: str
) -> None:
    status, [said] = verdict(1, answer, complaint)
    assert (status, said.endswith("NOTHING WAS CHECKED")) == (0, True)


def test_an_audit_that_fails_otherwise_fails() -> None:
    complaint = "ERROR:pip_audit._cli:requirement x==1 does not contain a hash"
    assert verdict(1, "", complaint) == (1, [f"pip-audit failed: {complaint}"])
    assert verdict(0, "", "")[0] == 1
