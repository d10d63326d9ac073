"""arsenic-als: catalogue R28."""

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from hooks import ORDER_SELECT, ORDER_SIGN, concepts
from hooks.concepts import (
    ALS,
    AMIODARONE,
    APL,
    ARSENIC_TRIOXIDE,
    AZOLES,
    DEXTROMETHORPHAN_QUINIDINE,
    FLUOROQUINOLONES,
    MACROLIDES,
    MAGNESIUM,
    ONDANSETRON,
    POTASSIUM,
    PREGNANCY,
    PREGNANCY_STATUS,
    PROLONGED_QT,
    QT_PROLONGING,
    QTC,
    QUINIDINE,
    QUINIDINES,
    TRETINOIN,
    VALUE_SETS,
)
from hooks.rules.arsenic_als import arsenic_als as rule
from tests.patients import (
    ICD_10,
    RXNORM,
    aged,
    answered,
    cards,
    chart,
    diagnosis,
    never_decisive,
    not_read,
    order,
    overrides,
    part,
    prescription,
    result,
    suggestions,
)

DISEASE = diagnosis(ALS)
LEUKEMIA = diagnosis(APL)
DRUG = order(ARSENIC_TRIOXIDE, system=RXNORM, code="18330")
MINUTE = 1 / 60


def qtc(value, hours_ago=20.0):
    return result(QTC, value, hours_ago=hours_ago)


NORMAL = qtc(430)

WARNS = {
    "arsenic in ALS and APL, QTc not recorded": (DISEASE, LEUKEMIA, DRUG),
    "arsenic in ALS at a normal QTc": (DISEASE, LEUKEMIA, NORMAL, DRUG),
    "ALS only suspected": (diagnosis(ALS, "provisional"), LEUKEMIA, NORMAL, DRUG),
    "motor neuron disease, ALS not specified": (
        diagnosis(ALS, codes=VALUE_SETS["motor-neuron-disease"], system=ICD_10),
        NORMAL,
        DRUG,
    ),
    "ALS, no leukemia on record": (DISEASE, DRUG),
    "Trisenox in words": (DISEASE, order("Trisenox 0.15 mg/kg IV daily")),
    "no ALS, a QTc of exactly 500": (LEUKEMIA, qtc(500), DRUG),
    "no ALS, a QTc of 500 exactly 72 h ago": (LEUKEMIA, qtc(500, 72), DRUG),
    "no ALS, dextromethorphan/quinidine running": (
        LEUKEMIA,
        NORMAL,
        prescription(DEXTROMETHORPHAN_QUINIDINE),
        DRUG,
    ),
    "no ALS, quinidine running": (LEUKEMIA, NORMAL, prescription(QUINIDINE), DRUG),
    "no ALS, dextromethorphan/quinidine drafted with it": (
        LEUKEMIA,
        NORMAL,
        order(DEXTROMETHORPHAN_QUINIDINE, selected=False),
        DRUG,
    ),
    **{
        f"no ALS, {drug.title} running and no QTc": (LEUKEMIA, prescription(drug), DRUG)
        for drug in (FLUOROQUINOLONES[0], MACROLIDES[0], AZOLES[0], ONDANSETRON, AMIODARONE)
    },
    "no ALS, ondansetron running and a normal QTc of more than 72 h ago": (
        LEUKEMIA,
        prescription(ONDANSETRON),
        qtc(430, 72 + MINUTE),
        DRUG,
    ),
    "no ALS, prolonged QT on the problem list and no QTc": (
        LEUKEMIA,
        diagnosis(PROLONGED_QT),
        DRUG,
    ),
    "no ALS, pregnant": (LEUKEMIA, diagnosis(PREGNANCY), NORMAL, DRUG),
    "no ALS, pregnant by the recorded status": (
        LEUKEMIA,
        aged(30, "female"),
        answered(PREGNANCY_STATUS, "pregnant"),
        NORMAL,
        DRUG,
    ),
}

