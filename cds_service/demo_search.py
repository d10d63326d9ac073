"""Searches of the demo FHIR endpoint: what may be asked, and which of the given resources match.

https://hl7.org/fhir/R4/search.html. Few parameters, each answered in full. What would find too
much or too little is refused (modifiers, chains, an unknown order, an empty value); only a
parameter that is not known at all may be passed over, and is then named in the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from cds_service.instants import parse_any

Json = Mapping[str, Any]
Pairs = Sequence[tuple[str, str]]

DEFAULT_COUNT, MAX_COUNT = 100, 500
MAX_PARAMETERS = 50


class DemoRefusal(Exception):  # noqa: N818 it says what happens, as HTTP does
    """A request that is not answered, with the HTTP status and the code of its issue."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.code, self.text = status, code, text


def _invalid(text: str) -> DemoRefusal:
    return DemoRefusal(400, "invalid", text)


def _unsupported(text: str) -> DemoRefusal:
    return DemoRefusal(400, "not-supported", text)


# --- What may be asked ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parameter:
    """A search parameter: https://hl7.org/fhir/R4/search.html#ptypes

    `target` is the type that a bare id in a reference means.
    """

    type: Literal["token", "reference", "string"]
    elements: tuple[str, ...]
    target: str = ""


@dataclass(frozen=True, slots=True)
class Searchable:
    """What can be asked of one resource type; `sorts` names the elements of each order."""

    parameters: Mapping[str, Parameter]
    sorts: Mapping[str, tuple[str, ...]]

    @property
    def includes(self) -> list[str]:
        """Parameters by which `_include` brings what they refer to."""
        return [name for name, each in self.parameters.items() if each.type == "reference"]


def _token(*elements: str) -> Parameter:
    return Parameter("token", elements)


_ID = {"_id": _token("id")}
_STATUS = {"status": _token("status")}
_CATEGORY = {"category": _token("category")}
_PATIENT = {"patient": Parameter("reference", ("subject", "patient"), "Patient")}
_SUBJECT = {**_PATIENT, "subject": Parameter("reference", ("subject",), "Patient")}
_ENCOUNTER = {"encounter": Parameter("reference", ("encounter",), "Encounter")}
_OF_PATIENT = {**_ID, **_SUBJECT, **_ENCOUNTER}
_NAMES = {name: Parameter("string", (name,)) for name in ("name", "family", "given")}

SEARCHABLE: Mapping[str, Searchable] = {
    "Patient": Searchable(
        {**_ID, **_NAMES, "gender": _token("gender")}, {"birthdate": ("birthDate",)}
    ),
    "Condition": Searchable(
        {
            **_OF_PATIENT,
            **_CATEGORY,
            "code": _token("code"),
            "clinical-status": _token("clinicalStatus"),
            "verification-status": _token("verificationStatus"),
        },
        {"recorded-date": ("recordedDate",), "onset-date": ("onsetDateTime", "onsetPeriod")},
    ),
    "Observation": Searchable(
        {**_OF_PATIENT, **_CATEGORY, **_STATUS, "code": _token("code")},
        {"date": ("effectiveDateTime", "effectiveInstant", "effectivePeriod")},
    ),
    "MedicationRequest": Searchable(
        {
            **_OF_PATIENT,
            **_CATEGORY,
            **_STATUS,
            "code": _token("medicationCodeableConcept"),
            "intent": _token("intent"),
            "medication": Parameter("reference", ("medicationReference",), "Medication"),
        },
        {"authoredon": ("authoredOn",)},
    ),
    "Medication": Searchable({**_ID, "code": _token("code")}, {}),
    "Encounter": Searchable(
        {**_ID, **_SUBJECT, **_STATUS, "class": _token("class")}, {"date": ("period",)}
    ),
    "FamilyMemberHistory": Searchable({**_ID, **_PATIENT, **_STATUS}, {"date": ("date",)}),
}
"""Resource type to what can be asked of it. Other types are not held, and asked for in vain."""


