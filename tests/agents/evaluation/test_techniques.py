"""The choice among techniques, against a plain definition, and what a worker becomes by each."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octograph.agents.evaluation.answering import AnswersReport, Reply, grade
from octograph.agents.evaluation.question import Question
from octograph.agents.evaluation.techniques import (
    FEWEST,
    LEVEL,
    TECHNIQUES,
    TECHNIQUES_BY_NAME,
    Technique,
    Trial,
    candidates,
    choose,
    sign_test,
    with_ways,
)
from octograph.errors import GraphError, ToolError, UsageError
from octograph.graph import Worker
from octograph.nodes.grounded import NOT_FOUND


def trial(name: str, right: Sequence[bool], tokens: float) -> Trial:
    return Trial(technique=name, right=tuple(right), tokens=tokens, seconds=1.0)


@st.composite
def trials_of(draw: st.DrawFn, *, most: int = 30) -> list[Trial]:
    """Techniques of different costs on the same questions, some of them good and some not."""
    count = draw(st.integers(1, most))
    bits = st.integers(0, 2**count - 1)
    rows = draw(
        st.lists(
            st.tuples(st.integers(1, 1000), bits, bits, st.sampled_from((int.__and__, int.__or__))),
            min_size=1,
            max_size=6,
            unique_by=lambda row: row[0],
        )
    )
    return [
        trial(f"t{place}", [bool(join(one, other) >> question & 1) for question in range(count)], cost)
        for place, (cost, one, other, join) in enumerate(rows)
    ]


# --- the rule --------------------------------------------------------------------------------------------------


@cache
def naive_p(better: int, worse: int) -> Fraction:
    """Every way in which so many coins can fall, counted."""
    falls = [sum(coins) for coins in itertools.product((0, 1), repeat=better + worse)]
    return Fraction(sum(heads >= better for heads in falls), len(falls))


def naive_choice(trials: Sequence[Trial]) -> str:
    """Go up the costs, and move on only to what is better beyond chance."""
    chosen: Trial | None = None
    for one in sorted(trials, key=lambda one: one.tokens):
        if chosen is None:
            chosen = one
            continue
        better = worse = 0
        for mine, yours in zip(one.right, chosen.right, strict=True):
            better += mine and not yours
            worse += yours and not mine
        if naive_p(better, worse) <= Fraction(1, 20):
            chosen = one
    assert chosen is not None
    return chosen.technique


@pytest.mark.parametrize("differing", range(13))
def test_chance_is_counted_exactly(differing: int) -> None:
    for better in range(differing + 1):
        assert sign_test(better, differing - better) == pytest.approx(float(naive_p(better, differing - better)))


def test_with_the_fewest_questions_a_technique_can_be_taken_and_with_one_less_none_can() -> None:
    assert sign_test(FEWEST, 0) <= LEVEL < sign_test(FEWEST - 1, 0)


@settings(deadline=None)
@given(trials_of(most=12))
def test_the_choice_is_that_of_the_plain_definition(trials: list[Trial]) -> None:
    assert choose(trials).chosen.technique == naive_choice(trials)


@settings(deadline=None)
@given(trials_of(), st.randoms())
def test_the_order_of_measuring_does_not_matter(trials: list[Trial], draw: Any) -> None:
    shuffled = trials.copy()
    draw.shuffle(shuffled)
    assert choose(shuffled) == choose(trials)


@settings(deadline=None)
@given(trials_of())
def test_what_is_chosen_is_worth_its_cost(trials: list[Trial]) -> None:
    choice = choose(trials)
    cheapest = min(trials, key=lambda one: one.tokens)
    assert choice.trials[0] == cheapest
    assert [one.technique for one in choice.comparisons] == [one.technique for one in choice.trials[1:]]
    # Each step up is to what is right more often, so the last is right at least as often as the cheapest.
    assert choice.chosen.hits >= cheapest.hits + FEWEST * sum(one.taken for one in choice.comparisons)
    for one in choice.comparisons:
        assert one.taken == (one.p <= LEVEL)
        assert one.taken is False or one.better > one.worse
    taken = [one.technique for one in choice.comparisons if one.taken]
    assert choice.chosen.technique == (taken[-1] if taken else cheapest.technique)


@settings(deadline=None)
@given(trials_of())
def test_a_costlier_technique_of_the_same_answers_changes_nothing(trials: list[Trial]) -> None:
    choice = choose(trials)
    again = trial("again", choice.chosen.right, 2000)
    assert choose([*trials, again]).chosen == choice.chosen


@settings(deadline=None)
@given(st.integers(5, 60))
def test_what_is_better_on_all_questions_is_taken_and_worse_is_not(count: int) -> None:
    wrong, right = [False] * count, [True] * count
    assert choose([trial("a", wrong, 10), trial("b", right, 11)]).chosen.technique == "b"
    assert choose([trial("a", right, 10), trial("b", wrong, 11)]).chosen.technique == "a"


def test_of_equally_cheap_ones_the_first_stays() -> None:
    rows = [trial("a", [True] * 6, 10), trial("b", [True] * 6, 10)]
    assert choose(rows).chosen.technique == "a"


@pytest.mark.parametrize("trials", [[], [trial("a", [], 1)], [trial("a", [True], 1), trial("b", [True, False], 2)]])
def test_what_cannot_be_compared_is_refused(trials: list[Trial]) -> None:
    with pytest.raises(UsageError, match="cannot be compared"):
        choose(trials)


def test_the_reason_and_what_the_graph_file_says() -> None:
    direct = trial("direct", [True, *[False] * 9], 20)
    alike = trial("cot", [False, True, *[False] * 8], 100)
    good = trial("self-consistency", [False, *[True] * 9], 200)
    chosen = choose([good, alike, direct])
    assert chosen.reason == "right where direct is wrong on 9 questions, and wrong where that is right on 1: p = 0.011"
    assert chosen.measured("x.jsonl") == (
        "0.90 right of 10 questions of x.jsonl by self-consistency; direct 0.10, cot 0.10"
    )
    stays = choose([direct, alike])
    assert stays.reason == "none writes fewer tokens, and none is better beyond chance"
    assert choose([direct]).reason == "nothing else was measured"
    assert choose([direct]).measured("x.jsonl") == "0.10 right of 10 questions of x.jsonl by direct"
    (document,) = [one.document() for one in stays.comparisons]
    assert document == {"technique": "cot", "against": "direct", "better": 1, "worse": 1, "p": 0.75, "taken": False}


# --- trials ----------------------------------------------------------------------------------------------------


def report(*replies: Reply, answers: Sequence[str]) -> AnswersReport:
    graded = [
        grade(Question(text="?", answers=() if one == "" else (one,)), reply)
        for one, reply in zip(answers, replies, strict=True)
    ]
    return AnswersReport(graded=tuple(graded), seconds=3.0)


def said(text: str, tokens: int = 10) -> Reply:
    return Reply(text=text, worker="w", tokens=tokens, problem=None if text else "it found nothing")


def test_numbers_count_as_numbers_and_words_as_words() -> None:
    replies = (said("so it is 7.0"), said("The answer is 8."), said("Anna"), said("It is Anna"), said(""))
    found = Trial.of("cot", report(*replies, answers=["7", "7", "anna", "Anna", ""]))
    assert found.right == (True, False, True, False, True)
    assert (found.hits, found.share, found.unanswered, found.seconds) == (3, 0.6, 1, 3.0)
    low, high = found.interval
    assert 0.2 < low < 0.6 < high < 0.9
    assert found.document() == {
        "technique": "cot",
        "right": 3,
        "n": 5,
        "share": 0.6,
        "share_interval": (low, high),
        "tokens_per_question": 10.0,
        "seconds": 3.0,
        "unanswered": 1,
    }


def test_a_question_whose_tokens_nobody_counted_does_not_make_the_others_cheaper() -> None:
    found = Trial.of("cot", report(said("7", 30), said("", 0), said("7", 50), answers=["7", "7", "7"]))
    assert found.tokens == 40


def test_what_answers_nothing_has_failed() -> None:
    silent = [said("", 0), said("", 0), Reply(text="", worker="w", problem="it broke")]
    with pytest.raises(ToolError, match="answered none of 3 questions: it found nothing"):
        Trial.of("cot", report(*silent, answers=["7", "7", "7"]))


def test_what_fails_after_writing_much_has_failed_and_what_finds_no_answer_has_not() -> None:
    with pytest.raises(ToolError, match="answered none of 2 questions: it found nothing"):
        Trial.of("cot", report(said("", 300), said("", 300), answers=["7", "7"]))
    none = Reply(text="", worker="w", tokens=30, problem=NOT_FOUND)
    found = Trial.of("direct", report(none, said("", 50), answers=["7", "7"]))
    assert (found.tokens, found.unanswered) == (40, 2)


# --- techniques ------------------------------------------------------------------------------------------------


def worker(**keys: Any) -> Worker:
    return Worker(name="w", description="x", model="m", **keys)


def test_names_are_unique_and_each_technique_is_its_own_worker() -> None:
    assert list(TECHNIQUES_BY_NAME) == [one.name for one in TECHNIQUES]
    for one in TECHNIQUES:
        node = with_ways(worker(), decoding=one.decoding, reasoning=one.reasoning, structure=one.structure)
        assert [other.name for other in TECHNIQUES if other.is_of(node)] == [one.name]


def test_a_form_that_nothing_is_filled_in_makes_no_difference() -> None:
    assert TECHNIQUES_BY_NAME["direct"].is_of(worker(structure="text"))
    assert not any(one.is_of(worker(decoding="sample")) for one in TECHNIQUES)


def test_programs_are_for_those_who_learned_them() -> None:
    program: Technique = TECHNIQUES_BY_NAME["program"]
    assert program not in candidates(worker())
    assert program in candidates(worker(decoding="program"))
    assert candidates(worker(), ["cot", "program", "cot"]) == (TECHNIQUES_BY_NAME["cot"], program)
    with pytest.raises(UsageError, match="'cott' is no technique"):
        candidates(worker(), ["direct", "cott"])


def test_branches_go_with_their_decoding() -> None:
    node = worker(decoding="cot", branches=4, branch_at=2)
    assert with_ways(node) == node
    assert with_ways(node, decoding="cot", reasoning="none", structure="json") == node
    for other in ("greedy", "self-consistency"):
        changed = with_ways(node, decoding=other)
        assert (changed.branches, changed.branch_at) == (None, 0)
    with pytest.raises(GraphError, match="in one text of its own form"):
        with_ways(node, reasoning="self-discover")
