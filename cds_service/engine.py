"""The services of one content package, ready to answer: request bytes to decision.

Holds what is built once (registry, code index, FHIR reader); knows neither the web nor medicine.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from importlib import import_module
from types import ModuleType
from typing import Any

from cds_service import logs
from cds_service.approvals import read_approvals
from cds_service.card import Applied, Held, with_rule_pages
from cds_service.chart import Chart
from cds_service.clients import Client, profile_of, read_clients
from cds_service.ended import ended_lines
from cds_service.errors import ContentError, UnknownService
from cds_service.fhir_reader import FhirLimits, FhirReader
from cds_service.governance import Governance, SwitchFile, read_switches
from cds_service.limits import NO_LOCAL_LIMITS, Limits
from cds_service.local_limits import read_limits
from cds_service.look_back import LookBack
from cds_service.prefetch import Answer, State, absent
from cds_service.profiles import PROFILES
from cds_service.protocol import SPECIFICATION_VERSION, HookRequest, parse
from cds_service.quiet import Marker, Marks, hold
from cds_service.recording import Seen, prefetch_states
from cds_service.rule import Rule
from cds_service.service import (
    Decision,
    Service,
    build_chart,
    decide,
    drafted_drugs,
    has_nothing_selected,
    name_unknown_drugs,
    require,
    supplied_answers,
    unread_in_context,
    watch,
)
from cds_service.settings import Settings
from cds_service.site import Site, read_site
from cds_service.terminology import Concept, Lexicon

log = logging.getLogger(__name__)

Document = Callable[[Rule, Sequence[Service], Lexicon, Limits], dict[str, Any]]
"""Of the content: what stands behind a rule, as JSON-ready values."""


class Engine:
    """Answers hook requests. Safe to use from several threads."""

    def __init__(
        self,
        services: Iterable[Service],
        concepts: Iterable[Concept],
        settings: Settings,
        document: Document | None = None,
        limits: Limits = NO_LOCAL_LIMITS,
        other_inputs: Iterable[str] = (),
    ) -> None:
        concepts = tuple(concepts)
        self._other_inputs = tuple(other_inputs)
        self.limits = limits
        self._document = document
        self._documents: dict[str, dict[str, Any]] = {}
        site = read_site(settings.site_value_sets, concepts)
        self.services = {service.id: _at_site(service, site) for service in services}
        self.lexicon = Lexicon(map(site.extend, concepts), local=site.codes())
        self.clients = read_clients(settings)
        self.governance = self._governance(settings)
        most = FhirLimits(bytes_per_query=settings.fhir_max_response_bytes)
        self._reader = FhirReader(most, settings.ca_bundle)
        self.look_back = LookBack()
        self._check()

    def _governance(self, settings: Settings) -> Governance:
        services = list(self.services.values())
        approved = read_approvals(settings.approvals) if settings.mode == "production" else None
        if not settings.switches:
            return Governance(services, approved)
        read = partial(read_switches, settings.switches, services, self.clients)
        return Governance(services, approved, SwitchFile(settings.switches, read))

    def _check(self) -> None:
        problems = [
            f"service {service.id}: key {query.key} asks for {concept.id}, which is not a concept"
            for service in self.services.values()
            for query in service.queries
            for concept in query.concepts
            if concept.id not in self.lexicon.concepts
        ]
        if problems:
            raise ContentError(*problems)

    def discovery(self) -> dict[str, Any]:
        """https://cds-hooks.hl7.org/#response"""
        return {
            "version": SPECIFICATION_VERSION,
            "services": [
                {
                    "hook": service.hook,
                    "id": service.id,
                    "title": service.title,
                    "description": service.description,
                    "usageRequirements": service.usage_requirements,
                    "prefetch": service.prefetch,
                }
                for service in self.services.values()
            ],
        }

    def service(self, service_id: str) -> Service:
        """The service under an id. Raises UnknownService."""
        found = self.services.get(service_id)
        if found is None:
            known = ", ".join(self.services)
            raise UnknownService(f"no service has this id; there are {known}")
        return found

    def source_attributes(self, rule_id: str, as_of: datetime) -> dict[str, Any] | None:
        """What stands behind a rule, with its review status here; None where nothing is known."""
        found = next(
            ((s, r) for s in self.services.values() for r in s.rules() if r.id == rule_id), None
        )
        if found is None or self._document is None:
            return None
        service, rule = found
        if rule_id not in self._documents:
            services = list(self.services.values())
            self._documents[rule_id] = self._document(rule, services, self.lexicon, self.limits)
        status = self.governance.status(rule, service, as_of)
        return {**self._documents[rule_id], "reviewStatus": status}

    def inputs(self) -> frozenset[str]:
        """The names of all that a rule can lack: of concepts, and others of the content."""
        return frozenset({*self.lexicon.concepts, *self._other_inputs})

    @property
    def content_version(self) -> str:
        """One name for these rules in these versions, with this site's limits."""
        rules = {f"{r.id} {r.version}" for s in self.services.values() for r in s.rules()}
        local = {f"{each.default.name} {each.own}" for each in self.limits.local.values()}
        return sha256("\n".join(sorted(rules | local)).encode()).hexdigest()[:16]

    def override_reasons(self) -> frozenset[tuple[str, str]]:
        """System and code of every reason that a card may offer."""
        rules = [rule for service in self.services.values() for rule in service.rules()]
        return frozenset((each.system, each.code) for r in rules for each in r.override_reasons)

    def respond(
        self,
        service: Service,
        body: bytes,
        as_of: datetime,
        caller: Client | None = None,
        seen: Seen | None = None,
        base: str = "",
        profile: str = "",
    ) -> Decision:
        """Everything decided for one request. Raises InvalidRequest or MissingData.

        `caller` is who the client has shown to be, where that is asked for. What is found out on
        the way is put into `seen`. `base` is the address of this service, for links to the pages
        of rules; without one there are none. `profile` names the EHR to show cards as, instead of
        the client's own.
        """
        seen = seen if seen is not None else Seen()
        request = parse(body, service.hook)
        logs.note(hookInstance=request.hook_instance)
        client = self.clients.of(request, caller)
        _note_request(seen, request, client)
        if not request.is_from_clinician or has_nothing_selected(request):
            return Decision([], [], [])
        drafted = drafted_drugs(request)
        answers = self._complete(service, request, client, drafted, seen)
        require(service, answers)
        chart = build_chart(service, self.lexicon, request, answers, as_of, drafted, self.limits)
        in_force = self.governance.of(service, client, as_of)
        unread = [
            *unread_in_context(request, drafted, chart),
            *ended_lines(service, in_force.service, in_force.ended, chart),
        ]
        marker = self._marker(in_force.service, request, client, chart)
        holding = partial(self._hold, in_force.service, client, marker) if marker else None
        decision = decide(in_force.service, chart, answers, unread, holding)
        logs.note(held=[each.rule for each in decision.held] or None)
        decision.marks = _marks(decision, in_force.service, marker) if marker else {}
        # Before the profile: one EHR shows links, another those alone that are registered.
        linked = with_rule_pages(decision.cards, base)
        profile = profile or profile_of(request, client)
        decision.cards, decision.notes = _shown(client, linked, profile)
        decision.off = in_force.off
        watch(decision, in_force.silent, chart)
        seen.decision = decision
        return decision

    def _marker(
        self, service: Service, request: HookRequest, client: Client | None, chart: Chart
    ) -> Marker | None:
        """What the cards of this call are marked with; None where none is ever held back."""
        hasher = self.look_back.hasher()
        if hasher is None or service.quiet is None:
            return None
        name = client.name if client is not None else None
        subject = hasher.subject(name, request.fhir_server, request.patient_id, request.user_id)
        visit = request.encounter_id
        encounter = hasher.encounter(subject, visit) if visit is not None else None
        return Marker(hasher, subject, encounter, chart, service.quiet)

    def _hold(
        self, service: Service, client: Client | None, marker: Marker, applied: Sequence[Applied]
    ) -> tuple[Held, ...]:
        """Asks the store: only where a card that could be held back is about to be shown."""
        name = client.name if client is not None else None
        marks = [marker.marks(each).orders for each in applied]
        orders = [each for each in marks if each is not None]
        past = self.look_back.past(marker.subject, orders, name)
        return hold(applied, past, marker, {each.id for each in service.once_per_encounter})

    def _complete(
        self,
        service: Service,
        request: HookRequest,
        client: Client | None,
        drafted: Answer,
        seen: Seen,
    ) -> dict[str, Answer]:
        """Prefetch as sent; what it and the drafts lack from the FHIR server, if there is one."""
        answers = supplied_answers(service, request)
        supplied = [key for key, answer in answers.items() if answer.is_usable]
        if request.fhir_server is not None and _lacks_something([*answers.values(), drafted]):
            access = self.clients.access(request, client)
            if access is not None:
                answers = self._reader.complete(
                    access, service.queries, answers, drafted, seen.count_callbacks
                )
            else:
                log.warning("a request names a FHIR server that is not registered for its client")
                _name(answers, "the FHIR server named is not registered")
        elif request.fhir_problem:
            _name(answers, request.fhir_problem)
        name_unknown_drugs(answers)
        # A scope that was taken away is the operators' to see: cards tell the clinician alone.
        unread = [f"{k}:{a.state.name.lower()}" for k, a in answers.items() if not a.is_usable]
        logs.note(unread=" ".join(unread) or None)
        seen.prefetch = prefetch_states(supplied, answers)
        return answers


