"""Write hooks/valuesets/*.json, one FHIR R4 ValueSet per concept, from the verified code list.

    python tools/value_sets.py [--check] [--codes PATH]

Codes and displays come from the code list alone; this file says which of its groups make up a
concept and what the concept means. Every group of the list is either used here or named in
LEFT_OUT with the reason, so that a new group cannot be forgotten.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
CODES = ROOT.parent / "shared" / "terminology" / "codes.csv"
ADDED_CODES = ROOT / "tools" / "added_codes.csv"
"""Codes that the list lacks, with their public sources: same columns."""
TARGET = ROOT / "hooks" / "valuesets"

BASE = "https://als-leukemia-cds.org/fhir"
SINGLE_SOURCE = f"{BASE}/StructureDefinition/single-source"
VERSION = "1.0.0"
DATE = "2026-11-21"
PUBLISHER = "als-leukemia-cds contributors"

NOTICES = {
    "http://snomed.info/sct": "SNOMED CT is copyright of SNOMED International; using its codes"
    " needs an affiliate licence or a member country.",
    "http://loinc.org": "This material contains content from LOINC (http://loinc.org). LOINC is"
    " copyright Regenstrief Institute, Inc. and the Logical Observation Identifiers Names and"
    " Codes (LOINC) Committee and is available at no cost under the license at"
    " http://loinc.org/license. LOINC is a registered United States trademark of Regenstrief"
    " Institute, Inc.",
    "http://www.ama-assn.org/go/cpt": "CPT codes are copyright of the American Medical"
    " Association; using them needs its licence. Displays are paraphrased.",
    "http://www.whocc.no/atc": "ATC codes are copyright of the WHO Collaborating Centre for Drug"
    " Statistics Methodology and subject to its terms of use.",
    "http://hl7.org/fhir/sid/icd-10": "ICD-10 is copyright of the World Health Organization.",
}
"""What each code system asks to be said where its codes are used."""


class Part(NamedTuple):
    """One group of the code list, or some of its codes."""

    group: str
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Concept:
    """A value set before its codes are known. The texts are for clinicians."""

    id: str
    title: str
    focus: str
    includes: str
    excludes: str
    parts: tuple[Part, ...]


def some(group: str, only: str = "", without: str = "") -> Part:
    """Part of a group: the codes of `only`, or all but those of `without`."""
    return Part(group, tuple(only.split()), tuple(without.split()))


def concept(
    name: str, title: str, *parts: str | Part, focus: str, includes: str, excludes: str = "None."
) -> Concept:
    """A concept made of groups of the code list."""
    given = tuple(Part(part) if isinstance(part, str) else part for part in parts)
    return Concept(name, title, focus, includes, excludes, given)


def leukemia(name: str, group: str, title: str, siblings: str) -> Iterator[Concept]:
    """The code lists of one acute leukemia: state left open, header, remission, relapse."""
    yield concept(
        f"{name}-active",
        title,
        f"{group}_active",
        focus=f"{title} on the problem list, not coded as in remission or in relapse.",
        includes="ICD-10-CM codes for not having achieved remission, which also stand for a state"
        " not stated and for failed remission; SNOMED CT concepts, which carry no state, so that"
        " Condition.clinicalStatus decides.",
        excludes=f"Codes that state remission or relapse; {siblings}; morphology codes; personal"
        " and family history.",
    )
    yield concept(
        f"{name}-category",
        f"{title}, state not stated",
        f"{group}_category",
        focus=f"{title} under a header code without a state.",
        includes="ICD-10-CM headers, which occur in truncated data, and WHO ICD-10 codes, which"
        " have no state character.",
        excludes=f"Codes that state remission or relapse; {siblings}; national editions of"
        " ICD-10, whose fifth characters mean something else.",
    )
    yield concept(
        f"{name}-remission",
        f"{title} in remission",
        f"{group}_remission",
        focus=f"{title} coded as in remission.",
        includes="Codes that state remission; they win over a clinicalStatus of active.",
        excludes=f"Personal history of leukemia; {siblings}.",
    )
    yield concept(
        f"{name}-relapse",
        f"{title} in relapse or refractory",
        f"{group}_relapse",
        focus=f"{title} coded as relapsed or refractory.",
        includes="Codes that state relapse, and SNOMED CT concepts for refractory disease.",
        excludes=f"First presentation; {siblings}.",
    )


DIAGNOSES = (
    concept(
        "als",
        "Amyotrophic lateral sclerosis",
        "als",
        focus="Amyotrophic lateral sclerosis (ALS) as a diagnosis.",
        includes="ALS itself and its genetic, juvenile and syndromic forms.",
        excludes="Motor neuron disease not further specified, the other motor neuron diseases,"
        " spinal muscular atrophy, family history.",
    ),
    concept(
        "motor-neuron-disease",
        "Motor neuron disease, ALS not specified",
        "mnd_category",
        some("mnd_other", only="G12.20 G12.22 G12.24"),
        focus="Motor neuron disease on record in words that do not say whether it is ALS: read as"
        " suspected ALS.",
        includes="The general codes of ICD-10-CM, WHO ICD-10 and SNOMED CT; in ICD-10-CM also"
        " unspecified, progressive bulbar palsy and familial motor neuron disease.",
        excludes="ALS itself; primary lateral sclerosis, progressive muscular atrophy and the"
        " other siblings, which do not count as ALS; spinal muscular atrophy.",
    ),
    *leukemia(
        "aml",
        "aml",
        "Acute myeloid leukemia",
        "acute promyelocytic leukemia, the borderline group and mixed phenotype",
    ),
    *leukemia(
        "apl",
        "apl",
        "Acute promyelocytic leukemia",
        "other acute myeloid leukemia",
    ),
    *leukemia(
        "all",
        "all",
        "Acute lymphoblastic leukemia",
        "lymphoblastic lymphoma and Burkitt type",
    ),
    *leukemia(
        "acute-leukemia-unspecified",
        "acute_leukemia_unspecified",
        "Acute leukemia of unspecified cell type",
        "acute leukemia whose lineage is named",
    ),
    concept(
        "mixed-phenotype-acute-leukemia",
        "Acute leukemia of mixed or ambiguous lineage",
        "mpal",
        focus="Acute leukemia whose lineage is mixed, ambiguous or undifferentiated.",
        includes="SNOMED CT only: ICD has no code of its own and files it under acute leukemia of"
        " unspecified cell type. No state in the code: Condition.clinicalStatus decides.",
        excludes="Acute leukemia with one lineage.",
    ),
    concept(
        "aml-borderline",
        "Leukemia diagnosis not classified as acute",
        "aml_borderline",
        focus="Myeloid diagnoses that do not by themselves prove acute myeloid leukemia: no rule"
        " fires on them alone.",
        includes="Myeloid sarcoma, acute panmyelosis, other or unspecified myeloid, monocytic and"
        " unspecified leukemia in any state, therapy-related AML and MDS taken together.",
        excludes="Acute myeloid leukemia named as such; blast crisis.",
    ),
    concept(
        "b-all",
        "B-lineage acute lymphoblastic leukemia",
        "b_all",
        some(
            "all_active",
            only="371012000 714251006 723889003 838340006 838341005 838342003 838343008 838344002"
            " 838346000",
        ),
        focus="Acute lymphoblastic leukemia whose B lineage is part of the name.",
        includes="Concepts named B-cell, pre-B-cell, precursor B-cell or B lymphoblastic, any"
        " state.",
        excludes="Concepts that do not name the lineage; ICD-10-CM has no such distinction.",
    ),
    concept(
        "t-all",
        "T-lineage acute lymphoblastic leukemia",
        "t_all",
        focus="Acute lymphoblastic leukemia whose T lineage is part of the name.",
        includes="T-lymphoblastic leukemia, any state.",
        excludes="T-lymphoblastic lymphoma; ICD-10-CM has no such distinction.",
    ),
    concept(
        "ph-positive-leukemia",
        "Philadelphia chromosome positive leukemia",
        "ph_positive_leukemia",
        focus="Acute leukemia with BCR::ABL1 as part of its name.",
        includes="Lymphoblastic, myeloid and mixed phenotype forms: ask the lineage as well.",
        excludes="Chronic myeloid leukemia; laboratory results.",
    ),
    concept(
        "apl-manifestation",
        "Differentiation syndrome in acute promyelocytic leukemia",
        "apl_manifestation",
        focus="A complication that only occurs with acute promyelocytic leukemia.",
        includes="Differentiation syndrome co-occurrent with acute promyelocytic leukemia.",
    ),
    concept(
        "other-leukemia",
        "Chronic or other leukemia",
        some(
            "neg_leukemia",
            without="Z85.6 413842007 413843002 109965004 421246008 1217301006",
        ),
        focus="Leukemia that is not acute: explains a high count and fires no acute-leukemia rule.",
        includes="Chronic lymphocytic, chronic myeloid, chronic and juvenile myelomonocytic,"
        " hairy cell, mast cell, subacute and unspecified chronic leukemia.",
        excludes="Acute leukemia; blast crisis of chronic myeloid leukemia, lymphoblastic lymphoma"
        " and personal history, which have sets of their own.",
    ),
    concept(
        "chronic-myeloid-leukemia-blast-crisis",
        "Chronic myeloid leukemia in blast crisis",
        some("neg_leukemia", only="413842007 413843002"),
        focus="Clinically acute, coded as chronic: named as a data gap, fires no rule alone.",
        includes="Lymphoid and myeloid blast crisis.",
        excludes="ICD-10-CM, where blast crisis sits inside the codes of chronic myeloid leukemia.",
    ),
    concept(
        "lymphoblastic-lymphoma",
        "Lymphoblastic lymphoma",
        some("neg_leukemia", only="109965004 421246008 1217301006"),
        focus="Lymphoblastic lymphoma, which is not leukemia for these rules.",
        includes="T-lymphoblastic, precursor cell and diffuse lymphoblastic lymphoma.",
        excludes="SNOMED CT concepts that name leukemia and lymphoma together.",
    ),
    concept(
        "personal-history-of-leukemia",
        "Personal history of leukemia",
        some("neg_leukemia", only="Z85.6"),
        focus="Leukemia in the past: fires no rule.",
        includes="The ICD-10-CM status code.",
        excludes="Leukemia in remission, which has codes of its own.",
    ),
    concept(
        "cns-leukemia",
        "Leukemia of the central nervous system",
        "cns_leukemia",
        focus="Leukemia in the meninges or the central nervous system.",
        includes="Meningeal leukemia; central nervous system disease due to acute lymphoid"
        " leukemia, with and without remission.",
        excludes="ICD, which has no combined code.",
    ),
    concept(
        "als-respiratory",
        "Lung disease due to ALS or another neuromuscular disease",
        "als_respiratory",
        focus="Breathing that is restricted by a neuromuscular disease.",
        includes="Restrictive lung disease due to ALS; chronic respiratory failure due to"
        " neuromuscular disease.",
        excludes="Respiratory failure of other cause.",
    ),
    concept(
        "respiratory-failure",
        "Respiratory failure",
        "respiratory_failure",
        focus="Respiratory failure, acute or chronic.",
        includes="Acute, chronic, acute on chronic and unspecified, with hypoxia or hypercapnia.",
        excludes="Failure named as due to neuromuscular disease; ventilator dependence.",
    ),
    concept(
        "acute-respiratory-failure",
        "Acute respiratory failure",
        some(
            "respiratory_failure",
            only="J96.00 J96.01 J96.02 J96.20 J96.21 J96.22 J95.821 J95.822 65710008 67905004"
            " 709110009 709111008 735386008 10672271000119100 7361000175106 20091000175107",
        ),
        focus="Respiratory failure that is new or newly worse: in ALS a different matter from"
        " chronic failure.",
        includes="Acute and acute on chronic respiratory failure.",
        excludes="Chronic and unspecified respiratory failure.",
    ),
    concept(
        "chronic-respiratory-failure",
        "Chronic respiratory failure",
        some(
            "respiratory_failure",
            only="J96.10 J96.11 J96.12 J96.20 J96.21 J96.22 J95.822 39871006 67905004 426896000"
            " 428173007 10672271000119100 7361000175106 20091000175107",
        ),
        focus="Respiratory failure that persists: in ALS a sign of respiratory muscle weakness.",
        includes="Chronic and acute on chronic respiratory failure.",
        excludes="Purely acute and unspecified respiratory failure.",
    ),
    concept(
        "ventilator-dependence",
        "Dependence on a ventilator",
        some("ventilator_dependence", without="Z93.0"),
        focus="Ventilation at home or long term, invasive or not.",
        includes="Dependence on a ventilator and on non-invasive ventilation.",
        excludes="Tracheostomy status, which does not say that the patient is ventilated.",
    ),
    concept(
        "tracheostomy",
        "Tracheostomy",
        some("ventilator_dependence", only="Z93.0"),
        focus="An existing tracheostomy.",
        includes="Tracheostomy status.",
        excludes="Ventilator dependence.",
    ),
    concept(
        "dysphagia",
        "Difficulty swallowing",
        "dysphagia",
        focus="Swallowing that makes capsules and tablets unsafe.",
        includes="Dysphagia of any phase, aphagia.",
    ),
    concept(
        "g6pd-deficiency",
        "G6PD deficiency",
        "g6pd_deficiency",
        focus="Glucose-6-phosphate dehydrogenase deficiency, a contraindication to rasburicase.",
        includes="Deficiency with and without anemia.",
        excludes="Laboratory results.",
    ),
    concept(
        "tumor-lysis-syndrome",
        "Tumor lysis syndrome",
        "tumor_lysis_syndrome",
        focus="Tumor lysis syndrome as a diagnosis.",
        includes="ICD-10-CM, WHO ICD-10 and SNOMED CT.",
        excludes="Single electrolyte disorders.",
    ),
    concept(
        "disseminated-intravascular-coagulation",
        "Disseminated intravascular coagulation",
        "dic",
        focus="Disseminated intravascular coagulation as a diagnosis.",
        includes="ICD-10-CM, WHO ICD-10 and SNOMED CT.",
    ),
    concept(
        "coagulopathy",
        "Bleeding disorder of coagulation",
        "coagulopathy",
        focus="Coagulation defects that make bleeding more likely.",
        includes="Acquired and unspecified coagulation defects, abnormal coagulation profile.",
        excludes="Thrombophilia, von Willebrand disease and other codes under the same prefix.",
    ),
    concept(
        "thrombocytopenia",
        "Low platelet count as a diagnosis",
        "thrombocytopenia",
        focus="Thrombocytopenia on the problem list.",
        includes="Acquired, secondary and unspecified thrombocytopenia.",
        excludes="Platelet counts.",
    ),
    concept(
        "intracranial-hemorrhage",
        "Intracranial hemorrhage",
        "intracranial_hemorrhage",
        focus="Bleeding inside the skull.",
        includes="Nontraumatic intracerebral, subarachnoid, subdural and epidural bleeding.",
        excludes="Traumatic bleeding.",
    ),
    concept(
        "neutropenia",
        "Low neutrophil count as a diagnosis",
        "neutropenia",
        focus="Neutropenia on the problem list.",
        includes="Neutropenia after chemotherapy or unspecified.",
        excludes="Neutrophil counts.",
    ),
    concept(
        "heart-failure",
        "Heart failure",
        "heart_failure",
        focus="Heart failure, a criterion for unfitness and a limit to fluids.",
        includes="Systolic, diastolic, combined, right-sided, acute and chronic heart failure.",
        excludes="Ejection fraction measurements.",
    ),
    concept(
        "angina-pectoris",
        "Angina pectoris",
        "angina_pectoris",
        focus="Angina pectoris, a criterion for unfitness.",
        includes="Stable, unstable, refractory and post-infarction angina; ICD-10-CM codes that"
        " join coronary disease with angina, the headers, and WHO ICD-10 I20.",
        excludes="Coronary disease without angina, chest pain, history of angina, abdominal angina"
        " and infections of the throat that bear the name.",
    ),
    concept(
        "prolonged-qt",
        "Prolonged QT interval as a diagnosis",
        "prolonged_qt",
        focus="Long QT on the problem list.",
        includes="Long QT syndrome, congenital or acquired; prolonged QT interval.",
        excludes="Abnormal electrocardiogram not further specified; QT measurements.",
    ),
    concept(
        "pregnancy",
        "Pregnancy",
        "pregnancy",
        focus="The patient is pregnant, whatever the trimester.",
        includes="Pregnant state, supervision of pregnancy.",
        excludes="Not pregnant; termination; delivery; ICD-10-CM chapter O beyond these codes.",
    ),
    concept(
        "pregnancy-first-trimester",
        "Pregnancy, first trimester",
        some("pregnancy", only="Z34.91 O09.91"),
        focus="Pregnancy whose first trimester is part of the code.",
        includes="ICD-10-CM supervision codes that name the first trimester.",
        excludes="Pregnancy with another or no trimester stated.",
    ),
    concept(
        "pregnancy-later-trimester",
        "Pregnancy, second or third trimester",
        some("pregnancy", only="Z34.92 Z34.93 O09.92 O09.93"),
        focus="Pregnancy whose second or third trimester is part of the code.",
        includes="ICD-10-CM supervision codes that name the trimester.",
        excludes="Pregnancy with the first or no trimester stated.",
    ),
    concept(
        "not-pregnant",
        "Not pregnant",
        "neg_not_pregnant",
        focus="The record says that the patient is not pregnant.",
        includes="The SNOMED CT finding, also as the value of a pregnancy status.",
    ),
    concept(
        "dnr-status",
        "Do not resuscitate",
        "dnr_status",
        focus="No cardiopulmonary resuscitation. Says nothing about other treatment.",
        includes="Do not resuscitate, not for resuscitation.",
        excludes="Advance directives, full code, comfort-only care: never merged with this.",
    ),
    concept(
        "full-code-status",
        "For resuscitation",
        "code_status_full",
        focus="Cardiopulmonary resuscitation is wanted.",
        includes="For resuscitation.",
        excludes="Do not resuscitate.",
    ),
    concept(
        "palliative-care-encounter",
        "Seen by palliative care",
        "palliative_care_encounter",
        focus="Palliative care is already involved.",
        includes="Encounter for palliative care, seen by a palliative care service.",
        excludes="Orders and procedures; comfort-only care.",
    ),
)

MEASUREMENTS = (
    concept(
        "leukocyte-count",
        "White blood cell count",
        "leukocyte_count",
        focus="Leukocytes per volume of blood.",
        includes="Automated, manual, estimated and method-less counts; counts corrected for"
        " nucleated red cells.",
        excludes="Cord, fetal and donor blood, product units, cerebrospinal and body fluid, urine,"
        " any specimen, other leukocytes.",
    ),
    concept(
        "leukocyte-count-corrected",
        "White blood cell count, corrected for nucleated red cells",
        some("leukocyte_count", only="12227-5 33256-9"),
        focus="The leukocyte count to prefer when both were measured.",
        includes="Leukocyte counts corrected for nucleated erythrocytes.",
        excludes="Uncorrected counts.",
    ),
    concept(
        "blasts-blood-percent",
        "Blasts in blood (percent of white cells)",
        some("blasts_blood_percent", only="26446-5 709-6"),
        focus="All blasts as a share of the leukocytes in blood.",
        includes="Blasts per 100 leukocytes.",
        excludes="Blasts of one lineage, which are a part of these; absolute counts; marrow and"
        " cerebrospinal fluid.",
    ),
    concept(
        "blasts-blood-percent-by-lineage",
        "Myeloblasts, lymphoblasts or monoblasts in blood (percent of white cells)",
        some("blasts_blood_percent", without="26446-5 709-6"),
        focus="Blasts of one lineage as a share of the leukocytes in blood. A zero does not say"
        " that there are no blasts; shares may be added up within one report only.",
        includes="Myeloblasts, lymphoblasts, monoblasts per 100 leukocytes.",
        excludes="All blasts; absolute counts; marrow and cerebrospinal fluid.",
    ),
    concept(
        "blasts-blood-absolute",
        "Blasts in blood (count)",
        some("blasts_blood_absolute", only="30376-8 708-8"),
        focus="All blasts per volume of blood.",
        includes="Blasts per volume.",
        excludes="Blasts of one lineage; percentages; marrow and cerebrospinal fluid.",
    ),
    concept(
        "blasts-blood-absolute-by-lineage",
        "Myeloblasts, lymphoblasts or monoblasts in blood (count)",
        some("blasts_blood_absolute", without="30376-8 708-8"),
        focus="Blasts of one lineage per volume of blood. A zero does not say that there are no"
        " blasts; counts may be added up within one report only.",
        includes="Myeloblasts, lymphoblasts, monoblasts per volume.",
        excludes="All blasts; percentages; marrow and cerebrospinal fluid.",
    ),
    concept(
        "blasts-marrow-percent",
        "Blasts in bone marrow (percent)",
        some("blasts_marrow_percent", only="11150-0"),
        focus="All blasts as a share of the cells in bone marrow.",
        includes="Blasts per 100 cells in bone marrow.",
        excludes="Blasts of one lineage; blood.",
    ),
    concept(
        "blasts-marrow-percent-by-lineage",
        "Myeloblasts, lymphoblasts or monoblasts in bone marrow (percent)",
        some("blasts_marrow_percent", without="11150-0"),
        focus="Blasts of one lineage as a share of the cells in bone marrow.",
        includes="Myeloblasts, lymphoblasts, monoblasts in bone marrow.",
        excludes="All blasts; blood.",
    ),
    concept(
        "promyelocytes",
        "Promyelocytes",
        "promyelocytes",
        focus="Promyelocytes, in any of the ways they are reported. Unit and specimen differ:"
        " for a number ask one of the narrower sets.",
        includes="Counts and percentages in blood, percentage in marrow.",
    ),
    concept(
        "promyelocytes-blood-percent",
        "Promyelocytes in blood (percent of white cells)",
        some("promyelocytes", only="26524-9 783-1"),
        focus="Promyelocytes as a share of the leukocytes in blood.",
        includes="Promyelocytes per 100 leukocytes.",
        excludes="Absolute counts; marrow.",
    ),
    concept(
        "promyelocytes-blood-absolute",
        "Promyelocytes in blood (count)",
        some("promyelocytes", only="26523-1 781-5"),
        focus="Promyelocytes per volume of blood.",
        includes="Promyelocytes per volume.",
        excludes="Percentages; marrow.",
    ),
    concept(
        "neutrophil-count",
        "Neutrophil count",
        "neutrophils_absolute",
        focus="Neutrophils per volume of blood.",
        includes="Automated, manual and method-less counts.",
        excludes="Percentages.",
    ),
    concept(
        "platelet-count",
        "Platelet count",
        "platelet_count",
        focus="Platelets per volume of blood.",
        includes="Automated, manual, estimated and method-less counts.",
        excludes="Product units.",
    ),
    concept(
        "hemoglobin",
        "Hemoglobin",
        "hemoglobin",
        focus="Hemoglobin in blood.",
        includes="Mass per volume, arterial, venous, calculated and by oximetry; 59260-0 is"
        " moles per volume.",
        excludes="Hemoglobin fractions; hematocrit.",
    ),
    concept(
        "fibrinogen",
        "Fibrinogen",
        "fibrinogen",
        focus="Functional fibrinogen.",
        includes="Coagulation assay, derived, heat denaturation.",
        excludes="Fibrinogen antigen, which does not show function.",
    ),
    concept(
        "inr",
        "INR",
        "inr",
        focus="International normalized ratio of the prothrombin time.",
        includes="Plasma, whole blood, capillary blood.",
        excludes="Prothrombin time in seconds.",
    ),
    concept(
        "prothrombin-time",
        "Prothrombin time",
        "prothrombin_time",
        focus="Prothrombin time in seconds.",
        includes="Plasma and blood.",
        excludes="INR.",
    ),
    concept(
        "aptt",
        "Activated partial thromboplastin time",
        "aptt",
        focus="Activated partial thromboplastin time in seconds.",
        includes="Plasma and blood.",
    ),
    concept(
        "d-dimer-feu",
        "D-dimer (fibrinogen equivalent units)",
        some("d_dimer", only="48065-7 48067-3"),
        focus="D-dimer in fibrinogen equivalent units, about twice the number in D-dimer units.",
        includes="Codes that name FEU.",
        excludes="D-dimer units; arbitrary units.",
    ),
    concept(
        "d-dimer-ddu",
        "D-dimer (D-dimer units)",
        some("d_dimer", only="48066-5 48058-2 91556-1"),
        focus="D-dimer in D-dimer units, about half the number in fibrinogen equivalent units.",
        includes="Codes that name DDU.",
        excludes="Fibrinogen equivalent units; arbitrary units.",
    ),
    concept(
        "potassium",
        "Potassium",
        "potassium",
        focus="Potassium in blood, serum or plasma.",
        includes="Serum, plasma, whole, venous and arterial blood. May be spurious at very high"
        " cell counts, depending on the specimen.",
        excludes="Urine.",
    ),
    concept(
        "magnesium",
        "Magnesium",
        "magnesium",
        focus="Magnesium in blood, serum or plasma.",
        includes="19123-9 and 21377-7 are mass, 2601-3 and 2593-2 moles per volume.",
        excludes="Ionized magnesium; magnesium corrected for albumin; after dialysis; red cells;"
        " urine.",
    ),
    concept(
        "phosphate",
        "Phosphate",
        "phosphate",
        focus="Inorganic phosphate in blood.",
        includes="2777-1 is mass, the others moles per volume.",
        excludes="Urine.",
    ),
    concept(
        "calcium-total",
        "Calcium, total",
        some("calcium_total", only="17861-6 2000-8"),
        focus="Total calcium as measured.",
        includes="17861-6 is mass, 2000-8 moles per volume.",
        excludes="Ionized calcium; calcium already corrected for albumin, which must not be"
        " corrected twice.",
    ),
    concept(
        "calcium-albumin-corrected",
        "Calcium, corrected for albumin",
        some("calcium_total", only="46099-8 29265-6"),
        focus="Total calcium that the laboratory has corrected for albumin.",
        includes="46099-8 is mass, 29265-6 moles per volume.",
        excludes="Calcium as measured; ionized calcium.",
    ),
    concept(
        "calcium-ionized",
        "Calcium, ionized",
        "calcium_ionized",
        focus="Ionized calcium.",
        includes="Blood, serum or plasma, moles per volume.",
        excludes="Total calcium.",
    ),
    concept(
        "albumin",
        "Albumin",
        "albumin",
        focus="Albumin in serum or plasma.",
        includes="Method-less, bromocresol green and purple, electrophoresis; 54347-0, 62234-0 and"
        " 62235-7 are moles, the others mass per volume.",
        excludes="Urine and body fluids; shares of total protein; after a challenge.",
    ),
    concept(
        "bilirubin-total",
        "Bilirubin, total",
        "bilirubin_total",
        focus="Total bilirubin in blood, serum or plasma.",
        includes="1975-2 and 42719-5 are mass, 14631-6 and 54363-7 moles per volume.",
        excludes="Direct, indirect, conjugated and neonatal bilirubin; body fluids; urine.",
    ),
    concept(
        "uric-acid",
        "Uric acid",
        "uric_acid",
        focus="Urate in blood.",
        includes="14933-6 is moles, the others mass per volume.",
        excludes="Urine.",
    ),
    concept(
        "creatinine",
        "Creatinine",
        "creatinine",
        focus="Creatinine in blood.",
        includes="14682-9, 59826-8 and 77140-2 are moles, the others mass per volume.",
        excludes="Urine; clearance and estimated filtration rate.",
    ),
    concept(
        "lactate-dehydrogenase",
        "Lactate dehydrogenase",
        "ldh",
        focus="Lactate dehydrogenase activity.",
        includes="Method-less, lactate to pyruvate and pyruvate to lactate; the methods have"
        " different reference ranges.",
        excludes="Isoenzymes; body fluids.",
    ),
    concept(
        "ecog-performance-status",
        "ECOG performance status",
        "ecog_performance_status",
        "ecog_performance_status_other",
        some("ecog_answer", only="425389002 422512005 422894000 423053003 423237006"),
        focus="Everyday function on the ECOG scale, 0 (fully active) to 4 (bedbound).",
        includes="Score, panel, interpretation and observed grade; the SNOMED CT grade findings,"
        " because a grade may be the code of the observation itself.",
        excludes="Karnofsky and Lansky scores.",
    ),
    concept(
        "ecog-answer",
        "ECOG grade",
        "ecog_answer",
        focus="A grade of the ECOG scale as a coded answer.",
        includes="LOINC answers 0 to 5 and SNOMED CT findings 0 to 4. The order of the SNOMED CT"
        " codes is not the order of the grades.",
        excludes="The question.",
    ),
    concept(
        "karnofsky-performance-status",
        "Karnofsky performance status",
        "karnofsky_performance_status",
        focus="Everyday function on the Karnofsky scale, 100 (normal) to 0.",
        includes="The score.",
        excludes="ECOG and Lansky scores.",
    ),
    concept(
        "fvc-percent-predicted",
        "Forced vital capacity (percent of predicted)",
        "fvc_percent_predicted",
        focus="Forced vital capacity as a share of the predicted value.",
        includes="Measured over predicted, also before and after a bronchodilator.",
        excludes="Litres.",
    ),
    concept(
        "fvc-volume",
        "Forced vital capacity (litres)",
        "fvc_volume",
        focus="Forced vital capacity as a volume, which says little without the predicted value.",
        includes="Litres, also before a bronchodilator.",
        excludes="Percent of predicted.",
    ),
    concept(
        "slow-vital-capacity",
        "Slow vital capacity (litres)",
        "slow_vital_capacity_volume",
        focus="Slow vital capacity by spirometry as a volume.",
        includes="The LOINC code for vital capacity by spirometry.",
        excludes="Percent of predicted, for which no verified code exists.",
    ),
    concept(
        "fev1-percent-predicted",
        "FEV1 (percent of predicted)",
        "fev1_percent_predicted",
        focus="Forced expiratory volume in one second as a share of the predicted value.",
        includes="Measured over predicted, bronchodilator not stated.",
        excludes="Litres; the predicted value; the share of the forced vital capacity.",
    ),
    concept(
        "dlco-percent-predicted",
        "Diffusing capacity, DLCO (percent of predicted)",
        "dlco_percent_predicted",
        focus="Diffusing capacity for carbon monoxide as a share of the predicted value.",
        includes="Measured over predicted, not corrected for hemoglobin.",
        excludes="The capacity itself; values corrected for hemoglobin, for which no verified code"
        " exists; transfer coefficient.",
    ),
    concept(
        "paco2",
        "PaCO2",
        "paco2",
        focus="Carbon dioxide partial pressure in arterial blood.",
        includes="Arterial blood, also adjusted to the patient's temperature.",
        excludes="Venous, capillary and unspecified blood.",
    ),
    concept(
        "spo2",
        "Oxygen saturation",
        "spo2",
        focus="Arterial oxygen saturation.",
        includes="Pulse oximetry, also on room air; 2708-6, which vital-sign profiles send"
        " together with it.",
        excludes="Saturation of blood not stated to be arterial.",
    ),
    concept(
        "body-weight",
        "Body weight",
        "body_weight",
        focus="Body weight.",
        includes="Measured, stated, estimated and unspecified.",
        excludes="Birth weight, dry weight, ideal weight.",
    ),
    concept(
        "body-height",
        "Body height",
        "body_height",
        focus="Body height.",
        includes="Measured, stated, standing and unspecified.",
    ),
    concept(
        "body-surface-area",
        "Body surface area",
        "body_surface_area",
        focus="Body surface area as recorded.",
        includes="Derived, measured and unspecified.",
        excludes="Burned area.",
    ),
    concept(
        "qtc",
        "QTc",
        "qtc",
        focus="QT interval corrected for heart rate.",
        includes="Corrected QT.",
        excludes="Uncorrected QT.",
    ),
    concept(
        "lvef",
        "Left ventricular ejection fraction",
        "lvef",
        focus="Left ventricular ejection fraction.",
        includes="Ultrasound, two-dimensional echo, biplane and unspecified.",
    ),
    concept(
        "pml-rara",
        "PML::RARA",
        "pml_rara",
        focus="The fusion that defines acute promyelocytic leukemia.",
        includes="Presence, FISH, fraction and transcript ratio in blood, tissue or marrow.",
        excludes="Panels that report it as text only.",
    ),
    concept(
        "bcr-abl1",
        "BCR::ABL1",
        "bcr_abl1",
        focus="The Philadelphia chromosome fusion.",
        includes="Presence, FISH, fraction and transcript ratio.",
        excludes="Resistance mutations.",
    ),
    concept(
        "flt3",
        "FLT3 mutation",
        "flt3",
        focus="FLT3 internal tandem duplication and point mutations.",
        includes="Presence and targeted mutation analysis in blood, tissue or marrow.",
    ),
    concept(
        "npm1",
        "NPM1 mutation",
        "npm1",
        focus="NPM1 mutation.",
        includes="Mutation analysis in blood or tissue.",
    ),
    concept(
        "karyotype",
        "Karyotype",
        "karyotype",
        focus="Chromosome analysis.",
        includes="Marrow, blood and tissue; FISH narrative.",
    ),
    concept(
        "immunophenotype",
        "Immunophenotyping",
        "immunophenotype",
        focus="Leukemia and lymphoma immunophenotyping.",
        includes="The panel for any specimen.",
    ),
    concept(
        "leukemia-disease-status",
        "Disease status of a cancer",
        "leukemia_disease_status",
        focus="A clinician's judgment of how the cancer is doing: only its value tells, and only"
        " its focus tells which cancer.",
        includes="Cancer disease progression, response to cancer treatment.",
        excludes="Answers; response by image criteria; measurable residual disease.",
    ),
    concept(
        "leukemia-disease-status-answer",
        "Disease status of a cancer, as an answer",
        "leukemia_disease_status_improved",
        "leukemia_disease_status_stable",
        "leukemia_disease_status_worsened",
        "leukemia_disease_status_complete_remission",
        "leukemia_disease_status_partial_remission",
        focus="How the cancer is doing, as a coded answer.",
        includes="Improved, stable, worsened, in full or partial remission.",
        excludes="The question; undetermined.",
    ),
    concept(
        "leukemia-complete-remission-answer",
        "Complete remission, as an answer",
        "leukemia_disease_status_complete_remission",
        focus="The answer that the cancer is in full remission.",
        includes="In full remission; malignant neoplasm in full remission.",
        excludes="Partial remission; improvement, which says nothing about the extent.",
    ),
    concept(
        "leukemia-partial-remission-answer",
        "Partial remission, as an answer",
        "leukemia_disease_status_partial_remission",
        focus="The answer that the cancer is in partial remission.",
        includes="In partial remission; malignant neoplasm in partial remission.",
        excludes="Full remission; improvement.",
    ),
    concept(
        "leukemia-worsened-answer",
        "Progressive disease, as an answer",
        "leukemia_disease_status_worsened",
        focus="The answer that the cancer progresses.",
        includes="The patient's condition worsened, which mCODE uses for progressive disease.",
        excludes="Stable disease; refractory disease, for which no answer was found.",
    ),
    concept(
        "g6pd-activity",
        "G6PD activity",
        some("g6pd_activity", without="2356-4 33287-4"),
        focus="Glucose-6-phosphate dehydrogenase activity as a number.",
        includes="Quantitative assays of red cells or blood.",
        excludes="Qualitative screens.",
    ),
    concept(
        "g6pd-presence",
        "G6PD screen",
        some("g6pd_activity", only="2356-4 33287-4"),
        focus="Glucose-6-phosphate dehydrogenase as present or deficient.",
        includes="Qualitative screens of red cells or dried blood.",
        excludes="Quantitative assays.",
    ),
    concept(
        "pregnancy-status",
        "Pregnancy status",
        "pregnancy_status",
        focus="The question whether the patient is pregnant: only its value tells.",
        includes="The status question.",
        excludes="Answers.",
    ),
    concept(
        "pregnancy-answer",
        "Pregnant, as an answer",
        "pregnancy_answer",
        focus="The answer that the patient is pregnant.",
        includes="The LOINC answer.",
        excludes="The question.",
    ),
    concept(
        "code-status",
        "Code status",
        "code_status_question",
        focus="The question or document about resuscitation: only its value tells the status.",
        includes="Resuscitation status, resuscitation orders.",
        excludes="Do not resuscitate and full code as findings.",
    ),
)

PROCEDURES = (
    concept(
        "subcutaneous-route",
        "Subcutaneous route",
        "route.subcutaneous",
        focus="How a dose is given: under the skin.",
        includes="SNOMED CT routes and injection procedures that clients send as a route.",
    ),
    concept(
        "intravenous-route",
        "Intravenous route",
        "route.intravenous",
        focus="How a dose is given: into a vein.",
        includes="SNOMED CT routes and injection procedures that clients send as a route.",
    ),
    concept(
        "intrathecal-route",
        "Intrathecal route",
        "route.intrathecal",
        focus="How a dose is given: into the cerebrospinal fluid.",
        includes="SNOMED CT routes and injection procedures that clients send as a route.",
    ),
    concept(
        "leukapheresis",
        "Leukapheresis",
        "leukapheresis",
        focus="Apheresis of leukocytes. The same codes are used when cells are collected.",
        includes="SNOMED CT, CPT and ICD-10-PCS.",
        excludes="Apheresis of plasma, platelets or red cells; apheresis not further specified.",
    ),
    concept(
        "apheresis-parent",
        "Apheresis, not further specified",
        "apheresis_parent",
        focus="Apheresis of any component: too broad to decide anything alone.",
        includes="The SNOMED CT parent.",
        excludes="Apheresis of a named component.",
    ),
    concept(
        "other-apheresis",
        "Apheresis of plasma, platelets or red cells",
        "neg_apheresis",
        focus="Apheresis that does not remove leukocytes.",
        includes="Plasma exchange, plateletpheresis, erythrocytapheresis, photopheresis.",
        excludes="Leukapheresis.",
    ),
    concept(
        "hsct-allogeneic",
        "Allogeneic stem cell transplant",
        "hsct_allogeneic",
        focus="Hematopoietic stem cell transplant from a donor.",
        includes="Bone marrow, peripheral and cord blood; related, unrelated and unspecified.",
        excludes="Autologous and syngeneic transplant; lymphocyte infusion; ICD-10-PCS codes that"
        " were replaced.",
    ),
    concept(
        "hsct-any",
        "Stem cell transplant, donor not stated",
        "hsct_any",
        focus="Hematopoietic stem cell transplant that may be from a donor.",
        includes="Concepts that do not name the donor.",
        excludes="Allogeneic and autologous transplant.",
    ),
    concept(
        "hsct-autologous",
        "Autologous stem cell transplant",
        "hsct_autologous",
        focus="Transplant of the patient's own stem cells.",
        includes="Bone marrow and peripheral blood.",
        excludes="Allogeneic transplant.",
    ),
    concept(
        "hsct-other",
        "Syngeneic transplant, lymphocyte infusion or stem cell boost",
        "hsct_other",
        focus="Cell therapies that are neither allogeneic nor autologous transplant.",
        includes="Syngeneic transplant, allogeneic lymphocyte infusion, progenitor cell boost.",
        excludes="Allogeneic and autologous transplant.",
    ),
    concept(
        "central-venous-catheter",
        "Central venous catheter",
        "central_venous_catheter",
        focus="Insertion of a centrally inserted venous catheter or port.",
        includes="Tunneled and non-tunneled catheters, ports, infusion devices.",
        excludes="Peripherally inserted central catheters, which have a set of their own.",
    ),
    concept(
        "picc",
        "Peripherally inserted central catheter",
        "picc_insertion",
        focus="Insertion of a central line through a peripheral vein.",
        includes="Catheters and ports.",
        excludes="Centrally inserted catheters; midline and peripheral catheters.",
    ),
    concept(
        "lumbar-puncture",
        "Lumbar puncture",
        "lumbar_puncture",
        "intrathecal_chemotherapy",
        focus="Puncture of the spinal canal.",
        includes="Diagnostic and therapeutic puncture; codes that combine the puncture with an"
        " intrathecal drug.",
        excludes="Spinal anesthesia, myelography.",
    ),
    concept(
        "intrathecal-chemotherapy",
        "Intrathecal chemotherapy",
        "intrathecal_chemotherapy",
        focus="Chemotherapy into the cerebrospinal fluid.",
        includes="Codes that combine the puncture with the drug.",
        excludes="Puncture without a drug.",
    ),
    concept(
        "bone-marrow-sampling",
        "Bone marrow aspiration or biopsy",
        "bone_marrow_biopsy",
        focus="Sampling of bone marrow, a puncture with a low risk of bleeding.",
        includes="Aspiration, biopsy, both, sampling not further specified.",
        excludes="Marrow harvest.",
    ),
    concept(
        "bronchoscopy",
        "Bronchoscopy",
        "bronchoscopy",
        focus="Looking into the airways with an endoscope.",
        includes="Bronchoscopy and diagnostic fiberoptic bronchoscopy.",
        excludes="Treatment through a bronchoscope; intubation over a bronchoscope.",
    ),
    concept(
        "red-cell-transfusion",
        "Red cell transfusion",
        "rbc_transfusion",
        focus="Transfusion of red cells.",
        includes="Packed, leukoreduced and washed red cells; product codes count units.",
        excludes="Platelets, plasma, blood product not further specified.",
    ),
    concept(
        "platelet-transfusion",
        "Platelet transfusion",
        "platelet_transfusion",
        focus="Transfusion of platelets.",
        includes="Pooled and apheresis platelets; product codes count units.",
        excludes="Red cells, plasma, blood product not further specified.",
    ),
    concept(
        "blood-product-transfusion",
        "Transfusion, product not stated",
        "blood_product_transfusion_any",
        focus="Transfusion without a named product: too broad to decide anything alone.",
        includes="SNOMED CT and CPT.",
        excludes="Red cell and platelet transfusion.",
    ),
    concept(
        "palliative-care",
        "Palliative care",
        "palliative_care",
        focus="Palliative care as a referral, consultation or course of care.",
        includes="Referral, consultation, specialist and anticipatory palliative care.",
        excludes="Encounters; comfort-only care, which this does not mean.",
    ),
    concept(
        "advance-care-planning",
        "Advance care planning",
        "advance_care_planning",
        focus="Talking about goals and preferences for care.",
        includes="SNOMED CT and CPT.",
        excludes="The resulting directive; code status.",
    ),
    concept(
        "override-reason",
        "Reason for not following advice",
        "hl7.override_reason",
        focus="Why a clinician overrides a card.",
        includes="The two levels of the HL7 code system.",
        excludes="Local reasons.",
    ),
)


def drug(name: str, title: str, excludes: str = "Other drugs.", also: str = "") -> Concept:
    """A drug by its ingredient. `also` is the code list's name where it differs."""
    return concept(
        name,
        title,
        f"med.{also or name.replace('-', '_')}",
        focus=f"{title} as a drug for systemic or intrathecal use.",
        includes="Ingredient, clinical drugs, branded drugs and packs as far as verified, and the"
        " ATC code. New package sizes appear monthly, so the list is a floor.",
        excludes=excludes,
    )


