"""A question that is answered with yes or no."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from octograph.terminal import plain

__all__ = ["ConfirmScreen"]


class ConfirmScreen(ModalScreen[bool]):
    """Asks before something is done that the user may not want; not doing it is the default.

    Parameters
    ----------
    question
        What is asked.
    act, keep
        The words on the button that does it, and on the other.
    lost
        Whether something is lost by it.

    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape", "answer(False)", "No"),
        Binding("left,right", "app.focus_next", "Other button", show=False),
    ]

    def __init__(self, question: str, *, act: str, keep: str = "Keep", lost: bool = True) -> None:
        super().__init__()
        self._question = question
        self._act = act
        self._keep = keep
        self._lost = lost

    def compose(self) -> ComposeResult:
        """Make the dialog."""
        with Vertical(classes="dialog"):
            yield Static(Content(plain(self._question)))
            with Horizontal(classes="buttons"):
                yield Button(f"{self._keep}  n", id="no")
                yield Button(f"{self._act}  y", id="yes", variant="error" if self._lost else "primary")

    @on(Button.Pressed)
    def answer(self, event: Button.Pressed) -> None:
        """Answer with the button."""
        event.stop()
        self.dismiss(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:
        """Answer with a key."""
        self.dismiss(yes)
