"""The steps of a query: composed, told apart, asked in the user's own words."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from octograph.composition import composing_path
from octograph.errors import HeadError
from octograph.nodes.master import ComposedQuery, Material, StepNetwork, TokenStates, compose
from octograph.nodes.master.composing import queries_to_plan, written_queries
from octograph.nodes.master.planning import asked_in_steps
from octograph.nodes.master.steps import CHANGE, smoothed, token_labels

MATERIAL = Material.load(composing_path())


def test_composed_queries_know_where_their_steps_stand() -> None:
    clauses = {clause.text.lower(): clause.worker for clause in (*MATERIAL.first, *MATERIAL.second)}
    queries = compose(MATERIAL, 300, seed=3)
    assert {len(query.spans) for query in queries} == {2, 3}
    for query in queries:
        asked = [query.text[start:end].lower() for start, end in query.spans]
        assert [clauses[text] for text in asked] == list(query.workers)
    assert any(query.spans[0] > query.spans[1] for query in queries)  # some ask for the last step first


def test_the_same_seed_composes_the_same_and_pairs_are_kept_apart() -> None:
    assert compose(MATERIAL, 40, seed=1) == compose(MATERIAL, 40, seed=1)
    assert MATERIAL.apart
    for unseen in (False, True):
        queries = compose(MATERIAL, 200, unseen=unseen)
        pairs = {pair for query in queries for pair in itertools.pairwise(query.workers)}
        assert pairs <= MATERIAL.apart if unseen else not pairs & MATERIAL.apart


def test_clauses_with_braces_are_put_in_as_they_are(tmp_path: Path) -> None:
    text = """
