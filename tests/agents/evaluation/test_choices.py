"""Which of several choices an answer means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octograph.agents.evaluation.choices import LETTERS, chosen, lettered

COLOURS = ("red", "dark red", "blue")


@pytest.mark.parametrize(
    ("answer", "place"),
    [
        ("(B)", 1),
        ("(b) dark red", 1),
        ("B", 1),
        ("b.", 1),
        ("B. dark red", 1),
        ("B\nbecause it is", 1),
        ("The answer is (C).", 2),
        ("(A) is wrong. So the answer is (C)", 2),
        ("The answer is A.\nNo, the answer is B.", 1),
        ("Answer: C", 2),
        ("The correct option is (C) blue", 2),
        ("I think it must be (C), as it is cold", 2),
        ("Blue.", 2),
        ("dark  red", 1),
        ("Red", 0),
        ("It is dark red", 1),
        ("I, for one, think of blue", 2),
        ("A dog", None),
        ("The answer is A dog", None),
        ("(A) or (B)?", 0),
        ("either (A) or (B)", None),
        ("The answer is red, not blue.", 0),
        ("(A) red\n(B) dark red\n(C) blue\nSo (B)", 1),
        ("It is red, or rather dark red", 1),
        ("red or blue", None),
        ("reddish", None),
        ("(Z)", None),
        ("green", None),
        ("", None),
    ],
)
def test_an_answer_means_a_choice_or_none(answer: str, place: int | None) -> None:
    assert chosen(answer, COLOURS) == place


def test_signs_tell_choices_apart() -> None:
    assert chosen("-1", ("1", "-1")) == 1
    assert chosen("1", ("1", "-1")) == 0


def test_case_tells_choices_apart_and_nothing_those_that_are_equal() -> None:
    assert [chosen(text, ("mW", "MW")) for text in ("MW", "It is mW.", "mw", "The answer is mw.")] == [1, 0, None, None]
    assert [chosen(text, ("5", "7", "5")) for text in ("5", "It is 5.", "(C) 5")] == [None, None, 2]


def test_choices_that_are_letters_are_taken_by_their_text() -> None:
    assert chosen("A", ("B", "A")) == 1
    assert chosen("(A)", ("B", "A")) == 0


@given(st.lists(st.text(), min_size=1, max_size=26), st.data())
def test_its_letter_always_names_a_choice(choices: list[str], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(choices) - 1))
    letter = f"({LETTERS[place]})"
    if letter.casefold() not in {" ".join(choice.casefold().split()) for choice in choices}:
        assert chosen(letter, choices) in (place, *(i for i, c in enumerate(choices) if letter in c))
    assert f"{letter} {choices[place]}" in lettered(choices)
