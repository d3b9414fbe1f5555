"""The score against its equation, what answers share, and what cannot be judged."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octograph.agents.judging import ASPECTS, Aspect, Judge, Judgement
from octograph.cancellation import CancelToken
from octograph.errors import UsageError
from octograph.nodes.decoding import Score, ScoreRequest, Scores, TokenMeasures, Tokens
from tests.agents.judging.tokenizers import LongestMatch, ids, split_by_ends

TOKENIZER = LongestMatch(known=frozenset({"Answer", " Paris", " P", " the", "Question", " in", "ing"}))
SHORT = Aspect(name="short", description="Short.", template="Q: {question}\nAnswer: {answer}")
LONG = Aspect(name="long", description="Long.", template="{description} {question}\n\n{context}\n\nA: {answer}")
ANSWER = st.text("Paristhe 42é\n", min_size=1, max_size=12).filter(lambda text: bool(text.strip()))


def logprob(before: Sequence[int], token: int) -> float:
    """What the made-up model gives a token behind others, in nats."""
    return -random.Random(f"{list(before)} {token}").uniform(0.1, 9.0)


class MadeUpScorer:
    """A `Scorer` whose every log-probability hangs on all tokens before it."""

    def __init__(self) -> None:
        self.requests: list[ScoreRequest] = []

    async def score(self, request: ScoreRequest, *, cancel: CancelToken) -> Scores | None:
        self.requests.append(request)
        if cancel.cancelled:
            return None
        (prompt,) = request.prompt
        assert isinstance(prompt, Tokens)
        assert prompt.tokens
        found = []
        for text in request.continuations:
            assert isinstance(text, Tokens)
            tokens = text.tokens
            logprobs = [logprob((*prompt.tokens, *tokens[:place]), token) for place, token in enumerate(tokens)]
            each = np.array(logprobs, np.float32)
            found.append(Score(tokens=tokens, measures=TokenMeasures(logprobs=each, margins=each, entropies=each)))
        return Scores(
            continuations=tuple(found),
            probabilities=np.empty(0),
            mass=0.0,
            prompt_tokens=len(prompt.tokens),
            cached_tokens=0,
        )


async def tokenize(text: str) -> tuple[int, ...]:
    return ids(TOKENIZER.pieces(text))


def naive(prompt: str, answer: str) -> float:
    """``sum_t (1/m) log p(h_t | h_<t, T(d, a, S))`` over the tokens of the whole text that end behind the prompt."""
    pieces = TOKENIZER.pieces(prompt + answer)
    before, behind = map(ids, split_by_ends(pieces, len(prompt.rstrip(" "))))
    terms = [logprob((*before, *behind[:t]), behind[t]) / len(behind) for t in range(len(behind))]
    return math.fsum(terms)


async def judged(*answers: str, context: str | None = None) -> tuple[Judgement, ...]:
    judge = Judge(MadeUpScorer(), tokenize)
    found = await judge.judge("Where?", answers, aspects=[SHORT, LONG], context=context, cancel=CancelToken())
    assert found is not None
    return found


@settings(deadline=None)
@given(answers=st.lists(ANSWER, min_size=1, max_size=5), context=st.sampled_from([None, " ", "In Paris."]))
async def test_the_score_is_the_mean_log_probability_of_the_tokens(answers: list[str], context: str | None) -> None:
    found = await judged(*answers, context=context)
    assert [one.answer for one in found] == answers
    for one in found:
        expected = {
            "short": naive("Q: Where?\nAnswer: ", one.answer.strip()),
            "long": naive(LONG.prompt("Where?", (context or "").strip() or None), one.answer.strip()),
        }
        assert one.scores == pytest.approx(expected, rel=1e-5)
        assert one.mean == pytest.approx((one.scores["short"] + one.scores["long"]) / 2)


@settings(deadline=None)
@given(answers=st.lists(ANSWER, min_size=2, max_size=5))
async def test_answers_score_together_as_alone(answers: list[str]) -> None:
    for one in await judged(*answers):
        (alone,) = await judged(one.answer)
        assert alone == one


async def test_answers_whose_seam_is_alike_share_a_request() -> None:
    scorer = MadeUpScorer()
    ending = Aspect(name="e", description="E.", template="Say{answer}")
    judge = Judge(scorer, tokenize, adapter=Path("a.gguf"))
    # "Say" and "ing" are apart; the tokenizer knows no longer token over the seam.
    await judge.judge("?", [" Paris", "42", "ing", "42 "], aspects=[SHORT, ending], cancel=CancelToken())
    assert [len(request.continuations) for request in scorer.requests] == [3, 3]
    assert {request.adapter for request in scorer.requests} == {Path("a.gguf")}


async def test_a_token_over_the_seam_is_scored_and_its_answer_has_a_prompt_of_its_own() -> None:
    scorer = MadeUpScorer()
    melting = Aspect(name="m", description="M.", template="Say {question} th{answer}")
    judge = Judge(scorer, tokenize)
    found = await judge.judge("?", ["e", "at"], aspects=[melting], cancel=CancelToken())
    assert found is not None
    assert [one.scores["m"] for one in found] == pytest.approx([naive("Say ? th", "e"), naive("Say ? th", "at")])
    first, second = scorer.requests
    assert (first.prompt, first.continuations) == ((Tokens(ids("Say ?")),), (Tokens(ids([" the"])),))
    assert (second.prompt, second.continuations) == ((Tokens(ids("Say ? th")),), (Tokens(ids("at")),))


async def test_the_same_answer_twice_is_scored_once() -> None:
    scorer = MadeUpScorer()
    found = await Judge(scorer, tokenize).judge("?", ["42", " 42\n"], aspects=[SHORT], cancel=CancelToken())
    assert found is not None
    assert [len(request.continuations) for request in scorer.requests] == [1]
    assert [one.answer for one in found] == ["42", " 42\n"]
    assert found[0].scores == found[1].scores


async def test_the_best_is_the_one_with_the_highest_mean_and_of_equal_ones_the_first() -> None:
    judge = Judge(MadeUpScorer(), tokenize)
    answers = ["42", "Paris", "in the rain", "42 "]
    found = await judge.judge("?", answers, aspects=[SHORT, LONG], cancel=CancelToken())
    best = await judge.best("?", answers, aspects=[SHORT, LONG], cancel=CancelToken())
    assert found is not None
    assert best == max(found, key=lambda one: one.mean)
    first = await judge.best("?", ["42", " 42"], aspects=[SHORT], cancel=CancelToken())
    assert first is not None
    assert first.answer == "42"


async def test_a_judgement_as_plain_data() -> None:
    (one,) = await judged("42")
    assert one.document() == {"answer": "42", "scores": dict(one.scores), "mean": one.mean}


@pytest.mark.parametrize("late", [False, True])
async def test_what_is_cancelled_gives_nothing(late: bool) -> None:
    cancel = CancelToken()

    async def watched(text: str) -> tuple[int, ...]:
        if late:
            cancel.cancel()
        return await tokenize(text)

    if not late:
        cancel.cancel()
    judge = Judge(MadeUpScorer(), watched)
    assert await judge.judge("?", ["42"], aspects=[SHORT], cancel=cancel) is None
    assert await judge.best("?", ["42"], aspects=[SHORT], cancel=cancel) is None


@pytest.mark.parametrize(
    ("question", "answers", "aspects", "said"),
    [
        (" ", ["a"], [SHORT], "the question is empty"),
        ("?", [], [SHORT], "there is no answer"),
        ("?", ["a", " \n"], [SHORT], "answer 2 is empty"),
        ("?", ["\ud800"], [SHORT], "is not valid Unicode"),
        ("\udcff", ["a"], [SHORT], "is not valid Unicode"),
        ("?", ["a"], [], "there is no aspect"),
        ("?", ["a"], [SHORT, LONG, SHORT], "2 aspects are called 'short'"),
        ("?", ["e"], [Aspect(name="m", description="M.", template=" th{answer}")], "'m' melts into the answer 'e'"),
    ],
)
async def test_what_cannot_be_judged(question: str, answers: list[str], aspects: list[Aspect], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        await Judge(MadeUpScorer(), tokenize).judge(question, answers, aspects=aspects, cancel=CancelToken())
    assert said in caught.value.message
    assert caught.value.hint


async def test_a_context_that_is_not_valid_unicode() -> None:
    with pytest.raises(UsageError, match="is not valid Unicode"):
        await Judge(MadeUpScorer(), tokenize).judge(
            "?", ["a"], aspects=[ASPECTS["relevance"]], context="\ud800", cancel=CancelToken()
        )
