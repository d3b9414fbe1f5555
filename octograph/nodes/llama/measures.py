"""What the logits of one position say, in numpy; the vocabulary is never sorted.

Shapes: ``V`` vocabulary, ``m`` given tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from octograph.nodes.host.frames import Frame

__all__ = ["CERTAIN", "Choice", "Measure", "choose_among", "measure", "measures_frame"]


@dataclass(frozen=True, slots=True)
class Measure:
    """How sure the model was at one position.

    Attributes
    ----------
    logprob
        ``log p(x_t | x_<t)`` of the token that was written, in nats.
    margin
        ``p(x^1) - p(x^2)`` of the two likeliest tokens: one term of CoT-decoding's Delta (Wang and Zhou 2024,
        equation 1).
    entropy
        ``-sum_x p(x) log p(x)``, in nats.

    """

    logprob: float
    margin: float
    entropy: float


CERTAIN = Measure(logprob=0.0, margin=1.0, entropy=0.0)
"""Of a token that nobody chose."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The distribution over a few given tokens at one position.

    Attributes
    ----------
    probabilities
        ``[m]``, softmax over the given tokens alone, in their order: they sum to 1.
    mass
        What the full softmax gives to all of them together.

    """

    probabilities: NDArray[np.float64]
    mass: float


def measure(logits: NDArray[np.float32], token: int) -> Measure:
    """Measure the position with logits ``[V]`` at which `token` was written.

    With ``z = x - max x``, ``Z = sum e^z``: ``log p(t) = z_t - log Z``; ``margin = (1 - e^z_2) / Z``;
    ``entropy = log Z - (e^z · z) / Z``.
    """
    first = int(logits.argmax())
    shifted = logits - logits[first]  # [V]
    weights = np.exp(shifted)  # [V], 1 at the top token
    total = float(weights.sum())
    spread = float(weights @ shifted)
    weights[first] = 0.0
    return Measure(
        logprob=float(shifted[token]) - float(np.log(total)),
        margin=(1.0 - float(weights.max())) / total,
        entropy=float(np.log(total)) - spread / total,
    )


def choose_among(logits: NDArray[np.float32], tokens: Sequence[int]) -> Choice:
    """Softmax of logits ``[V]`` restricted to `tokens` ``[m]``."""
    shifted = logits - logits.max()  # [V]
    weights = np.exp(shifted[list(tokens)].astype(np.float64))  # [m]
    chosen = float(weights.sum())
    if chosen == 0.0:  # all of them beyond what a float holds below the top token
        given = logits[list(tokens)].astype(np.float64)
        weights = np.exp(given - given.max())
    return Choice(probabilities=weights / weights.sum(), mass=chosen / float(np.exp(shifted).sum()))


def measures_frame(measures: Sequence[Measure]) -> Frame:
    """Measures of ``n`` positions as a host sends them: float32 arrays ``[n]`` as bytes."""
    columns = {
        "logprobs": [one.logprob for one in measures],
        "margins": [one.margin for one in measures],
        "entropies": [one.entropy for one in measures],
    }
    return {name: np.array(values, np.float32).tobytes() for name, values in columns.items()}