MEDICATIONS = (
    drug("cytarabine", "Cytarabine", "Liposomal cytarabine with daunorubicin (CPX-351)."),
    drug("daunorubicin", "Daunorubicin", "Liposomal daunorubicin with cytarabine (CPX-351)."),
    drug("idarubicin", "Idarubicin"),
    drug("mitoxantrone", "Mitoxantrone"),
    drug("cpx-351", "CPX-351 (liposomal cytarabine and daunorubicin)", also="cpx351"),
    drug("fludarabine", "Fludarabine"),
    drug("cladribine", "Cladribine (infusion)", "Cladribine tablets for multiple sclerosis."),
    drug("clofarabine", "Clofarabine"),
    drug("etoposide", "Etoposide"),
    drug("cyclophosphamide", "Cyclophosphamide"),
    drug("doxorubicin", "Doxorubicin"),
    drug("vincristine", "Vincristine"),
    drug(
        "methotrexate",
        "Methotrexate",
        "Autoinjectors and the ATC code for use as an immunosuppressant.",
    ),
    drug("asparaginase", "Asparaginase"),
    drug("pegaspargase", "Pegaspargase"),
    drug("calaspargase", "Calaspargase pegol"),
    drug("mercaptopurine", "Mercaptopurine"),
    drug("prednisone", "Prednisone"),
    drug("dexamethasone", "Dexamethasone", "Eye, ear and skin preparations."),
    drug("hydroxyurea", "Hydroxyurea"),
    drug("azacitidine", "Azacitidine"),
    drug("decitabine", "Decitabine", "Decitabine with cedazuridine."),
    drug("decitabine-cedazuridine", "Decitabine with cedazuridine"),
    drug("venetoclax", "Venetoclax"),
    drug("gilteritinib", "Gilteritinib"),
    drug("midostaurin", "Midostaurin"),
    drug("quizartinib", "Quizartinib"),
    drug("glasdegib", "Glasdegib"),
    drug("ivosidenib", "Ivosidenib"),
    drug("enasidenib", "Enasidenib"),
    drug("olutasidenib", "Olutasidenib"),
    drug("revumenib", "Revumenib"),
    drug("tretinoin", "Tretinoin (ATRA)", "Topical tretinoin; isotretinoin; alitretinoin."),
    drug("arsenic-trioxide", "Arsenic trioxide"),
    drug("rasburicase", "Rasburicase"),
    drug("allopurinol", "Allopurinol"),
    drug("febuxostat", "Febuxostat"),
    drug("imatinib", "Imatinib"),
    drug("dasatinib", "Dasatinib"),
    drug("ponatinib", "Ponatinib"),
    drug("blinatumomab", "Blinatumomab"),
    drug("inotuzumab", "Inotuzumab ozogamicin"),
    drug("gemtuzumab", "Gemtuzumab ozogamicin"),
    drug("filgrastim", "Filgrastim and biosimilars", "Pegfilgrastim; lipegfilgrastim."),
    drug("pegfilgrastim", "Pegfilgrastim and biosimilars", "Filgrastim; lipegfilgrastim."),
    drug("sargramostim", "Sargramostim"),
    drug("riluzole", "Riluzole", "Troriluzole."),
    drug("edaravone", "Edaravone"),
    drug("tofersen", "Tofersen"),
    drug("nelarabine", "Nelarabine"),
    drug("ifosfamide", "Ifosfamide"),
    drug("vinblastine", "Vinblastine"),
    drug("vinorelbine", "Vinorelbine"),
    drug("busulfan", "Busulfan"),
    drug("melphalan", "Melphalan", "Melphalan flufenamide."),
    drug("thiotepa", "Thiotepa"),
    drug("treosulfan", "Treosulfan"),
    drug("nilotinib", "Nilotinib"),
    drug("bosutinib", "Bosutinib"),
    drug("asciminib", "Asciminib"),
    drug("lenograstim", "Lenograstim", "Filgrastim; pegfilgrastim."),
    drug("molgramostim", "Molgramostim", "Sargramostim."),
    drug("ciprofloxacin", "Ciprofloxacin", "Eye and ear drops."),
    drug("enoxacin", "Enoxacin"),
    drug("levofloxacin", "Levofloxacin", "Eye drops; packs against Helicobacter pylori."),
    drug("moxifloxacin", "Moxifloxacin", "Eye drops."),
    drug("ofloxacin", "Ofloxacin", "Levofloxacin; eye and ear drops."),
    drug("norfloxacin", "Norfloxacin", "Eye drops."),
    drug("fluconazole", "Fluconazole", "Fluconazole on the skin; fosfluconazole."),
    drug("voriconazole", "Voriconazole"),
    drug("posaconazole", "Posaconazole"),
    drug("itraconazole", "Itraconazole"),
    drug("isavuconazole", "Isavuconazole and isavuconazonium"),
    drug("ketoconazole", "Ketoconazole", "Cream, shampoo and vaginal preparations."),
    drug(
        "trimethoprim-sulfamethoxazole",
        "Trimethoprim with sulfamethoxazole (co-trimoxazole)",
        "Trimethoprim alone or with another sulfonamide.",
    ),
    drug("clarithromycin", "Clarithromycin", "Packs against Helicobacter pylori."),
    drug("erythromycin", "Erythromycin", "Eye and skin preparations."),
    drug("azithromycin", "Azithromycin", "Eye drops; combinations with an azole."),
    drug("doxycycline", "Doxycycline", "Preparations for the gums."),
    drug("minocycline", "Minocycline", "Preparations for the gums and the skin."),
    drug(
        "tetracycline",
        "Tetracycline",
        "Other tetracyclines; eye, ear, mouth and skin preparations; packs against Helicobacter"
        " pylori.",
    ),
    drug("ondansetron", "Ondansetron"),
    drug(
        "dextromethorphan-quinidine",
        "Dextromethorphan with quinidine",
        "Dextromethorphan as a cough suppressant; quinidine alone; dextromethorphan with"
        " bupropion.",
    ),
    drug("quinidine", "Quinidine", "Dextromethorphan with quinidine; quinine; hydroquinidine."),
    drug("amiodarone", "Amiodarone"),
    drug("verapamil", "Verapamil", "Verapamil with an ACE inhibitor or a diuretic."),
    drug("cyclosporine", "Cyclosporine", "Eye drops."),
    concept(
        "sodium-chloride-infusion",
        "Sodium chloride 0.9 % for infusion",
        "med.sodium_chloride_infusion",
        focus="Isotonic saline as an infusion.",
        includes="Bags of 250 ml and more, and the clinical drug without a pack size, which is also"
        " used for flushes.",
        excludes="Flushes and small diluents; hypertonic and 0.45 % saline; concentrates.",
    ),
    concept(
        "ringer-lactate",
        "Ringer's lactate",
        "med.ringer_lactate",
        focus="Lactated Ringer's solution as an infusion.",
        includes="Plain and with glucose 5 %.",
        excludes="Ringer's acetate; ATC, which has no code for it alone.",
    ),
    concept(
        "electrolytes-infusion",
        "Electrolyte infusion",
        "med.electrolytes_infusion",
        focus="Ready electrolyte solutions for infusion, whatever their composition.",
        includes="The ATC codes for electrolytes, alone and with carbohydrates.",
        excludes="Concentrates that are added to an infusion (ATC B05XA); oral electrolytes.",
    ),
    concept(
        "glucose-infusion",
        "Glucose infusion",
        "med.glucose_infusion",
        "med.glucose_sodium_chloride_infusion",
        focus="Glucose as an infusion, alone or with sodium chloride.",
        includes="The ATC code for carbohydrates, which does not tell the strength; bags of glucose"
        " with sodium chloride, with or without potassium.",
        excludes="Oral glucose; glucose tolerance tests; glucose for irrigation.",
    ),
    concept(
        "crystalloid-infusion",
        "Intravenous fluid",
        "med.sodium_chloride_infusion",
        "med.sodium_chloride_half_normal_infusion",
        "med.ringer_lactate",
        "med.electrolytes_infusion",
        "med.glucose_infusion",
        "med.glucose_sodium_chloride_infusion",
        focus="Fluid given by vein in a volume that counts as hydration.",
        includes="Saline 0.9 % and 0.45 %, lactated Ringer's solution, electrolyte and glucose"
        " infusions.",
        excludes="Flushes and small diluents; hypertonic saline; albumin and other colloids;"
        " parenteral nutrition.",
    ),
    concept(
        "methotrexate-sc-device",
        "Methotrexate autoinjector or immunosuppressant",
        "med.methotrexate_sc_device",
        some("neg_atc", only="L04AX03"),
        focus="Methotrexate for arthritis and similar diseases: not leukemia treatment.",
        includes="Autoinjectors and prefilled devices; the ATC code for an immunosuppressant.",
        excludes="Methotrexate for leukemia.",
    ),
    concept(
        "cladribine-multiple-sclerosis",
        "Cladribine tablets for multiple sclerosis",
        "neg_med.cladribine_ms_oral",
        some("neg_atc", only="L04AA40"),
        focus="Cladribine by mouth for multiple sclerosis: not leukemia treatment.",
        includes="The branded tablet and its ATC code.",
        excludes="Cladribine infusion.",
    ),
    concept(
        "topical-tretinoin",
        "Topical tretinoin",
        some("neg_atc", only="D10AD01"),
        focus="Tretinoin on the skin: not leukemia treatment.",
        includes="The ATC code.",
        excludes="Tretinoin capsules.",
    ),
)

