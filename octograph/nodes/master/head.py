"""The functional head: the output rows of a master's functional tokens.

Shapes: ``t`` functional tokens, ``f`` features (twice the hidden size: last state and mean).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from octograph.errors import HeadError
from octograph.graph import NONE, FunctionalVocabulary

__all__ = ["FunctionalHead"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionalHead:
    """``P(f|q) = softmax((W h + b) / T)`` over the functional tokens of one master.

    The idea of tokens that name functions is Octopus v2's; the head reads them off a model that may be frozen or
    have an adapter for reading, where Octopus trains the whole.

    Attributes
    ----------
    tokens
        The functional tokens, a row each.
    weight, bias
        ``W [t, f]`` and ``b [t]``; the scaling of the features is folded in.
    temperature
        ``T``, chosen on held-out queries so that the probabilities mean what they say.
    threshold
        ``P(<fn_none>)`` from which a query is out of scope; None leaves that to the most probable token.
    system
        The prompt under which the master reads.
    layer
        Behind which layer of the model the features are taken, counted from 0.
    adapter
        The LoRA adapter through which it reads, as ``package:NAME/FILE`` or ``path:FILE`` (relative to the head's
        file); None for the plain weights.
    model
        Identity of the weights that the rows were fitted on.

    """

    tokens: tuple[str, ...]
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    temperature: float
    threshold: float | None
    system: str
    layer: int
    adapter: str | None
    model: str

    def __post_init__(self) -> None:
        rows = len(self.tokens)
        if self.weight.shape[:1] != (rows,) or self.weight.ndim != 2 or self.bias.shape != (rows,):
            raise HeadError(
                f"a functional head has {rows} tokens, weights {self.weight.shape} and biases {self.bias.shape}",
                hint="Run `octograph train router --graph FILE` again.",
            )

    def distribution(self, features: NDArray[np.float32]) -> dict[str, float]:
        """Probability of each functional token for features ``[f]``; sums to 1.

        Raises
        ------
        HeadError
            The features are not those that the head was fitted on.

        """
        if features.shape != self.weight.shape[1:]:
            raise HeadError(
                f"the master's model gives {features.size} features and the head reads {self.weight.shape[1]}",
                hint="The model was changed: run `octograph train router --graph FILE` again.",
            )
        logits = (self.weight @ features + self.bias).astype(np.float64) / self.temperature  # [t]
        weights = np.exp(logits - logits.max())
        return dict(zip(self.tokens, (weights / weights.sum()).tolist(), strict=True))

    def check(self, vocabulary: FunctionalVocabulary, *, master: str) -> None:
        """Check that the head speaks for exactly the workers of a master.

        Raises
        ------
        HeadError
            A worker has no row, or a row has no worker.

        """
        wanted, have = set(vocabulary.tokens) - {NONE}, set(self.tokens) - {NONE}
        if wanted != have:
            names = sorted(str(vocabulary.target_of(token)) for token in wanted - have) or sorted(have - wanted)
            raise HeadError(
                f"the functional head of {master!r} does not fit the graph: {', '.join(names)}",
                hint="The graph was changed: run `octograph train router --graph FILE` again.",
            )
