"""HTML as Markdown: all of it, with headings, lists, tables and code; links and images as their text only."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

__all__ = ["to_markdown"]

_DECLARATION: Final = re.compile(r"\s*<\?xml[^>]*>")
_UNREAD: Final = ("head", "script", "style", "template")


def to_markdown(html: str, *, without: Collection[str] = ()) -> str:
    """Return a page as Markdown.

    Parameters
    ----------
    html
        The page, or a part of one.
    without
        Tags to leave out with all that is in them.

    """
    from bs4 import BeautifulSoup
    from markdownify import ATX, MarkdownConverter

    # Without its XML declaration, XHTML is HTML to the parser; with a line end, a short text is no file name to it.
    soup = BeautifulSoup("\n" + _DECLARATION.sub("", html, count=1), "lxml")
    for tag in soup([*_UNREAD, *without]):
        tag.decompose()
    converter = MarkdownConverter(
        heading_style=ATX,
        bullets="-",
        strip=["a", "img"],
        escape_asterisks=False,  # for a search, 2*3 and snake_case are to stay what they are
        escape_underscores=False,
    )
    try:
        return converter.convert_soup(soup)
    except RecursionError:  # tags nested hundreds deep: only their text is left
        return soup.get_text("\n", strip=True)
