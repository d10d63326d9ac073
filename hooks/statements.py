"""Every statement of the guideline summaries, and the safety rules added to them, once.

statements.csv holds our words, when the statement applies, whether evidence supports it, our
qualification and the sources. Rules and their lines name statements by id; docs/statements.md shows
both ends.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from importlib.resources import files

from cds_service.errors import ContentError
from cds_service.rule import Evidence
from hooks import evidence

VERIFICATIONS = ("confirmed", "partially", "contradicted", "not found")
"""Partially: part of it, a narrower population, or quoted second-hand only."""

SERVICE_WIDE = {
    "S0-53": "No advice of the general summary is given as advice for ALS.",
    "S0-54": "The attribution line and the review status of every card.",
    "S0-55": "The attribution line of every card; primary sources are named instead.",
    "S3-43": "The attribution line of every card; primary sources are named instead.",
    "S3-44": "The attribution line and the review status of every card.",
    "S3-45": "Diagnoses are matched by code alone: the letters ALS in a text mean nothing.",
}
"""Statements about the sources themselves: the service as a whole carries them (catalogue R38)."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: `id` is permanent, `verification` one of VERIFICATIONS."""

    id: str
    words: str
    applies_when: str
    verification: str
    qualification: str
    evidence: tuple[Evidence, ...]


def _load() -> dict[str, Statement]:
    text = files("hooks").joinpath("statements.csv").read_text(encoding="utf-8")
    found: dict[str, Statement] = {}
    for row in csv.DictReader(text.splitlines()):
        if row["verification"] not in VERIFICATIONS or row["id"] in found:
            raise ContentError(f"statements.csv: {row['id']} is repeated or its status is unknown")
        sources = tuple(evidence.BY_KEY[key] for key in row["evidence"].split())
        found[row["id"]] = Statement(
            row["id"],
            row["statement"],
            row["applies_when"],
            row["verification"],
            row["qualification"],
            sources,
        )
    return found


STATEMENTS = _load()
"""By id, in the order of the sources."""
