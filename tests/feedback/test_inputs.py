"""What a rule can lack has a name, and names say nothing about anybody."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import cds_service.chart
import hooks
from hooks.calculations import performance
from hooks.concepts import CYTARABINE

FILES = [*Path(hooks.__path__[0]).rglob("*.py"), Path(cds_service.chart.__file__)]
IDS = {concept.id for concept in hooks.CONCEPTS}


def missing_keys(file: Path) -> set[str]:
    """The keys, written as texts, of facts that can say that something is missing."""
    return {
        node.args[0].value
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Fact"
        and isinstance(node.args[0], ast.Constant)
        and any(keyword.arg == "missing" for keyword in node.keywords)
    }


def test_every_key_that_the_content_writes_down_has_a_name() -> None:
    keys = set().union(*map(missing_keys, FILES))
    assert "age" in keys
    computed = {performance._DISAGREEMENT, f"{CYTARABINE.id} intensity"}
    assert (keys | computed) - IDS == set(hooks.OTHER_INPUTS)


@pytest.mark.parametrize("name", hooks.OTHER_INPUTS)
def test_a_name_fits_into_the_store_and_is_no_concept(name: str) -> None:
    assert 0 < len(name) <= 64
    assert name not in IDS
