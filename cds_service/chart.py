"""One patient's record at one instant, and the questions a rule may ask about it.

What was not supplied and not fetched is unknown; supplied and without a match is no, worded "not
on the problem list". Suspected is unknown, refuted and entered in error are as if absent. A
missing, stale, unreadable result is unknown and says which. Answers are remembered: rules ask the
same things.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import wraps
from typing import Any, NamedTuple, TypeVar

from cds_service.amount import Amount, bounds_text
from cds_service.diagnosis import (
    ABSENT,
    LIVE,
    NOT_ON_RECORD,
    SUSPECTED,
    Course,
    DiagnosisRecord,
    DiagnosisView,
    course_of,
    current_of,
)
from cds_service.dosage import dosage_text
from cds_service.finding import FALSE, TRUE, UNKNOWN, Fact, Finding
from cds_service.instants import ClinicalTime, age_text, parse_any
from cds_service.limits import NO_LOCAL_LIMITS, Kind, Limits
from cds_service.medications import Medications, drug_concepts, drug_displays
from cds_service.orders import BY_CODE, Order
from cds_service.presence import Answered, Unread, as_sent, read_presence, says_something
from cds_service.readers import (
    STATUS_RANK,
    Bounds,
    Component,
    Resource,
    Value,
    codings,
    first_code,
    is_about_another,
    observation_status,
    observation_time,
    read_condition_status,
    read_value,
    texts,
)
from cds_service.result import (
    Reading,
    as_good,
    is_weak,
    issued_at,
    plausible,
    says_the_same,
    together,
)
from cds_service.revisions import newest_revisions
from cds_service.terminology import (
    Concept,
    Diagnosis,
    Lexicon,
    Match,
    Measurement,
    Orderable,
    QualitativeTest,
    Window,
)

Answer = TypeVar("Answer")


PERSON = "Patient"
"""Among the troubles: a type of resource, which no id of a concept is."""

ORDER_KEY = "order "
"""How the key of a fact about an order begins, before the order's reference."""

_ACTIVE_MEDICATION = frozenset({"active", "on-hold", "intended", None})
_ENDED_MEDICATION = frozenset(
    {"completed", "stopped", "cancelled", "entered-in-error", "draft", "not-taken"}
)
_NEVER_GIVEN = frozenset({"draft", "entered-in-error", "cancelled", "not-taken"})


class Source(NamedTuple):
    """A resource that matched a value set, the part of it that did, and by which code."""

    resource: Resource
    part: Resource | Component
    match: Match


class _Newest(NamedTuple):
    """The result of a measurement that counts, and what may cast doubt on it."""

    reading: Reading
    bounds: Bounds | None
    fact: Fact
    doubt: Fact | None
    age: timedelta


