"""The likeliest answers by beam search, over one prompt or over several of which each holds another passage.

Shapes: ``K`` prompts.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from octograph.cancellation import CancelToken
from octograph.nodes.decoding import Part

__all__ = ["BeamRequest", "BeamSearcher", "Beams", "Hypothesis"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BeamRequest:
    """Prompts of which the likeliest continuations are wanted.

    At each step every live hypothesis is extended by its likeliest tokens.
    Of all extensions the `width` likeliest that do not end go on; one that ends is finished if it is among the first
    `width` of all.
    The search is over when `width` finished ones are at least as good as any live one can still become, or at
    `max_tokens`, where the live ones count as finished too.
    That is the beam search of transformers with ``early_stopping="never"``.

    Attributes
    ----------
    prompts
        ``K`` prompts, each in parts. What they share in the beginning is computed once.
    weights
        ``p(z|x)`` of each prompt, in any unit: they are divided by their sum. None given: all alike.
    mode
        ``"separate"``: a search behind each prompt (RAG-Sequence, Lewis et al. 2020, section 2.1; with one prompt,
        beam search as such). ``"mixed"``: one search over ``sum_z p(z|x) p(y_i|x,z,y_<i)`` (RAG-Token).
    width
        Hypotheses that a search keeps.
    count
        Hypotheses wanted of each search; None for `width`.
    max_tokens
        Most tokens of each, the one that ends it included; fewer if the context has no room for so many.
    stop
        Strings that end a hypothesis; they are not part of its text.
    length_penalty
        ``a`` in ``log p(y) / n^a``, by which a search compares what it has finished; ``n`` counts the token that
        ends it. 0, the likelihood itself, is what Lewis et al. (2020, section 2.5) look for; 1, the default of
        transformers, does not hold a text's length against it.
    scored
        Score every hypothesis of a ``"separate"`` search behind every prompt (thorough decoding, section 2.5). If
        not, one is impossible behind a prompt in whose beam it is not (fast decoding).
    adapter
        A GGUF LoRA adapter over the model.

    """

    prompts: tuple[tuple[Part, ...], ...]
    weights: tuple[float, ...] = ()
    mode: Literal["separate", "mixed"] = "separate"
    width: int = 4
    count: int | None = None
    max_tokens: int = 64
    stop: tuple[str, ...] = ()
    length_penalty: float = 0.0
    scored: bool = False
    adapter: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """A continuation that a beam search found.

    Attributes
    ----------
    text, tokens
        What it says. A stop string is cut from the text, and its tokens are not cut from the tokens.
    end
        The token with which the model ended it, None if something else did; it is not one of `tokens`.
    finish
        ``"stop"`` if the model or a stop string ended it.
    logprobs
        ``log p(y|x,z)`` behind each prompt, float32 ``[K]``, in nats, that of `end` included. ``-inf`` where it
        stands in no beam and was not scored.
    marginal
        In nats: ``log sum_z p(z|x) p(y|x,z)`` of separate searches, ``sum_i log sum_z p(z|x) p(y_i|x,z,y_<i)`` of a
        mixed one; with one prompt both are its log-likelihood.

    """

    text: str
    tokens: tuple[int, ...]
    end: int | None
    finish: Literal["stop", "length"]
    logprobs: NDArray[np.float32]
    marginal: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Beams:
    """The answer to a `BeamRequest`.

    Attributes
    ----------
    hypotheses
        No two of the same tokens; ordered by `Hypothesis.marginal` under the length penalty, the best first.
    prompt_tokens, cached_tokens
        Length of all prompts, and how much of them needed no computing.
    seconds
        From the request's arrival in the host.

    """

    hypotheses: tuple[Hypothesis, ...]
    prompt_tokens: int
    cached_tokens: int
    seconds: float


class BeamSearcher(Protocol):
    """Something that finds the likeliest continuations."""

    async def beams(self, request: BeamRequest, *, cancel: CancelToken) -> Beams | None:
        """Return them, None if cancelled.

        Raises
        ------
        ContextOverflowError
            The prompts leave no room for a token of each hypothesis.
        HostRequestError
            The request makes no sense, or needs more sequences than there are: ``K (width + 1)``.
        ModelFileError
            An adapter or a soft prompt cannot be used with this model.
        HostBusyError
            Too many requests wait already.
        HostError
            The model's process failed.

        """
        ...
