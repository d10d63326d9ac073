"""Write the files below fixtures/ that stories are told in: python tools/fixtures.py [--check].

The stories are declared in fixture_*.py, as of fixtures.ANCHOR. A request's prefetch is the answer
of the story's own patient record to the templates of the service that the request goes to.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

ROOT = Path(__file__).resolve().parent.parent
# This file's own folder comes first on the path and would hide the package of the same name.
sys.path.insert(0, str(ROOT))

from cds_service.service import Service  # noqa: E402
from cds_service.terminology import Concept  # noqa: E402
from fixtures import answer_templates  # noqa: E402
from fixtures.stories import AT_EXAMPLE_SITE, EXPECTED, STORIES, Expectation  # noqa: E402
from hooks import SERVICES  # noqa: E402
from tools.fixture_builders import SITE, Request, Resource, Story, ago, encounter  # noqa: E402
from tools.fixture_clients import CLIENT_STORIES  # noqa: E402
from tools.fixture_orders import ORDER_STORIES  # noqa: E402
from tools.fixture_others import OTHER_STORIES  # noqa: E402
from tools.fixture_stories import CHART_STORIES  # noqa: E402

STORY_LIST = (*CHART_STORIES, *ORDER_STORIES, *OTHER_STORIES, *CLIENT_STORIES)

# --- Prefetch templates --------------------------------------------------------------------------


def templates_of(service: Service, story: Story) -> Mapping[str, str]:
    """What the service asks for; of the example site also by the codes that the site has mapped."""
    if story.name not in AT_EXAMPLE_SITE:
        return service.prefetch
    return {
        query.key: with_site_codes(service.prefetch[query.key], unmapped(query.concepts))
        for query in service.queries
    }


def unmapped(concepts: Iterable[Concept]) -> list[str]:
    """Ids of the value sets that have no code until a site maps one."""
    value_sets = {v.id: v for each in concepts for v in each.value_sets()}
    return [name for name, value_set in value_sets.items() if not value_set.codes]


def with_site_codes(template: str, names: Iterable[str]) -> str:
    added = "".join(f",{SITE}|{name}" for name in names)
    return re.sub(r"(?<=[?&]code=)[^&]*", lambda found: found[0] + added, template)


# --- Writing -------------------------------------------------------------------------------------


def told(value: Any, story: str) -> Any:
    """The value with the story's name filled in, as a copy."""
    return json.loads(json.dumps(value).replace("{story}", story))


def bundle(story: Story, request: Request | None = None) -> Resource:
    """The story's patient record as a Bundle, changed as the request says."""
    resources = {r["id"]: r for r in (story.patient, encounter(), *story.record)}
    if request:
        resources |= {changed["id"]: changed for changed in request.instead}
        for name in request.without:
            del resources["{story}-" + name]
    entries = [
        {"fullUrl": f"https://ehr.example/fhir/{r['resourceType']}/{r['id']}", "resource": r}
        for r in resources.values()
    ]
    record = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return told({**record, "id": "{story}", "timestamp": ago()}, story.name)


def prefetch(story: Story, request: Request, templates: Mapping[str, str]) -> Resource:
    """The answers to the templates, changed as the request says."""
    answers = deepcopy(answer_templates(templates, bundle(story, request)))
    if unknown := {*request.prefetch, *request.smuggled} - {*answers}:
        raise KeyError(f"{request_name(story, request)} changes unknown prefetch keys: {unknown}")
    for key, resources in request.smuggled.items():
        entries = [{"resource": told(resource, story.name)} for resource in resources]
        answers[key]["entry"] = answers[key].get("entry", []) + entries
    return answers | told(dict(request.prefetch), story.name)


def context(request: Request) -> Resource:
    content: Resource = {"userId": request.user, "patientId": "{story}"}
    content["encounterId"] = "{story}-encounter"
    if request.drafts:
        entries = [{"resource": draft} for draft in request.drafts]
        content["draftOrders"] = {"resourceType": "Bundle", "type": "collection", "entry": entries}
        if request.hook == "order-select":
            content["selections"] = list(selections(request))
    content |= request.context
    return {name: value for name, value in content.items() if value is not None}


