"""What stands before a soft prompt: queries with answers to them, read once. In the training host only.

Shapes: ``x`` tokens of a prompt, ``a`` answers to it, ``y`` tokens of the longest, ``h`` key-value heads of ``k``
numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache

__all__ = ["Context", "Contexts", "Exercise"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """A query and answers to it, in tokens.

    Attributes
    ----------
    prompt
        Up to where the answer begins.
    answers
        With whether each is right; an answer may be empty.

    """

    prompt: tuple[int, ...]
    answers: tuple[tuple[tuple[int, ...], bool], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Context:
    """Keys and values of a prompt and of the answers behind it, in half precision.

    Attributes
    ----------
    prompt
        Of each layer, ``[1, h, x, k]``.
    answers
        Of each layer, ``[a, h, y, k]``; what lies behind the end of an answer is hidden by `seen`.
    lengths
        Tokens of each answer, ``[a]``.

    """

    prompt: tuple[tuple[Tensor, Tensor], ...]
    answers: tuple[tuple[Tensor, Tensor], ...]
    lengths: Tensor

    @property
    def bytes(self) -> int:
        """What it takes to keep it."""
        return sum(part.numel() * part.element_size() for pair in (*self.prompt, *self.answers) for part in pair)

    @property
    def ends(self) -> Tensor:
        """Positions behind the answers, ``[a]``."""
        return self.prompt[0][0].shape[2] + self.lengths

    @property
    def seen(self) -> Tensor:
        """Which positions there are, ``[a, x + y]``."""
        start, longest = self.prompt[0][0].shape[2], self.answers[0][0].shape[2]
        seen = torch.ones(len(self.lengths), start + longest, dtype=torch.long)
        seen[:, start:] = torch.arange(longest) < self.lengths[:, None]
        return seen

    def cache(self, config: Any) -> DynamicCache:
        """Return it as a cache of a model with this configuration, ``a`` rows."""
        cache = DynamicCache(config=config)
        for layer, ours in enumerate(zip(self.prompt, self.answers, strict=True)):
            keys, values = (
                torch.cat([prompt.expand(len(self.lengths), -1, -1, -1), answers], dim=2).float()
                for prompt, answers in zip(*ours, strict=True)
            )
            cache.update(keys, values, layer)
        return cache


class Contexts:
    """Reads contexts, and keeps them for the next pass as long as there is room.

    Parameters
    ----------
    model
        Reads.
    room
        Bytes to keep; what has no place is read each time.

    """

    def __init__(self, model: Any, *, room: int) -> None:
        self._model = model
        self._room = room
        self._kept: dict[Exercise, Context] = {}

    def of(self, exercise: Exercise) -> Context:
        """Return what stands before the soft prompt, a row for each answer; the prompt is read once for all."""
        kept = self._kept.get(exercise)
        if kept is not None:
            return kept
        context = self._read(exercise)
        if context.bytes <= self._room:
            self._room -= context.bytes
            self._kept[exercise] = context
        return context

    @torch.no_grad()
    def _read(self, exercise: Exercise) -> Context:
        answers = [tokens for tokens, _ in exercise.answers]
        start, longest = len(exercise.prompt), max(map(len, answers))
        lengths = torch.tensor([len(tokens) for tokens in answers])  # [a]
        cache: Any = DynamicCache(config=self._model.config)  # of a model whose layers all keep keys and values
        self._model.model(input_ids=torch.tensor([exercise.prompt]), past_key_values=cache, use_cache=True)
        prompt = tuple((layer.keys.half(), layer.values.half()) for layer in cache.layers)
        cache.batch_repeat_interleave(len(answers))
        if longest:
            ids = torch.zeros(len(answers), longest, dtype=torch.long)  # [a, y]
            for row, tokens in enumerate(answers):
                ids[row, : len(tokens)] = torch.tensor(tokens, dtype=torch.long)
            # Nothing before the end of an answer can see what lies behind it, so that needs no mask here.
            self._model.model(input_ids=ids, past_key_values=cache, use_cache=True)
        behind = tuple((layer.keys[:, :, start:].half(), layer.values[:, :, start:].half()) for layer in cache.layers)
        return Context(prompt=prompt, answers=behind, lengths=lengths)
