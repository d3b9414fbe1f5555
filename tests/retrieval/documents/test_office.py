"""DOCX and EPUB, made by hand."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from octograph.errors import DocumentError
from octograph.retrieval.documents.office import read_package

MakeZip = Callable[[str, Mapping[str, str]], Path]

MOST = 1 << 20
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
PARTS = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def paragraph(text: str, style: str = "") -> str:
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{properties}<w:r><w:t>{text}</w:t></w:r></w:p>"


def cell(text: str) -> str:
    return f"<w:tc>{paragraph(text)}</w:tc>"


def docx(*body: str, title: str = "") -> dict[str, str]:
    style = '<w:style w:type="paragraph" w:styleId="H1"><w:name w:val="heading 1"/></w:style>'
    target = f'<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="word/document.xml"/>'
    core = f'<p xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title></p>'
    return {
        "[Content_Types].xml": f'<Types xmlns="{PARTS}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{PARTS}/relationships">{target}</Relationships>',
        "word/styles.xml": f'<w:styles xmlns:w="{WORD}">{style}</w:styles>',
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{PARTS}/relationships">'
        f'<Relationship Id="r2" Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "word/document.xml": f'<w:document xmlns:w="{WORD}"><w:body>{"".join(body)}</w:body></w:document>',
        "docProps/core.xml": core,
    }


def epub(chapters: Mapping[str, str]) -> dict[str, str]:
    items = "".join(f'<item id="i{place}" href="{name}"/>' for place, name in enumerate(chapters))
    spine = "".join(f'<itemref idref="i{place}"/>' for place in range(len(chapters)))
    book = (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
        f"<dc:title>The Book</dc:title></metadata><manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    container = '<container><rootfiles><rootfile full-path="OPS/book.opf"/></rootfiles></container>'
    texts = {f"OPS/{name.replace('%20', ' ')}": text for name, text in chapters.items()}
    return {"mimetype": "application/epub+zip", "META-INF/container.xml": container, "OPS/book.opf": book, **texts}


def test_a_docx_keeps_its_headings_and_tables(make_zip: MakeZip) -> None:
    row = f"<w:tr>{cell('year')}{cell('nests')}</w:tr>"
    body = (paragraph("Terns", "H1"), paragraph("They use snake_case."), f"<w:tbl>{row}{row}</w:tbl>")
    extract = read_package(make_zip("a.docx", docx(*body, title="On terns")).read_bytes(), most=MOST)
    (text,) = extract.parts
    assert text.strip().startswith("# Terns\n\nThey use snake_case.")
    assert "| year | nests |" in text
    assert extract.markup == "markdown"
    assert extract.title == "On terns"


def test_an_epub_is_read_in_the_order_of_its_spine(make_zip: MakeZip) -> None:
    page = '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><body>{}</body></html>'
    chapters = {"z.xhtml": page.format("<h1>One</h1>"), "a%20b.xhtml": page.format("<p>Two – <i>due</i></p>")}
    extract = read_package(make_zip("a.epub", epub(chapters)).read_bytes(), most=MOST)
    assert [part.strip() for part in extract.parts] == ["# One", "Two – *due*"]
    assert extract.title == "The Book"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("ppt/presentation.xml", "a presentation"), ("xl/workbook.xml", "a workbook"), ("a.txt", "a zip archive")],
)
def test_other_packages_are_refused_by_their_kind(make_zip: MakeZip, name: str, kind: str) -> None:
    with pytest.raises(DocumentError, match=kind):
        read_package(make_zip("a.zip", {name: "x"}).read_bytes(), most=MOST)


def test_a_zip_bomb_is_not_unpacked(make_zip: MakeZip) -> None:
    bomb = make_zip("a.docx", docx(paragraph("0" * 2 * MOST))).read_bytes()
    assert len(bomb) < MOST / 50
    with pytest.raises(DocumentError, match="unpack to far more") as caught:
        read_package(bomb, most=MOST)
    assert "--max-size" in caught.value.hint


def test_an_encrypted_package_is_refused(make_zip: MakeZip) -> None:
    path = make_zip("a.docx", docx(paragraph("secret")))
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as package:
        directory = package.start_dir
    content[directory + 8] |= 1
    with pytest.raises(DocumentError, match="encrypted"):
        read_package(bytes(content), most=MOST)
    protected = make_zip("a.epub", {**epub({}), "META-INF/rights.xml": ""})
    with pytest.raises(DocumentError, match="encrypted"):
        read_package(protected.read_bytes(), most=MOST)


def test_half_a_package_is_damaged(make_zip: MakeZip) -> None:
    with pytest.raises(DocumentError, match="damaged"):
        read_package(make_zip("a.docx", docx()).read_bytes()[:200], most=MOST)
