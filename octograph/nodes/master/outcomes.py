"""Rows that foretell success: how likely each worker is to answer a query right.

A functional head is fitted on who *should* answer; these rows on who *did* answer right, as RouteLLM, LLMRouter and
GraphRouter do it with models of their own. Here it is one more set of rows behind the master's one pass.

Shapes: ``n`` queries, ``w`` workers, ``f`` features, ``m`` landmarks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octograph.errors import HeadError, UsageError
from octograph.nodes.master.fitted_file import FittedFile
from octograph.nodes.master.landmarks import Landmarks

__all__ = ["OutcomeRows", "calibrated", "chance_error", "check_reached"]

_FILE = FittedFile(what="set of outcome rows", format=1, command="train outcomes DATA --graph FILE")
_ROWS = ("weight", "bias", "slope", "offset")
_LANDMARKS = ("centre", "scale", "points")
BINS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRows:
    """``P(success of w | q) = sigmoid(a_w (W_w p + b_w) + c_w)`` for each worker ``w``.

    ``p`` are the shares of landmarks in the master's hidden state. Rows over the state itself were tried and do less
    well: success is not a matter of one direction.

    Attributes
    ----------
    workers
        Their names, a row each.
    landmarks
        Turn features into shares.
    weight, bias
        ``W [w, m]`` and ``b [w]``.
    slope, offset
        ``a [w]`` and ``c [w]`` of the calibration (Platt 1999), chosen on queries that the rows were not fitted on.
    temperature
        ``T`` of ``softmax(chance / T)``, the probability that a worker is the best of all; chosen on the same queries.
    system
        The prompt under which the queries were read.
    layer
        Behind which layer of the model the features are taken, counted from 0.
    adapter
        The LoRA adapter through which the queries were read, as a `FunctionalHead` names it; None for none.
    model
        Identity of the weights that the rows were fitted on.
    report
        How they were fitted, and how well they do on queries held out; for people.

    Raises
    ------
    HeadError
        The shapes do not agree.

    """

    workers: tuple[str, ...]
    landmarks: Landmarks
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    slope: NDArray[np.float32]
    offset: NDArray[np.float32]
    temperature: float
    system: str
    layer: int
    adapter: str | None
    model: str
    report: Mapping[str, Any]

    def __post_init__(self) -> None:
        count, points = len(self.workers), self.landmarks.points
        shapes = [part.shape for part in (self.weight, self.bias, self.slope, self.offset)]
        wanted = [(count, len(points)), (count,), (count,), (count,)]
        if points.ndim != 2 or shapes != wanted or self.temperature <= 0:
            raise HeadError(
                f"outcome rows of {count} workers have landmarks {points.shape}, rows {shapes} and the "
                f"temperature {self.temperature!r}",
                hint="Run `octograph train outcomes DATA --graph FILE` again.",
            )

    def chances(self, features: NDArray[np.float32]) -> dict[str, float]:
        """Chance of success of each worker for features ``[f]``; several may be likely at once.

        Raises
        ------
        HeadError
            The features are not those that the rows were fitted on.

        """
        if features.shape != self.landmarks.points.shape[1:]:
            raise HeadError(
                f"the master's model gives {features.size} features and the outcome rows read "
                f"{self.landmarks.points.shape[1]}",
                hint="The model was changed: run `octograph train outcomes DATA --graph FILE` again.",
            )
        return dict(zip(self.workers, self.chances_of(features[None])[0].tolist(), strict=True))

    def chances_of(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Chances ``[n, w]`` for many queries ``[n, f]``."""
        outputs = self.landmarks.shares(features) @ self.weight.T + self.bias  # [n, w]
        return calibrated(outputs, self.slope, self.offset)

    def without(self, worker: str) -> OutcomeRows | None:
        """Return the rows of the other workers, None if there are none."""
        kept = [place for place, name in enumerate(self.workers) if name != worker]
        if not kept:
            return None
        workers = tuple(self.workers[place] for place in kept)
        return replace(self, workers=workers, **{name: getattr(self, name)[kept] for name in _ROWS})

    def save(self, path: Path) -> None:
        """Write a safetensors file, whole or not at all.

        Raises
        ------
        HeadError
            It cannot be written there.

        """
        tensors = {name: getattr(self, name) for name in _ROWS}
        tensors |= {name: getattr(self.landmarks, name) for name in _LANDMARKS}
        values = {name: value for name, value in asdict(self).items() if name not in (*_ROWS, "landmarks")}
        _FILE.write(path, tensors, {"rows": values})

    @classmethod
    def load(cls, path: Path) -> OutcomeRows:
        """Read the file.

        Raises
        ------
        HeadError
            It is missing or damaged.

        """
        with _FILE.opened(path) as (tensors, document):
            values = document["rows"] | {"workers": tuple(document["rows"]["workers"])}
            landmarks = Landmarks(**{name: tensors[name] for name in _LANDMARKS})
            return cls(landmarks=landmarks, **{name: tensors[name] for name in _ROWS}, **values)


def calibrated(
    outputs: NDArray[np.float64], slope: NDArray[np.floating[Any]], offset: NDArray[np.floating[Any]]
) -> NDArray[np.float64]:
    """Chances ``sigmoid(a z + c)`` of the rows' outputs ``[n, w]``; written so that it never overflows."""
    chances: NDArray[np.float64] = 0.5 * (1.0 + np.tanh(0.5 * (outputs * slope + offset)))
    return chances


def check_reached(workers: Iterable[str], reached: Collection[str]) -> None:
    """Check that outcomes are known of workers only that a master reaches.

    Raises
    ------
    UsageError
        They are known of others, which could be chosen and not be sent to.

    """
    if missing := [worker for worker in workers if worker not in reached]:
        raise UsageError(
            f"outcomes are known of workers that no master reaches: {', '.join(missing)}",
            hint="Run `octograph train outcomes DATA --graph FILE` without scores of theirs, or remove the graph's "
            "`.outcomes.safetensors` file.",
        )


def chance_error(chances: NDArray[np.float64], scores: NDArray[np.float64], *, bins: int = BINS) -> float:
    """Expected calibration error (Naeini et al. 2015) of each worker's chances, and the mean over the workers.

    ``ECE_w = sum_b (n_b / n) |score_b - chance_b|`` over bins of equal width; ``ECE = mean_w ECE_w``

    Parameters
    ----------
    chances
        Of success, ``[n, w]``.
    scores
        ``[n, w]``, from 0 to 1.
    bins
        How many bins of equal width cover ``(0, 1]``.

    """
    places = np.clip(np.ceil(chances * bins).astype(int) - 1, 0, bins - 1)  # [n, w]
    errors = []
    for worker, place in enumerate(places.T):
        gap = np.bincount(place, weights=scores[:, worker] - chances[:, worker], minlength=bins)  # [bins]
        errors.append(float(np.abs(gap).sum() / len(chances)))
    return float(np.mean(errors))