SILENT = {
    "nothing ordered": (DISEASE, LEUKEMIA, qtc(520)),
    "arsenic drafted but not selected": (
        DISEASE,
        LEUKEMIA,
        order(ARSENIC_TRIOXIDE, selected=False),
        order(TRETINOIN),
    ),
    "no ALS, a QTc of 499": (LEUKEMIA, qtc(499), DRUG),
    "no ALS, a normal QTc, low potassium": (LEUKEMIA, NORMAL, result(POTASSIUM, 3.1), DRUG),
    "ALS refuted": (diagnosis(ALS, "refuted"), LEUKEMIA, NORMAL, DRUG),
    "ALS entered in error": (diagnosis(ALS, "entered-in-error"), LEUKEMIA, NORMAL, DRUG),
    "no ALS, ondansetron running at a normal QTc": (
        LEUKEMIA,
        prescription(ONDANSETRON),
        NORMAL,
        DRUG,
    ),
    "no ALS, prolonged QT on the problem list at a normal QTc": (
        LEUKEMIA,
        diagnosis(PROLONGED_QT),
        NORMAL,
        DRUG,
    ),
    "no ALS, quinidine stopped": (LEUKEMIA, NORMAL, prescription(QUINIDINE, "stopped"), DRUG),
    "not pregnant": (LEUKEMIA, answered(PREGNANCY_STATUS, "not pregnant"), NORMAL, DRUG),
}

