"""Given texts as continuations, against the logits of plain passes over prompt and text."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from octograph.errors import ContextOverflowError, HostRequestError
from octograph.nodes.host import Ticket
from octograph.nodes.host.frames import Frame
from octograph.nodes.llama.context import Context, Rows
from octograph.nodes.llama.engine import Engine
from octograph.nodes.llama.model import Model

PROMPT = "The capital of Italy is"
Score = Callable[..., tuple[dict[int, Frame], Frame]]


@pytest.fixture(scope="module")
def score(engine: Engine, drive: Callable[..., list[list[Frame]]]) -> Score:
    def run(
        texts: Sequence[Frame], among: Sequence[int] = (), prompt: Frame | None = None
    ) -> tuple[dict[int, Frame], Frame]:
        parts = [prompt or {"text": PROMPT}]
        steps = engine.score(prompt=parts, continuations=texts, among=among, adapter=None, ticket=Ticket())
        (frames,) = drive(engine, steps)
        return {one["index"]: one for frame in frames for one in frame["scores"]}, frames[-1]

    return run


def naive(model: Model, prompt: Sequence[int], text: Sequence[int]) -> list[float]:
    """Log-probabilities of a text's tokens, each by a full softmax over a fresh pass."""
    context = Context(model, cells=1024, sequences=1, threads=1)
    rows = [*prompt, *text]
    (places,) = context.decode([Rows(sequence=0, position=0, inputs=rows, first_output=len(prompt) - 1)])
    found = []
    for index, token in enumerate(text):
        logits = context.logits(places[index]).astype(np.float64)
        top = float(logits.max())
        found.append(float(logits[token]) - top - math.log(math.fsum(np.exp(logits - top).tolist())))
    context.close()
    return found


def test_scores_are_those_of_plain_passes(score: Score, model: Model) -> None:
    texts = [" Rome.", " a city in the south of the country, and it has been so since the war ended.", " x", " Paris"]
    scores, last = score([{"text": text} for text in texts])
    prompt = model.tokenize(PROMPT)
    for index, text in enumerate(texts):
        found = np.frombuffer(scores[index]["logprobs"], np.float32)
        expected = naive(model, prompt, model.tokenize(text))
        assert scores[index]["tokens"] == model.tokenize(text)
        # Batches of another size round otherwise.
        assert found.tolist() == pytest.approx(expected, abs=0.3)
    assert last["prompt_tokens"] == len(prompt)
    likely = np.frombuffer(scores[0]["logprobs"], np.float32).sum()
    assert likely > np.frombuffer(scores[2]["logprobs"], np.float32).sum()


def test_more_texts_than_can_be_at_once_and_long_ones(score: Score, model: Model) -> None:
    texts = [[100 + index, *range(200, 200 + 10 * (index % 5))] for index in range(40)]
    texts.append(model.tokenize("word " * 400))
    scores, _ = score([{"tokens": text} for text in texts])
    assert sorted(scores) == list(range(41))
    for index in (0, 3, 39, 40):
        found = np.frombuffer(scores[index]["logprobs"], np.float32)
        assert len(found) == len(texts[index])
        expected = naive(model, model.tokenize(PROMPT), texts[index])
        assert float(found.mean()) == pytest.approx(sum(expected) / len(expected), abs=0.15)


def test_a_choice_between_tokens(score: Score, model: Model) -> None:
    among = [model.tokenize(word)[0] for word in (" Rome", " Paris", " banana")]
    _, last = score([], among)
    probabilities = np.frombuffer(last["probabilities"], np.float64)
    logprobs = [naive(model, model.tokenize(PROMPT), [token])[0] for token in among]
    mass = sum(math.exp(one) for one in logprobs)
    assert probabilities.tolist() == pytest.approx([math.exp(one) / mass for one in logprobs], abs=0.05)
    assert last["mass"] == pytest.approx(mass, rel=0.3)


def test_the_prompt_is_computed_once_and_stays(score: Score, engine: Engine) -> None:
    prompt = {"text": "A rather long beginning, which nobody else has, of a text about ships and the sea."}
    _, first = score([{"text": " yes"}, {"text": " no"}], prompt=prompt)
    _, second = score([{"text": " maybe"}], prompt=prompt)
    assert second["cached_tokens"] == first["prompt_tokens"] - 1
    assert engine.stats()["promised_cells"] == 0


def test_what_cannot_be_scored_is_an_error(score: Score) -> None:
    with pytest.raises(HostRequestError, match="continuation 1 is empty"):
        score([{"text": " x"}, {"text": ""}])
    with pytest.raises(HostRequestError, match="is no token"):
        score([], among=[99999])
    with pytest.raises(ContextOverflowError) as caught:
        score([{"text": "word " * 9000}])
    assert caught.value.tokens > 9000


def test_a_cancelled_score_gives_no_sum(engine: Engine, drive: Any) -> None:
    ticket = Ticket()
    ticket.cancelled = True
    steps = engine.score(prompt=[{"text": PROMPT}], continuations=(), among=(), adapter=None, ticket=ticket)
    assert drive(engine, steps) == [[]]
