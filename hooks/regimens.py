"""How intensive the ordered antileukemic drugs are (catalogue section 5.8).

Most intensive drugs say it by their name. Cytarabine and methotrexate need route and dose: low-dose
cytarabine under the skin is palliative, 100-200 mg/m2 a day into the vein is induction. What cannot
be told is unknown, never assumed.
"""

from __future__ import annotations

import re
from decimal import Decimal
from enum import Enum

from cds_service.chart import Chart, order_fact, question
from cds_service.dosage import Dose
from cds_service.finding import FALSE, TRUE, UNKNOWN, Fact, Finding, Truth, all_of, any_of
from cds_service.orders import Order
from cds_service.terminology import Orderable
from hooks import concepts, dosing, thresholds

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

LOW_DAILY_MG_PER_M2 = Decimal(40)
LOW_SINGLE_MG = Decimal(40)
LOW_DAILY_MG_WITHOUT_AREA = Decimal(80)
INTENSIVE_DAILY_MG_PER_M2 = Decimal(100)
INTENSIVE_DAILY_MG_WITHOUT_AREA = Decimal(150)
TWICE = Decimal(2)


class Intensity(Enum):
    """What an order of cytarabine or methotrexate amounts to."""

    INTENSIVE = "intensive"
    LOW = "low-dose"
    INTRATHECAL = "intrathecal"
    UNKNOWN = "cannot be classified"


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
        fact = Fact(drug.id, lambda: f"{drug.title}: not among the selected orders")
        return Finding(words, FALSE, (fact,))
    assert callable(classify)
    found = [(order, classify(patient, order)) for order in orders]
    truth: Truth = max(_TRUTHS.get(intensity, FALSE) for _, intensity in found)
    facts = [order_fact(order, drug) for order, _ in found]
    if truth is UNKNOWN:
        gap = f"Order of {drug.title}: intensity cannot be classified without route and dose"
        facts = [Fact(f"{drug.id} intensity", lambda: gap, missing=True)]
    return Finding(words, truth, tuple(facts))


def cytarabine_intensity(patient: Chart, order: Order) -> Intensity:
    """By route, dose and frequency; several statements of one dose count by the clearest."""
    area = dosing.body_surface_area_m2(patient)
    found = {_one_dose(dose, area, _words(dose, order)) for dose in order.doses()}
    for intensity in (Intensity.INTENSIVE, Intensity.LOW, Intensity.INTRATHECAL):
        if intensity in found:
            return intensity
    return Intensity.UNKNOWN


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


def _one_dose(dose: Dose, area: Decimal | None, words: str) -> Intensity:
    if _is_intrathecal(words):
        return Intensity.INTRATHECAL
    under_skin, into_vein = _SUBCUTANEOUS.search(words), _INTRAVENOUS.search(words)
    if bool(under_skin) == bool(into_vein):
        return Intensity.UNKNOWN
    single = _in_mg(dose)
    if single is None:
        return Intensity.UNKNOWN
    amount, per_area, per_day = single
    per_m2 = amount if per_area else (amount / area if area else None)
    in_mg = amount if not per_area else (amount * area if area else None)
    if into_vein:
        return _intravenous(per_m2, in_mg, dose.times_per_day, per_day)
    return _subcutaneous(per_m2, in_mg, dose.times_per_day, per_day)


def _intravenous(
    per_m2: Decimal | None, in_mg: Decimal | None, times: Decimal | None, per_day: bool
) -> Intensity:
    """A single dose at the daily limit is intensive however often it is given."""
    factor = Decimal(1) if per_day or times is None else max(times, Decimal(1))
    if per_m2 is not None:
        intensive = per_m2 * factor >= INTENSIVE_DAILY_MG_PER_M2
    else:
        intensive = in_mg is not None and in_mg * factor >= INTENSIVE_DAILY_MG_WITHOUT_AREA
    return Intensity.INTENSIVE if intensive else Intensity.UNKNOWN


def _subcutaneous(
    per_m2: Decimal | None, in_mg: Decimal | None, times: Decimal | None, per_day: bool
) -> Intensity:
    """Up to 40 mg/m2 a day in total, or up to 40 mg twice a day; unknown counts as twice."""
    factor = Decimal(1) if per_day else (times or TWICE)
    if per_m2 is not None and per_m2 * factor <= LOW_DAILY_MG_PER_M2:
        return Intensity.LOW
    if in_mg is not None and not per_day and factor <= TWICE and in_mg <= LOW_SINGLE_MG:
        return Intensity.LOW
    if per_m2 is None and in_mg is not None and in_mg * factor <= LOW_DAILY_MG_WITHOUT_AREA:
        return Intensity.LOW
    return Intensity.UNKNOWN


_UNIT = re.compile(
    r"(?P<mass>mcg|ug|µg|mg|g|gm)"
    r"(?P<area>/(?:m2|m²|m\^2|m\*2|sqm|sq\.m|bsa|\{m2\}))?"
    r"(?P<time>/(?:d|day|24h|24\.h|24hr|24hours))?(?P<dose>/(?:dose|\{dose\}))?"
)
_IN_MG = {
    "mg": Decimal(1),
    "g": Decimal(1000),
    "gm": Decimal(1000),
    "mcg": Decimal("0.001"),
    "ug": Decimal("0.001"),
    "µg": Decimal("0.001"),
}


def _in_mg(dose: Dose) -> tuple[Decimal, bool, bool] | None:
    """Amount in mg, whether per m2, whether per day rather than per dose."""
    for amount, unit in ((dose.amount, dose.unit), (dose.rate, dose.rate_unit)):
        plain = unit.lower().replace(" ", "").replace("(24.h)", "24h").replace("(m2.d)", "m2/d")
        match = _UNIT.fullmatch(plain)
        if amount is not None and match is not None:
            is_rate = unit == dose.rate_unit and dose.amount is None
            if is_rate and not match["time"]:
                continue
            return amount * _IN_MG[match["mass"]], bool(match["area"]), bool(match["time"])
    return None


def methotrexate_intensity(patient: Chart, order: Order) -> Intensity:
    """High dose is intravenous and 500 mg/m2 or more; everything else is not intensive."""
    area = dosing.body_surface_area_m2(patient)
    found = {_one_methotrexate(dose, area, _words(dose, order)) for dose in order.doses()}
    return Intensity.INTENSIVE if Intensity.INTENSIVE in found else Intensity.LOW


def _one_methotrexate(dose: Dose, area: Decimal | None, words: str) -> Intensity:
    single = _in_mg(dose)
    if single is None or _is_intrathecal(words) or not _INTRAVENOUS.search(words):
        return Intensity.LOW
    amount, per_area, _ = single
    # Without a body surface area the largest plausible one (2.5 m2) decides: no false alarm.
    per_m2 = amount if per_area else amount / (area or Decimal("2.5"))
    return Intensity.INTENSIVE if per_m2 >= thresholds.HIGH_DOSE_METHOTREXATE else Intensity.LOW


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
