"""The clinical content: acute leukemia, hyperleukocytosis and ALS. Knows medicine and no web.

The engine loads this package by name and takes SERVICES and CONCEPTS from it, and asks `document`
for what stands behind a rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cds_service.rule import Rule
from cds_service.service import Service
from cds_service.terminology import Lexicon
from hooks.concepts import CONCEPTS
from hooks.order_select import ORDER_SELECT
from hooks.order_sign import ORDER_SIGN
from hooks.patient_view import PATIENT_VIEW

SERVICES = (PATIENT_VIEW, ORDER_SELECT, ORDER_SIGN)


def document(rule: Rule, services: Sequence[Service], lexicon: Lexicon) -> dict[str, Any]:
    """What stands behind a rule, as JSON-ready values: see rule_documents."""
    # Imported here: it reads the code of rules and the statements, which no card needs.
    from hooks import rule_documents

    return rule_documents.document(rule, services, lexicon)


__all__ = ["CONCEPTS", "SERVICES", "document"]
