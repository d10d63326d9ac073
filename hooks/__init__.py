"""The clinical content: acute leukemia, hyperleukocytosis and ALS. Knows medicine and no web.

The engine loads this package by name and takes SERVICES and CONCEPTS from it.
"""

from hooks.concepts import CONCEPTS
from hooks.order_select import ORDER_SELECT
from hooks.order_sign import ORDER_SIGN
from hooks.patient_view import PATIENT_VIEW

SERVICES = (PATIENT_VIEW, ORDER_SELECT, ORDER_SIGN)

__all__ = ["CONCEPTS", "SERVICES"]
