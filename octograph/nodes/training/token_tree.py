"""Examples packed into trees of tokens: what several of them begin with is computed once.

A passage with four questions is read once and not four times, and so is a system prompt. A node sees itself and the
nodes above it, so that each example is computed as if it stood alone (a test holds this).

Shapes: ``L`` nodes of a tree.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["TokenTree", "Written", "packed"]

WORTH_SHARING = 24
"""Examples stay together if they share so many tokens more than all of them share."""

OPEN = 24
"""Trees that are filled at one time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An example in tokens.

    Attributes
    ----------
    prompt, answer
        What is given, and what is to be written behind it, with the token that ends it.
    learned
        For each token of the answer whether its choice is learned; the others are only read.

    """

    prompt: tuple[int, ...]
    answer: tuple[int, ...]
    learned: tuple[bool, ...]

    @property
    def nodes(self) -> int:
        """How many nodes it takes by itself: the last token is only predicted."""
        return len(self.prompt) + len(self.answer) - 1


@dataclass(slots=True)
class TokenTree:
    """Tokens with those that each of them follows.

    Attributes
    ----------
    tokens, parents, depths
        Of each node; the parent of a first token is -1, its depth 0.
    targets
        Nodes with the token that is to be predicted there; a node may have several.

    """

    tokens: list[int] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    depths: list[int] = field(default_factory=list)
    targets: list[tuple[int, int]] = field(default_factory=list)
    _children: dict[tuple[int, int], int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.tokens)

    def shared(self, prompt: Sequence[int]) -> int:
        """How many tokens of a prompt are there already."""
        node = -1
        for count, token in enumerate(prompt):
            below = self._children.get((node, token))
            if below is None:
                return count
            node = below
        return len(prompt)

    def add(self, example: Written) -> None:
        """Add an example; only its prompt is shared with others."""
        node = -1
        for token in example.prompt:
            below = self._children.get((node, token))
            if below is None:
                below = self._children[node, token] = self._node(token, node)
            node = below
        for place, (token, learned) in enumerate(zip(example.answer, example.learned, strict=True)):
            if learned:
                self.targets.append((node, token))
            if place < len(example.answer) - 1:
                node = self._node(token, node)

    def visible(self, size: int) -> NDArray[np.bool_]:
        """Which nodes each node sees, ``[size, size]``; those behind the last are padding and see themselves."""
        seen = np.eye(size, dtype=np.bool_)
        for node, parent in enumerate(self.parents):
            if parent >= 0:
                seen[node] |= seen[parent]
        return seen

    def _node(self, token: int, parent: int) -> int:
        self.tokens.append(token)
        self.parents.append(parent)
        self.depths.append(self.depths[parent] + 1 if parent >= 0 else 0)
        return len(self.tokens) - 1


def packed(examples: Sequence[Written], *, capacity: int, draw: random.Random) -> list[TokenTree]:
    """Return trees of at most `capacity` nodes that hold all examples, in random order.

    Raises
    ------
    ValueError
        An example is longer than that.

    """
    groups = [*_groups(examples, capacity=capacity)]
    draw.shuffle(groups)
    made: list[TokenTree] = []
    filling: list[TokenTree] = []
    for group in groups:
        needed = _size(group)
        # The fullest tree that has room; what is common to all is counted once more than needed, which is little.
        fitting = [tree for tree in filling if len(tree) + needed - tree.shared(group[0].prompt) <= capacity]
        tree = max(fitting, key=len, default=None)
        if tree is None:
            tree = TokenTree()
            filling.append(tree)
            if len(filling) > OPEN:
                fullest = max(filling[:-1], key=len)
                filling.remove(fullest)
                made.append(fullest)
        for example in group:
            tree.add(example)
    made += filling
    draw.shuffle(made)
    return made


def _groups(examples: Sequence[Written], *, capacity: int) -> Iterable[list[Written]]:
    """Examples that share a long beginning together, as far as they fit in one tree."""
    ordered = sorted(examples, key=lambda example: example.prompt)
    common = _shared(ordered[0].prompt, ordered[-1].prompt) if ordered else 0
    group: list[Written] = []
    for example in ordered:
        if example.nodes > capacity:
            raise ValueError(f"an example takes {example.nodes} nodes and a tree has {capacity}")
        near = group and _shared(group[-1].prompt, example.prompt) >= common + WORTH_SHARING
        if group and not (near and _size([*group, example]) <= capacity):
            yield group
            group = []
        group.append(example)
    if group:
        yield group


def _size(group: Sequence[Written]) -> int:
    tree = TokenTree()
    for example in group:
        tree.add(example)
    return len(tree)


def _shared(one: Sequence[int], other: Sequence[int]) -> int:
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
