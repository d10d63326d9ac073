"""ECOG and Karnofsky performance status beside each other (catalogue section 5.4).

The scales are not one-to-one. A Karnofsky score stands for the range of ECOG grades that the
classic table and Prasad KT et al. 2018 (evidence KPSECOG) span, and decides a question about ECOG
only where the whole range agrees. Of the two the newer counts. Of the same time ECOG itself
counts, and where the two contradict each other the answer is unknown.
"""

from __future__ import annotations

from decimal import Decimal

from cds_service.amount import Amount
from cds_service.chart import Chart, question
from cds_service.finding import FALSE, TRUE, UNKNOWN, Fact, Finding
from cds_service.readers import Bounds
from cds_service.terminology import Measurement, Threshold, Window
from hooks import concepts, thresholds, units

KARNOFSKY_BELOW_ECOG_3 = Threshold(
    "karnofsky-below-ecog-3",
    Decimal(70),
    units.KARNOFSKY_SCORE,
    "70 or more is ECOG 2 at worst.",
    "KPSECOG",
)

_ECOG_OF_KARNOFSKY = (
    (Decimal(100), (0, 0)),
    (Decimal(90), (0, 1)),
    (Decimal(80), (1, 1)),
    (Decimal(70), (1, 2)),
    (Decimal(50), (2, 3)),
    (Decimal(30), (3, 4)),
    (Decimal(0), (4, 4)),
)


def ecog_range(karnofsky: Decimal) -> tuple[int, int]:
    """Best and worst ECOG grade that a Karnofsky score may stand for."""
    return next(grades for least, grades in _ECOG_OF_KARNOFSKY if karnofsky >= least)


def ecog_of_karnofsky(score: Bounds) -> str | None:
    """The range in words, "2-3"; None for a score that is itself a range."""
    if score.low is None or not score.is_exact():
        return None
    best, worst = ecog_range(score.low)
    return str(best) if best == worst else f"{best}-{worst}"


@question
def ecog_at_least_2(patient: Chart) -> Finding:
    """ECOG 2 or worse; a Karnofsky score says so from 60 down and denies it from 80 up."""
    return _worse(
        patient, thresholds.UNFIT_ECOG, thresholds.UNFIT_KARNOFSKY, thresholds.FIT_KARNOFSKY
    )


@question
def ecog_at_least_3(patient: Chart) -> Finding:
    """ECOG 3 or worse; a Karnofsky score says so from 40 down and denies it from 70 up."""
    return _worse(
        patient, thresholds.SEVERE_ECOG, thresholds.SEVERE_KARNOFSKY, KARNOFSKY_BELOW_ECOG_3
    )


def _worse(patient: Chart, grade: Threshold, worse: Threshold, better: Threshold) -> Finding:
    ecog, karnofsky = _amounts(patient)
    words = f"ECOG performance status at least {grade}, or as Karnofsky{ecog.within}"
    graded, scored = ecog.at_least(grade), _by_karnofsky(karnofsky, grade, worse, better)
    newer = _newer(patient)
    if newer is None and {graded.truth, scored.truth} == {TRUE, FALSE}:
        return Finding(words, UNKNOWN, (_contradiction(),))
    found = scored if newer is concepts.KARNOFSKY else graded
    doubt = unread(patient)
    if found.truth is FALSE and doubt is not None:
        return Finding(words, UNKNOWN, (doubt, *found.facts))
    return Finding(words, found.truth, found.facts)


def unread(patient: Chart) -> Fact | None:
    """A result of either scale that is newer than the one that counts and could not be read."""
    counts = _newer(patient) or concepts.ECOG
    since = patient.time_of(counts)
    amounts = dict(zip((concepts.ECOG.id, concepts.KARNOFSKY.id), _amounts(patient), strict=True))
    if since is None or amounts[counts.id].bounds is None:
        return None
    # Under a name of its own: this one is no limit that a site may set.
    window = Window("since the status that counts", since.age(patient.as_of), "")
    for scale in (concepts.ECOG, concepts.KARNOFSKY):
        amount = amounts[scale.id]
        is_open = amount.bounds is None or amount.doubt is not None
        if is_open and patient.has_result(scale, window).truth is not FALSE:
            return amount.doubt or amount.fact
    return None


def _by_karnofsky(
    karnofsky: Amount, grade: Threshold, worse: Threshold, better: Threshold
) -> Finding:
    yes, no = karnofsky.at_most(worse), karnofsky.at_least(better)
    if yes.truth is TRUE:
        return yes
    if karnofsky.doubt is not None:
        # A newer score that could not be read: what the older one denies may no longer be so.
        return Finding(no.question, UNKNOWN, (karnofsky.doubt, karnofsky.fact))
    if no.truth is TRUE:
        return Finding(no.question, FALSE, no.facts)
    return Finding(no.question, UNKNOWN, (_undecided(karnofsky, grade),))


def _undecided(karnofsky: Amount, grade: Threshold) -> Fact:
    say = karnofsky.fact.say
    return Fact(
        karnofsky.fact.key,
        lambda: f"{say()}: may or may not be ECOG {grade} or worse",
        missing=True,
    )


def _amounts(patient: Chart) -> tuple[Amount, Amount]:
    window = thresholds.PERFORMANCE_STATUS
    return patient.latest(concepts.ECOG, window), patient.latest(concepts.KARNOFSKY, window)


def _newer(patient: Chart) -> Measurement | None:
    """The scale that counts; None when both are of one time."""
    ecog, karnofsky = _amounts(patient)
    if ecog.bounds is None or karnofsky.bounds is None:
        return concepts.ECOG if karnofsky.bounds is None else concepts.KARNOFSKY
    graded, scored = patient.time_of(concepts.ECOG), patient.time_of(concepts.KARNOFSKY)
    if graded is None or scored is None or graded.earliest == scored.earliest:
        return None
    return concepts.KARNOFSKY if scored.earliest > graded.earliest else concepts.ECOG


def disagreement(patient: Chart) -> Fact | None:
    """Says that the ECOG grade lies outside the range of the Karnofsky score, and which counts."""
    ecog, karnofsky = _amounts(patient)
    grade, score = _exact(ecog), _exact(karnofsky)
    if grade is None or score is None:
        return None
    best, worst = ecog_range(score)
    if best <= grade <= worst:
        return None
    newer = _newer(patient)
    if newer is None:
        return _contradiction()
    words = f"ECOG and Karnofsky disagree: {newer.title}, which is newer, counts"
    return Fact(_DISAGREEMENT, words.__str__)


_DISAGREEMENT = "ecog against karnofsky"


def _contradiction() -> Fact:
    words = "ECOG and Karnofsky of the same time disagree: assess again"
    return Fact(_DISAGREEMENT, words.__str__, missing=True)


def _exact(amount: Amount) -> Decimal | None:
    """The recorded number, whether or not a newer result could not be read."""
    return amount.bounds.low if amount.bounds is not None and amount.bounds.is_exact() else None
