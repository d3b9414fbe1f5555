"""Prompts in parts: conversations, texts, tokens and soft prompts, one after another in one cache.

Each position has a *symbol*: a token's id, or ``-1 - i`` for row `i` of the soft prompts known to the host.
So a prompt is a list of integers, and shared beginnings are found without a look at any matrix.

Shapes: ``l`` rows of a soft prompt, ``d`` hidden size.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from octograph.errors import HostRequestError, ModelFileError
from octograph.nodes.host.frames import Frame
from octograph.nodes.llama.chat_template import ChatTemplate
from octograph.nodes.llama.model import Model

__all__ = ["Inputs"]

TENSOR = "soft_prompt"
"""Name of the matrix in a soft prompt's safetensors file."""


class Inputs:
    """Turns the parts of a prompt into symbols, and symbols into what a context decodes.

    Parameters
    ----------
    model
        Whose tokens and hidden size these are.

    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self.template = ChatTemplate(model)
        self._rows: list[NDArray[np.float32]] = []
        self._first: dict[bytes, int] = {}

    def symbols(self, parts: Sequence[Frame]) -> list[int]:
        """Symbols of a prompt.

        A part is one of ``{"messages"}`` (rendered with the chat template, up to where the answer begins),
        ``{"text", "special"}``, ``{"tokens"}`` and ``{"soft_prompt"}`` (path of a safetensors file).

        Raises
        ------
        HostRequestError
            A part is none of these, or a token is none of the model's.
        ModelFileError
            A soft prompt cannot be read or was made for another model.

        """
        symbols: list[int] = []
        for part in parts:
            symbols += self._part(part)
        if not symbols:
            raise HostRequestError("the prompt is empty", hint="Give at least one token.")
        return symbols

    def tokens(self, part: Frame) -> list[int]:
        """Token ids of a part that is a text or tokens."""
        if "text" in part:
            return self._model.tokenize(part["text"], special=bool(part.get("special")))
        tokens = [int(token) for token in part["tokens"]]
        wrong = [token for token in tokens if not 0 <= token < self._model.vocabulary_size]
        if wrong:
            raise HostRequestError(
                f"{wrong[0]} is no token: the model has 0 to {self._model.vocabulary_size - 1}",
                hint="Tokens must come from this very model's tokenizer.",
            )
        return tokens

    def chunk(self, symbols: Sequence[int]) -> Sequence[int] | NDArray[np.float32]:
        """Return what stands for the first symbols of one kind: token ids, or embeddings ``[n, d]``."""
        soft = symbols[0] < 0
        end = next((place for place, symbol in enumerate(symbols) if (symbol < 0) != soft), len(symbols))
        if not soft:
            return symbols[:end]
        return np.stack([self._rows[-1 - symbol] for symbol in symbols[:end]])

    def _part(self, part: Frame) -> list[int]:
        if "messages" in part:
            return self.template.tokens(part["messages"])
        if "soft_prompt" in part:
            return self._soft_prompt(Path(part["soft_prompt"]))
        if "text" in part or "tokens" in part:
            return self.tokens(part)
        raise HostRequestError(f"a prompt has no part like {sorted(part)!r}")

    def _soft_prompt(self, path: Path) -> list[int]:
        matrix = self._matrix(path)  # [l, d]
        # By content: a file that was trained anew under its old name is another prompt.
        digest = hashlib.sha256(matrix.tobytes()).digest()
        if digest not in self._first:
            self._first[digest] = len(self._rows)
            self._rows.extend(matrix)
        first = self._first[digest]
        return [-1 - row for row in range(first, first + len(matrix))]

    def _matrix(self, path: Path) -> NDArray[np.float32]:
        try:
            matrix = load_file(path)[TENSOR].astype(np.float32)
        except (OSError, SafetensorError, KeyError) as error:
            raise ModelFileError(
                f"the soft prompt {path.name!r} cannot be read: {error}",
                hint=f"It must be a safetensors file with a tensor named {TENSOR!r}.",
            ) from error
        if matrix.ndim != 2 or not len(matrix) or matrix.shape[1] != self._model.embedding_size:
            raise ModelFileError(
                f"the soft prompt {path.name!r} has shape {list(matrix.shape)}, and this model takes "
                f"[l, {self._model.embedding_size}]",
                hint="It was trained for another model.",
            )
        return np.ascontiguousarray(matrix)
