"""Hooks of mkdocs: what stands in docs/ is written for readers of plain Markdown, too.

mkdocs needs lists indented by four with blank lines around them, and knows no file outside docs/.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mdformat
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
FROM_ELSEWHERE = {"index.md": "README.md", "fixtures.md": "fixtures/README.md"}
"""Pages of the site that stand in other folders, where their readers look for them."""
FOLDERS = {"docs/decisions": "decisions/0001-dependencies.md"}
"""What a link to a folder leads to: the site has no page for it."""

_LINK = re.compile(r"\]\((?![a-z]+:|#)([^)#\s]+)")


def on_config(config: Any) -> Any:
    """A folder in the navigation stands for its pages, in the order of their names."""
    named = set(_named(config["nav"]))
    config["nav"] = [_with_folders(each, named) for each in config["nav"]]
    return config


def _named(entry: Any) -> Iterator[str]:
    if isinstance(entry, str):
        yield entry
        return
    for each in entry.values() if isinstance(entry, dict) else entry:
        yield from _named(each)


def _with_folders(entry: Any, named: set[str]) -> Any:
    if isinstance(entry, list):
        return [_with_folders(each, named) for each in entry]
    if isinstance(entry, dict):
        return {title: _with_folders(each, named) for title, each in entry.items()}
    if not entry.endswith("/"):
        return entry
    pages = sorted(f"{entry}{path.name}" for path in (ROOT / "docs" / entry).glob("*.md"))
    return [page for page in pages if page not in named]


def on_files(files: Files, *, config: Any) -> Files:
    """Add the pages that stand elsewhere."""
    for page, path in FROM_ELSEWHERE.items():
        text = (ROOT / path).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    """The page as mkdocs reads it, its links as they are within the site."""
    here = page.file.src_uri
    origin = posixpath.dirname(FROM_ELSEWHERE.get(here, f"docs/{here}"))
    led = _LINK.sub(lambda link: f"]({_within(origin, link[1], here)}", markdown)
    return mdformat.text(led, extensions={"gfm", "mkdocs"})


def _within(origin: str, link: str, here: str) -> str:
    """Where a link of a file leads within the site; unchanged, and refused, where to no page."""
    target = posixpath.normpath(posixpath.join(origin, link))
    pages = {path: page for page, path in FROM_ELSEWHERE.items()} | FOLDERS
    if target not in pages and not target.startswith("docs/"):
        return link
    return posixpath.relpath(
        pages.get(target, target.removeprefix("docs/")), posixpath.dirname(here) or "."
    )
