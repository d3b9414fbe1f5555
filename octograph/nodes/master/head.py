"""The functional head: the output rows of a master's functional tokens.

Shapes: ``t`` functional tokens, ``f`` features (twice the hidden size: last state and mean).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octograph.errors import HeadError
from octograph.graph import NONE, FunctionalVocabulary

__all__ = ["FunctionalHead", "HeadFile"]

_FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionalHead:
    """``P(f|q) = softmax((W h + b) / T)`` over the functional tokens of one master.

    The idea of tokens that name functions is Octopus v2's; the head reads them off a frozen model, where
    Octopus trains the whole.

    Attributes
    ----------
    tokens
        The functional tokens, a row each.
    weight, bias
        ``W [t, f]`` and ``b [t]``; the scaling of the features is folded in.
    temperature
        ``T``, chosen on held-out folds so that the probabilities mean what they say.
    system
        The prompt under which the master reads.
    layer
        Behind which layer of the model the features are taken, counted from 0.
    model
        Identity of the weights that the rows were fitted on.

    """

    tokens: tuple[str, ...]
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    temperature: float
    system: str
    layer: int
    model: str

    def __post_init__(self) -> None:
        rows = len(self.tokens)
        if self.weight.shape[:1] != (rows,) or self.weight.ndim != 2 or self.bias.shape != (rows,):
            raise HeadError(
                f"a functional head has {rows} tokens, weights {self.weight.shape} and biases {self.bias.shape}",
                hint="Run `octograph train router` again.",
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
                hint="The model was changed: run `octograph train router` again.",
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
                hint="The graph was changed: run `octograph train router` again.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadFile:
    """The heads of a graph's masters, in one safetensors file beside the graph file."""

    heads: Mapping[str, FunctionalHead]
    report: Mapping[str, Any]
    """How each master's head was fitted: queries, folds, accuracy; for people."""

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all.

        Raises
        ------
        HeadError
            It cannot be written there.

        """
        from safetensors.numpy import save

        tensors: dict[str, NDArray[np.float32]] = {}
        masters: dict[str, Any] = {}
        for name, head in self.heads.items():
            # safetensors writes the bytes as they lie in memory, whatever their order.
            tensors[f"{name}.weight"] = np.ascontiguousarray(head.weight)
            tensors[f"{name}.bias"] = np.ascontiguousarray(head.bias)
            masters[name] = {k: v for k, v in asdict(head).items() if k not in ("weight", "bias")}
        document = {"format": _FORMAT, "masters": masters, "report": dict(self.report)}
        partial = path.with_name(path.name + ".partial")
        try:
            partial.write_bytes(save(tensors, metadata={"octograph": json.dumps(document, sort_keys=True)}))
            partial.replace(path)
        except OSError as error:
            raise HeadError(
                f"the functional head {str(path)!r} cannot be written: {error}",
                hint="Copy the graph file, with its examples, to a folder that you can write to.",
            ) from error

    @classmethod
    def load(cls, path: Path) -> HeadFile:
        """Read the file.

        Raises
        ------
        HeadError
            It is missing or damaged.

        """
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="numpy") as file:
                document = json.loads(file.metadata()["octograph"])
                if document["format"] != _FORMAT:
                    raise HeadError(
                        f"{path.name!r} has format {document['format']!r}, this version reads {_FORMAT}",
                        hint="Run `octograph train router` again.",
                    )
                heads = {
                    name: FunctionalHead(
                        weight=file.get_tensor(f"{name}.weight"),
                        bias=file.get_tensor(f"{name}.bias"),
                        **(values | {"tokens": tuple(values["tokens"])}),
                    )
                    for name, values in document["masters"].items()
                }
                report = document["report"]
        except FileNotFoundError as error:
            raise HeadError(
                f"the graph has no functional head at {str(path)!r}",
                hint="Fit one with `octograph train router --graph GRAPH`; it takes seconds to minutes.",
            ) from error
        except (OSError, SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise HeadError(
                f"the functional head {str(path)!r} is damaged", hint="Run `octograph train router` again."
            ) from error
        return cls(heads=heads, report=report)
