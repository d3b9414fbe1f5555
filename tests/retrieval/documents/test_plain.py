"""Encodings, and what is text at all."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octograph.errors import DocumentError
from octograph.retrieval.documents.plain import decode

FRENCH = "Le café crème est à côté de la forêt, où l'été règne."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_mark_or_utf_8_decides(encoding: str) -> None:
    assert decode("naïve 漢字 😀".encode(encoding)) == "naïve 漢字 😀"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (FRENCH, "cp1252"),
        ("Привет, мир: как дела у вас сегодня?", "cp1251"),
        ("これは日本語の文章です。今日は天気がいいですね。", "shift_jis"),
        ("Příliš žluťoučký kůň úpěl ďábelské ódy", "cp1250"),
    ],
)
def test_an_old_encoding_is_guessed(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


def test_what_a_document_declares_is_believed_only_if_it_fits() -> None:
    assert decode("Ελλ".encode("cp1253"), declared="windows-1253") == "Ελλ"
    assert decode(FRENCH.encode("cp1252"), declared="no-such-encoding") == FRENCH
    assert decode(FRENCH.encode("cp1252"), declared="ascii") == FRENCH


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_text_that_was_cut_within_a_character_keeps_the_rest(encoding: str) -> None:
    whole = "naïve – línea\n" * 30 + "😀"
    assert decode(whole.encode(encoding)[:-1]).startswith(whole[:-1])


@pytest.mark.parametrize(
    "content",
    [
        b"abc\0def",
        b"\xff\xfe" + b"\x00\xd8" * 40,
        bytes(range(1, 32)) * 9,
        bytes(byte for byte in random.Random(0).randbytes(3000) if byte),
    ],
    ids=["nul", "no UTF-16", "controls", "random"],
)
def test_binary_content_is_refused(content: bytes) -> None:
    with pytest.raises(DocumentError, match="binary"):
        decode(content)


@given(st.binary())
def test_any_bytes_are_text_or_an_error(content: bytes) -> None:
    try:
        assert isinstance(decode(content), str)
    except DocumentError as error:
        assert error.hint