class Chart:
    """Immutable to its readers. `as_of` is the instant of the request, in UTC.

    Resources about somebody else are left out and counted. `medications` are those that drug
    records refer to. `troubles` says, by concept id, why the data that could hold the concept is
    not complete; under PERSON why the Patient itself is not here. `limits` are those of the site:
    every question takes the limit or window that holds here instead of the one it is asked with.
    """

    def __init__(
        self,
        *,
        lexicon: Lexicon,
        as_of: datetime,
        patient_id: str,
        patient: Resource | None = None,
        resources: Iterable[Resource] = (),
        medications: Medications | None = None,
        troubles: Mapping[str, str] | None = None,
        orders: tuple[Order, ...] = (),
        discontinued: tuple[Order, ...] = (),
        drafts_are_final: bool = False,
        limits: Limits = NO_LOCAL_LIMITS,
    ) -> None:
        self.lexicon = lexicon
        self.as_of = as_of
        self.patient_id = patient_id
        self.patient = patient
        self._medications = medications or {}
        self.troubles = dict(troubles or {})
        self.orders = orders
        self.discontinued = discontinued
        self._drafted_kinds = frozenset(kind for order in orders for kind in order.recognised)
        self.drafts_are_final = drafts_are_final
        self.limits = limits
        self.foreign = 0
        self.foreign_drafts = 0
        self.asked: set[str] = set()
        self._memory: dict[Any, Any] = {}
        self._views: dict[str, DiagnosisView] = {}
        self._has_answers: dict[str, Finding] = {}
        self._may_have_answers: dict[str, Finding] = {}
        self._amounts: dict[tuple[str, str], Amount] = {}
        self._newest_results: dict[str, _Newest | Fact] = {}
        self._sources: dict[str, list[Source]] = {}
        for resource in newest_revisions(resources):
            self._file(resource)

    # -- filing -------------------------------------------------------------------------------

    def _file(self, resource: Resource) -> None:
        """Keep a resource under the value sets its codes belong to; others are never read."""
        if is_about_another(resource, self.patient_id):
            self.foreign += 1
            return
        self._file_part(resource, resource)
        for component in resource.component:
            self._file_part(resource, component)

    def _file_part(self, resource: Resource, part: Resource | Component) -> None:
        match = self.lexicon.match
        if part.code is not None:
            for coding in part.code.coding:
                for hit in match(coding.system, coding.code):
                    self._sources.setdefault(hit.value_set, []).append(Source(resource, part, hit))
        elif resource.resourceType in ("MedicationRequest", "MedicationStatement"):
            self._file_medication(resource)

    def _file_medication(self, resource: Resource) -> None:
        """A running drug: by code, that of its Medication included, else by name as for drafts."""
        concepts = list(drug_concepts(resource, self._medications))
        hits = [
            hit
            for concept in concepts
            for coding in codings(concept)
            for hit in self.lexicon.match(coding.system, coding.code)
        ]
        if not hits:
            names = [*(text for each in concepts for text in texts(each)), *drug_displays(resource)]
            hits = self._named_medication(names)
        for hit in hits:
            self._sources.setdefault(hit.value_set, []).append(Source(resource, resource, hit))

    def _named_medication(self, names: list[str]) -> list[Match]:
        found = {i for name in names for i in self.lexicon.named(name)}
        orderables = [self.lexicon.concepts[i] for i in sorted(found)]
        return [
            Match(o.codes.id, "", "", "recognised by name")
            for o in orderables
            if isinstance(o, Orderable)
        ]

    # -- limits -------------------------------------------------------------------------------

    def limit(self, limit: Kind) -> Kind:
        """The limit or window that holds here, for texts and computations."""
        return self.limits.of(limit)

    # -- memory -------------------------------------------------------------------------------

    def recall(self, key: Any, work_out: Callable[[], Answer]) -> Answer:
        """The remembered answer under `key`, worked out on first use."""
        known = self._memory.get(key)
        if known is None:
            known = self._memory[key] = work_out()
        answer: Answer = known
        return answer

    def _trouble(self, concept: Concept) -> Fact | None:
        reason = self.troubles.get(concept.id)
        if reason is None or not self.lexicon.is_mapped(concept):
            return None
        return Fact(concept.id, lambda: f"{concept.title}: {reason}", missing=True, unread=True)

    # -- diagnoses ----------------------------------------------------------------------------

    def diagnosis(self, diagnosis: Diagnosis) -> DiagnosisView:
        """Every record of a diagnosis and the one that counts."""
        self.asked.add(diagnosis.id)
        known = self._views.get(diagnosis.id)
        if known is None:
            known = self._views[diagnosis.id] = self._diagnosis(diagnosis)
        return known

    def _diagnosis(self, diagnosis: Diagnosis) -> DiagnosisView:
        by_condition: dict[int, list[Source]] = {}
        for value_set in diagnosis.value_sets():
            for source in self._sources.get(value_set.id, ()):
                if source.resource.resourceType == "Condition":
                    by_condition.setdefault(id(source.resource), []).append(source)
        if not by_condition:
            return NOT_ON_RECORD
        read = [self._diagnosis_record(diagnosis, group) for group in by_condition.values()]
        records = tuple(record for record in read if record is not None)
        live = tuple(record for record in records if record.course in LIVE)
        # "Resolved" is implausible for a lifelong disease: it does not outweigh a live entry.
        return DiagnosisView(current_of(live if diagnosis.lifelong and live else records), records)

    def _diagnosis_record(
        self, diagnosis: Diagnosis, sources: list[Source]
    ) -> DiagnosisRecord | None:
        status = read_condition_status(sources[0].resource)
        if status.verification in ABSENT:
            return None
        hits = {source.match.value_set for source in sources}
        only_suspicious = diagnosis.suspected_by is not None and hits == {diagnosis.suspected_by.id}
        suspected = only_suspicious or status.verification in SUSPECTED
        course, remark = course_of(diagnosis, hits, status.clinical)
        words = [diagnosis.suspected_words if only_suspicious else course.value]
        if suspected and not only_suspicious:
            words.append("not confirmed")
        words += sorted({source.match.note for source in sources if source.match.note})
        words += [remark] if remark else []
        if status.recorded is not None:
            words.append(f"recorded {status.recorded.text()}")
        return DiagnosisRecord(course, suspected, status.recorded, ", ".join(words))

    def has(self, diagnosis: Diagnosis) -> Finding:
        """Active or relapsed, confirmed. Suspected, contradictory or implausible is unknown."""
        known = self._has_answers.get(diagnosis.id)
        if known is None:
            known = self._has_answers[diagnosis.id] = self._has(diagnosis, FALSE)
        return known

    def may_have(self, diagnosis: Diagnosis) -> Finding:
        """As `has`, and suspected counts as yes."""
        known = self._may_have_answers.get(diagnosis.id)
        if known is None:
            known = self._may_have_answers[diagnosis.id] = self._has(diagnosis, TRUE)
        return known

    def _has(self, diagnosis: Diagnosis, suspected: Any) -> Finding:
        words = "confirmed or suspected" if suspected is TRUE else "active on the problem list"
        question = f"{diagnosis.title}: {words}"
        view = self.diagnosis(diagnosis)
        if view.in_conflict:
            return Finding(question, UNKNOWN, (self._conflict_fact(diagnosis, view),))
        current = view.current
        if current is None:
            return self._not_recorded(question, diagnosis)
        if current.course not in LIVE:
            return self._not_live(question, diagnosis, current)
        if current.suspected and suspected is not TRUE:
            fact = self._record_fact(diagnosis, current, missing=True)
            return Finding(question, UNKNOWN, (fact,))
        return Finding(question, TRUE, (self._record_fact(diagnosis, current),))

    def _not_live(self, question: str, diagnosis: Diagnosis, record: DiagnosisRecord) -> Finding:
        if diagnosis.lifelong:
            fact = Fact(
                diagnosis.id,
                lambda: f"{diagnosis.title}: recorded as {record.words}, which is implausible",
                missing=True,
            )
            return Finding(question, UNKNOWN, (fact,))
        return Finding(question, FALSE, (self._record_fact(diagnosis, record),))

    def _not_recorded(self, question: str, diagnosis: Diagnosis) -> Finding:
        trouble = self._trouble(diagnosis)
        if trouble is not None:
            return Finding(question, UNKNOWN, (trouble,))
        fact = Fact(diagnosis.id, lambda: f"{diagnosis.title}: {NOT_LISTED}")
        return Finding(question, FALSE, (fact,))

    def on_record(self, diagnosis: Diagnosis) -> Finding:
        """Recorded in whatever state: active, in remission or over. Suspected is unknown."""
        question = f"{diagnosis.title}: on record, in any state"
        records = self.diagnosis(diagnosis).records
        if not records:
            return self._not_recorded(question, diagnosis)
        record = min(records, key=lambda each: each.suspected)
        truth = UNKNOWN if record.suspected else TRUE
        fact = self._record_fact(diagnosis, record, missing=truth is UNKNOWN)
        return Finding(question, truth, (fact,))

    def in_remission(self, diagnosis: Diagnosis, within: Window | None = None) -> Finding:
        """Recorded as in remission, resolved or inactive; with a window, recorded within it."""
        finding = self._course_is(
            diagnosis, "in remission", frozenset({Course.REMISSION, Course.RESOLVED})
        )
        if within is None or finding.truth is not TRUE:
            return finding
        return self._recorded_within(finding, diagnosis, within)

    def _recorded_within(self, finding: Finding, diagnosis: Diagnosis, within: Window) -> Finding:
        """The finding, as far as the date of the record goes; unknown where it has none."""
        within = self.limits.of(within)
        question = f"{finding.question} within {within}"
        current = self.diagnosis(diagnosis).current
        recorded = current.recorded if current is not None else None
        if recorded is None:
            words = f"{diagnosis.title}: since when is not recorded"
            return Finding(question, UNKNOWN, (Fact(diagnosis.id, lambda: words, missing=True),))
        recent = recorded.age(self.as_of) <= within.length
        return Finding(question, TRUE if recent else FALSE, finding.facts)

    def in_relapse(self, diagnosis: Diagnosis) -> Finding:
        """Recorded as relapsed or recurrent. Active, and suspected to be in relapse, is unknown."""
        finding = self._course_is(diagnosis, "in relapse", frozenset({Course.RELAPSE}))
        view = self.diagnosis(diagnosis)
        suspected = [r for r in view.records if r.course is Course.RELAPSE and r.suspected]
        is_active = view.current is not None and view.current.course is Course.ACTIVE
        if not suspected or not is_active:
            return finding
        fact = self._record_fact(diagnosis, suspected[0], missing=True)
        return Finding(finding.question, UNKNOWN, (fact,))

    def _course_is(self, diagnosis: Diagnosis, words: str, courses: frozenset[Course]) -> Finding:
        question = f"{diagnosis.title}: {words}"
        view = self.diagnosis(diagnosis)
        if view.in_conflict:
            return Finding(question, UNKNOWN, (self._conflict_fact(diagnosis, view),))
        if view.current is None:
            return self._not_recorded(question, diagnosis)
        truth = TRUE if view.current.course in courses else FALSE
        if truth is TRUE and view.current.suspected:
            truth = UNKNOWN
        return Finding(question, truth, (self._record_fact(diagnosis, view.current),))

    def _record_fact(
        self, diagnosis: Diagnosis, record: DiagnosisRecord, *, missing: bool = False
    ) -> Fact:
        return Fact(diagnosis.id, lambda: f"{diagnosis.title}: {record.words}", missing=missing)

    def _conflict_fact(self, diagnosis: Diagnosis, view: DiagnosisView) -> Fact:
        def say() -> str:
            entries = " / ".join(sorted({record.words for record in view.records}))
            return f"{diagnosis.title}: entries contradict each other ({entries})"

        return Fact(diagnosis.id, say, missing=True)

    # -- measurements -------------------------------------------------------------------------

    def has_result(
        self, concept: Measurement | QualitativeTest, within: Window | None = None
    ) -> Finding:
        """Some result is on record, whatever it says.

        A failed read is unknown, and so is whether a result without a time lies in the window.
        """
        self.asked.add(concept.id)
        within = self.limits.of(within) if within else None
        words = f" within {within}" if within else ""
        question = f"{concept.title}: a result on record{words}"
        found = [
            observation_time(source.resource)
            for source in self._sources.get(concept.codes.id, ())
            if is_reported(source.resource)
        ]
        times = [
            time
            for time in found
            if time is not None and (within is None or time.age(self.as_of) <= within.length)
        ]
        if times:
            newest = max(time.earliest for time in times)
            text = next(time.text() for time in times if time.earliest == newest)
            fact = Fact(concept.id, lambda: f"{concept.title}: result of {text}")
            return Finding(question, TRUE, (fact,))
        if None in found:
            untimed = f"{concept.title}: a result on record, time of the sample not sent"
            gap = Fact(concept.id, untimed.__str__, missing=True)
            return Finding(question, UNKNOWN, (gap,))
        trouble = self._trouble(concept)
        if trouble is not None:
            return Finding(question, UNKNOWN, (trouble,))
        quiet = not self.lexicon.is_mapped(concept)
        said = f"{concept.title}: no result{words}"
        return Finding(
            question, FALSE, (Fact(concept.id, said.__str__, missing=True, quiet=quiet),)
        )

    def time_of(self, measurement: Measurement) -> ClinicalTime | None:
        """When the newest usable result of a measurement was taken."""
        newest = self._newest(measurement)
        return None if isinstance(newest, Fact) else newest.reading.time

    def results(self, measurement: Measurement) -> list[Reading]:
        """All results on record, newest first; those that cannot be used too."""
        return self._readings(measurement)

    def latest(self, measurement: Measurement, within: Window | None = None) -> Amount:
        """The latest usable result by clinical time, if not older than the window."""
        self.asked.add(measurement.id)
        key = (measurement.id, within.name if within else "")
        known = self._amounts.get(key)
        if known is None:
            known = self._amounts[key] = self._latest(measurement, within)
        return known

    def _latest(self, measurement: Measurement, within: Window | None) -> Amount:
        within = self.limits.of(within) if within else None
        words = f" within {within}" if within else ""
        newest = self._newest(measurement)
        if isinstance(newest, Fact):
            return Amount(measurement.title, None, newest, None, words, self.limits)
        reading, bounds, fact, doubt, age = newest
        if within is not None and age > within.length:
            remark = f"older than {words[8:]}"
            fact = self._reading_fact(measurement, reading, missing=True, remark=remark)
            return Amount(measurement.title, None, fact, doubt, words, self.limits)
        return Amount(measurement.title, bounds, fact, doubt, words, self.limits)

    def _newest(self, measurement: Measurement) -> _Newest | Fact:
        """The result that counts, whatever its age; or why there is none."""
        known = self._newest_results.get(measurement.id)
        if known is None:
            known = self._newest_results[measurement.id] = self._find_newest(measurement)
        return known

    def _find_newest(self, measurement: Measurement) -> _Newest | Fact:
        readings = self._readings(measurement)
        usable = [reading for reading in readings if reading.value.bounds is not None]
        if not usable:
            return self._no_result(measurement, readings)
        newest, bounds, doubt = usable[0], usable[0].value.bounds, None
        if len(readings) > 1:
            bounds = together([r for r in usable if as_good(r, newest)])
            later = [r for r in readings if r.value.bounds is None and r.time >= newest.time]
            doubt = self._reading_fact(measurement, later[0], missing=True) if later else None
        missing = newest.value.bounds != bounds
        remark = ""
        if missing and bounds is not None:
            # One of them alone would read as if it were the answer.
            remark = f"results of the same time contradict each other: {bounds_text(bounds)}"
        fact = self._reading_fact(measurement, newest, missing=missing, remark=remark)
        return _Newest(newest, bounds, fact, doubt, newest.time.age(self.as_of))

    def _readings(self, measurement: Measurement) -> list[Reading]:
        """All results, newest first, better status and preferred code first within a time."""
        sources = self._sources.get(measurement.codes.id)
        if not sources:
            return []
        preferred = measurement.preferred.id if measurement.preferred else None
        favoured = {id(s.resource) for s in self._sources.get(preferred or "", ())}
        found = []
        seen = set()
        for source in sources:
            if id(source.part) in seen:
                continue
            seen.add(id(source.part))
            reading = self._reading(measurement, source, id(source.resource) in favoured)
            if reading is not None:
                found.append(reading)
        found.sort(
            key=lambda r: (
                -r.time.earliest.timestamp(),
                r.rank,
                r.second_choice,
                -issued_at(r),
                r.value.received,
            )
        )
        return found

    def _reading(self, measurement: Measurement, source: Source, favoured: bool) -> Reading | None:
        """One result; None for what does not count. What cannot be read keeps its problem."""
        resource, part, match = source
        status = observation_status(resource)
        rank = STATUS_RANK.get(status)
        if rank is None:
            return None
        own_code = (match.system, match.code)
        has_components = part is resource and bool(resource.component)
        value = read_value(part, measurement.units, measurement.answers, own_code)
        if has_components and value.bounds is None:
            return None
        time = observation_time(resource)
        if time is None:
            time = ClinicalTime(self.as_of, self.as_of, has_clock=False, has_zone=False)
            value = Value(None, value.received, "time of the sample not sent")
        elif time.is_in_future(self.as_of):
            value = Value(None, value.received, "dated in the future")
        if status == "unknown":
            value = Value(None, value.received, "its status is unknown")
        value = plausible(value, measurement)
        issued = parse_any(resource.get("issued"))
        weak = is_weak(measurement.codes, source.match, source.part)
        return Reading(time, rank, not favoured, value, status, match.note, issued, weak)

    def _reading_fact(
        self, measurement: Measurement, reading: Reading, *, missing: bool = False, remark: str = ""
    ) -> Fact:
        def say() -> str:
            return self._reading_text(measurement, reading, remark)

        return Fact(measurement.id, say, missing=missing, weak=reading.weak)

    def _reading_text(self, measurement: Measurement, reading: Reading, remark: str) -> str:
        value, time = reading.value, reading.time
        if value.bounds is None:
            sent = f" {value.received}" if value.received else ""
            text = f"{measurement.title}{sent}: not used, {value.problem}"
        else:
            unit = measurement.units.display
            text = f"{measurement.title} {bounds_text(value.bounds)} {unit}".rstrip()
            if value.received and not says_the_same(value, measurement):
                text += f" (sent as {value.received})"
        if value.problem != "time of the sample not sent":
            text += f", {time.text()}, {age_text(time.age(self.as_of))}"
            text += "" if time.has_clock else " (time of day not known)"
            text += (
                " (time zone not known, read as UTC)"
                if time.has_clock and not time.has_zone
                else ""
            )
        text += ", preliminary" if reading.status == "preliminary" else ""
        text += f", {reading.note}" if reading.note else ""
        return f"{text}; {remark}" if remark else text

    def _no_result(self, measurement: Measurement, readings: list[Reading]) -> Fact:
        if readings:
            return self._reading_fact(measurement, readings[0], missing=True)
        trouble = self._trouble(measurement)
        if trouble is not None:
            return trouble
        quiet = not self.lexicon.is_mapped(measurement)
        words = f"{measurement.title}: not recorded"
        return Fact(measurement.id, words.__str__, missing=True, quiet=quiet)

    def test_is_positive(self, test: QualitativeTest, within: Window | None = None) -> Finding:
        """The latest answered result says present. No answer is "no".

        A failed read is unknown, and so is an answer in words that are not read.
        """
        question = f"{test.title} positive"
        answer = self._latest_answer(test, within)
        unread = self._newer_unread(test, within, answer)
        if unread is not None and (answer is None or not answer.present):
            return Finding(question, UNKNOWN, (_unread_fact(test, unread),))
        if answer is None:
            trouble = self._trouble(test)
            if trouble is not None:
                return Finding(question, UNKNOWN, (trouble,))
            absent = Fact(test.id, lambda: f"{test.title}: {NO_RESULT}")
            return Finding(question, FALSE, (absent,))
        words = f"{test.title} {'positive' if answer.present else 'negative'}, {answer.time.text()}"
        fact = Fact(test.id, words.__str__, weak=answer.weak)
        return Finding(question, TRUE if answer.present else FALSE, (fact,))

    def test_is_negative(self, test: QualitativeTest, within: Window | None = None) -> Finding:
        """The latest answered result says absent."""
        positive = self.test_is_positive(test, within)
        question = f"{test.title} negative"
        if positive.truth is UNKNOWN:
            return Finding(question, UNKNOWN, positive.facts)
        answer = self._latest_answer(test, within)
        truth = TRUE if answer is not None and not answer.present else FALSE
        return Finding(question, truth, positive.facts)

    def time_of_answer(
        self, test: QualitativeTest, within: Window | None = None
    ) -> ClinicalTime | None:
        """When the answer that counts was given; None without one."""
        answer = self._latest_answer(test, within)
        return None if answer is None else answer.time

    def has_newer_unread(self, test: QualitativeTest, within: Window | None = None) -> bool:
        """A result newer than the answer that counts, or the only one, could not be read."""
        answer = self._latest_answer(test, within)
        return self._newer_unread(test, within, answer) is not None

    def test_was_positive(self, test: QualitativeTest) -> Finding:
        """Some result said present, whenever: for what a disease has once and for all.

        A result that may have said so and could not be read is unknown, whatever came after it.
        """
        question = f"{test.title} positive at any time"
        positive = [answer for answer in self._answers(test, None) if answer.present]
        if not positive:
            now, unread = self.test_is_positive(test), self._ever_unread(test)
            if now.truth is FALSE and unread is not None:
                return Finding(question, UNKNOWN, (_unread_fact(test, unread),))
            return Finding(question, now.truth, now.facts)
        first = min(positive, key=lambda answer: (answer.weak, answer.time.earliest))
        words = f"{test.title} positive, {first.time.text()}"
        return Finding(question, TRUE, (Fact(test.id, words.__str__, weak=first.weak),))

    def _answers(self, test: QualitativeTest, within: Window | None) -> list[Answered]:
        """Every result that says present or absent, with its time."""
        answers = [said for said in self._heard(test) if isinstance(said, Answered)]
        return [each for each in answers if self._is_within(each.time, within)]

    def _unread(self, test: QualitativeTest, within: Window | None) -> list[Unread]:
        """Every result that says something else, or at a time that is not known; newest first."""
        unread = [said for said in self._heard(test) if isinstance(said, Unread)]
        found = [each for each in unread if each.time is None or self._is_within(each.time, within)]
        return sorted(found, key=Unread.order)

    def _is_within(self, time: ClinicalTime, within: Window | None) -> bool:
        return within is None or time.age(self.as_of) <= self.limits.of(within).length

    def _heard(self, test: QualitativeTest) -> list[Answered | Unread]:
        """What the results of a test say; those that say nothing are left out."""
        self.asked.add(test.id)
        return self.recall(("heard", test.id), lambda: list(self._hear(test)))

    def _hear(self, test: QualitativeTest) -> Iterator[Answered | Unread]:
        known = self._known(test)
        for source in self._sources.get(test.codes.id, ()):
            if not is_reported(source.resource):
                continue
            time, present = observation_time(source.resource), read_presence(source.part, known)
            problem = self._problem(source.resource, time, present)
            if time is not None and present is not None and not problem:
                weak = is_weak(test.codes, source.match, source.part)
                yield Answered(time, present, weak)
            elif present is not None or says_something(source.part):
                yield Unread(time, present, problem, as_sent(source.part))

    def _problem(self, resource: Resource, time: ClinicalTime | None, present: bool | None) -> str:
        """Why a result of a test does not count; empty where it does."""
        if present is None:
            return "could not be read as yes or no"
        if observation_status(resource) == "unknown":
            return "has an unknown status"
        if time is None:
            return "came without the time of the sample"
        return "is dated in the future" if time.is_in_future(self.as_of) else ""

    def _known(self, test: QualitativeTest) -> QualitativeTest:
        """The test with the answers that a site has added to it."""
        known = self.lexicon.concepts.get(test.id)
        return known if isinstance(known, QualitativeTest) else test

    def _latest_answer(self, test: QualitativeTest, within: Window | None) -> Answered | None:
        answers = self._answers(test, within)
        if not answers:
            return None
        newest = max(answer.time.earliest for answer in answers)
        latest = [answer for answer in answers if answer.time.earliest == newest]
        # Contradicting results of one time: the positive one, because it asks for action. Of
        # several that say the same, one from a code that is well backed.
        return max(latest, key=lambda answer: (answer.present, not answer.weak))

    def _newer_unread(
        self, test: QualitativeTest, within: Window | None, answer: Answered | None
    ) -> Unread | None:
        """Something newer than the answer was reported, in words that are not read."""
        for unread in self._unread(test, within):
            time = unread.time
            if answer is None or (time is not None and time.earliest > answer.time.earliest):
                return unread
        return None

    def _ever_unread(self, test: QualitativeTest) -> Unread | None:
        """A result of whatever time that may have said present.

        Not one of the same time as an answer: a number and what it means come as two results.
        """
        answered = {answer.time.earliest for answer in self._answers(test, None)}
        for unread in self._unread(test, None):
            is_explained = unread.time is not None and unread.time.earliest in answered
            if unread.present is not False and not is_explained:
                return unread
        return None

    # -- patient ------------------------------------------------------------------------------

    def age_bounds(self) -> Bounds | None:
        """Age in completed years; a range when the birth date is partial."""
        born = parse_any(self.patient.get("birthDate")) if self.patient is not None else None
        if born is None or born.earliest > self.as_of:
            return None
        # Of a year that is not over the end lies ahead: nobody is younger than born today.
        latest = min(born.latest, self.as_of)
        return Bounds(_years(latest, self.as_of), _years(born.earliest, self.as_of))

    def age(self) -> Amount:
        """Age in years as an amount to compare."""
        return self.recall("age", self._age)

    def _age(self) -> Amount:
        bounds = self.age_bounds()
        if bounds is None:
            return Amount("Age", None, self._no_age(), limits=self.limits)
        partial = not bounds.is_exact()
        why = " (birth date incomplete)" if partial else ""
        fact = Fact("age", lambda: f"Age {bounds_text(bounds)} y{why}", missing=partial)
        return Amount("Age", bounds, fact, limits=self.limits)

    def _no_age(self) -> Fact:
        reason = self.troubles.get(PERSON) if self.patient is None else None
        words = f"Age: {reason or 'birth date not recorded'}"
        return Fact("age", words.__str__, missing=True, unread=reason is not None)

    def gender(self) -> str | None:
        """Administrative gender as recorded ("male", "female", "other", "unknown")."""
        value = self.patient.get("gender") if self.patient is not None else None
        return value if isinstance(value, str) else None

    # -- orders and medication ----------------------------------------------------------------

    def selected(self, orderable: Orderable) -> list[Order]:
        """Orders of this kind that were just selected (or are being signed)."""
        if orderable.id not in self._drafted_kinds:
            return []
        return [o for o in self.orders if o.selected and orderable.id in o.recognised]

    def drafted(self, orderable: Orderable) -> list[Order]:
        """All drafts of this kind, selected or not."""
        if orderable.id not in self._drafted_kinds:
            return []
        return [o for o in self.orders if orderable.id in o.recognised]

    def stopping(self, orderable: Orderable) -> list[Order]:
        """Drafts of this kind that end something: stopped, cancelled, not to be given."""
        self.asked.add(orderable.id)
        return [o for o in self.discontinued if orderable.id in o.recognised]

    def ordering(self, orderable: Orderable) -> Finding:
        """One is selected or being signed."""
        self.asked.add(orderable.id)
        found = self.selected(orderable)
        question = "Ordering {}"
        if not found:
            return _plain_no(orderable, question, "not among the orders looked at")
        facts = tuple(order_fact(o, orderable) for o in found)
        return Finding(question.format(orderable.title), TRUE, facts)

    def drafting(self, orderable: Orderable) -> Finding:
        """Among the drafts, selected or not: what goes with the selected order."""
        self.asked.add(orderable.id)
        if not self.drafted(orderable):
            return _plain_no(orderable, "Drafting {}", NOT_DRAFTED)
        words = f"{orderable.title}: among the drafts"
        fact = Fact(orderable.id, words.__str__)
        return Finding(f"Drafting {orderable.title}", TRUE, (fact,))

    def taking(self, orderable: Orderable) -> Finding:
        """An active prescription is on record."""
        if orderable.codes.id not in self._sources and orderable.id not in self.troubles:
            self.asked.add(orderable.id)
            return _plain_no(orderable, _TAKING, NOT_TAKEN)
        return self.recall(("taking", orderable.id), lambda: self._taking(orderable))

    def prescribed(self, orderable: Orderable) -> Finding:
        """A prescription is on record, running or not."""
        self.asked.add(orderable.id)
        question = f"Prescription of {orderable.title} on record, at any time"
        sources = self._sources.get(orderable.codes.id, ())
        if any(_is_drug(s.resource) and _was_given(s.resource) for s in sources):
            words = f"{orderable.title}: prescription on record"
            return Finding(question, TRUE, (Fact(orderable.id, words.__str__),))
        taking = self.taking(orderable)
        return Finding(question, taking.truth, taking.facts)

    def _taking(self, orderable: Orderable) -> Finding:
        self.asked.add(orderable.id)
        question = _TAKING.format(orderable.title)
        sources = self._sources.get(orderable.codes.id, ())
        notes = [source.match.note for source in sources if _is_running(source.resource)]
        if notes:
            # The least remarkable one: of a drug known by code and by name the code is enough.
            note = f" ({min(notes)})" if min(notes) else ""
            words = f"{orderable.title}: active prescription{note}"
            return Finding(question, TRUE, (Fact(orderable.id, words.__str__),))
        if any(_is_unclear(source.resource) for source in sources):
            unclear = f"{orderable.title}: on record, whether it is being given is not known"
            return Finding(question, UNKNOWN, (Fact(orderable.id, unclear.__str__, missing=True),))
        trouble = self._trouble(orderable)
        if trouble is not None:
            return Finding(question, UNKNOWN, (trouble,))
        return _plain_no(orderable, _TAKING, NOT_TAKEN)


