"""growth-factor-hyperleukocytosis: catalogue R27, scenario 21."""

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import ORDER_SELECT, ORDER_SIGN, concepts
from hooks.concepts import (
    ALL,
    AML,
    APL,
    BLASTS_ABSOLUTE,
    BLASTS_ABSOLUTE_BY_LINEAGE,
    BLASTS_PERCENT,
    BLASTS_PERCENT_BY_LINEAGE,
    FILGRASTIM,
    GROWTH_FACTORS,
    LEUKOCYTES,
    NEUTROPHILS,
    OTHER_LEUKEMIA,
    PEGFILGRASTIM,
    SARGRAMOSTIM,
    UNSPECIFIED_ACUTE_LEUKEMIA,
)
from hooks.rules.growth_factor_hyperleukocytosis import growth_factor_hyperleukocytosis as rule
from tests.patients import (
    RXNORM,
    cards,
    chart,
    count,
    diagnosis,
    in_remission,
    never_decisive,
    not_read,
    order,
    overrides,
    part,
    prescription,
    relapsed,
    result,
    suggestions,
)

LEUKEMIA = diagnosis(AML)
REMISSION = in_remission(AML, clinical="remission")
DRUG = order(FILGRASTIM)
MINUTE = 1 / 60

WARNS = {
    "filgrastim in active AML at a count of 63": (LEUKEMIA, count(63), DRUG),
    "a count of exactly 50": (LEUKEMIA, count(50), DRUG),
    "a count of exactly 100": (LEUKEMIA, count(100), DRUG),
    "a count of exactly 72 h ago": (LEUKEMIA, count(63, hours_ago=72), DRUG),
    "ALL": (diagnosis(ALL), count(63), DRUG),
    "APL": (diagnosis(APL), count(63), DRUG),
    "lineage not specified": (diagnosis(UNSPECIFIED_ACUTE_LEUKEMIA), count(63), DRUG),
    "AML relapsed": (relapsed(AML), count(63), DRUG),
    "AML only suspected": (diagnosis(AML, "provisional"), count(63), DRUG),
    "blasts in the blood at a low count": (
        LEUKEMIA,
        count(2),
        result(BLASTS_PERCENT, 1),
        DRUG,
    ),
    "myeloblasts alone, which show blasts": (
        LEUKEMIA,
        count(2),
        result(BLASTS_ABSOLUTE_BY_LINEAGE, 0.2),
        DRUG,
    ),
    "blasts, and no count on record": (LEUKEMIA, result(BLASTS_PERCENT, 30), DRUG),
    "recorded as in remission, yet a count of 50": (REMISSION, count(50), DRUG),
    "active and in remission, neither dated, and a count of 63": (
        diagnosis(AML, recorded=None),
        in_remission(AML, recorded=None),
        count(63),
        DRUG,
    ),
    **{f"{drug.title}": (LEUKEMIA, count(63), order(drug)) for drug in GROWTH_FACTORS},
    "a biosimilar named in words": (LEUKEMIA, count(63), order("filgrastim-sndz 300 mcg SC")),
    "G-CSF in words": (LEUKEMIA, count(63), order("G-CSF 5 mcg/kg")),
}

