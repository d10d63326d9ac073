"""The laboratory criteria of tumor lysis syndrome (catalogue section 5.10).

Cairo MS, Bishop M, Br J Haematol 2004;127:3-11, as modified by Howard 2011, which drops the change
of 25 % (evidence CB04). Two or more of four within 24 h make the syndrome; values count for 12 h.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from cds_service.amount import Amount
from cds_service.chart import Chart, question
from cds_service.finding import FALSE, TRUE, UNKNOWN, Fact, Finding, Truth
from cds_service.readers import Bounds
from cds_service.terminology import Threshold
from hooks import concepts, thresholds
from hooks.calculations import calcium

CRITERIA_OF_THE_SYNDROME = 2


@dataclass(frozen=True, slots=True)
class Criterion:
    """One of the four: what was compared with which limit, and whether it is met.

    `truth` is unknown where there is no usable value, and for what is not judged in a child.
    """

    name: str
    bounds: Bounds | None
    unit: str
    truth: Truth
    facts: tuple[Fact, ...]


def criteria(patient: Chart) -> tuple[Criterion, ...]:
    """Potassium, phosphate, urate and calcium, in this order."""
    child = is_child(patient)
    phosphate = thresholds.TLS_PHOSPHATE_CHILD if child else thresholds.TLS_PHOSPHATE_ADULT
    window = thresholds.TUMOR_LYSIS_VALUES
    urate = patient.latest(concepts.URATE, window)
    return (
        _high("potassium", patient.latest(concepts.POTASSIUM, window), thresholds.TLS_POTASSIUM),
        _high("phosphate", patient.latest(concepts.PHOSPHATE, window), phosphate),
        _not_judged("urate", urate) if child else _high("urate", urate, thresholds.TLS_URATE),
        _low_calcium(patient),
    )


def is_child(patient: Chart) -> bool:
    """Under 18; an age that is not known is judged by the limits of adults, which are lower."""
    return patient.age().below(thresholds.ADULT).truth is TRUE


def met(patient: Chart) -> tuple[Criterion, ...]:
    """The criteria that values on record meet."""
    return tuple(each for each in criteria(patient) if each.truth is TRUE)


@question
def laboratory_syndrome(patient: Chart) -> Finding:
    """Two or more of the four criteria, by recent values."""
    found = criteria(patient)
    yes = [each for each in found if each.truth is TRUE]
    open_ones = [each for each in found if each.truth is UNKNOWN]
    window = patient.limit(thresholds.TUMOR_LYSIS_VALUES)
    words = f"Laboratory tumor lysis syndrome, by values within {window}"
    if len(yes) >= CRITERIA_OF_THE_SYNDROME:
        return Finding(words, TRUE, _facts(yes))
    if len(yes) + len(open_ones) >= CRITERIA_OF_THE_SYNDROME:
        return Finding(words, UNKNOWN, _facts(open_ones))
    return Finding(words, FALSE, _facts([each for each in found if each.truth is FALSE]))


def _facts(found: list[Criterion]) -> tuple[Fact, ...]:
    return tuple(fact for each in found for fact in each.facts)


def _high(name: str, amount: Amount, limit: Threshold) -> Criterion:
    return _criterion(name, amount, limit, amount.at_least(limit))


def _criterion(name: str, amount: Amount, limit: Threshold, finding: Finding) -> Criterion:
    return Criterion(name, amount.bounds, limit.units.display, finding.truth, finding.facts)


def _not_judged(name: str, amount: Amount) -> Criterion:
    """The limit of urate in a child is the upper end of the range for the age."""
    words = "Urate of a child: not judged, its limit depends on age"
    fact = Fact("urate of a child", lambda: words, missing=True)
    return Criterion(name, amount.bounds, "", UNKNOWN, (fact,))


def _low_calcium(patient: Chart) -> Criterion:
    """As reported corrected, else corrected here, else the total, said to be uncorrected."""
    limit = thresholds.TLS_CALCIUM
    reported = patient.latest(concepts.CALCIUM_CORRECTED, thresholds.TUMOR_LYSIS_VALUES)
    if reported.bounds is not None:
        return _criterion("calcium", reported, limit, reported.at_most(limit))
    total = patient.latest(concepts.CALCIUM, thresholds.TUMOR_LYSIS_VALUES)
    corrected = calcium.corrected_calcium_mg_per_dl(patient)
    if corrected is None:
        name = "calcium (not corrected for albumin)"
        return _criterion(name, total, limit, total.at_most(limit))
    return _computed(patient, corrected, total)


def _computed(patient: Chart, corrected: Decimal, total: Amount) -> Criterion:
    limit = patient.limit(thresholds.TLS_CALCIUM)
    albumin = patient.latest(concepts.ALBUMIN, thresholds.TUMOR_LYSIS_SHOWN)
    truth = TRUE if corrected <= limit.value else FALSE
    name = "calcium (corrected here for albumin)"
    bounds = Bounds.exactly(corrected)
    return Criterion(name, bounds, limit.units.display, truth, (total.fact, albumin.fact))
