"""Examples in tokens, as the worker will see and write them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from octograph.nodes.training.token_tree import Written
from octograph.nodes.training.torch_model import Dialogue

__all__ = ["Notation"]

_RESULT = re.compile(r"(?<==)[^=\n]+")
"""What a calculator writes in a program: behind the sign of equality, to the end of the line."""


class Notation:
    """Writes examples in the tokens of one model, under one system prompt.

    Parameters
    ----------
    dialogue
        The model's tokens and template.
    system
        The system prompt, which may be empty.
    program
        Whether answers are programs: of those only what the model chooses is learned.

    """

    def __init__(self, dialogue: Dialogue, *, system: str, program: bool) -> None:
        self._dialogue = dialogue
        self._before, self._behind = dialogue.around(system)
        self._program = program

    def written(self, query: str, answer: str) -> Written:
        """Return an example in tokens."""
        tokens: list[int] = []
        learned: list[bool] = []
        for text, own in _chosen(answer) if self._program else [(answer, True)]:
            piece = self._dialogue.plain(text)
            tokens += piece
            learned += [own] * len(piece)
        return Written(
            prompt=(*self._before, *self._dialogue.plain(query.strip()), *self._behind),
            answer=(*tokens, self._dialogue.end),
            learned=(*learned, True),
        )


def _chosen(program: str) -> Iterator[tuple[str, bool]]:
    """Pieces of a program, each with whether the model chooses it."""
    start = 0
    for result in _RESULT.finditer(program):
        yield program[start : result.start()], True
        yield result.group(), False
        start = result.end()
    if start < len(program):
        yield program[start:], True
