"""The test bench without the web: stories, pasted records, and one call told with all its reasons.

The call goes the way of every call, through `Engine.respond`. What is shown beside the answer is
made of the request and of what was decided.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from types import ModuleType
from typing import Any

import msgspec

from cds_service.bench_timeline import Timeline, timeline
from cds_service.bench_values import BenchContent
from cds_service.bench_why import counts, silence, why
from cds_service.engine import Engine
from cds_service.errors import CDSError, InvalidRequest
from cds_service.logs import raised
from cds_service.markdown_html import to_html
from cds_service.patient_files import Call, calls_of
from cds_service.protocol import parse
from cds_service.readers import UNREADABLE, is_too_deep
from cds_service.rule_list import dormant_rules
from cds_service.service import (
    Decision,
    Service,
    build_chart,
    drafted_drugs,
    supplied_answers,
)
from cds_service.transcript import orders_of, patient_of, told

log = logging.getLogger(__name__)

Json = dict[str, Any]

FIXTURES = "fixtures"
"""The package with the stories. Loaded by name: the engine does not depend on fixtures."""

HOOKS = ("patient-view", "order-select", "order-sign")
"""As a day goes."""


# -- where requests come from ----------------------------------------------------------------------


class Stories:
    """The stories that are shipped, where they are installed."""

    def listed(self, has_site_codes: bool) -> list[Json]:
        """Each story with its requests, in the order of a day."""
        if self._package is None:
            return []
        at_site = frozenset() if has_site_codes else self._package.AT_EXAMPLE_SITE
        titles = importlib.import_module(f"{FIXTURES}.stories").STORIES
        return [
            {
                "story": story,
                "title": titles[story],
                "needsSite": story in at_site,
                "requests": sorted(map(self._about, self._package.requests(story)), key=_place),
            }
            for story in self._package.stories()
        ]

    def orders(self, as_of: datetime) -> list[Json]:
        """Every order of the stories once, as a draft for anybody."""
        if self._package is None:
            return []
        found: dict[str, Json] = {}
        for name in self._package.EXPECTED:
            _, hook, *_ = name.split(".")
            document = self._package.request(name, as_of) if hook != HOOKS[0] else {}
            for label, draft in _drafts(document):
                found.setdefault(label, draft)
        return [
            {"label": label, "resource": found[label]} for label in sorted(found, key=str.lower)
        ]

    @property
    def first(self) -> str:
        """The story to begin with."""
        if self._package is None:
            return ""
        found: str = importlib.import_module(f"{FIXTURES}.stories").FIRST
        return found

    def _about(self, name: str) -> Json:
        assert self._package is not None
        expected = self._package.EXPECTED[name]
        _, hook, *variant = name.split(".")
        words = " ".join(variant).replace("-", " ")
        return {"name": name, "hook": hook, "variant": words, "shows": expected.shows}

    def request(self, name: str, as_of: datetime) -> Json | None:
        """A request with the dates of `as_of`; None where there is none of this name."""
        if self._package is None or name not in self._package.EXPECTED:
            return None
        found: Json = self._package.request(name, as_of)
        return found

    @cached_property
    def _package(self) -> ModuleType | None:
        try:
            return importlib.import_module(FIXTURES)
        except ImportError:
            return None


def _place(request: Mapping[str, Any]) -> tuple[int, bool, str]:
    hook = request["hook"]
    place = HOOKS.index(hook) if hook in HOOKS else len(HOOKS)
    return place, bool(request["variant"]), request["variant"]


def _drafts(document: Mapping[str, Any]) -> Iterator[tuple[str, Json]]:
    """Each draft in words and as JSON, without what ties it to one patient."""
    bundle = document.get("context", {}).get("draftOrders")
    entries = bundle.get("entry") if isinstance(bundle, dict) else None
    for entry, said in zip(entries or (), orders_of(document), strict=False):
        if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
            own = {k: v for k, v in entry["resource"].items() if k not in _OF_PATIENT}
            is_draft = own.get("status") == "draft" and own.get("resourceType") in _ORDERS
            if is_draft and "names nothing" not in said["order"]:
                yield said["order"], own


_OF_PATIENT = frozenset({"id", "subject", "encounter", "reasonReference", "authoredOn"})
_ORDERS = frozenset({"MedicationRequest", "ServiceRequest"})


def pasted(text: str, services: Iterable[Service]) -> list[Call]:
    """The requests in a text: a hook request, or what an EHR would send about a Bundle's patient.

    Raises InvalidRequest that says what the text is instead.
    """
    if not text.strip():
        raise InvalidRequest("Nothing was pasted")
    body = text.encode()
    if is_too_deep(body):
        raise InvalidRequest("The JSON is nested too deep")
    try:
        document = msgspec.json.decode(body)
    except UNREADABLE as problem:
        raise InvalidRequest(f"This is no JSON: {problem}") from None
    if not isinstance(document, dict):
        raise InvalidRequest("This is JSON, and no object: paste a hook request or a Bundle")
    if "hook" in document:
        return [Call("request", document)]
    kind = document.get("resourceType")
    if kind != "Bundle":
        what = f"a {kind}" if isinstance(kind, str) and kind.isalnum() else "neither"
        wanted = "a hook request, which has a `hook`, or a FHIR Bundle of one patient"
        raise InvalidRequest(f"Paste {wanted}: this is {what}")
    return calls_of(document, services)


def as_clinician(request: Json, visit: str) -> Json:
    """The request of somebody who was shown nothing before, as long as `visit` is a new one.

    Cards that were set aside stay away from the same user for a while, and who tries things out
    wants to see them. Patients stay patients.
    """
    context = request.get("context")
    user = context.get("userId") if isinstance(context, dict) else None
    if not visit or not isinstance(user, str) or not isinstance(context, dict):
        return request
    kind = user.rpartition("/")[0].rpartition("/")[2]
    if kind not in ("Practitioner", "PractitionerRole"):
        return request
    return {**request, "context": {**context, "userId": f"{kind}/bench-{visit}"}}


# -- one call, told --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bench:
    """The engine with what its content offers for the bench, and the rules that cannot apply."""

    engine: Engine
    content: BenchContent
    dormant: frozenset[str]

    @classmethod
    def of(cls, engine: Engine, content: ModuleType) -> Bench:
        """What is declared in the content's `bench`; a package without has no values to change."""
        declared = getattr(content, "bench", BenchContent)()
        try:
            dormant = dormant_rules(engine)
        except Exception as problem:
            # A rule that raises shall be seen on the bench, and not keep it from opening.
            log.warning("which rules are dormant is not known", extra=raised(problem))
            dormant = set()
        return cls(engine, declared, frozenset(dormant))

    def service_for(self, request: Mapping[str, Any]) -> Service:
        """The service of its hook; some service, which then refuses it, where none answers that."""
        services = list(self.engine.services.values())
        return next((each for each in services if each.hook == request.get("hook")), services[0])

    def told(self, service: Service, document: Json, answer: Decision | CDSError) -> Json:
        """What came of a call, in words."""
        said = told("", document, answer, gaps=service.gaps.id, dormant=self.dormant)
        if isinstance(answer, CDSError):
            return {"refused": said["refused"]}
        where = {each["rule"]: each.get("where", "") for each in said["rules"]}
        rules = why(answer, where, self.engine.limits, self.dormant)
        return {
            "why": rules,
            "counts": counts(rules),
            "silence": [] if answer.cards else silence(said, rules),
            "notEvaluable": said["notEvaluable"],
            "heldBack": [{**each.member(), "words": each.words()} for each in answer.held],
            "off": said["off"],
            "silent": [each.rule.id for each in answer.withheld],
            "details": {card["uuid"]: to_html(card.get("detail", "")) for card in answer.cards},
            "notes": list(answer.notes),
        }

    def about(self, document: Json, as_of: datetime) -> Json:
        """Who and what the request is about."""
        return {"patient": patient_of(document, as_of), "orders": orders_of(document)}

    def timeline(self, service: Service, body: bytes, as_of: datetime) -> Timeline | None:
        """The course, out of what was sent; None where there is none, or the request is refused."""
        if self.content.course is None:
            return None
        try:
            request = parse(body, service.hook)
            answers = supplied_answers(service, request)
            drafted = drafted_drugs(request)
            engine = self.engine
            chart = build_chart(
                service, engine.lexicon, request, answers, as_of, drafted, engine.limits
            )
        except CDSError:
            return None
        return timeline(chart, self.content.course)
