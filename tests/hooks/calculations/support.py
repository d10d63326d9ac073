"""What the tests of calculations share."""

from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st

from hooks.concepts import BODY_HEIGHT, BODY_WEIGHT, CREATININE
from tests.patients import result


def measures(weight: float, height: float, creatinine: float = 0.9) -> tuple:
    """Body weight (kg), height (cm) and creatinine (mg/dL) of today."""
    return (
        result(BODY_WEIGHT, weight),
        result(BODY_HEIGHT, height),
        result(CREATININE, creatinine),
    )


def rounded(value: Decimal | None, digits: int = 0) -> float:
    assert value is not None
    return float(round(value, digits))


def decimals(lowest: str, highest: str) -> st.SearchStrategy[Decimal]:
    """Numbers as they are recorded, with one decimal."""
    return st.decimals(lowest, highest, places=1, allow_nan=False, allow_infinity=False)


def examples(count: int) -> settings:
    return settings(derandomize=True, database=None, deadline=None, max_examples=count)


def near(one: Decimal, other: Decimal) -> bool:
    """Equal but for the last digits of a division."""
    return abs(one - other) <= abs(one) * Decimal("1e-12")
