"""The line below an answer: how fast it came, and what the user thought of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from textual.content import Content
from textual.widgets import Static

from octograph.tui.drawing.lines import one_line
from octograph.tui.drawing.strokes import Strokes
from octograph.tui.turns.account import Account

__all__ = ["Foot", "Rating"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """What the user thought of an answer.

    Attributes
    ----------
    accepted
        Whether it was good.
    instead
        Who should have answered, if the user said so.

    """

    accepted: bool
    instead: str | None = None

    @property
    def mark(self) -> Literal["good", "bad"]:
        """The rating in a word."""
        return "good" if self.accepted else "bad"


class Foot(Static):
    """Hidden while there is nothing to say.

    Parameters
    ----------
    strokes
        What it is drawn with.

    """

    DEFAULT_CSS = "Foot { height: auto; margin-top: 1; color: $text-muted; }"

    def __init__(self, strokes: Strokes) -> None:
        super().__init__()
        self._strokes = strokes
        self.display = False

    def show(self, account: Account | None, rating: Rating | None) -> None:
        """Show it for a turn that has ended; None hides it."""
        parts = [] if account is None else [*_figures(account), *self._doubt(account), *self._rating(rating)]
        self.display = bool(parts)
        self.update(Content(" · ").join(parts))

    def _doubt(self, account: Account) -> Iterator[Content]:
        """That the user took an answer that nobody was sure of."""
        sureness = account.answer.sureness if account.answer is not None else None
        if sureness is not None and not sureness.enough:
            yield Content.styled(f"{self._strokes.waiting} not sure, g {sureness.g:.2f}", "$text-warning")

    def _rating(self, rating: Rating | None) -> Iterator[Content]:
        if rating is None:
            return
        if rating.instead is not None:
            words = f"{self._strokes.passed} should have gone to {one_line(rating.instead)}"
        else:
            words = f"{self._strokes.taken if rating.accepted else self._strokes.passed} {rating.mark}"
        yield Content.styled(words, "bold")


def _figures(account: Account) -> Iterator[Content]:
    one = account.answer or account.current
    if one is not None and one.tokens_per_second is not None:
        yield Content(f"{one.tokens_per_second:.1f} tokens/s")
    if account.total:
        yield Content(f"{account.total:.1f} s")
