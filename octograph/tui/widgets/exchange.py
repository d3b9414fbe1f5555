"""What stands together in the transcript: a question and its answer, or a note."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.geometry import Size, Spacing
from textual.layout import DockArrangeResult
from textual.widget import Widget

from octograph.tui.widgets.answer import Answer

if TYPE_CHECKING:  # see octograph.tui.backend
    from octograph.agents import Turn

__all__ = ["Exchange"]

_NOTHING = DockArrangeResult([], set(), Spacing())


class Exchange(Vertical):
    """One entry of the transcript.

    Parameters
    ----------
    above
        The question, or the note.
    answer
        The answer, None for a note.

    Attributes
    ----------
    in_sight
        Whether a line of it is on the screen.

    """

    DEFAULT_CSS = "Exchange { height: auto; }"

    def __init__(self, above: Widget, answer: Answer | None = None) -> None:
        super().__init__(above, *([] if answer is None else [answer]))
        self.answer = answer
        self.in_sight = True

    @property
    def turn(self) -> Turn | None:
        """The turn, None if it has not ended or this is a note."""
        return None if self.answer is None else self.answer.turn

    @property
    def can_be_made_again(self) -> bool:
        """Whether all that it shows is known of its turn, and the user is elsewhere."""
        return (
            self.answer is not None
            and self.turn is not None
            and self.answer.text == self.turn.text
            and not self.has_focus_within
        )

    def arrange(self, size: Size, optimal: bool = False) -> DockArrangeResult:
        """Lay out the parts; out of sight they only count when the height is asked for, as each costs time."""
        return super().arrange(size, optimal) if self.in_sight or not size.height else _NOTHING

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the height, which depends on nothing but the width.

        The container's height is left out, or each exchange would be laid out anew whenever another one changes.
        """
        return super().get_content_height(container.with_height(0), viewport, width)
