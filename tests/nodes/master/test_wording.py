"""Which words ask, deny and carry."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octograph.nodes.master.wording import alike, carries, completes, negations, question_words, words

LETTERS = st.text("abcdefghij", min_size=4, max_size=12)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I can't, cannot, cant and can not", ["not"] * 4),
        ("It isn’t so", ["not"]),
        ("neither here nor there, unless nobody comes", ["neither", "nor", "unless", "nobody"]),
        ("All of these except one, without the rest", ["except", "without"]),
        ("NOT this", ["not"]),
        ("a knot, a nose and nothingness", []),
    ],
)
def test_negations_are_found(text: str, found: list[str]) -> None:
    assert negations(text) == found


def test_question_words_are_found_in_their_usual_spellings() -> None:
    assert question_words("whats that, wich one, who's there and how") == ["what", "what", "who", "how"]


def test_words_lose_the_tails_of_contractions_alone() -> None:
    assert words("What's O'Brien's view? I'll see, don't you") == [
        "what", "o'brien", "view", "i", "see", "don't", "you",
    ]  # fmt: skip


def test_words_that_only_join_carry_nothing() -> None:
    assert [word for word in words("could you please tell me the capital of france") if carries(word)] == [
        "capital",
        "france",
    ]
    assert completes("convert")
    assert completes("the")
    assert not completes("france")


@pytest.mark.parametrize(
    ("one", "other"),
    [("wich", "which"), ("tiem", "time"), ("explains", "explained"), ("u", "you"), ("comming", "coming")],
)
def test_slips_and_endings_are_alike(one: str, other: str) -> None:
    assert alike(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ethane", "ethene"),
        ("increase", "decrease"),
        ("north", "south"),
        ("hypertension", "hypotension"),
        ("cat", "act"),
        ("", "x"),
    ],
)
def test_other_words_are_not_alike(one: str, other: str) -> None:
    assert not alike(one, other)


@settings(deadline=None)
@given(word=LETTERS, place=st.integers(1, 11))
def test_one_letter_left_out_or_swapped_is_a_slip(word: str, place: int) -> None:
    place %= len(word)
    if place:
        assert alike(word, word[:place] + word[place] + word[place:])
        assert alike(word, word[:place] + word[place + 1 :]) or len(word) == 4
    if 0 < place < len(word) - 1:
        assert alike(word, word[:place] + word[place + 1] + word[place] + word[place + 2 :])


@settings(deadline=None)
@given(one=LETTERS, other=LETTERS)
def test_what_is_alike_differs_little(one: str, other: str) -> None:
    if alike(one, other):
        assert one[0] == other[0]
        assert abs(len(one) - len(other)) <= 3
