"""A node of the graph: what it is for, what it did, and its model in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from octograph.terminal import plain
from octograph.tui.backend import Backend
from octograph.tui.widgets.failure import told
from octograph.tui.widgets.key_line import KeyLine
from octograph.tui.widgets.status import Status

if TYPE_CHECKING:  # see octograph.tui.backend
    from octograph.agents.tally import WorkerTally
    from octograph.hosts import HostStatus, LoadPlan

__all__ = ["NodeScreen"]

REFRESHED = 0.5
"""Seconds between two looks at the model."""


class NodeScreen(ModalScreen[None]):
    """Tells about a node, and loads, unloads and pins its model.

    Parameters
    ----------
    backend
        The model graph.
    node
        Name of the node.

    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "load", "Load", tooltip="Load the model into memory now"),
        Binding("u", "unload", "Unload", tooltip="Take the model out of memory; it comes back when it is needed"),
        Binding("p", "pin", "Pin", tooltip="Keep the model in memory when others need room, or no longer"),
        Binding("escape,q", "dismiss", "Close", tooltip="Close"),
    ]
    DEFAULT_CSS = """
    NodeScreen { align: center middle; }
    NodeScreen > VerticalScroll { width: 100%; max-width: 80; height: auto; max-height: 90%; padding: 0 1;
                                  border: round $primary; background: $surface; scrollbar-size-vertical: 1; }
    NodeScreen Static { height: auto; }
    """

    def __init__(self, backend: Backend, node: str) -> None:
        super().__init__()
        self._backend = backend
        self._node = backend.graph.nodes[node]
        self._status: HostStatus | None = None
        self._plan: LoadPlan | None = None

    def compose(self) -> ComposeResult:
        """Make the text."""
        with VerticalScroll() as dialog:
            dialog.border_title = Content(plain(self._node.name))
            yield Static(id="about")
            yield Status()
        yield KeyLine()

    def on_mount(self) -> None:
        """Look at the model, and go on doing so."""
        self._look()
        self.set_interval(REFRESHED, self._look)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what can be done now."""
        state = None if self._status is None else self._status.state
        match action:
            case "load":
                return state in ("absent", "stopped", "failed")
            case "unload":
                return state == "ready"
            case "pin":
                return state not in (None, "remote")
        return True

    def action_load(self) -> None:
        """Load the model."""
        self._do(self._backend.hosts.load, "loading…")

    def action_unload(self) -> None:
        """Unload the model."""
        self._do(self._backend.hosts.unload, "unloading…")

    def action_pin(self) -> None:
        """Pin the model, or no longer."""
        pinned = self._status is not None and self._status.pinned
        self._do(lambda model: self._backend.hosts.pin(model, not pinned), "")

    @property
    def _model(self) -> str | None:
        return getattr(self._node, "model", None)

    @work(exclusive=True, group="do")
    async def _do(self, act: Callable[[str], None], doing: str) -> None:
        model = self._model
        if model is None:
            return
        self.query_one(Status).show(doing)
        try:
            await asyncio.to_thread(act, model)
        except Exception as error:  # of any kind: the app stays up and says it
            self.query_one(Status).notice(told(error))
        else:
            self.query_one(Status).show("")
        self._look()

    @work(exclusive=True, group="look")
    async def _look(self) -> None:
        model = self._model
        if model is not None:
            statuses = await asyncio.to_thread(self._backend.hosts.list)
            self._status = next((one for one in statuses if model in one.models), None)
            if self.check_action("load", ()):
                self._plan = await asyncio.to_thread(self._backend.hosts.plan, model)
            else:
                self._plan = None
        self.query_one("#about", Static).update(Content("\n").join(self._lines()))
        self.refresh_bindings()

    def _lines(self) -> Iterator[Content]:
        yield Content(plain(getattr(self._node, "description", "") or ""))
        if measured := getattr(self._node, "measured", ""):
            yield Content.styled(plain(f"measured: {measured}"), "$text-muted")
        if self._model is not None:
            yield Content("")
            yield Content.assemble(("model  ", "$text-muted"), plain(self._model), *_memory(self._status))
            if self._plan is not None:
                yield Content.styled(_planned(self._plan), "$text-muted")
        yield Content("")
        yield from _did(self._backend.tally.of(self._node.name))


def _memory(status: HostStatus | None) -> Iterator[str]:
    if status is None:
        return
    yield f", {status.state}"
    if status.loaded is not None:
        yield f" {status.loaded:.0%}"
    if status.requantising:
        yield ", its weights are requantised, once"
    if status.resident is not None:
        yield f", {_size(status.resident)} in memory"
    if status.pinned:
        yield ", pinned"
    if len(status.models) > 1:
        yield f", one with {', '.join(map(plain, status.models[1:]))}"


def _planned(plan: LoadPlan) -> str:
    """What a start would take."""
    needs = "what it needs is not known" if plan.needs is None else f"needs {_size(plan.needs)}"
    room = f"{_size(plan.free)} are free"
    if not plan.fits:
        return f"it {needs}, {room}: it does not fit"
    evicted = f"; {', '.join(map(plain, plan.evicts))} would make room" if plan.evicts else ""
    return f"it {needs}, {room}{evicted}"


def _did(tally: WorkerTally) -> Iterator[Content]:
    if not tally.calls:
        yield Content.styled("not asked since the app was started", "$text-muted")
        return
    share = tally.taken / tally.calls
    yield Content(f"asked {tally.calls} times, {tally.taken} answers taken ({share:.0%})")
    if tally.withheld or tally.failed:
        yield Content(f"{tally.withheld} not sure enough, {tally.failed} failed")
    if tally.tokens:
        yield Content(f"{tally.tokens:,} tokens in {tally.seconds:.1f} s")


def _size(count: int) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**30 else f"{count / 2**20:.0f} MiB"
