"""What stands under a prefetch key, or came from a FHIR server for it: data, none, or no answer.

https://hl7.org/fhir/R4/http.html#search. Whatever says that the data may not be all there is makes
a search a failed one, with what was found beside the reason: what is there counts, what is not
there is unknown. That is an entry that cannot be read, a note that something was left out, another
patient's resources, the shape of another FHIR version, entries none of which was asked for, a
count of matches that are not there, or a page that is not the last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from cds_service.instants import ClinicalTime, parse_any
from cds_service.prefetch import Answer, Query, State, failed, mismatched
from cds_service.readers import (
    Link,
    Resource,
    first_code,
    is_about_another,
    observation_time,
)
from cds_service.versions import other_versions

_WITHHELD = frozenset(
    {"suppressed", "forbidden", "security", "login", "expired", "incomplete", "throttled"}
    | {"timeout", "transient", "too-costly", "exception", "lock-error", "no-store"}
)
"""https://hl7.org/fhir/R4/valueset-issue-type.html: codes after which matches may be missing.

EHRs send them as warnings where a client may not see a part of what it searches.
"""
ONLY_COUNTED = "says that there are matches, and holds none"
_HARMLESS = frozenset({"warning", "information"})
_CONFUSED = frozenset(
    {"Patient", "Bundle", "Condition", "Observation", "MedicationRequest", "MedicationStatement"}
    | {"Parameters", "List", "Binary"}
)


def read_answer(
    query: Query, value: Resource | None, patient_id: str, unreadable: int = 0
) -> Answer:
    """Judge the value under a prefetch key, or a FHIR server's response to the same query.

    `unreadable` counts entries that have no FHIR shape.
    """
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
    return _read_bundle(query, value, patient_id, unreadable)


def _read_bundle(query: Query, bundle: Resource, patient_id: str, unreadable: int) -> Answer:
    found = [entry.resource for entry in bundle.entry if entry.resource is not None]
    by_kind = _by_kind(found, query.resource_type)
    wanted = by_kind.get(query.resource_type, [])
    own = [each for each in wanted if not is_about_another(each, patient_id)]
    problems = [f"{unreadable} entries could not be read"] if unreadable else []
    if len(own) < len(wanted):
        problems.append(f"{len(wanted) - len(own)} entries are about another patient")
    problems += [f"has the shape of FHIR {each}, not R4" for each in other_versions(found)]
    problems += [] if wanted else _nothing_asked_for(query, bundle)
    problems += _outcomes(by_kind.get("OperationOutcome", []), own)
    answer = Answer(
        State.ANSWERED if found else State.EMPTY,
        own,
        next_url=_beyond(query, bundle, len(wanted)),
        included=by_kind.get("Medication", []),
        foreign=len(wanted) - len(own),
    )
    if problems:
        answer.state, answer.reason = State.FAILED, "; ".join(problems)
    return within_count(query, answer)


def _by_kind(found: list[Resource], usual: str) -> dict[str, list[Resource]]:
    """Resources by their type; a large answer mostly holds nothing but matches."""
    if {each.resourceType for each in found} == {usual}:
        return {usual: found}
    kinds: dict[str, list[Resource]] = {}
    for each in found:
        kinds.setdefault(each.resourceType, []).append(each)
    return kinds


def _nothing_asked_for(query: Query, bundle: Resource) -> list[str]:
    """What says that a Bundle without a match is not that of a search that found none.

    The parts of a batch, resources of another key and entries whose resource stands elsewhere come
    in a Bundle too, and so does a bare count.
    """
    kinds = [each.resource.resourceType if each.resource else "" for each in bundle.entry]
    if any(kind != "OperationOutcome" for kind in kinds):
        return [f"holds entries, but no {query.resource_type}"]
    if _total(bundle) > 0 and _next(bundle.link) is None:
        return [ONLY_COUNTED]
    return []


def within_count(query: Query, answer: Answer) -> Answer:
    """The answer, complete where the newest `_count` are here, else cut short.

    A server that does not sort may keep the newest for its last page, and of a list of every code
    what is asked for may be older than the newest.
    """
    if answer.next_url is None:
        return answer
    is_full = len(answer.resources) >= query.count
    is_sorted = is_newest_first(answer.resources)
    if is_full and is_sorted and not query.all_codes:
        answer.next_url, answer.newest = None, query.count
    elif answer.state is not State.FAILED:
        answer.state = State.PARTIAL
        answer.reason = "only the first page was supplied"
        if is_full:
            answer.reason = "holds only the newest" if is_sorted else "is not newest first"
    return answer


def is_newest_first(resources: Sequence[Resource]) -> bool:
    """Whether no resource is surely newer than one before it; one without a time is passed over."""
    times = [time for each in resources if (time := _time(each)) is not None]
    return all(later.earliest <= earlier.latest for earlier, later in pairwise(times))


def _time(resource: Resource) -> ClinicalTime | None:
    """What `_sort=-date`, `-recorded-date` and `-authoredon` sort by."""
    match resource.resourceType:
        case "Observation":
            return observation_time(resource)
        case "Condition":
            return parse_any(resource.get("recordedDate"))
    return parse_any(resource.get("authoredOn"))


def _outcomes(outcomes: Sequence[Resource], matches: Sequence[Resource]) -> list[str]:
    """What the notes of a searchset say against taking it for all there is."""
    issues = [issue for outcome in outcomes for issue in _issues(outcome)]
    if any(code in _WITHHELD for _, code in issues):
        return ["the server left a part out"]
    if any(severity not in _HARMLESS for severity, _ in issues):
        return ["the search ended with an error (OperationOutcome)"]
    if outcomes and not matches and not issues:
        return ["the search returned only an OperationOutcome"]
    return []


def _issues(outcome: Resource) -> Iterator[tuple[str | None, str | None]]:
    """Severity and code of each issue: https://hl7.org/fhir/R4/operationoutcome.html"""
    issues = outcome.get("issue")
    for issue in issues if isinstance(issues, list) else []:
        if isinstance(issue, dict):
            yield first_code(issue.get("severity")), first_code(issue.get("code"))


def _beyond(query: Query, bundle: Resource, matches: int) -> str | None:
    """Where the next page is, as `_next`.

    A client that fills prefetch may leave the link out; then a full page and a higher total tell.
    """
    following = _next(bundle.link)
    is_cut = matches >= query.count and _total(bundle) > matches
    return "" if following is None and is_cut else following


def _total(bundle: Resource) -> int:
    total = bundle.get("total")
    return total if isinstance(total, int) else 0


def _next(links: Iterable[Link]) -> str | None:
    """Where the next page is; empty where there is one and its address is missing."""
    return next((link.url or "" for link in links if link.relation == "next"), None)


def _named(kind: str) -> str:
    """A resource type that clients are known to confuse; no other text of theirs is repeated."""
    if kind in _CONFUSED:
        return f"a {kind}"
    return "another resource" if kind.isalpha() and len(kind) < 40 else "no FHIR resource"
