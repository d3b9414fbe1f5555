"""Answers marginalised over the passages behind which they were scored (RAG, Lewis et al. 2020).

Shapes: ``K`` passages, ``H`` answers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from octograph.errors import UsageError

__all__ = ["passage_posterior", "sequence_marginals"]

Numbers = Sequence[float] | NDArray[np.floating]
Table = Sequence[Sequence[float]] | NDArray[np.floating]


def sequence_marginals(weights: Numbers, logprobs: Table) -> NDArray[np.float64]:
    """Return ``log p(y|x) = log sum_z p(z|x) p(y|x,z)`` ``[H]`` (RAG-Sequence, Lewis et al. 2020, section 2.1).

    Parameters
    ----------
    weights
        ``p(z|x)`` ``[K]`` in any unit: they are divided by their sum. None may be negative.
    logprobs
        ``log p(y|x,z)`` ``[H, K]``; ``-inf`` where the answer is impossible.

    Raises
    ------
    UsageError
        The weights are no distribution, or there are not as many of them as columns.

    Examples
    --------
    >>> import numpy as np
    >>> float(np.exp(sequence_marginals([0.75, 0.25], np.log([[0.2, 0.6]]))[0]).round(6))
    0.3

    """
    joint = _joint(weights, logprobs)
    top = joint.max(axis=1)  # [H]
    # The top is taken out, so that no sum underflows; a row of nothing but -inf has none.
    shift = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(shift + np.log(np.exp(joint - shift[:, None]).sum(axis=1)))


def passage_posterior(weights: Numbers, logprobs: Table) -> NDArray[np.float64]:
    """Return ``p(z|x,y) = p(z|x) p(y|x,z) / p(y|x)`` ``[H, K]``: what each passage has to do with an answer.

    An answer that no passage makes possible tells nothing of them: its row is ``p(z|x)``.
    Parameters and errors are those of `sequence_marginals`.

    Examples
    --------
    >>> import numpy as np
    >>> passage_posterior([0.75, 0.25], np.log([[0.2, 0.6]])).round(6).tolist()
    [[0.5, 0.5]]

    """
    joint = _joint(weights, logprobs)
    possible = np.isfinite(joint).any(axis=1, keepdims=True)  # [H, 1]
    joint = np.where(possible, joint, _joint(weights, np.zeros_like(joint)))
    shares = np.exp(joint - joint.max(axis=1, keepdims=True))  # [H, K]
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def _joint(weights: Numbers, logprobs: Table) -> NDArray[np.float64]:
    """``log p(z|x) + log p(y|x,z)`` ``[H, K]``."""
    given = np.asarray(weights, np.float64)
    table = np.asarray(logprobs, np.float64)
    if given.ndim != 1 or not np.isfinite(given).all() or (given < 0).any() or given.sum() <= 0:
        raise UsageError(
            f"{given.tolist()!r} cannot be weights", hint="Give numbers that are not negative, one of them positive."
        )
    if not table.size:
        table = table.reshape(0, len(given))
    if table.ndim != 2 or table.shape[1] != len(given):
        raise UsageError(
            f"there are {len(given)} weights and log-likelihoods of shape {list(table.shape)}",
            hint="Give a row for each answer and a column for each weight.",
        )
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(given / given.sum()) + table)
