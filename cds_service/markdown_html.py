"""The markdown of cards as HTML that is safe to put into a page of ours.

Raw HTML is not read as such, images are not loaded, and what is left is cleaned once more against a
short list of elements: two guards, because cards hold texts that came with requests.
"""

from __future__ import annotations

from functools import cache

import nh3
from markdown_it import MarkdownIt

_TAGS = {
    *("p", "ul", "ol", "li", "strong", "em", "a", "code", "br", "hr", "blockquote"),
    *("h1", "h2", "h3", "h4", "table", "thead", "tbody", "tr", "th", "td"),
}


def to_html(markdown: str) -> str:
    """Clean HTML. Links open elsewhere and tell nobody where they come from."""
    return nh3.clean(
        _reader().render(markdown),
        tags=_TAGS,
        attributes={"a": {"href"}},
        attribute_filter=_kept,
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def _kept(element: str, attribute: str, value: str) -> str | None:
    """Only whole addresses: a card has none on this server."""
    return None if attribute == "href" and not value.startswith(("http://", "https://")) else value


@cache
def _reader() -> MarkdownIt:
    """CommonMark and tables, as EHRs show cards."""
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
