"""Results that a calculator writes into a program while the model writes it."""

from __future__ import annotations

import codecs

from octograph.nodes.llama.model import Model
from octograph.nodes.tools.program import pending

__all__ = ["Results"]


class Results:
    """Follows one text and says what a calculator adds to it; see `octograph.nodes.tools.program`.

    Parameters
    ----------
    model
        Turns the results into tokens.

    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._line = ""

    def behind(self, piece: bytes) -> list[int]:
        """Return the tokens of the result that is due behind the text with a further piece; mostly none are."""
        self._line = (self._line + self._decoder.decode(piece)).rpartition("\n")[2]
        result = pending(self._line)
        if result is None:
            return []
        self._line += result
        return self._model.tokenize(result)
