"""Shell completion: the script for a shell, and what is offered behind a command.

Completion answers while somebody types: whatever fails offers nothing.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem, get_completion_class

PROGRAM = "als-leukemia-cds"
_VARIABLE = "_ALS_LEUKEMIA_CDS_COMPLETE"
_SHELLS = ("bash", "zsh", "fish")

Offer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _offer(words: Callable[[], Iterable[str]], *, files: bool = False) -> Offer:
    def offered(
        context: click.Context, parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        try:
            known = [each for each in words() if each.startswith(incomplete)]
        except Exception:
            # A broken package or setting is said by the command itself, not into a half-typed line.
            known = []
        if not known and files:
            return [CompletionItem(incomplete, type="file")]
        return [CompletionItem(each) for each in known]

    return offered


def _story_names() -> list[str]:
    names: list[str] = importlib.import_module("fixtures").stories()
    return names


def _request_names() -> list[str]:
    library = importlib.import_module("fixtures")
    return [name for story in library.stories() for name in library.requests(story)]


def _rule_ids() -> list[str]:
    content = importlib.import_module(os.environ.get("CDS_CONTENT") or "hooks")
    return list(dict.fromkeys(rule.id for each in content.SERVICES for rule in each.rules()))


offer_stories = _offer(_story_names)
offer_requests = _offer(_request_names)
offer_stories_requests_files = _offer(lambda: [*_story_names(), *_request_names()], files=True)
offer_rules = _offer(_rule_ids)


@click.command(short_help="Print the script that completes commands in a shell.")
@click.argument("shell", type=click.Choice(_SHELLS))
def completion(shell: str) -> None:
    """Print what completes commands, options, names of stories and ids of rules in SHELL.

    \b
    Examples:
      als-leukemia-cds completion bash > ~/.als-leukemia-cds-complete.bash
      echo '. ~/.als-leukemia-cds-complete.bash' >> ~/.bashrc
      als-leukemia-cds completion zsh > "${fpath[1]}/_als-leukemia-cds"
      als-leukemia-cds completion fish > ~/.config/fish/completions/als-leukemia-cds.fish
    """
    kind = get_completion_class(shell)
    if kind is None:  # pragma: no cover - click knows these three.
        raise click.ClickException(f"{shell} is not supported")
    root = click.get_current_context().find_root().command
    script = kind(root, {}, PROGRAM, _VARIABLE)
    # Not `source()`: for bash it starts one to look for its version, wherever this runs.
    click.echo(script.source_template % script.source_vars())
