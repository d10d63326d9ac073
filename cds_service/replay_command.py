"""`replay`: what another content or another configuration would change for recorded requests."""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from cds_service.errors import CDSError
from cds_service.replay import Change, Json
from cds_service.replay_run import (
    CANNOT_SAY,
    Process,
    Recorded,
    Replay,
    Result,
    Side,
    Unreadable,
    read_recorded,
    recorded,
)

Source = tuple[str, Callable[[], Recorded]]
"""A request by name, read when its turn comes: recordings of a year do not fit into memory."""

_SETTING = re.compile(r"CDS_[A-Z0-9_]+=.*", re.DOTALL)
_PACKAGE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")


class _CannotReplay(click.ClickException):
    exit_code = CANNOT_SAY


def _instant(
    context: click.Context, parameter: click.Parameter, value: str | None
) -> datetime | None:
    try:
        instant = datetime.fromisoformat(value) if value else None
    except ValueError as problem:
        raise click.BadParameter(f"{value} is no instant as in 2026-01-15T12:00:00Z") from problem
    if instant is not None and instant.tzinfo is None:
        raise click.BadParameter("give a zone, as in 2026-01-15T12:00:00Z")
    return instant


_SIDE = "What the {} side is: CDS_SETTING=VALUE, a content PACKAGE or ./FOLDER; repeatable."


@click.command(short_help="Say what other content or settings change, card by card.")
@click.argument(
    "folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--fixtures", "with_fixtures", is_flag=True, help="Replay the shipped requests.")
@click.option("--before", multiple=True, metavar="SIDE", help=_SIDE.format("old"))
@click.option("--after", multiple=True, metavar="SIDE", help=_SIDE.format("new"))
@click.option(
    "--as-of",
    callback=_instant,
    help="Instant to answer as of: 2026-01-15T12:00:00Z, say. Default: the newest that a file "
    "names; with --fixtures, now.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    help="Time for a side to answer one request.",
)
@click.option("--no-values", is_flag=True, help="Leave out lines of cards: they hold patient data.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def replay(
    folder: Path | None,
    with_fixtures: bool,
    before: Sequence[str],
    after: Sequence[str],
    as_of: datetime | None,
    seconds: float,
    no_values: bool,
    as_json: bool,
) -> None:
    """Answer every request under FOLDER (*.json) twice, and say what differs, card by card.

    A side is this environment, changed by what --before or --after names: settings, another content
    package, or a folder that holds another version of it, such as a checkout. Both sides see the
    same instant. No FHIR server is read and nothing is recorded.

    Exit status: 0 nothing changes, 1 something does, 2 it could not be run, or no change was seen
    but not every request could be compared.

    \b
    Example: als-leukemia-cds replay --fixtures --after CDS_SITE_VALUE_SETS=site
    """
    if (folder is None) != with_fixtures:
        raise click.UsageError("give either FOLDER or --fixtures")
    sides = read_side("before", before), read_side("after", after)
    if replace(sides[0], name="") == replace(sides[1], name=""):
        raise click.UsageError("both sides are the same: say with --before or --after what differs")
    sources = list(_fixtures(as_of) if folder is None else _files(folder, as_of))
    if not sources:
        raise _CannotReplay(f"{folder} holds no file *.json")
    try:
        result = _replayed(sides, sources, seconds)
    except CDSError as problem:
        raise _CannotReplay("\n".join(map(_plain, problem.problems))) from problem
    document = _document(sides, result, with_values=not no_values)
    if as_json:
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        for line in _report(document):
            click.echo(line)
    raise SystemExit(result.status)


def read_side(name: str, words: Sequence[str]) -> Side:
    """A side from the words of its option. Raises UsageError for a word that is none of three."""
    settings: dict[str, str] = {}
    folder = ""
    for word in words:
        if _SETTING.fullmatch(word):
            setting, _, value = word.partition("=")
            settings[setting] = value
        elif "/" in word or os.sep in word or word in (".", ".."):
            if folder or not Path(word).is_dir():
                problem = "is a second folder" if folder else "is no folder"
                raise click.UsageError(f"--{name}: {_plain(word)} {problem}")
            folder = word
        elif _PACKAGE.fullmatch(word):
            settings["CDS_CONTENT"] = word
        else:
            known = "CDS_SETTING=VALUE, PACKAGE, ./FOLDER"
            raise click.UsageError(f"--{name}: {_plain(word)} is none of {known}")
    return Side(name, settings, folder)


def _fixtures(as_of: datetime | None) -> Iterator[Source]:
    """Every shipped request, as sent at one instant."""
    library = importlib.import_module("fixtures")
    instant = as_of or datetime.now(UTC)
    for name in (name for story in library.stories() for name in library.requests(story)):
        yield name, partial(_fixture, library, name, instant)


def _fixture(library: Any, name: str, as_of: datetime) -> Recorded:
    return recorded(name, json.dumps(library.request(name, as_of)).encode(), as_of)


