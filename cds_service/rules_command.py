"""`rules`: every rule, what it asks, and which cannot apply here until a site maps their codes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import click

from cds_service.command_line import engine_of, json_option, print_json, print_lines, styled
from cds_service.completion import offer_rules
from cds_service.rule_list import describe
from cds_service.settings import read_settings
from cds_service.terminology import Lexicon


@click.command(short_help="List the rules, and which are dormant here.")
@click.argument("rule_ids", nargs=-1, metavar="[RULE]...", shell_complete=offer_rules)
@click.option("--outline", "with_outline", is_flag=True, help="Also print each rule's questions.")
@click.option(
    "--approvals", "as_form", is_flag=True, help="Print a file of approvals (TOML) to fill in."
)
@json_option
def rules(rule_ids: Sequence[str], with_outline: bool, as_form: bool, as_json: bool) -> None:
    """List every RULE (default: all): hooks, indicator, review status, evidence, dormant inputs.

    Evidence is named by key; docs/rules.md has the citations. Dormant inputs wait for the codes of
    a site: docs/site-value-sets.md.

    \b
    Examples:
      als-leukemia-cds rules
      als-leukemia-cds rules leukapheresis-als --outline
      CDS_SITE_VALUE_SETS=fixtures/site als-leukemia-cds rules --json
      als-leukemia-cds rules --approvals > approvals.toml
    """
    engine = engine_of(read_settings())
    described = _chosen(list(describe(engine)), rule_ids)
    if as_form:
        print_lines(_form(described))
        return
    if as_json:
        print_json(described)
        return
    for each in described:
        print_lines(_entry(each, engine.lexicon, with_outline))
    dormant_rules = sum(each["dormant"] for each in described)
    until = f", {dormant_rules} dormant: docs/site-value-sets.md" if dormant_rules else ""
    click.echo(f"{len(described)} rule{'' if len(described) == 1 else 's'}{until}")


def _chosen(described: list[dict[str, Any]], rule_ids: Sequence[str]) -> list[dict[str, Any]]:
    known = {each["id"]: each for each in described}
    if unknown := [each for each in rule_ids if each not in known]:
        raise click.ClickException(f"no rule {', '.join(unknown)}; `rules` lists them all")
    return [known[each] for each in rule_ids] or described


def _form(described: list[dict[str, Any]]) -> Iterator[str]:
    """A file that is refused as it stands: who approves fills in name and date, rule by rule."""
    yield "# Fill in approver and date (2026-01-31) of each approved rule, and remove the others."
    for each in described:
        yield f"\n# {each['summary']}"
        yield f'[[approval]]\nrule = "{each["id"]}"\nversion = "{each["version"]}"'
        yield 'approver = ""\ndate = ""'


def _entry(each: dict[str, Any], lexicon: Lexicon, with_outline: bool) -> Iterator[str]:
    blocked = " or ".join(
        " and ".join(_with_value_set(lexicon, i) for i in way) for way in each["dormantUntilMapped"]
    )
    state = f" (dormant: cannot apply until a site maps {blocked})" if blocked else ""
    dormant = ", ".join(_with_value_set(lexicon, i) for i in each["dormantInputs"])
    yield f"{styled(each['id'], bold=True)} {each['version']}{styled(state, fg='yellow')}"
    yield f"    hooks:     {', '.join(each['hooks'])}"
    yield f"    indicator: {each['indicator']}"
    yield f"    status:    {each['reviewStatus']}"
    yield from (f"    here:      {styled(words, fg='yellow')}" for words in each["standing"])
    for local in each["localThresholds"]:
        words = f"{local['name']} {local['value']} (default {local['default']})"
        yield f"    local:     {styled(words, fg='yellow')}, set by {local['approvedBy']}"
    yield f"    evidence:  {', '.join(each['evidence'])} ({each['strength']})"
    yield f"    carries:   {', '.join(each['statements'])}"
    yield f"    dormant:   {dormant or 'none'}"
    if each["inputsByNameOnly"]:
        yield f"    by name:   {', '.join(each['inputsByNameOnly'])}"
    if with_outline:
        yield from (f"        {line}" for line in each["outline"])


def _with_value_set(lexicon: Lexicon, concept_id: str) -> str:
    """The concept, and the value set to fill where that has another id."""
    names = [value_set.id for value_set in lexicon.concepts[concept_id].value_sets()]
    return concept_id if concept_id in names else f"{concept_id} (value set {names[0]})"
