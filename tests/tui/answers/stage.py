"""What the tests of answers share: an app that is nothing but answers and a prompt, and answers to show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from textual import on
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.pilot import Pilot
from textual.widgets import Input

import octograph.tui
from octograph.agents import Asked, Attempt, Citation, Finished, Started, Turn
from octograph.graph import open_graph
from octograph.tui.control.themes import DARK, LIGHT
from octograph.tui.drawing.strokes import BLOCKS
from octograph.tui.screens.choose_code import ChooseCodeScreen
from octograph.tui.screens.choose_worker import ChooseWorkerScreen, Offered
from octograph.tui.screens.passage import PassageScreen
from octograph.tui.testing import a_route, answered
from octograph.tui.turns.account import Account
from octograph.tui.widgets.answer import Answer
from octograph.tui.widgets.code_blocks import CodeBlock
from octograph.tui.widgets.key_line import KeyLine
from octograph.tui.widgets.sources import Sources
from tests.tui.accounts import CITED, LEASE, UNSURE, grounded, told, weighed, withheld

__all__ = [
    "CODE",
    "PASSAGES",
    "Stage",
    "abstention",
    "closed",
    "code",
    "settle",
    "sourced",
    "sure",
    "waiting",
]

Shown = tuple[Turn, Account | None]
EMBEDDED = open_graph("embedded")

CODE = """Either of these:

```python
def add(a: int, b: int) -> int:
    return a + b
```

or, as a *program*:

```sh
echo $((1 + 2))
```
"""
PASSAGES = (
    CITED,
    Citation(
        number=2,
        source="/home/me/papers/house rules.md",
        title="House rules",
        heading="Moving out",
        page=None,
        text="Whoever moves out gives notice in writing.\n\nThe keys are handed over on the last day of the month.",
        similarity=None,
    ),
)


def closed(script: Sequence[object]) -> Shown:
    """The turn with which a script ends, and all that was seen of it."""
    beats = [beat for beat in script if not isinstance(beat, Exception)]
    finished = beats[-1]
    assert isinstance(finished, Finished)
    return finished.turn, told(beats)  # type: ignore[arg-type]  # pauses are left out there


def sure() -> Shown:
    return closed(weighed())


def sourced() -> Shown:
    turn, account = closed(grounded())
    turn = replace(turn, text="Three months [1], in writing [2].", citations=PASSAGES)
    assert account is not None
    return turn, replace(account, citations=PASSAGES)


def code() -> Shown:
    turn, _ = closed(answered("How do I add?", CODE, distribution={"code": 0.91, "chat": 0.05}, token="<fn_5>"))
    return replace(turn, id="code", thread="t", query="How do I add?", seconds=2.25), None


def abstention() -> Shown:
    return closed(withheld())


def waiting() -> Shown:
    route = a_route({"knowledge": 0.55, "reader": 0.4, "chat": 0.05}, token="<fn_9>", query=LEASE)
    attempt = Attempt(worker="knowledge", reason=UNSURE, text="It is a month.", score=-1.4)
    choices = ("answer", "abstain", "reader", "chat")
    turn = Turn(
        id="2",
        thread="t",
        query=LEASE,
        status="waiting",
        choices=choices,
        text="I am not sure. knowledge would say: It is a month.",
        route=route.document(),
        tried=(attempt,),
    )
    asked = Asked(attempts=(attempt,), choices=choices)
    return closed([Started(thread="t", turn="2", query=LEASE), *withheld()[1:7], asked, Finished(turn=turn)])


async def settle(pilot: Pilot[None]) -> None:
    for _ in range(6):
        await pilot.pause(0.05)


class Stage(App[None]):
    """Shows answers above a prompt, notes what they want, and opens what can be opened."""

    CSS_PATH = Path(octograph.tui.__file__).with_name("octograph.tcss")
    CSS = "#answers { height: 1fr; } #prompt { margin: 0 1; }"

    def __init__(self, *shown: Shown, theme: str = DARK.name) -> None:
        super().__init__()
        self.animation_level = "none"
        for each in (DARK, LIGHT):
            self.register_theme(each)
        self.theme = theme
        self.answers = [Answer(turn, strokes=BLOCKS) for turn, _ in shown]
        for answer, (_, account) in zip(self.answers, shown, strict=True):
            if account is not None:
                answer.show_account(account)
        self.noted: list[Message] = []
        self.chosen: list[str | None] = []

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="answers", can_focus=False):
            yield from self.answers
        yield Input(id="prompt", placeholder="Ask a question", compact=True)
        yield KeyLine()

    def on_mount(self) -> None:
        self.query_one("#prompt").focus()

    @property
    def wishes(self) -> list[str]:
        return [message.wish for message in self.noted if isinstance(message, Answer.Wanted)]

    @on(Answer.Wanted)
    def want(self, event: Answer.Wanted) -> None:
        self.noted.append(event)
        if event.wish in ("another", "elsewhere"):
            workers = Offered.all_of(EMBEDDED, event.answer.account, but=event.turn.worker)
            self.push_screen(
                ChooseWorkerScreen(workers, title="Who should answer?", strokes=BLOCKS), self.chosen.append
            )

    @on(Answer.Chosen)
    def choose(self, event: Answer.Chosen) -> None:
        self.noted.append(event)

    @on(Answer.CodeOffered)
    def offer(self, event: Answer.CodeOffered) -> None:
        def copy(block: CodeBlock | None) -> None:
            if block is not None:
                event.answer.copy(block.text, "the code")

        self.push_screen(ChooseCodeScreen(event.blocks), copy)

    @on(Answer.Left)
    def leave(self) -> None:
        self.query_one("#prompt").focus()

    @on(Sources.Opened)
    def read(self, event: Sources.Opened) -> None:
        self.push_screen(PassageScreen(event.citation))


Make = Callable[..., Stage]
