"""How intensive the ordered antileukemic drugs are (catalogue section 5.8).

Most intensive drugs say it by their name. Cytarabine and methotrexate need route and dose: low-dose
cytarabine under the skin is palliative, 100-200 mg/m2 a day into the vein is induction. What cannot
be told is unknown, never assumed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from cds_service.chart import ORDER_KEY, Chart, order_fact, question
from cds_service.dosage import Dose
from cds_service.finding import FALSE, TRUE, UNKNOWN, Fact, Finding, Truth, all_of, any_of
from cds_service.orders import Order
from cds_service.readers import texts
from cds_service.terminology import Orderable, Threshold
from hooks import concepts, thresholds
from hooks.calculations import body, cytarabine, stated_dose
from hooks.calculations.stated_dose import StatedDose

Intensity = cytarabine.Intensity

INTENSIVE_BY_NAME = (
    *concepts.ANTHRACYCLINES,
    concepts.MITOXANTRONE,
    concepts.CPX_351,
    concepts.FLUDARABINE,
    concepts.CLADRIBINE,
    concepts.CLOFARABINE,
    concepts.ETOPOSIDE,
    *concepts.ASPARAGINASES,
    concepts.INTENSIVE_PROTOCOL,
)
"""Drugs that are given for acute leukemia only as part of an intensive regimen."""

REGIMEN_PARTNERS = (concepts.CYCLOPHOSPHAMIDE, concepts.VINCRISTINE)
"""Not intensive alone, but removed together with the intensive drugs of their regimen."""

REGIMEN_DRUGS = (
    concepts.CYTARABINE,
    concepts.METHOTREXATE,
    *INTENSIVE_BY_NAME,
    *REGIMEN_PARTNERS,
)
"""Whatever may belong to an intensive regimen, the first two by route and dose."""

_SUBCUTANEOUS = re.compile(r"subcut|sub-cut|subq|sub-q|\bs\.?c\.?\b|under the skin|hypoderm")
_INTRAVENOUS = re.compile(r"intraven|\bi\.?v\.?\b|infus|continuous|\bciv?i?\b|central line")
_INTRATHECAL = re.compile(r"intrathec|lumbar puncture|intraventric|ommaya")
_IT = re.compile(r"\bi\.?t\.?\b")
"""IT is a route only where no other is said: "infuse it over 3 hours" speaks of the drug."""

_ROUTES = (
    ("intrathecal", concepts.VALUE_SETS["intrathecal-route"].codes),
    ("subcutaneous", concepts.VALUE_SETS["subcutaneous-route"].codes),
    ("intravenous", concepts.VALUE_SETS["intravenous-route"].codes),
)
"""A coded route, in the word that the patterns read."""

_NAMED_HIGH_DOSE = re.compile(
    r"\bhi-?dac\b|\bhd-?ara-?c\b|\bhigh[- ]dose\s+(?:cytarabine|ara-?c|cytosine)"
    r"|\b(?:cytarabine|ara-c)\W+high[- ]dose\b"
)
"""A product or order that is called high-dose cytarabine."""

_STEROID_BY_NAME = re.compile(r"\bhydrocortisone\b|\b(?:methyl)?prednisolone\b")
_ELSEWHERE = re.compile(
    r"\boral(?:ly)?\b|\bby mouth\b|\bp\.?o\.?\b|\btab(?:let)?s?\b|\bcap(?:sule)?s?\b|intramusc"
)
"""Routes that are neither into the spinal fluid nor one that the intensity depends on."""

_TRUTHS = {Intensity.INTENSIVE: TRUE, Intensity.UNKNOWN: UNKNOWN}


@question
def intensive_therapy(patient: Chart) -> Finding:
    """Any selected order makes the treatment intensive."""
    return any_of(
        *(patient.ordering(drug) for drug in INTENSIVE_BY_NAME),
        _by_dose(patient, concepts.CYTARABINE, cytarabine_intensity),
        _by_dose(patient, concepts.METHOTREXATE, methotrexate_intensity),
    )


def _by_dose(patient: Chart, drug: Orderable, classify: object) -> Finding:
    """The most intensive of the selected orders of a drug that its dose decides."""
    words = f"Ordering intensive {drug.title}, by route and dose"
    patient.asked.add(drug.id)
    orders = patient.selected(drug)
    if not orders:
        return Finding(words, FALSE, (_not_selected(drug),))
    assert callable(classify)
    found = [(order, _TRUTHS.get(classify(patient, order), FALSE)) for order in orders]
    truth: Truth = max(each for _, each in found)
    # A low-dose order beside an intensive one is not what the card is about.
    facts = [order_fact(order, drug) for order, each in found if each is truth]
    if truth is UNKNOWN:
        facts = [_not_classified(drug)]
    return Finding(words, truth, tuple(facts))


def cytarabine_intensity(patient: Chart, order: Order) -> Intensity:
    """By route, dose and frequency; several statements of one dose count by the clearest."""
    area = body.body_surface_area_m2(patient)
    found = {_one_dose(dose, area, order) for dose in order.doses()}
    named_high = _is_named_high_dose(order)
    if Intensity.INTENSIVE in found:
        return Intensity.INTENSIVE
    if Intensity.LOW in found:
        # A low dose under the name of a high one, or for longer than any trial: not told.
        return Intensity.UNKNOWN if named_high or _is_too_long(order) else Intensity.LOW
    if Intensity.INTRATHECAL in found:
        return Intensity.INTRATHECAL
    return Intensity.INTENSIVE if named_high else Intensity.UNKNOWN


def _is_too_long(order: Order) -> bool:
    lengths = [stated.days for dose in order.doses() if (stated := _stated(dose, order))]
    return any(days is not None and days > cytarabine.LOW_LONGEST_DAYS for days in lengths)


def _is_named_high_dose(order: Order) -> bool:
    """By the name of what is ordered, not by a reason or note that speaks of another time."""
    names = [*texts(order.resource.get("medicationCodeableConcept"))]
    names += [*texts(order.resource.get("code")), *order.recognised.values()]
    return any(_NAMED_HIGH_DOSE.search(name.lower()) for name in names)


def _stated(dose: Dose, order: Order) -> StatedDose | None:
    return stated_dose.read(dose, order.words_without_notes())


def _words(dose: Dose, order: Order) -> str:
    """What the instruction says of the route, coded first; if nothing, what the order says."""
    for words, codes in _ROUTES:
        if any(route in codes for route in dose.route_codes):
            return words
    routes = (_SUBCUTANEOUS, _INTRAVENOUS, _INTRATHECAL, _IT)
    return dose.words if any(route.search(dose.words) for route in routes) else order.words()


def _is_intrathecal(words: str) -> bool:
    elsewhere = _SUBCUTANEOUS.search(words) or _INTRAVENOUS.search(words)
    return bool(_INTRATHECAL.search(words) or (_IT.search(words) and not elsewhere))


def _route(dose: Dose, order: Order) -> str | None:
    """Intrathecal, subcutaneous or intravenous; None for any other, for two, and for none."""
    words = _words(dose, order)
    if _is_intrathecal(words):
        return "intrathecal"
    under_skin, into_vein = _SUBCUTANEOUS.search(words), _INTRAVENOUS.search(words)
    if bool(under_skin) == bool(into_vein):
        return None
    return "subcutaneous" if under_skin else "intravenous"


def _one_dose(dose: Dose, area: Decimal | None, order: Order) -> Intensity:
    route = _route(dose, order)
    if route == "intrathecal":
        return Intensity.INTRATHECAL
    stated = _stated(dose, order)
    if route is None or stated is None:
        return Intensity.UNKNOWN
    if route == "intravenous":
        return cytarabine.intravenous_intensity(stated, area)
    return cytarabine.subcutaneous_intensity(stated, area)


def cytarabine_daily_mg_per_m2(patient: Chart, order: Order) -> Decimal | None:
    """The largest day's dose that an order states; None where it cannot be told."""
    return _largest(patient, order, cytarabine.daily_mg_per_m2)


