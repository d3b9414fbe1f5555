"""The questions that were asked, to be called back."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["History"]


class History:
    """Walks back and forth through earlier questions, and keeps the draft that the walk began with.

    Examples
    --------
    >>> history = History(["one", "two"])
    >>> history.back("dra"), history.back("two"), history.back("one")
    ('two', 'one', None)
    >>> history.forward("one"), history.forward("two"), history.forward("dra")
    ('two', 'dra', None)

    """

    def __init__(self, questions: Iterable[str] = ()) -> None:
        self._texts = list(questions)
        self._at = len(self._texts)
        self._draft = ""

    def add(self, question: str) -> None:
        """Remember a question, and end the walk."""
        if not self._texts or self._texts[-1] != question:
            self._texts.append(question)
        self._at = len(self._texts)
        self._draft = ""

    def back(self, current: str) -> str | None:
        """Return the question before, None at the oldest."""
        if self._at == 0:
            return None
        self._keep(current)
        self._at -= 1
        return self._texts[self._at]

    def forward(self, current: str) -> str | None:
        """Return the question after or, past the newest, the draft; None there."""
        if self._at == len(self._texts):
            return None
        self._keep(current)
        self._at += 1
        return self._draft if self._at == len(self._texts) else self._texts[self._at]

    def _keep(self, current: str) -> None:
        if self._at == len(self._texts):
            self._draft = current
