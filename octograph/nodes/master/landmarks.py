"""Landmarks among hidden states: where in the space of queries a query lies.

Shapes: ``n`` queries, ``f`` features, ``m`` landmarks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from octograph.nodes.master.calibration import softmax

__all__ = ["Landmarks"]

_ROUNDS = 15
"""Of k-means at most: where exactly the landmarks stand is of no account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landmarks:
    """``p(j | h) = softmax_j(v_j u)`` with the standardised hidden state ``u`` of length 1.

    Queries that lie alike are answered alike, so what is fitted on these shares pools a query's neighbours; far from
    all landmarks the shares, and what is foretold from them, go to the mean.

    Attributes
    ----------
    centre, scale
        Mean and standard deviation ``[f]`` of the features.
    points
        ``v [m, f]``: centres of the queries, of the length that makes the softmax as sharp as it is.

    """

    centre: NDArray[np.float32]
    scale: NDArray[np.float32]
    points: NDArray[np.float32]

    @classmethod
    def among(cls, features: NDArray[np.float32], count: int, *, sharpness: float = 1.0, seed: int = 0) -> Landmarks:
        """Find landmarks among queries by k-means over their directions.

        Parameters
        ----------
        features
            ``[n, f]``.
        count
            How many, at most ``n``.
        sharpness
            How much a share says: at 0 all shares are the same, at infinity the nearest landmark has all.
        seed
            Of the first guess.

        """
        from sklearn.cluster import KMeans

        centre, scale = features.mean(axis=0), features.std(axis=0) + 1e-6
        means = KMeans(count, n_init=1, max_iter=_ROUNDS, random_state=seed).fit(_directions(features, centre, scale))
        points = means.cluster_centers_.astype(np.float32)
        lengths = np.linalg.norm(points, axis=1, keepdims=True) + 1e-6
        return cls(centre=centre, scale=scale, points=points / lengths).sharpened(sharpness)

    def sharpened(self, factor: float) -> Landmarks:
        """The same landmarks, with a softmax `factor` times as sharp."""
        return Landmarks(centre=self.centre, scale=self.scale, points=self.points * np.float32(factor))

    def shares(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Share of each landmark in each query, ``[n, m]``; a query's sum to 1."""
        directions = _directions(features, self.centre, self.scale)  # [n, f]
        return softmax((directions @ self.points.T).astype(np.float64))


def _directions(
    features: NDArray[np.float32], centre: NDArray[np.float32], scale: NDArray[np.float32]
) -> NDArray[np.float32]:
    scaled: NDArray[np.float32] = (features - centre) / scale
    directions: NDArray[np.float32] = scaled / (np.linalg.norm(scaled, axis=1, keepdims=True) + np.float32(1e-6))
    return directions