SILENT = {
    "nothing ordered": (LEUKEMIA, count(187)),
    "growth factor drafted but not selected": (
        LEUKEMIA,
        count(187),
        order(FILGRASTIM, selected=False),
        order(concepts.HYDROXYUREA),
    ),
    "breast cancer: a count of 62 and no leukemia": (count(62), result(BLASTS_PERCENT, 1), DRUG),
    "CLL": (diagnosis(OTHER_LEUKEMIA), count(200), DRUG),
    "AML refuted": (diagnosis(AML, "refuted"), count(63), DRUG),
    "scenario 21: mobilisation in remission at a count of 38": (
        in_remission(ALL, clinical="remission"),
        count(38),
        DRUG,
    ),
    "in remission, a count of 49.9": (REMISSION, count(49.9), DRUG),
    "in remission, some blasts under recovery": (
        REMISSION,
        count(8),
        result(BLASTS_PERCENT, 1),
        DRUG,
    ),
    "after the nadir: a count of 0.4 without blasts": (
        LEUKEMIA,
        count(0.4),
        result(BLASTS_PERCENT, 0),
        DRUG,
    ),
    "a count of 49.9 without blasts, each way they are counted": (
        LEUKEMIA,
        count(49.9),
        result(BLASTS_PERCENT, 0),
        result(BLASTS_ABSOLUTE, 0),
        result(BLASTS_PERCENT_BY_LINEAGE, 0),
        result(BLASTS_ABSOLUTE_BY_LINEAGE, 0),
        DRUG,
    ),
}

ASKS = {
    "no count and no blasts on record": (LEUKEMIA, DRUG),
    "a count of 49.9, blasts not counted": (LEUKEMIA, count(49.9), DRUG),
    "a count a minute older than 72 h": (LEUKEMIA, count(63, hours_ago=72 + MINUTE), DRUG),
    "a count without unit": (LEUKEMIA, count(63, ""), DRUG),
    "a count above 30 and nothing more": (LEUKEMIA, count(30, comparator=">"), DRUG),
    "counts that could not be read": (LEUKEMIA, DRUG, not_read(LEUKOCYTES)),
    "blasts a minute older than 24 h, count of 20": (
        LEUKEMIA,
        count(20),
        result(BLASTS_PERCENT, 30, hours_ago=24 + MINUTE),
        DRUG,
    ),
    "a problem list that could not be read": (not_read(*concepts.CONDITIONS), count(63), DRUG),
}


@pytest.mark.parametrize("records", WARNS.values(), ids=WARNS)
def test_warns(records):
    assert rule.applies(chart(*records)).truth is TRUE


@pytest.mark.parametrize("records", SILENT.values(), ids=SILENT)
def test_silent(records):
    assert rule.applies(chart(*records)).truth is FALSE


@pytest.mark.parametrize("records", ASKS.values(), ids=ASKS)
def test_asks(records):
    assert rule.applies(chart(*records)).truth is UNKNOWN


def test_every_condition_matters():
    """Dropping any one condition from the rule would turn a silent case into a warning."""
    assert never_decisive(rule, SILENT.values()) == set()


# -- the card -------------------------------------------------------------------------------------

USUAL = (
    "Growth factor drafted while WBC is high with active leukemia: can raise the count and worsen "
    "leukostasis."
)
IN_REMISSION = (
    "Growth factor drafted while WBC is high, leukemia recorded as in remission: check for "
    "relapse; it can raise the count further."
)
BLASTS = (
    "Growth factor drafted with blasts in the blood in active leukemia: can raise the count and "
    "worsen leukostasis."
)


def card(*records):
    return cards(ORDER_SELECT, *records)[rule.id]


@pytest.mark.parametrize(
    ("records", "indicator", "summary"),
    [
        ((LEUKEMIA, count(50)), "warning", USUAL),
        ((LEUKEMIA, count(99.9)), "warning", USUAL),
        ((LEUKEMIA, count(100)), "critical", USUAL),
        ((LEUKEMIA, count(100, hours_ago=24)), "critical", USUAL),
        ((LEUKEMIA, count(100, hours_ago=24 + MINUTE)), "warning", USUAL),
        ((LEUKEMIA, count(500, comparator=">")), "critical", USUAL),
        ((diagnosis(AML, "provisional"), count(187)), "critical", USUAL),
        ((LEUKEMIA, count(2), result(BLASTS_PERCENT, 1)), "warning", BLASTS),
        ((LEUKEMIA, result(BLASTS_PERCENT, 90)), "warning", BLASTS),
        ((LEUKEMIA, count(187), result(BLASTS_PERCENT, 90)), "critical", USUAL),
        ((REMISSION, count(63)), "warning", IN_REMISSION),
        ((REMISSION, count(187), result(BLASTS_PERCENT, 60)), "warning", IN_REMISSION),
    ],
)
@pytest.mark.parametrize("service", [ORDER_SELECT, ORDER_SIGN], ids=["selected", "signed"])
def test_how_urgent_it_is(service, records, indicator, summary):
    shown = cards(service, *records, DRUG)
    assert list(shown) == [rule.id]
    assert (shown[rule.id]["indicator"], shown[rule.id]["summary"]) == (indicator, summary)


