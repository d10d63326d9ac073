"""Fitness of an adult for intensive AML therapy (catalogue 5.5, as settled in section 0.9).

Any one criterion makes unfit. Fit needs a good performance status in its window and no criterion
on record; a criterion that nobody measured does not stand against fit, and is named on the card.
One that could not be read, or is only suspected, leaves fitness open: nothing says that it is not
met. So does the lack of a usable performance status, unless another criterion settles it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import NamedTuple

from cds_service.amount import Amount, bounds_text
from cds_service.chart import Chart, question
from cds_service.diagnosis import LIVE, Course
from cds_service.finding import FALSE, TRUE, UNKNOWN, Fact, Finding, all_of, any_of, none_of
from cds_service.instants import ClinicalTime
from cds_service.readers import Bounds
from cds_service.terminology import Measurement, Threshold, Window
from hooks import concepts, questions, thresholds, units
from hooks.calculations import kidney, performance

OUTSIDE_TRIAL_ECOG = Threshold(
    "outside-trial-ecog", Decimal(4), units.SCORE, "The trial enrolled up to ECOG 3.", "VIALEC"
)
OUTSIDE_TRIAL_CLEARANCE = Threshold(
    "outside-trial-clearance",
    Decimal(30),
    thresholds.ML_PER_MIN,
    "The trial enrolled from here on.",
    "VIALEC",
)
OUTSIDE_TRIAL_BILIRUBIN = Threshold(
    "outside-trial-bilirubin",
    Decimal("3.6"),
    units.BILIRUBIN,
    "3 times an upper limit of normal of 1.2 mg/dL; the trial enrolled up to it.",
    "VIALEC",
)


# -- whom the questions are about -----------------------------------------------------------------


@question
def newly_diagnosed_aml(patient: Chart) -> Finding:
    """As questions.new_aml, and nothing on record speaks of an earlier or present remission."""
    return all_of(
        _first_course(patient),
        questions.new_aml(patient),
        none_of(questions.remission_reported(patient, concepts.AML)),
    )


@question
def open_to_either_intensity(patient: Chart) -> Finding:
    """New AML of an adult without ALS: whom the choice of intensity is for."""
    return all_of(
        newly_diagnosed_aml(patient),
        patient.age().at_least(thresholds.ADULT),
        none_of(patient.may_have(concepts.ALS)),
    )


def _first_course(patient: Chart) -> Finding:
    """Active; after a recorded remission unknown, because no entry calls it a relapse."""
    active = patient.has(concepts.AML)
    over = [
        record
        for record in patient.diagnosis(concepts.AML).records
        if record.course in (Course.REMISSION, Course.RESOLVED) and not record.suspected
    ]
    if not over or active.truth is not TRUE:
        return active
    said = f"{concepts.AML.title}: active, and {over[0].words}: new or relapsed is not recorded"
    return Finding(active.question, UNKNOWN, (Fact(concepts.AML.id, lambda: said, missing=True),))


# -- the criteria ---------------------------------------------------------------------------------


@question
def unfit(patient: Chart) -> Finding:
    """Any one criterion. What nobody measured leaves it open, without being a gap of its own."""
    return any_of(poor_performance(patient), other_criterion(patient))


@question
def other_criterion(patient: Chart) -> Finding:
    """Any criterion but performance status."""
    return any_of(*(_quiet(each) for each in _measured(patient)))


@question
def fit(patient: Chart) -> Finding:
    """ECOG 0-1 (Karnofsky 80 or more) and no criterion on record."""
    return none_of(poor_performance(patient), *(_on_record(each) for each in _measured(patient)))


class Criterion(NamedTuple):
    """One reason against intensive therapy: what is checked, and in words what makes unfit."""

    checked: str
    met: str
    finding: Finding
    doubt: Fact | None = None
    """A newer result that could not be read."""
    is_unmeasured: bool = False
    """Nothing on record could answer it, and the data that would hold it was read."""

    @property
    def is_passed_over(self) -> bool:
        """Whether it is named as not checked and stands against nothing."""
        return self.finding.truth is UNKNOWN and self.is_unmeasured


def _measured(patient: Chart) -> tuple[Criterion, ...]:
    """Every criterion but performance status."""
    organ = thresholds.ORGAN_FUNCTION

    def lung(amount: Amount) -> Finding:
        return amount.at_most(thresholds.UNFIT_LUNG_FUNCTION)

    def heart(amount: Amount) -> Finding:
        return amount.at_most(thresholds.UNFIT_EJECTION_FRACTION)

    def liver(amount: Amount) -> Finding:
        return amount.above(thresholds.UNFIT_BILIRUBIN)

    ejection, diffusion = concepts.EJECTION_FRACTION, concepts.DLCO
    weak = f"{patient.limit(thresholds.UNFIT_EJECTION_FRACTION).number}%"
    small = f"{patient.limit(thresholds.UNFIT_LUNG_FUNCTION).number}%"
    slow = patient.limit(thresholds.UNFIT_CLEARANCE)
    return (
        # Of an incomplete birth date nobody knows more, and 74 is not far from 75.
        Criterion(
            "age",
            f"age {patient.limit(thresholds.UNFIT_AGE).number} or more",
            patient.age().at_least(thresholds.UNFIT_AGE),
            is_unmeasured=patient.age_bounds() is not None,
        ),
        Criterion(
            "heart failure (problem list)", "heart failure", patient.has(concepts.HEART_FAILURE)
        ),
        Criterion("angina (problem list)", "angina", patient.has(concepts.ANGINA)),
        _by_result(
            patient,
            "ejection fraction",
            f"ejection fraction of {weak} or less",
            ejection,
            organ,
            heart,
        ),
        _by_result(patient, "DLCO", f"DLCO of {small} or less", diffusion, organ, lung),
        _by_result(patient, "FEV1", f"FEV1 of {small} or less", concepts.FEV1, organ, lung),
        Criterion(
            "creatinine clearance",
            f"creatinine clearance below {slow.number}",
            _clearance_below(patient, slow),
            is_unmeasured=_clearance_is_unmeasured(patient),
        ),
        _by_result(
            patient,
            "bilirubin",
            _high_bilirubin(patient),
            concepts.BILIRUBIN,
            thresholds.BILIRUBIN,
            liver,
        ),
    )


def _high_bilirubin(patient: Chart) -> str:
    """As the trial says it; a site sets a number."""
    limit = patient.limit(thresholds.UNFIT_BILIRUBIN)
    if limit == thresholds.UNFIT_BILIRUBIN:
        return "bilirubin above 1.5 times the upper limit"
    return f"bilirubin above {limit}"


def _by_result(
    patient: Chart,
    checked: str,
    met: str,
    measurement: Measurement,
    window: Window,
    compare: Callable[[Amount], Finding],
) -> Criterion:
    amount = patient.latest(measurement, window)
    is_unmeasured = patient.has_result(measurement, window).truth is FALSE
    return Criterion(checked, met, compare(amount), amount.doubt, is_unmeasured)


def _on_record(criterion: Criterion) -> Finding:
    """Yes where it is met by what is on record; not measured is no criterion.

    What could not be read leaves it open, and so does a value that meets it while a newer one
    could not be read.
    """
    found, doubt = criterion.finding, criterion.doubt
    question = f"On record: {found.question}"
    if found.truth is FALSE or criterion.is_passed_over:
        return Finding(question, FALSE)
    facts = (*found.deciding(), *((doubt,) if doubt is not None else ()))
    return Finding(question, found.truth if doubt is None else UNKNOWN, facts)


def _quiet(criterion: Criterion) -> Finding:
    """What nobody measured is named on the card as not checked, and asks for no card by itself."""
    found = criterion.finding
    if not criterion.is_passed_over:
        return found
    facts = tuple(Fact(each.key, each.say, missing=True, quiet=True) for each in found.deciding())
    return Finding(found.question, UNKNOWN, facts)


def _clearance_below(patient: Chart, below: Threshold) -> Finding:
    """By Cockcroft-Gault; unknown without a recent creatinine, weight, height, age or sex.

    A limit in place of the creatinine, or an incomplete birth date, is compared with both ends.
    """
    clearance = kidney.creatinine_clearance_bounds(patient)
    words, limit = f"Creatinine clearance below {below}", below.value
    basis = tuple(patient.latest(*needed).fact for needed in _CLEARANCE_NEEDS)
    if clearance is None:
        gap = Fact("clearance", lambda: "Creatinine clearance: not computed", missing=True)
        return Finding(words, UNKNOWN, (gap, *basis))
    rounded = Bounds(_to_a_tenth(clearance.low), _to_a_tenth(clearance.high))
    said = f"Creatinine clearance {bounds_text(rounded)} mL/min (Cockcroft-Gault)"
    truth = UNKNOWN
    if clearance.high is not None and clearance.high < limit:
        truth = TRUE
    elif clearance.low is not None and clearance.low >= limit:
        truth = FALSE
    computed = Fact("creatinine clearance", lambda: said, missing=truth is UNKNOWN)
    return Finding(words, truth, (computed, *basis))


def _to_a_tenth(number: Decimal | None) -> Decimal | None:
    return None if number is None else round(number, 1)


_CLEARANCE_NEEDS = (
    (concepts.CREATININE, thresholds.CREATININE_FOR_DOSE),
    (concepts.BODY_WEIGHT, thresholds.WEIGHT_FOR_DOSE),
    (concepts.BODY_HEIGHT, None),
)


def _clearance_is_unmeasured(patient: Chart) -> bool:
    """One of the values it needs was not measured, so no other could have answered it."""
    if patient.patient is not None and patient.gender() not in ("male", "female"):
        return True
    return any(patient.has_result(*needed).truth is FALSE for needed in _CLEARANCE_NEEDS)


# -- performance status ---------------------------------------------------------------------------


@question
def poor_performance(patient: Chart) -> Finding:
    """ECOG 2 or worse, or Karnofsky 60 or less, by the newest status.

    Unknown where that is from well before the diagnosis, or a newer one could not be read.
    """
    found = performance.ecog_at_least_2(patient)
    newest = _newest_status(patient)
    if newest is None or found.truth is UNKNOWN:
        return found
    doubt = performance.unread(patient)
    if doubt is not None:
        return Finding(found.question, UNKNOWN, (doubt, *found.facts))
    early = _before_diagnosis(patient, *newest)
    if early is None:
        return found
    recorded = patient.has(concepts.AML).facts
    return Finding(found.question, UNKNOWN, (early, *recorded))


def _before_diagnosis(patient: Chart, measurement: Measurement, taken: ClinicalTime) -> Fact | None:
    """The status that counts, where it was recorded well before the diagnosis."""
    since = _diagnosed(patient)
    before = patient.limit(thresholds.BEFORE_DIAGNOSIS)
    if since is None or taken.latest >= since.earliest - before.length:
        return None
    say = patient.latest(measurement, thresholds.PERFORMANCE_STATUS).fact.say
    words = f"recorded more than {before} before the diagnosis of AML, so it does not decide"
    return Fact(measurement.id, lambda: f"{say()}; {words}", missing=True)


def _diagnosed(patient: Chart) -> ClinicalTime | None:
    """When the AML was first recorded: a later entry of it is no later diagnosis."""
    times = [
        record.recorded
        for record in patient.diagnosis(concepts.AML).records
        if record.recorded is not None and record.course in LIVE
    ]
    return min(times, key=lambda time: time.earliest, default=None)


def _newest_status(patient: Chart) -> tuple[Measurement, ClinicalTime] | None:
    """ECOG or Karnofsky, whichever is newer, as far as it lies in its window."""
    found = [
        (scale, taken)
        for scale in (concepts.ECOG, concepts.KARNOFSKY)
        if patient.latest(scale, thresholds.PERFORMANCE_STATUS).bounds is not None
        and (taken := patient.time_of(scale)) is not None
    ]
    return max(found, key=lambda each: each[1].earliest, default=None)


# -- for cards ------------------------------------------------------------------------------------


def criteria_met(patient: Chart) -> str:
    """Which criteria make this patient unfit, by name."""
    poor = poor_performance(patient).truth is TRUE
    names = ["ECOG 2-4 or Karnofsky 60 or less"] if poor else []
    names += [each.met for each in _measured(patient) if each.finding.truth is TRUE]
    return f"Counts as unfit for intensive therapy here: {_listed(names)}. Any one is enough."


def outside_trials(patient: Chart) -> str | None:
    """Says where a value lies beyond what the trials enrolled."""
    window = thresholds.PERFORMANCE_STATUS
    checks = (
        ("ECOG 4", patient.latest(concepts.ECOG, window).at_least(OUTSIDE_TRIAL_ECOG)),
        ("creatinine clearance below 30", _clearance_below(patient, OUTSIDE_TRIAL_CLEARANCE)),
        (
            "bilirubin above 3 times the upper limit",
            patient.latest(concepts.BILIRUBIN, thresholds.BILIRUBIN).above(OUTSIDE_TRIAL_BILIRUBIN),
        ),
    )
    names = [name for name, found in checks if found.truth is TRUE]
    if not names:
        return None
    return f"Outside the range of the trials ({_listed(names)}): individualize."


def checks_run(patient: Chart) -> str:
    """What stands behind "fit": the criteria that were answered no, and those without answer."""
    asked = _measured(patient)
    answered = [each.checked for each in asked if each.finding.truth is FALSE]
    open_ones = [each.checked for each in asked if each.finding.truth is UNKNOWN]
    text = f"Checked: {_listed(['performance status', *answered])}."
    return f"{text} Not checked: {_listed(open_ones)}." if open_ones else text


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def status(patient: Chart) -> list[Fact]:
    """ECOG and Karnofsky with their dates; which of the two counts where they disagree."""
    shown: list[Fact] = []
    for scale in (concepts.ECOG, concepts.KARNOFSKY):
        amount = patient.latest(scale, thresholds.PERFORMANCE_STATUS)
        if amount.bounds is not None:
            shown.append(amount.fact)
    disagreement = performance.disagreement(patient)
    return shown if disagreement is None else [*shown, disagreement]
