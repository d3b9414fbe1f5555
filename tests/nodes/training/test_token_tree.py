"""Packing examples into trees of tokens."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octograph.nodes.training.token_tree import TokenTree, Written, packed

TOKENS = st.lists(st.integers(0, 3), min_size=1, max_size=8).map(tuple)


def example(prompt: Sequence[int], answer: Sequence[int], learned: Sequence[bool] | None = None) -> Written:
    return Written(prompt=tuple(prompt), answer=tuple(answer), learned=tuple(learned or [True] * len(answer)))


def path(tree: TokenTree, node: int) -> list[int]:
    """Tokens from the root to a node."""
    tokens: list[int] = []
    while node >= 0:
        tokens.append(tree.tokens[node])
        node = tree.parents[node]
    return tokens[::-1]


def taught(tree: TokenTree) -> list[tuple[tuple[int, ...], int]]:
    """What is to be predicted behind what."""
    return sorted((tuple(path(tree, node)), token) for node, token in tree.targets)


def plainly(examples: Sequence[Written]) -> list[tuple[tuple[int, ...], int]]:
    """The same, from the examples one by one."""
    return sorted(
        ((*one.prompt, *one.answer[:place]), one.answer[place])
        for one in examples
        for place in range(len(one.answer))
        if one.learned[place]
    )


def test_a_common_beginning_is_there_once() -> None:
    tree = TokenTree()
    tree.add(example([1, 2, 3], [7, 9]))
    tree.add(example([1, 2, 4], [8, 9]))
    assert len(tree) == 6  # 1 2, 3 7, 4 8
    assert tree.depths == [0, 1, 2, 3, 2, 3]
    assert taught(tree) == [((1, 2, 3), 7), ((1, 2, 3, 7), 9), ((1, 2, 4), 8), ((1, 2, 4, 8), 9)]


def test_a_node_sees_what_is_above_it_and_itself() -> None:
    tree = TokenTree()
    tree.add(example([1, 2], [7, 9]))
    tree.add(example([1, 3], [8, 9]))
    seen = tree.visible(8)
    for node in range(len(tree)):
        above = {node}
        while tree.parents[max(above, key=lambda one: -tree.depths[one])] >= 0:
            above.add(tree.parents[min(above, key=lambda one: tree.depths[one])])
        assert set(np.flatnonzero(seen[node])) == above
    assert np.array_equal(seen[len(tree) :], np.eye(8, dtype=bool)[len(tree) :])


def test_two_answers_to_one_question_are_both_learned() -> None:
    tree = TokenTree()
    tree.add(example([1], [5]))
    tree.add(example([1], [6]))
    assert tree.targets == [(0, 5), (0, 6)]


def test_only_what_is_chosen_is_learned() -> None:
    tree = TokenTree()
    tree.add(example([1], [5, 6, 7], [True, False, True]))
    assert taught(tree) == [((1,), 5), ((1, 5, 6), 7)]


@given(st.lists(st.builds(example, TOKENS, TOKENS), min_size=1, max_size=12), st.integers(16, 40), st.integers(0, 9))
def test_all_examples_are_in_trees_that_are_small_enough(examples: list[Written], capacity: int, seed: int) -> None:
    trees = packed(examples, capacity=capacity, draw=random.Random(seed))
    assert all(0 < len(tree) <= capacity for tree in trees)
    assert sorted(one for tree in trees for one in taught(tree)) == plainly(examples)


def test_questions_on_one_passage_stay_together() -> None:
    passages = [[100 + number] * 40 for number in range(6)]
    examples = [example([1, *passage, question], [9]) for passage in passages for question in range(4)]
    random.Random(1).shuffle(examples)
    trees = packed(examples, capacity=50, draw=random.Random(0))
    assert len(trees) == 6
    assert all(len(tree) == 1 + 40 + 4 for tree in trees)


def test_an_example_that_fits_nowhere_is_an_error() -> None:
    with pytest.raises(ValueError, match="takes 9 nodes"):
        packed([example([1] * 8, [2, 3])], capacity=8, draw=random.Random(0))
