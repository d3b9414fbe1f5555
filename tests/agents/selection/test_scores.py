"""Scores against values worked out by hand, over models that say what they are told."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path

import pytest

from octograph.agents.selection import (
    Aspire,
    Delta,
    Likelihood,
    Perplexity,
    PredictiveEntropy,
    PTrue,
    Samples,
    SelectionScore,
    SemanticEntropy,
)
from octograph.cancellation import CancelToken
from octograph.errors import UsageError
from octograph.nodes.answered import Answered
from octograph.nodes.decoding import Chat, Part, SoftPrompt, Text, Tokens
from octograph.nodes.generation import Message, Sampling
from tests.agents.selection.fakes import FakeDecoder, FakeScorer, FixedEmbedder, answer, chat, measures, spelled

THETA = Path("theta_s.safetensors")
NONE = FixedEmbedder({})


async def scored(score: SelectionScore, answered: Answered | None = None) -> float:
    found = await score.score(answered or answer(), cancel=CancelToken())
    assert found is not None
    return found


# --- what the answer brings along ------------------------------------------------------------------------------


async def test_perplexity_is_the_mean_logprob() -> None:
    assert await scored(Perplexity(), answer([-0.5, -1.5, -1.0])) == -1.0
    # exp(-g) is the perplexity: two tokens of probability 1/4 and 1.
    likely = await scored(Perplexity(), answer([math.log(0.25), 0.0]))
    assert math.exp(-likely) == pytest.approx(2.0)


async def test_a_longer_answer_is_no_worse_for_its_length() -> None:
    assert await scored(Perplexity(), answer([-0.5] * 40)) == await scored(Perplexity(), answer([-0.5]))


async def test_likelihood_is_that_of_the_whole_answer() -> None:
    assert await scored(Likelihood(), answer([-0.5, -1.5, -1.0])) == -3.0
    assert await scored(Likelihood(), answer([-0.5] * 40)) < await scored(Likelihood(), answer([-0.5]))


async def test_delta_is_the_mean_margin() -> None:
    assert await scored(Delta(), answer([-1.0, -1.0], margins=[0.9, 0.4])) == pytest.approx(0.65)


async def test_an_answer_of_no_tokens_is_the_least_sure() -> None:
    empty = answer([], text="")
    aspire = Aspire(FakeScorer({}), spelled, theta_s=THETA)
    for score in (Perplexity(), Likelihood(), Delta(), aspire):
        assert await scored(score, empty) == -math.inf


def test_measures_of_another_answer_are_refused() -> None:
    with pytest.raises(UsageError, match="has 1 tokens and 2 measures"):
        Answered(prompt=chat("?"), text="x", tokens=(1,), measures=measures([-1.0, -1.0]))


# --- samples ---------------------------------------------------------------------------------------------------


async def test_samples_are_drawn_in_one_batch_as_the_answer_was_written() -> None:
    decoder = FakeDecoder([("Rome", [-1.0])])
    sampling = Sampling(temperature=0.5, seed=7)
    samples = Samples(decoder, count=6, sampling=sampling, max_tokens=9, stop=("\n",), program=True)
    answered = answer(adapter=Path("a.gguf"))
    await samples.of(answered, cancel=CancelToken())
    (request,) = decoder.requests
    assert (request.prompt, request.adapter) == (answered.prompt, answered.adapter)
    assert (request.branches, request.start, request.measured) == (6, "sample", True)
    assert (request.sampling, request.max_tokens, request.stop, request.program) == (sampling, 9, ("\n",), True)


async def test_scores_share_the_samples_of_a_prompt() -> None:
    decoder = FakeDecoder([("Rome", [-1.0]), ("Rome", [-2.0])], delay=0.02)
    samples = Samples(decoder)
    first, again = PredictiveEntropy(samples), SemanticEntropy(samples, NONE)
    await asyncio.gather(scored(first), scored(again), scored(first, answer([-9.0], text="another answer")))
    assert len(decoder.requests) == 1
    await scored(first, answer(prompt=chat("What else?")))
    await scored(first, answer(adapter=Path("a.gguf")))
    assert len(decoder.requests) == 3


async def test_those_of_a_cancelled_draw_are_not_kept() -> None:
    decoder = FakeDecoder([("Rome", [-1.0])], delay=0.05)
    samples, cancel = Samples(decoder), CancelToken()
    drawing = asyncio.create_task(samples.of(answer(), cancel=cancel))
    waiting = asyncio.create_task(samples.of(answer(), cancel=CancelToken()))
    await asyncio.sleep(0.01)
    cancel.cancel()
    assert await drawing is None
    assert [one.text for one in await waiting or ()] == ["Rome"]
    assert len(decoder.requests) == 2


# --- entropies -------------------------------------------------------------------------------------------------


async def test_predictive_entropy_is_the_mean_over_samples() -> None:
    samples = Samples(FakeDecoder([("Rome", [-1.0, -2.0]), ("Oslo", [-3.5]), ("", [])]))
    # -((1.5 + 3.5) / 2); the sample of no tokens has no likelihood.
    assert await scored(PredictiveEntropy(samples)) == pytest.approx(-2.5)


async def test_semantic_entropy_is_that_of_what_is_said() -> None:
    third, half = math.log(1 / 3), math.log(1 / 2)
    samples = Samples(
        FakeDecoder([("Rome", [half]), ("the city", [half, half]), ("ROME.", [third]), ("Oslo", [third])])
    )
    embedder = FixedEmbedder({"Rome": [1, 0], "the city": [0.9, math.sqrt(0.19)], "Oslo": [0, 1]})
    found = await scored(SemanticEntropy(samples, embedder))
    # Masses 1/2 + 1/2 + 1/3 and 1/3: shares 4/5 and 1/5.
    assert found == pytest.approx(0.8 * math.log(0.8) + 0.2 * math.log(0.2))
    assert embedder.asked == [("Rome", "the city", "Oslo")]  # what is equal is embedded once


async def test_each_is_compared_with_the_first_of_a_cluster() -> None:
    # b is like a, and c like b and not like a: it is another cluster, as in the paper's algorithm 1.
    samples = Samples(FakeDecoder([("a b", [-1.0]), ("b c", [-1.0]), ("c d", [-1.0])]))
    turned = {"a b": 0.0, "b c": 0.5, "c d": 1.0}
    embedder = FixedEmbedder({text: [math.cos(angle), math.sin(angle)] for text, angle in turned.items()})
    found = await scored(SemanticEntropy(samples, embedder, alike=math.cos(0.6)))
    assert found == pytest.approx(2 / 3 * math.log(2 / 3) + 1 / 3 * math.log(1 / 3))


async def test_numbers_are_apart_however_alike_they_look() -> None:
    samples = Samples(FakeDecoder([("in 1912", [-1.0]), ("in 1913", [-1.0]), ("in the year 1,912", [-1.0])]))
    embedder = FixedEmbedder({text: [1, 0] for text in ("in 1912", "in 1913", "in the year 1,912")})
    found = await scored(SemanticEntropy(samples, embedder))
    assert found == pytest.approx(2 / 3 * math.log(2 / 3) + 1 / 3 * math.log(1 / 3))


@pytest.mark.parametrize("texts", [("5", "-5"), ("3.5", "35"), ("$3.5 million", "$35 million")])
async def test_numbers_are_not_alike_for_their_digits(texts: tuple[str, str]) -> None:
    samples = Samples(FakeDecoder([(text, [-1.0]) for text in texts]))
    found = await scored(SemanticEntropy(samples, FixedEmbedder({text: [1, 0] for text in texts})))
    assert found == pytest.approx(-math.log(2))


async def test_answers_that_agree_need_no_embedder() -> None:
    samples = Samples(FakeDecoder([("Rome", [-1.0]), ("rome.", [-7.0]), ("The Rome", [-800.0])]))
    found = await scored(SemanticEntropy(samples, NONE))
    assert (found, math.copysign(1, found)) == (0.0, 1.0)  # no minus before the nought
    assert NONE.asked == []


async def test_very_unlikely_samples_have_an_entropy_too() -> None:
    samples = Samples(FakeDecoder([("Rome", [-900.0]), ("Oslo", [-900.0])]))
    embedder = FixedEmbedder({"Rome": [1, 0], "Oslo": [0, 1]})
    assert await scored(SemanticEntropy(samples, embedder)) == pytest.approx(-math.log(2))
    lost = Samples(FakeDecoder([("Rome", [-1.0]), ("Oslo", [-900.0])]))
    assert await scored(SemanticEntropy(lost, embedder)) == pytest.approx(0.0)


async def test_samples_of_no_tokens_at_all_are_the_least_sure() -> None:
    samples = Samples(FakeDecoder([("", []), ("", [])]))
    assert await scored(PredictiveEntropy(samples)) == -math.inf
    assert await scored(SemanticEntropy(samples, NONE)) == -math.inf


# --- P(True) ---------------------------------------------------------------------------------------------------


async def first_letters(text: str) -> tuple[int, ...]:
    """Words begin with a token of their first character that is no space, in each case its own."""
    return (ord(text.strip()[0]), 0)


async def test_p_true_is_the_share_of_the_spellings_of_true() -> None:
    scorer = FakeScorer({ord("T"): 3.0, ord("t"): 1.0, ord("F"): 4.0, ord("f"): 2.0})
    assert await scored(PTrue(scorer, first_letters)) == pytest.approx(0.4)
    (request,) = scorer.requests
    assert request.among == (ord("T"), ord("t"), ord("F"), ord("f"))
    assert request.adapter is None
    conversation, lead = request.prompt
    assert isinstance(conversation, Chat)
    asked = conversation.messages[-1].content
    assert "What is the capital of Italy?" in asked
    assert "Proposed answer: Rome\n" in asked
    assert lead == Text("The proposed answer is:")


async def test_p_true_is_asked_under_its_own_adapter() -> None:
    scorer = FakeScorer({ord("T"): 1.0})
    await scored(PTrue(scorer, first_letters, adapter=Path("judge.gguf")), answer(adapter=Path("reader.gguf")))
    assert scorer.requests[0].adapter == Path("judge.gguf")


async def test_the_question_is_what_the_user_said_last() -> None:
    talk = Chat(
        (
            Message(role="user", content="Hello"),
            Message(role="assistant", content="Hi"),
            Message(role="user", content=" Who? {answer} "),
        )
    )
    plain: tuple[Part, ...] = (Tokens((1, 2)), Text("Q: Who?"), Text("\nA:"))
    for prompt, expected in (((SoftPrompt(THETA), talk), "Who? {answer}\n\nProposed"), (plain, "Q: Who?\nA:\n\nProp")):
        scorer = FakeScorer({ord("T"): 1.0})
        await scored(PTrue(scorer, first_letters), answer(prompt=prompt))
        conversation = scorer.requests[0].prompt[0]
        assert isinstance(conversation, Chat)
        assert conversation.messages[-1].content.startswith(expected)


async def test_without_words_there_is_no_question() -> None:
    with pytest.raises(UsageError, match="no question in words"):
        await scored(PTrue(FakeScorer({}), first_letters), answer(prompt=(Tokens((1, 2)),)))


async def test_words_that_begin_alike_are_refused() -> None:
    # With a token for each character, " True" and " False" both begin with a space.
    with pytest.raises(UsageError, match="begin alike"):
        await scored(PTrue(FakeScorer({}), spelled))


# --- ASPIRE ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("alpha", [0.0, 0.25, 1.0])
async def test_aspire_weighs_likelihood_and_self_evaluation(alpha: float) -> None:
    scorer = FakeScorer({ord("c"): 1.0, ord("w"): 3.0})
    found = await scored(Aspire(scorer, spelled, theta_s=THETA, alpha=alpha))
    assert found == pytest.approx((1 - alpha) * -1.0 + alpha * math.log(0.25))


async def test_aspire_reads_the_soft_prompt_behind_the_answers_own_tokens() -> None:
    scorer = FakeScorer({ord("c"): 1.0, ord("w"): 3.0})
    answered = answer(adapter=Path("reader.gguf"))
    aspire = Aspire(scorer, spelled, theta_s=THETA)
    assert (aspire.name, aspire.kind) == ("aspire", "self-evaluated")
    await scored(aspire, answered)
    (request,) = scorer.requests
    assert request.prompt == (*answered.prompt, Tokens(answered.tokens), SoftPrompt(THETA))
    assert (request.among, request.continuations) == ((ord("c"), ord("w")), ())
    assert request.adapter == answered.adapter


async def test_without_a_soft_prompt_aspire_is_the_likelihood_and_says_so() -> None:
    scorer = FakeScorer({})
    aspire = Aspire(scorer, spelled, theta_s=None)
    assert aspire.kind == "likelihood"
    assert await scored(aspire) == await scored(Perplexity()) == -1.0
    assert scorer.requests == []


async def test_aspire_may_take_the_likelihood_of_the_whole_answer() -> None:
    scorer = FakeScorer({ord("c"): 1.0, ord("w"): 3.0})
    whole = Aspire(scorer, spelled, theta_s=None, length_normalised=False)
    likelihood = await scored(whole)
    assert likelihood == await scored(Likelihood()) != await scored(Perplexity())
    evaluated = await scored(Aspire(scorer, spelled, theta_s=THETA, alpha=0.5, length_normalised=False))
    assert evaluated == pytest.approx(0.5 * likelihood + 0.5 * math.log(0.25))


async def test_an_answer_that_is_surely_wrong_is_the_least_sure() -> None:
    surely = FakeScorer({ord("w"): 1.0})
    assert await scored(Aspire(surely, spelled, theta_s=THETA)) == -math.inf
    assert await scored(Aspire(surely, spelled, theta_s=THETA, alpha=0.0)) == -1.0


def test_a_weight_out_of_range() -> None:
    with pytest.raises(UsageError, match=r"alpha is 1\.5"):
        Aspire(FakeScorer({}), spelled, theta_s=THETA, alpha=1.5)


# --- all of them -----------------------------------------------------------------------------------------------


def all_scores() -> list[SelectionScore]:
    scorer = FakeScorer({ord("T"): 1.0, ord("c"): 1.0})
    samples = Samples(FakeDecoder([("Rome", [-1.0]), ("Oslo", [-1.0])]))
    return [
        Perplexity(),
        Likelihood(),
        Delta(),
        PredictiveEntropy(samples),
        SemanticEntropy(samples, FixedEmbedder({"Rome": [1, 0], "Oslo": [0, 1]})),
        PTrue(scorer, first_letters),
        Aspire(scorer, spelled, theta_s=THETA),
        Aspire(scorer, spelled, theta_s=None),
    ]


async def test_each_has_a_name_and_a_finite_score() -> None:
    for score in all_scores():
        assert math.isfinite(await scored(score))
    names = [score.name for score in all_scores()]
    entropies = ["predictive_entropy", "semantic_entropy"]
    assert names == ["perplexity", "likelihood", "delta", *entropies, "p_true", "aspire", "aspire"]


async def test_each_is_none_if_it_was_cancelled() -> None:
    cancel = CancelToken()
    cancel.cancel()
    for score in all_scores():
        assert await score.score(answer(), cancel=cancel) is None


async def test_semantic_entropy_is_none_if_it_was_cancelled_while_it_embeds() -> None:
    cancel = CancelToken()

    class Cancelling(FixedEmbedder):
        async def encode(self, texts, *, cancel):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            cancel.cancel()
            return await super().encode(texts, cancel=cancel)

    samples = Samples(FakeDecoder([("Rome", [-1.0]), ("Oslo", [-1.0])]))
    assert await SemanticEntropy(samples, Cancelling({})).score(answer(), cancel=cancel) is None
