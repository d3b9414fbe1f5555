"""HTML pages: what a page says, without its menus and banners."""

from __future__ import annotations

import logging
import re
from html import unescape
from typing import Final

from octograph.retrieval.documents.extract import Extract
from octograph.retrieval.documents.markdown import to_markdown
from octograph.retrieval.documents.plain import decode

__all__ = ["declared_encoding", "read_web"]

_ENCODING: Final = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_TITLE: Final = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_HEADING_TAG: Final = re.compile(r"<h[1-6][\s>]", re.IGNORECASE)
_HEADING: Final = re.compile(r"^#{1,6} ", re.MULTILINE)
_CODE_OR_ESCAPED: Final = re.compile(r"(?s:```.*?```)|`[^`\n]*`|\\([*_])")
_AROUND: Final = ("nav", "header", "footer", "aside", "form")


def read_web(content: bytes) -> Extract:
    """Read the main text of a page, or all of it if that cannot be told or would lose the headings."""
    html = decode(content, declared=declared_encoding(content))
    title = _TITLE.search(html)
    main = _main_text(html)
    if not main or (_HEADING_TAG.search(html) and not _HEADING.search(main)):
        main = to_markdown(html, without=_AROUND).strip() or to_markdown(html)
    return Extract(parts=(main,), markup="markdown", title=unescape(title[1]) if title else "")


def declared_encoding(content: bytes) -> str:
    """Return the encoding that HTML or XML names in its first lines, or nothing."""
    found = _ENCODING.search(content[:1024])
    return found[1].decode("ascii", errors="replace") if found else ""


def _main_text(html: str) -> str:
    import trafilatura

    # It logs every page without a main text as an error; without a handler, that would reach the terminal.
    log = logging.getLogger("trafilatura")
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    text = trafilatura.extract(
        html,
        output_format="markdown",
        favor_recall=True,
        include_comments=False,
        include_formatting=True,
        include_links=False,
    )
    return _CODE_OR_ESCAPED.sub(lambda found: found[1] or found[0], text or "")
