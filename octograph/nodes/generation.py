"""What a model is asked for and what it gives back: the values and the `Generator` Protocol.

Shapes: ``n`` tokens of a text.

Everything that writes text (the llama.cpp engine, the shipped fakes) stands behind `Generator`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from octograph.cancellation import CancelToken

__all__ = [
    "Finish",
    "Generation",
    "GenerationRequest",
    "Generator",
    "Message",
    "Sampling",
    "TextDelta",
    "TokenMeasures",
    "Written",
]

Finish = Literal["stop", "length", "cancelled"]
"""Why a text ended: the model or a stop string ended it, the limit was reached, or it was cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One turn of a conversation as a model sees it."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How the next token is chosen.

    Attributes
    ----------
    temperature
        Divides the logits; 0 is greedy.
    top_p
        Keep the smallest set of tokens whose probabilities sum to at least this (nucleus sampling,
        Holtzman et al. 2020); 1 keeps all.
    min_p
        Keep tokens with at least this share of the top token's probability (Nguyen et al. 2024); 0 keeps all.
    repetition_penalty
        Above 1, tokens written lately become less likely, in greedy decoding too (Keskar et al. 2019, section
        4.1); 1 leaves them alone.
    seed
        Makes the draw repeatable; None draws a fresh one.

    """

    temperature: float = 0.0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    seed: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """A conversation to be continued by the assistant.

    Attributes
    ----------
    messages
        The conversation, rendered with the model's own chat template.
    max_tokens
        Most tokens to write.
    sampling
        How each is chosen.
    stop
        Strings that end the text; they are not part of it.
    schema
        A JSON schema that the text keeps to.
    measured
        Whether the tokens and their measures are wanted; models at servers tell neither.
    adapter
        A GGUF LoRA adapter over the model.

    """

    messages: tuple[Message, ...]
    max_tokens: int = 512
    sampling: Sampling = Sampling()
    stop: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = None
    measured: bool = False
    adapter: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenMeasures:
    """How sure the model was of each token of a text, by its own logits before any sampling rule or grammar.

    Attributes
    ----------
    logprobs
        ``log p(x_t | x_<t)`` of the tokens written, float32 ``[n]``, in nats.
    margins
        ``p(x_t^1) - p(x_t^2)`` of the two likeliest tokens there, float32 ``[n]``: the terms of Delta (Wang and
        Zhou 2024, equation 1).
    entropies
        Of the full distribution there, float32 ``[n]``, in nats.

    """

    logprobs: NDArray[np.float32]
    margins: NDArray[np.float32]
    entropies: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A text in tokens, with their measures, where both were asked for and the model can tell them."""

    tokens: tuple[int, ...]
    measures: TokenMeasures


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDelta:
    """A further piece of the text."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """How a text came about; comes last.

    Attributes
    ----------
    finish
        Why it ended.
    prompt_tokens, cached_tokens, completion_tokens
        Length of the prompt, how much of it was in the KV cache already, length of the text.
    prefill_seconds, decode_seconds
        Time spent on the prompt and on the text.

    """

    finish: Finish
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    prefill_seconds: float
    decode_seconds: float


class Generator(Protocol):
    """Something that writes text."""

    def generate(
        self, request: GenerationRequest, *, cancel: CancelToken
    ) -> AsyncIterator[TextDelta | Written | Generation]:
        """Yield the text piece by piece, then `Written` if it is wanted and known, then one `Generation`.

        Cancelling ends the text early with ``finish="cancelled"``; what was written stays.

        Raises
        ------
        ContextOverflowError
            The conversation does not fit in the model's context.
        HostError
            The model's process failed.

        """
        ...
