"""The functional head: its softmax, its file, its fit to the graph."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save

from octograph.errors import HeadError
from octograph.graph import NONE, FunctionalVocabulary
from octograph.nodes.master import FunctionalHead, HeadFile, StepNetwork

TOKENS = ("<fn_0>", "<fn_1>", NONE)


def head(seed: int = 0, *, temperature: float = 1.0) -> FunctionalHead:
    random = np.random.default_rng(seed)
    return FunctionalHead(
        tokens=TOKENS,
        weight=random.normal(size=(3, 6)).astype(np.float32),
        bias=random.normal(size=3).astype(np.float32),
        temperature=temperature,
        threshold=0.5,
        system="Route.",
        layer=3,
        adapter="path:a.gguf",
        model="path:m.gguf",
    )


@given(st.integers(0, 10_000), st.floats(0.05, 20))
def test_the_distribution_is_the_naive_softmax(seed: int, temperature: float) -> None:
    rows = head(seed, temperature=temperature)
    features = np.random.default_rng(seed + 1).normal(size=6).astype(np.float32)
    logits = [float((rows.weight[i] @ features + rows.bias[i]) / temperature) for i in range(3)]
    weights = [np.exp(x - max(logits)) for x in logits]
    found = rows.distribution(features)
    assert sum(found.values()) == pytest.approx(1)
    for token, weight in zip(TOKENS, weights, strict=True):
        assert found[token] == pytest.approx(weight / sum(weights), abs=1e-5)


def test_features_of_another_model_are_refused() -> None:
    with pytest.raises(HeadError, match="gives 5 features and the head reads 6"):
        head().distribution(np.zeros(5, dtype=np.float32))


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "g.head.safetensors"
    steps = StepNetwork(
        token_weight=np.ones((2, 3), np.float32),
        end_weight=np.ones((2, 3), np.float32),
        entry_bias=np.zeros(2, np.float32),
        input_weight=np.ones((2, 6, 2), np.float32),
        input_bias=np.zeros((2, 6), np.float32),
        state_weight=np.ones((2, 6, 2), np.float32),
        state_bias=np.zeros((2, 6), np.float32),
        weight=np.ones((4, 4), np.float32),
        bias=np.zeros(4, np.float32),
        fitted_on="abc",
    )
    heads = {"router": head(), "two": head(1)}
    HeadFile(heads=heads, steps={"router": steps}, report={"router": {"queries": 3}}).save(path)
    loaded = HeadFile.load(path)
    assert loaded.steps["router"].fitted_on == "abc"
    np.testing.assert_array_equal(loaded.steps["router"].weight, steps.weight)
    assert loaded.report == {"router": {"queries": 3}}
    assert loaded.heads["two"].tokens == TOKENS
    assert loaded.heads["two"].layer == 3
    np.testing.assert_array_equal(loaded.heads["two"].weight, head(1).weight)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_rows_in_any_memory_order_are_saved(tmp_path: Path) -> None:
    path = tmp_path / "g.head.safetensors"
    fortran = replace(head(), weight=np.asfortranarray(head().weight))
    every_second = replace(head(), weight=np.repeat(head().weight, 2, axis=1)[:, ::2])
    for rows in (fortran, every_second):
        HeadFile(heads={"router": rows}, report={}).save(path)
        np.testing.assert_array_equal(HeadFile.load(path).heads["router"].weight, head().weight)


def test_extreme_features_still_give_probabilities() -> None:
    found = head(temperature=0.01).distribution(np.full(6, 1e6, dtype=np.float32))
    assert sum(found.values()) == pytest.approx(1)


def test_rows_and_tokens_must_agree() -> None:
    flat = np.zeros(3, dtype=np.float32)
    changes: list[dict[str, Any]] = [{"tokens": TOKENS[:2]}, {"bias": np.zeros(4, dtype=np.float32)}, {"weight": flat}]
    for change in changes:
        with pytest.raises(HeadError, match="a functional head has"):
            replace(head(), **change)


DOCUMENT: dict[str, Any] = {
    "format": 3,
    "masters": {
        "router": {
            "tokens": TOKENS,
            "temperature": 1.0,
            "threshold": None,
            "system": "",
            "layer": 3,
            "adapter": None,
            "model": "path:m.gguf",
        }
    },
    "steps": {},
    "report": {},
}
ROWS = {"router.weight": head().weight, "router.bias": head().bias}


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        DOCUMENT | {"format": 1},
        DOCUMENT | {"masters": []},
        DOCUMENT | {"masters": {"router": []}},
        DOCUMENT | {"masters": {"router": {"tokens": 3}}},
        DOCUMENT | {"masters": {"router": DOCUMENT["masters"]["router"] | {"colour": "red"}}},
        DOCUMENT | {"masters": {"router": DOCUMENT["masters"]["router"] | {"tokens": TOKENS[:2]}}},
        DOCUMENT | {"masters": {"other": DOCUMENT["masters"]["router"]}},
        {key: value for key, value in DOCUMENT.items() if key != "report"},
    ],
)
def test_a_file_that_says_something_else_is_an_error(tmp_path: Path, document: Any) -> None:
    path = tmp_path / "g.head.safetensors"
    path.write_bytes(save(ROWS, metadata={"octograph": json.dumps(DOCUMENT)}))
    assert HeadFile.load(path).heads["router"].tokens == TOKENS
    path.write_bytes(save(ROWS, metadata={"octograph": json.dumps(document)}))
    with pytest.raises(HeadError) as caught:
        HeadFile.load(path)
    assert "octograph train router --graph FILE" in caught.value.hint


def test_a_file_of_other_tensors_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "g.head.safetensors"
    for content in (save(ROWS), save(ROWS, metadata={"octograph": "{"}), b"", b"\xff" * 64):
        path.write_bytes(content)
        with pytest.raises(HeadError, match="damaged"):
            HeadFile.load(path)


def test_a_missing_or_damaged_file_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "g.head.safetensors"
    with pytest.raises(HeadError) as caught:
        HeadFile.load(path)
    assert "octograph train router --graph FILE" in caught.value.hint
    HeadFile(heads={"router": head()}, report={}).save(path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 37):
        path.write_bytes(whole[:length])
        with pytest.raises(HeadError):
            HeadFile.load(path)


def test_a_head_must_speak_for_the_workers_of_the_graph() -> None:
    fitting = FunctionalVocabulary.assign([("a", "<fn_0>"), ("b", "<fn_1>")])
    head().check(fitting, master="router")
    with pytest.raises(HeadError, match=r"c\n.*octograph train router --graph FILE"):
        head().check(fitting.add("c"), master="router")
    with pytest.raises(HeadError, match="<fn_1>"):
        head().check(fitting.remove("b"), master="router")
