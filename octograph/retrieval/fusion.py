"""Several rankings become one.

Shapes: each ranking maps ids to scores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["fuse"]

Ranking = Mapping[int, float]

RANK_OFFSET = 60


def fuse(rankings: Sequence[Ranking], weights: Sequence[float]) -> list[tuple[int, float]]:
    """Return ids by reciprocal rank fusion (Cormack et al. 2009), the best first.

    ``score(z) = sum_r w_r / (60 + rank_r(z))``, the ranks counted from 1 and a missing id without a share.

    Examples
    --------
    >>> [id_ for id_, _ in fuse([{1: 0.9, 2: 0.8}, {2: 7.0, 3: 5.0}], [1.0, 1.0])]
    [2, 1, 3]

    """
    scores: dict[int, float] = {}
    for ranking, weight in zip(rankings, weights, strict=True):
        ranked = sorted(ranking, key=lambda id_: (-ranking[id_], id_))
        for rank, id_ in enumerate(ranked, start=1):
            scores[id_] = scores.get(id_, 0.0) + weight / (RANK_OFFSET + rank)
    return sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