def cytarabine_daily_mg(patient: Chart, order: Order) -> Decimal | None:
    """The largest day's dose for the whole body: the flat schedule is one of milligrams."""
    return _largest(patient, order, cytarabine.daily_mg)


def _largest(
    patient: Chart, order: Order, of: Callable[[StatedDose, Decimal | None], Decimal | None]
) -> Decimal | None:
    area = body.body_surface_area_m2(patient)
    stated = [_stated(dose, order) for dose in order.doses()]
    found = [amount for each in stated if each and (amount := of(each, area)) is not None]
    return max(found, default=None)


def methotrexate_intensity(patient: Chart, order: Order) -> Intensity:
    """High dose is intravenous and 500 mg/m2 or more; everything else is not intensive."""
    area = body.body_surface_area_m2(patient)
    limit = patient.limit(thresholds.HIGH_DOSE_METHOTREXATE).value
    found = {_one_methotrexate(dose, area, order, limit) for dose in order.doses()}
    return Intensity.INTENSIVE if Intensity.INTENSIVE in found else Intensity.LOW


def _one_methotrexate(dose: Dose, area: Decimal | None, order: Order, limit: Decimal) -> Intensity:
    words = _words(dose, order)
    stated = _stated(dose, order)
    if stated is None or _is_intrathecal(words) or not _INTRAVENOUS.search(words):
        return Intensity.LOW
    # Without a body surface area the largest plausible one (2.5 m2) decides: no false alarm.
    per_m2 = stated.amount_mg_per_m2(area or Decimal("2.5")) or Decimal(0)
    return Intensity.INTENSIVE if per_m2 >= limit else Intensity.LOW


