"""Answers in the model's own words."""

from __future__ import annotations

import pytest

from octograph.agents.cot.words import Words, spelled


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (" Paris.", "Paris"),
        (": Paris", "Paris"),
        (":\n\n**Paris**.", "Paris"),
        (' "Hamlet".', "Hamlet"),
        (" J. R. R. Tolkien. He was English.", "J. R. R. Tolkien"),
        (" J. K. Rowling", "J. K. Rowling"),
        (" St. Louis. It lies on a river.", "St. Louis"),
        (" 42. The reason is plain.", "42"),
        (" 3.5 metres\nor so", "3.5 metres"),
        (" Paris! It is", "Paris"),
        (":", None),
        ("\ufffd", None),
        ("", None),
    ],
)
def test_the_answer_ends_with_its_sentence(text: str, said: str | None) -> None:
    span = Words().find(text)
    assert (span and text[span.start : span.end]) == said
    assert (span and span.answer) == (said and spelled(said))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Eiffel Tower.", "eiffel  tower"),
        ("(Paris)", "Paris"),
        ('"Paris."', "**Paris**"),
        ("1,000.0", "1000"),
        ("$5", "(5.00)"),
        ("1/2", "0.5"),
        (".5", "0.5"),
    ],
)
def test_the_same_answers(one: str, other: str) -> None:
    assert spelled(one) == spelled(other)


@pytest.mark.parametrize(
    "answers",
    [
        ("-3", "3"),
        ("3.5", "35"),
        ("1/2", "12"),
        ("C", "C++", "C#"),
        ("Vitamin A", "vitamin"),
        ("J. R. R. Tolkien", "J. K. Rowling"),
        ("5 m", "5 km"),
        ("St. Louis", "St. Paul"),
        ("the end of a day", "end of day"),
    ],
)
def test_different_answers(answers: tuple[str, ...]) -> None:
    assert len({spelled(answer) for answer in answers}) == len(answers)