_TAKING = "Active prescription of {}"
NOT_DRAFTED = "not among the drafts"
NOT_TAKEN = "no active prescription on record"
NOT_LISTED = "not on the problem list"
NO_RESULT = "no result"
"""What is said of what is not there; a card joins many of these in one line."""


_PLAIN_NOES: dict[tuple[str, str], tuple[Orderable, Finding]] = {}


def _plain_no(orderable: Orderable, question: str, words: str) -> Finding:
    """No, and nothing of this patient in it: built once, because rules ask for many drugs."""
    known = _PLAIN_NOES.get((orderable.id, question))
    if known is None or known[0] is not orderable:
        said = f"{orderable.title}: {words}"
        fact = Fact(orderable.id, said.__str__)
        known = orderable, Finding(question.format(orderable.title), FALSE, (fact,))
        _PLAIN_NOES[orderable.id, question] = known
    return known[1]


def _unread_fact(test: QualitativeTest, unread: Unread) -> Fact:
    """Named as sent: whoever reads the card may understand it."""

    def say() -> str:
        time = unread.time.text() if unread.time is not None else ""
        which = ", ".join(filter(None, (unread.sent, time)))
        return f"{test.title}: a result is on record that {unread.problem}: {which}".rstrip(": ")

    return Fact(test.id, say, missing=True)


