"""Pictures of the pane and of the details; after a meant change look at them, and run pytest with --snapshot-update."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

import pytest
from textual.app import App
from textual.pilot import Pilot

from octograph.graph import open_graph
from octograph.tui.drawing.strokes import BLOCKS
from octograph.tui.screens.details import DetailsScreen
from octograph.tui.testing import abstained, answered, planned
from octograph.tui.turns.account import Account
from octograph.tui.widgets.graph_tree import GraphTree
from tests.tui.accounts import grounded, told, weighed, withheld
from tests.tui.stage import Stage

SnapCompare = Callable[..., bool]

EMBEDDED = open_graph("embedded")
PLAN = (
    ("calculator", "What is 3 * 4?", "12"),
    ("units", "Convert it from miles to kilometres", "19.3 km"),
    ("writing", "Write a sentence about it", "…"),
)
SUBJECTS = {"physics": 0.71, "chemistry": 0.14, "electrical_engineering": 0.08, "math": 0.06, "none": 0.01}
ACCOUNTS: Mapping[str, tuple[str, Account, Sequence[str]]] = {
    "idle": ("embedded", Account(), ()),
    "writing": ("embedded", told(weighed(), until=8), ()),
    "grounded": ("embedded", told(grounded()), ()),
    "plan": ("embedded", told([weighed()[0], *planned("q", PLAN)], until=8), ()),
    "subjects": ("octopus-mmlu", told(answered("q", "7", distribution=SUBJECTS, token="<fn_0>")), ()),
    "abstained": ("embedded", told(abstained("q", "I don't know.")), ()),
    "cursor": ("embedded", told(weighed()), ("down", "down")),
}
DETAILS: Mapping[str, tuple[Account, Sequence[str]]] = {
    "decision": (told(weighed()), ()),
    "opened": (told(weighed()), ("enter", "down", "enter", "down", "down", "enter", "down", "enter")),
    "passages": (told(grounded()), ("enter", "down", "down", "enter", "down", "enter", "down", "enter")),
    "abstained": (told(withheld()), ()),
}
SIZES = pytest.mark.parametrize(
    "size",
    [
        pytest.param((46, 24), id="46x24"),
        pytest.param((80, 24), id="80x24"),
        pytest.param((140, 45), id="140x45", marks=pytest.mark.slow),
    ],
)
THEMES = pytest.mark.parametrize("theme", ["textual-dark", pytest.param("textual-light", marks=pytest.mark.slow)])


async def settle(pilot: Pilot[None]) -> None:
    for _ in range(8):
        await pilot.pause(0.05)


def pressing(keys: Sequence[str], focus: type[GraphTree] | None = None) -> Callable[[Pilot[None]], Awaitable[None]]:
    async def play(pilot: Pilot[None]) -> None:
        await settle(pilot)
        if keys and focus is not None:
            pilot.app.screen.query_one(focus).focus()
        for key in keys:
            await pilot.press(key)
        await settle(pilot)

    return play


class Details(App[None]):
    """Shows the details of one account over nothing."""

    def __init__(self, account: Account) -> None:
        super().__init__()
        self.animation_level = "none"
        self.account = account

    def on_mount(self) -> None:
        self.push_screen(DetailsScreen(self.account, graph=EMBEDDED, strokes=BLOCKS))


@THEMES
@SIZES
@pytest.mark.parametrize("name", list(ACCOUNTS))
def test_the_pane_looks_as_it_did(snap_compare: SnapCompare, name: str, size: tuple[int, int], theme: str) -> None:
    graph, account, keys = ACCOUNTS[name]
    app = Stage(open_graph(graph), account, alone=size[0] < 80)
    app.theme = theme
    assert snap_compare(app, terminal_size=size, run_before=pressing(keys, GraphTree))


@THEMES
@SIZES
@pytest.mark.parametrize("name", list(DETAILS))
def test_the_details_look_as_they_did(snap_compare: SnapCompare, name: str, size: tuple[int, int], theme: str) -> None:
    account, keys = DETAILS[name]
    app = Details(account)
    app.theme = theme
    assert snap_compare(app, terminal_size=size, run_before=pressing(keys))