# -- questions about cytarabine and the spinal fluid ----------------------------------------------


@question
def low_dose_cytarabine(patient: Chart) -> Finding:
    """Some selected cytarabine is low-dose; unknown while one cannot be classified."""
    intensities = (Intensity.LOW, Intensity.UNKNOWN)
    return _of_cytarabine(
        patient, "Ordering low-dose cytarabine, by route and dose", *_having(patient, *intensities)
    )


@question
def cytarabine_unclassified(patient: Chart) -> Finding:
    """Some selected cytarabine cannot be classified by its route and dose."""
    words = "Ordering cytarabine that cannot be classified"
    open_orders = _having(patient, Intensity.UNKNOWN)[0]
    if not open_orders:
        return _of_cytarabine(patient, words, [], [])
    return Finding(words, TRUE, (_not_classified(concepts.CYTARABINE),))


@question
def high_dose_cytarabine(patient: Chart) -> Finding:
    """Some selected cytarabine is intravenous with a single dose of 1 g/m2 or more."""
    answers = [
        (order, _high_dose(patient, order)) for order in patient.selected(concepts.CYTARABINE)
    ]
    yes = [order for order, truth in answers if truth is TRUE]
    open_orders = [order for order, truth in answers if truth is UNKNOWN]
    words = "Ordering high-dose cytarabine, by route and dose"
    return _of_cytarabine(patient, words, yes, open_orders)


def _having(patient: Chart, *intensities: Intensity) -> tuple[list[Order], ...]:
    """The selected orders of cytarabine of each intensity."""
    orders = patient.selected(concepts.CYTARABINE)
    found = [(order, cytarabine_intensity(patient, order)) for order in orders]
    return tuple([order for order, is_so in found if is_so is each] for each in intensities)


def _of_cytarabine(
    patient: Chart, words: str, yes: list[Order], open_orders: list[Order]
) -> Finding:
    drug = concepts.CYTARABINE
    patient.asked.add(drug.id)
    if yes:
        return Finding(words, TRUE, tuple(order_fact(order, drug) for order in yes))
    if open_orders:
        return Finding(words, UNKNOWN, (_not_classified(drug),))
    orders = patient.selected(drug)
    facts = tuple(order_fact(order, drug) for order in orders)
    return Finding(words, FALSE, facts or (_not_selected(drug),))


def _not_selected(drug: Orderable) -> Fact:
    return Fact(drug.id, lambda: f"{drug.title}: not among the orders looked at")


def _not_classified(drug: Orderable) -> Fact:
    words = f"Order of {drug.title}: intensity cannot be classified without route and dose"
    return Fact(f"{drug.id} intensity", words.__str__, missing=True)


def _high_dose(patient: Chart, order: Order) -> Truth:
    """Of several statements of one dose the clearest, a high one before all."""
    area = body.body_surface_area_m2(patient)
    limit = patient.limit(thresholds.HIGH_DOSE_CYTARABINE)
    found = {_is_high(dose, area, order, limit) for dose in order.doses()}
    if TRUE in found or (FALSE not in found and _is_named_high_dose(order)):
        return TRUE
    return FALSE if FALSE in found and not _is_named_high_dose(order) else UNKNOWN


