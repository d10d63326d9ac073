"""Whose stem cells, and whether any: how transplant orders are written, read by their words."""

import pytest

from cds_service.finding import FALSE, TRUE
from hooks import transplant
from hooks.concepts import (
    ALLOGENEIC_TRANSPLANT,
    AUTOLOGOUS_TRANSPLANT,
    BUSULFAN,
    CONDITIONING_AGENTS,
    FLUDARABINE,
    MELPHALAN,
    TRANSPLANT_DONOR_NOT_STATED,
)
from hooks.transplant import Donor
from tests.patients import CPT, ICD_10_PCS, SNOMED, chart, order

ALLOGENEIC = """
Allogeneic stem cell transplant | Allogeneic stem-cell transplantation | Allogenic BMT
Allogeneic haematopoietic stem cell transplantation | Allogeneic peripheral blood stem cell tx
Allo HSCT | AlloHSCT | allo-HSCT | Allo-SCT referral | alloSCT | Allo BMT | AlloBMT | Allo tx
Allogeneic PBSCT | HCT, allogeneic | HSCT - allogeneic | Stem cell transplant, allogeneic
Bone marrow transplant, allogeneic, unrelated donor | Haploidentical transplant | Haplo HSCT
MUD transplant | Matched unrelated donor transplant | Matched sibling donor stem cell transplant
Umbilical cord blood transplantation | Donor search | NMDP donor search | Search for unrelated donor
HLA typing for transplant donor search | Allo-HSCT evaluation after failed autologous transplant
"""
NOT_STATED = """
Stem cell transplant | Stem-cell transplant evaluation | HSCT evaluation | BMT consult
Referral to BMT | Ambulatory referral to Blood and Marrow Transplant | Bone marrow transplantation
Peripheral blood stem cell transplant | Hematopoietic progenitor cell transplant | ASCT
Transplant evaluation | Pre-transplant evaluation | Stem cell transplant, autologous or allogeneic
Conditioning regimen | Preparative regimen BuCy | Myeloablative conditioning | Bu/Cy conditioning
Reduced-intensity conditioning | Reduced intensity conditioning (RIC) | FluMel conditioning
Total body irradiation | TBI 12 Gy
"""
AUTOLOGOUS = """
Autologous stem cell transplant | Autologous stem-cell transplantation | Autologous HSCT
Auto HSCT | Auto-SCT | AutoSCT | Autologous bone marrow transplant | Auto transplant
"""
NO_TRANSPLANT = """
Chimerism, post bone marrow transplant | Post-HSCT follow-up visit | CMV PCR, s/p allo-HSCT
Vaccination after stem cell transplant | Dental clearance prior to bone marrow transplant
Echocardiogram before allogeneic HSCT | Donor lymphocyte infusion | HPC collection, apheresis
Kidney transplant evaluation | Allogeneic islet transplant | Corneal transplant | Bone allograft
Renal allograft biopsy | Fecal microbiota transplant | Mesenchymal stem cell transplantation
HCT | Hct and Hgb | TBI evaluation | Physical conditioning | Autologous serum eye drops
"""


def names(listed):
    return [name.strip() for line in listed.strip().splitlines() for name in line.split("|")]


def of_name(name):
    return transplant.donor(chart(order(name, procedure=True)).orders[0])


@pytest.mark.parametrize("name", names(ALLOGENEIC))
def test_a_name_says_that_the_cells_are_another_persons(name):
    assert of_name(name) is Donor.SOMEBODY_ELSE


@pytest.mark.parametrize("name", names(NOT_STATED))
def test_a_name_leaves_the_donor_open(name):
    assert of_name(name) is Donor.NOT_STATED


@pytest.mark.parametrize("name", names(AUTOLOGOUS))
def test_a_name_says_that_the_cells_are_the_patients_own(name):
    assert of_name(name) is Donor.THE_PATIENT


@pytest.mark.parametrize("name", names(NO_TRANSPLANT))
def test_an_order_that_only_speaks_of_a_transplant_is_none(name):
    assert of_name(name) is None


@pytest.mark.parametrize("system", [SNOMED, CPT, ICD_10_PCS])
def test_a_code_says_whose_cells_they_are(system):
    def coded(kind):
        return transplant.donor(chart(order(kind, procedure=True, system=system)).orders[0])

    assert coded(ALLOGENEIC_TRANSPLANT) is Donor.SOMEBODY_ELSE
    assert coded(AUTOLOGOUS_TRANSPLANT) is Donor.THE_PATIENT


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (None, Donor.NOT_STATED),
        ("Allogeneic, unrelated donor", Donor.SOMEBODY_ELSE),
        ("Autologous", Donor.THE_PATIENT),
        ("AML, relapse after autologous transplant", Donor.NOT_STATED),
        ("AML, relapse after allogeneic transplant", Donor.NOT_STATED),
    ],
)
def test_the_reason_completes_a_code_that_leaves_the_donor_open(words, expected):
    drafted = order(TRANSPLANT_DONOR_NOT_STATED, procedure=True, reason=words)
    assert transplant.donor(chart(drafted).orders[0]) is expected


