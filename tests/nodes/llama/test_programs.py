"""Programs: the model chooses what to compute, and the results are computed while it writes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from octograph.nodes.generation import Sampling
from octograph.nodes.host import Ticket
from octograph.nodes.host.frames import Frame
from octograph.nodes.llama.decoding import Decoding
from octograph.nodes.llama.engine import Engine
from octograph.nodes.llama.model import Model
from octograph.nodes.llama.results import Results
from octograph.nodes.tools.program import computed, last_result, pending

SUMS = "1+1=2\n2+2=4\n3+3=6\n4+4=8\n5+5=10"
Drive = Callable[..., list[list[Frame]]]


@pytest.fixture(scope="module")
def write(engine: Engine, model: Model, drive: Drive) -> Callable[..., list[dict[str, Any]]]:
    def run(prompt: str, **options: Any) -> list[dict[str, Any]]:
        order = Decoding(**{"max_tokens": 12, "sampling": Sampling(), "program": True, "measured": True, **options})
        symbols = [{"tokens": model.tokenize(prompt)}]
        (frames,) = drive(engine, engine.decode(order, prompt=symbols, adapter=None, ticket=Ticket()))
        joined: list[dict[str, Any]] = [{"text": "", "tokens": [], "margins": b""} for _ in range(order.branches)]
        for piece in (piece for frame in frames for piece in frame["pieces"]):
            one = joined[piece["branch"]]
            for key in ("text", "tokens", "margins"):
                one[key] += piece[key]
            one["finish"] = piece.get("finish")
        return joined

    return run


def test_the_text_is_that_of_a_plain_loop_with_results_put_in(
    write: Callable[..., list[dict[str, Any]]],
    model: Model,
    continue_naively: Callable[[Sequence[int], int], list[int]],
) -> None:
    tokens = model.tokenize(SUMS)
    written: list[int] = []
    while len(written) < 12:
        following = continue_naively([*tokens, *written], 1)
        if not following:
            break
        written += following
        result = pending(model.detokenize(written))
        written += model.tokenize(result) if result is not None else []
    (one,) = write(SUMS)
    assert len(written) > 5
    assert one["tokens"][: len(written)] == written[: len(one["tokens"])]


def test_a_result_is_exact_and_certain(write: Callable[..., list[dict[str, Any]]], model: Model) -> None:
    (one,) = write(SUMS, max_tokens=24)
    lines = [line for line in one["text"].splitlines()[:-1] if "=" in line]
    assert lines
    for line in lines:
        expression, _, result = line.partition("=")
        assert result == computed(expression)
    margins = np.frombuffer(one["margins"], np.float32)
    assert len(margins) == len(one["tokens"])
    place = one["text"].index("=") + 1  # one token a character here
    assert margins[place] == 1.0
    assert model.detokenize(one["tokens"]) == one["text"]


def test_branches_have_results_of_their_own(write: Callable[..., list[dict[str, Any]]]) -> None:
    found = write(SUMS, branches=4, start="top", max_tokens=16)
    assert len({one["text"] for one in found}) > 1
    for one in found:
        for line in one["text"].splitlines()[:-1]:
            expression, sign, result = line.partition("=")
            if sign and computed(expression) is not None:
                assert result == computed(expression)


def test_a_text_has_at_most_its_tokens_and_one_result(write: Callable[..., list[dict[str, Any]]]) -> None:
    (one,) = write(SUMS, max_tokens=5)
    assert one["finish"] == "length"
    assert len(one["tokens"]) < 5 + 12


def test_results_are_followed_character_by_character(model: Model) -> None:
    results = Results(model)
    assert not results.behind(b"48/")
    assert model.detokenize(results.behind(b"2=")) == "24"
    assert not results.behind(b"\n48+24")
    assert model.detokenize(results.behind(b"=")) == "72"
    assert not results.behind(b"=")  # the line has its result


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("48/2", "24"),
        ("2*(3+4)", "14"),
        ("0.1+0.2", "0.3"),
        ("5-8", "-3"),
        ("1/3", "0.333333"),
        ("1000000*1000000", "1000000000000"),
        ("20%*50", "10"),
    ],
)
def test_expressions_are_computed(expression: str, result: str) -> None:
    assert computed(expression) == result


@pytest.mark.parametrize("expression", ["", "x", "5/0", "2**9**9**9", "a+1", "1+", "()", "9" * 200, "import os", "1=1"])
def test_what_is_no_arithmetic_has_no_result(expression: str) -> None:
    assert computed(expression) is None


def test_the_last_line_has_the_answer() -> None:
    assert last_result("1+1=2\n2*3=6\n") == "6"
    assert last_result("1+1=2\nso 2") is None
    assert last_result("") is None
    assert last_result("5/0=") is None
