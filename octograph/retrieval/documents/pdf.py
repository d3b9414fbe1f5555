"""PDF files, page by page."""

from __future__ import annotations

from contextlib import closing
from threading import Lock
from typing import Any, Final

from octograph.errors import DocumentError
from octograph.retrieval.documents.extract import Extract

__all__ = ["read_pdf"]

_PDFIUM: Final = Lock()  # the library must not be called from two threads at once


def read_pdf(content: bytes) -> Extract:
    """Read the text of a PDF; a damaged page among sound ones is left blank.

    Raises
    ------
    DocumentError
        It is encrypted or damaged, or none of its pages holds text.

    """
    import pypdfium2

    with _PDFIUM:
        try:
            pdf = pypdfium2.PdfDocument(content)
        except pypdfium2.PdfiumError as error:
            raise _cannot_open(error) from error
        with closing(pdf):
            pages = tuple(_text(pdf, number) for number in range(len(pdf)))
            title = pdf.get_metadata_value("Title")
    if not any(page.strip() for page in pages):
        raise DocumentError(
            f"there is no text on any of its pages ({len(pages)}): they are probably scans",
            hint="Run text recognition over it first, with ocrmypdf for example.",
        )
    return Extract(parts=pages, markup="text", title=title, paged=True)


def _text(pdf: Any, number: int) -> str:
    import pypdfium2

    try:
        with closing(pdf[number]) as page, closing(page.get_textpage()) as text:
            return str(text.get_text_bounded())
    except pypdfium2.PdfiumError:
        return ""


def _cannot_open(error: Any) -> DocumentError:
    from pypdfium2.raw import FPDF_ERR_PASSWORD

    if error.err_code == FPDF_ERR_PASSWORD:
        return DocumentError("it is an encrypted PDF", hint="Save a copy without its password, and add that.")
    return DocumentError("it is a damaged PDF", hint="Download or save it again.")
