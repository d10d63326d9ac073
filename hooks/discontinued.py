"""Drugs that the drafts end: a prescription that is being stopped is running no more."""

from __future__ import annotations

from cds_service.chart import ORDER_KEY, Chart
from cds_service.finding import FALSE, TRUE, Fact, Finding
from cds_service.terminology import Orderable


def _facts(patient: Chart, drug: Orderable) -> tuple[Fact, ...]:
    words = f"{drug.title}: being stopped in the drafts"
    return tuple(
        Fact(f"{ORDER_KEY}{order.reference}", words.__str__) for order in patient.stopping(drug)
    )


def being_stopped(patient: Chart, *drugs: Orderable) -> Finding:
    """A draft ends one of them."""
    facts = tuple(fact for drug in drugs for fact in _facts(patient, drug))
    return Finding("Stopping one in the drafts", TRUE if facts else FALSE, facts)


def still_taking(patient: Chart, drug: Orderable) -> Finding:
    """An active prescription, and no draft that ends one."""
    ended = _facts(patient, drug)
    taking = patient.taking(drug)
    return Finding(taking.question, FALSE, ended) if ended else taking
