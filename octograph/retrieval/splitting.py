"""Documents become passages: split along their structure, counted in the embedder's own tokens."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from pathlib import Path

from octograph.errors import KnowledgeError
from octograph.retrieval.documents import Document
from octograph.retrieval.passage import Passage

__all__ = ["CAPACITY", "Splitter"]

CAPACITY = 200
"""Most tokens of a passage: with its title and headings it fits in the 256 that the bundled embedder reads."""

FULL_ENOUGH = 2 / 3
"""A passage that has this share of its tokens may end where a section does."""

OVERLAP = 1 / 8
"""Share of a passage that may stand in the one before it too, so that no sentence is without its neighbours."""


class Splitter:
    """Splits documents.

    Parameters
    ----------
    tokenizer
        The ``tokenizer.json`` of the embedder: a token is what it reads as one.
    capacity
        Most tokens of a passage.

    Raises
    ------
    KnowledgeError
        The tokenizer cannot be read.

    """

    def __init__(self, tokenizer: Path, *, capacity: int = CAPACITY) -> None:
        from semantic_text_splitter import MarkdownSplitter, TextSplitter
        from tokenizers import Tokenizer

        try:
            counting = Tokenizer.from_file(str(tokenizer))
        except Exception as error:  # the library raises nothing narrower
            raise KnowledgeError(
                f"the tokenizer {str(tokenizer)!r} cannot be read: {error}", hint="Install the embedder's package anew."
            ) from error
        counting.no_truncation()
        counting.no_padding()
        lengths = (int(capacity * FULL_ENOUGH), capacity)
        overlap = int(capacity * OVERLAP)
        self.capacity = capacity
        self._text = TextSplitter.from_huggingface_tokenizer(counting, lengths, overlap=overlap)
        self._markdown = MarkdownSplitter.from_huggingface_tokenizer(counting, lengths, overlap=overlap)

    def split(self, document: Document) -> list[Passage]:
        """Return the passages of a document, in order; the same document always gives the same ones."""
        marked = document.markup == "markdown"
        splitter = self._markdown if marked else self._text
        headings = _headings(document.text) if marked else []
        starts = [start for start, _ in headings]
        passages = []
        for offset, text in splitter.chunk_indices(document.text):
            # A passage that begins with its heading stands under it.
            above = bisect_right(starts, offset)
            passages.append(
                Passage(
                    text=text,
                    title=document.title,
                    heading=headings[above - 1][1] if above else "",
                    page=bisect_right(document.pages, offset) or None,
                )
            )
        return passages


def _headings(text: str) -> list[tuple[int, str]]:
    """Offset of each heading of a Markdown text, with the headings that it stands under and itself."""
    from markdown_it import MarkdownIt

    lines = [0]  # offset of each line
    for line in text.split("\n"):
        lines.append(lines[-1] + len(line) + 1)
    above: list[tuple[int, str]] = []
    found: list[tuple[int, str]] = []
    tokens = MarkdownIt("commonmark").parse(text)
    for token, content in pairwise(tokens):
        if token.type == "heading_open" and token.map is not None:
            level = int(token.tag[1])
            above = [(higher, title) for higher, title in above if higher < level] + [(level, content.content)]
            found.append((lines[token.map[0]], " > ".join(title for _, title in above)))
    return found
