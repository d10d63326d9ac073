"""The clinical content: acute leukemia, hyperleukocytosis and ALS. Knows medicine and no web.

The engine loads this package by name and takes SERVICES and CONCEPTS from it, LIMITS that a site
may change, and ABOUT for the start page; it asks `document` for what stands behind a rule,
`limits_of` on which limits a rule rests, and `bench` for what a person may try out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from cds_service.limits import NO_LOCAL_LIMITS, Changeable, Limit, Limits
from cds_service.rule import Rule
from cds_service.service import Service
from cds_service.terminology import Lexicon
from hooks import thresholds
from hooks.concepts import CONCEPTS
from hooks.inputs import OTHER_INPUTS
from hooks.order_select import ORDER_SELECT
from hooks.order_sign import ORDER_SIGN
from hooks.patient_view import PATIENT_VIEW
from hooks.services import ABOUT

if TYPE_CHECKING:
    from cds_service.bench_values import BenchContent

SERVICES = (PATIENT_VIEW, ORDER_SELECT, ORDER_SIGN)
LIMITS = Changeable(thresholds.LIMITS, thresholds.ASCENDING)


def limits_of(rule: Rule) -> Iterable[Limit]:
    """The limits and windows that a rule may ask or state, whatever the patient."""
    # Imported here, as below: only a site that has changed some needs to know.
    from hooks import source_attributes

    asked = source_attributes.inputs(rule)
    return (*asked.thresholds, *asked.windows)


def document(
    rule: Rule, services: Sequence[Service], lexicon: Lexicon, limits: Limits = NO_LOCAL_LIMITS
) -> dict[str, Any]:
    """What stands behind a rule, as JSON-ready values: see rule_documents."""
    # Imported here: it reads the code of rules and the statements, which no card needs.
    from hooks import rule_documents

    return rule_documents.document(rule, services, lexicon, limits)


def bench() -> BenchContent:
    """The values that can be changed on the test bench, and the course that is drawn there."""
    # Imported here: the bench is for trying, and no call needs it.
    from hooks.bench_values import BENCH

    return BENCH


__all__ = [
    "ABOUT",
    "CONCEPTS",
    "LIMITS",
    "OTHER_INPUTS",
    "SERVICES",
    "bench",
    "document",
    "limits_of",
]
