"""Pictures of the screens; after a meant change look at them, and run pytest with --snapshot-update."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import pytest
from textual.app import App
from textual.pilot import Pilot

from octograph.agents import Turn
from octograph.errors import HostStartError
from octograph.tui.app import OctographApp
from octograph.tui.testing import Beat, ScriptedBackend, abstained, answered, escalated
from octograph.tui.widgets.prompt import Prompt

MakeApp = Callable[..., OctographApp]
Still = Callable[[App[None]], None]
SnapCompare = Callable[..., bool]

SUM = "What is 48 * 17?"
ADD = "Write a Python function that adds two numbers."
DAYS = "How many days until Christmas?"
WHO = "Who will win the election?"
BAD = "Tell me a story."
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
}
SCENES: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "empty": ((), ()),
    "answered": ((SUM, ADD), ()),
    "abstained": ((DAYS, WHO), ()),
    "failed": ((SUM, BAD), ()),
    "threads": ((), ("ctrl+t",)),
    "help": ((), ("f1",)),
}


def conversations() -> dict[str, list[Turn]]:
    days = {"2026-07-29T09:12": SUM, "2026-07-28T18:40": ADD, "2026-07-12T22:05": DAYS}
    return {
        day: [Turn(id="1", thread=day, query=query, status="answered", text="…", started=f"{day}:00+02:00")]
        for day, query in days.items()
    }


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


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
@pytest.mark.parametrize("name", list(SCENES))
def test_looks_as_it_did(
    snap_compare: SnapCompare, app_on: MakeApp, still: Still, name: str, size: tuple[int, int]
) -> None:
    backend = ScriptedBackend(scripts=SCRIPTS, conversations=conversations() if name == "threads" else {})
    assert snap_compare(app_on(backend), terminal_size=size, run_before=scene(name, still))
