"""Several branches of one prompt, on the real model, against one text after another."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from octograph.errors import ContextOverflowError, HostRequestError
from octograph.nodes.generation import Sampling
from octograph.nodes.host import Ticket
from octograph.nodes.host.frames import Frame
from octograph.nodes.llama.context import Context, Rows
from octograph.nodes.llama.decoding import Decoding
from octograph.nodes.llama.engine import Engine
from octograph.nodes.llama.model import Model

TOKENS = 12
PROMPT = "Q: Tom has 3 apples and buys 4 more. How many apples does he have?\nA:"
Branches = Callable[..., list[dict[str, Any]]]
Naive = Callable[[Sequence[int], int], list[int]]


@pytest.fixture(scope="module")
def prompt(model: Model) -> list[int]:
    return model.tokenize(PROMPT)


@pytest.fixture(scope="module")
def branches(engine: Engine, prompt: list[int], drive: Callable[..., list[list[Frame]]]) -> Branches:
    def run(**options: Any) -> list[dict[str, Any]]:
        order = Decoding(**{"max_tokens": TOKENS, "sampling": Sampling(), **options})
        (frames,) = drive(engine, engine.decode(order, prompt=[{"tokens": prompt}], adapter=None, ticket=Ticket()))
        joined = [
            {"text": "", "tokens": [], "logprobs": b"", "margins": b"", "entropies": b""} for _ in range(order.branches)
        ]
        for piece in (piece for frame in frames for piece in frame["pieces"]):
            for key, value in piece.items():
                target: dict[str, Any] = joined[piece["branch"]]
                target[key] = target[key] + value if key in target and key != "branch" else value
        return joined

    return run


@pytest.fixture(scope="module")
def first_logits(model: Model, prompt: list[int]) -> list[float]:
    context = Context(model, cells=256, sequences=1, threads=1)
    (places,) = context.decode([Rows(sequence=0, position=0, inputs=prompt, first_output=len(prompt) - 1)])
    values = [float(value) for value in context.logits(places[0])]
    context.close()
    return values


def test_greedy_branches_are_those_of_one_after_another(
    branches: Branches, prompt: list[int], first_logits: list[float], continue_naively: Naive
) -> None:
    found = branches(branches=8, start="top")
    first = [branch["tokens"][0] for branch in found]
    # The likeliest eight, but for near ties.
    chosen = [first_logits[token] for token in first]
    assert chosen == pytest.approx(sorted(first_logits, reverse=True)[:8], abs=0.5)
    assert len(set(first)) == 8
    compared = 0
    for branch, token in zip(found, first, strict=True):
        expected = continue_naively([*prompt, token], TOKENS - 1)
        assert branch["tokens"][1 : 1 + len(expected)] == expected
        compared += len(expected)
    assert compared > 20


def test_a_branch_ends_on_its_own_stop_and_the_others_go_on(branches: Branches) -> None:
    free = branches(branches=4, start="top")
    word = next(word for word in free[1]["text"].split() if all(word not in free[i]["text"] for i in (0, 2, 3)))
    found = branches(branches=4, start="top", stop=[word])
    assert found[1]["finish"] == "stop"
    assert found[1]["text"] == free[1]["text"][: free[1]["text"].index(word)]
    assert [found[i]["tokens"][:4] for i in (0, 2, 3)] == [free[i]["tokens"][:4] for i in (0, 2, 3)]


def test_sampled_branches_differ_and_a_seed_repeats_them(model: Model, prompt: list[int], drive: Any) -> None:
    engine = Engine(model, threads=1, context=1024)  # as in test_engine
    order = Decoding(branches=5, max_tokens=TOKENS, sampling=Sampling(temperature=1.2, seed=3))
    runs = []
    for _ in range(3):
        (frames,) = drive(engine, engine.decode(order, prompt=[{"tokens": prompt}], adapter=None, ticket=Ticket()))
        runs.append(
            [
                [
                    token
                    for frame in frames
                    for piece in frame["pieces"]
                    if piece["branch"] == index
                    for token in piece["tokens"]
                ]
                for index in range(5)
            ]
        )
    assert runs[1] == runs[2]
    assert len({tuple(tokens) for tokens in runs[1]}) > 1


def test_measures_are_those_of_a_naive_softmax(model: Model, branches: Branches, prompt: list[int]) -> None:
    found = branches(branches=3, start="top", measured=True)
    differences: list[float] = []
    for branch in found:
        tokens = branch["tokens"]
        logprobs, margins, entropies = (
            np.frombuffer(branch[key], np.float32) for key in ("logprobs", "margins", "entropies")
        )
        assert len(tokens) == len(logprobs) == len(margins) == len(entropies)
        context = Context(model, cells=256, sequences=1, threads=1)
        rows = [*prompt, *tokens]
        (places,) = context.decode([Rows(sequence=0, position=0, inputs=rows, first_output=len(prompt) - 1)])
        for index, token in enumerate(tokens):
            logits = [float(value) for value in context.logits(places[index])]
            top = max(logits)
            total = math.fsum(math.exp(value - top) for value in logits)
            p = sorted((math.exp(value - top) / total for value in logits), reverse=True)
            differences += [
                logprobs[index] - (logits[token] - top - math.log(total)),
                margins[index] - (p[0] - p[1]),
                entropies[index] + math.fsum(x * math.log(x) for x in p),
            ]
        context.close()
    # `test_measures` compares exactly; here batches of another size round otherwise.
    assert len(differences) > 60
    assert np.abs(differences).mean() < 0.06
    assert np.abs(differences).max() < 0.5


def test_what_is_not_asked_for_is_not_sent(branches: Branches) -> None:
    (branch,) = branches()
    assert branch["logprobs"] == b""


def test_more_branches_than_can_be_are_refused(branches: Branches) -> None:
    with pytest.raises(HostRequestError, match="65 branches"):
        branches(branches=65)
    with pytest.raises(HostRequestError, match="0 branches"):
        branches(branches=0)


def test_branches_that_do_not_fit_say_by_how_much(model: Model, prompt: list[int]) -> None:
    engine = Engine(model, threads=1, context=512)
    long = prompt * 30
    order = Decoding(branches=60, max_tokens=8, sampling=Sampling())
    with pytest.raises(ContextOverflowError) as caught:
        next(engine.decode(order, prompt=[{"tokens": long[:500]}], adapter=None, ticket=Ticket()))
    assert (caught.value.tokens, caught.value.limit) == (560, 512)


def test_no_cells_are_left_behind(engine: Engine, branches: Branches) -> None:
    branches(branches=10, start="top")
    assert engine.stats()["promised_cells"] == 0
