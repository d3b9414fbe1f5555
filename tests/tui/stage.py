"""What the tests of the pane share: an app that is nothing but a chat's place and the pane beside it."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import App, ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from octograph.graph import ModelGraph
from octograph.tui.drawing.strokes import BLOCKS, Strokes
from octograph.tui.turns.account import Account
from octograph.tui.widgets.graph_pane import GraphPane

__all__ = ["Stage"]

NARROWEST_CHAT = 44


class Stage(App[None]):
    """Shows one account; where there is room, a chat has its place."""

    AUTO_FOCUS = None
    CSS = "#chat { width: 1fr; padding: 1 2; }"

    def __init__(
        self,
        graph: ModelGraph | None,
        account: Account,
        *,
        strokes: Strokes = BLOCKS,
        clock: Callable[[], float] = lambda: 0.0,
        alone: bool = False,
    ) -> None:
        super().__init__()
        self.animation_level = "none"
        self.graph = graph
        self.account = account
        self.alone = alone
        self.pane = GraphPane(strokes=strokes, clock=clock)
        if alone:
            self.pane.styles.width = "100%"
        self.selected: list[str] = []

    def compose(self) -> ComposeResult:
        with Horizontal():
            chat = Static("The chat stands here.", id="chat")
            chat.display = not self.alone
            yield chat
            yield self.pane

    def on_mount(self) -> None:
        if self.graph is not None:
            self.pane.show_graph(self.graph)
        self.pane.show(self.account)

    @on(GraphPane.Selected)
    def note(self, event: GraphPane.Selected) -> None:
        self.selected.append(event.node)
