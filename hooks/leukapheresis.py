"""Whether a leukapheresis order removes leukocytes to treat, or collects cells (section 5.9).

The same codes serve both. A reason or category that speaks of collection wins over the code; a
code or text that says "therapeutic" needs no count; else a count of 50 or more decides.
"""

from __future__ import annotations

import re

from cds_service.chart import Chart, order_fact, question
from cds_service.finding import FALSE, TRUE, UNKNOWN, Fact, Finding
from cds_service.orders import Order
from cds_service.terminology import Orderable
from hooks import concepts, questions, thresholds


def _any_of(words: str) -> re.Pattern[str]:
    """Words by their beginning: immobilized is not mobilized, and handling holds no "dli"."""
    return re.compile(rf"(?<![a-z])(?:{words})")


_COLLECTION = _any_of(
    r"stem[ -]cell|progenitor|hpc\b|pbsc|harvest|car[ -]t\b|cart cell|chimeric|dli\b"
    r"|(?:lymphocyte|cell|leukocyte) collection"
    r"|plateletpheresis|plasma exchange|plasmapheresis|photopheresis|erythrocyt|red cell exchange"
)
_COLLECTION_OUTSIDE_NOTES = _any_of(r"collection|donor|donation|granulocyte|transplant|mobili[sz]")
"""A note may say these of samples, of the patient's future or of getting out of bed."""

_EMERGENCY = _any_of(r"leu[kc]ostasis|hyperleu[kc]ocyt")
"""The reason to treat, also in a patient who may be transplanted later."""

_COLLECTING_PLACES = ("donor", "donation", "collection")
"""Transplant units treat too: of a performer only these words tell."""

_THERAPEUTIC = (
    "therapeutic", "leukostasis", "leucostasis", "hyperleukocyt", "hyperleucocyt", "cytoreduc",
    "leukoreduc", "leukocytoreduc", "leukodeplet", "depletion", "white count reduction",
)  # fmt: skip

_THERAPEUTIC_CODES = frozenset(
    key
    for key, display in concepts.LEUKAPHERESIS.codes.codes.items()
    if display.startswith("Therapeutic")
)


def _kinds(patient: Chart) -> list[tuple[Order, Orderable]]:
    """Selected orders that are leukapheresis by code or name, or apheresis of leukocytes."""
    own = [(order, concepts.LEUKAPHERESIS) for order in patient.selected(concepts.LEUKAPHERESIS)]
    parent = patient.selected(concepts.APHERESIS)
    return own + [(o, concepts.APHERESIS) for o in parent if _says_leukocytes(o)]


def _says_leukocytes(order: Order) -> bool:
    return any(word in order.words() for word in ("leuk", "leuc", "white"))


def _is_collection(order: Order) -> bool:
    places = order.places()
    if concepts.OTHER_APHERESIS.id in order.recognised:
        return True
    words = order.words_without_notes()
    stated = None if _EMERGENCY.search(words) else _COLLECTION_OUTSIDE_NOTES.search(words)
    return bool(stated or _COLLECTION.search(order.words())) or any(
        word in places for word in _COLLECTING_PLACES
    )


def _is_stated_therapeutic(order: Order) -> bool:
    words = order.words()
    return bool(order.codings & _THERAPEUTIC_CODES) or any(word in words for word in _THERAPEUTIC)


def therapeutic_orders(patient: Chart) -> list[Order]:
    """The selected leukapheresis orders that do not collect cells."""
    return [order for order, _ in _kinds(patient) if not _is_collection(order)]


@question
def therapeutic_leukapheresis(patient: Chart) -> Finding:
    """A selected order that depletes leukocytes, stated or assumed from the count."""
    words = "Ordering therapeutic leukapheresis"
    patient.asked.add(concepts.LEUKAPHERESIS.id)
    orders = [(order, kind) for order, kind in _kinds(patient) if not _is_collection(order)]
    if not orders:
        fact = Fact(
            "leukapheresis", lambda: "Leukapheresis to treat: not among the orders looked at"
        )
        return Finding(words, FALSE, (fact,))
    facts = tuple(order_fact(order, kind) for order, kind in orders)
    if any(_is_stated_therapeutic(order) for order, _ in orders):
        return Finding(words, TRUE, facts)
    apl = questions.apl_suspected_or_confirmed(patient)
    if apl.truth is TRUE:
        # Nobody collects cells in live APL, and the procedure can kill: silence is the worse error.
        assumed = Fact("leukapheresis purpose", lambda: "Purpose not stated: assumed therapeutic")
        return Finding(words, TRUE, (*facts, assumed, *apl.deciding()))
    high = patient.latest(concepts.LEUKOCYTES, thresholds.OLD_COUNT).at_least(thresholds.HIGH_COUNT)
    if high.truth is TRUE:
        assumed = Fact("leukapheresis purpose", lambda: "Purpose not stated: assumed therapeutic")
        return Finding(words, TRUE, (*facts, assumed, *high.facts))
    if apl.truth is UNKNOWN:
        # A count that is not high says collection only where APL is ruled out.
        return Finding(words, UNKNOWN, (*high.facts, *apl.deciding()))
    return Finding(words, high.truth, high.facts)
