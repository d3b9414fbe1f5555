"""An answer: its route, its text as it is written, how it ended, and what can be done with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message

from octograph.terminal import plain
from octograph.tui.drawing.loading import loading
from octograph.tui.drawing.strokes import Strokes, terminal_strokes
from octograph.tui.turns.account import Account
from octograph.tui.widgets.code_blocks import CodeBlock, code_blocks
from octograph.tui.widgets.foot import Foot, Rating
from octograph.tui.widgets.going_on import GoingOn, surest
from octograph.tui.widgets.note import Note, is_written
from octograph.tui.widgets.route_line import RouteLine
from octograph.tui.widgets.sources import Sources
from octograph.tui.widgets.wishes import Wish, grantable
from octograph.tui.widgets.written import Written

if TYPE_CHECKING:  # see octograph.tui.backend
    from octograph.agents import Turn
    from octograph.hosts import HostStatus

__all__ = ["Answer"]

STATUSES = ("answered", "abstained", "cancelled", "failed", "interrupted", "waiting")


class Answer(Vertical, can_focus=True):
    """One answer, live or from a finished turn.

    What a model wrote is Markdown; what a tool computed, and what Octograph itself says, is shown as it is.

    Parameters
    ----------
    turn
        The finished turn to show, None if its events are still to come.
    resumable
        Whether an interrupted turn can be taken up again.
    rating
        What the user thought of it before.
    strokes
        What it is drawn with; None for what the terminal can show.

    Attributes
    ----------
    turn
        The turn, None as long as it has not ended.

    """

    FOCUS_ON_CLICK = False
    """A click is for text to be selected: the letters that are typed then belong to the prompt."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("g", "go_on", "Go on", tooltip="Go to what can be done without a sure answer"),
        Binding("c", "copy", "Copy", tooltip="Copy the answer"),
        Binding("b", "copy_code", "Code", tooltip="Copy a block of code of the answer"),
        Binding("o", "sources", "Sources", tooltip="Go to the passages that the answer rests on"),
        Binding("w", "want('why')", "Why", id="answer.why", tooltip="Why this model? Show the details"),
        Binding("r", "want('again')", "Again", id="answer.again", tooltip="Ask again in place of the answer"),
        Binding("a", "want('another')", "Another", id="answer.another", tooltip="Ask again, and choose who answers"),
        Binding("e", "want('edit')", "Edit", id="answer.edit", tooltip="Change the question and ask it again"),
        Binding("plus", "want('good')", "Good", id="answer.good", tooltip="The answer is good"),
        Binding("minus", "want('bad')", "Bad", id="answer.bad", tooltip="The answer is bad"),
        Binding("m", "want('elsewhere')", "Misrouted", id="answer.elsewhere", tooltip="Say who should have answered"),
        Binding("escape", "leave", "Back", tooltip="Back to the prompt"),
        Binding("up,k", "move(-1)", "Above", id="answer.above", show=False, tooltip="Go to the answer above"),
        Binding("down,j", "move(1)", "Below", id="answer.below", show=False, tooltip="Go to the answer below"),
    ]
    DEFAULT_CSS = """
    Answer:focus { background: $boost; }
    Answer:focus-within { outline-left: thick $accent; }
    Answer.-unsure Written { border-left: vkey $warning; }
    """

    @dataclass
    class Wanted(Message):
        """The user wants something of a closed turn's answer."""

        answer: Answer
        turn: Turn
        wish: Wish

    @dataclass
    class Chosen(Message):
        """The user chose how a turn that waits is to go on, see `Asked.choices`."""

        answer: Answer
        turn: Turn
        choice: str

    @dataclass
    class CodeOffered(Message):
        """The user wants to copy one of several blocks of code: `Answer.copy` copies it."""

        answer: Answer
        blocks: tuple[CodeBlock, ...]

    @dataclass
    class Left(Message):
        """The user goes back to the prompt."""

    def __init__(
        self,
        turn: Turn | None = None,
        *,
        resumable: bool = False,
        rating: Rating | None = None,
        strokes: Strokes | None = None,
    ) -> None:
        super().__init__()
        self.turn = turn
        self._resumable = resumable
        self._rating = rating
        self._strokes = strokes or terminal_strokes()
        self._account: Account | None = None
        self._revealed = ""
        self._route = RouteLine()
        self._note = Note()
        self._written = Written(turn.text if turn is not None and is_written(turn) else "")
        self._below: list[GoingOn | Sources] = []
        self._foot = Foot(self._strokes)
        # Before the widgets are mounted, as each change to a mounted one costs a pass over the style sheet.
        self._place_note()
        if turn is not None:
            self._end(turn)

    @property
    def resumable(self) -> bool:
        """Whether this is an interrupted answer that can be taken up again."""
        return self._resumable

    @property
    def rating(self) -> Rating | None:
        """What the user thought of it."""
        return self._rating

    @property
    def account(self) -> Account | None:
        """All that is known of the turn, None as long as it has not ended."""
        return self._account if self.turn is not None else None

    @property
    def waits(self) -> bool:
        """Whether nothing is written at the moment."""
        return self._note.waits

    @property
    def text(self) -> str:
        """What can be copied: the answer, as far as it was written."""
        return self._revealed or (self._written.text if self.turn is None else self.turn.text)

    @property
    def code(self) -> tuple[CodeBlock, ...]:
        """The blocks of code in what a model wrote."""
        return code_blocks(self._written.text) if self._written.display else ()

    def compose(self) -> ComposeResult:
        """Lay out the parts; those with nothing to show are hidden."""
        yield self._route
        yield self._note
        yield self._written
        yield from self._below
        yield self._foot

    # --- what happens ----------------------------------------------------------------------------------------

    async def wait(self, reason: str) -> None:
        """Say what is waited for; what was written before, by a worker that failed, is taken back.

        The answers of a plan's done steps stay.
        """
        self._begin()
        await self._written.take_back()
        self._note.wait(reason)
        self._place_note()

    def show_loading(self, statuses: Iterable[HostStatus]) -> None:
        """Show how far the model is that is waited for, while it starts."""
        self._note.load(loading(statuses, self._strokes))

    def show_route(self, route: Mapping[str, Any]) -> None:
        """Show the master's decision."""
        self._route.show_route(route)

    async def pass_on(self, worker: str, reason: str, following: str) -> None:
        """Show that an answer was not taken and who is asked now."""
        self._route.add_passed((worker, reason, following))
        await self.wait(f"passing on to {following}…")

    async def advance(self, reason: str, following: str) -> None:
        """Keep the answer of a plan's step, and say who is asked now."""
        await self._written.keep()
        self._note.wait(f"{reason}; next: {following}…")

    async def write(self, text: str) -> None:
        """Show a further piece of the text."""
        self._note.say(None)
        await self._written.write(text)

    async def finish(self, turn: Turn) -> None:
        """Show the turn as it ended."""
        await self._written.become(turn.text if is_written(turn) else "")
        self.turn = turn
        self._end(turn)
        await self.mount_all(self._below, before=self._foot)
        self.refresh_bindings()

    def show_account(self, account: Account) -> None:
        """Take what was seen of the turn: how fast it was, what was required, and what can be chosen.

        It may come before the turn has ended or after.
        """
        self._account = account
        if self.turn is not None:
            self._foot.show(account, self._rating)
            for each in self._below:
                if isinstance(each, GoingOn):
                    each.show(self.turn, account, revealed=bool(self._revealed))

    async def fail(self, message: str, hint: str) -> None:
        """Show an error; what was written before it stays."""
        await self._written.end()
        self._mark("failed")
        self._note.fail(message, hint)
        self._place_note()

    def stop(self) -> None:
        """Show that this was stopped before it began."""
        self._mark("cancelled")
        self._note.stop()

    def give_up(self) -> None:
        """No longer offer to resume, or to choose: a later question closed the turn."""
        turn = self.turn
        if turn is not None and (self._resumable or turn.status == "waiting"):
            self._resumable = False
            self.turn = replace(turn, status="interrupted", text="", tried=(), choices=())
            self._leave_out()
            self._end(self.turn)

    def rate(self, rating: Rating) -> None:
        """Show what the user thought of it, once that is kept."""
        self._rating = rating
        self._foot.show(self.account, rating)
        self.refresh_bindings()

    # --- what the user does ----------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what can be done with this answer."""
        match action:
            case "copy":
                return bool(self.text)
            case "copy_code":
                return bool(self.code)
            case "sources" | "go_on":
                return self._has(Sources if action == "sources" else GoingOn)
            case "want":
                return parameters[0] in grantable(self.turn, self._rating)
        return True

    def action_copy(self) -> None:
        """Copy the answer."""
        self.copy(self.text, "the answer")

    def action_copy_code(self) -> None:
        """Copy the block of code, or offer them if there are several."""
        blocks = self.code
        if len(blocks) == 1:
            self.copy(blocks[0].text, "the code")
        elif blocks:
            self.post_message(self.CodeOffered(self, blocks))

    def copy(self, text: str, what: str) -> None:
        """Copy something of this answer, and say so."""
        self.app.copy_to_clipboard(plain(text))
        self.notify(f"Copied {what}.", markup=False)

    def action_want(self, wish: Wish) -> None:
        """Ask for something."""
        if self.turn is not None:
            self.post_message(self.Wanted(self, self.turn, wish))

    def action_sources(self) -> None:
        """Go to the passages."""
        self.query_one(Sources).focus()

    def action_go_on(self) -> None:
        """Go to the ways to go on."""
        self.query_one(GoingOn).enter()

    def action_leave(self) -> None:
        """Leave the answer, from any part of it: what is typed next is a question."""
        self.post_message(self.Left())

    def action_move(self, direction: int) -> None:
        """Go to the answer above or below; behind the last one is the prompt."""
        answers = [*self.screen.query(Answer)]
        place = answers.index(self) + direction
        if 0 <= place < len(answers):
            answers[place].focus()
        elif direction > 0:
            self.post_message(self.Left())

    @on(GoingOn.Taken)
    async def go_on(self, event: GoingOn.Taken) -> None:
        """Go on as the user chose."""
        event.stop()
        turn, name = self.turn, event.way.name
        if turn is None:
            return
        if turn.status == "waiting":
            self.post_message(self.Chosen(self, turn, name))
        elif name == "anyway":
            await self._reveal(turn)
        else:
            self.post_message(self.Wanted(self, turn, "another" if name == "another" else "documents"))

    async def _reveal(self, turn: Turn) -> None:
        """Show the surest of the texts that were withheld, and that it is not sure."""
        account = self._account or Account.of(turn)
        best = surest(turn, account)
        if best is None:
            return
        self._revealed = best.text
        self._note.end(turn, revealed=best)
        self.add_class("-unsure")
        await self._written.become(best.text)
        self.show_account(account)
        self.focus()

    # --- how it looks ----------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Show nothing of how it ended, as it goes on."""
        if self.turn is not None:
            self.turn = self._account = self._rating = None
            self._revealed = ""
            self.remove_class("-unsure")
            self._leave_out()
            self._foot.show(None, None)
        self._resumable = False
        self._mark("")

    def _end(self, turn: Turn) -> None:
        """Show everything of a closed turn but its Markdown; what is below it is still to be mounted."""
        if self._account is None or self._account.turn != turn.id or self._account.status != turn.status:
            self._account = Account.of(turn)
        self._mark(turn.status)
        self._route.show_turn(turn)
        self._note.end(turn, resumable=self._resumable)
        self._place_note()
        self._foot.show(self._account, self._rating)
        self._below = [GoingOn(turn, self._account, self._strokes)] if turn.status in ("abstained", "waiting") else []
        if turn.citations:
            self._below.append(Sources(turn.citations, whole=turn.status == "abstained"))

    def _leave_out(self) -> None:
        """Remove what is below the text."""
        for each in self._below:
            each.remove()
        self._below = []

    def _has(self, kind: type[GoingOn | Sources]) -> bool:
        return any(isinstance(each, kind) for each in self._below)

    def _mark(self, status: str) -> None:
        """Put the mark of a status, none for an empty one."""
        for known in STATUSES:
            if self.has_class(f"-{known}") != (known == status):
                self.toggle_class(f"-{known}")

    def _place_note(self) -> None:
        """Leave a line above the note, unless it is the first."""
        self._note.set_class(not self._route.display, "-first")
