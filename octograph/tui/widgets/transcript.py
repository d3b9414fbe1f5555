"""The conversation: questions and answers, the latest at the bottom."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.layout import DockArrangeResult
from textual.scrollbar import ScrollBar
from textual.widget import Widget
from textual.widgets import Static

from octograph.tui.widgets.answer import Answer
from octograph.tui.widgets.column import Column
from octograph.tui.widgets.entries import Entries, Entry, estimate
from octograph.tui.widgets.exchange import Exchange
from octograph.tui.widgets.foot import Rating
from octograph.tui.widgets.question import Question

if TYPE_CHECKING:  # see octograph.tui.backend
    from octograph.agents import Turn

__all__ = ["Transcript"]

WELCOME = "Ask a question.\nThe graph picks who answers it, or says that it doesn't know."


class Transcript(VerticalScroll, can_focus=False):
    """Follows the text that is written, unless the user scrolled up; scrolling to the end follows again.

    Each widget costs time in every layout, so only the turns within a screen of the visible ones have any. They are
    mounted and removed one at a time, with a paint after each; the others' lines are left blank. What the user reads
    stays where it is, whatever becomes of the turns above it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._entries = Entries()
        self._column = Column(self._entries)
        self._origin = 0
        """Where the first entry begins."""
        self._width = 80
        """For which the lines of entries without widgets are estimated."""
        self._due = 0
        """Lines to scroll once there are widgets."""
        self._changing = asyncio.Lock()
        self._moving = False

    @property
    def last(self) -> Answer | None:
        """The latest answer."""
        latest = self._entries.latest
        return None if latest is None or latest.exchange is None else latest.exchange.answer

    @property
    def at_rest(self) -> bool:
        """Whether all turns near to what is read have their widgets."""
        return not self._moving

    def compose(self) -> ComposeResult:
        """Lay out the column, at least as high as the screen, for the welcome to stand in its middle."""
        with self._column:
            yield _welcome()

    async def clear(self) -> None:
        """Show an empty conversation."""
        async with self._changing:
            self._entries.clear()
            self._due = 0
            with self.app.batch_update():
                await self._column.remove_children()
                await self._column.mount(_welcome())

    async def add(self, question: str) -> Answer:
        """Add a question at the end, follow it, and return the place for its answer."""
        answer = Answer()
        self._entries.place, self._due = None, 0
        await self._append(Exchange(Question(question), answer=answer))
        return answer

    async def add_note(self, note: Widget) -> None:
        """Add something that is neither question nor answer."""
        await self._append(Exchange(note))

    async def show(self, turns: Sequence[Turn], *, ratings: Mapping[str, Rating] | None = None) -> None:
        """Show a conversation's turns above what is there already; `ratings` are those of before, by turn."""
        known = ratings or {}
        async with self._changing:
            alone = self._entries.latest is None
            self._entries.add_above(
                Entry(turn=turn, rating=known.get(turn.id), lines=estimate(turn, self._width)) for turn in turns
            )
            latest = self._entries.latest
            if alone and latest is not None:
                await self._mount(latest, resumable=turns[-1].status == "interrupted")
            self._column.refresh(layout=True)
        self._move()

    def show_turn(self, turn: str) -> bool:
        """Bring a turn to the upper edge; False if the conversation has none of that id that has ended."""
        entry = self._entries.find(turn)
        if entry is None:
            return False
        self._entries.place, self._due = (entry, 0), 0
        self._column.refresh(layout=True)
        self._move()
        return True

    def page(self, direction: int) -> None:
        """Scroll by a page: as far as there are widgets at once, and on as soon as there are more."""
        self._due = direction * self.scrollable_content_region.height
        self._scroll_due()
        self._move()

    def scroll_to(self, *arguments: Any, **options: Any) -> None:
        """Scroll at once: a goal that is reached later has moved if turns were mounted above it meanwhile."""
        super().scroll_to(*arguments, **{**options, "animate": False, "immediate": True})

    # --- the place that is read ------------------------------------------------------------------------------

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Remember what is at the upper edge now."""
        super().watch_scroll_y(old_value, new_value)
        at_end = new_value >= self.max_scroll_y
        self._entries.place = None if at_end else self._entries.at(round(new_value) - self._origin)
        self._move()

    def arrange(self, size: Size, optimal: bool = False) -> DockArrangeResult:
        """Lay out the column, then scroll to where the remembered place has gone, before anything is painted."""
        arranged = super().arrange(size, optimal)
        for placement in arranged.placements:
            if placement.widget is self._column:
                self._origin = placement.region.shrink(self._column.styles.gutter).y
                self._keep_place(max(0, placement.region.bottom - size.height))
                self._look(size.height)
        if self._column.changed:
            self._column.changed = False
            self._move()
        return arranged

    def _look(self, height: int) -> None:
        """Tell the entries which of them are in sight."""
        begin = round(self.scroll_y) - self._origin
        for entry, line in self._entries.placed():
            if entry.exchange is not None:
                entry.exchange.in_sight = line < begin + height and line + entry.lines > begin

    def on_resize(self, event: events.Resize) -> None:
        """Estimate the lines of what has no widgets anew, as other lines break elsewhere."""
        if self._column.size.width != self._width:
            self._width = self._column.size.width
            for entry in self._entries:
                if entry.exchange is None and entry.turn is not None:
                    entry.lines = estimate(entry.turn, self._width)
            self._column.refresh(layout=True)
        self._move()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Scroll to what got the focus out of sight, of which nobody else knows where it is."""
        for entry, line in self._entries.placed():
            exchange = entry.exchange
            if exchange is not None and not exchange.in_sight and exchange in event.widget.ancestors:
                behind = line + min(0, entry.lines - self.scrollable_content_region.height)
                self.scroll_to(y=self._origin + (line if line + self._origin < self.scroll_y else behind))

    def _keep_place(self, lowest: int) -> None:
        y = lowest
        if self._entries.place is not None:
            entry, line = self._entries.place
            y = min(lowest, self._origin + self._entries.top(entry) + min(line, entry.lines))
        if y != self.scroll_y:
            self.set_scroll(None, y)
            self.set_reactive(Widget.scroll_target_y, y)
            self.vertical_scrollbar.set_reactive(ScrollBar.position, y)

    # --- the widgets around it -------------------------------------------------------------------------------

    def _move(self) -> None:
        """Begin to mount what is near and to remove what is far, unless that goes on already."""
        if not self._moving:
            self._moving = True
            self._step_after_paint()

    def _scroll_due(self) -> None:
        """Scroll by the lines that are due, but not into those that have no widgets."""
        if not self._due:
            return
        height, top = self.scrollable_content_region.height, round(self.scroll_y)
        line, lowest, highest = max(0, top - self._origin), 0, self.max_scroll_y
        begin, end = self._entries.stretch(line)
        if begin <= line:
            lowest = begin + self._origin if begin > 0 else lowest
            highest = end + self._origin - height if end < self._entries.height else highest
        goal = min(max(top + self._due, min(top, lowest)), max(top, highest))
        self._due = 0 if goal in (0, self.max_scroll_y) else self._due - (goal - top)
        self.scroll_to(y=goal)

    async def _step(self) -> None:
        """Mount one entry and remove another, and go on after the paint."""
        self._scroll_due()
        async with self._changing:
            missing, spare = self._missing(), self._spare()
            with self.app.batch_update():
                if missing is not None:
                    await self._mount(missing)
                if spare is not None:
                    await self._remove(spare)
        self._moving = missing is not None or spare is not None
        if self._moving:
            self._step_after_paint()

    def _step_after_paint(self) -> None:
        self.call_after_refresh(self.call_later, self._step)

    def _missing(self) -> Entry | None:
        """What should have widgets and has none, the nearest to the place that is read."""
        nearest: tuple[int, int, Entry] | None = None
        for entry, away, line in self._distances():
            order = away, line if self._entries.place else -line
            if entry.exchange is None and away <= self.size.height and (nearest is None or order < nearest[:2]):
                nearest = *order, entry
        return None if nearest is None else nearest[2]

    def _spare(self) -> Entry | None:
        """What has widgets and is far away; those of the latest turn stay, as it may be resumed."""
        latest, far = self._entries.latest, self.size.height * 3 // 2
        for entry, away, _ in self._distances():
            if away > far and entry is not latest and entry.exchange is not None and entry.exchange.can_be_made_again:
                return entry
        return None

    def _distances(self) -> Iterator[tuple[Entry, int, int]]:
        """Each entry, how many lines it is away from the visible ones, and where it begins.

        By the place, as the next layout will have it: the last one may know nothing of it yet.
        """
        height = self.size.height
        if self._entries.place is None:
            begin = self._entries.height - height
        else:
            begin = self._entries.top(self._entries.place[0]) + self._entries.place[1]
        for entry, line in self._entries.placed():
            yield entry, max(0, begin - line - entry.lines, line - begin - height), line

    async def _mount(self, entry: Entry, *, resumable: bool = False) -> None:
        exchange = entry.make(resumable=resumable)
        if exchange is not None:
            await self._put(exchange, before=self._entries.following(entry))

    async def _remove(self, entry: Entry) -> None:
        exchange = entry.drop()
        if exchange is not None:
            for widget in exchange.walk_children(Widget, with_self=True):
                widget.refresh()  # which drops its rendered lines: a cache of Textual's would keep them for ever
            await exchange.remove()

    async def _append(self, exchange: Exchange) -> None:
        async with self._changing:
            self._entries.add(Entry(exchange=exchange))
            await self._put(exchange)
        self._move()

    async def _put(self, exchange: Exchange, *, before: Exchange | None = None) -> None:
        with self.app.batch_update():
            await self._column.query("#welcome").remove()
            await self._column.mount(exchange, before=before)


def _welcome() -> Static:
    return Static(Content(WELCOME), id="welcome")
