"""What each service asks for with prefetch, and how its cards are attributed."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from cds_service.card import Attribution
from cds_service.prefetch import Query
from cds_service.rule import Quiet
from cds_service.service import About
from hooks import concepts

ABOUT = About(
    title="Advice for acute leukemia, above all in patients with ALS",
    text=(
        "This service reads a patient's record when a chart is opened, and orders when they are "
        "selected or signed, and answers with cards: what matters, which values it rests on, what "
        "is missing, and which sources say so. It advises clinicians, who decide; it neither "
        "diagnoses nor watches over patients."
    ),
)

ATTRIBUTION = Attribution(
    label_without_primary_source="Dr.Oracle guideline summary (2026-01-05), {status}",
    line=(
        "Sources: two unreviewed guideline summaries (Dr.Oracle, 2026-01-05), re-checked against "
        "the evidence above. Content is {status}. Decision support, not an order."
    ),
    review_status="pending clinical review",
)

QUIET = Quiet(
    after_override=timedelta(hours=24),
    watched=concepts.LEUKOCYTES,
    moved_by=Decimal("0.25"),
    seen_after=timedelta(minutes=10),
)
"""Section 6 of the catalogue: a count that moved by a quarter is another situation. The minutes are
ours: a card that was sent is not yet a card that was read."""

USAGE = (
    "For clinicians (Practitioner, PractitionerRole). Each card says whether its content is "
    "approved. Needs the Conditions of the patient; every other prefetch key that is missing is "
    "named on a card."
)

QUERIES = (
    Query("patient", "Patient", "Age and sex, for doses and age limits.", title="Age and sex"),
    Query(
        "conditions",
        "Condition",
        "ALS, acute leukemia and its state, ventilation, swallowing, pregnancy, G6PD deficiency.",
        concepts=concepts.CONDITIONS,
        count=200,
        sort="-recorded-date",
        all_codes=True,
        required=True,
        title="Problem list",
    ),
    Query(
        "leukocytes",
        "Observation",
        "The leukocyte count that decides hyperleukocytosis.",
        concepts=(concepts.LEUKOCYTES,),
        count=10,
        sort="-date",
        title="Leukocyte count",
    ),
    Query(
        "labs",
        "Observation",
        "Blasts, blood counts, clotting.",
        concepts=concepts.LABORATORY,
        count=100,
        sort="-date",
        title="Blood counts and clotting",
    ),
    # Apart from the counts, so that the newest 100 of either reach days back in a patient whose
    # blood is drawn every few hours, and neither query comes near the length that servers take.
    Query(
        "chemistry",
        "Observation",
        "Electrolytes, albumin, urate, creatinine, bilirubin: tumor lysis and the dosing of drugs.",
        concepts=concepts.CHEMISTRY,
        count=100,
        sort="-date",
        title="Electrolytes, kidney and liver values",
    ),
    Query(
        "performance",
        "Observation",
        "ECOG or Karnofsky performance status, breathing and heart function, QTc.",
        concepts=concepts.PERFORMANCE,
        count=60,
        sort="-date",
        title="Performance status, breathing and heart",
    ),
    Query(
        "body",
        "Observation",
        "Weight, height and pregnancy status, for doses.",
        concepts=concepts.BODY,
        count=20,
        sort="-date",
        title="Weight, height and pregnancy status",
    ),
    Query(
        "molecular",
        "Observation",
        "PML::RARA, BCR::ABL1, G6PD, genetic risk, residual disease, coded morphology.",
        concepts=concepts.MOLECULAR,
        count=60,
        sort="-date",
        title="Genetics, G6PD and residual disease",
    ),
    Query(
        "medications",
        "MedicationRequest",
        "Running and earlier antileukemic drugs, and running drugs that interact with one.",
        concepts=concepts.RUNNING_DRUGS,
        count=100,
        sort="-authoredon",
        parameters="status=active,on-hold,completed,stopped,unknown",
        all_codes=True,
        title="Prescriptions",
    ),
)
