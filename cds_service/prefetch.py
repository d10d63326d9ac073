"""Prefetch: what a service asks for, and what of it was answered.

https://cds-hooks.hl7.org/#prefetch-template. Templates use plain context tokens only, which every
client can fill, and are bounded by `_sort` and `_count`. A key is answered, known empty (null, or
a Bundle without entries), failed (an OperationOutcome, a search cut short), mismatched (not what
the template asks for) or absent; the last three are never taken for "no data".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import quote

from cds_service.readers import Link, Resource
from cds_service.terminology import Concept

PATIENT_TOKEN = "{{context.patientId}}"  # noqa: S105 a template token, not a secret


@dataclass(frozen=True)
class Query:
    """One prefetch key. `why` is for the integration sheet; `required` means 412 without it.

    A search asks for the codes of its concepts, unless `all_codes` (a problem list is small and
    coded in too many ways to list).
    """

    key: str
    resource_type: str
    why: str
    concepts: tuple[Concept, ...] = ()
    count: int = 0
    sort: str = ""
    parameters: str = ""
    all_codes: bool = False
    required: bool = False

    @property
    def is_read(self) -> bool:
        """Whether this is the read of the patient rather than a search."""
        return self.count == 0

    @property
    def template(self) -> str:
        """The template as discovery lists it."""
        if self.is_read:
            return f"{self.resource_type}/{PATIENT_TOKEN}"
        return self.url(PATIENT_TOKEN)

    def url(self, patient: str) -> str:
        """The search for one patient, relative to the FHIR server's base."""
        if self.is_read:
            return f"{self.resource_type}/{patient}"
        parts = [f"patient={patient}"]
        if not self.all_codes:
            parts.append("code=" + ",".join(self._tokens()))
        parts += [self.parameters] if self.parameters else []
        parts += [f"_sort={self.sort}"] if self.sort else []
        parts.append(f"_count={self.count}")
        return f"{self.resource_type}?{'&'.join(parts)}"

    def _tokens(self) -> list[str]:
        tokens = {
            f"{_escaped(system)}|{_escaped(code)}"
            for concept in self.concepts
            for value_set in concept.value_sets()
            for system, code in value_set.codes
        }
        return sorted(tokens)


def _escaped(part: str) -> str:
    """As a part of a search token in a URL: a site's codes may hold blanks, commas or braces.

    https://hl7.org/fhir/R4/search.html#escaping
    """
    return quote(re.sub(r"([\\,|$])", r"\\\1", part), safe="/:")


class State(Enum):
    """What became of one prefetch key."""

    ANSWERED = "answered"
    EMPTY = "known empty"
    FAILED = "failed"
    MISMATCHED = "not what was asked for"
    ABSENT = "absent"


@dataclass(slots=True)
class Answer:
    """What one key holds. `reason` says what went wrong, in words without patient data."""

    state: State
    resources: list[Resource] = field(default_factory=list)
    reason: str = ""
    next_url: str | None = None

    @property
    def is_usable(self) -> bool:
        """Whether the data is here, if only to say that there is none."""
        return self.state in (State.ANSWERED, State.EMPTY)


def absent(reason: str) -> Answer:
    """A key that was not supplied."""
    return Answer(State.ABSENT, reason=reason)


def failed(reason: str) -> Answer:
    """A key under which no data stands."""
    return Answer(State.FAILED, reason=reason)


def mismatched(reason: str) -> Answer:
    """A key under which something stands that no client may send there."""
    return Answer(State.MISMATCHED, reason=reason)


def read_answer(query: Query, value: Resource | None, unreadable: int = 0) -> Answer:
    """Judge the value under a prefetch key, or a FHIR server's response to the same query."""
    if value is None:
        return failed("answered with null") if query.is_read else Answer(State.EMPTY)
    kind = value.resourceType
    if kind == "OperationOutcome":
        return failed("the server answered with an error (OperationOutcome)")
    if query.is_read:
        if kind != query.resource_type:
            return mismatched(f"holds {_named(kind)} instead of a {query.resource_type}")
        return Answer(State.ANSWERED, [value])
    if kind != "Bundle":
        return mismatched(f"holds {_named(kind)} instead of a Bundle")
    return _read_bundle(query, value, unreadable)


def _read_bundle(query: Query, bundle: Resource, unreadable: int) -> Answer:
    found = [entry.resource for entry in bundle.entry if entry.resource is not None]
    wanted = [r for r in found if r.resourceType == query.resource_type]
    strangers = len(found) > len(wanted)
    outcome = strangers and any(r.resourceType == "OperationOutcome" for r in found)
    if unreadable:
        return Answer(State.FAILED, wanted, f"{unreadable} entries could not be read")
    if outcome and not wanted:
        # FHIR allows a note beside the matches; alone it says that the search did not work.
        return failed("the search returned only an OperationOutcome")
    following = _next(bundle.link)
    # A full page of a newest-first search is what was asked for; a short one was cut off.
    cut_off = following is not None and len(wanted) < query.count
    answer = Answer(State.ANSWERED if found else State.EMPTY, wanted)
    if cut_off:
        answer.state, answer.next_url = State.FAILED, following
        answer.reason = "only the first page was supplied"
    return answer


def _next(links: Iterable[Link]) -> str | None:
    return next((link.url for link in links if link.relation == "next"), None)


def _named(kind: str) -> str:
    """A resource type as sent, if it looks like one."""
    return f"a {kind}" if kind.isalpha() and len(kind) < 40 else "no FHIR resource"


def troubles(queries: Iterable[Query], answers: Mapping[str, Answer]) -> dict[str, str]:
    """Concept id to the reason why the data that could hold it is not complete."""
    reasons: dict[str, str] = {}
    for query in queries:
        answer = answers[query.key]
        if not answer.is_usable:
            for concept in query.concepts:
                reasons[concept.id] = f"could not be checked ({query.key}: {answer.reason})"
    return reasons
