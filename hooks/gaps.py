"""When what is not known deserves a card of its own on an order hook."""

from __future__ import annotations

from cds_service.chart import Chart, question
from cds_service.finding import FALSE, TRUE, UNKNOWN, Finding, all_of, any_of
from hooks import concepts, questions, regimens


@question
def als_in_doubt(patient: Chart) -> Finding:
    """ALS stands on record in a state that cannot be, or in entries that contradict each other."""
    known = patient.may_have(concepts.ALS)
    on_record = bool(patient.diagnosis(concepts.ALS).records)
    truth = TRUE if on_record and known.truth is UNKNOWN else FALSE
    facts = known.facts if truth is TRUE else ()
    return Finding("ALS recorded in a state that cannot be", truth, facts)


@question
def order_hinges_on_als(patient: Chart) -> Finding:
    """Intensive or neurotoxic therapy is ordered, and whether there is ALS cannot be told."""
    return all_of(
        als_in_doubt(patient),
        any_of(
            all_of(regimens.intensive_therapy(patient), questions.possible_acute_leukemia(patient)),
            *(patient.ordering(drug) for drug in concepts.VINCA_ALKALOIDS),
            patient.ordering(concepts.NELARABINE),
            patient.ordering(concepts.BLINATUMOMAB),
        ),
    )


def cytarabine_not_classified(patient: Chart) -> Finding:
    """In acute leukemia, a cytarabine order that route and dose leave open: asked at signing."""
    return all_of(
        questions.possible_acute_leukemia(patient), regimens.cytarabine_unclassified(patient)
    )


def at_signing(patient: Chart) -> Finding:
    """What makes the gaps a card of its own when orders are signed."""
    return any_of(cytarabine_not_classified(patient), order_hinges_on_als(patient))