# --- A search, as it is understood ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Search:
    """One search. `used` is what of the request was understood, `passed_over` what was not."""

    kind: str
    criteria: tuple[tuple[str, str], ...]
    order: tuple[str, ...]
    includes: tuple[str, ...]
    count: int
    offset: int
    used: tuple[tuple[str, str], ...]
    passed_over: tuple[str, ...]

    @property
    def searchable(self) -> Searchable:
        """What may be asked of its type."""
        return SEARCHABLE[self.kind]


_CONTROLS = frozenset({"_sort", "_include", "_count", "_offset", "_total", "_summary"})
_OF_NO_CONSEQUENCE = frozenset({"_format", "_pretty"})


def read_search(kind: str, pairs: Pairs, *, is_strict: bool = False) -> Search:
    """The search that these parameters mean. Raises DemoRefusal."""
    if len(pairs) > MAX_PARAMETERS:
        raise _invalid(f"more than {MAX_PARAMETERS} parameters")
    searchable = SEARCHABLE[kind]
    known = {*searchable.parameters, *_CONTROLS, *_OF_NO_CONSEQUENCE}
    passed_over = tuple(dict.fromkeys(_brief(name) for name, _ in pairs if name not in known))
    for name, value in pairs:
        _check(name, value, known)
    if passed_over and is_strict:
        raise _unsupported(unknown_parameters(kind, passed_over))
    used = tuple((n, value) for n, value in pairs if n in known and n not in _OF_NO_CONSEQUENCE)
    return Search(
        kind,
        tuple((name, value) for name, value in used if name in searchable.parameters),
        _order(searchable, _last(used, "_sort", "")),
        tuple(_include(kind, value) for name, value in used if name == "_include"),
        _count(used),
        _number(_last(used, "_offset", "0"), "_offset"),
        used,
        passed_over,
    )


def unknown_parameters(kind: str, names: Iterable[str]) -> str:
    """What is said of parameters that were not looked at."""
    supported = ", ".join(SEARCHABLE[kind].parameters)
    return f"{kind} is not searched by {', '.join(names)}, only by {supported}"


def _brief(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:40]}..."


def _check(name: str, value: str, known: Iterable[str]) -> None:
    """A server must refuse modifiers that it does not know, as they may turn a search around."""
    if re.search(r"[:.]", name):
        raise _unsupported(f"no modifiers, chains or _has: {_brief(name)}")
    if name in known and not any(map(str.strip, value.split(","))):
        # Passed over, as some servers do it, it would find every patient's resources.
        raise _invalid(f"{name} has no value")


def _last(pairs: Pairs, name: str, otherwise: str) -> str:
    return next((value for each, value in reversed(pairs) if each == name), otherwise)


def _count(used: Pairs) -> int:
    """How many matches a page holds; none where only their number is asked for."""
    total, summary = _last(used, "_total", "accurate"), _last(used, "_summary", "false")
    if total not in {"none", "estimate", "accurate"}:
        raise _invalid("_total is none, estimate or accurate")
    if summary not in {"false", "count"}:
        raise _unsupported("_summary only as count or false")
    count = min(_number(_last(used, "_count", str(DEFAULT_COUNT)), "_count"), MAX_COUNT)
    return 0 if summary == "count" else count


def _number(text: str, name: str) -> int:
    if re.fullmatch(r"\d{1,9}", text, re.ASCII) is None:
        raise _invalid(f"{name} is no number")
    return int(text)


def _order(searchable: Searchable, text: str) -> tuple[str, ...]:
    """An order that is not kept would be taken for kept: the first page for the newest."""
    order = tuple(text.split(",")) if text else ()
    for each in order:
        if each.removeprefix("-") not in {*searchable.sorts, "_id"}:
            supported = ", ".join((*searchable.sorts, "_id"))
            raise _unsupported(f"_sort only by {supported}, each also with - in front")
    return order


def _include(kind: str, text: str) -> str:
    """The parameter of `_include=Type:parameter` or `Type:parameter:Target`."""
    source, _, rest = text.partition(":")
    name, _, target = rest.partition(":")
    parameter = SEARCHABLE[kind].parameters.get(name)
    is_known = source == kind and parameter is not None and parameter.type == "reference"
    if not is_known or (parameter is not None and target not in ("", parameter.target)):
        supported = ", ".join(f"{kind}:{each}" for each in SEARCHABLE[kind].includes) or "nothing"
        raise _unsupported(f"_include only of {supported}")
    return name


