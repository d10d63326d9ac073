"""Mutations and karyotype of AML: what is on record, and a panel where nothing is."""

from __future__ import annotations

from cds_service.chart import Chart
from cds_service.finding import FALSE, TRUE, UNKNOWN, Fact
from cds_service.rule import Suggestion
from hooks import concepts, proposals

TESTED = (concepts.FLT3, concepts.NPM1, concepts.KARYOTYPE)
PANEL = "Cytogenetics and mutation panel (NGS, FLT3, IDH1/2, NPM1)"


def on_record(patient: Chart) -> list[Fact]:
    """Results by name and date; the lack of all of them as a gap."""
    found = [patient.has_result(test) for test in TESTED]
    known = [fact for each in found if each.truth is TRUE for fact in each.facts]
    if known:
        return known
    unclear = [fact for each in found if each.truth is UNKNOWN for fact in each.facts]
    if unclear:
        return unclear
    words = "Genetics of the AML (FLT3, NPM1, karyotype): no result on record"
    return [Fact("aml genetics", lambda: words, missing=True)]


def panel_if_none(patient: Chart) -> Suggestion | None:
    """Where none of them has a result; results that could not be read may well exist."""
    if any(patient.has_result(test).truth is not FALSE for test in TESTED):
        return None
    return proposals.requesting("Draft cytogenetics and mutation panel", PANEL)(patient)