def selections(request: Request) -> Iterator[str]:
    for draft in request.drafts:
        chosen = request.selected is None or draft["id"] in request.selected
        if chosen and draft["resourceType"] != "Medication":
            yield f"{draft['resourceType']}/{draft['id']}"


def request_name(story: Story, request: Request) -> str:
    return ".".join(part for part in (story.name, request.hook, request.variant) if part)


def request_body(story: Story, request: Request, templates: Mapping[str, str]) -> Resource:
    name = request_name(story, request)
    return {
        "hook": request.hook,
        "hookInstance": str(uuid5(NAMESPACE_URL, f"https://ehr.example/{name}")),
        **request.members,
        "context": told(context(request), story.name),
        "prefetch": prefetch(story, request, templates),
    }


def as_json(value: Resource) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def files() -> dict[str, str]:
    """Every generated file's content by its path below fixtures/."""
    services = {service.hook: service for service in SERVICES}
    written = {"README.md": readme()}
    for story in STORY_LIST:
        written[f"patients/{story.name}.json"] = as_json(bundle(story))
        for request in story.requests:
            body = request_body(story, request, templates_of(services[request.hook], story))
            written[f"requests/{request_name(story, request)}.json"] = as_json(body)
    return written


README_HEAD = """# Fixtures: synthetic patients and the hook requests about them

Generated by `python tools/fixtures.py`; nobody in them exists. The stories stand in
`tools/fixtures.py`, what each request shows and is expected to bring in `fixtures/stories.py`.

The files are written as of one instant, 2026-01-15T12:00:00Z, and go stale as they lie there. Use
them through `fixtures.patient(story, as_of)` and `fixtures.request(name, as_of)`, which move every
date to the instant given. A request is complete: its prefetch answers the service's templates.

`als-leukemia-cds fixtures load` puts the patients into a FHIR server, `fixtures export` writes them
as transaction Bundles and NDJSON, both with the dates of the day; docs/integration.md says how. The
broken resources of `als-aml-messy-chart` are left out and named.

Expected cards follow the clinical catalogue. "At the example site" marks stories with results that
no public code names (residual disease, ELN risk, comfort-only plan): they are coded as the value
sets of `fixtures/site` map them and need a service that was given these.
"""


def readme() -> str:
    sections = (section(story) for story in sorted(STORY_LIST, key=lambda story: story.name))
    return "\n".join((README_HEAD, *sections))


def section(story: Story) -> str:
    rows = (row(story, request) for request in story.requests)
    at_site = story.name in AT_EXAMPLE_SITE
    head = (
        f"## {story.name}\n",
        f"{STORIES[story.name]}{', at the example site' * at_site}.\n",
        "| Hook | Variant | What it shows | Expected |",
        "|---|---|---|---|",
    )
    return "\n".join((*head, *rows)) + "\n"


def row(story: Story, request: Request) -> str:
    expected = EXPECTED[request_name(story, request)]
    cells = (request.hook, request.variant or "-", expected.shows, outcome(expected))
    return f"| {' | '.join(cells)} |"


def outcome(expected: Expectation) -> str:
    if expected.status != 200:
        return f"HTTP {expected.status}"
    return ", ".join(f"`{rule}` {indicator}" for rule, indicator in expected.cards) or "no card"


def generated(folder: Path) -> list[Path]:
    """The files there that this tool writes; others beside them are none of its business."""
    return [path for name in ("patients", "requests") for path in folder.glob(f"{name}/*.json")]


def stale(written: Mapping[str, str], folder: Path) -> list[str]:
    """Files that are missing, differ, or belong to no story."""
    differing = [
        name
        for name, content in written.items()
        if not (folder / name).is_file() or (folder / name).read_text("utf-8") != content
    ]
    present = (f"{path.parent.name}/{path.name}" for path in generated(folder))
    return sorted([*differing, *(name for name in present if name not in written)])


def write(written: Mapping[str, str], folder: Path) -> None:
    for path in generated(folder):
        if f"{path.parent.name}/{path.name}" not in written:
            path.unlink()
    for name, content in written.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content, "utf-8")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say which files are stale")
    check = parser.parse_args(arguments).check
    written, folder = files(), ROOT / "fixtures"
    if not check:
        write(written, folder)
        return 0
    if names := stale(written, folder):
        print("stale, run python tools/fixtures.py:", *(f"fixtures/{n}" for n in names), sep="\n  ")
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