def is_reported(resource: Resource) -> bool:
    """Whether an Observation's status lets it count at all."""
    return STATUS_RANK.get(observation_status(resource)) is not None


def _is_drug(resource: Resource) -> bool:
    return resource.resourceType in ("MedicationRequest", "MedicationStatement")


def _is_running(resource: Resource) -> bool:
    """A drug that is being given, as far as its status says."""
    is_active = first_code(resource.get("status")) in _ACTIVE_MEDICATION
    return _is_drug(resource) and is_active and resource.get("doNotPerform") is not True


def _is_unclear(resource: Resource) -> bool:
    """A drug record that says neither that the drug is given nor that it is not."""
    status = first_code(resource.get("status"))
    return _is_drug(resource) and status not in _ACTIVE_MEDICATION | _ENDED_MEDICATION


def _was_given(resource: Resource) -> bool:
    """A drug that is or was given: not a draft, not an error, not called off before its start."""
    return first_code(resource.get("status")) not in _NEVER_GIVEN


def question(ask: Callable[[Chart], Finding]) -> Callable[[Chart], Finding]:
    """A named question made of others; its answer is remembered per chart."""

    @wraps(ask)
    def remembered(chart: Chart) -> Finding:
        return chart.recall(ask, lambda: ask(chart))

    return remembered


def order_fact(order: Order, orderable: Orderable) -> Fact:
    """An order as the card names it, saying so when only its name was recognised."""
    how = order.recognised[orderable.id]
    by_name = "" if how == BY_CODE else " (recognised by name, no known code)"

    def say() -> str:
        dosage = dosage_text(order.resource)
        return f"Order: {orderable.title}{f', {dosage}' if dosage else ''}{by_name}"

    return Fact(f"{ORDER_KEY}{order.reference}", say, weak=orderable.id in order.weakly)


def _years(born: datetime, as_of: datetime) -> Decimal:
    had_birthday = (as_of.month, as_of.day) >= (born.month, born.day)
    return Decimal(as_of.year - born.year - (0 if had_birthday else 1))
