"""Markdown, as a model's answer may use it."""

from __future__ import annotations

from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from octograph.terminal import plain

__all__ = ["parser"]


def parser() -> MarkdownIt:
    """Markdown without HTML: a model's ``<fn_2>`` or ``<b>`` is text to be read, not a tag to be dropped.

    Entities such as ``&#x202e;`` are spelled out by the parser, so the words are made plain behind it.

    Examples
    --------
    >>> parser().parseInline("1 &lt; 2 &#x202e;gpj.exe")[0].children[0].content
    '1 < 2 gpj.exe'

    """
    made = MarkdownIt("gfm-like", {"html": False})
    made.core.ruler.push("plain", _make_plain)
    return made


def _make_plain(state: StateCore) -> None:
    _plain_tokens(state.tokens)


def _plain_tokens(tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.children:  # text stands in the children, and an image has some of its own
            _plain_tokens(token.children)
        else:
            token.content = plain(token.content)
