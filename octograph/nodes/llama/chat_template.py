"""The chat template of a GGUF file, rendered so that nobody's words can pass for the template's.

The template is a program from a stranger: it runs in Jinja's immutable sandbox, and not for long.
The messages are words from strangers: each stands in the rendered text as a mark, and only the text between
the marks is tokenised with control tokens, so ``<|im_end|>`` inside a message stays plain text.
"""

from __future__ import annotations

import re
import secrets
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from octograph.errors import ModelFileError
from octograph.nodes.llama.model import Model

__all__ = ["ChatTemplate"]

_CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


RENDER_SECONDS = 2.0
"""CPU time that a template may take; one that ends takes about a thousandth of it."""


class ChatTemplate:
    """Renders messages to tokens for one model.

    Raises
    ------
    ModelFileError
        The model's template cannot be used.

    """

    def __init__(self, model: Model) -> None:
        self._model = model
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        environment.globals["raise_exception"] = _refuse
        try:
            self._template = environment.from_string(model.chat_template or _CHATML)
        except Exception as error:  # a program from a stranger can fail in any way
            raise ModelFileError(f"the model's chat template cannot be read: {error}") from error

    def tokens(self, messages: Sequence[Mapping[str, str]]) -> list[int]:
        """Token ids of a conversation, up to where the assistant's answer begins."""
        return [token for part, _ in self._parts(messages) for token in part]

    def around(self, messages: Sequence[Mapping[str, str]]) -> tuple[list[int], list[int]]:
        """Token ids before and after the content of the last message."""
        parts = self._parts(messages)
        last = max(place for place, (_, index) in enumerate(parts) if index == len(messages) - 1)
        before = [token for part, _ in parts[:last] for token in part]
        return before, [token for part, _ in parts[last + 1 :] for token in part]

    def _parts(self, messages: Sequence[Mapping[str, str]]) -> list[tuple[list[int], int | None]]:
        """Tokens piece by piece, each with the index of the message that it is the content of."""
        salt = secrets.token_hex(8)
        marks = {f"octograph{salt}n{index}n": index for index in range(len(messages))}
        marked = [{**message, "content": mark} for message, mark in zip(messages, marks, strict=True)]
        try:
            with _at_most(RENDER_SECONDS):
                text = self._template.render(
                    messages=marked,
                    add_generation_prompt=True,
                    bos_token=self._model.bos,
                    eos_token=self._model.eos,
                )
        except Exception as error:
            raise ModelFileError(f"the model's chat template failed: {error}") from error
        parts: list[tuple[list[int], int | None]] = []
        for piece in re.split(f"(octograph{salt}n[0-9]+n)", text):
            index = marks.get(piece)
            content = piece if index is None else messages[index]["content"].strip()
            parts.append((self._model.tokenize(content, special=index is None), index))
        if sorted(index for _, index in parts if index is not None) != list(range(len(messages))):
            raise ModelFileError("the model's chat template drops or repeats a message")
        return parts


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    """Raise `TimeoutError` in what is called in the block once it has taken so much of this thread's CPU time.

    The sandbox limits a range and not loops within loops.
    """
    deadline = time.thread_time() + seconds

    def traced(_frame: FrameType, _event: str, _argument: Any) -> Any:
        if time.thread_time() > deadline:
            raise TimeoutError(f"it takes more than {seconds:g} s")
        return traced

    before = sys.gettrace()
    sys.settrace(traced)
    try:
        yield
    finally:
        sys.settrace(before)


def _refuse(message: str) -> None:
    raise jinja2.TemplateError(message)