CONCEPTS = (*DIAGNOSES, *MEASUREMENTS, *PROCEDURES, *MEDICATIONS)

LEFT_OUT = {
    "mnd_other": "the siblings of ALS that do not count as ALS; three of its codes are used",
    "neg_sma": "spinal muscular atrophy: never ALS, so nothing asks for it",
    "mnd_ambiguous": "upper or lower motor neuron disease covers much that is not ALS",
    "leukemia_morphology_only": "morphology belongs in an extension, never in Condition.code",
    "leukemic_infiltration": "no rule asks for organ infiltration; the testes have no code",
    "leukocytosis": "derived from the count; often not coded beside leukemia",
    "leukemoid_reaction": "no rule asks for it",
    "abnormal_ecg_nonspecific": "not evidence of a long QT interval",
    "advance_directive": "says that a directive exists, not what it says; mostly documents",
    "transplant_status": "no rule asks for it",
    "dialysis_status": "no rule asks for it",
    "hemodialysis": "no rule asks for it",
    "tls_lab_problem": "tumor lysis is read from values, not from problem entries",
    "neg_leukocyte_count": "counts in other specimens must never be read",
    "blasts_csf": "no rule asks for it",
    "deprecated_blasts": "deprecated codes",
    "hematocrit": "no rule asks for it",
    "egfr": "doses use the creatinine clearance",
    "egfr_race_based": "doses use the creatinine clearance",
    "deprecated_egfr": "deprecated code",
    "fibrinogen_antigen": "antigen does not show function",
    "d_dimer": "arbitrary units compare with nothing; the other codes are used",
    "lansky_performance_status": "no rule asks for it",
    "lansky_answer": "no rule asks for it",
    "o2_saturation_blood": "not stated to be arterial",
    "pco2_other": "not arterial",
    "alsfrs_r": "no rule asks for it; the score is usually in notes",
    "alsfrs_r_item": "no rule asks for it",
    "qt_uncorrected": "the thresholds are for the corrected interval",
    "clinical_trial": "no rule asks for it",
    "chemotherapy_unspecific": "says nothing about intensity",
    "neg_atc": "lipegfilgrastim is another drug; the other codes are used",
    "hl7.condition-clinical": "read by the engine as part of FHIR, not a clinical concept",
    "hl7.condition-ver-status": "read by the engine as part of FHIR, not a clinical concept",
    "hl7.condition-category": "read by the engine as part of FHIR, not a clinical concept",
    "hl7.observation-category": "read by the engine as part of FHIR, not a clinical concept",
    "hl7.data-absent-reason": "read by the engine as part of FHIR, not a clinical concept",
    "hl7.v3-ActCode.encounter_class": "read by the engine as part of FHIR",
    "hl7.v3-ObservationInterpretation": "read by the engine as part of FHIR",
}
"""Groups of which some or all codes stand in no value set, and why. Units have no value sets."""


