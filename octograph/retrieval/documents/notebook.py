"""Jupyter notebooks: their texts as Markdown and their code as code, without what the code put out."""

from __future__ import annotations

import json
from typing import Any

from octograph.errors import DocumentError
from octograph.retrieval.documents.extract import Extract
from octograph.retrieval.documents.plain import decode

__all__ = ["read_notebook"]


def read_notebook(content: bytes) -> Extract:
    """Read the cells of a notebook.

    Raises
    ------
    DocumentError
        It is no notebook of the present format.

    """
    try:
        notebook = json.loads(decode(content))
        metadata = notebook.get("metadata", {})
        language = metadata.get("language_info", {}).get("name", "")
        parts = tuple(_cell(cell, language) for cell in notebook["cells"])
        title = str(metadata.get("title", ""))
    except (ValueError, LookupError, AttributeError, TypeError) as error:
        hint = "Save it again in Jupyter, or convert it with jupyter nbconvert."
        raise DocumentError("it is no notebook of Jupyter's format 4, or a damaged one", hint=hint) from error
    return Extract(parts=parts, markup="markdown", title=title)


def _cell(cell: dict[str, Any], language: str) -> str:
    source = "".join(cell["source"])  # a text, or a list of its lines
    if cell["cell_type"] != "code" or not source.strip():
        return source
    fence = "````" if "```" in source else "```"
    return f"{fence}{language}\n{source}\n{fence}"
