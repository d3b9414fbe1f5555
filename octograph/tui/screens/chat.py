"""The chat: a conversation, the graph beside it, and the prompt."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Markdown

from octograph.tui.backend import Backend, Opening
from octograph.tui.documents.paths import listed
from octograph.tui.granting import grant
from octograph.tui.network import Network
from octograph.tui.screens.asking import AskingScreen
from octograph.tui.screens.choose_code import ChooseCodeScreen
from octograph.tui.screens.compare import CompareScreen
from octograph.tui.screens.confirm import ConfirmScreen
from octograph.tui.screens.details import DetailsScreen
from octograph.tui.screens.documents import DocumentsScreen
from octograph.tui.screens.node import NodeScreen
from octograph.tui.screens.passage import PassageScreen
from octograph.tui.screens.threads import ThreadChoice, ThreadsScreen
from octograph.tui.threads.comparing import branches
from octograph.tui.threads.reopened import Reopened
from octograph.tui.turns.account import Account
from octograph.tui.widgets.answer import Answer
from octograph.tui.widgets.badge import Badge
from octograph.tui.widgets.composer import Composer
from octograph.tui.widgets.context_meter import KEPT, ContextMeter
from octograph.tui.widgets.failure import Failure
from octograph.tui.widgets.graph_pane import GraphPane
from octograph.tui.widgets.graph_tree import GraphTree
from octograph.tui.widgets.heading import Heading
from octograph.tui.widgets.indexing import IndexingLine
from octograph.tui.widgets.key_line import KeyLine
from octograph.tui.widgets.prompt import Prompt
from octograph.tui.widgets.sources import Sources
from octograph.tui.widgets.transcript import Transcript

if TYPE_CHECKING:  # see octograph.tui.backend
    from octograph.agents import ThreadInfo

__all__ = ["ChatScreen"]

WIDE = 110
"""Columns from which the graph stands beside the chat by itself."""


class ChatScreen(AskingScreen):
    """Everything around a conversation.

    Parameters
    ----------
    opening
        The backend, which may still be opening: questions wait for it.
    thread
        Conversation to go on with.

    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "stop", "Stop", tooltip="Stop the answer, keep its text"),
        Binding("ctrl+r", "resume", "Resume", tooltip="Resume an interrupted answer"),
        Binding("ctrl+t", "threads", "Threads", tooltip="Show the threads"),
        Binding("ctrl+n", "new", "New", tooltip="Begin a new thread"),
        Binding("f4", "documents", "Documents", tooltip="Show the documents, and add some"),
        Binding("ctrl+g", "graph", "Graph", tooltip="Show or hide the graph"),
        Binding("f3", "why", "Why", tooltip="Why this model? Show the details of the last answer"),
        Binding("ctrl+up", "answer", "Answers", show=False, priority=True, tooltip="Go to the last answer"),
        Binding("f5", "nodes", "Nodes", show=False, tooltip="Go to the nodes of the graph"),
        Binding("f8", "compare", "Compare", show=False, tooltip="Compare with another branch"),
        Binding("f9", "compact", "Compact", show=False, tooltip="Show models only the latest turns, or all again"),
        Binding("pageup", "page(-1)", "Up", show=False, priority=True, tooltip="Scroll up"),
        Binding("pagedown", "page(1)", "Down", show=False, priority=True, tooltip="Scroll down"),
    ]

    def __init__(self, opening: Opening, *, thread: str | None = None) -> None:
        super().__init__(opening, thread=thread)
        self._branches: list[ThreadInfo] = []
        self._pane: bool | None = None
        """Whether the user wants to see the graph; None leaves it to the width."""

    def compose(self) -> ComposeResult:
        """Make the parts, from top to bottom."""
        yield Heading()
        with Horizontal(id="beside"):
            yield Transcript()
            yield GraphPane()
        yield Composer()
        yield KeyLine()

    def on_mount(self) -> None:
        """Open the backend; the prompt works meanwhile."""
        self.query_one(Prompt).focus()
        self._load()

    def on_resize(self, event: events.Resize) -> None:
        """Show the graph where there is room for it."""
        self._show_pane()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what can be done now."""
        match action:
            case "stop":
                return self._current is not None or (self.is_mounted and self.query_one(Composer).reading)
            case "resume":
                last = self.query_one(Transcript).last if self.is_mounted else None
                return self._current is None and last is not None and last.resumable
            case "why":
                return self._account != Account()
            case "compare":
                return bool(self._branches)
            case "answer":
                return self.is_mounted and bool(self.query(Answer))
            case "compact":
                return self._thread is not None and self._current is None
        return True

    # --- the backend and the thread ------------------------------------------------------------------------

    @work(group="load")
    async def _load(self) -> None:
        self._show_status()
        failure = "the graph could not be opened"
        async with self._order:
            try:
                backend = await self._opening.backend()
                self._show_graph(backend)
                if self._thread is not None:
                    failure = "the thread could not be shown"
                    await self._show_turns(backend, self._thread)
            except Exception as error:  # of any kind: the app stays up and says it
                await self.query_one(Transcript).add_note(Failure(failure, error))
        self._show_status()
        self._ended()

    def _show_graph(self, backend: Backend) -> None:
        self.query_one(Heading).show_graph(backend.graph.name)
        self.query_one(Badge).show(Network.of(backend.graph))
        self.query_one(GraphPane).show_graph(backend.graph)
        self.query_one(Composer).open(backend.documents)

    async def _show_turns(self, backend: Backend, thread: str) -> None:
        found = await asyncio.to_thread(Reopened.read, backend, thread)
        self.query_one(Heading).show_title(found.title)
        self.query_one(Prompt).remember(turn.query for turn in found.turns)
        await self.query_one(Transcript).show(found.turns, ratings=found.ratings)
        self._show_account(Account.of(found.turns[-1]) if found.turns else Account())

    async def _switch(self, thread: str | None) -> None:
        """Show another thread, None for a new one."""
        self._thread, self._branches = thread, []
        self.query_one(Heading).show_title(None)
        self.query_one(ContextMeter).show(None)
        self._show_account(Account())
        await self.query_one(Transcript).clear()
        if thread is not None:
            self._load()
        self._show_status()
        self.query_one(Prompt).focus()

    def _ended(self) -> None:
        self._show_surroundings()

    @work(exclusive=True, group="surroundings")
    async def _show_surroundings(self) -> None:
        """Show how full the context is, and learn of the branches of this thread."""
        backend, thread = self._opening.ready, self._thread
        if backend is None or thread is None:
            return
        with self.telling():
            use = await asyncio.to_thread(backend.threads.context, thread)
            found = branches(await asyncio.to_thread(backend.threads.list), thread)
            if thread == self._thread:
                self._branches = found
                self.query_one(ContextMeter).show(use)
                self.refresh_bindings()

    # --- asking --------------------------------------------------------------------------------------------

    @on(Composer.Asked)
    async def asked(self, event: Composer.Asked) -> None:
        """Ask."""
        event.stop()
        if self._thread is None:
            self.query_one(Heading).show_title(event.text)
        await self.ask(event.text)

    def action_stop(self) -> None:
        """Stop the answer, or the reading before it."""
        self.query_one(Composer).stop_reading()
        super().action_stop()

    async def action_resume(self) -> None:
        """Go on with the interrupted turn, in its place."""
        answer, thread = self.query_one(Transcript).last, self._thread
        if self._current is None and answer is not None and thread is not None and answer.resumable:
            await self.resume(answer, thread)

    @on(Answer.Chosen)
    async def choose(self, event: Answer.Chosen) -> None:
        """Go on with a turn that waits, as the user chose."""
        event.stop()
        if self._current is None:
            await self.resume(event.answer, event.turn.thread, choice=event.choice)

    # --- what the user wants of an answer ------------------------------------------------------------------

    @on(Answer.Wanted)
    def want(self, event: Answer.Wanted) -> None:
        """Grant a wish, in a worker since it may ask the user something."""
        event.stop()
        self._grant(event)

    @work(exclusive=True, group="grant")
    async def _grant(self, event: Answer.Wanted) -> None:
        backend = self._opening.ready
        if backend is None:
            return
        if self._current is not None and event.wish in ("again", "another", "edit"):
            self.notice("An answer is being written. Esc stops it.")
            return
        with self.telling():
            await grant(self, backend, event.answer, event.turn, event.wish)

    async def go_back(self, thread: str, *, query: str) -> None:
        """Show a thread that parts before a question, with the question in the prompt."""
        await self._switch(thread)
        self.query_one(Composer).write(query)

    async def ask_instead(self, thread: str, query: str, *, worker: str | None) -> None:
        """Show a thread that parts before a question, and ask it there again."""
        await self._switch(thread)
        async with self._order:  # its turns stand there now
            pass
        await self.ask(query, worker=worker)

    @on(Answer.CodeOffered)
    def offer_code(self, event: Answer.CodeOffered) -> None:
        """Let the user choose a block of code."""
        event.stop()
        answer = event.answer
        self.app.push_screen(
            ChooseCodeScreen(event.blocks), lambda block: answer.copy(block.text, "the code") if block else None
        )

    @on(Answer.Left)
    def leave_answer(self, event: Answer.Left) -> None:
        """Go back to the prompt."""
        event.stop()
        self.query_one(Prompt).focus()

    @on(Sources.Opened)
    def open_passage(self, event: Sources.Opened) -> None:
        """Show a passage."""
        event.stop()
        self.app.push_screen(PassageScreen(event.citation))

    def action_answer(self) -> None:
        """Go to the last answer."""
        last = self.query_one(Transcript).last
        if last is not None:
            last.focus()

    def action_why(self) -> None:
        """Show the details of the last answer."""
        self.why(self._account)

    def why(self, account: Account) -> None:
        """Show the details of a turn."""
        backend = self._opening.ready
        self.app.push_screen(DetailsScreen(account, graph=None if backend is None else backend.graph))

    # --- documents -----------------------------------------------------------------------------------------

    def action_documents(self) -> None:
        """Show the documents."""
        backend, composer = self._opening.ready, self.query_one(Composer)
        if backend is None or composer.indexing is None:
            self.notice("The documents can be shown once the graph is open.")
            return
        self.app.push_screen(DocumentsScreen(backend.documents, composer.indexing))

    @on(Composer.Offered)
    def offer_documents(self, event: Composer.Offered) -> None:
        """Add what was pasted to the documents, if the user wants that."""
        event.stop()
        composer, paths = self.query_one(Composer), event.paths

        def answered(add: bool | None) -> None:
            if add and composer.indexing is not None:
                composer.indexing.add(paths)
            else:
                self.query_one(Prompt).insert(event.text)

        question = f"Add to the documents, for answers to rest on?\n\n{listed(paths)}"
        self.app.push_screen(ConfirmScreen(question, act="Add", keep="Insert as text", lost=False), answered)

    @on(IndexingLine.Selected)
    def show_documents(self, event: IndexingLine.Selected) -> None:
        """Show the documents."""
        event.stop()
        self.action_documents()

    # --- the graph -----------------------------------------------------------------------------------------

    def action_graph(self) -> None:
        """Show or hide the graph."""
        self._pane = not self.query_one(GraphPane).display
        self._show_pane()

    def action_nodes(self) -> None:
        """Go to the nodes of the graph."""
        self._pane = True
        self._show_pane()
        self.query_one(GraphTree).focus()

    @on(GraphPane.Selected)
    def show_node(self, event: GraphPane.Selected) -> None:
        """Show a node, its model and what it did."""
        event.stop()
        backend = self._opening.ready
        if backend is not None:
            self.app.push_screen(NodeScreen(backend, event.node))

    def _show_pane(self) -> None:
        pane = self.query_one(GraphPane)
        pane.display = self.size.width >= WIDE if self._pane is None else self._pane
        if not pane.display and self.focused is not None and pane in self.focused.ancestors:
            self.query_one(Prompt).focus()

    # --- elsewhere -----------------------------------------------------------------------------------------

    def action_threads(self) -> None:
        """Show the threads."""
        backend = self._opening.ready
        if backend is None:
            self.notice("The threads can be shown once the graph is open.")
            return
        self.app.push_screen(ThreadsScreen(backend.threads), self._chosen)

    async def action_new(self) -> None:
        """Begin a new thread."""
        if self._current is not None:
            self.notice("An answer is being written. Esc stops it.")
        else:
            await self._switch(None)

    async def _chosen(self, choice: ThreadChoice | None) -> None:
        if choice is None:
            return
        if self._thread is not None and self._thread in choice.renamed:
            self.query_one(Heading).show_title(choice.renamed[self._thread])
        if choice.new:
            await self.action_new()
        elif choice.open is not None and choice.open.id != self._thread:
            if self._current is not None:
                self.notice("An answer is being written. Esc stops it, then another thread can be opened.")
            else:
                await self._switch(choice.open.id)
        elif self._thread in choice.deleted:
            await self._switch(None)

    def action_compare(self) -> None:
        """Show this thread beside its branches."""
        backend, thread = self._opening.ready, self._thread
        if backend is not None and thread is not None and self._branches:
            self.app.push_screen(CompareScreen(backend.threads, thread, [info.id for info in self._branches]))

    @work(exclusive=True, group="surroundings")
    async def action_compact(self) -> None:
        """Show models only the latest turns from now on, or all of them again."""
        backend, thread = self._opening.ready, self._thread
        if backend is None or thread is None:
            return
        with self.telling():
            use = await asyncio.to_thread(backend.threads.context, thread)
            keep = KEPT if use is None or not use.hidden else None
            await asyncio.to_thread(partial(backend.threads.compact, thread, keep=keep))
            self.query_one(ContextMeter).show(await asyncio.to_thread(backend.threads.context, thread))

    def action_page(self, direction: int) -> None:
        """Scroll the conversation by a page."""
        self.query_one(Transcript).page(direction)

    @on(Markdown.LinkClicked)
    def show_address(self, event: Markdown.LinkClicked) -> None:
        """Say where a link of an answer leads; it is never opened."""
        event.stop()
        self.notice(f"The link leads to {event.href}")
