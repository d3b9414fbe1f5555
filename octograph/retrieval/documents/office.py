"""Documents that are packages (zip files with XML inside): DOCX and EPUB."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any, Final
from urllib.parse import unquote
from zipfile import BadZipFile, ZipFile

from octograph.errors import DocumentError
from octograph.retrieval.documents.extract import Extract
from octograph.retrieval.documents.markdown import to_markdown
from octograph.retrieval.documents.plain import decode
from octograph.retrieval.documents.web import declared_encoding

__all__ = ["read_package"]

_ENCRYPTED: Final = 0x1  # the flag of a member that has a password
_RIGHTS: Final = frozenset({"META-INF/rights.xml", "META-INF/sinf.xml"})  # of an EPUB under copy protection


def read_package(content: bytes, *, most: int) -> Extract:
    """Read a zip file that is a document.

    Parameters
    ----------
    content
        The zip file.
    most
        Largest size to unpack, in bytes.

    Raises
    ------
    DocumentError
        It is damaged, encrypted, too large once unpacked, or no document that can be read.

    """
    try:
        package = ZipFile(BytesIO(content))
    except BadZipFile as error:
        raise DocumentError("it is a damaged DOCX, EPUB or zip file", hint="Download or save it again.") from error
    with package:
        members = package.infolist()
        # The sizes are claims, but no more than was claimed is ever unpacked.
        if sum(member.file_size for member in members) > most:
            hint = "It may be a zip bomb. If you trust it, raise the limit with --max-size."
            raise DocumentError("it would unpack to far more than its size", hint=hint)
        names = frozenset(package.namelist())
        if any(member.flag_bits & _ENCRYPTED for member in members) or names & _RIGHTS:
            raise DocumentError("it is encrypted", hint="Save a copy without its protection, and add that.")
        for name, reader in _READERS.items():
            if name in names:
                return reader(package, content)
        kind = next((kind for name, kind in _REFUSED.items() if name in names), "a zip archive")
    hint = "Unpack it and add its files." if kind == "a zip archive" else "Save it as PDF, DOCX or CSV, and add that."
    raise DocumentError(f"it is {kind}, which cannot be read", hint=hint)


def _read_docx(package: ZipFile, content: bytes) -> Extract:
    import mammoth

    # Images are left where they are: unpacked into the HTML, they would be the most of it.
    unseen = mammoth.images.img_element(lambda _image: {})
    html: str = mammoth.convert_to_html(BytesIO(content), convert_image=unseen).value
    core = "docProps/core.xml"
    title = _text(_xml(package, core), "title") if core in package.namelist() else ""
    return Extract(parts=(to_markdown(html),), markup="markdown", title=title)


def _read_epub(package: ZipFile, _content: bytes) -> Extract:
    container = _xml(package, "META-INF/container.xml")
    root = container.xpath("string(//*[local-name()='rootfile']/@full-path)")
    book = _xml(package, root)
    items = {item.get("id"): item.get("href") for item in book.xpath("//*[local-name()='item']")}
    spine = [items.get(entry.get("idref"), "") for entry in book.xpath("//*[local-name()='itemref']")]
    folder = posixpath.dirname(root)
    chapters = [posixpath.normpath(posixpath.join(folder, unquote(href))) for href in spine]
    names = frozenset(package.namelist())
    parts = tuple(_chapter(package.read(name)) for name in chapters if name in names)
    return Extract(parts=parts, markup="markdown", title=_text(book, "title"))


def _chapter(content: bytes) -> str:
    return to_markdown(decode(content, declared=declared_encoding(content)))


def _xml(package: ZipFile, name: str) -> Any:
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True)  # nothing from outside, nothing that grows
    return etree.fromstring(package.read(name), parser)


def _text(element: Any, name: str) -> str:
    return str(element.xpath("string(//*[local-name()=$name])", name=name))


_READERS: Final[Mapping[str, Callable[[ZipFile, bytes], Extract]]] = {
    "word/document.xml": _read_docx,
    "META-INF/container.xml": _read_epub,
}
_REFUSED: Final[Mapping[str, str]] = {
    "ppt/presentation.xml": "a presentation",
    "xl/workbook.xml": "a workbook",
    "xl/workbook.bin": "a workbook",
    "content.xml": "an OpenDocument file",
}