ASKS = {
    "no ALS and no QTc": (LEUKEMIA, DRUG),
    "no ALS, a QTc of 520 a minute older than 72 h": (LEUKEMIA, qtc(520, 72 + MINUTE), DRUG),
    "no ALS, prescriptions that could not be read": (LEUKEMIA, NORMAL, DRUG, not_read(*QUINIDINES)),
    "ALS resolved, which cannot be": (diagnosis(ALS, clinical="resolved"), NORMAL, DRUG),
    "a problem list that could not be read": (not_read(*concepts.CONDITIONS), NORMAL, DRUG),
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
    # A further drug that prolongs QT counts only without a normal QTc, so a silent case turns on
    # the two together: which drugs they are is held by the next test.
    further = {f"Active prescription of {drug.title}" for drug in QT_PROLONGING}
    further -= {f"Active prescription of {drug.title}" for drug in QUINIDINES}
    together = {"Prolonged QT: confirmed or suspected", *further}
    assert never_decisive(rule, SILENT.values()) - together == set()


@pytest.mark.parametrize("drug", QT_PROLONGING, ids=lambda drug: drug.id)
def test_every_drug_that_prolongs_qt_warns_while_no_qtc_is_known(drug):
    records = (LEUKEMIA, prescription(drug), DRUG)
    assert rule.applies(chart(*records)).truth is TRUE


# -- the card -------------------------------------------------------------------------------------

IN_ALS = (
    "Arsenic trioxide in ALS: check QTc, potassium, magnesium, interacting drugs and "
    "daily-infusion burden; not excluded by ALS itself."
)
WITHOUT_ALS = (
    "Arsenic trioxide with a heart-rhythm or pregnancy risk on record: check QTc, potassium, "
    "magnesium and interacting drugs first."
)
DANGEROUS = (
    "Arsenic trioxide with a QTc of 500 ms or more, or with quinidine: risk of a dangerous rhythm; "
    "check and correct before the dose."
)
QUINIDINE_RUNS = prescription(DEXTROMETHORPHAN_QUINIDINE)


def card(*records):
    return cards(ORDER_SELECT, *records)[rule.id]


@pytest.mark.parametrize(
    ("records", "indicator", "summary"),
    [
        ((DISEASE, NORMAL), "warning", IN_ALS),
        ((DISEASE,), "warning", IN_ALS),
        ((DISEASE, qtc(499)), "warning", IN_ALS),
        ((DISEASE, qtc(500)), "critical", DANGEROUS),
        ((DISEASE, qtc(500, 72)), "critical", DANGEROUS),
        ((DISEASE, qtc(520, 72 + MINUTE)), "warning", IN_ALS),
        ((DISEASE, NORMAL, QUINIDINE_RUNS), "critical", DANGEROUS),
        ((DISEASE, NORMAL, order(QUINIDINE, selected=False)), "critical", DANGEROUS),
        ((DISEASE, NORMAL, prescription(ONDANSETRON)), "warning", IN_ALS),
        ((DISEASE, NORMAL, result(POTASSIUM, 3.1)), "warning", IN_ALS),
        ((diagnosis(ALS, "provisional"), qtc(500)), "critical", DANGEROUS),
        ((qtc(500),), "critical", DANGEROUS),
        ((NORMAL, QUINIDINE_RUNS), "critical", DANGEROUS),
        ((diagnosis(PREGNANCY), NORMAL), "warning", WITHOUT_ALS),
        ((prescription(ONDANSETRON),), "warning", WITHOUT_ALS),
        ((diagnosis(ALS, clinical="resolved"), qtc(500)), "critical", DANGEROUS),
    ],
)
@pytest.mark.parametrize("service", [ORDER_SELECT, ORDER_SIGN], ids=["selected", "signed"])
def test_how_urgent_it_is(service, records, indicator, summary):
    shown = cards(service, LEUKEMIA, *records, DRUG)[rule.id]
    assert (shown["indicator"], shown["summary"]) == (indicator, summary)


def test_a_code_of_one_source_alone_is_never_critical():
    rare = {"system": RXNORM, "code": "829928"}
    by_code = order(ARSENIC_TRIOXIDE, **rare)
    by_both = order(ARSENIC_TRIOXIDE, **rare, name="Trisenox 10 mg/10 mL")
    assert card(DISEASE, qtc(520), by_code)["indicator"] == "warning"
    assert card(DISEASE, qtc(520), by_both)["indicator"] == "critical"


def test_it_names_the_values_with_their_dates():
    values = (qtc(470), result(POTASSIUM, 3.9), result(MAGNESIUM, 1.7), diagnosis(PROLONGED_QT))
    basis = part(card(DISEASE, *values, DRUG), "This patient")
    assert "Order: arsenic trioxide" in basis
    assert any(line.startswith("QTc interval 470 ms, 2026-11-20") for line in basis)
    assert any(line.startswith("Potassium 3.9 mmol/L, 2026-11-21") for line in basis)
    assert any(line.startswith("Magnesium 1.7 mg/dL, 2026-11-21") for line in basis)
    assert any(line.startswith("Prolonged QT: active") for line in basis)


def test_what_nobody_measured_is_a_gap():
    missing = part(card(DISEASE, DRUG), "Missing or uncertain")
    for value in ("QTc interval", "Potassium", "Magnesium"):
        assert any(line.startswith(f"{value}: not recorded") for line in missing)


@pytest.mark.parametrize(
    ("value", "is_low"),
    [
        (result(POTASSIUM, 3.99), True),
        (result(POTASSIUM, 4.0), False),
        (result(POTASSIUM, 3.1, hours_ago=24), True),
        (result(POTASSIUM, 3.1, hours_ago=24 + MINUTE), False),
        (result(MAGNESIUM, 1.79), True),
        (result(MAGNESIUM, 1.8), False),
        (result(MAGNESIUM, 0.7, "mmol/L"), True),
    ],
)
def test_low_electrolytes_are_to_be_corrected_first(value, is_low):
    text = card(DISEASE, value, DRUG)["detail"]
    assert ("below the target, correct first" in text) is is_low


def test_both_positions_on_arsenic_in_als_are_given():
    (line,) = [
        line for line in part(card(DISEASE, DRUG), "Consider") if "avoid arsenic" in line.lower()
    ]
    assert line.startswith("Guideline summary: ")
    assert "candidates for arsenic-based therapy (ELN, level III)" in line
    assert "ALS does not exclude arsenic" in line


@pytest.mark.parametrize(
    "words", ["avoid arsenic in ALS", "progression of ALS", "transport weigh in ALS"]
)
def test_what_concerns_als_is_said_in_als_alone(words):
    assert words in card(DISEASE, DRUG)["detail"]
    assert words not in card(qtc(520), DRUG)["detail"]


def test_the_boxed_warnings_and_interactions_are_named():
    text = card(DISEASE, QUINIDINE_RUNS, order(ONDANSETRON, selected=False), DRUG)["detail"]
    for words in (
        "differentiation syndrome, QT prolongation with heart block, and encephalopathy",
        "keep potassium above 4 mmol/L and magnesium above 1.8 mg/dL",
        "Running or drafted: dextromethorphan and quinidine, ondansetron.",
        "For clinicians: first-line intravenous arsenic went with fewer early deaths (3.3 v 8.3%",
    ):
        assert words in text


def test_pregnancy_is_said_where_it_is_recorded():
    said = "arsenic is not used in pregnancy"
    assert said in card(DISEASE, diagnosis(PREGNANCY), DRUG)["detail"]
    assert said not in card(DISEASE, DRUG)["detail"]


def test_it_offers_the_checks_and_leaves_the_drug():
    offered = suggestions(card(DISEASE, DRUG))
    assert list(offered) == ["Draft ECG, potassium and magnesium", "Draft pharmacist review"]
    actions = offered["Draft ECG, potassium and magnesium"]["actions"]
    assert [action["resource"]["code"]["text"] for action in actions] == [
        "12-lead ECG with QTc",
        "Potassium and magnesium",
    ]
    assert {action["type"] for action in actions} == {"create"}


def test_overrides_can_say_why():
    assert overrides(card(DISEASE, DRUG)) == [
        "qtc-monitored",
        "no-alternative",
        "oral-form-available",
        "quiet-24-hours",
        "other",
    ]
