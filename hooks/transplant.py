"""Whether an order leads to an allogeneic transplant: the transplant, its donor, its conditioning.

Codes decide where there are any. A name is read by its words, because these orders are written in
many ways ("Bone marrow transplant, allogeneic", "AlloSCT", "MUD transplant") and other orders
speak of a transplant that is over ("Chimerism, post BMT"). A transplant order that does not say
whose cells are given counts, and the card says so; one that says autologous does not, and neither
does the conditioning drafted with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

from cds_service.chart import ORDER_KEY, Chart, question
from cds_service.finding import FALSE, TRUE, Fact, Finding, all_of, any_of, none_of
from cds_service.orders import BY_CODE, Order
from cds_service.readers import texts
from hooks import concepts


class Donor(Enum):
    """Whose cells a transplant order speaks of."""

    SOMEBODY_ELSE = "allogeneic"
    THE_PATIENT = "autologous"
    NOT_STATED = "not stated"


_TRANSPLANTING = r"(?:transplant|tx\b|(?:hsct|hct|sct|bmt|pbsct)(?![a-z]))"

_PAST = re.compile(
    r"(?:\bpost|\bafter|\bfollowing|\bprior|\bs/p|\bfailed|\bprevious|\bhistory of|\bsince)[ -]*"
    rf"(?:(?!to )[a-z-]+[ -]+){{0,3}}?[a-z-]*?{_TRANSPLANTING}[a-z]*"
)
"""A transplant that was: the order, or its reason, only refers to it."""

_TO_COME = re.compile(
    rf"(?:\bprior to|\bbefore|\bpending)[ -]*(?:[a-z-]+[ -]+){{0,3}}?[a-z-]*?{_TRANSPLANTING}[a-z]*"
)
"""What is done before a transplant is another order than the transplant."""

_NO_BLOOD_TRANSPLANT = re.compile(
    r"chimerism|vaccin|immuni[sz]|follow[- ]?up|survivor|late effects|lymphocyte infusion|\bdli\b"
    r"|collection|harvest|apheresis|mobili[sz]|mesenchymal|fa?ecal|microbiota|kidney|renal|liver"
    r"|hepatic|heart|cardiac|\blung|pancrea|islet|cornea|limbal|hair|solid organ|gvhd|rejection"
)
_OTHERS = re.compile(r"(?<![a-z])allo(?:gen(?:e)?ic(?![a-z])|(?![a-z])|(?=hsct|hct|sct|bmt|pbsct))")
_OWN = re.compile(
    r"(?<![a-z])auto(?:log(?:o)?us(?![a-z])|graft|[- ]?(?=hsct|hct|sct|bmt|pbsct|transplant|tx\b))"
)
_STEM_CELLS = re.compile(r"stem[ -]cell|progenitor|marrow|transplant|hsct|hct|sct\b|bmt")
_DONOR = re.compile(r"donor search|search for (?:an? )?(?:\w+ )?donor|donor registry")
_DONOR_NAMED = re.compile(
    r"\b(?:haplo(?:identical)?|m?mud|msd|(?:un)?related donor|sibling donor|cord[ -]blood)"
    rf"[ ,-]+(?:[a-z-]+[ ,-]+){{0,4}}?{_TRANSPLANTING}"
)
_DONOR_OPEN = re.compile(
    r"(?:(?:stem|progenitor)[ -]cells?|marrow|ha?ematopoietic(?: cell)?)[ -]+(?:transplant|tx\b)"
    r"|(?<![a-z])(?:a-?sct|hsct|pbsct|bmt)(?![a-z])"
    r"|\btransplant(?:ation)? (?:evaluation|consult|referral|work-?up)"
    r"|\brefer\w* (?:to )?transplant"
    r"|(?:conditioning|preparative) (?:regimen|chemo)|total body irradiation|\btbi\b.*gy\b"
    r"|(?:ablative|intensity|transplant|hsct|bmt|\bric|\bmac|\b(?:flu|bu|cy)[a-z/0-9-]*)"
    r" +(?:\(\w+\) +)?conditioning"
)


def _name(order: Order) -> str:
    """What is ordered, in lower case, without the transplants that it only refers to."""
    resource = order.resource
    names = [*texts(resource.get("code")), *texts(resource.get("medicationCodeableConcept"))]
    names += [how for how in order.recognised.values() if how != BY_CODE]
    return _TO_COME.sub(" ", _PAST.sub(" ", " | ".join(names).lower()))


def _stated_by(order: Order) -> Donor:
    """By all that an order says outside its notes, which speak of other transplants too."""
    return _stated(_PAST.sub(" ", order.words_without_notes()))


def _stated(words: str) -> Donor:
    """By the words alone; an order that names both kinds leaves it open."""
    own, others = _OWN.search(words), _OTHERS.search(words)
    if bool(own) == bool(others):
        return Donor.NOT_STATED
    return Donor.THE_PATIENT if own else Donor.SOMEBODY_ELSE


def _named(order: Order) -> Donor | None:
    """Whose cells the name of an order without a known code speaks of; None for other orders."""
    name = _name(order)
    if _NO_BLOOD_TRANSPLANT.search(name):
        return None
    if _DONOR.search(name) or _DONOR_NAMED.search(name):
        return Donor.SOMEBODY_ELSE
    is_transplant = re.search(_TRANSPLANTING, name) and (_OTHERS.search(name) or _OWN.search(name))
    if is_transplant or _DONOR_OPEN.search(name):
        return _stated_by(order)
    return None


def _is_coded(order: Order, kind: str) -> bool:
    return order.recognised.get(kind) == BY_CODE


def donor(order: Order) -> Donor | None:
    """Whose cells an order of transplant, donor search or conditioning is about."""
    if _is_coded(order, concepts.ALLOGENEIC_TRANSPLANT.id):
        return Donor.SOMEBODY_ELSE
    if _is_coded(order, concepts.AUTOLOGOUS_TRANSPLANT.id):
        return Donor.THE_PATIENT
    is_conditioning = any(drug.id in order.recognised for drug in concepts.CONDITIONING_AGENTS)
    if is_conditioning or _is_coded(order, concepts.TRANSPLANT_DONOR_NOT_STATED.id):
        return _stated_by(order)
    return _named(order)


def _fact(order: Order, whose: Donor) -> Fact:
    """The order as the card names it, saying so when only its name was recognised."""
    drug = next((d for d in concepts.CONDITIONING_AGENTS if d.id in order.recognised), None)
    title = f"{drug.title} (conditioning)" if drug else _TITLES[whose]
    by_code = any(how == BY_CODE for how in order.recognised.values())
    how = "" if by_code else " (recognised by name, no known code)"
    return Fact(f"{ORDER_KEY}{order.reference}", lambda: f"Order: {title}{how}")


_TITLES = {
    Donor.SOMEBODY_ELSE: concepts.ALLOGENEIC_TRANSPLANT.title,
    Donor.NOT_STATED: concepts.TRANSPLANT_DONOR_NOT_STATED.title,
}


def _selected(patient: Chart, whose: Donor) -> Iterator[Order]:
    donors = _donors(patient)
    return (each for each in patient.orders if each.selected and donors[id(each)] is whose)


def _donors(patient: Chart) -> dict[int, Donor | None]:
    """Whose cells each draft is about: its name is read once."""
    return patient.recall(_donors, lambda: {id(order): donor(order) for order in patient.orders})


def _ordering(patient: Chart, whose: Donor, words: str) -> Finding:
    kinds = (concepts.ALLOGENEIC_TRANSPLANT, concepts.TRANSPLANT_DONOR_NOT_STATED)
    patient.asked |= {kind.id for kind in (*kinds, *concepts.CONDITIONING_AGENTS)}
    facts = tuple(_fact(order, whose) for order in _selected(patient, whose))
    nothing = Fact("transplant", lambda: f"{words}: not among the orders looked at")
    return Finding(words, TRUE if facts else FALSE, facts or (nothing,))


@question
def autologous_transplant(patient: Chart) -> Finding:
    """Some draft, selected or not, is a transplant or collection of the patient's own cells."""
    patient.asked.add(concepts.AUTOLOGOUS_TRANSPLANT.id)
    said = Donor.THE_PATIENT in _donors(patient).values()
    found = said or any(_own_cells(order) for order in patient.orders)
    fact = Fact("transplant donor", lambda: "A draft speaks of an autologous transplant")
    truth = TRUE if found else FALSE
    return Finding("An autologous transplant is drafted", truth, (fact,) if found else ())


def _own_cells(order: Order) -> bool:
    """Collecting the patient's stem cells goes before an autologous transplant."""
    about_them = _STEM_CELLS.search(order.words_without_notes()) is not None
    return about_them and _stated_by(order) is Donor.THE_PATIENT


@question
def allogeneic_transplant(patient: Chart) -> Finding:
    """An allogeneic transplant, a donor search or conditioning is selected or being signed."""
    return any_of(
        _ordering(patient, Donor.SOMEBODY_ELSE, "Ordering an allogeneic transplant or its donor"),
        all_of(
            _ordering(
                patient, Donor.NOT_STATED, "Ordering a transplant or conditioning, donor not stated"
            ),
            none_of(autologous_transplant(patient)),
        ),
    )


def donor_line(patient: Chart) -> str | None:
    """Says that the orders leave the donor open."""
    if Donor.SOMEBODY_ELSE in _donors(patient).values():
        return None
    return "The order does not state the donor: this advice is for an allogeneic transplant."
