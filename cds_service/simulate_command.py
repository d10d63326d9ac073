"""`simulate`: a patient's story through the hooks, as a transcript."""

from __future__ import annotations

import importlib
import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from cds_service.command_line import FOUND, engine_of, json_option, print_json, print_lines, wrapped
from cds_service.completion import offer_stories_requests_files
from cds_service.engine import Engine
from cds_service.errors import CDSError, InvalidRequest
from cds_service.fixture_commands import as_of_option
from cds_service.patient_files import Call, Story, read_story
from cds_service.rule_list import dormant_rules
from cds_service.service import Service
from cds_service.settings import Settings, read_settings
from cds_service.transcript import call_lines, heading, patient_lines, patient_of, told

Json = dict[str, Any]

HOOKS = ("patient-view", "order-select", "order-sign")
"""As a day goes: the chart is opened, orders are selected, then signed."""

_OF_SERVER = frozenset({"fhirServer", "fhirAuthorization"})


@click.command(short_help="Tell a patient's story: every hook, every card, as text.")
@click.argument(
    "stories", nargs=-1, metavar="[STORY]...", shell_complete=offer_stories_requests_files
)
@click.option("--all", "everything", is_flag=True, help="Every story that is shipped.")
@click.option("--hook", type=click.Choice(HOOKS), help="Only the requests of this hook.")
@click.option("--brief", is_flag=True, help="Of each card its summary, gaps and buttons.")
@as_of_option
@json_option
def simulate(
    stories: Sequence[str],
    everything: bool,
    hook: str | None,
    brief: bool,
    as_of: datetime,
    as_json: bool,
) -> None:
    """Send every request of STORY to the rules, and tell what a clinician would see.

    STORY is a patient of `fixtures list`, one of its requests, or a file or folder of your own:
    hook requests, or a Bundle about one patient (of whatever type). Of a Bundle is asked what an
    EHR asks when the chart is opened, and when the draft orders in it are selected and signed.

    Answers as the service would with the same CDS_* settings, without one running. No FHIR server
    is read, and nothing is recorded.

    Exit status: 0 all answered, 1 a request was refused that should not be.

    \b
    Examples:
      als-leukemia-cds simulate als-aml-emergency
      als-leukemia-cds simulate --hook order-sign als-aml-seven-plus-three gout
      als-leukemia-cds simulate ./patient.json
      als-leukemia-cds simulate --all --brief
    """
    if bool(stories) == everything:
        raise click.UsageError(
            "give a STORY, or --all; `fixtures list` names those that are shipped"
        )
    settings = read_settings()
    engine = engine_of(settings)
    library = _Library(settings)
    chosen = [_story(name, library, engine, as_of) for name in stories or library.stories()]
    with _without_log():
        dormant = dormant_rules(engine)
        found = [_simulated(each, _Desk(engine, as_of, dormant), hook) for each in chosen]
    if hook and not any(each["calls"] for each in found):
        raise click.ClickException(f"no request of these is one of {hook}")
    if as_json:
        print_json(found)
    else:
        print_lines(line for each in found for line in _lines(each, brief))
    if any(
        "refused" in call and not call["meantToBeRefused"] for e in found for call in e["calls"]
    ):
        raise SystemExit(FOUND)


# -- where stories come from -----------------------------------------------------------------------


class _Library:
    """The stories that are shipped. Imported when asked for: the engine does not depend on them."""

    def __init__(self, settings: Settings) -> None:
        self._has_site_codes = bool(settings.site_value_sets)
        self._stories = importlib.import_module("fixtures")
        self._texts = importlib.import_module("fixtures.stories")

    def stories(self) -> list[str]:
        return list(self._stories.stories())

    def story(self, name: str, as_of: datetime) -> Story | None:
        """The story, or the part of it that is one request."""
        story = name.partition(".")[0]
        named = [each for each in self._stories.requests(story) if name in (story, each)]
        if not named:
            return None
        calls = [self._call(each, as_of) for each in named]
        needs_site = story in self._texts.AT_EXAMPLE_SITE and not self._has_site_codes
        notes = [_AT_A_SITE] if needs_site else []
        return Story(story, calls, self._texts.STORIES[story], notes)

    def _call(self, name: str, as_of: datetime) -> Call:
        expected = self._stories.EXPECTED[name]
        document = self._stories.request(name, as_of)
        return Call(name, document, expected.shows, is_refused=expected.status != 200)


_AT_A_SITE = (
    "Some results of this story are coded as one hospital codes them: they are read where "
    "CDS_SITE_VALUE_SETS names the folder fixtures/site."
)


def _story(name: str, library: _Library, engine: Engine, as_of: datetime) -> Story:
    found = library.story(name, as_of)
    if found is not None:
        return found
    path = Path(name)
    if path.exists():
        return read_story(path, engine.services.values())
    alike = [each for each in library.stories() if name.partition(".")[0] in each][:5]
    meant = f"; perhaps {', '.join(alike)}" if alike else ""
    raise click.ClickException(
        f"no story and no file {name}; `fixtures list` names them all{meant}"
    )


# -- what comes of them ----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Desk:
    """Who answers: the rules, at one instant, and which of them cannot apply here."""

    engine: Engine
    as_of: datetime
    dormant: set[str]

    def answer(self, call: Call) -> Json:
        """What comes of one request."""
        # Who simulates wants the answer to this file, not to what a server holds by now.
        document = {key: item for key, item in call.document.items() if key not in _OF_SERVER}
        try:
            service = _service(self.engine, document)
            decision = self.engine.respond(service, json.dumps(document).encode(), self.as_of)
        except CDSError as problem:
            said = told(call.name, document, problem)
        else:
            gaps = service.gaps.id
            said = told(call.name, document, decision, gaps=gaps, dormant=self.dormant)
        return {**said, "shows": call.shows, "meantToBeRefused": call.is_refused}


def _service(engine: Engine, document: Json) -> Service:
    for service in engine.services.values():
        if service.hook == document.get("hook"):
            return service
    raise InvalidRequest("no service answers the hook of this request")


def _simulated(story: Story, desk: _Desk, hook: str | None) -> Json:
    calls = [c for c in story.calls if hook is None or c.document.get("hook") == hook]
    calls.sort(key=_place)
    return {
        "story": story.name,
        "title": story.title,
        "asOf": desk.as_of.isoformat(timespec="seconds"),
        "notes": list(story.notes),
        "patient": patient_of(calls[0].document, desk.as_of) if calls else None,
        "calls": [desk.answer(each) for each in calls],
    }


def _place(call: Call) -> tuple[int, str]:
    hook = call.document.get("hook")
    return (HOOKS.index(hook) if hook in HOOKS else len(HOOKS)), call.name


@contextmanager
def _without_log() -> Iterator[None]:
    """What the log would say of these requests is in the transcript; it is for no operator."""
    handler = logging.NullHandler()
    log = logging.getLogger("cds_service")
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


def _lines(story: Json, brief: bool) -> Iterable[str]:
    yield from heading(story["story"], story["title"])
    if story["patient"] is not None:
        yield from patient_lines(story["patient"])
    for note in story["notes"]:
        yield from wrapped(f"Note: {note}", "  ")
    for call in story["calls"]:
        meant = " It is there to be refused." if call["meantToBeRefused"] else ""
        yield from call_lines(call, f"{call['shows']}{meant}".strip(), brief=brief)
    yield ""
