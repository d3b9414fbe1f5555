"""What goes over the wire: OpenAI's chat completions, as far as a text needs them."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from octograph.nodes.generation import Finish, GenerationRequest

__all__ = ["Chunk", "Trouble", "asked", "read_chunk", "read_models", "read_trouble"]

_FINISHES: dict[str, Finish] = {"stop": "stop", "length": "length", "tool_calls": "stop", "function_call": "stop"}
_LONGEST_SHOWN = 300


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Delta(_Wire):
    content: str | None = None


class _Choice(_Wire):
    delta: _Delta = _Delta()
    finish_reason: str | None = None


class _PromptDetails(_Wire):
    cached_tokens: int | None = None


class _Usage(_Wire):
    prompt_tokens: int = Field(default=0, ge=0)
    completion_tokens: int = Field(default=0, ge=0)
    prompt_tokens_details: _PromptDetails | None = None


class Chunk(_Wire):
    """A piece of a streamed answer."""

    choices: tuple[_Choice, ...] = ()
    usage: _Usage | None = None
    error: Any = None

    @property
    def text(self) -> str:
        """What it adds to the text."""
        return (self.choices[0].delta.content or "") if self.choices else ""

    @property
    def finish_reason(self) -> str | None:
        """Why the text ends here, in the server's word; None if it goes on."""
        return self.choices[0].finish_reason if self.choices else None

    @property
    def finish(self) -> Finish | None:
        """The same in ours; None if it goes on, or ends in a way that is no answer."""
        return _FINISHES.get(self.finish_reason or "")


class Trouble(_Wire):
    """What a server says is wrong.

    Attributes
    ----------
    message
        In its words, cut to what fits in a message.
    overflow
        Whether the conversation is longer than the model's context.
    tokens, limit
        Of the conversation and the context, 0 where it does not say.

    """

    message: str = ""
    overflow: bool = False
    tokens: int = 0
    limit: int = 0


def asked(request: GenerationRequest, model: str) -> dict[str, Any]:
    """Return the body of a request.

    `Sampling.min_p` and `repetition_penalty` stay behind: the protocol has no words for them, and some servers refuse
    words that they do not know.
    """
    sampling = request.sampling
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": one.role, "content": one.content} for one in request.messages],
        "max_tokens": request.max_tokens,
        "temperature": sampling.temperature,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if sampling.temperature > 0:
        body["top_p"] = sampling.top_p
    if sampling.seed is not None:
        body["seed"] = sampling.seed
    if request.stop:
        body["stop"] = list(request.stop)
    return body


def read_chunk(data: bytes) -> Chunk | None:
    """Return a piece of an answer, None if the bytes are none."""
    try:
        return Chunk.model_validate_json(data)
    except ValidationError:
        return None


def read_models(body: bytes) -> tuple[str, ...] | None:
    """Return the models that a server lists, None if the bytes are no list of them."""
    try:
        return tuple(str(model["id"]) for model in json.loads(body)["data"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def read_trouble(document: Any) -> Trouble:
    """Return what a server says is wrong, by the ``error`` of its answer or the answer itself."""
    if isinstance(document, bytes):
        try:
            document = json.loads(document)
        except (ValueError, RecursionError):
            return Trouble(message=_shortened(document.decode("utf-8", errors="replace")))
    if isinstance(document, dict) and document.get("error"):
        document = document["error"]
    if not isinstance(document, dict):
        return Trouble(message=_shortened(str(document)))
    message = next((document[key] for key in ("message", "detail") if document.get(key)), "")
    names = {document.get("type"), document.get("code")}
    return Trouble(
        message=_shortened(str(message)),
        overflow=bool(names & {"exceed_context_size_error", "context_length_exceeded"}),
        tokens=_count(document.get("n_prompt_tokens")),
        limit=_count(document.get("n_ctx")),
    )


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
