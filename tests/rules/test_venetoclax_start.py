"""venetoclax-start: catalogue R32, statements S3-09 and X-02."""

from dataclasses import replace

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from cds_service.service import Group
from hooks import ORDER_SIGN, concepts
from hooks.concepts import (
    ALL,
    AML,
    AZACITIDINE,
    CIPROFLOXACIN,
    CREATININE,
    DEXTROMETHORPHAN_QUINIDINE,
    LEUKOCYTES,
    LEVOFLOXACIN,
    OTHER_LEUKEMIA,
    PHOSPHATE,
    POSACONAZOLE,
    POTASSIUM,
    QUINIDINE,
    UNSPECIFIED_ACUTE_LEUKEMIA,
    URATE,
    VENETOCLAX,
    VORICONAZOLE,
)
from hooks.rules.venetoclax_start import INHIBITORS
from hooks.rules.venetoclax_start import venetoclax_start as rule
from tests.patients import (
    ME,
    answered,
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

ALONE = replace(ORDER_SIGN, groups=(Group(rule.id, (rule,)),))
LEUKEMIA = diagnosis(AML)
ORDER = order(VENETOCLAX)
LOW = count(24.9)


def named(drug: str):
    """A running prescription that carries a name and no code."""
    return {
        "resourceType": "MedicationRequest",
        "status": "active",
        "subject": {"reference": f"Patient/{ME}"},
        "medicationCodeableConcept": {"text": drug},
    }


WARNS = {
    "a count of exactly 25": (LEUKEMIA, count(25), ORDER),
    "a count of 187": (LEUKEMIA, count(187), ORDER),
    "a count of 25000 per microliter": (LEUKEMIA, count(25000, "/uL"), ORDER),
    "a count of 30 exactly 72 h ago": (LEUKEMIA, count(30, hours_ago=72), ORDER),
    "no count": (LEUKEMIA, ORDER),
    "a count of 10 a minute older than 72 h": (LEUKEMIA, count(10, hours_ago=72 + 1 / 60), ORDER),
    "a count without unit": (LEUKEMIA, count(10, ""), ORDER),
    "a count known only to be above 20": (LEUKEMIA, count(20, comparator=">"), ORDER),
    "a newer count that cannot be read beside a low one": (
        LEUKEMIA,
        count(10, hours_ago=20),
        count(180, "", hours_ago=2),
        ORDER,
    ),
    "counts that could not be read": (LEUKEMIA, ORDER, not_read(LEUKOCYTES)),
    "venetoclax by name alone": (LEUKEMIA, count(30), order("Venclexta starting pack")),
    "AML in relapse": (relapsed(AML), count(30), ORDER),
    "AML only suspected": (diagnosis(AML, "provisional"), count(30), ORDER),
    "acute leukemia without lineage": (diagnosis(UNSPECIFIED_ACUTE_LEUKEMIA), count(30), ORDER),
    "ALL": (diagnosis(ALL), count(30), ORDER),
    "AML in remission and a count of 30": (in_remission(AML), count(30), ORDER),
    "AML in remission, an azole running": (
        in_remission(AML),
        LOW,
        prescription(POSACONAZOLE),
        ORDER,
    ),
    "an earlier prescription that was cancelled before its start": (
        LEUKEMIA,
        count(30),
        prescription(VENETOCLAX, "cancelled"),
        ORDER,
    ),
    "dextromethorphan and quinidine by name alone": (LEUKEMIA, LOW, named("Nuedexta 20/10"), ORDER),
    "posaconazole by name alone": (LEUKEMIA, LOW, named("Noxafil 100 mg tablet DR"), ORDER),
    "an azole in the same signing": (LEUKEMIA, LOW, order(VORICONAZOLE), ORDER),
    "an azole drafted, not selected": (LEUKEMIA, LOW, order(VORICONAZOLE, selected=False), ORDER),
}
WARNS |= {
    f"{drug.title} running": (LEUKEMIA, LOW, prescription(drug), ORDER) for drug in INHIBITORS
}

SILENT = {
    "a count of 24.9 and no inhibitor": (LEUKEMIA, LOW, ORDER),
    "a count of 24.9 exactly 72 h ago": (LEUKEMIA, count(24.9, hours_ago=72), ORDER),
    "a count below 20": (LEUKEMIA, count(20, comparator="<"), ORDER),
    "no venetoclax": (LEUKEMIA, count(180), prescription(POSACONAZOLE), order(AZACITIDINE)),
    "nothing ordered": (LEUKEMIA, count(180)),
    "venetoclax drafted, not part of what is signed": (
        LEUKEMIA,
        count(180),
        order(VENETOCLAX, selected=False),
    ),
    "venetoclax running: a later cycle": (
        LEUKEMIA,
        count(180),
        prescription(VENETOCLAX),
        prescription(POSACONAZOLE),
        ORDER,
    ),
    "venetoclax completed before": (
        LEUKEMIA,
        count(180),
        prescription(VENETOCLAX, "completed"),
        ORDER,
    ),
    "venetoclax stopped before": (LEUKEMIA, count(180), prescription(VENETOCLAX, "stopped"), ORDER),
    "CLL": (diagnosis(OTHER_LEUKEMIA), count(180), prescription(POSACONAZOLE), ORDER),
    "no leukemia on record": (count(180), ORDER),
    "AML refuted": (diagnosis(AML, "refuted"), count(180), ORDER),
    "AML in remission, a count of 24.9": (in_remission(AML), LOW, ORDER),
    "levofloxacin, which inhibits neither": (LEUKEMIA, LOW, prescription(LEVOFLOXACIN), ORDER),
    "an azole completed before": (LEUKEMIA, LOW, prescription(POSACONAZOLE, "completed"), ORDER),
    "a ketoconazole shampoo": (LEUKEMIA, LOW, named("Ketoconazole 2 % shampoo"), ORDER),
}

ASKS = {
    "prescriptions that could not be read, a low count": (
        LEUKEMIA,
        LOW,
        ORDER,
        not_read(*concepts.RUNNING_DRUGS),
    ),
    "prescriptions that could not be read, a high count": (
        LEUKEMIA,
        count(180),
        ORDER,
        not_read(*concepts.RUNNING_DRUGS),
    ),
    "AML in remission, no recent count, no inhibitor": (in_remission(AML), ORDER),
    "a problem list that could not be read": (count(180), ORDER, not_read(*concepts.CONDITIONS)),
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


# -- the card --------------------------------------------------------------------------------------


def card(*records):
    return cards(ALONE, *records)[rule.id]


@pytest.mark.parametrize("records", [(count(25),), (), (count(25), prescription(QUINIDINE))])
def test_it_warns_for_the_count(records):
    one = card(LEUKEMIA, *records, ORDER)
    assert one["indicator"] == "warning"
    assert one["summary"] == (
        "Venetoclax start: reduce WBC below 25 first and check tumor lysis prophylaxis and "
        "interacting drugs (quinidine, azoles)."
    )


def test_at_a_low_count_it_warns_for_the_inhibitor_and_asks_for_no_lower_one():
    one = card(LEUKEMIA, LOW, prescription(QUINIDINE), ORDER)
    assert one["indicator"] == "warning"
    assert one["summary"] == (
        "Venetoclax start with an interacting drug on the list: the label lowers the dose; check "
        "it and tumor lysis prophylaxis."
    )


def test_it_shows_count_and_tumor_lysis_values_with_their_dates():
    values = (result(POTASSIUM, 4.8), result(URATE, 9.1), result(CREATININE, 0.9))
    one = card(LEUKEMIA, count(30), *values, ORDER)
    basis, missing = part(one, "This patient"), part(one, "Missing or uncertain")
    for begin in ("Order: venetoclax", "Leukocytes 30 ×10⁹/L, 2026-11-21", "Potassium 4.8"):
        assert any(line.startswith(begin) for line in basis)
    assert any(line.startswith("Urate 9.1 mg/dL, 2026-11-21") for line in basis)
    assert any(line.startswith(PHOSPHATE.title) for line in missing)


@pytest.mark.parametrize(
    ("record", "begin"),
    [
        ((), "Leukocytes: not recorded"),
        ((count(10, ""),), "Leukocytes 10: not used"),
        ((count(10, hours_ago=100),), "Leukocytes 10 ×10⁹/L, 2026-11-17"),
    ],
)
def test_a_count_that_cannot_be_used_is_named_as_missing(record, begin):
    missing = part(card(LEUKEMIA, *record, ORDER), "Missing or uncertain")
    assert any(line.startswith(begin) for line in missing)


@pytest.mark.parametrize(("hours", "is_old"), [(24, False), (24 + 1 / 60, True), (72, True)])
def test_a_count_of_yesterday_is_called_old(hours, is_old):
    text = card(LEUKEMIA, count(30, hours_ago=hours), ORDER)["detail"]
    assert ("The leukocyte count is older than 24 h" in text) is is_old


def test_it_names_the_interacting_drugs_and_no_dose():
    running = prescription(DEXTROMETHORPHAN_QUINIDINE)
    one = card(LEUKEMIA, LOW, running, order(POSACONAZOLE), ORDER)
    (line,) = (x for x in part(one, "Consider") if x.startswith("On the list now"))
    assert "On the list now: dextromethorphan and quinidine, posaconazole." in line
    assert "the label reduces the dose" in line
    assert " mg" not in " ".join(part(one, "Consider"))


def test_no_drug_is_called_running_where_none_is():
    text = card(LEUKEMIA, count(30), ORDER)["detail"]
    assert "On the list now" not in text
    assert "Dextromethorphan/quinidine, used in ALS, contains such an inhibitor" in text


def test_ciprofloxacin_counts_as_an_inhibitor():
    """A moderate CYP3A inhibitor: https://www.venclextahcp.com/cll/dosing/drug-interactions.html"""
    one = card(LEUKEMIA, LOW, prescription(CIPROFLOXACIN), ORDER)
    assert "On the list now: ciprofloxacin." in one["detail"]


def test_the_target_is_attributed_and_the_label_said():
    (line,) = (x for x in part(card(LEUKEMIA, ORDER), "Consider") if "below 10-20" in x)
    assert line.startswith("Guideline summary: hydroxyurea aims at a count below 10-20.")
    assert "advise a count below 10-25 before the first dose" in line
    assert "1.1-5.6%" in line


def test_it_offers_labs_and_a_pharmacist():
    offered = suggestions(card(LEUKEMIA, count(30), ORDER))
    assert list(offered) == ["Draft tumor lysis labs", "Draft pharmacist review"]
    (labs,) = offered["Draft tumor lysis labs"]["actions"]
    assert (labs["type"], labs["resource"]["status"]) == ("create", "draft")
    assert "every 6-8 h" in labs["resource"]["code"]["text"]


def test_overrides_can_say_why():
    assert overrides(card(LEUKEMIA, ORDER)) == [
        "corrected-and-rechecked",
        "dose-adjusted",
        "other",
    ]


def test_a_pending_genetic_result_changes_nothing():
    assert cards(ALONE, LEUKEMIA, answered(concepts.PML_RARA, None), LOW, ORDER) == {}


def test_prescriptions_that_could_not_be_read_do_not_look_like_all_clear():
    one = cards(ALONE, LEUKEMIA, LOW, ORDER, failing=("medications",))["data-gaps"]
    assert any("venetoclax" in line for line in part(one, "Missing or uncertain"))