@pytest.mark.parametrize(
    ("drug", "indicator"),
    [
        (order(SARGRAMOSTIM, system=RXNORM), "warning"),
        (order(SARGRAMOSTIM, system=RXNORM, name="sargramostim"), "critical"),
        (order(PEGFILGRASTIM, system=RXNORM), "critical"),
    ],
    ids=["a code of one source", "the same code and the name", "a code of two sources"],
)
def test_a_code_of_one_source_alone_is_never_critical(drug, indicator):
    assert card(LEUKEMIA, count(187), drug)["indicator"] == indicator


def test_it_names_the_order_and_the_values_with_their_age():
    basis = part(
        card(LEUKEMIA, count(63), result(NEUTROPHILS, 4, hours_ago=24), DRUG), "This patient"
    )
    assert "Order: filgrastim (G-CSF)" in basis
    assert any(line.startswith("Leukocytes 63 ×10⁹/L, 2026-11-21 09:00 UTC") for line in basis)
    assert any(line.startswith("Neutrophils 4 ×10⁹/L, 2026-11-20") for line in basis)


def test_a_count_of_yesterday_is_called_old():
    old = "older than 24 h"
    assert old in card(LEUKEMIA, count(187, hours_ago=30), DRUG)["detail"]
    assert old not in card(LEUKEMIA, count(187, hours_ago=24), DRUG)["detail"]


def test_the_summary_is_attributed_and_the_uses_that_are_allowed_are_named():
    advice = part(card(LEUKEMIA, count(63), DRUG), "Consider")
    (line,) = [line for line in advice if "no growth factors" in line]
    assert line.startswith("Guideline summary: ")
    for words in ("above a count of 50", "14 days before to 24 hours after", "has no source"):
        assert words in line
    (allowed,) = [line for line in advice if "exceptions" in line]
    for use in ("mobilisation in remission", "FLAG", "after the nadir"):
        assert use in allowed


def test_remission_and_suspicion_are_said():
    remission = card(REMISSION, count(63), DRUG)["detail"]
    assert "otherwise check the smear for relapse" in remission
    suspected = card(diagnosis(AML, "provisional"), count(63), DRUG)["detail"]
    assert "Acute leukemia is suspected, not confirmed" in suspected
    usual = card(LEUKEMIA, count(63), DRUG)["detail"]
    assert "check the smear for relapse" not in usual
    assert "suspected" not in usual


def test_it_takes_every_selected_growth_factor_back():
    other = order(PEGFILGRASTIM)
    running = prescription(FILGRASTIM)
    offered = suggestions(card(LEUKEMIA, count(63), DRUG, other, running))
    assert list(offered) == ["Remove the drafted growth factor"]
    actions = offered["Remove the drafted growth factor"]["actions"]
    assert [(action["type"], action["resourceId"]) for action in actions] == [
        ("delete", "MedicationRequest/filgrastim"),
        ("delete", "MedicationRequest/pegfilgrastim"),
    ]
    assert [action["description"] for action in actions] == [
        "Remove the drafted filgrastim (G-CSF)",
        "Remove the drafted pegfilgrastim",
    ]


def test_overrides_can_say_why():
    assert overrides(card(LEUKEMIA, count(63), DRUG)) == [
        "mobilisation",
        "protocol-directed",
        "post-nadir",
        "quiet-24-hours",
        "other",
    ]
