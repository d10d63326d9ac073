"""T-ALL from 1 to 30 years with MRD of a protocol time point: which response group?

The groups are those of COG AALL1231. They hold while treatment lasts, so a result of the last two
years is looked at; without any MRD nothing is said.
"""

from __future__ import annotations

from datetime import timedelta

from cds_service.chart import Chart, question
from cds_service.finding import FALSE, TRUE, UNKNOWN, Fact, Finding, all_of, any_of, none_of
from cds_service.rule import Escalation, Indicator, carrying, rule
from cds_service.terminology import QualitativeTest
from hooks import concepts, evidence, lines, overrides, proposals, questions, thresholds

SAME_TIME_POINT = timedelta(days=7)
"""Marrow blasts count as those of day 29 when taken this close to the day-29 MRD."""


def _mrd_of_a_time_point(patient: Chart) -> Finding:
    window = thresholds.AFTER_REMISSION
    return any_of(
        patient.has_result(concepts.MRD_END_OF_INDUCTION, window),
        patient.has_result(concepts.MRD_END_OF_CONSOLIDATION, window),
    )


# -- the groups -----------------------------------------------------------------------------------


@question
def _very_high(patient: Chart) -> Finding:
    consolidation = patient.latest(concepts.MRD_END_OF_CONSOLIDATION)
    return any_of(consolidation.at_least(thresholds.MRD_HIGH), _marrow_at_day_29(patient))


def _marrow_at_day_29(patient: Chart) -> Finding:
    """Many blasts at the time of the day-29 MRD; a marrow of another day says nothing."""
    limit = patient.limit(thresholds.MARROW_BLASTS_HIGH).number
    question = f"Day-29 marrow above {limit}% blasts"
    marrow = patient.latest(concepts.MARROW_BLASTS)
    high = marrow.above(thresholds.MARROW_BLASTS_HIGH)
    if questions.is_unread(high):
        return Finding(question, UNKNOWN, high.facts)
    counts = high.truth is TRUE and _is_of_day_29(patient)
    return Finding(question, TRUE if counts else FALSE, high.facts if counts else ())


def _is_of_day_29(patient: Chart) -> bool:
    taken = patient.time_of(concepts.MARROW_BLASTS)
    day_29 = patient.time_of(concepts.MRD_END_OF_INDUCTION)
    if taken is None or day_29 is None:
        return False
    return abs(taken.earliest - day_29.earliest) <= SAME_TIME_POINT


@question
def _standard(patient: Chart) -> Finding:
    """All three: MRD below 0.01 % on day 29, no blasts in the CSF, testes not involved."""
    testes = _answer(patient, concepts.TESTES_INVOLVED, clear=False)
    if patient.gender() == "female":
        testes = Finding("Testes not involved", TRUE)
    return all_of(
        patient.latest(concepts.MRD_END_OF_INDUCTION).below(thresholds.MRD_DETECTABLE),
        _answer(patient, concepts.CNS_CLEAR, clear=True),
        testes,
    )


def _answer(patient: Chart, test: QualitativeTest, *, clear: bool) -> Finding:
    """Whether the test speaks for the standard group; without an answer, unknown."""
    positive, negative = patient.test_is_positive(test), patient.test_is_negative(test)
    speaks_for, against = (positive, negative) if clear else (negative, positive)
    if speaks_for.truth is TRUE:
        return Finding(test.title, TRUE, _as_yes_or_no(patient, test, positive))
    if against.truth is TRUE:
        return Finding(test.title, FALSE, _as_yes_or_no(patient, test, positive))
    words = f"{test.title}: not recorded"
    gap = Fact(test.id, lambda: words, missing=True)
    return Finding(test.title, UNKNOWN, (gap,) if positive.truth is FALSE else positive.facts)


def _as_yes_or_no(patient: Chart, test: QualitativeTest, positive: Finding) -> tuple[Fact, ...]:
    """A CNS status 1 that is "positive" would read as disease in the CSF."""
    taken = patient.time_of_answer(test)
    if test is not concepts.CNS_CLEAR or taken is None:
        return positive.facts
    words = f"{test.title}: {'yes' if positive.truth is TRUE else 'no'}, {taken.text()}"
    return tuple(Fact(fact.key, words.__str__, weak=fact.weak) for fact in positive.facts)


def _group(patient: Chart) -> str | None:
    """The name of the group; None while what is on record does not say."""
    very_high, standard = _very_high(patient).truth, _standard(patient).truth
    if very_high is TRUE:
        return "very high"
    if standard is TRUE:
        return "standard"
    return "intermediate" if standard is FALSE and very_high is FALSE else None


def _not_assignable(patient: Chart) -> Finding:
    """The MRD on record does not suffice to name a group."""
    open_group = _group(patient) is None
    return Finding("Response group open", TRUE if open_group else FALSE)


# -- the card -------------------------------------------------------------------------------------


