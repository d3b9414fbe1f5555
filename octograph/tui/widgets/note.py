"""What Octograph itself has to say of an answer: what it waits for, or how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from octograph.terminal import plain
from octograph.tui.drawing.lines import one_line
from octograph.tui.widgets.failure import wording

if TYPE_CHECKING:  # see octograph.tui.backend
    from octograph.agents import Attempt, Turn

__all__ = ["Note", "is_written"]

VERDICTS = {
    "abstained": "○ abstained",
    "cancelled": "■ stopped",
    "interrupted": "◌ interrupted before it was done",
    "waiting": "○ not sure enough",
}


class Note(Static):
    """Hidden while there is nothing to say."""

    def __init__(self) -> None:
        super().__init__(classes="note")
        self.display = False
        self._reason: str | None = None
        self._loading: str | None = None

    @property
    def waits(self) -> bool:
        """Whether it says what is waited for."""
        return self._reason is not None

    def wait(self, reason: str) -> None:
        """Say what is waited for."""
        self.say(Content.styled(plain(reason), "italic $text-muted"))
        self._reason = reason

    def load(self, loading: str | None) -> None:
        """Say how far a model is that is waited for; None says again what it is waited for."""
        reason = self._reason
        if reason is not None and loading != self._loading:
            self.wait(loading or reason)
            self._reason, self._loading = reason, loading

    def fail(self, message: str, hint: str) -> None:
        """Say what went wrong."""
        self.say(wording("✗ failed", message, hint))

    def stop(self) -> None:
        """Say that it was stopped before it began."""
        self.say(Content.styled(VERDICTS["cancelled"], "bold"))

    def end(self, turn: Turn, *, resumable: bool = False, revealed: Attempt | None = None) -> None:
        """Say how a turn ended, and what there is to read but no model wrote.

        Parameters
        ----------
        turn
            The turn.
        resumable
            Whether it can be taken up again.
        revealed
            What was withheld and is shown all the same.

        """
        if turn.status == "failed":
            self.fail(turn.text, "")
            return
        verdict = VERDICTS.get(turn.status, "")
        offer = " · ctrl+r resumes it" if resumable else ""
        words = "" if is_written(turn) else plain(turn.text)
        said = Content.assemble((verdict, "bold"), offer, "\n" if verdict and words else "", words)
        if revealed is not None:
            g = "" if revealed.score is None else f", g = {revealed.score:.2f}"
            mark = f"○ Not sure: this is what {one_line(revealed.worker)} wrote{g}."
            said = Content.assemble(said, "\n\n", (mark, "bold $text-warning"))
        self.say(said if said.plain else None)

    def say(self, content: Content | None) -> None:
        """Say this; None says nothing."""
        self._reason = self._loading = None
        if content is None and not self.display:
            return  # it is asked for with each piece of a text, and an update costs a layout of the screen
        self.display = content is not None
        self.update(content if content is not None else "")


def is_written(turn: Turn) -> bool:
    """Whether the text was written by a model: not computed by a tool, not said by Octograph."""
    return bool(turn.text) and turn.source != "tool" and turn.status in ("answered", "cancelled")