def _is_high(dose: Dose, area: Decimal | None, order: Order, limit: Threshold) -> Truth:
    route = _route(dose, order)
    if route == "intrathecal":
        return FALSE
    stated = _stated(dose, order)
    if route is None or stated is None:
        return UNKNOWN
    high = cytarabine.is_high_dose(stated, area, limit)
    # A gram under the skin is no dose that anyone gives: one of the two is not as stated.
    return UNKNOWN if high is TRUE and route == "subcutaneous" else high


@question
def intrathecal_drug(patient: Chart) -> Finding:
    """A selected methotrexate, cytarabine or steroid is for the spinal fluid."""
    words = "Ordering an intrathecal drug, by its route"
    routes = [(order, _goes_intrathecal(order)) for order in patient.orders if order.selected]
    yes = [order for order, truth in routes if truth is TRUE]
    if yes:
        return Finding(words, TRUE, tuple(intrathecal_fact(order) for order in yes))
    if any(truth is UNKNOWN for _, truth in routes):
        gap = Fact("intrathecal drug", lambda: "Route of a drug: not stated", missing=True)
        return Finding(words, UNKNOWN, (gap,))
    fact = Fact("intrathecal drug", lambda: "Intrathecal drug: not among the orders looked at")
    return Finding(words, FALSE, (fact,))


def intrathecal_fact(order: Order) -> Fact:
    """The drug by its own name: several may be on the screen."""
    drugs = (concepts.METHOTREXATE, concepts.CYTARABINE, *_INTRATHECAL_STEROIDS)
    known = next((drug for drug in drugs if drug.id in order.recognised), None)

    def say() -> str:
        if known is not None:
            return f"{order_fact(order, known).say()}: given intrathecally"
        named = next(texts(order.resource.get("medicationCodeableConcept")), "drug")
        return f"Order: {named[:_LONGEST_NAME]}, given intrathecally"

    return Fact(f"{ORDER_KEY}{order.reference}", say)


_INTRATHECAL_STEROIDS = (concepts.DEXAMETHASONE, concepts.PREDNISONE)
_LONGEST_NAME = 100


def _goes_intrathecal(order: Order) -> Truth:
    """Cytarabine and methotrexate are unknown without a route; steroids are given elsewhere."""
    by_any_route = {concepts.CYTARABINE.id, concepts.METHOTREXATE.id} & order.recognised.keys()
    steroids = {drug.id for drug in _INTRATHECAL_STEROIDS} & order.recognised.keys()
    named = order.words_without_notes()
    if not (by_any_route or steroids or _STEROID_BY_NAME.search(named)):
        return FALSE
    said = [f"{_words(dose, order)} {dose.words}" for dose in order.doses()] or [order.words()]
    if any(_is_intrathecal(words) for words in said):
        return TRUE
    known = (_SUBCUTANEOUS, _INTRAVENOUS, _ELSEWHERE)
    told = all(any(route.search(words) for route in known) for words in said)
    return FALSE if told or not by_any_route else UNKNOWN


# -- the whole regimen ----------------------------------------------------------------------------


def regimen_orders(patient: Chart) -> list[Order]:
    """Every drafted drug of the intensive regimen, selected or not; steroids are not among them."""
    found = {
        order.reference: order for drug in INTENSIVE_BY_NAME for order in patient.drafted(drug)
    }
    for order in patient.drafted(concepts.CYTARABINE):
        if cytarabine_intensity(patient, order) in (Intensity.INTENSIVE, Intensity.UNKNOWN):
            found[order.reference] = order
    for order in patient.drafted(concepts.METHOTREXATE):
        if methotrexate_intensity(patient, order) is Intensity.INTENSIVE:
            found[order.reference] = order
    for drug in REGIMEN_PARTNERS:
        found |= {order.reference: order for order in patient.drafted(drug)}
    return [order for order in patient.orders if order.reference in found and order.id]


@question
def apl_regimen(patient: Chart) -> Finding:
    """ATRA with an anthracycline for high-risk APL: part of a curative standard there."""
    tretinoin = patient.drafted(concepts.TRETINOIN)
    drafted = Finding("Drafting tretinoin", TRUE if tretinoin else FALSE)
    return all_of(
        patient.has(concepts.APL),
        patient.latest(concepts.LEUKOCYTES, thresholds.OLD_COUNT).above(thresholds.APL_HIGH_RISK),
        any_of(*(patient.ordering(drug) for drug in concepts.ANTHRACYCLINES)),
        any_of(drafted, patient.taking(concepts.TRETINOIN)),
    )
