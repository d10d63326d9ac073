"""hooks/tested_cases.json: the sentences of every rule's test tables, for the rule's own page."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path

from cds_service.rule import Rule
from tools.pages.wording import all_rules

ROOT = Path(__file__).resolve().parent.parent.parent

TABLES = {"WARNS": "applies", "SILENT": "doesNotApply", "ASKS": "cannotTell"}
"""Table of a rule's test module to what its cases show."""


def page() -> Iterator[str]:
    """The file, line by line."""
    found = {rule.id: cases(rule) for rule in all_rules().values()}
    yield from json.dumps(found, ensure_ascii=False, indent=1).splitlines()


def cases(rule: Rule) -> dict[str, list[str]]:
    """What the tests of a rule try: by what they show, without tables that are not there."""
    name = f"test_{rule.id.replace('-', '_')}"
    if not (ROOT / "tests" / "rules" / f"{name}.py").exists():
        return {}
    module = importlib.import_module(f"tests.rules.{name}")
    found = {shown: list(getattr(module, table, ())) for table, shown in TABLES.items()}
    return {shown: sentences for shown, sentences in found.items() if sentences}
