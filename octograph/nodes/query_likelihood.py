"""Passages judged by how likely they make the question: query likelihood (Ponte and Croft 1998) by a language model."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from octograph.cancellation import CancelToken
from octograph.nodes.decoding import Scorer, ScoreRequest, Text

__all__ = ["QueryLikelihood"]


class QueryLikelihood:
    """Scores passages with the model that is there anyway.

    ``score(z) = (1/|x|) sum_i log p(x_i | z, x_<i)``, the mean over the question's tokens behind the passage (Sachan et
    al. 2022). All passages share the engine's batches.

    Parameters
    ----------
    scorer
        The model.

    """

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer

    async def rerank(self, query: str, passages: Sequence[str], *, cancel: CancelToken) -> list[float] | None:
        """Return a score for each passage, higher for those that fit better; None if cancelled."""
        requests = [
            ScoreRequest(
                prompt=(Text(f"Passage: {' '.join(passage.split())}\nA question that the passage answers:"),),
                continuations=(Text(f" {query}"),),
            )
            for passage in passages
        ]
        found = await asyncio.gather(*(self._scorer.score(request, cancel=cancel) for request in requests))
        scores = [float(scores.continuations[0].measures.logprobs.mean()) for scores in found if scores is not None]
        return scores if len(scores) == len(passages) else None