class Row(NamedTuple):
    """One line of the code list."""

    group: str
    system: str
    code: str
    display: str
    single: bool


def read_codes(path: Path) -> list[Row]:
    """The code list and the added codes, without units and without repeated header lines."""
    return [row for source in (path, ADDED_CODES) for row in _read_rows(source)]


def _read_rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as lines:
        return [
            Row(
                line["group"],
                line["system"],
                line["code"],
                line["display"],
                line["status"] != "verified",
            )
            for line in csv.DictReader(lines)
            if line["group"] != "group" and not line["group"].startswith("ucum.")
        ]


def rows_of(part: Part, rows: Iterable[Row]) -> list[Row]:
    """The rows that a part names. Raises ValueError for a group or code that is not there."""
    group = [row for row in rows if row.group == part.group]
    if not group:
        raise ValueError(f"the code list has no group {part.group}")
    missing = {*part.only, *part.without} - {row.code for row in group}
    if missing:
        raise ValueError(f"group {part.group} has no code {', '.join(sorted(missing))}")
    return [
        row
        for row in group
        if (not part.only or row.code in part.only) and row.code not in part.without
    ]


def value_set(concept: Concept, rows: Sequence[Row]) -> dict[str, Any]:
    """The concept as a FHIR R4 ValueSet: https://hl7.org/fhir/R4/valueset.html"""
    chosen = {(row.system, row.code): row for part in concept.parts for row in rows_of(part, rows)}
    systems = sorted({system for system, _ in chosen})
    notices = [NOTICES[system] for system in systems if system in NOTICES]
    return {
        "resourceType": "ValueSet",
        "id": concept.id,
        "url": f"{BASE}/ValueSet/{concept.id}",
        "version": VERSION,
        "name": "".join(word.capitalize() for word in concept.id.split("-")),
        "title": concept.title,
        "status": "active",
        "experimental": False,
        "date": DATE,
        "publisher": PUBLISHER,
        "description": concept.focus,
        "purpose": f"Clinical focus: {concept.focus} Includes: {concept.includes}"
        f" Excludes: {concept.excludes}",
        **({"copyright": " ".join(notices)} if notices else {}),
        "compose": {
            "include": [
                {
                    "system": system,
                    "concept": [_coded(chosen[key]) for key in sorted(chosen) if key[0] == system],
                }
                for system in systems
            ]
        },
    }