# --- What matches ---------------------------------------------------------------------------------


def matches(search: Search, resources: Iterable[Json], base: str) -> list[Json]:
    """The resources of the search's type that meet all criteria, in its order."""
    found = list(resources)
    for name, value in search.criteria:
        parameter = search.searchable.parameters[name]
        wanted = _alternatives(value)
        if parameter.type == "reference":
            wanted = [_address(each, parameter.target, base) for each in wanted]
        found = [each for each in found if _meets(each, parameter, wanted, base)]
    for order in reversed(search.order):
        found = _sorted(found, order, search.searchable.sorts)
    return found


def referred(resource: Json, parameter: Parameter, base: str) -> list[str]:
    """What a resource refers to by a parameter, as Type/id."""
    references = (resource.get(element) for element in parameter.elements)
    texts = (each.get("reference") for each in references if isinstance(each, dict))
    return [_address(each, parameter.target, base) for each in texts if isinstance(each, str)]


def _address(text: str, target: str, base: str) -> str:
    """Type/id of a reference, which may be a bare id or an address below our own base."""
    own = text.removeprefix(f"{base}/")
    return own if "/" in own else f"{target}/{own}"


def _meets(resource: Json, parameter: Parameter, wanted: Sequence[str], base: str) -> bool:
    match parameter.type:
        case "reference":
            return not {*wanted}.isdisjoint(referred(resource, parameter, base))
        case "string":
            names = [each.lower() for each in _names(resource, parameter.elements[0])]
            asked = tuple(_unescaped(each).lower() for each in wanted)
            return any(name.startswith(asked) for name in names)
    codings = [c for e in parameter.elements for c in _codings(resource.get(e))]
    return any(_is_coded(codings, token) for token in wanted)


def _alternatives(value: str) -> list[str]:
    """What stands between commas that are no part of it: any of these may match."""
    return re.findall(r"(?:\\.|[^\\,])+", value)


def _unescaped(text: str) -> str:
    """https://hl7.org/fhir/R4/search.html#escaping"""
    return re.sub(r"\\(.)", r"\1", text)


def _is_coded(codings: Iterable[tuple[str | None, str]], token: str) -> bool:
    """https://hl7.org/fhir/R4/search.html#token: code, system|code, |code, system|"""
    parts = re.fullmatch(r"((?:\\.|[^\\|])*)(\|?)(.*)", token, re.DOTALL)
    if parts is None:
        return False
    left, bar, code = _unescaped(parts[1]), parts[2], _unescaped(parts[3])
    if not bar:
        return any(each == left for _, each in codings)
    return any(
        (system is None or system == left) and (not code or each == code)
        for system, each in codings
    )


def _codings(value: Any) -> Iterator[tuple[str | None, str]]:
    """System and code of all codings; a plain code has the one system that its element implies."""
    if isinstance(value, str):
        yield None, value
    elif isinstance(value, list):
        for each in value:
            yield from _codings(each)
    elif isinstance(value, dict):
        yield from _codings(value.get("coding"))
        if "code" in value:
            yield value.get("system", ""), value["code"]


def _names(patient: Json, part: str) -> Iterator[str]:
    """Parts of a Patient's names: `family`, `given`, or `name` for all of them."""
    for name in patient.get("name", ()):
        if part in ("name", "family") and "family" in name:
            yield name["family"]
        if part in ("name", "given"):
            yield from name.get("given", ())
        if part == "name" and "text" in name:
            yield name["text"]


def _sorted(found: Iterable[Json], order: str, sorts: Mapping[str, tuple[str, ...]]) -> list[Json]:
    name, is_falling = order.removeprefix("-"), order.startswith("-")
    if name == "_id":
        return sorted(found, key=lambda each: str(each["id"]), reverse=is_falling)
    return sorted(found, key=lambda each: _time(each, sorts[name]), reverse=is_falling)


_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def _time(resource: Json, elements: Sequence[str]) -> datetime:
    """The instant that a resource is sorted by; one without a time counts as oldest."""
    value = next((resource[each] for each in elements if each in resource), None)
    time = parse_any(value.get("start") if isinstance(value, dict) else value)
    return time.earliest if time is not None else _LONG_AGO
