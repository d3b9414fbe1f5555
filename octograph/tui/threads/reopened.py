"""A conversation as it is shown when it is opened again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from octograph.errors import FeedbackError
from octograph.tui.backend import Backend
from octograph.tui.widgets.foot import Rating

if TYPE_CHECKING:  # see octograph.tui.backend
    from octograph.agents import Turn

__all__ = ["Reopened"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened:
    """What is known of a conversation.

    Attributes
    ----------
    turns
        Its turns, oldest first.
    title
        None if it is new.
    ratings
        What the user thought of its answers, by turn.

    """

    turns: Sequence[Turn]
    title: str | None = None
    ratings: Mapping[str, Rating] = field(default_factory=dict)

    @classmethod
    def read(cls, backend: Backend, thread: str) -> Reopened:
        """Read a conversation; blocks."""
        turns = backend.threads.turns(thread)
        if not turns:
            return cls(turns=turns)
        ratings = {}
        with suppress(FeedbackError):  # whoever rates an answer is told; the answers can be read all the same
            ratings = {
                turn: Rating(accepted=one.kind == "accepted", instead=one.instead)
                for turn, one in backend.ratings(thread).items()
            }
        return cls(turns=turns, title=backend.threads.info(thread).title, ratings=ratings)
