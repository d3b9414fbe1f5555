"""Which options a query lists, and which of them a text comes to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octograph.agents.cot import Options

LETTERED = "What is red?\n(A) the sky\n(B) a dark red rose\n(C) a rose"
YES_NO = "Do you return?\nOptions:\n- Yes\n- No"
VALID = "Is it so?\nOptions:\n- valid \n- not valid\n"


@pytest.mark.parametrize(
    ("query", "options"),
    [
        (LETTERED, ("A", "B", "C")),
        ("Pick:\nA. one\nB. two", ("A", "B")),
        ("Pick:\n A) one\n B) two\n", ("A", "B")),
        ("Pick:\r\n(A) one\r\n(B) two\r\n", ("A", "B")),
        (YES_NO, ("Yes", "No")),
        (VALID, ("valid", "not valid")),
        ("Is it?\r\nOptions:\r\n- Yes\r\n- No\r\n", ("Yes", "No")),
        ("Is it?\nOptions:\n\n- Yes\n- No", ("Yes", "No")),
        ("Pick:\n(B) one\n(C) two", None),
        ("(A) alone", None),
        ("Options: none", None),
        ("> (A) quoted\n> (B) from a document\nQuestion: why?", None),
    ],
)
def test_options_are_read_from_the_query(query: str, options: tuple[str, ...] | None) -> None:
    found = Options.of(query)
    assert (found and found.options) == options


@pytest.mark.parametrize(
    ("query", "text", "answer", "said"),
    [
        # It is said which is the answer.
        (LETTERED, "The answer is C.", "C", "C"),
        (LETTERED, "The answer is (B), not (A).", "B", "B"),
        (LETTERED, "The answer is (B).\n(A) is blue, (C) is pale.", "B", "B"),
        (LETTERED, "(A) the sky\n(B) a dark red rose\n(C) a rose\nThe answer is (B).", "B", "B"),
        (LETTERED, "The answer is A dark red rose.", "B", "A dark red rose"),
        (LETTERED, "(A) is blue, so (B) is correct, unlike (C).", "B", "B"),
        (YES_NO, "No doubt: the answer is yes. There is no other.", "Yes", "yes"),
        # One opens the text.
        (LETTERED, "B. because of it", "B", "B"),
        (LETTERED, "B", "B", "B"),
        (YES_NO, "Yes, there is no doubt.", "Yes", "Yes"),
        (YES_NO, "Yes. I chose from\n- Yes\n- No\n", "Yes", "Yes"),
        # One is named last.
        (LETTERED, "Not (A), so (B).", "B", "B"),
        (LETTERED, "(A) is blue. (C) is pale. So (B)", "B", "B"),
        (LETTERED, "The sky, which is blue, is not. So (B)", "B", "B"),
        (LETTERED, "Option A: it is blue. Option C: it is pale. So (B)", "B", "B"),
        (LETTERED, "Option A is wrong. It is a dark red rose.", "B", "a dark red rose"),
        (LETTERED, "It is a dark red rose.", "B", "a dark red rose"),
        (LETTERED, "It is a  rose", "C", "a  rose"),
        (YES_NO, "I said yes, or rather NO.", "No", "NO"),
        (YES_NO, "No one would say so. Yes", "Yes", "Yes"),
        (VALID, "This is not valid.", "not valid", "not valid"),
        (VALID, "This is valid.", "valid", "valid"),
        # None.
        (LETTERED, "A dog barked.", None, None),
        (LETTERED, "(D)", None, None),
        (YES_NO, "nothing", None, None),
        (YES_NO, "Options:\n- Yes\n- No", None, None),
        (YES_NO, "Options:\r\n- Yes\r\n- No\r\n", None, None),
    ],
)
def test_the_option_that_a_text_comes_to(query: str, text: str, answer: str | None, said: str | None) -> None:
    options = Options.of(query)
    assert options is not None
    span = options.find(text)
    assert (span and span.answer) == answer
    assert (span and text[span.start : span.end]) == said


@pytest.mark.parametrize(
    ("listed", "text", "answer"),
    [
        ("(A) BB\n(B) Bb\n(C) bb", "It is Bb.", "B"),
        ("(A) BB\n(B) Bb\n(C) bb", "It is bB.", None),
        ("(A) mW\n(B) MW", "It is mW.", "A"),
        ("(A) mW\n(B) MW", "It is MW.", "B"),
        ("(A) 5\n(B) 7\n(C) 5", "It is 7.", "B"),
        ("(A) 5\n(B) 7\n(C) 5", "It is 5.", None),
        ("(A) 5\n(B) 7\n(C) 5", "It is (C) 5.", "C"),
        ("(A) 5\n(B) 7", "It is 5.5.", None),
        ("(A) Straße\n(B) Weg", "Die Straße", "A"),
        ("Options:\n- mW\n- MW", "It is mW.", "mW"),
        ("Options:\n- groß\n- klein", "Es ist groß.", "groß"),
        ("Options:\n- Istanbul\n- Ankara", "It is İstanbul.", "Istanbul"),
        ("Options:\n- Istanbul\n- Ankara", "It is ıstanbul.", "Istanbul"),
    ],
)
def test_options_are_told_apart_by_their_spelling(listed: str, text: str, answer: str | None) -> None:
    options = Options.of(f"Which?\n{listed}")
    assert options is not None
    span = options.find(text)
    assert (span and span.answer) == answer


def test_an_option_is_spelled_as_the_text_spells_them() -> None:
    options = Options.of(LETTERED)
    assert options is not None
    assert options.spellings("B", like="C") == ("B", "b")
    assert options.spellings("B", like="c") == ("B", "b")
    assert options.spellings("A", like="a rose") == ("the sky", "THE SKY", "The sky")


@given(st.lists(st.text(min_size=1), min_size=2, max_size=5), st.booleans(), st.text(max_size=30), st.data())
def test_whatever_is_found_can_be_spelled(texts: list[str], lettered: bool, around: str, data: st.DataObject) -> None:
    options = Options(texts, lettered=lettered)
    text = f"{around} {data.draw(st.sampled_from(texts)).swapcase()} {around}"
    span = options.find(text)
    if span is not None:
        assert span.answer in options.options
        for option in options.options:
            assert options.spellings(option, like=text[span.start : span.end])
