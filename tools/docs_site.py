"""Hooks of mkdocs: the pages of docs/ are written for readers of plain Markdown, too.

mkdocs needs lists indented by four and blank lines around them, and knows no file outside docs/.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mdformat
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
FROM_ELSEWHERE = {"fixtures.md": "fixtures/README.md"}
"""Pages of the site that stand in other folders, where their readers look for them."""


def on_files(files: Files, *, config: Any) -> Files:
    """Add the pages that stand elsewhere."""
    for page, path in FROM_ELSEWHERE.items():
        text = (ROOT / path).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """The page as mkdocs reads it, with links to pages that stand elsewhere led to their copy."""
    for page, path in FROM_ELSEWHERE.items():
        markdown = markdown.replace(f"](../{path}", f"]({page}")
    return mdformat.text(markdown, extensions={"gfm", "mkdocs"})
