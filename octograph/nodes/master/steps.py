"""The steps of a query: which of its tokens belong to which step, told from their hidden states.

One pass of the master gives the state of every token. A small network with a row for each step, and one for what
stands between them, reads from those which step a token belongs to, in the order in which the steps are to be done.
So each step is asked in the user's own words.

Shapes: ``n`` tokens of a query, ``d`` hidden size, ``g = 3 d`` features of a token, ``u`` hidden units, ``s`` rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from octograph.errors import HeadError
from octograph.nodes.master.calibration import softmax
from octograph.nodes.master.reader import TokenStates

__all__ = ["StepRows", "fit_steps", "smoothed", "token_features", "token_labels"]

BETWEEN = 0
"""The row of tokens between the steps; row ``i`` is that of step ``i``."""

LOOK_AHEAD = 2
"""Tokens after a token whose state counts too: a causal model knows a clause only when it has begun."""

UNITS = 64
DECAY = 0.3
PASSES = 8
DROPOUT = 0.3
"""Of the features, anew in each pass: without it the rows learn the clauses by heart."""

CHANGE = 2.0
"""Nats that it costs to go from one step to another between two tokens: steps are long, slips are short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRows:
    """``P(step | token) = softmax(W relu(V x + c) + b)``.

    Attributes
    ----------
    hidden_weight, hidden_bias
        ``V [u, g]`` and ``c [u]``; the scaling of the features is folded in.
    weight, bias
        ``W [s, u]`` and ``b [s]``: between the steps, step 1, step 2 and so on.

    """

    hidden_weight: NDArray[np.float32]
    hidden_bias: NDArray[np.float32]
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    def spans(self, tokens: TokenStates, text: str) -> tuple[tuple[int, int], ...]:
        """Where each step stands in a text, in the order in which they are to be done; one span if it is one step.

        Parameters
        ----------
        tokens
            The tokens of the text.
        text
            The text.

        Raises
        ------
        HeadError
            The states are not those that the rows were fitted on.

        """
        whole = ((0, len(text)),)
        features = token_features(tokens)  # [n, g]
        if features.shape[1] != self.hidden_weight.shape[1]:
            raise HeadError(
                "the rows that tell steps apart do not fit the master's model",
                hint="The model was changed: run `octograph train router` again.",
            )
        units = np.maximum(features @ self.hidden_weight.T + self.hidden_bias, 0)  # [n, u]
        log_p = np.log(softmax((units @ self.weight.T + self.bias).astype(np.float64)) + 1e-12)  # [n, s]
        labels = smoothed(log_p)  # [n]
        runs = _runs(labels)
        steps = [label for label in range(1, self.weight.shape[0]) if label in runs]
        if len(steps) < 2 or steps != list(range(1, len(steps) + 1)):
            return whole
        starts = np.concatenate([[0], tokens.ends[:-1]])
        return tuple((int(starts[runs[step][0]]), int(tokens.ends[runs[step][1] - 1])) for step in steps)


def token_features(tokens: TokenStates) -> NDArray[np.float32]:
    """Features ``[n, g]``: each token's state, that of a token a little later, and that behind the query."""
    count, states = len(tokens.ends), tokens.states
    later = np.minimum(np.arange(count) + LOOK_AHEAD, len(states) - 1)
    last = np.broadcast_to(states[-1], (count, states.shape[1]))
    return np.concatenate([states[:count], states[later], last], axis=1)


def token_labels(tokens: TokenStates, spans: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """Which step each token belongs to ``[n]``, given where the steps stand: the step in which its last letter is."""
    labels = np.full(len(tokens.ends), BETWEEN)
    for step, (start, end) in enumerate(spans, start=1):
        labels[(tokens.ends > start) & (tokens.ends <= end)] = step
    return labels


def fit_steps(features: NDArray[np.float32], labels: NDArray[np.int64], *, seed: int = 0) -> StepRows:
    """Fit the network on features ``[n, g]`` of tokens and their steps ``[n]``."""
    from sklearn.neural_network import MLPClassifier

    draw = np.random.default_rng(seed)
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-6  # [g]
    scaled = (features - mean) / scale
    steps = np.unique(labels)
    network = MLPClassifier((UNITS,), alpha=DECAY, batch_size=max(16, min(256, len(labels) // 64)), random_state=seed)
    for _ in range(PASSES):
        kept = draw.random(scaled.shape, dtype=np.float32) >= DROPOUT
        network.partial_fit(scaled * kept / (1 - DROPOUT), labels, classes=steps)
    first, second = network.coefs_  # [g, u], [u, s]
    hidden = first.T / scale  # V x = V' (x - mean) / scale, so V = V' / scale and c = c' - V mean
    return StepRows(
        hidden_weight=np.ascontiguousarray(hidden, dtype=np.float32),
        hidden_bias=(network.intercepts_[0] - hidden @ mean).astype(np.float32),
        weight=np.ascontiguousarray(second.T, dtype=np.float32),
        bias=network.intercepts_[1].astype(np.float32),
    )


def smoothed(log_p: NDArray[np.float64]) -> NDArray[np.int64]:
    """The likeliest sequence of labels if each change of label costs `CHANGE` (Viterbi)."""
    count, labels = log_p.shape
    came_from = np.zeros((count, labels), dtype=np.int64)
    best = log_p[0]
    for place in range(1, count):
        jump = int(best.argmax())
        change = best[jump] - CHANGE > best
        came_from[place] = np.where(change, jump, np.arange(labels))
        best = np.where(change, best[jump] - CHANGE, best) + log_p[place]
    path = [int(best.argmax())]
    for place in range(count - 1, 0, -1):
        path.append(int(came_from[place, path[-1]]))
    return np.array(path[::-1])


def _runs(labels: NDArray[np.int64]) -> dict[int, tuple[int, int]]:
    """For each label its longest run ``(first, behind the last)``."""
    edges = np.flatnonzero(np.diff(labels)) + 1
    runs: dict[int, tuple[int, int]] = {}
    for first, behind in zip([0, *edges], [*edges, len(labels)], strict=True):
        known = runs.get(int(labels[first]), (0, 0))
        if behind - first > known[1] - known[0]:
            runs[int(labels[first])] = (int(first), int(behind))
    return runs
