"""What the app needs of the conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:  # see octograph.tui.backend
    from octograph.agents import ThreadInfo, Turn
    from octograph.agents.context import ContextUse
    from octograph.agents.finding import FoundTurn

__all__ = ["Conversations", "Form"]

Form = Literal["markdown", "json"]
"""How a conversation is written down, as in `octograph.agents.transcript`, which the first paint does not load."""


class Conversations(Protocol):
    """The conversations of a model graph; `octograph.threads.Threads` is one.

    All methods block, and are called in threads.
    """

    def info(self, thread: str) -> ThreadInfo:
        """Return the title of a conversation, and more of it."""
        ...

    def turns(self, thread: str) -> list[Turn]:
        """Return the turns of a conversation, oldest first; empty if there is none of that name."""
        ...

    def search(self, text: str) -> list[FoundTurn]:
        """Return the turns with all words of the text, the best first."""
        ...

    def rename(self, thread: str, title: str) -> None:
        """Give a conversation another title."""
        ...

    def delete(self, thread: str) -> None:
        """Delete a conversation, such that it can be restored."""
        ...

    def restore(self, thread: str) -> None:
        """Bring a deleted conversation back."""
        ...

    def fork(self, thread: str, turn: str, *, keep: bool = True) -> str:
        """Make a new conversation that goes the same way up to a turn, and return its name."""
        ...

    def context(self, thread: str) -> ContextUse | None:
        """Return how full the model's context is, None if that is not known."""
        ...

    def compact(self, thread: str, keep: int | None = 4) -> int:
        """Show models only so many turns from now on, None for all."""
        ...

    def export(self, thread: str, *, form: Form = "markdown") -> str:
        """Return a conversation as one text."""
        ...

    def list(self) -> list[ThreadInfo]:
        """Return all conversations, the last used first."""
        ...
