"""An answer: its route, its text as it is written, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Markdown, Static
from textual.widgets.markdown import MarkdownStream

from octograph.terminal import plain
from octograph.tui.widgets.failure import wording
from octograph.tui.widgets.route_line import RouteLine
from octograph.tui.widgets.sources import Sources

if TYPE_CHECKING:  # see backend.py
    from octograph.agents import Turn

__all__ = ["Answer"]

BETWEEN_LAYOUTS = 0.15
"""Seconds; a layout for each token would take the cores that the model needs."""
STATUSES = ("answered", "abstained", "cancelled", "failed", "interrupted", "waiting")
VERDICTS = {
    "abstained": "○ abstained",
    "cancelled": "■ stopped",
    "interrupted": "◌ interrupted before it was done",
    "waiting": "○ not sure enough",
}


class Answer(Vertical):
    """One answer, live or from a finished turn.

    What a model wrote is Markdown; what a tool computed, and what Octograph itself says, is shown as it is.

    Parameters
    ----------
    turn
        The finished turn to show, None if its events are still to come.
    resumable
        Whether an interrupted turn can be taken up again.

    """

    def __init__(self, turn: Turn | None = None, *, resumable: bool = False) -> None:
        super().__init__()
        self._resumable = resumable
        self._stream: MarkdownStream | None = None
        self._timer: Timer | None = None
        self._pending = ""
        self._kept = ""
        self._written = turn.text if turn is not None and _is_markdown(turn) else ""
        self._route = RouteLine()
        self._note = Static(classes="note")
        self._markdown = Markdown(plain(self._written), classes="written", parser_factory=_parser, open_links=False)
        self._markdown.display = bool(self._written)
        self._sources = Sources(classes="sources")
        self._sources.display = False
        # Before the widgets are mounted, as each change to a mounted one costs a pass over the style sheet.
        self._say(None)
        if turn is not None:
            self._end(turn)

    @property
    def resumable(self) -> bool:
        """Whether this is an interrupted answer that can be taken up again."""
        return self._resumable

    def compose(self) -> ComposeResult:
        """Lay out the parts; those with nothing to show are hidden."""
        yield self._route
        yield self._note
        yield self._markdown
        yield self._sources

    async def wait(self, reason: str) -> None:
        """Say what is waited for; what was written before, by a worker that failed, is taken back.

        The answers of a plan's done steps stay.
        """
        self._resumable = False
        self._mark("")
        await self._clear()
        self._say(Content.styled(plain(reason), "italic $text-muted"))

    def show_route(self, route: Mapping[str, Any]) -> None:
        """Show the master's decision."""
        self._route.show_route(route)

    async def pass_on(self, worker: str, reason: str, following: str) -> None:
        """Show that an answer was not taken and who is asked now."""
        self._route.add_passed((worker, reason, following))
        await self.wait(f"passing on to {following}…")

    async def advance(self, reason: str, following: str) -> None:
        """Keep the answer of a plan's step, and say who is asked now."""
        await self.write("\n\n")
        await self._stop_stream()
        self._kept = self._written
        self._say(Content.styled(plain(f"{reason}; next: {following}…"), "italic $text-muted"))

    async def write(self, text: str) -> None:
        """Show a further piece of the text."""
        self._written += text
        self._pending += plain(text)
        if self._stream is None:
            self._stream = Markdown.get_stream(self._markdown)
            self._markdown.display = True
            self._say(None)
            await self._flush()
        elif self._timer is None:
            self._timer = self.set_timer(BETWEEN_LAYOUTS, self._flush)

    async def finish(self, turn: Turn) -> None:
        """Show the turn as it ended."""
        await self._stop_stream()
        self._kept = ""
        if not _is_markdown(turn):
            await self._clear()
        elif turn.text != self._written.strip():
            await self._clear()
            self._written = turn.text
            await self._markdown.update(plain(turn.text))
            self._markdown.display = True
        self._end(turn)

    async def fail(self, message: str, hint: str) -> None:
        """Show an error; what was written before it stays."""
        await self._stop_stream()
        self._mark("failed")
        self._say(wording("✗ failed", message, hint))

    def stop(self) -> None:
        """Show that this was stopped before it began."""
        self._mark("cancelled")
        self._say(Content.styled(VERDICTS["cancelled"], "bold"))

    def give_up(self) -> None:
        """No longer offer to resume: a later question closed the turn."""
        if self._resumable:
            self._resumable = False
            self._say(Content.styled(VERDICTS["interrupted"], "bold"))

    def _end(self, turn: Turn) -> None:
        """Show everything of a closed turn but its Markdown."""
        self._mark(turn.status)
        self._route.show_turn(turn)
        if turn.status == "failed":
            self._say(wording("✗ failed", turn.text, ""))
            return
        verdict = VERDICTS.get(turn.status, "")
        offer = " · ctrl+r resumes it" if self._resumable else ""
        words = "" if _is_markdown(turn) else plain(turn.text)
        note = Content.assemble((verdict, "bold"), offer, "\n" if verdict and words else "", words)
        self._say(note if note.plain else None)
        self._sources.show(turn.citations, whole=turn.status == "abstained")

    def _mark(self, status: str) -> None:
        """Put the mark of a status, none for an empty one."""
        for known in STATUSES:
            if self.has_class(f"-{known}") != (known == status):
                self.toggle_class(f"-{known}")

    def _say(self, content: Content | None) -> None:
        self._note.display = content is not None
        self._note.set_class(not self._route.display, "-first")
        self._note.update(content if content is not None else "")

    async def _clear(self) -> None:
        """Take back what was written, down to what is kept."""
        await self._stop_stream()
        if self._written != self._kept:
            self._written = self._kept
            await self._markdown.update("")
            await self._markdown.append(plain(self._kept))  # what is streamed next is appended to it
        self._markdown.display = bool(self._kept)

    async def _flush(self) -> None:
        """Lay out what was written since the last time."""
        self._timer = None
        pending, self._pending = self._pending, ""
        if self._stream is not None:
            await self._stream.write(pending)

    async def _stop_stream(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        await self._flush()
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.stop()


def _is_markdown(turn: Turn) -> bool:
    """Whether the text was written by a model: not computed by a tool, not said by Octograph."""
    return bool(turn.text) and turn.source != "tool" and turn.status in ("answered", "cancelled")


def _parser() -> MarkdownIt:
    """Markdown without HTML: a model's ``<fn_2>`` or ``<b>`` is text to be read, not a tag to be dropped."""
    return MarkdownIt("gfm-like", {"html": False})
