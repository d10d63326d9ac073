"""How rules, lines, statements and sources are put into words on every page."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Iterable
from typing import Any

import hooks
from cds_service.rule import Advice, Evidence, Line, Rule
from cds_service.terminology import Threshold, Window
from hooks.thresholds import BY_NAME

SEEN = {"R": "read", "S": "seen quoted elsewhere", "M": "not verified"}
"""How a source was verified, as hooks/evidence.py marks it."""

_FEWEST_WORDS = 3
"""Shorter literals of a function are keys and joints, not what a line says."""


def all_rules() -> dict[str, Rule]:
    """Every rule that some service lists, by id, in the order of the services."""
    return {rule.id: rule for service in hooks.SERVICES for rule in service.rules()}


def hooks_of(rule: Rule) -> list[str]:
    """The hooks of the services that list the rule."""
    return [service.hook for service in hooks.SERVICES if rule in service.rules()]


def carriers(statement: str) -> list[tuple[Rule, list[Line]]]:
    """The rules that carry a statement, each with the lines that do; none: the card as a whole."""
    return [
        (rule, [line for line in lines_of(rule) if statement in line.statements])
        for rule in all_rules().values()
        if statement in rule.statements
    ]


def lines_of(rule: Rule) -> list[Line]:
    """The lines of a rule that say which statements they carry."""
    return [line for line in rule.advice if isinstance(line, Line)]


def line_words(advice: Advice) -> str:
    """The text of a line; of one that depends on the patient what it is for, and its wordings."""
    text = advice.text if isinstance(advice, Line) else advice
    if isinstance(text, str):
        return f'"{text}"'
    said = " / ".join(f'"{each}"' for each in wordings(text))
    return " ".join(part for part in ("by patient:", first_paragraph(text), said) if part)


def wordings(function: Callable[..., Any]) -> list[str]:
    """The longer texts that a function is made of, in order; what depends on the patient is "…"."""
    function = inspect.unwrap(function)
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    inside = {
        id(part)
        for each in ast.walk(tree)
        if isinstance(each, ast.JoinedStr)
        for part in ast.walk(each)
        if part is not each
    }
    found = []
    known = {**function.__globals__, **_limits_named(tree, function.__globals__)}
    texts = (each for each in ast.walk(tree) if isinstance(each, ast.Constant | ast.JoinedStr))
    for each in sorted(texts, key=lambda node: (node.lineno, node.col_offset)):
        text = _wording(each, known) if id(each) not in inside else ""
        is_docstring = " ".join(text.split()) == " ".join((function.__doc__ or "").split())
        if len(text.split()) >= _FEWEST_WORDS and not is_docstring:
            found.append(text)
    return found


def _wording(node: ast.AST, known: dict[str, Any]) -> str:
    """A text literal, or one with values in it, as it stands in the code; else nothing."""
    if isinstance(node, ast.Constant):
        return node.value.strip() if isinstance(node.value, str) else ""
    if not isinstance(node, ast.JoinedStr):
        return ""
    parts = []
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        elif isinstance(part, ast.FormattedValue):
            parts.append(_constant_named(ast.unparse(part.value), known))
    return "".join(parts).strip()


def _constant_named(expression: str, known: dict[str, Any]) -> str:
    """The value of `NAME` or `module.NAME`, or of the limit asked for; "…" for anything else."""
    limit = _limit_asked(expression, known)
    if limit is not None:
        return limit
    module, _, name = expression.rpartition(".")
    value = getattr(known.get(module), name, None) if module else known.get(name)
    return str(value) if isinstance(value, str | Threshold) else "…"


_LIMIT = re.compile(r"patient\.limit\(thresholds\.([A-Z0-9_]+)\)(?:\.(number|in_words))?")


def _limit_asked(expression: str, known: dict[str, Any]) -> str | None:
    """The default of `patient.limit(thresholds.NAME)`, whole or as `.number` or `.in_words`."""
    asked = _LIMIT.fullmatch(expression)
    if asked is None or "thresholds" not in known:
        return None
    limit = getattr(known["thresholds"], asked[1])
    return str(getattr(limit, asked[2]) if asked[2] else limit)


def _limits_named(tree: ast.AST, known: dict[str, Any]) -> dict[str, str]:
    """The names that a function gives to limits it asks for: `high = patient.limit(...)`."""
    found = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign):
            continue
        target, value = node.targets[0], node.value
        both = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
        pairs = zip(target.elts, value.elts, strict=True) if both else [(target, value)]
        for name, asked in pairs:
            if isinstance(name, ast.Name) and "patient.limit(" in ast.unparse(asked):
                text = _wording(asked, known) or _limit_asked(ast.unparse(asked), known)
                found |= {name.id: text} if text and "…" not in text else {}
    return found


def first_paragraph(function: Callable[..., Any]) -> str:
    """The first paragraph of a docstring, on one line, with the limits that it names."""
    text = " ".join(inspect.cleandoc(function.__doc__ or "").split("\n\n")[0].split())
    return re.sub(r"\{([a-z0-9-]+)\}", lambda name: str(BY_NAME[name[1]]), text)


def source(evidence: Evidence) -> str:
    """Citation, identifier with its link, and how the source was verified."""
    identifier = evidence.identifier
    link = f"[{identifier}]({evidence.url})" if evidence.url else identifier
    return f"{evidence.key}: {evidence.citation} ({link}; {SEEN[evidence.seen]})"


def length(window: Window) -> str:
    """How long a window is: hours up to three days, then days."""
    hours = int(window.length.total_seconds() // 3600)
    return f"{hours} h" if hours <= 72 else f"{hours // 24} d"


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> list[str]:
    """A markdown table."""
    names = list(head)
    lines = [names, ["---"] * len(names), *rows]
    return [f"| {' | '.join(str(cell).replace('|', '/') for cell in line)} |" for line in lines]
