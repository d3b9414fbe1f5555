"""Text without what cannot be seen."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octograph.retrieval.documents.cleaning import clean

KEPT_FORMATS = "\u200c\u200d\u200e\u200f\u061c"
# Every character that can matter, often, and lone surrogates too.
TRICKY = st.text(st.sampled_from("e\u0301\r\n\t \x1b[m3\x00\x07\x7f\x85\u200b\u202e\u2066\ufeff\ud800\U000e0041\u200d"))
ANYTHING = TRICKY | st.text(st.characters())


@given(ANYTHING)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(ANYTHING)
def test_nothing_unseen_is_left(text: str) -> None:
    cleaned = clean(text)
    assert unicodedata.is_normalized("NFC", cleaned)
    for character in cleaned:
        code = ord(character)
        assert unicodedata.category(character) not in {"Cc", "Cs"} or character in "\n\t"
        assert not 0x202A <= code <= 0x202E
        assert not 0x2060 <= code <= 0x206F
        assert not 0xE0000 <= code <= 0xE007F
        assert character not in "\u200b\ufeff\u2028\u2029"


@given(st.text(st.characters(categories=["L", "N", "P", "Zs"])))
def test_words_stay_what_they_are(text: str) -> None:
    assert clean(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\r\nb\rc\u2028d\x0ce", "a\nb\nc\nd\ne"),
        ("a\r\u200b\nb", "a\nb"),
        ("e\u200b\u0301", "é"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("ok\U000e0069\U000e0067 then", "ok then"),
        ("user\u202egpj.exe\u2069", "usergpj.exe"),
        ("می\u200cخواهم 👩\u200d🔬", "می\u200cخواهم 👩\u200d🔬"),
        (f"a{KEPT_FORMATS}b", f"a{KEPT_FORMATS}b"),
    ],
)
def test_examples(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned
