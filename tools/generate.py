"""Write every generated file, or with --check say which are stale.

The pages under docs/ that come from the code, and what pages of the service show of the tests, are
made in tools/pages; value sets and fixtures have
generators of their own, which this one calls.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tools.pages import (  # noqa: E402 the root must come first
    cases,
    integration,
    prefetch,
    reference,
    rules,
    statements,
)

GENERATORS = ("value_sets.py", "fixtures.py")
PAGES = {
    "hooks/tested_cases.json": cases.tested_cases,
    "hooks/wordings.json": cases.lines_by_patient,
    "docs/rules.md": rules.page,
    "docs/statements.md": statements.page,
    "docs/prefetch.md": prefetch.page,
    "docs/integration-sheet.md": integration.page,
    "docs/configuration.md": reference.configuration_page,
}


def main(arguments: list[str]) -> int:
    """0 when everything is current (or was written), 1 when something is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="say what is stale, write nothing")
    check = parser.parse_args(arguments).check
    stale = [path for path, text in pages().items() if not _settle(ROOT / path, text, check)]
    for path in stale:
        print(f"stale: {path}; run make generate")
    failed = bool(stale)
    for name in GENERATORS:
        command = [sys.executable, str(ROOT / "tools" / name), *(["--check"] if check else [])]
        failed |= subprocess.run(command, check=False).returncode != 0  # noqa: S603 our own scripts
    return int(failed)


def _settle(path: Path, text: str, check: bool) -> bool:
    """Whether the file holds the text, after writing it unless only checking."""
    if not check:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return path.exists() and path.read_text(encoding="utf-8") == text


def pages() -> dict[str, str]:
    """Path to content of every generated page."""
    return {path: "\n".join(lines()).rstrip("\n") + "\n" for path, lines in PAGES.items()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
