"""Tables in text, CSV and TSV: each row a paragraph that says which value is under which header."""

from __future__ import annotations

import csv
import re
from itertools import zip_longest
from typing import Final

from octograph.retrieval.documents.extract import Extract
from octograph.retrieval.documents.plain import decode

__all__ = ["read_csv", "read_tsv"]

_DELIMITERS: Final = ",;\t|"
_SAMPLE: Final = 8192  # the time that the sniffer takes grows faster than its sample
_NUMBER: Final = re.compile(r"[-+]?[\d., ]*\d%?")


def read_csv(content: bytes) -> Extract:
    """Read values divided by commas, semicolons, tabs or bars."""
    text = decode(content)
    try:
        delimiter = csv.Sniffer().sniff(text[:_SAMPLE], _DELIMITERS).delimiter
    except csv.Error:  # a single column, or rows too ragged to tell; the header may still
        delimiter = max(_DELIMITERS, key=text.partition("\n")[0].count)
    return _read(text, delimiter)


def read_tsv(content: bytes) -> Extract:
    """Read values divided by tabs."""
    return _read(decode(content), "\t")


def _read(text: str, delimiter: str) -> Extract:
    try:
        rows = [[" ".join(cell.split()) for cell in row] for row in csv.reader(_lines(text), delimiter=delimiter)]
    except csv.Error:  # a cell beyond all measure, mostly a quote that is never closed: the text alone is sound
        return Extract(parts=(text,), markup="text")
    header = rows[0] if rows and not all(_NUMBER.fullmatch(cell) for cell in rows[0] if cell) else []
    paragraphs = (_paragraph(header, row) for row in (rows[1:] if header else rows))
    # A table of nothing but its header says at least that.
    body = "\n\n".join(paragraph for paragraph in paragraphs if paragraph) or _paragraph([], header)
    return Extract(parts=(body,), markup="text")


def _lines(text: str) -> list[str]:
    # Not splitlines(), which would cut at characters that may stand in a cell.
    return re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)


def _paragraph(header: list[str], row: list[str]) -> str:
    pairs = zip_longest(header, row[: len(header)] if header else row, fillvalue="")
    named = [f"{name}: {value}" if name else value for name, value in pairs if value]
    return "; ".join([*named, *filter(None, row[len(header) :])] if header else named)