def _values(patient: Chart) -> list[Fact]:
    """What the group rests on, and what it lacks."""
    measured = (concepts.MRD_END_OF_INDUCTION, concepts.MRD_END_OF_CONSOLIDATION)
    shown = [fact for each in measured for fact in lines.value(each)(patient)]
    answers = [*_standard(patient).leaves(), _marrow_at_day_29(patient)]
    return [*shown, *(fact for each in answers for fact in each.facts)]


def _group_in_words(patient: Chart) -> str:
    group = _group(patient)
    if group is not None:
        return f"By what is on record: {group} group of the COG AALL1231 scheme."
    if _standard(patient).truth is FALSE:
        return (
            "By what is on record: not the standard group (COG AALL1231); end-of-consolidation MRD "
            "tells intermediate from very high."
        )
    return "The response group (COG AALL1231) cannot be assigned from what is on record."


def _for_group(patient: Chart, *groups: str) -> bool:
    """Shown for its own group, and for all while the group is open."""
    group = _group(patient)
    return group is None or group in groups


def _standard_definition(patient: Chart) -> str | None:
    if not _for_group(patient, "standard"):
        return None
    return (
        f"{lines.SUMMARY} standard risk needs all three: MRD below 0.01% on day 29, CNS status 1, "
        "testes not involved. Evidence: the T-ALL scheme of COG; CNS status 2 did as well as 1 in "
        "T-ALL."
    )


def _standard_treatment(patient: Chart) -> str | None:
    if not _for_group(patient, "standard"):
        return None
    return (
        f"{lines.SUMMARY} standard risk stays on multi-agent consolidation, then maintenance. "
        "Evidence: consistent with the trial's design; by protocol."
    )


def _intermediate_definition(patient: Chart) -> str | None:
    if not _for_group(patient, "intermediate"):
        return None
    return (
        f"{lines.SUMMARY} high risk is who meets neither other definition. Evidence: COG AALL1231 "
        "calls this group intermediate."
    )


def _intermediate_treatment(patient: Chart) -> str | None:
    if not _for_group(patient, "intermediate"):
        return None
    return (
        f"{lines.SUMMARY} intensify consolidation in that group. Not found in a primary source; "
        "transplant by protocol."
    )


def _very_high_definition(patient: Chart) -> str | None:
    if not _for_group(patient, "very high"):
        return None
    here = patient.limit(thresholds.MRD_HIGH).number
    return (
        f"{lines.SUMMARY} very high risk: end-of-consolidation MRD above 0.1%. Evidence: confirmed "
        f"for T-ALL, counted here from {here}% on; a day-29 marrow above 25% blasts also qualifies."
    )


def _very_high_treatment(patient: Chart) -> str | None:
    if not _for_group(patient, "very high"):
        return None
    return (
        f"{lines.SUMMARY} very high risk: strongly consider alternatives including transplant; "
        "continued chemotherapy is the other option. Evidence: the trial allowed both, intensified "
        "blocks aiming at MRD clearance first."
    )


@rule(
    id="t-all-response-group",
    version="1.0.0",
    indicator=Indicator.INFO,
    summary=(
        "T-ALL response group can be assigned from recorded day-29 / end-of-consolidation MRD; "
        "check against the treatment protocol."
    ),
    escalations=(
        Escalation(
            Indicator.INFO,
            _not_assignable,
            "T-ALL: residual disease (MRD) is recorded, but the response group needs more data; "
            "check against the treatment protocol.",
        ),
    ),
    evidence=(evidence.AALL1231, evidence.CNSTALL, evidence.PDQBALL),
    strength="Trial definition",
    statements=(
        *("S0-01", "S0-02", "S0-03", "S0-04", "S0-05", "S0-06"),
        *("S0-09", "S0-10", "S0-11"),
    ),
    shows=(_values,),
    advice=(
        _group_in_words,
        carrying("S0-01", _standard_definition),
        carrying("S0-02 S0-04", _standard_treatment),
        carrying("S0-05", _intermediate_definition),
        carrying("S0-06", _intermediate_treatment),
        carrying("S0-09", _very_high_definition),
        carrying("S0-10 S0-11", _very_high_treatment),
        carrying(
            "S0-03",
            f"{lines.SUMMARY} prefer a clinical trial in children and young adults if one is open. "
            "Evidence: also the position of NCCN.",
        ),
        "Not for B-ALL, whose groups rest on age, leukocyte count, genetics and MRD of other days.",
    ),
    suggestions=(
        proposals.requesting(
            "Draft MRD at the next time point",
            "Measurable residual disease (MRD), T-ALL, at the next protocol time point",
        ),
    ),
    override_reasons=(overrides.PROTOCOL_DIRECTED, overrides.OTHER),
)
def t_all_response_group(patient: Chart) -> Finding:
    """Measurable residual disease (MRD) at fixed time points sorts T-ALL of children and young
    adults into response groups. The patient's own protocol has the last word."""
    return all_of(
        _mrd_of_a_time_point(patient),
        questions.t_lineage(patient),
        patient.age().at_least(thresholds.T_ALL_YOUNGEST),
        patient.age().below(thresholds.T_ALL_OLDEST),
        none_of(
            questions.relapsed_or_refractory_all(patient),
            patient.may_have(concepts.ALS),
        ),
    )
