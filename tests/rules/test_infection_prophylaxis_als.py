"""infection-prophylaxis-als: catalogue R34 and 0.9 (orders), statement S3-25, scenario 42."""

from dataclasses import replace

import pytest

from cds_service.finding import FALSE, TRUE, UNKNOWN
from cds_service.service import Group
from hooks import ORDER_SELECT, concepts
from hooks.concepts import (
    ALS,
    AML,
    ARSENIC_TRIOXIDE,
    AZACITIDINE,
    CIPROFLOXACIN,
    CO_TRIMOXAZOLE,
    DEXTROMETHORPHAN_QUINIDINE,
    DYSPHAGIA,
    ENOXACIN,
    FLUCONAZOLE,
    ISAVUCONAZOLE,
    LEVOFLOXACIN,
    NEUTROPENIA,
    NEUTROPHILS,
    NORFLOXACIN,
    ONDANSETRON,
    POSACONAZOLE,
    QTC,
    QUIZARTINIB,
    RILUZOLE,
    VENETOCLAX,
    VINCRISTINE,
    VORICONAZOLE,
)
from hooks.rules.infection_prophylaxis_als import infection_prophylaxis_als as rule
from tests.patients import (
    ME,
    RXNORM,
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

ATC = "http://www.whocc.no/atc"
ALONE = replace(ORDER_SELECT, groups=(Group(rule.id, (rule,)),))
DISEASE = diagnosis(ALS)
LOW = result(NEUTROPHILS, 0.49)
FINE = result(NEUTROPHILS, 0.5)
ORDER = order(CO_TRIMOXAZOLE)
"""It neither prolongs the QT interval nor raises the level of another drug here."""


def running(text: str):
    """A running prescription that carries a name and no code."""
    return {
        "resourceType": "MedicationRequest",
        "status": "active",
        "subject": {"reference": f"Patient/{ME}"},
        "medicationCodeableConcept": {"text": text},
    }


WARNS = {
    f"{drug.title} with neutrophils of 0.49": (DISEASE, LOW, order(drug))
    for drug in (*concepts.FLUOROQUINOLONES, *concepts.AZOLES, CO_TRIMOXAZOLE)
}
WARNS |= {
    "neutrophils of 490 per microliter": (DISEASE, result(NEUTROPHILS, 490, "/uL"), ORDER),
    "neutropenia on the problem list": (DISEASE, FINE, diagnosis(NEUTROPENIA), ORDER),
    "azacitidine running": (DISEASE, FINE, prescription(AZACITIDINE), ORDER),
    "azacitidine running, by name alone": (DISEASE, FINE, running("Vidaza 75 mg/m2"), ORDER),
    "venetoclax drafted beside it": (DISEASE, FINE, order(VENETOCLAX, selected=False), ORDER),
    "ALS only suspected": (diagnosis(ALS, "provisional"), LOW, ORDER),
    "by name alone": (DISEASE, LOW, order("Bactrim DS 1 tablet MWF")),
    "riluzole and ciprofloxacin, neutrophils fine": (
        DISEASE,
        FINE,
        prescription(RILUZOLE),
        order(CIPROFLOXACIN),
    ),
    "riluzole and ciprofloxacin, neutrophils unknown": (
        DISEASE,
        prescription(RILUZOLE),
        order(CIPROFLOXACIN),
    ),
}

SILENT = {
    "neutrophils of 0.5 and no therapy": (DISEASE, FINE, ORDER),
    "levofloxacin, neutrophils of 0.5, no therapy": (DISEASE, FINE, order(LEVOFLOXACIN)),
    "no ALS": (diagnosis(AML), LOW, ORDER),
    "no ALS, riluzole by mistake": (LOW, prescription(RILUZOLE), order(CIPROFLOXACIN)),
    "ALS refuted": (diagnosis(ALS, "refuted"), LOW, ORDER),
    "nothing ordered": (DISEASE, LOW),
    "drafted, not selected": (DISEASE, LOW, order(CO_TRIMOXAZOLE, selected=False)),
    "another antibiotic": (DISEASE, LOW, order("Amoxicillin 500 mg")),
    "eye drops": (DISEASE, LOW, order("Ciprofloxacin 0.3 % ophthalmic solution")),
    "therapy completed before": (DISEASE, FINE, prescription(AZACITIDINE, "completed"), ORDER),
    "riluzole and levofloxacin, neutrophils fine": (
        DISEASE,
        FINE,
        prescription(RILUZOLE),
        order(LEVOFLOXACIN),
    ),
    "isavuconazole with ondansetron: it shortens the QT interval": (
        DISEASE,
        FINE,
        prescription(ONDANSETRON),
        order(ISAVUCONAZOLE),
    ),
    "the same drug as a running prescription": (
        DISEASE,
        FINE,
        prescription(LEVOFLOXACIN),
        order(LEVOFLOXACIN),
    ),
}
SILENT |= {
    f"{drug.title} without neutropenia, therapy or interaction": (DISEASE, FINE, order(drug))
    for drug in (*concepts.FLUOROQUINOLONES, *concepts.AZOLES)
}

ASKS = {
    "no neutrophil count": (DISEASE, ORDER),
    "a count of 7 days and a minute": (
        DISEASE,
        result(NEUTROPHILS, 0.2, hours_ago=7 * 24 + 1 / 60),
        ORDER,
    ),
    "prescriptions that could not be read": (
        DISEASE,
        FINE,
        ORDER,
        not_read(*concepts.RUNNING_DRUGS),
    ),
    "ALS recorded as resolved": (diagnosis(ALS, clinical="resolved"), LOW, ORDER),
    "a problem list that could not be read": (LOW, ORDER, not_read(*concepts.CONDITIONS)),
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
    return cards(ALONE, DISEASE, LOW, *records)[rule.id]


RAISED = {
    "riluzole and ciprofloxacin": (prescription(RILUZOLE), order(CIPROFLOXACIN)),
    "riluzole and enoxacin": (prescription(RILUZOLE), order(ENOXACIN)),
    "both by ATC": (
        prescription(RILUZOLE, system=ATC, code="N07XX02"),
        order(CIPROFLOXACIN, system=ATC, code="J01MA02"),
    ),
    "both by RxNorm": (
        prescription(RILUZOLE, system=RXNORM, code="35623"),
        order(CIPROFLOXACIN, system=RXNORM, code="2551"),
    ),
    "both by name": (running("Rilutek 50 mg tablet"), order("Ciprofloxacin 500 mg PO BID")),
    "riluzole drafted too": (order(RILUZOLE, selected=False), order(CIPROFLOXACIN)),
    "an azole with venetoclax": (prescription(VENETOCLAX), order(POSACONAZOLE)),
    "an azole with venetoclax by name": (running("Venclexta 100 mg"), order("Noxafil 300 mg")),
    "an azole with vincristine drafted": (order(VINCRISTINE), order(VORICONAZOLE)),
    "isavuconazole with venetoclax": (prescription(VENETOCLAX), order(ISAVUCONAZOLE)),
    "an azole with dextromethorphan and quinidine": (
        prescription(DEXTROMETHORPHAN_QUINIDINE),
        order(FLUCONAZOLE),
    ),
    "an azole with the same combination by name": (running("Nuedexta"), order(ISAVUCONAZOLE)),
    "two QT drugs, one running": (prescription(ONDANSETRON), order(LEVOFLOXACIN)),
    "two QT drugs, both selected": (order(LEVOFLOXACIN), order(FLUCONAZOLE)),
    "two QT drugs, one drafted": (order(ONDANSETRON, selected=False), order(NORFLOXACIN)),
    "arsenic trioxide running": (prescription(ARSENIC_TRIOXIDE), order(LEVOFLOXACIN)),
    "quizartinib running": (prescription(QUIZARTINIB), order(FLUCONAZOLE)),
}

NOT_RAISED = {
    "co-trimoxazole": (ORDER,),
    "ciprofloxacin without riluzole": (order(CIPROFLOXACIN),),
    "riluzole with levofloxacin": (prescription(RILUZOLE), order(LEVOFLOXACIN)),
    "riluzole stopped before": (prescription(RILUZOLE, "stopped"), order(CIPROFLOXACIN)),
    "one QT drug twice": (prescription(LEVOFLOXACIN), order(LEVOFLOXACIN)),
    "isavuconazole and ondansetron": (prescription(ONDANSETRON), order(ISAVUCONAZOLE)),
    "venetoclax with levofloxacin": (prescription(VENETOCLAX), order(LEVOFLOXACIN)),
    "one product known under two names": (
        ORDER,
        order("Nuedexta capsule (quinidine 10 mg)"),
    ),
}


@pytest.mark.parametrize("records", RAISED.values(), ids=RAISED)
def test_an_interaction_makes_it_a_warning_and_is_named(records):
    one = card(*records)
    assert one["indicator"] == "warning"
    assert "Interactions found: " in one["detail"]


@pytest.mark.parametrize("records", NOT_RAISED.values(), ids=NOT_RAISED)
def test_without_an_interaction_it_informs(records):
    one = card(*records)
    assert one["indicator"] == "info"
    assert "Interactions found" not in one["detail"]


def test_the_summary_names_what_it_warns_of():
    azole = cards(ALONE, DISEASE, prescription(VENETOCLAX), order(POSACONAZOLE))[rule.id]
    assert azole["summary"].startswith("Azole prophylaxis in ALS with an interacting drug")
    both = cards(ALONE, DISEASE, prescription(ONDANSETRON), order(LEVOFLOXACIN))[rule.id]
    assert both["summary"].startswith("Prophylaxis in ALS makes two QT-prolonging drugs")


def test_scenario_42_names_riluzole_and_ciprofloxacin():
    one = cards(ALONE, DISEASE, prescription(RILUZOLE), order(CIPROFLOXACIN))[rule.id]
    assert one["indicator"] == "warning"
    assert one["summary"] == (
        "Prophylaxis in ALS: weigh pill burden and swallowing; ciprofloxacin raises riluzole "
        "levels; check QT and azole interactions."
    )
    basis = part(one, "This patient")
    assert any(line.startswith("Order: ciprofloxacin") for line in basis)
    assert "riluzole: active prescription" in basis
    assert "ciprofloxacin or enoxacin raises riluzole levels (CYP1A2)" in one["detail"]


def test_it_shows_neutrophils_swallowing_and_the_qt_interval():
    one = card(diagnosis(DYSPHAGIA), result(QTC, 455, hours_ago=20), ORDER)
    basis = part(one, "This patient")
    for begin in ("Neutrophils 0.49 ×10⁹/L, 2026-11-21", "Dysphagia", "QTc interval 455"):
        assert any(line.startswith(begin) for line in basis)


def test_a_qt_interval_that_was_not_measured_is_named():
    missing = part(card(ORDER), "Missing or uncertain")
    assert any(line.startswith("QTc interval") for line in missing)


def test_the_opinion_is_attributed_and_liquids_are_preferred():
    text = card(ORDER)["detail"]
    assert "Guideline summary: prophylaxis may be considered" in text
    assert "an opinion, no source was found" in text
    assert "Prefer liquid or intravenous forms with weak swallowing" in text
    assert "avoid two agents for one purpose" in text
    assert "Riluzole itself can cause neutropenia and liver injury" in text
    assert "benefit and burden" in text


def test_it_offers_a_pharmacist_with_an_alternative_and_no_drug():
    offered = suggestions(card(prescription(RILUZOLE), order(CIPROFLOXACIN)))
    assert list(offered) == ["Draft pharmacist review"]
    (action,) = offered["Draft pharmacist review"]["actions"]
    assert action["resource"]["resourceType"] == "ServiceRequest"
    assert "an alternative" in action["resource"]["code"]["text"]


def test_overrides_can_say_why():
    assert overrides(card(ORDER)) == [
        "mitigate-risk-negative-outcome",
        "no-alternative",
        "expert-contradicts",
        "other",
    ]


def test_suspected_als_is_called_not_confirmed():
    one = cards(ALONE, diagnosis(ALS, "provisional"), LOW, ORDER)[rule.id]
    assert "ALS is not confirmed" in one["detail"]


def test_the_drug_that_an_azole_raises_is_named():
    text = card(prescription(VENETOCLAX), order(FLUCONAZOLE))["detail"]
    assert "the azole raises levels of venetoclax." in text
