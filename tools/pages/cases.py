"""What the page of a rule shows of its tests and its code, as data of the content package.

hooks/tested_cases.json holds the sentences of every rule's test tables, hooks/wordings.json what
lines of advice that depend on the patient can say: neither tests nor sources are installed.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path

from cds_service.rule import Line, Rule
from tools.pages.wording import all_rules, wordings

ROOT = Path(__file__).resolve().parent.parent.parent

TABLES = {"WARNS": "applies", "SILENT": "doesNotApply", "ASKS": "cannotTell"}
"""Table of a rule's test module to what its cases show."""


def tested_cases() -> Iterator[str]:
    """The file, line by line."""
    return _lines({rule.id: cases(rule) for rule in all_rules().values()})


def lines_by_patient() -> Iterator[str]:
    """The file, line by line: for each line of a rule in its order what it can say."""
    return _lines({rule.id: list(_wordings(rule)) for rule in all_rules().values()})


def _wordings(rule: Rule) -> Iterator[list[str]]:
    for each in rule.advice:
        text = each.text if isinstance(each, Line) else each
        yield [] if isinstance(text, str) else wordings(text)


def _lines(found: object) -> Iterator[str]:
    yield from json.dumps(found, ensure_ascii=False, indent=1).splitlines()


def cases(rule: Rule) -> dict[str, list[str]]:
    """What the tests of a rule try: by what they show, without tables that are not there."""
    name = f"test_{rule.id.replace('-', '_')}"
    if not (ROOT / "tests" / "rules" / f"{name}.py").exists():
        return {}
    module = importlib.import_module(f"tests.rules.{name}")
    found = {shown: list(getattr(module, table, ())) for table, shown in TABLES.items()}
    return {shown: sentences for shown, sentences in found.items() if sentences}