def _note_request(seen: Seen, request: HookRequest, client: Client | None) -> None:
    seen.hook_instance = request.hook_instance
    seen.client = client.name if client is not None else None
    # `Patient/1` alone is somebody else on another server.
    server = f"{request.fhir_server}/" if request.fhir_server is not None else ""
    seen.patient = f"{server}Patient/{request.patient_id}"
    is_whole = not request.user_id or "://" in request.user_id
    seen.user = request.user_id if is_whole else f"{server}{request.user_id}"


def _marks(decision: Decision, service: Service, marker: Marker) -> dict[str, Marks]:
    """Those of every card that may be held back another time, by its uuid."""
    never = {service.gaps.id, service.instead.id if service.instead is not None else None}
    try:
        return {
            card["uuid"]: marker.marks(applied)
            for applied, card in zip(decision.applied, decision.cards, strict=True)
            if applied.rule.id not in never
        }
    except Exception as problem:
        log.error("cards could not be marked", extra=logs.raised(problem))
        return {}


def _shown(
    client: Client | None, cards: list[dict[str, Any]], profile: str
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """The cards as the client's EHR can show them, and what that changed."""
    try:
        shown = PROFILES[profile].show(cards, client.links if client is not None else None)
    except Exception as problem:
        # Better advice in a form that the EHR may not show in full than none.
        fields = {"profile": profile, **logs.raised(problem)}
        log.error("a profile raised: the cards go out as they are", extra=fields)
        return cards, ()
    if shown.notes:
        log.info("%d changes, which lint lists", len(shown.notes), extra={"profile": profile})
    return shown.cards, shown.notes


def _name(answers: dict[str, Answer], reason: str) -> None:
    """A FHIR server was named and could not be read: that is said of what was not supplied."""
    for key, answer in answers.items():
        if answer.state is State.ABSENT:
            answers[key] = absent(f"not supplied, and {reason}")


def _lacks_something(answers: Iterable[Answer]) -> bool:
    return any(not answer.is_usable or answer.unnamed_drugs() for answer in answers)


def _at_site(service: Service, site: Site) -> Service:
    """The service asking for the site's codes too."""
    queries = tuple(
        replace(query, concepts=tuple(map(site.extend, query.concepts)))
        for query in service.queries
    )
    return replace(service, queries=queries)


def load_content(name: str) -> ModuleType:
    """The content package of this name. Raises ContentError where there is none."""
    try:
        content = import_module(name)
    except (ImportError, TypeError, ValueError) as problem:
        # A relative name is a TypeError, an empty part of one a ValueError.
        raise ContentError(f"CDS_CONTENT: {name} cannot be imported: {problem}") from problem
    _check_offered(content)
    return content


def _check_offered(content: ModuleType) -> None:
    """Any package can be imported: one that is no content says so before it is asked for rules."""
    lacking = [name for name in ("SERVICES", "CONCEPTS") if not hasattr(content, name)]
    if lacking:
        raise ContentError(
            f"CDS_CONTENT: {getattr(content, '__name__', 'this')} is no content package: "
            f"it has no {' and no '.join(lacking)}"
        )


def load_engine(content: ModuleType, settings: Settings) -> Engine:
    """The engine over a content package, which offers SERVICES and CONCEPTS, and may `document`.

    OTHER_INPUTS, where it has any, are names of what rules can lack besides concepts.

    Raises ContentError when it does not, or when the content or the site's value sets contradict
    themselves.
    """
    _check_offered(content)
    document = getattr(content, "document", None)
    limits = site_limits(content, settings)
    inputs = getattr(content, "OTHER_INPUTS", ())
    return Engine(content.SERVICES, content.CONCEPTS, settings, document, limits, inputs)


def site_limits(content: ModuleType, settings: Settings) -> Limits:
    """Those that the site has set; the content says which it may, and which rule rests on them."""
    if not settings.thresholds:
        return NO_LOCAL_LIMITS
    changeable = getattr(content, "LIMITS", None)
    if changeable is None:
        raise ContentError(f"CDS_THRESHOLDS: {content.__name__} has no limits that a site may set")
    rules = [rule for service in content.SERVICES for rule in service.rules()]
    return read_limits(settings.thresholds, changeable, rules, content.limits_of)
