"""What an engine can be asked beyond one text: several branches, scores, and prompts in parts.

Shapes: ``n`` tokens of a text, ``m`` given tokens, ``l`` rows of a soft prompt, ``d`` hidden size.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from octograph.cancellation import CancelToken
from octograph.nodes.generation import Finish, Generation, Message, Sampling, TokenMeasures

__all__ = [
    "Branch",
    "BranchDecoder",
    "BranchDelta",
    "Chat",
    "DecodeRequest",
    "Part",
    "Score",
    "ScoreRequest",
    "Scorer",
    "Scores",
    "SoftPrompt",
    "Text",
    "TokenMeasures",
    "Tokenize",
    "Tokenizer",
    "Tokens",
]


@dataclass(frozen=True, slots=True)
class Chat:
    """A conversation, rendered with the model's chat template up to where the assistant's answer begins."""

    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """A text as it stands.

    Attributes
    ----------
    special
        Let control tokens spelled in it count as such; never for what users, documents or models wrote.

    """

    text: str
    special: bool = False


@dataclass(frozen=True, slots=True)
class Tokens:
    """Token ids."""

    tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SoftPrompt:
    """Trained embeddings ``[l, d]`` in the place of tokens: the tensor ``soft_prompt`` of a safetensors file."""

    path: Path


Part = Chat | Text | Tokens | SoftPrompt
"""A piece of a prompt. Parts follow one another in one KV cache, and a beginning that was there before is used
again, so ASPIRE's ``[theta_p; question; answer; theta_s]`` costs only what is new in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeRequest:
    """A prompt to be continued by `branches` texts, which share its computation.

    Attributes
    ----------
    prompt
        Its parts, in order.
    branches
        How many texts.
    start
        How their first tokens are found: ``"top"`` takes the likeliest ones, the likeliest first (CoT-decoding, Wang
        and Zhou 2024, section 2.2); ``"sample"`` lets each choose for itself.
    max_tokens
        Most tokens of each; fewer if the context has no room for so many.
    sampling
        How tokens are chosen. With a seed, branch ``i`` draws with ``seed + i``.
    stop
        Strings that end a text; they are not part of it.
    ignore_eos
        Write on behind a token that ends a turn, so that each text has exactly `max_tokens`: for measuring speed.
    schema
        A JSON schema that each text keeps to; it is whole unless its ``finish`` is ``"length"``.
    program
        The text is a program of arithmetic: behind each ``=`` a calculator writes the result, and the model goes on
        from there. Such tokens are certain: a log-probability of 0, a margin of 1 and no entropy.
    measured
        Whether each token's measures are wanted.
    adapter
        A GGUF LoRA adapter over the model.

    """

    prompt: tuple[Part, ...]
    branches: int = 1
    start: Literal["top", "sample"] = "sample"
    max_tokens: int = 512
    sampling: Sampling = field(default_factory=Sampling)
    stop: tuple[str, ...] = ()
    ignore_eos: bool = False
    schema: Mapping[str, Any] | None = None
    program: bool = False
    measured: bool = False
    adapter: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchDelta:
    """A further piece of one branch's text."""

    branch: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A branch that has ended.

    Attributes
    ----------
    branch
        Which one, from 0.
    text, tokens
        What it wrote. A stop string is cut from the text, and its tokens are not cut from the tokens.
    finish
        Why it ended.
    measures
        If they were asked for.
    ends
        With the measures: the number of whole characters of the text when each token has been written, ``[n]``.

    """

    branch: int
    text: str
    tokens: tuple[int, ...]
    finish: Finish
    measures: TokenMeasures | None = None
    ends: tuple[int, ...] = ()


class BranchDecoder(Protocol):
    """Something that continues a prompt by several texts at once."""

    def decode(
        self, request: DecodeRequest, *, cancel: CancelToken
    ) -> AsyncIterator[BranchDelta | Branch | Generation]:
        """Yield the texts piece by piece, each branch as a whole when it ends, and last one `Generation`.

        Cancelling ends what still goes on with ``finish="cancelled"``; what was written stays.

        Raises
        ------
        ContextOverflowError
            The prompt leaves no room for a token of each branch.
        ModelFileError
            An adapter or a soft prompt cannot be used with this model.
        HostBusyError
            Too many requests wait already.
        HostError
            The model's process failed.

        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRequest:
    """Texts to be measured as continuations of one prompt.

    Attributes
    ----------
    prompt
        Its parts, in order.
    continuations
        The texts. Tokens are safest: a text is tokenised by itself, which at its seam can differ from the
        tokens of prompt and text written together.
    among
        Tokens between which the model is made to choose at the prompt's end.
    adapter
        A GGUF LoRA adapter over the model.

    """

    prompt: tuple[Part, ...]
    continuations: tuple[Text | Tokens, ...] = ()
    among: tuple[int, ...] = ()
    adapter: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One continuation measured; ``measures.logprobs.sum()`` is its log-likelihood."""

    tokens: tuple[int, ...]
    measures: TokenMeasures


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """The answer to a `ScoreRequest`.

    Attributes
    ----------
    continuations
        In the order of the request.
    probabilities
        Float64 ``[m]``: softmax over the tokens `among` alone; empty if there were none.
    mass
        What the full softmax gives to those together; 0 if there were none.
    prompt_tokens, cached_tokens
        Length of the prompt, and how much of it needed no computing.

    """

    continuations: tuple[Score, ...]
    probabilities: NDArray[np.float64]
    mass: float
    prompt_tokens: int
    cached_tokens: int


Tokenize = Callable[[str], Awaitable[tuple[int, ...]]]
"""Gives the token ids of a text as it stands."""


class Tokenizer(Protocol):
    """Something that tells a model's tokens."""

    async def tokenize(self, text: str) -> tuple[int, ...]:
        """Return the token ids of a text as it stands."""
        ...


class Scorer(Protocol):
    """Something that tells how likely given texts are."""

    async def score(self, request: ScoreRequest, *, cancel: CancelToken) -> Scores | None:
        """Return the measures, None if cancelled; raises as `BranchDecoder.decode` does."""
        ...