# -- what the orders together lead to -------------------------------------------------------------

OPEN = order(TRANSPLANT_DONOR_NOT_STATED, procedure=True)
ALLO = order(ALLOGENEIC_TRANSPLANT, procedure=True)
AUTO = order(AUTOLOGOUS_TRANSPLANT, procedure=True)


def unselected(kind, **more):
    return order(kind, procedure=True, selected=False, **more)


LEADS_TO_ONE = {
    "an allogeneic transplant": (ALLO,),
    "a transplant, donor not stated": (OPEN,),
    "a donor search": (order("Unrelated donor search", procedure=True),),
    **{f"{drug.title} alone": (order(drug),) for drug in CONDITIONING_AGENTS},
    "busulfan beside an allogeneic transplant": (
        order(BUSULFAN),
        unselected(ALLOGENEIC_TRANSPLANT),
    ),
    "an autologous and an allogeneic transplant, both selected": (AUTO, ALLO),
    "donor not stated, beside eye drops of the patient's own serum": (
        OPEN,
        order("Autologous serum eye drops", selected=False),
    ),
    "donor not stated, after an autologous transplant that failed": (
        order(
            TRANSPLANT_DONOR_NOT_STATED,
            procedure=True,
            reason="Relapse after autologous transplant",
        ),
    ),
    "a note says that an autologous transplant was considered": (
        order(TRANSPLANT_DONOR_NOT_STATED, procedure=True, note="Autologous was considered"),
    ),
}
LEADS_TO_NONE = {
    "nothing ordered": (),
    "an allogeneic transplant that is not selected": (unselected(ALLOGENEIC_TRANSPLANT),),
    "an autologous transplant": (AUTO,),
    "busulfan that is not selected": (order(BUSULFAN, selected=False),),
    "fludarabine, which treats leukemia too": (order(FLUDARABINE),),
    "melphalan, whose reason is autologous": (
        order(MELPHALAN, reason="Conditioning before autologous transplant"),
    ),
    "melphalan beside an autologous transplant": (
        order(MELPHALAN),
        unselected(AUTOLOGOUS_TRANSPLANT),
    ),
    "melphalan beside a collection of the patient's own stem cells": (
        order(MELPHALAN),
        order("Autologous stem cell collection", procedure=True, selected=False),
    ),
    "donor not stated beside an autologous transplant": (OPEN, unselected(AUTOLOGOUS_TRANSPLANT)),
    "a chimerism test": (order("Chimerism, post allogeneic transplant", procedure=True),),
}


@pytest.mark.parametrize("orders", LEADS_TO_ONE.values(), ids=LEADS_TO_ONE)
def test_leads_to_an_allogeneic_transplant(orders):
    assert transplant.allogeneic_transplant(chart(*orders)).truth is TRUE


@pytest.mark.parametrize("orders", LEADS_TO_NONE.values(), ids=LEADS_TO_NONE)
def test_leads_to_none(orders):
    assert transplant.allogeneic_transplant(chart(*orders)).truth is FALSE


@pytest.mark.parametrize(
    ("drafted", "words"),
    [
        (ALLO, "Order: allogeneic stem-cell transplant"),
        (OPEN, "Order: stem-cell transplant, donor not stated"),
        (order(BUSULFAN), "Order: busulfan (conditioning)"),
        (
            order("MUD transplant", procedure=True),
            "Order: allogeneic stem-cell transplant (recognised by name, no known code)",
        ),
    ],
)
def test_the_order_is_named_as_it_was_recognised(drafted, words):
    (fact,) = transplant.allogeneic_transplant(chart(drafted)).deciding()
    assert fact.say() == words


def test_an_open_donor_is_said():
    line = "The order does not state the donor: this advice is for an allogeneic transplant."
    assert transplant.donor_line(chart(OPEN)) == line
    assert transplant.donor_line(chart(order(BUSULFAN))) == line
    assert transplant.donor_line(chart(ALLO)) is None
    assert transplant.donor_line(chart(order(BUSULFAN), unselected(ALLOGENEIC_TRANSPLANT))) is None
