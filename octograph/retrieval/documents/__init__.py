"""Documents in: the files of a folder, and the text in each of them."""

from __future__ import annotations

from octograph.retrieval.documents.document import Document, Markup
from octograph.retrieval.documents.folder import Found, find_files
from octograph.retrieval.documents.reading import read_document

__all__ = ["Document", "Found", "Markup", "find_files", "read_document"]
