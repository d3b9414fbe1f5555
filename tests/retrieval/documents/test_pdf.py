"""PDF files, made by hand."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from octograph.errors import DocumentError
from octograph.retrieval.documents.pdf import read_pdf

MakePdf = Callable[..., bytes]


def test_each_page_is_a_part(make_pdf: MakePdf) -> None:
    extract = read_pdf(make_pdf("First page", "", "Third page", title="On pages"))
    assert extract.parts == ("First page", "", "Third page")
    assert extract.paged
    assert extract.title == "On pages"


def test_an_encrypted_one_is_refused(make_pdf: MakePdf) -> None:
    with pytest.raises(DocumentError, match="encrypted") as caught:
        read_pdf(make_pdf("secret", encrypted=True))
    assert "password" in caught.value.hint


def test_scans_are_said_to_be_scans(make_pdf: MakePdf) -> None:
    with pytest.raises(DocumentError, match=r"no text on any of its pages \(2\).*scans") as caught:
        read_pdf(make_pdf("", ""))
    assert "ocrmypdf" in caught.value.hint


def test_a_damaged_one_is_refused(make_pdf: MakePdf) -> None:
    with pytest.raises(DocumentError, match="damaged PDF"):
        read_pdf(make_pdf("text")[:150])


def test_a_damaged_page_does_not_lose_the_others(make_pdf: MakePdf) -> None:
    content = make_pdf("First page", "Second page")
    assert read_pdf(content.replace(b"[6 0 R 8 0 R]", b"[1 0 R 8 0 R]")).parts[-1] == "Second page"


def test_threads_take_turns(make_pdf: MakePdf) -> None:
    contents = [make_pdf(*(f"file {file} page {page}" for page in range(20))) for file in range(8)]
    with ThreadPoolExecutor(4) as pool:
        parts = [extract.parts for extract in pool.map(read_pdf, contents)]
    assert parts == [tuple(f"file {file} page {page}" for page in range(20)) for file in range(8)]
