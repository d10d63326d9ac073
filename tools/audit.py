"""Look for known vulnerabilities in what is installed: pip-audit over the locked versions.

Fails where there are any. Where the database cannot be asked, says so and does not fail: checks
have to run without a network too.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
UNREACHED = (
    "ConnectionError",
    "ProxyError",
    "Timeout",
    "SSLError",
    "HTTPError",
    "Could not connect",
)


def verdict(returned: int, answer: str, complaint: str) -> tuple[int, list[str]]:
    """Exit status and what to say of a run of pip-audit, by what it returned and printed."""
    try:
        found: list[dict[str, Any]] = json.loads(answer)["dependencies"]
    except (ValueError, KeyError):
        last = (complaint.strip().splitlines() or [""])[-1]
        if any(sign in complaint for sign in UNREACHED):
            return 0, ["pip-audit: its database cannot be reached: NOTHING WAS CHECKED"]
        return returned or 1, [f"pip-audit failed: {last}"]
    unknown = [each["name"] for each in found if "skip_reason" in each]
    if len(unknown) == len(found):
        return 0, ["pip-audit: its database knows none of the packages: NOTHING WAS CHECKED"]
    lines = [
        f"{each['name']} {each['version']}: {bad['id']}, fixed in {fixed(bad)}"
        for each in found
        for bad in each.get("vulns", ())
    ]
    checked = f"pip-audit: {len(found) - len(unknown)} packages, {len(lines)} vulnerabilities"
    lines.append(f"{checked}; not checked: {', '.join(unknown)}" if unknown else checked)
    return int(len(lines) > 1), lines


def fixed(vulnerability: dict[str, Any]) -> str:
    """The versions to go to."""
    return ", ".join(vulnerability.get("fix_versions", ())) or "no version yet"


def main() -> int:
    """Audit the lock file."""
    options = ["--disable-pip", "--require-hashes", "--format=json", "--progress-spinner=off"]
    command = [sys.executable, "-m", "pip_audit", *options, "-r", str(LOCK)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    status, lines = verdict(ran.returncode, ran.stdout, ran.stderr)
    print("\n".join(lines))
    return status


if __name__ == "__main__":
    sys.exit(main())
