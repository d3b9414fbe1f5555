"""Where an answer stands, and which answers are the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octograph.agents.cot import Numbers, Options, aligned, covering

LETTERED = "What is red?\n(A) the sky\n(B) a dark red rose\n(C) a rose"
YES_NO = "Do you return?\nOptions:\n- Yes\n- No"
VALID = "Is it so?\nOptions:\n- valid \n- not valid\n"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("She has 1,000 left.", "1000"),
        ("She has 1000.0 left.", "1000"),
        ("3 + 4 = 7, so $7.50", "7.5"),
        ("-0", "0"),
        ("0.1 + 0.2 = 0.30000000000000004", "0.3"),
        ("none", None),
    ],
)
def test_numbers_are_the_same_however_they_are_written(text: str, answer: str | None) -> None:
    span = Numbers().find(text)
    assert (span and span.answer) == answer


@pytest.mark.parametrize(
    ("query", "options"),
    [
        (LETTERED, ("A", "B", "C")),
        ("Pick:\nA. one\nB. two", ("A", "B")),
        ("Pick:\n A) one\n B) two\n", ("A", "B")),
        (YES_NO, ("Yes", "No")),
        (VALID, ("valid", "not valid")),
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
        (LETTERED, "Not (A), so (B).", "B", "B"),
        (LETTERED, "The answer is C.", "C", "C"),
        (LETTERED, "B. because of it", "B", "B"),
        (LETTERED, "B", "B", "B"),
        (LETTERED, "It is a dark red rose.", "B", "a dark red rose"),
        (LETTERED, "It is a  rose", "C", "a  rose"),
        (LETTERED, "A dog barked.", None, None),
        (LETTERED, "(D)", None, None),
        (YES_NO, "yes, or rather NO.", "No", "NO"),
        (YES_NO, "nothing", None, None),
        (YES_NO, "Options:\n- Yes\n- No", None, None),
        (YES_NO, "Yes. I chose from\n- Yes\n- No\n", "Yes", "Yes"),
        (LETTERED, "(A) the sky\n(B) a dark red rose\n(C) a rose\nThe answer is (B).", "B", "B"),
        (VALID, "This is not valid.", "not valid", "not valid"),
        (VALID, "This is valid.", "valid", "valid"),
    ],
)
def test_the_option_named_last_counts(query: str, text: str, answer: str | None, said: str | None) -> None:
    options = Options.of(query)
    assert options is not None
    span = options.find(text)
    assert (span and span.answer) == answer
    assert (span and text[span.start : span.end]) == said


def test_an_option_is_spelled_as_the_text_spells_them() -> None:
    options = Options.of(LETTERED)
    assert options is not None
    assert options.spellings("B", like="C") == ("B", "b")
    assert options.spellings("A", like="a rose") == ("the sky", "THE SKY", "The sky")


@given(st.lists(st.integers(0, 4), min_size=1, max_size=8), st.data())
def test_tokens_cover_characters(sizes: list[int], data: st.DataObject) -> None:
    ends = [sum(sizes[: place + 1]) for place in range(len(sizes))]
    length = ends[-1]
    if length == 0:
        return
    start = data.draw(st.integers(0, length - 1))
    end = data.draw(st.integers(start + 1, length))
    owner = [next(place for place, last in enumerate(ends) if last > character) for character in range(length)]
    found = covering(ends, start, end)
    assert (found.start, found.stop) == (owner[start], owner[end - 1] + 1)


@given(st.lists(st.integers(0, 2), max_size=9), st.lists(st.integers(0, 2), max_size=3))
def test_alignment_is_the_last_place(tokens: list[int], answer: list[int]) -> None:
    naive = [start for start in range(len(tokens)) if answer and tokens[start : start + len(answer)] == answer]
    found = aligned(tokens, answer)
    assert (found and found.start) == (naive[-1] if naive else None)
    assert found is None or tokens[found] == answer
