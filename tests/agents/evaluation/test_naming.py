"""The ways in which texts name choices."""

from __future__ import annotations

import time

import pytest

from octograph.agents.cot import Options
from octograph.agents.evaluation.choices import chosen, lettered
from octograph.agents.evaluation.naming import Naming

COLOURS = ("red", "dark red", "blue")


@pytest.mark.parametrize(
    "text",
    [
        "B",
        "B,",
        "B.",
        "B\r\n",
        "(B)",
        "(b)",
        "[B]",
        "`B`",
        "**B**",
        "**(B)** dark red",
        "\\boxed{B}",
        "$\\boxed{\\text{B}}$",
        "**Answer:** B",
        "**Answer**: B",
        "Answer:\nB",
        "The answer is (B).",
        "The answer is option B.",
        "The answer is 'B'",
        "The answer is B because it is cold",
        "The correct option: B",
        "B is correct",
        "Option B is the right answer.",
        "(B) is the answer",
        "I choose B",
        "I would pick option B.",
        "It must be Option B.",
        "Dark red.",
        "The answer is dark red, not blue.",
        "The answer is (B).\n(A) is pale, (C) is cold.",
    ],
)
def test_graded_and_elected_is_the_same_choice(text: str) -> None:
    options = Options.of(lettered(COLOURS))
    assert options is not None
    span = options.find(text)
    assert span is not None
    assert (span.answer, chosen(text, COLOURS)) == ("B", 1)


@pytest.mark.parametrize(
    "text",
    ["A dog", "The answer is A dog", "The answer is 'A dog'", "A's colour", "P(A)", "reddish", "Because", "B is wrong"],
)
def test_words_are_no_letters(text: str) -> None:
    naming = Naming(COLOURS)
    assert naming.stated(text) is None
    assert naming.opening(text) is None
    assert [*naming.letters(text), *naming.mentions(text)] == []


def test_a_repeated_list_is_blanked_out() -> None:
    text = f"{lettered(COLOURS)}\nSo (B)"
    blank = Naming(COLOURS).unlisted(text)
    assert (len(blank), blank.strip()) == (len(text), "So (B)")


@pytest.mark.parametrize("piece", ["*", "(", "**B", "\\a{", "answer ", "answer *", " \n", "dark "])
def test_a_text_that_repeats_itself_is_read_in_little_time(piece: str) -> None:
    naming, text = Naming(COLOURS), piece * 4_000
    started = time.process_time()
    for read in (naming.unlisted, naming.stated, naming.letters, naming.opening, naming.mentions):
        read(text)
    assert time.process_time() - started < 5  # it was 40 seconds of stars


def test_choices_without_letters_have_none() -> None:
    assert Naming(["Yes", "No"], lettered=False).letters("(A)") == []
    assert Naming(["Yes", ""], lettered=False).opening("") is None
