"""Pictures of answers and what they open; after a meant change look at them, and run pytest with --snapshot-update."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import pytest
from textual.app import App
from textual.pilot import Pilot

from octograph.tui.control.themes import DARK, LIGHT
from octograph.tui.widgets.foot import Rating
from tests.tui.answers.stage import Shown, Stage, abstention, code, settle, sourced, sure, waiting

SnapCompare = Callable[..., bool]
Still = Callable[[App[None]], None]

SCENES: Mapping[str, tuple[Sequence[Callable[[], Shown]], Sequence[str]]] = {
    "abstention": ((sure, abstention), ("g",)),
    "revealed": ((abstention,), ("g", "enter")),
    "waiting": ((sure, waiting), ("g", "down")),
    "choosing": ((sure, sourced), ("a", "down")),
    "nobody": ((sure, sourced), ("a", "z", "z")),
    "passage": ((code, sourced), ("o", "down", "enter")),
    "sources": ((sourced,), ("o", "down")),
    "focused": ((sure, code), ()),
    "blocks": ((code,), ("b",)),
}


def scene(keys: Sequence[str], still: Still) -> Callable[[Pilot[None]], Awaitable[None]]:
    async def play(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, Stage)
        await settle(pilot)
        if len(app.answers) > 1:
            app.answers[0].rate(Rating(accepted=True))
        app.answers[-1].focus()
        await settle(pilot)
        for key in keys:
            await pilot.press(key)
            await settle(pilot)
        still(app)

    return play


@pytest.mark.parametrize("theme", [DARK.name, pytest.param(LIGHT.name, marks=pytest.mark.slow)])
@pytest.mark.parametrize("size", [(80, 24), (140, 45)], ids=["80x24", "140x45"])
@pytest.mark.parametrize("name", list(SCENES))
def test_looks_as_it_did(snap_compare: SnapCompare, still: Still, name: str, size: tuple[int, int], theme: str) -> None:
    shown, keys = SCENES[name]
    app = Stage(*(each() for each in shown), theme=theme)
    assert snap_compare(app, terminal_size=size, run_before=scene(keys, still))
