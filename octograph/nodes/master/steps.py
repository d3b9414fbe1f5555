"""The steps of a query: which of its tokens belong to which step, told from their hidden states.

One pass of the master gives the state of every token. The master's model reads from left to right only, so a token of
"give me the price in dollars, but work out the total first" does not know what follows. A small network that runs over
the states in both directions, a gated recurrent unit (Cho et al. 2014, https://arxiv.org/abs/1406.1078), tells from
those which step a token belongs to, in the order in which the steps are to be done.
So each step is asked in the user's own words.

Shapes: ``n`` tokens of a query, ``d`` hidden size, ``u`` units, ``s`` rows, 2 directions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from octograph.errors import HeadError
from octograph.nodes.master.calibration import softmax
from octograph.nodes.master.reader import TokenStates

__all__ = ["Spans", "StepNetwork", "smoothed", "token_labels"]

BETWEEN = 0
"""The row of tokens between the steps; row ``i`` is that of step ``i``."""

CHANGE = 1.0
"""Nats that it costs to go from one step to another between two tokens: steps are long, slips are short."""

Spans = Sequence[tuple[int, int]]
"""Where the steps of a query stand in it ``(start, end)``, in the order in which they are to be done."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepNetwork:
    """``P(step | token)`` from the states ``s_t`` of the tokens and ``e`` behind the query.

    ``x_t = relu(V s_t + E e + c)`` goes through a gated recurrent unit in each direction,

    ``r = sigmoid(A_r x + a_r + B_r h + b_r)``, ``z = sigmoid(A_z x + a_z + B_z h + b_z)``,
    ``g = tanh(A_g x + a_g + r (B_g h + b_g))``, ``h <- (1 - z) g + z h``,

    and ``P = softmax(W [h_forwards, h_backwards] + b)``.

    Attributes
    ----------
    token_weight, end_weight, entry_bias
        ``V [u, d]``, ``E [u, d]`` and ``c [u]``; the scaling of the states is folded in.
    input_weight, input_bias, state_weight, state_bias
        ``A [2, 3 u, u]``, ``a [2, 3 u]``, ``B [2, 3 u, u]`` and ``b [2, 3 u]``, forwards and backwards; of the ``3 u``
        rows the first third is ``r``, then ``z``, then ``g``.
    weight, bias
        ``W [s, 2 u]`` and ``b [s]``: between the steps, step 1, step 2 and so on.
    fitted_on
        Digest of the queries and of the way of reading that it was fitted on.

    """

    token_weight: Floats
    end_weight: Floats
    entry_bias: Floats
    input_weight: Floats
    input_bias: Floats
    state_weight: Floats
    state_bias: Floats
    weight: Floats
    bias: Floats
    fitted_on: str = ""

    def log_probabilities(self, tokens: TokenStates) -> NDArray[np.float64]:
        """``log P(step | token)``, ``[n, s]``.

        Raises
        ------
        HeadError
            The states are not those that the network was fitted on.

        """
        count = len(tokens.ends)
        if tokens.states.shape[1] != self.token_weight.shape[1]:
            raise HeadError(
                "the network that tells steps apart does not fit the master's model",
                hint="The model was changed: run `octograph train router --graph FILE` again.",
            )
        entry = tokens.states[:count] @ self.token_weight.T + self.end_weight @ tokens.states[-1] + self.entry_bias
        entry = np.maximum(entry, 0)  # [n, u]
        given = np.stack([entry, entry[::-1]]) @ self.input_weight.transpose(0, 2, 1) + self.input_bias[:, None]
        units = self._run(given)  # [n, 2, u]
        both = np.concatenate([units[:, 0], units[::-1, 1]], axis=1)  # [n, 2 u]
        log_p: NDArray[np.float64] = np.log(softmax((both @ self.weight.T + self.bias).astype(np.float64)) + 1e-12)
        return log_p

    def _run(self, given: Floats) -> Floats:
        """Run both directions: ``h [n, 2, u]`` from ``A x + a [2, n, 3 u]``."""
        size = self.state_weight.shape[2]
        state = np.zeros((2, size), dtype=np.float32)  # h
        units = np.empty((given.shape[1], 2, size), dtype=np.float32)
        for place in range(given.shape[1]):
            own = given[:, place]  # [2, 3 u]
            known = np.einsum("dij,dj->di", self.state_weight, state) + self.state_bias  # [2, 3 u]
            gates = 0.5 * (1 + np.tanh(0.5 * (own[:, : 2 * size] + known[:, : 2 * size])))  # sigmoid; r and z
            reset, keep = gates[:, :size], gates[:, size:]
            new = np.tanh(own[:, 2 * size :] + reset * known[:, 2 * size :])
            state = (1 - keep) * new + keep * state
            units[place] = state
        return units

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
            The states are not those that the network was fitted on.

        """
        runs = _runs(smoothed(self.log_probabilities(tokens)))
        steps = [label for label in range(1, len(self.bias)) if label in runs]
        if len(steps) < 2 or steps != list(range(1, len(steps) + 1)):
            return ((0, len(text)),)
        starts = np.concatenate([[0], tokens.ends[:-1]])
        return tuple((int(starts[runs[step][0]]), int(tokens.ends[runs[step][1] - 1])) for step in steps)


def token_labels(tokens: TokenStates, spans: Spans) -> NDArray[np.int64]:
    """Which step each token belongs to ``[n]``, given where the steps stand: the step in which its last letter is."""
    labels = np.full(len(tokens.ends), BETWEEN)
    for step, (start, end) in enumerate(spans, start=1):
        labels[(tokens.ends > start) & (tokens.ends <= end)] = step
    return labels


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