templates = ["{A^} > {B}"]
reversed = []
triples = ["{A}{B}{C}"]
first.code = ["fix {B} in this"]
second.writing = ["say so"]
single.chat = ["hello"]
"""
    (tmp_path / "m.toml").write_text(text)
    texts = {query.text for query in compose(Material.load(tmp_path / "m.toml"), 30)}
    assert texts == {"Fix {B} in this > say so", "fix {B} in thissay sosay so"}


def test_written_queries_know_where_their_steps_stand(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text('{"query": "b, having done a", "steps": ["done a", "b"]}\n')
    assert written_queries(path) == [ComposedQuery(text="b, having done a", spans=((10, 16), (0, 1)))]
    path.write_text('{"query": "just a", "steps": []}\n')
    single = ComposedQuery(text="just a", spans=((0, 6),))
    assert written_queries(path) == [single]
    assert queries_to_plan(MATERIAL, [single], ["another"])[-3:] == [
        ComposedQuery(text="another", spans=((0, 7),)),
        single,
        single,
    ]


def tokens(*ends: int, width: int = 3) -> TokenStates:
    states = np.random.default_rng(0).normal(size=(len(ends) + 2, width)).astype(np.float32)
    return TokenStates(states=states, ends=np.array(ends))


def test_a_token_belongs_to_the_step_in_which_it_ends() -> None:
    labels = token_labels(tokens(3, 5, 9, 12, 15), [(0, 5), (9, 15)])
    assert labels.tolist() == [1, 1, 0, 2, 2]


@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(2, 3))
def test_the_likeliest_labels_are_those_of_a_search_through_all(seed: int, count: int, labels: int) -> None:
    log_p = np.random.default_rng(seed).normal(scale=3, size=(count, labels))

    def value(path: tuple[int, ...]) -> float:
        changes = sum(one != two for one, two in itertools.pairwise(path))
        return float(sum(log_p[place, label] for place, label in enumerate(path)) - CHANGE * changes)

    best = max(itertools.product(range(labels), repeat=count), key=value)
    assert value(tuple(smoothed(log_p).tolist())) == pytest.approx(value(best))


def network(seed: int = 0, *, size: int = 3, units: int = 4, bias: Sequence[float] = (0, 0, 0)) -> StepNetwork:
    random = np.random.default_rng(seed)

    def drawn(*shape: int) -> NDArray[np.float32]:
        return random.normal(size=shape).astype(np.float32)

    return StepNetwork(
        token_weight=drawn(units, size),
        end_weight=drawn(units, size),
        entry_bias=drawn(units),
        input_weight=drawn(2, 3 * units, units),
        input_bias=drawn(2, 3 * units),
        state_weight=drawn(2, 3 * units, units),
        state_bias=drawn(2, 3 * units),
        weight=drawn(len(bias), 2 * units),
        bias=np.array(bias, dtype=np.float32),
    )


@given(st.integers(0, 1000), st.integers(1, 7))
def test_probabilities_of_steps_are_those_of_the_equations(seed: int, count: int) -> None:
    given_tokens, net = tokens(*range(1, count + 1)), network(seed)
    states = given_tokens.states

    def sigmoid(x: NDArray[np.float32]) -> NDArray[Any]:
        return 1 / (1 + np.exp(-x))

    entries = [
        np.maximum(net.token_weight @ states[t] + net.end_weight @ states[-1] + net.entry_bias, 0) for t in range(count)
    ]
    units: list[list[NDArray[Any]]] = []
    for way, order in enumerate([range(count), range(count - 1, -1, -1)]):
        h: NDArray[Any] = np.zeros(4)
        found = {}
        for t in order:
            given_r, given_z, given_g = np.split(net.input_weight[way] @ entries[t] + net.input_bias[way], 3)
            known_r, known_z, known_g = np.split(net.state_weight[way] @ h + net.state_bias[way], 3)
            r, z = sigmoid(given_r + known_r), sigmoid(given_z + known_z)
            h = (1 - z) * np.tanh(given_g + r * known_g) + z * h
            found[t] = h
        units.append([found[t] for t in range(count)])
    for t, log_p in enumerate(net.log_probabilities(given_tokens)):
        logits = net.weight @ np.concatenate([units[0][t], units[1][t]]) + net.bias
        np.testing.assert_allclose(log_p, logits - np.log(np.exp(logits).sum()), atol=1e-4)


def test_states_of_another_model_are_refused() -> None:
    with pytest.raises(HeadError, match="does not fit"):
        network(size=5).spans(tokens(3, 9), "any")


def test_steps_without_the_first_are_one_step() -> None:
    assert network(bias=(0, 0, 99)).spans(tokens(2, 4), "abcd") == ((0, 4),)


@pytest.mark.parametrize(
    ("query", "spans", "asked"),
    [
        ("double 21, then say it in French", [(0, 9), (16, 32)], ("double 21", "say it in French")),
        ("Before you write it down, add 2 and 2.", [(26, 38), (11, 24)], ("add 2 and 2.", "write it down")),
        ("add them", [(0, 8)], ()),
        # What says something between the steps is kept.
        ("add 2 for my 3 cats, then write", [(0, 5), (26, 31)], ("add 2 for my 3 cats, then", "write")),
        ("I have 5 eggs: add 2, then write", [(15, 20), (27, 32)], ("I have 5 eggs: add 2", "write")),
        ("add 2, then write, but not in red", [(0, 5), (12, 17)], ("add 2", "write, but not in red")),
        ("add 2, then convert it to miles", [(0, 5), (12, 25)], ("add 2", "convert it to miles")),
        ("the sum of 2 and 3, then write it", [(11, 18), (25, 33)], ("the sum of 2 and 3", "write it")),
        ("1) add 2 and 3\n2) write it", [(3, 14), (18, 26)], ("add 2 and 3", "write it")),
        ("pick one, then write from 1 to 3", [(0, 8), (15, 20)], ("pick one", "write from 1 to 3")),
        ("add 2, ; ,", [(0, 5), (7, 8)], ()),
        # A span that begins or ends within a word takes all of it, with the quotation mark that closes it.
        ("put 'hi' in Latin, then sing it", [(0, 13), (25, 32)], ("put 'hi' in Latin", "sing it")),
        ("write 'go on'. then say 1.50 aloud", [(0, 12), (20, 34)], ("write 'go on'", "say 1.50 aloud")),
        ("tell me why\nexpress it in feet", [(0, 15), (15, 30)], ("tell me why", "express it in feet")),
        ("add 2>then>say it", [(0, 5), (11, 17)], ("add 2", "say it")),
    ],
)
def test_what_each_step_asks(query: str, spans: list[tuple[int, int]], asked: tuple[str, ...]) -> None:
    assert asked_in_steps(query, spans) == asked


@given(
    st.lists(st.sampled_from(["add 2", "then", "and", "write no", "'quoted' Ann", "please", "7% miles"]), min_size=4)
)
def test_no_word_that_says_something_is_lost(pieces: list[str]) -> None:
    query = " ".join(pieces)
    ends = list(itertools.accumulate(len(piece) + 1 for piece in pieces))
    first, second = (ends[0], ends[1] - 1), (ends[2], ends[3] - 1)
    for spans in ([first, second], [second, first]):
        asked = asked_in_steps(query, spans)
        kept = " ".join(asked).split()
        for word in query.split():
            assert not asked or word in ("then", "and", "please") or kept.count(word) == query.split().count(word)
