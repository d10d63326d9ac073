"""The values of a hook request that a person may change on the bench, and the request changed so.

What may be changed is declared by the content package, in its function `bench`. A value is written
as a laboratory would send it, an Observation in the prefetch, so that all the service does with
results happens to it too: units, times, contradictions. Nothing here asks a clock.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from cds_service.amount import bounds_text
from cds_service.errors import InvalidRequest
from cds_service.instants import ClinicalTime, parse_any
from cds_service.prefetch import Query
from cds_service.readers import STATUS_RANK, observation_status, observation_time, read_value
from cds_service.terminology import Lexicon, Measurement, QualitativeTest, Threshold, Window

Json = dict[str, Any]

BIRTH_DATE = "birth-date"
"""Of the Patient: it needs no declaration, for it is no clinical content."""

_UCUM = "http://unitsofmeasure.org"
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_TIMES = ("effectiveDateTime", "effectiveInstant", "effectivePeriod", "effectiveTiming", "issued")


@dataclass(frozen=True, slots=True)
class Editable:
    """One value of the form, with the code and the units that it is written with.

    The first unit is proposed; "" is no unit at all. `answers` are what a test without a number is
    answered with.
    """

    concept: Measurement | QualitativeTest
    label: str
    code: tuple[str, str]
    units: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """That of its concept."""
        return self.concept.id


@dataclass(frozen=True, slots=True)
class Course:
    """A measurement drawn over time, with the limits that rules compare it with, each in words, and
    the windows after which a result is old."""

    measurement: Measurement
    limits: tuple[tuple[Threshold, str], ...]
    windows: tuple[tuple[Window, str], ...]


@dataclass(frozen=True, slots=True)
class BenchContent:
    """What a content package offers for the bench."""

    values: tuple[Editable, ...] = ()
    course: Course | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """What a person has entered: a value with unit and time; no value takes every result away."""

    value: str | None
    unit: str = ""
    taken: str = ""


@dataclass(frozen=True, slots=True)
class Edited:
    """The request with the changes, and each change in words."""

    request: Json
    changes: tuple[str, ...] = ()


# -- where values stand ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Place:
    """A result: the part of an Observation that holds it, and the list the Observation is in."""

    entries: list[Any]
    entry: Json
    resource: Json
    part: Json
    coding: tuple[str, str]

    @property
    def time(self) -> ClinicalTime | None:
        return observation_time(self.resource)


def _places(request: Mapping[str, Any], editable: Editable, lexicon: Lexicon) -> list[_Place]:
    """Every result that counts, newest first; one without a time comes last."""
    known = lexicon.concepts.get(editable.id, editable.concept)
    wanted = {value_set.id for value_set in known.value_sets()}
    found = [
        _Place(entries, entry, resource, part, coding)
        for entries, entry, resource in _observations(request)
        if STATUS_RANK.get(observation_status(resource)) is not None
        for part in (resource, *_dicts(resource.get("component")))
        if (coding := _coding(part, wanted, lexicon)) is not None
    ]
    return sorted(found, key=lambda place: -_seconds(place.time))


def _copies(places: Sequence[_Place]) -> list[_Place]:
    """The newest result wherever it stands: a record may lie under several keys."""
    newest = places[0]
    known = _identity(newest)
    return [each for each in places if each is newest or known == _identity(each) is not None]


def _identity(place: _Place) -> tuple[str, str] | None:
    own = place.resource.get("id")
    return (own, json.dumps(place.part)) if isinstance(own, str) else None


def _count(places: Sequence[_Place]) -> int:
    return len({_identity(each) or id(each) for each in places})


def _seconds(time: ClinicalTime | None) -> float:
    return time.earliest.timestamp() if time is not None else float("-inf")


def _observations(request: Mapping[str, Any]) -> Iterator[tuple[list[Any], Json, Json]]:
    prefetch = request.get("prefetch")
    for bundle in _dicts(list(prefetch.values())) if isinstance(prefetch, dict) else ():
        entries = bundle.get("entry")
        for entry in _dicts(entries):
            resource = entry.get("resource")
            if isinstance(resource, dict) and resource.get("resourceType") == "Observation":
                yield entries, entry, resource  # type: ignore[misc]


def _coding(part: Json, wanted: set[str], lexicon: Lexicon) -> tuple[str, str] | None:
    """The code by which the service would know the result, too."""
    code = part.get("code")
    for coding in _dicts(code.get("coding")) if isinstance(code, dict) else ():
        system, value = coding.get("system"), coding.get("code")
        if not isinstance(system, str | None) or not isinstance(value, str):
            continue
        for match in lexicon.match(system, value):
            if match.value_set in wanted:
                return match.system, match.code
    return None


def _dicts(value: Any) -> Iterator[Json]:
    return (
        (each for each in value if isinstance(each, dict)) if isinstance(value, list) else iter(())
    )


# -- the form --------------------------------------------------------------------------------------


def form(
    request: Mapping[str, Any], content: BenchContent, lexicon: Lexicon, as_of: datetime
) -> list[Json]:
    """Every field with what the request holds, newest result first."""
    own = [_field(each, _places(request, each, lexicon), as_of) for each in content.values]
    return [*own, _birth_date(request)]


def _field(editable: Editable, places: Sequence[_Place], as_of: datetime) -> Json:
    value, unit, remark = _shown(editable, places[0]) if places else ("", "", "")
    units = list(dict.fromkeys([*editable.units, *([unit] if places and unit else [])]))
    return {
        "id": editable.id,
        "label": editable.label,
        "title": editable.concept.title,
        "kind": "answer" if isinstance(editable.concept, QualitativeTest) else "number",
        "value": value,
        "unit": unit if places else next(iter(units), ""),
        "units": [{"code": each, "text": unit_text(each)} for each in units],
        "answers": list(editable.answers),
        "taken": _taken(places[0], as_of) if places else "",
        "results": _count(places),
        "remark": remark,
    }


def _shown(editable: Editable, place: _Place) -> tuple[str, str, str]:
    """Number or answer, unit, and what keeps it from being shown as either."""
    part: Json = json.loads(json.dumps(place.part), parse_float=Decimal)
    if isinstance(editable.concept, QualitativeTest):
        return _answer(part), "", ""
    quantity = part.get("valueQuantity")
    if isinstance(quantity, dict) and isinstance(quantity.get("value"), int | Decimal):
        sign, unit = quantity.get("comparator") or "", quantity.get("code") or quantity.get("unit")
        return f"{sign}{quantity['value']}", str(unit or ""), ""
    measurement = editable.concept
    read = read_value(part, measurement.units, measurement.answers, place.coding)
    if read.bounds is None:
        return "", "", f"{read.received} {read.problem}".strip()
    return bounds_text(read.bounds), measurement.units.canonical, ""


def _answer(part: Json) -> str:
    coded = part.get("valueCodeableConcept")
    words = [part.get("valueString")]
    if isinstance(coded, dict):
        words += [coded.get("text"), *(each.get("display") for each in _dicts(coded.get("coding")))]
    return next((str(each) for each in words if each), "")


def _taken(place: _Place, as_of: datetime) -> str:
    """How old a result is, as it may be entered again."""
    if place.time is None:
        return ""
    minutes = int((as_of - place.time.earliest).total_seconds() // 60)
    if minutes < 0:
        return place.time.earliest.isoformat(timespec="minutes")
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 72 * 60 else f"{minutes // 1440} d"


def _birth_date(request: Mapping[str, Any]) -> Json:
    person = _patient(request)
    return {
        "id": BIRTH_DATE,
        "label": "Birth date",
        "title": "Birth date",
        "kind": "date",
        "value": str((person or {}).get("birthDate") or ""),
        "results": int(person is not None),
    }


def _patient(request: Mapping[str, Any]) -> Json | None:
    prefetch = request.get("prefetch")
    values = _dicts(list(prefetch.values())) if isinstance(prefetch, dict) else iter(())
    return next((each for each in values if each.get("resourceType") == "Patient"), None)


# -- changing values -------------------------------------------------------------------------------


def changed(
    request: Json,
    edits: Mapping[str, Edit],
    content: BenchContent,
    lexicon: Lexicon,
    queries: Sequence[Query],
    as_of: datetime,
) -> Edited:
    """The request with these values instead; the one given stays. Raises InvalidRequest."""
    if not edits:
        return Edited(request)
    editor = _Editor(deepcopy(request), lexicon, queries, as_of)
    known = {each.id: each for each in content.values}
    changes, problems = [], []
    for name, edit in edits.items():
        try:
            if name == BIRTH_DATE:
                changes.append(editor.set_birth_date(edit))
            elif name in known:
                changes.append(editor.change(known[name], edit))
            else:
                problems.append(f"{name}: is no value that can be changed here")
        except InvalidRequest as problem:
            problems += problem.problems
    if problems:
        raise InvalidRequest(*problems)
    return Edited(editor.request, tuple(each for each in changes if each))


@dataclass(slots=True)
class _Editor:
    request: Json
    lexicon: Lexicon
    queries: Sequence[Query]
    as_of: datetime

    def change(self, editable: Editable, edit: Edit) -> str:
        """Change, add or remove; in words, empty where all stays as it is."""
        places = _places(self.request, editable, self.lexicon)
        if edit.value is None:
            return self._remove(editable, places)
        written = _written(editable, edit)
        before = _field(editable, places, self.as_of)
        # A time that was not touched keeps its minutes.
        same_time = bool(places) and edit.taken.strip() == before["taken"]
        time = None if same_time else _time(editable.label, edit.taken, self.as_of)
        if not places:
            self._add(editable, written, time or self.as_of)
            return f"{editable.label}: {_words(edit.value, edit.unit, edit.taken)} added"
        was = _words(before["value"] or before["remark"], before["unit"], before["taken"])
        now = _words(edit.value, edit.unit, edit.taken)
        if was == now:
            return ""
        for place in _copies(places):
            _write(place.part, written)
            if time is not None:
                for name in _TIMES:
                    place.resource.pop(name, None)
                place.resource["effectiveDateTime"] = _stamp(time)
        return f"{editable.label}: {was} → {now}"

    def _remove(self, editable: Editable, places: Sequence[_Place]) -> str:
        count = _count(places)
        for place in places:
            if place.part is not place.resource:
                place.resource["component"].remove(place.part)
            else:
                # By identity: two entries may hold the same.
                at = next(n for n, each in enumerate(place.entries) if each is place.entry)
                del place.entries[at]
        self._tidy()
        if not count:
            return ""
        return f"{editable.label}: {count} {'result' if count == 1 else 'results'} removed"

    def _tidy(self) -> None:
        """Totals as they are now; FHIR allows no empty arrays."""
        for bundle in _dicts(list(self._prefetch().values())):
            entries = bundle.get("entry")
            if isinstance(entries, list):
                if isinstance(bundle.get("total"), int):
                    bundle["total"] = len(entries)
                if not entries:
                    del bundle["entry"]

    def _add(self, editable: Editable, written: Json, time: datetime) -> None:
        key = self._key(editable)
        bundle = self._prefetch().get(key)
        if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
            bundle = {"resourceType": "Bundle", "type": "searchset"}
            self._prefetch()[key] = bundle
        if not isinstance(bundle.get("entry"), list):
            bundle["entry"] = []
        observation = self._observation(editable, written, time)
        bundle["entry"].insert(0, {"resource": observation, "search": {"mode": "match"}})
        self._tidy()

    def _key(self, editable: Editable) -> str:
        for query in self.queries:
            if any(each.id == editable.id for each in query.concepts):
                return query.key
        raise InvalidRequest(f"{editable.label}: the service asks for no such result")

    def _prefetch(self) -> Json:
        found = self.request.get("prefetch")
        if not isinstance(found, dict):
            found = self.request["prefetch"] = {}
        return found

    def _observation(self, editable: Editable, written: Json, time: datetime) -> Json:
        context = self.request.get("context")
        patient = context.get("patientId", "") if isinstance(context, dict) else ""
        system, code = editable.code
        return {
            "resourceType": "Observation",
            "id": f"bench-{editable.id}",
            "status": "final",
            "category": [{"coding": [{"system": _CATEGORY, "code": "laboratory"}]}],
            "code": {"coding": [{"system": system, "code": code}], "text": editable.label},
            "subject": {"reference": f"Patient/{patient}"},
            "effectiveDateTime": _stamp(time),
            **written,
        }

    def set_birth_date(self, edit: Edit) -> str:
        """Of the Patient under whatever key. Raises InvalidRequest."""
        person = _patient(self.request)
        if person is None:
            raise InvalidRequest("Birth date: the request holds no Patient")
        was = str(person.get("birthDate") or "none")
        if not edit.value:
            person.pop("birthDate", None)
            return f"Birth date: {was} removed" if was != "none" else ""
        if not _is_date(edit.value):
            raise InvalidRequest("Birth date: enter a year, a month or a day, such as 1961-04-30")
        person["birthDate"] = edit.value
        return f"Birth date: {was} → {edit.value}" if was != edit.value else ""


_NUMBER = re.compile(r"(<=|>=|<|>)?\s*(-?\d{1,9}(?:[.,]\d{1,6})?)", re.ASCII)


def _written(editable: Editable, edit: Edit) -> Json:
    """The value as an Observation has it. Raises InvalidRequest."""
    text = (edit.value or "").strip()
    if isinstance(editable.concept, QualitativeTest):
        if not text or len(text) > 100:
            raise InvalidRequest(f"{editable.label}: choose an answer")
        return {"valueCodeableConcept": {"text": text}}
    number = _NUMBER.fullmatch(text)
    if number is None:
        raise InvalidRequest(f"{editable.label}: enter a number, such as 40 or >500")
    quantity: Json = {"value": json.loads(_json_number(number[2]))}
    if number[1]:
        quantity["comparator"] = number[1]
    unit = edit.unit.strip()[:64]
    if unit:
        quantity |= {"unit": unit, "system": _UCUM, "code": unit}
    return {"valueQuantity": quantity}


def _json_number(text: str) -> str:
    """Without leading zeros, which JSON forbids."""
    return f"{Decimal(text.replace(',', '.')):f}"


def _write(part: Json, written: Json) -> None:
    for name in [name for name in part if name.startswith("value") or name == "dataAbsentReason"]:
        del part[name]
    # It interprets the value that was.
    part.pop("interpretation", None)
    part.update(written)


_AGE = re.compile(
    r"(\d{1,6}(?:[.,]\d{1,2})?)\s*(m|min|minutes?|h|hours?|d|days?|weeks?|months?|y|years?)"
    r"(?:\s+ago)?",
    re.ASCII | re.IGNORECASE,
)
_MINUTES = {"m": 1, "h": 60, "d": 1440, "w": 10080, "y": 525600}


def _time(label: str, text: str, as_of: datetime) -> datetime:
    """When, from an age or a date. Raises InvalidRequest."""
    text = text.strip()
    if text.lower() in ("", "now"):
        return as_of
    if age := _AGE.fullmatch(text):
        unit = age[2].lower()
        minutes = 43200 if unit.startswith("mo") else _MINUTES[unit[0]]
        try:
            return as_of - timedelta(minutes=float(age[1].replace(",", ".")) * minutes)
        except OverflowError:
            pass
    elif time := parse_any(text):
        return time.earliest
    raise InvalidRequest(
        f'{label}: say when it was taken: "now", "3 h", "30 d", or a date such as 2026-01-15T09:00Z'
    )


def _is_date(text: str) -> bool:
    """https://hl7.org/fhir/R4/datatypes.html#date"""
    if not re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", text, re.ASCII):
        return False
    try:
        date.fromisoformat(f"{text}-01-01"[:10])
    except ValueError:
        return False
    return True


def _stamp(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


_UNIT_TEXTS = {"": "no unit", "{score}": "points", "{INR}": "INR", "[lb_av]": "lb", "[in_i]": "in"}
_UNIT_PARTS = (("10*9", "×10⁹"), ("10*3", "×10³"), ("uL", "µL"), ("umol", "µmol"))


def unit_text(unit: str) -> str:
    """A UCUM unit as people write it."""
    if unit in _UNIT_TEXTS:
        return _UNIT_TEXTS[unit]
    for code, text in _UNIT_PARTS:
        unit = unit.replace(code, text)
    return unit


def _words(value: str, unit: str, taken: str) -> str:
    when = taken.strip() if taken.strip().lower() not in ("", "now") else "now"
    is_age = _AGE.fullmatch(when) is not None and not when.endswith("ago")
    shown = unit_text(unit.strip()) if unit.strip() not in ("", "{score}", "{INR}") else ""
    measured = " ".join(filter(None, (value.strip(), shown)))
    return f"{measured or 'no value'}, {when}{' ago' if is_age else ''}"
