"""Whether an order leads to an allogeneic transplant: the transplant, its donor, its conditioning.

A transplant order that does not say whose cells are given counts, and the card says so; one that
says autologous does not, and neither does the conditioning drafted with it.
"""

from __future__ import annotations

from cds_service.chart import Chart, question
from cds_service.finding import FALSE, TRUE, Fact, Finding, all_of, any_of, none_of
from cds_service.orders import Order
from hooks import concepts

_OWN_CELLS = ("autologous", "auto-hsct", "auto-sct", "autograft")


def _says_own_cells(order: Order) -> bool:
    autologous = concepts.AUTOLOGOUS_TRANSPLANT.id in order.recognised
    # A note may say that autologous cells were considered; what and why must say that they are it.
    return autologous or any(word in order.words_without_notes() for word in _OWN_CELLS)


@question
def autologous_transplant(patient: Chart) -> Finding:
    """Some draft, selected or not, is a transplant of the patient's own cells."""
    found = any(_says_own_cells(order) for order in patient.orders)
    fact = Fact("transplant donor", lambda: "A draft speaks of an autologous transplant")
    truth = TRUE if found else FALSE
    return Finding("An autologous transplant is drafted", truth, (fact,) if found else ())


@question
def allogeneic_transplant(patient: Chart) -> Finding:
    """An allogeneic transplant, a donor search or conditioning is selected or being signed."""
    return any_of(
        patient.ordering(concepts.ALLOGENEIC_TRANSPLANT),
        all_of(
            any_of(
                patient.ordering(concepts.TRANSPLANT_DONOR_NOT_STATED),
                *(patient.ordering(agent) for agent in concepts.CONDITIONING_AGENTS),
            ),
            none_of(autologous_transplant(patient)),
        ),
    )


def donor_line(patient: Chart) -> str | None:
    """Says that the order leaves the donor open."""
    orders = patient.selected(concepts.TRANSPLANT_DONOR_NOT_STATED)
    if not any("allo" not in order.words() for order in orders):
        return None
    return "The order does not state the donor: this advice is for an allogeneic transplant."
