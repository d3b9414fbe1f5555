"""An answer as it was written: what tells how sure one may be of it.

Shapes: ``n`` tokens of an answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from octograph.errors import UsageError
from octograph.nodes.decoding import Branch, Part
from octograph.nodes.generation import TokenMeasures

__all__ = ["Answered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A prompt and the answer that a model gave.

    Attributes
    ----------
    prompt
        Its parts, in order.
    text, tokens
        The answer; ``n`` tokens.
    measures
        Of each token, ``[n]``.
    adapter
        The GGUF LoRA adapter under which it was written.

    Raises
    ------
    UsageError
        There are not as many measures as tokens.

    """

    prompt: tuple[Part, ...]
    text: str
    tokens: tuple[int, ...]
    measures: TokenMeasures
    adapter: Path | None = None

    def __post_init__(self) -> None:
        if len(self.measures.logprobs) != len(self.tokens):
            raise UsageError(
                f"the answer {self.text!r} has {len(self.tokens)} tokens and {len(self.measures.logprobs)} measures",
                hint="Give the measures of this very answer.",
            )

    @classmethod
    def of(cls, branch: Branch, *, prompt: tuple[Part, ...], adapter: Path | None) -> Answered | None:
        """Return a branch of a prompt as an answer, None if it was not measured."""
        if branch.measures is None:
            return None
        return cls(prompt=prompt, text=branch.text, tokens=branch.tokens, measures=branch.measures, adapter=adapter)
