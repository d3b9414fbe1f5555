"""The steps of a query: composed, told apart, asked in the user's own words."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octograph.composition import composing_path
from octograph.errors import HeadError
from octograph.nodes.master import Material, StepRows, TokenStates, compose
from octograph.nodes.master.planning import asked_in_steps
from octograph.nodes.master.steps import CHANGE, fit_steps, smoothed, token_features, token_labels

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


def tokens(*ends: int, width: int = 3) -> TokenStates:
    states = np.random.default_rng(0).normal(size=(len(ends) + 2, width)).astype(np.float32)
    return TokenStates(states=states, ends=np.array(ends))


def test_a_token_belongs_to_the_step_in_which_it_ends() -> None:
    labels = token_labels(tokens(3, 5, 9, 12, 15), [(0, 5), (9, 15)])
    assert labels.tolist() == [1, 1, 0, 2, 2]


def test_features_are_the_token_s_a_later_one_s_and_the_last_state() -> None:
    given_tokens = tokens(1, 2, 3, 4)
    features = token_features(given_tokens)
    for place in range(4):
        later = given_tokens.states[min(place + 2, 5)]
        naive = np.concatenate([given_tokens.states[place], later, given_tokens.states[-1]])
        np.testing.assert_array_equal(features[place], naive)


@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(2, 3))
def test_the_likeliest_labels_are_those_of_a_search_through_all(seed: int, count: int, labels: int) -> None:
    log_p = np.random.default_rng(seed).normal(scale=3, size=(count, labels))

    def value(path: tuple[int, ...]) -> float:
        changes = sum(one != two for one, two in itertools.pairwise(path))
        return float(sum(log_p[place, label] for place, label in enumerate(path)) - CHANGE * changes)

    best = max(itertools.product(range(labels), repeat=count), key=value)
    assert value(tuple(smoothed(log_p).tolist())) == pytest.approx(value(best))


def test_rows_fitted_on_clear_states_find_the_steps() -> None:
    text = "add these up and then write a note"
    ends = np.array([3, 9, 12, 16, 21, 27, 29, 34])
    spans = [(0, 12), (22, 34)]
    labels = token_labels(TokenStates(states=np.zeros((9, 4), np.float32), ends=ends), spans)
    random = np.random.default_rng(0)
    many = []
    for _ in range(300):
        states = np.zeros((9, 4), np.float32)
        states[np.arange(8), labels] = 5
        many.append(TokenStates(states=states + random.normal(scale=0.1, size=(9, 4)).astype(np.float32), ends=ends))
    rows = fit_steps(np.concatenate([token_features(one) for one in many]), np.concatenate([labels] * 300))
    assert asked_in_steps(text, rows.spans(many[0], text)) == ("add these up", "write a note")
    with pytest.raises(HeadError, match="do not fit"):
        rows.spans(tokens(3, 9), "any")


def test_steps_without_the_first_are_one_step() -> None:
    rows = StepRows(
        hidden_weight=np.zeros((2, 9), np.float32),
        hidden_bias=np.zeros(2, np.float32),
        weight=np.zeros((3, 2), np.float32),
        bias=np.array([0, 0, 9], np.float32),
    )
    assert rows.spans(tokens(2, 4), "abcd") == ((0, 4),)


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
