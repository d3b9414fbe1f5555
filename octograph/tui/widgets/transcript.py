"""The conversation: questions and answers, the latest at the bottom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Static

from octograph.tui.widgets.answer import Answer
from octograph.tui.widgets.question import Question

if TYPE_CHECKING:  # see backend.py
    from octograph.agents import Turn

__all__ = ["Transcript"]

PAGE = 20
"""Turns that are shown at a time; older ones on demand, as each costs time in every layout."""
WELCOME = "Ask a question.\nThe graph picks who answers it, or says that it doesn't know."


class Transcript(VerticalScroll, can_focus=False):
    """Follows the text that is written, unless the user scrolled up; scrolling to the end follows again."""

    def __init__(self) -> None:
        super().__init__()
        self._earlier: list[Turn] = []
        """Turns that have no widgets yet; they come before those that have, of which the first are hidden."""
        self._column = Vertical(id="turns")

    @property
    def last(self) -> Answer | None:
        """The latest answer."""
        answers = self.query(Answer)
        return answers.last() if answers else None

    def compose(self) -> ComposeResult:
        """Lay out the column, at least as high as the screen: the anchor would pull a shorter one down."""
        with self._column:
            yield Static(Content(WELCOME), id="welcome")

    def on_mount(self) -> None:
        """Follow what is added."""
        self.anchor()

    async def clear(self) -> None:
        """Show an empty conversation."""
        self._earlier = []
        await self._column.remove_children()
        await self._column.mount(Static(Content(WELCOME), id="welcome"))
        self.anchor()

    async def add(self, question: str) -> Answer:
        """Add a question, and return the place for its answer."""
        answer = Answer()
        await self._mount([Question(question), answer])
        shown = [each for each in self.query(Question) if each.display]
        if len(shown) > 2 * PAGE:
            self._hide_before(shown[-PAGE])
            await self._offer_earlier()
        self.anchor()
        return answer

    async def add_note(self, note: Widget) -> None:
        """Add something that is neither question nor answer."""
        await self._mount([note])

    async def show(self, turns: Sequence[Turn]) -> None:
        """Show a conversation's turns above what is there already."""
        self._earlier = list(turns)
        last = turns[-1] if turns and turns[-1].status == "interrupted" else None
        await self._mount_page(resumable=last)

    @on(Button.Pressed, "#earlier")
    async def show_earlier(self, event: Button.Pressed) -> None:
        """Show older turns, and stay where the user reads."""
        event.stop()
        first = next(question for question in self.query(Question) if question.display)
        hidden = [each for each in self._column.children if not each.display]
        if hidden:
            questions = [each for each in hidden if isinstance(each, Question)]
            begin = hidden.index(questions[-PAGE]) if len(questions) > PAGE else 0
            for each in hidden[begin:]:
                each.display = True
            await self._offer_earlier()
        else:
            await self._mount_page(resumable=None)
        self.call_after_refresh(self.scroll_to_widget, first, top=True, animate=False)

    async def _mount_page(self, *, resumable: Turn | None) -> None:
        """Make the widgets of the last turns that have none."""
        turns, self._earlier = self._earlier[-PAGE:], self._earlier[:-PAGE]
        widgets = [
            widget for turn in turns for widget in (Question(turn.query), Answer(turn, resumable=turn is resumable))
        ]
        await self._column.query("#earlier").remove()
        if widgets:
            await self._mount(widgets, before=0)
        await self._offer_earlier()

    async def _mount(self, widgets: Sequence[Widget], *, before: int | None = None) -> None:
        await self._column.query("#welcome").remove()
        with self.app.batch_update():  # one layout for all
            await self._column.mount_all(widgets, before=before if self._column.children else None)

    def _hide_before(self, first: Question) -> None:
        for each in self._column.children:
            if each is first:
                return
            each.display = False

    async def _offer_earlier(self) -> None:
        """Put the button for older turns at the top if there are any."""
        await self._column.query("#earlier").remove()
        count = len(self._earlier) + sum(not each.display for each in self.query(Question))
        if count:
            button = Button(f"show earlier ({count})", id="earlier", compact=True)
            await self._column.mount(button, before=0)
