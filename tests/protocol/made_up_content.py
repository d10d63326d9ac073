"""A content package for tests: what must not happen in a hospital's content, and yet does."""

from __future__ import annotations

from cds_service.card import Attribution
from cds_service.chart import Chart
from cds_service.finding import TRUE, Finding
from cds_service.prefetch import Query
from cds_service.rule import Evidence, Indicator, Rule, rule
from cds_service.service import Group, Service
from hooks.rules.data_gaps import data_gaps
from tests.protocol.support import KEYS

from hooks.concepts import CONCEPTS  # isort: skip

SOURCE = Evidence("MADE-UP", "A made-up source. Journal 2020;1:1", "none", None, "M")
ATTRIBUTION = Attribution("A made-up label", "A made-up line.", "made up")


def _raise() -> None:
    raise RuntimeError("secret of the patient")


@rule(
    id="steady-rule",
    version="1.0.0",
    indicator=Indicator.INFO,
    summary="A card for everybody.",
    evidence=[SOURCE],
    strength="None",
    statements=["X"],
)
def steady_rule(patient: Chart) -> Finding:
    """This card is shown for everybody."""
    return Finding("Everybody", TRUE)


@rule(
    id="failing-rule",
    version="1.0.0",
    indicator=Indicator.CRITICAL,
    summary="A card that nobody sees.",
    evidence=[SOURCE],
    strength="None",
    statements=["X"],
)
def failing_rule(patient: Chart) -> Finding:
    """This rule raises."""
    _raise()
    return Finding("Nobody", TRUE)


def _no_advice(patient: Chart) -> str | None:
    _raise()
    return None


@rule(
    id="broken-card-rule",
    version="1.0.0",
    indicator=Indicator.INFO,
    summary="A card whose advice cannot be worked out.",
    evidence=[SOURCE],
    strength="None",
    statements=["X"],
    advice=[_no_advice],
)
def broken_card_rule(patient: Chart) -> Finding:
    """This card is shown without its advice."""
    return Finding("Everybody", TRUE)


def _service(identity: str, *rules: Rule) -> Service:
    queries = [Query(KEYS[0], "Patient", "Age."), Query(KEYS[1], "Condition", "All.", count=10)]
    return Service(
        id=identity,
        hook="patient-view",
        title="Made up",
        description="Made up.",
        usage_requirements="None.",
        queries=tuple(queries),
        groups=(Group("all", rules),),
        gaps=data_gaps,
        attribution=ATTRIBUTION,
        card_limit=3,
    )


SERVICES = (
    _service("steady", steady_rule),
    _service("failing", failing_rule),
    _service("broken-card", broken_card_rule),
)

__all__ = ["CONCEPTS", "SERVICES"]
