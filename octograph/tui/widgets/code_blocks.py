"""The blocks of code in an answer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from octograph.terminal import plain
from octograph.tui.widgets.markup import parser

__all__ = ["CodeBlock", "code_blocks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeBlock:
    """A block of code.

    Attributes
    ----------
    language
        As the model names it; empty if it does not.
    text
        The code, without a line break at its end.

    """

    language: str
    text: str

    @property
    def title(self) -> str:
        """The language, how long it is, and how it begins."""
        lines = self.text.split("\n")
        first = next((line.strip() for line in lines if line.strip()), "")
        return f"{self.language or 'code'}, {len(lines)} line{'s' * (len(lines) > 1)}: {first}"


@lru_cache(maxsize=8)  # asked for with each drawing of the keys
def code_blocks(markdown: str) -> tuple[CodeBlock, ...]:
    r"""Return the blocks, in order; what is inside others, such as lists, counts too.

    Examples
    --------
    >>> code_blocks("Like so:\n\n```python\nprint(1)\n```\n")
    (CodeBlock(language='python', text='print(1)'),)

    """
    return tuple(
        CodeBlock(language=plain(token.info).partition(" ")[0], text=token.content.removesuffix("\n"))
        for token in parser().parse(plain(markdown))
        if token.type in ("fence", "code_block")
    )
