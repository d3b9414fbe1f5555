"""Scores from how much the model's further answers to the question differ. They look at the question alone.

Shapes: ``m`` sampled answers, ``d`` length of an embedding, ``c`` clusters.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from octograph.agents.evaluation.answers import normalised
from octograph.agents.numbers import last_number
from octograph.agents.selection.samples import Sample, Samples
from octograph.cancellation import CancelToken
from octograph.nodes.answered import Answered
from octograph.retrieval.embedding import Embedder

__all__ = ["PredictiveEntropy", "SemanticEntropy"]

ALIKE = 0.8
"""Inner product of the embeddings of answers that mean the same. Of the bundled embedder: "Paris" and "the city of
Paris" 0.90, "Barack Obama" and "President Obama" 0.93, "yes" and "no" 0.73, "Paris" and "London" 0.58."""


class PredictiveEntropy:
    """How unlikely sampled answers are for their length, negated (Malinin and Gales 2021, arXiv 2002.07650).

    ``g = -H``, ``H = -(1/m) sum_s (1/|s|) log f(s|x)`` in nats a token, over answers ``s`` drawn from the model.

    Parameters
    ----------
    samples
        Draws them.

    """

    name = "predictive_entropy"

    def __init__(self, samples: Samples) -> None:
        self._samples = samples

    async def score(self, answered: Answered, *, cancel: CancelToken) -> float | None:
        """See `SelectionScore`; ``-inf`` if no sample has a token."""
        drawn = await self._samples.of(answered, cancel=cancel)
        if drawn is None:
            return None
        return math.fsum(one.loglikelihood for one in drawn) / len(drawn) if drawn else -math.inf


class SemanticEntropy:
    """How many things sampled answers say, negated (Kuhn et al. 2023, arXiv 2302.09664).

    ``g = -H``, ``H = -sum_c p(c|x) log p(c|x)`` in nats over clusters ``c`` of answers that mean the same, with
    ``p(c|x)`` the sum of ``f_norm(s|x)`` over a cluster's samples, divided by that over all samples, as in Farquhar
    et al. (2024).

    As there, each answer is compared with the first of each cluster and joins the first that fits. They mean the same
    if they are equal but for case, punctuation, articles and how numbers are spelled, or if an embedder finds them
    alike, where the paper has a model of entailment; but not if they end in different numbers, which to an embedder
    are much the same.

    Parameters
    ----------
    samples
        Draws the answers.
    embedder
        Compares them.
    alike
        Least inner product of two that mean the same, in the embedder's own scale: for ``"cosine"`` at most 1.

    """

    name = "semantic_entropy"

    def __init__(self, samples: Samples, embedder: Embedder, *, alike: float = ALIKE) -> None:
        self._samples = samples
        self._embedder = embedder
        self._alike = alike

    async def score(self, answered: Answered, *, cancel: CancelToken) -> float | None:
        """See `SelectionScore`; ``-inf`` if no sample has a token."""
        drawn = await self._samples.of(answered, cancel=cancel)
        if drawn is None:
            return None
        if not drawn:
            return -math.inf
        places = await self._clusters([one.text for one in drawn], cancel)  # [m]
        return None if places is None else 0.0 - _entropy(places, drawn)  # which is never -0.0

    async def _clusters(self, texts: list[str], cancel: CancelToken) -> NDArray[np.int64] | None:
        """Return the cluster of each text ``[m]``, None if cancelled."""
        spelled = [normalised(text) for text in texts]  # [m]
        kinds = list(dict.fromkeys(spelled))
        if len(kinds) == 1:
            return np.zeros(len(texts), dtype=np.int64)
        # One text for all that are equal: embedding is what costs here.
        shown = [texts[spelled.index(kind)] for kind in kinds]
        vectors = await self._embedder.encode(shown, cancel=cancel)  # [kinds, d]
        if vectors is None:
            return None
        products = vectors @ vectors.T  # [kinds, kinds]
        endings = [last_number(text) for text in shown]
        values = [None if number is None else number.value for number in endings]
        firsts: list[int] = []
        cluster: list[int] = []
        for place, value in enumerate(values):
            fitting = (
                index
                for index, first in enumerate(firsts)
                if values[first] == value and products[place, first] >= self._alike
            )
            found = next(fitting, len(firsts))
            if found == len(firsts):
                firsts.append(place)
            cluster.append(found)
        return np.array([cluster[kinds.index(kind)] for kind in spelled], dtype=np.int64)


def _entropy(places: NDArray[np.int64], drawn: tuple[Sample, ...]) -> float:
    likely = np.array([one.loglikelihood for one in drawn])  # [m]
    # Divided by the likeliest, so that a sum of nothing but tiny ones is no 0.
    masses = np.bincount(places, weights=np.exp(likely - likely.max()))  # [c]
    shares = masses / masses.sum()  # [c]
    shares = shares[shares > 0]  # 0 log 0 = 0
    return float(-(shares * np.log(shares)).sum())
