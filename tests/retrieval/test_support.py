from __future__ import annotations

import pytest

from octograph.retrieval.support import coverage, supporting

PASSAGES = [
    "The notice period is three months to the end of a quarter.",
    "The deposit is 1,500 euros and is paid back within 30 days.",
    "Pets are allowed if the landlord agrees in writing.",
]


@pytest.mark.parametrize(
    ("answer", "question", "places"),
    [
        ("Three months.", "What is the notice period?", [0]),
        ("It is three months to the end of a quarter", "What is the notice period?", [0]),
        ("1,500 euros", "How much is the deposit?", [1]),
        ("1,600 euros", "How much is the deposit?", []),
        ("Within 30 days", "When is the deposit paid back?", [1]),
        ("Within 3 days", "When is the deposit paid back?", []),
        ("Fourteen weeks.", "What is the notice period?", []),
        ("Yes.", "Are pets allowed if the landlord agrees?", [2]),
        ("No.", "May I paint the walls green?", []),
        ("", "What is the notice period?", [0]),
        ("The landlord has to agree in writing", "Are pets allowed?", [2]),
    ],
)
def test_an_answer_rests_on_what_says_it(answer: str, question: str, places: list[int]) -> None:
    assert supporting(answer, question, PASSAGES) == places


def test_no_passage_supports_nothing() -> None:
    assert supporting("Three months.", "What?", []) == []


def test_two_that_say_it_are_both_named() -> None:
    assert supporting("Three months", "How long?", [PASSAGES[1], PASSAGES[0], PASSAGES[0]]) == [1, 2]


def test_coverage_is_a_share_of_the_questions_terms() -> None:
    assert coverage("Are pets allowed?", PASSAGES[2]) == 1
    assert coverage("Are pets fed?", PASSAGES[2]) == 0.5
    assert coverage("", PASSAGES[2]) == coverage("the of", PASSAGES[2]) == 0
