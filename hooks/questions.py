"""Clinical questions that several rules ask, made of the chart's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cds_service.amount import Amount
from cds_service.chart import Chart, question
from cds_service.finding import FALSE, TRUE, UNKNOWN, Fact, Finding, all_of, any_of, none_of
from cds_service.terminology import Diagnosis, Measurement, Orderable, Threshold, Window
from hooks import concepts, thresholds
from hooks.calculations import performance

NON_PROMYELOCYTIC = (
    concepts.AML,
    concepts.ALL,
    concepts.MIXED_PHENOTYPE_ACUTE_LEUKEMIA,
    concepts.UNSPECIFIED_ACUTE_LEUKEMIA,
)
ACUTE_LEUKEMIAS = (*NON_PROMYELOCYTIC, concepts.APL)
"""Their order is the order in which cards name them."""


@question
def active_acute_leukemia(patient: Chart) -> Finding:
    """Confirmed and active or relapsed, of any lineage."""
    return any_of(*(patient.has(leukemia) for leukemia in ACUTE_LEUKEMIAS))


@question
def possible_acute_leukemia(patient: Chart) -> Finding:
    """Active or relapsed, confirmed or suspected, of any lineage."""
    return any_of(*(patient.may_have(leukemia) for leukemia in ACUTE_LEUKEMIAS))


@question
def possible_non_promyelocytic_leukemia(patient: Chart) -> Finding:
    """As possible_acute_leukemia, without APL, which has an emergency card of its own."""
    return any_of(*(patient.may_have(leukemia) for leukemia in NON_PROMYELOCYTIC))


@question
def acute_leukemia_only_suspected(patient: Chart) -> Finding:
    """Some acute leukemia is suspected and none is confirmed."""
    confirmed = active_acute_leukemia(patient)
    suspected = possible_acute_leukemia(patient)
    truth = TRUE if suspected.truth is TRUE and confirmed.truth is not TRUE else FALSE
    return Finding("Acute leukemia suspected, not confirmed", truth, tuple(suspected.deciding()))


@question
def leukemia_in_remission(patient: Chart) -> Finding:
    """Recorded as in remission, or as no longer active."""
    return any_of(*(patient.in_remission(leukemia) for leukemia in ACUTE_LEUKEMIAS))


@question
def leukemia_in_conflict(patient: Chart) -> Finding:
    """Live and not live side by side, and no date tells which is newer."""
    views = [patient.diagnosis(leukemia) for leukemia in ACUTE_LEUKEMIAS]
    truth = TRUE if any(view.in_conflict for view in views) else FALSE
    facts = tuple(
        fact
        for leukemia, view in zip(ACUTE_LEUKEMIAS, views, strict=True)
        if view.in_conflict
        for fact in patient.has(leukemia).facts
    )
    return Finding("Entries of an acute leukemia contradict each other", truth, facts)


@question
def apl_suspected_or_confirmed(patient: Chart) -> Finding:
    """A live APL entry, a positive PML::RARA, or a coded morphology that suggests it."""
    return any_of(
        patient.may_have(concepts.APL),
        all_of(
            patient.test_is_positive(concepts.PML_RARA),
            none_of(patient.in_remission(concepts.APL)),
        ),
        patient.test_is_positive(concepts.APL_MORPHOLOGY, within=thresholds.MORPHOLOGY),
    )


@question
def acute_leukemia_on_record(patient: Chart) -> Finding:
    """Some acute leukemia, whatever its state: active, in remission or over."""
    return any_of(*(patient.on_record(leukemia) for leukemia in ACUTE_LEUKEMIAS))


@question
def relapsed_or_refractory_aml(patient: Chart) -> Finding:
    """AML, not APL, marked relapsed, or active with a response recorded as refractory."""
    return all_of(
        any_of(
            patient.in_relapse(concepts.AML),
            all_of(
                patient.has(concepts.AML), patient.test_is_positive(concepts.REFRACTORY_DISEASE)
            ),
        ),
        none_of(apl_suspected_or_confirmed(patient)),
    )


@question
def relapsed_or_refractory_all(patient: Chart) -> Finding:
    """ALL marked relapsed, or active with a response recorded as refractory."""
    return any_of(
        patient.in_relapse(concepts.ALL),
        all_of(patient.has(concepts.ALL), patient.test_is_positive(concepts.REFRACTORY_DISEASE)),
    )


@question
def new_aml(patient: Chart) -> Finding:
    """Active AML, not APL, not marked relapsed or refractory, whatever its onset."""
    return all_of(
        patient.has(concepts.AML),
        none_of(
            patient.in_relapse(concepts.AML),
            patient.test_is_positive(concepts.REFRACTORY_DISEASE),
            apl_suspected_or_confirmed(patient),
        ),
    )


def remission_reported(patient: Chart, leukemia: Diagnosis) -> Finding:
    """The latest response is a complete remission; unknown where the entry of the disease is newer.

    Then that entry may be the relapse, which nothing calls so.
    """
    reported = patient.test_is_positive(concepts.COMPLETE_REMISSION)
    current = patient.diagnosis(leukemia).current
    taken = patient.time_of_answer(concepts.COMPLETE_REMISSION)
    if reported.truth is not TRUE or current is None or taken is None:
        return reported
    if current.recorded is not None and current.recorded.earliest <= taken.latest:
        return reported
    said = (
        f"Complete remission reported {taken.text()}, and {leukemia.title}: {current.words}: "
        "new or relapsed is not recorded"
    )
    fact = Fact(concepts.COMPLETE_REMISSION.id, said.__str__, missing=True)
    return Finding(reported.question, UNKNOWN, (fact,))


@question
def b_lineage(patient: Chart) -> Finding:
    """ALL recorded as of B lineage; where no lineage is on record, unknown."""
    return _lineage(patient, concepts.B_LINEAGE_ALL, concepts.T_LINEAGE_ALL)


@question
def t_lineage(patient: Chart) -> Finding:
    """ALL recorded as of T lineage; where no lineage is on record, unknown."""
    return _lineage(patient, concepts.T_LINEAGE_ALL, concepts.B_LINEAGE_ALL)


def _lineage(patient: Chart, asked: Diagnosis, other: Diagnosis) -> Finding:
    recorded, contrary = patient.on_record(asked), patient.on_record(other)
    if recorded.truth is FALSE and contrary.truth is FALSE:
        fact = Fact(
            "all lineage", lambda: "Lineage of the ALL (B or T): not recorded", missing=True
        )
        return Finding(asked.title, UNKNOWN, (fact,))
    if recorded.truth is TRUE and contrary.truth is TRUE:
        fact = Fact("all lineage", lambda: "ALL recorded as both B and T lineage", missing=True)
        return Finding(asked.title, UNKNOWN, (fact,))
    return Finding(asked.title, recorded.truth, recorded.facts)


@question
def ph_positive_all(patient: Chart) -> Finding:
    """ALL with BCR::ABL1, by its name or by a result at any time: once positive, always."""
    return all_of(
        patient.on_record(concepts.ALL),
        any_of(
            patient.on_record(concepts.PH_POSITIVE_LEUKEMIA),
            patient.test_was_positive(concepts.BCR_ABL1),
        ),
    )


@question
def ph_status_known(patient: Chart) -> Finding:
    """BCR::ABL1 has an answer, or the name of the disease says it."""
    return any_of(
        patient.on_record(concepts.PH_POSITIVE_LEUKEMIA),
        patient.test_was_positive(concepts.BCR_ABL1),
        patient.test_is_negative(concepts.BCR_ABL1),
    )


def _vital_capacity(patient: Chart, compare: Callable[[Amount], Finding]) -> Finding:
    """Forced or slow, whichever was measured: of one the other is no gap."""
    measured = (concepts.FVC, concepts.SVC)
    answers = [compare(patient.latest(each, thresholds.BREATHING)) for each in measured]
    known = [answer for answer in answers if answer.truth is not UNKNOWN]
    return any_of(*(known or answers))


def vital_capacity_severe(patient: Chart) -> Finding:
    """Below half of what is predicted."""
    return _vital_capacity(patient, lambda amount: amount.below(thresholds.FVC_SEVERE))


def vital_capacity_preserved(patient: Chart) -> Finding:
    """80 % of what is predicted, or more."""
    return _vital_capacity(patient, lambda amount: amount.at_least(thresholds.FVC_PRESERVED))


def _measured_signs(patient: Chart) -> tuple[tuple[Measurement, Window, Finding], ...]:
    """Signs of failing breathing muscles by a measurement other than vital capacity."""
    window, hours = thresholds.BREATHING, thresholds.OXYGEN
    sniff = patient.latest(concepts.SNIFF_PRESSURE, window)
    inspiration = patient.latest(concepts.INSPIRATORY_PRESSURE, window)
    weak_at = patient.limit(thresholds.WEAK_INSPIRATION)
    # The same pressure written as a suction.
    suction = replace(weak_at, name="weak-inspiration-negative", value=-weak_at.value)
    weak = all_of(inspiration.below(weak_at), inspiration.above(suction))
    carbon_dioxide = patient.latest(concepts.PACO2, window).above(thresholds.HYPERCAPNIA)
    oxygen = patient.latest(concepts.SPO2, hours).below(thresholds.LOW_OXYGEN)
    return (
        (concepts.SNIFF_PRESSURE, window, sniff.below(thresholds.WEAK_SNIFF)),
        (concepts.INSPIRATORY_PRESSURE, window, weak),
        (concepts.PACO2, window, carbon_dioxide),
        (concepts.SPO2, hours, oxygen),
    )


@question
def respiratory_compromise(patient: Chart) -> Finding:
    """Any sign of failing breathing muscles (catalogue 5.6) within its window."""
    return any_of(
        vital_capacity_severe(patient),
        *(sign for _, _, sign in _measured_signs(patient)),
        patient.has(concepts.VENTILATOR_DEPENDENCE),
        patient.has(concepts.RESPIRATORY_FAILURE),
        patient.has(concepts.LUNG_DISEASE_DUE_TO_ALS),
    )


@question
def breathing_preserved(patient: Chart) -> Finding:
    """Vital capacity of 80 % or more in its window, and no sign of the contrary on record."""
    # Sniff pressure or blood gas that nobody measured leave a good vital capacity what it is; one
    # that could not be read, or a failure that is suspected, does not.
    shown = any_of(
        vital_capacity_severe(patient),
        *(if_measured(patient, *each) for each in _measured_signs(patient)),
        patient.may_have(concepts.VENTILATOR_DEPENDENCE),
        patient.may_have(concepts.RESPIRATORY_FAILURE),
        patient.may_have(concepts.LUNG_DISEASE_DUE_TO_ALS),
    )
    facts = () if shown.truth is FALSE else tuple(shown.deciding())
    flagged = Finding("A sign of failing breathing on record", shown.truth, facts)
    return all_of(vital_capacity_preserved(patient), none_of(flagged))


def if_measured(
    patient: Chart, measurement: Measurement, within: Window, finding: Finding
) -> Finding:
    """The finding; no where nobody measured it, and the data that would hold it was read."""
    unmeasured = patient.has_result(measurement, within).truth is FALSE
    if finding.truth is UNKNOWN and unmeasured:
        return Finding(finding.question, FALSE)
    return finding


@question
def antileukemic_therapy_running(patient: Chart) -> Finding:
    """An active prescription of any antileukemic drug."""
    return any_of(*(patient.taking(drug) for drug in concepts.ANTILEUKEMIC_DRUGS))


def running_or_drafted(patient: Chart, *drugs: Orderable) -> Finding:
    """One of them is prescribed, or among the drafts: what may meet the ordered drug."""
    return any_of(
        *(patient.taking(drug) for drug in drugs),
        *(patient.drafting(drug) for drug in drugs),
    )


@question
def drafting_antileukemic_drug(patient: Chart) -> Finding:
    """Any antileukemic drug is among the drafts."""
    return any_of(*(patient.drafting(drug) for drug in concepts.ANTILEUKEMIC_DRUGS))


@question
def first_trimester(patient: Chart) -> Finding:
    """Pregnant and recorded as before week 14; pregnant with no trimester recorded is unknown."""
    expecting, early = pregnant(patient), patient.may_have(concepts.FIRST_TRIMESTER)
    later = patient.may_have(concepts.LATER_TRIMESTER)
    if early.truth is FALSE and later.truth is FALSE and expecting.truth is TRUE:
        fact = Fact("trimester", lambda: "Trimester of the pregnancy: not recorded", missing=True)
        return Finding("Pregnant in the first trimester", UNKNOWN, (fact,))
    return all_of(expecting, early)


@question
def mrd_positive(patient: Chart) -> Finding:
    """The latest MRD in its window is 0.01 % or more, or is reported as positive."""
    return _residual_disease(patient, thresholds.MRD_DETECTABLE)


@question
def mrd_high(patient: Chart) -> Finding:
    """The latest MRD in its window is 0.1 % or more; "positive" without a number is unknown."""
    return _residual_disease(patient, thresholds.MRD_HIGH)


MRD_TIME_POINTS = (concepts.MRD_END_OF_INDUCTION, concepts.MRD_END_OF_CONSOLIDATION)


def mrd_time_point(patient: Chart) -> Measurement | None:
    """The time point whose MRD is the newest on record; None where plain MRD is newer or alone."""
    found = [
        (taken.earliest, kind)
        for kind in MRD_TIME_POINTS
        if patient.latest(kind, thresholds.MRD).bounds is not None
        and (taken := patient.time_of(kind)) is not None
    ]
    if not found:
        return None
    newest, kind = max(found, key=lambda each: each[0])
    plain = patient.time_of(concepts.MRD)
    if plain is not None:
        return kind if newest > plain.earliest else None
    only_words = patient.has_result(concepts.MRD, thresholds.MRD).truth is TRUE
    return None if only_words else kind


def _residual_disease(patient: Chart, limit: Threshold) -> Finding:
    """By the newest MRD, of a time point or plain."""
    kind = mrd_time_point(patient)
    if kind is not None:
        return patient.latest(kind, thresholds.MRD).at_least(limit)
    return _plain_residual_disease(patient, limit)


def _plain_residual_disease(patient: Chart, limit: Threshold) -> Finding:
    """By the newer of number and word; of one time by the number, as far as it decides."""
    number = patient.latest(concepts.MRD, thresholds.MRD).at_least(limit)
    if not _word_counts(patient, number):
        return number
    negative = patient.test_is_negative(concepts.MRD_PRESENCE, thresholds.MRD)
    positive = patient.test_is_positive(concepts.MRD_PRESENCE, thresholds.MRD)
    if negative.truth is TRUE:
        return Finding(number.question, FALSE, negative.facts)
    if positive.truth is TRUE and limit is thresholds.MRD_DETECTABLE:
        return Finding(number.question, TRUE, positive.facts)
    return number


def _word_counts(patient: Chart, number: Finding) -> bool:
    """Whether an answer in words is newer than the measured share, or stands for an open one."""
    said = patient.time_of_answer(concepts.MRD_PRESENCE, thresholds.MRD)
    measured = patient.time_of(concepts.MRD)
    if said is None or measured is None:
        return said is not None
    if said.earliest == measured.earliest:
        return number.truth is UNKNOWN
    return said.earliest > measured.earliest


@question
def mrd_in_doubt(patient: Chart) -> Finding:
    """A result newer than the one that counts could not be read."""
    kind = mrd_time_point(patient)
    number = patient.latest(kind or concepts.MRD, thresholds.MRD)
    detectable = number.at_least(thresholds.MRD_DETECTABLE)
    if kind is None and _word_counts(patient, detectable):
        in_doubt = patient.has_newer_unread(concepts.MRD_PRESENCE, thresholds.MRD)
    else:
        in_doubt = number.doubt is not None
    facts = (number.doubt or number.fact,) if in_doubt else ()
    return Finding("A newer MRD that could not be read", TRUE if in_doubt else FALSE, facts)


@question
def mrd_known(patient: Chart) -> Finding:
    """An MRD result that says positive or negative lies in its window."""
    answer = mrd_positive(patient)
    truth = FALSE if answer.truth is UNKNOWN else TRUE
    return Finding("MRD known", truth, tuple(answer.deciding()))


@question
def severe_breathing_or_performance(patient: Chart) -> Finding:
    """FVC below {fvc-severe}, ventilation support, or ECOG 3-4: intensive therapy may kill soon."""
    return any_of(
        vital_capacity_severe(patient),
        patient.has(concepts.VENTILATOR_DEPENDENCE),
        performance.ecog_at_least_3(patient),
    )


@question
def blasts_in_blood(patient: Chart) -> Finding:
    """Any blast in a fresh count. One lineage alone can show blasts, never rule them out."""

    def above_none(*counted: Measurement) -> list[Finding]:
        return [
            patient.latest(blasts, thresholds.FRESH_COUNT).above(thresholds.BLASTS_PRESENT)
            for blasts in counted
        ]

    of_all = above_none(concepts.BLASTS_PERCENT, concepts.BLASTS_ABSOLUTE)
    of_one_lineage = above_none(
        concepts.BLASTS_PERCENT_BY_LINEAGE, concepts.BLASTS_ABSOLUTE_BY_LINEAGE
    )
    shown = any_of(*of_all, *of_one_lineage)
    ruled_out = [finding for finding in of_all if finding.truth is FALSE]
    # Laboratories report a share or a number: the other one is then no gap.
    return any_of(*ruled_out) if shown.truth is UNKNOWN and ruled_out else shown


@question
def growth_factor_running(patient: Chart) -> Finding:
    """G-CSF explains a high count."""
    return any_of(*(patient.taking(factor) for factor in concepts.GROWTH_FACTORS))


@question
def pregnant(patient: Chart) -> Finding:
    """On the problem list, suspected included, or by a recorded pregnancy status.

    Data that could not be read leave it open in those only who may be pregnant at all.
    """
    recorded = any_of(
        patient.may_have(concepts.PREGNANCY),
        patient.test_is_positive(concepts.PREGNANCY_STATUS),
    )
    gaps = [fact for fact in recorded.deciding() if fact.missing]
    nothing_else = recorded.truth is UNKNOWN and all(fact.unread for fact in gaps)
    if nothing_else and cannot_become_pregnant(patient):
        return Finding("Pregnancy recorded", FALSE)
    return recorded


def cannot_become_pregnant(patient: Chart) -> bool:
    """A man, or a person known to be outside the ages at which it is asked for."""
    youngest = patient.limit(thresholds.FERTILE_FROM).value
    oldest = patient.limit(thresholds.FERTILE_BELOW).value
    bounds = patient.age_bounds()
    too_young = bounds is not None and bounds.high is not None and bounds.high < youngest
    too_old = bounds is not None and bounds.low is not None and bounds.low >= oldest
    return patient.gender() == "male" or too_young or too_old


@question
def pregnancy_open(patient: Chart) -> Finding:
    """A woman of fertile age, not known to be pregnant, with no readable status of the last week.

    A result that says neither yes nor no settles nothing.
    """
    tested = patient.test_is_negative(concepts.PREGNANCY_STATUS, thresholds.PREGNANCY_TEST)
    settled = TRUE in (tested.truth, pregnant(patient).truth)
    fertile = may_become_pregnant(patient)
    truth = TRUE if fertile.truth is TRUE and not settled else FALSE
    return Finding("Pregnancy not settled", truth, tested.facts)


@question
def g6pd_deficiency_confirmed(patient: Chart) -> Finding:
    """Ever on the problem list without being in doubt, or ever measured."""
    return any_of(
        patient.on_record(concepts.G6PD_DEFICIENCY),
        patient.test_was_positive(concepts.G6PD_SCREEN),
        patient.test_was_positive(concepts.G6PD_ACTIVITY),
    )


@question
def g6pd_deficient(patient: Chart) -> Finding:
    """Ever recorded, suspected included, or ever measured: it is for life.

    A later normal result ends nothing: hemolysis and transfused red cells make one look normal.
    """
    return any_of(
        patient.may_have(concepts.G6PD_DEFICIENCY),
        g6pd_deficiency_confirmed(patient),
    )


@question
def g6pd_normal(patient: Chart) -> Finding:
    """An assay says normal and nothing says deficient. Not tested is not normal."""
    return all_of(none_of(g6pd_deficient(patient)), g6pd_normal_by_assay(patient))


@question
def g6pd_normal_by_assay(patient: Chart) -> Finding:
    """The latest assay or screen says normal, whatever else is on record."""
    return any_of(
        patient.test_is_negative(concepts.G6PD_SCREEN),
        patient.test_is_negative(concepts.G6PD_ACTIVITY),
    )


@question
def g6pd_not_known(patient: Chart) -> Finding:
    """Neither deficient nor shown to be normal."""
    words = "G6PD not known"
    deficient, normal = g6pd_deficient(patient), g6pd_normal(patient)
    if deficient.truth is TRUE:
        return Finding(words, FALSE, tuple(f for f in deficient.deciding() if not f.missing))
    if normal.truth is TRUE:
        return Finding(words, FALSE, (Fact("g6pd", lambda: "G6PD normal by assay"),))
    reasons = tuple(f for f in deficient.deciding() if f.missing)
    missing = Fact("g6pd", lambda: "G6PD: not known to be normal", missing=True)
    return Finding(words, TRUE, (missing, *reasons))


def ordering(*kinds: Orderable) -> Callable[[Chart], Finding]:
    """Asks whether one of them is selected or being signed: what a rule is only for."""

    @question
    def asked(patient: Chart) -> Finding:
        found = [patient.ordering(kind) for kind in kinds]
        return found[0] if len(found) == 1 else any_of(*found)

    return asked


def is_unread(finding: Finding) -> bool:
    """Whether it is not known because data could not be read: then nothing may be called absent."""
    return finding.truth is UNKNOWN and any(fact.unread for fact in finding.deciding())


def is_yes(finding: Finding) -> bool:
    """For lines and proposals, which say something only where the answer is yes."""
    return finding.truth is TRUE


@question
def may_become_pregnant(patient: Chart) -> Finding:
    """A woman of fertile age, as far as the record says."""
    is_woman, has_age = patient.gender() == "female", patient.age_bounds() is not None
    fits = is_woman and has_age and not cannot_become_pregnant(patient)
    return Finding("A woman of fertile age", TRUE if fits else FALSE)


def not_known(finding: Finding, words: str = "") -> Finding:
    """Yes when the answer is unknown: a gap as a finding of its own."""
    truth = TRUE if finding.truth is UNKNOWN else FALSE
    facts = tuple(fact for fact in finding.deciding() if fact.missing)
    return Finding(words or f"Not known: {finding.question}", truth, facts)


def not_shown(finding: Finding, words: str) -> Finding:
    """Yes unless the answer is yes: where not knowing asks for the same care as knowing no."""
    truth = FALSE if finding.truth is TRUE else TRUE
    return Finding(words, truth, tuple(finding.deciding()))


def said(key: str, words: str, when: Finding) -> Finding:
    """A finding that, when it is so, is shown in other words than those of its parts."""
    shown = (Fact(key, lambda: words, missing=True),)
    return Finding(words, when.truth, shown if when.truth is TRUE else tuple(when.deciding()))