def _coded(row: Row) -> dict[str, Any]:
    coded: dict[str, Any] = {"code": row.code, "display": row.display}
    if row.single:
        coded["extension"] = [{"url": SINGLE_SOURCE, "valueBoolean": True}]
    return coded


def forgotten(rows: Iterable[Row]) -> list[str]:
    """Rows that no concept uses and whose group LEFT_OUT does not name."""
    rows = list(rows)
    used = {row for concept in CONCEPTS for part in concept.parts for row in rows_of(part, rows)}
    return [
        f"{row.group}: {row.code} {row.display}"
        for row in rows
        if row not in used and row.group not in LEFT_OUT
    ]


def files(rows: Sequence[Row]) -> dict[str, str]:
    """File name to content of every value set."""
    left = forgotten(rows)
    if left:
        raise ValueError("in no value set and not left out with a reason: " + "; ".join(left))
    return {
        f"{concept.id}.json": json.dumps(value_set(concept, rows), ensure_ascii=False, indent=2)
        + "\n"
        for concept in CONCEPTS
    }


def outdated(wanted: dict[str, str], folder: Path) -> list[str]:
    """What differs between the folder and the files that should be in it."""
    present = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    return sorted(
        name for name in {*wanted, *present} if wanted.get(name, "") != present.get(name, "")
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files, or with --check only say which are not current. Returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, fail when outdated")
    parser.add_argument("--codes", type=Path, default=CODES, help="the verified code list (CSV)")
    options = parser.parse_args(arguments)
    if not options.codes.exists():
        print(f"value sets: skipped, the code list {options.codes} is not here")
        return 0 if options.check else 1
    wanted = files(read_codes(options.codes))
    changed = outdated(wanted, TARGET)
    if options.check:
        if changed:
            print("value sets not current, run tools/value_sets.py:", *changed, sep="\n  ")
        return 1 if changed else 0
    for name in changed:
        if name in wanted:
            (TARGET / name).write_text(wanted[name], encoding="utf-8")
        else:
            (TARGET / name).unlink()
    print(f"value sets: {len(wanted)} files, {len(changed)} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
