"""Pictures of the screens; after a meant change look at them, and run pytest with --snapshot-update."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot

from octograph.agents import Routed, StepStarted, TextWritten, Turn
from octograph.errors import HostStartError
from octograph.hosts import HostStatus
from octograph.tui.app import OctographApp
from octograph.tui.control.themes import DARK, LIGHT
from octograph.tui.testing import Beat, Pause, ScriptedBackend, a_route, abstained, answered, escalated
from octograph.tui.widgets.prompt import Prompt

MakeApp = Callable[..., OctographApp]
Still = Callable[[App[None]], None]
SnapCompare = Callable[..., bool]

SUM = "What is 48 * 17?"
ADD = "Write a Python function that adds two numbers."
DAYS = "How many days until Christmas?"
WHO = "Who will win the election?"
BAD = "Tell me a story."
WAIT = "Write a poem."
LONG = "Write a letter."
CODE = """Here is one:

```python
def add(a: int, b: int) -> int:
    return a + b
```

It *adds* two numbers; see the [tutorial](https://docs.python.org/3/tutorial/).
"""
SCRIPTS: Mapping[str, Sequence[Beat]] = {
    SUM: answered(SUM, "48 * 17 = 816", distribution={"calculator": 0.97, "math": 0.02, "units": 0.004}, tool=True),
    ADD: answered(ADD, CODE, distribution={"code": 0.91, "chat": 0.05, "writing": 0.02}, token="<fn_5>"),
    DAYS: escalated(DAYS, "It is 12 days.", first="calculator", reason="there is no expression", then="clock"),
    WHO: abstained(WHO, "I don't know: none of my workers fits this (63% sure)."),
    BAD: [HostStartError("the host of 'smollm2' did not become ready", hint="Run `octograph doctor`.")],
    WAIT: [StepStarted(step="route"), Pause()],
    LONG: [
        StepStarted(step="route"),
        Routed(route=a_route({"writing": 0.8, "chat": 0.2}, token="<fn_6>", query=LONG), seconds=0.0),
        StepStarted(step="generate", worker="writing"),
        TextWritten(worker="writing", text="Dear friend,\n\nit was a **long** winter, and"),
        Pause(),
    ],
}
SCENES: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "empty": ((), ()),
    "answered": ((SUM, ADD), ()),
    "abstained": ((DAYS, WHO), ()),
    "failed": ((SUM, BAD), ()),
    "loading": ((SUM, WAIT), ()),
    "writing": ((SUM, LONG), ()),
    "stopped": ((SUM, LONG), ("escape",)),
    "interrupted": ((), ()),
    "threads": ((), ("ctrl+t",)),
    "threads-found": ((), ("ctrl+t", "/", *"function")),
    "threads-renamed": ((), ("ctrl+t", "e")),
    "threads-deleted": ((), ("ctrl+t", "d")),
    "node": ((), ("f5", "enter")),
    "node-unloaded": ((), ("f5", "enter", "u")),
}
"""What is asked, and which keys are pressed then."""

LATEST = "2026-07-29T09:12"
STARTING = HostStatus(models=("smollm2",), state="starting", awaited=True, starting_seconds=1.0, loaded=0.43)


def backend_of(name: str) -> ScriptedBackend:
    backend = ScriptedBackend(scripts=SCRIPTS)
    if name.startswith("threads"):
        for day, query in {LATEST: SUM, "2026-07-28T18:40": ADD, "2026-07-12T22:05": DAYS}.items():
            backend.conversations[day] = [a_turn(day, query, status="answered", text="…")]
    if name == "interrupted":
        backend.conversations[LATEST] = [a_turn(LATEST, LONG, status="interrupted", text="")]
    if name == "loading":
        backend.hosts.statuses["smollm2"] = STARTING
    return backend


def a_turn(day: str, query: str, **said: Any) -> Turn:
    return Turn(id="1", thread=day, query=query, started=f"{day}:00+02:00", **said)


async def settle(pilot: Pilot[None]) -> None:
    for _ in range(6):
        await pilot.pause(0.05)


def scene(name: str, still: Still) -> Callable[[Pilot[None]], Awaitable[None]]:
    questions, keys = SCENES[name]

    async def play(pilot: Pilot[None]) -> None:
        await settle(pilot)
        for question in questions:
            pilot.app.screen.query_one(Prompt).text = question
            await pilot.press("enter")
            await settle(pilot)
        await pilot.press(*keys)
        await settle(pilot)
        still(pilot.app)

    return play


@pytest.mark.parametrize("size", [(80, 24), (140, 45)], ids=["80x24", "140x45"])
@pytest.mark.parametrize("theme", [DARK.name, pytest.param(LIGHT.name, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", list(SCENES))
def test_looks_as_it_did(
    snap_compare: SnapCompare, app_on: MakeApp, still: Still, name: str, theme: str, size: tuple[int, int]
) -> None:
    app = app_on(backend_of(name), thread=LATEST if name == "interrupted" else None)
    app.theme = theme
    assert snap_compare(app, terminal_size=size, run_before=scene(name, still))
