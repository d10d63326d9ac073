"""What all commands share: help by reader, how a problem ends one, JSON, colours of a terminal.

Output is plain wherever nobody watches: click takes colours out of what goes into a file or a
pipe, and NO_COLOR (https://no-color.org) or a terminal without colours does so everywhere.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import click

from cds_service import logs
from cds_service.engine import Engine, load_content, load_engine
from cds_service.errors import CDSError
from cds_service.settings import Settings

FOUND = 1
"""Refused, something missing, or something found that the command looks for."""
USAGE = 2
"""click's own: an option or an argument that does not exist or does not fit."""
FAULT = 70
"""A fault of this program: EX_SOFTWARE of sysexits.h."""

EXIT_STATUS = (
    "Exit status: 0 done, 1 refused or something found, 2 wrong usage, "
    f"3 could not start, {FAULT} a fault of this program (docs/operations.md)."
)

WIDEST = 100
"""Columns. Longer lines of prose are hard to follow."""

_OWN = ("cds_service/", "hooks/", "rules/", "calculations/", "fixtures/")

json_option = click.option("--json", "as_json", is_flag=True, help="Machine-readable.")


# -- how commands are found and end ----------------------------------------------------------------


class Fault(click.ClickException):
    """What no command expected. Said without its message, which may hold values of a patient."""

    exit_code = FAULT


class Commands(click.Group):
    """The commands under headings that say who needs them. What is wrong with settings, content or
    a request ends any of them with its words; none ends with a traceback."""

    def __init__(self, *arguments: Any, sections: Sequence[tuple[str, str]] = (), **named: Any):
        super().__init__(*arguments, **named)
        self._sections = sections

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Every command once; one that no section names stands under the last."""
        left = self.list_commands(ctx)
        for place, (title, names) in enumerate(self._sections, 1):
            listed = [name for name in names.split() if name in left]
            left = [name for name in left if name not in listed]
            if place == len(self._sections):
                listed += left
            with formatter.section(title):
                formatter.write_dl([(name, self._about(ctx, name)) for name in listed])

    def _about(self, ctx: click.Context, name: str) -> str:
        command = self.get_command(ctx, name)
        return command.get_short_help_str(limit=66) if command is not None else ""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CDSError as problem:
            raise click.ClickException("\n".join(dict.fromkeys(problem.problems))) from problem
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as problem:
            is_closed_pipe = isinstance(problem, OSError) and problem.errno == errno.EPIPE
            if is_closed_pipe or ctx.params.get("traceback"):
                raise
            raise Fault(_fault(problem)) from problem


def _fault(problem: Exception) -> str:
    said = logs.raised(problem)
    # The innermost place of ours: that of a library says nothing about which command failed.
    own = [place for place in said["places"] if place.startswith(_OWN)] or said["places"]
    return (
        f"a fault of this program, please report it: {said['exception']} at {own[-1]}. "
        "With `als-leukemia-cds --traceback COMMAND` it is shown in full, data of the patient too."
    )


def engine_of(settings: Settings) -> Engine:
    """The engine over the content that the settings name."""
    return load_engine(load_content(settings.content), settings)


# -- what is printed -------------------------------------------------------------------------------


def print_json(value: Any) -> None:
    """For machines: nothing else goes to standard output."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_lines(lines: Iterable[str]) -> None:
    """For people."""
    for line in lines:
        click.echo(line)


def styled(text: str, **looks: Any) -> str:
    """The text with colours, where they are wanted."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return click.style(text, **looks)


def columns() -> int:
    """How wide a line may be here."""
    return max(40, min(WIDEST, shutil.get_terminal_size((WIDEST, 24)).columns))


def wrapped(text: str, first: str = "", rest: str | None = None) -> list[str]:
    """The text in lines of this terminal; `first` and `rest` stand before them."""
    return textwrap.wrap(
        text,
        columns(),
        initial_indent=first,
        subsequent_indent=first if rest is None else rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def plain(text: str) -> str:
    """Text of a file or a request, on one line and without what a terminal would obey."""
    flat = " ".join(text.split())
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in flat)