def _files(folder: Path, as_of: datetime | None) -> Iterator[Source]:
    for path in sorted(each for each in folder.rglob("*.json") if not each.is_dir()):
        name = str(path.relative_to(folder))
        yield name, partial(read_recorded, path, name, as_of)


def _replayed(sides: tuple[Side, Side], sources: Sequence[Source], seconds: float) -> Result:
    before, after = (Process(side, seconds) for side in sides)
    with ThreadPoolExecutor(2) as pool:
        try:
            run = Replay(before, after, pool)
            with _with_progress(sources) as each_source:
                for name, read in each_source:
                    try:
                        run.add(read())
                    except Unreadable as problem:
                        run.result.not_compared[name] = str(problem)
        finally:
            before.end()
            after.end()
    return run.result


def _with_progress(sources: Sequence[Source]) -> AbstractContextManager[Any]:
    """Progress is for who watches; a file or a pipeline gets the result alone."""
    if not sys.stderr.isatty():
        return nullcontext(sources)
    return click.progressbar(sources, label="Replaying", file=sys.stderr, show_pos=True)


# -- what is printed -------------------------------------------------------------------------------

_MODES = frozenset({"CDS_CONTENT", "CDS_MODE"})


def _document(sides: Sequence[Side], result: Result, *, with_values: bool) -> Json:
    changed = {each.request for each in result.replayed}
    return {
        **{side.name: _described(side) for side in sides},
        "sides": [_changed(each, with_values) for each in result.sides],
        "requests": [
            {
                "request": each.request,
                "service": each.service,
                "asOf": each.as_of.isoformat(timespec="seconds"),
                "changes": [_changed(change, with_values) for change in each.changes],
            }
            for each in result.replayed
        ],
        "notCompared": result.not_compared,
        "prefetchLacking": result.lacking,
        "compared": result.compared,
        "changed": len(changed),
    }


def _described(side: Side) -> Json:
    settings = {name: _shown(name, value) for name, value in side.settings.items()}
    return {"settings": settings, "folder": side.folder}


def _shown(name: str, value: str) -> str:
    """Values of settings may be secrets: only modes, numbers and paths that exist are shown."""
    is_harmless = name in _MODES or re.fullmatch(r"[\d.]{,9}", value) or os.path.exists(value)
    return value if is_harmless else "..."


def _changed(change: Change, with_values: bool) -> Json:
    said = {name: value for name, value in asdict(change).items() if value}
    if change.lines:
        said["lines"] = list(change.lines) if with_values else len(change.lines)
    return said


def _report(document: Mapping[str, Any]) -> Iterator[str]:
    for name in ("before", "after"):
        yield f"{name:12} {_side_words(document[name])}"
    yield from (line for each in document["sides"] for line in _change_lines(each))
    if any(each["kind"] == "prefetch" for each in document["sides"]):
        yield "Prefetch differs: recordings hold what the service asked for when they were made."
    for each in document["requests"]:
        yield f"\n{_plain(each['request'])} ({each['service']}, as of {each['asOf']})"
        yield from (line for change in each["changes"] for line in _change_lines(change))
    yield from _what_was_not_seen(document)
    yield f"\nAnswers that change: {document['changed']} of {document['compared']}"


def _side_words(side: Mapping[str, Any]) -> str:
    parts = [f"{name}={_plain(value)}" for name, value in side["settings"].items()]
    parts += [f"content of {_plain(side['folder'])}"] if side["folder"] else []
    return ", ".join(parts) or "as set here"


def _change_lines(change: Mapping[str, Any]) -> Iterator[str]:
    values = [change.get("before"), change.get("after")]
    words = " -> ".join(_plain(each) for each in values if each is not None)
    about = change.get("about", "the answer")
    lines = change.get("lines", ())
    count = f" ({lines} lines)" if isinstance(lines, int) else ""
    yield f"  {change['kind']:12} {about}{': ' if words else ''}{words}{count}"
    if not isinstance(lines, int):
        yield from (f"      {_plain(line)}" for line in lines)


def _what_was_not_seen(document: Mapping[str, Any]) -> Iterator[str]:
    lacking: Mapping[str, list[str]] = document["prefetchLacking"]
    if lacking:
        yield (
            f"\n{len(lacking)} requests leave prefetch to a FHIR server, which is not read: what "
            "rests on it is missing on both sides."
        )
        yield from (f"  {_plain(name)}: {', '.join(keys)}" for name, keys in lacking.items())
    not_compared: Mapping[str, str] = document["notCompared"]
    if not_compared:
        yield f"\n{len(not_compared)} files or requests could NOT be compared:"
        yield from (f"  {_plain(name)}: {reason}" for name, reason in not_compared.items())


def _plain(text: str) -> str:
    """Text of a file or a path, which may hold what a terminal would obey."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
