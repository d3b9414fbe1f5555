"""Labels: nothing in them acts on a terminal."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from octograph.graph.labels import escape_unseen, label


@given(st.text())
def test_a_label_is_printable_and_short(text: str) -> None:
    line = label(text)
    assert all(letter.isprintable() or letter.isspace() for letter in line)
    assert "\n" not in line
    assert len(line) <= 200


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_escaped_text_reads_back(text: str) -> None:
    assert json.loads(escape_unseen(json.dumps(text, ensure_ascii=False))) == text
