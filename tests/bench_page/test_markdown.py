"""The markdown of a card becomes HTML in which nothing runs and nothing is loaded."""

from __future__ import annotations

import pytest

from cds_service.markdown_html import to_html


def test_what_our_cards_use_is_shown() -> None:
    html = to_html("Text\n\n**This patient**\n\n- one\n- *two* [link](https://example.org/a)\n")
    assert "<strong>This patient</strong>" in html
    assert "<li>one</li>" in html
    assert '<a href="https://example.org/a" target="_blank" rel="noopener noreferrer">' in html


def test_escaped_text_is_shown_as_it_was_meant() -> None:
    assert to_html("5 \\* 3 &lt; 20 &amp; more") == "<p>5 * 3 &lt; 20 &amp; more</p>\n"


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![x](https://example.org/x.png)",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "[x](//example.org)",
        "<a href='https://x' onclick='alert(1)'>x</a>",
        "<style>*{display:none}</style>",
        "<iframe src=https://example.org></iframe>",
        '<svg/onload="alert(1)">',
    ],
)
def test_nothing_runs_and_nothing_is_loaded(text: str) -> None:
    html = to_html(text)
    for forbidden in ("<script", "<img", "<iframe", "<svg", "<style", '<a href="j', '<a href="d'):
        assert forbidden not in html
    assert "<a " not in html or 'href="https://' in html or "href=" not in html
