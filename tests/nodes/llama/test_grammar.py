"""Texts held to a JSON schema."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from octograph.errors import HostRequestError
from octograph.nodes.generation import Sampling
from octograph.nodes.host import Ticket
from octograph.nodes.host.frames import Frame
from octograph.nodes.llama.decoding import Decoding
from octograph.nodes.llama.engine import Engine
from octograph.nodes.llama.grammar import Grammar
from octograph.nodes.llama.measures import measure
from octograph.nodes.llama.model import Model

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 20},
        "age": {"type": "integer"},
        "kind": {"enum": ["person", "animal"]},
    },
    "required": ["name", "age", "kind"],
    "additionalProperties": False,
}
PROMPT = [{"messages": [{"role": "user", "content": "Tell me about Ada Lovelace as JSON."}]}]


@pytest.fixture
def write(engine: Engine, drive: Callable[..., list[list[Frame]]]) -> Callable[..., list[dict[str, Any]]]:
    def run(schema: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
        order = Decoding(**{"max_tokens": 120, "sampling": Sampling(), "schema": schema, **options})
        (frames,) = drive(engine, engine.decode(order, prompt=PROMPT, adapter=None, ticket=Ticket()))
        branches: list[dict[str, Any]] = [{"text": "", "tokens": [], "margins": b""} for _ in range(order.branches)]
        for piece in (piece for frame in frames for piece in frame["pieces"]):
            branch = branches[piece["branch"]]
            branch["text"] += piece["text"]
            branch["tokens"] += piece["tokens"]
            branch["margins"] += piece.get("margins", b"")
            branch["finish"] = piece.get("finish")
        return branches

    return run


def check(text: str) -> None:
    value = json.loads(text)
    assert sorted(value) == ["age", "kind", "name"]
    assert value["kind"] in ("person", "animal")
    assert isinstance(value["name"], str)
    assert isinstance(value["age"], int)


def test_a_greedy_text_keeps_to_the_schema_and_ends(write: Any) -> None:
    (branch,) = write(SCHEMA)
    assert branch["finish"] == "stop"
    check(branch["text"])


@pytest.mark.parametrize("value", ['say "no"', "a\\b", "two\nlines", "\U0001f419", "naïve", "$5 {x}"])
def test_values_of_any_characters_can_be_held(write: Any, value: str) -> None:
    (branch,) = write({"enum": [value]})
    assert branch["finish"] == "stop"
    assert json.loads(branch["text"]) == value
    (keyed,) = write(
        {"type": "object", "properties": {value: {"const": 1}}, "required": [value], "additionalProperties": False}
    )
    assert json.loads(keyed["text"]) == {value: 1}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_sampled_texts_do_too(write: Any, seed: int) -> None:
    for branch in write(SCHEMA, branches=3, sampling=Sampling(temperature=1.5, seed=seed, repetition_penalty=1.1)):
        assert branch["finish"] == "stop"
        check(branch["text"])


def test_branches_from_the_top_start_with_what_is_allowed(write: Any) -> None:
    schema = {"enum": ["red", "green", "blue"]}
    found = write(schema, branches=6, start="top", max_tokens=12)
    texts = [json.loads(branch["text"]) for branch in found if branch["text"]]
    assert texts
    assert all(text in ("red", "green", "blue") for text in texts)
    # There are fewer ways to begin than branches: the others are empty.
    assert len(texts) < 6
    assert all(branch["finish"] == "stop" for branch in found)


def test_margins_come_from_before_the_grammar(write: Any, engine: Engine, drive: Any) -> None:
    (branch,) = write(SCHEMA, measured=True)
    margins = np.frombuffer(branch["margins"], np.float32)
    scored = drive(
        engine,
        engine.score(
            prompt=PROMPT,
            continuations=[{"tokens": branch["tokens"]}],
            among=(),
            adapter=None,
            ticket=Ticket(),
        ),
    )
    ((one,),) = [[one for frame in frames for one in frame["scores"]] for frames in scored]
    # Scores know of no grammar.
    differences = np.abs(margins - np.frombuffer(one["margins"], np.float32))
    assert differences.mean() < 0.06  # computed in other batches, which round otherwise
    assert differences.max() < 0.5
    assert margins.min() < 0.999  # behind the grammar many tokens would be the only ones


def test_a_text_cut_by_its_length_says_so(write: Any) -> None:
    (branch,) = write(SCHEMA, max_tokens=5)
    assert branch["finish"] == "length"


def test_best_is_the_best_of_all(model: Model) -> None:
    grammar = Grammar(model, {"type": "integer"})
    random = np.random.default_rng(3)
    for _ in range(5):
        logits = random.normal(size=model.vocabulary_size).astype(np.float32)
        masked = grammar.masked(logits)
        token = grammar.best(logits)
        assert token == int(masked.argmax())
        assert model.piece(token).strip(b" 0123456789-") == b""
        assert measure(logits, token).logprob < 0
    grammar.close()


@pytest.mark.parametrize("schema", [{"type": "nonsense"}, {"$ref": "#/nowhere"}, {"$ref": "http://example.org/x"}])
def test_a_schema_that_cannot_be_used_is_an_error(write: Any, schema: dict[str, Any]) -> None:
    with pytest.raises(HostRequestError, match="schema"):
        write(schema)


def test_a_keyword_that_no_grammar_can_hold_is_an_error(model: Model) -> None:
    bounded = {"type": "object", "properties": {"maximum": {"anyOf": [{"type": "integer", "minimum": 0}]}}}
    with pytest.raises(HostRequestError, match="'minimum'"):
        Grammar(model, bounded)
    Grammar(model, {"type": "object", "properties": {"maximum": {"type": "integer"}}}).close()
    Grammar(model, {"enum": [{"not": 1}, "minimum"]}).close()
