"""Prefetch: what a service asks for, and what of it was answered.

https://cds-hooks.hl7.org/#prefetch-template. Templates use plain context tokens only, which every
client can fill, and are bounded by `_sort` and `_count`. A key is answered, known empty (null, or
a Bundle without entries), failed (an OperationOutcome, a search that says it is not all), partial
(its next page is elsewhere), mismatched (not what the template asks for) or absent; only the first
two are ever taken for "no data".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import quote

from cds_service.medications import by_reference, unnamed
from cds_service.readers import Resource
from cds_service.terminology import Concept

PATIENT_TOKEN = "{{context.patientId}}"  # noqa: S105 a template token, not a secret


@dataclass(frozen=True)
class Query:
    """One prefetch key. `why` is for the integration sheet; `required` means 412 without it.

    `title` names on a card what stands under the key: a clinician knows no keys.

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
    title: str = ""

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
    PARTIAL = "cut short"
    MISMATCHED = "not what was asked for"
    ABSENT = "absent"


@dataclass(slots=True)
class Answer:
    """What one key holds. `reason` says what went wrong, in words without patient data.

    `included` are Medications beside the matches; `foreign` counts matches left out because they
    are about another patient. `newest` is how many matches were asked for, where there are more.
    """

    state: State
    resources: list[Resource] = field(default_factory=list)
    reason: str = ""
    next_url: str | None = None
    included: list[Resource] = field(default_factory=list)
    foreign: int = 0
    newest: int | None = None

    @property
    def is_usable(self) -> bool:
        """Whether the data is here, if only to say that there is none."""
        return self.state in (State.ANSWERED, State.EMPTY)

    def unnamed_drugs(self) -> list[str | None]:
        """Of each drug record that nothing names: the Medication it refers to, or None."""
        return list(unnamed(self.resources, by_reference(self.included)))


def absent(reason: str) -> Answer:
    """A key that was not supplied."""
    return Answer(State.ABSENT, reason=reason)


def failed(reason: str) -> Answer:
    """A key under which no data stands."""
    return Answer(State.FAILED, reason=reason)


def mismatched(reason: str) -> Answer:
    """A key under which something stands that no client may send there."""
    return Answer(State.MISMATCHED, reason=reason)


def troubles(queries: Iterable[Query], answers: Mapping[str, Answer]) -> dict[str, str]:
    """Concept id to the reason why the data that could hold it is not complete.

    What is read by itself, the Patient, is named by its type.
    """
    reasons: dict[str, str] = {}
    for query in queries:
        answer = answers[query.key]
        reason = answer.reason
        if answer.is_usable and answer.newest is not None:
            reason = f"not among the newest {answer.newest}"
        if reason:
            named = [query.resource_type] if query.is_read else [c.id for c in query.concepts]
            reasons |= dict.fromkeys(named, not_checked(query.key, reason))
    return reasons


NOT_CHECKED = "could not be checked ("
DATA_UNDER = "Data under "


def not_checked(key: str, reason: str) -> str:
    """What is said of one thing that stands under a key, behind its name."""
    return f"{NOT_CHECKED}{key}: {reason})"


def not_read(key: str, reason: str) -> str:
    """What is said of the key itself."""
    return f"{DATA_UNDER}{key} could not be read: {reason}"
