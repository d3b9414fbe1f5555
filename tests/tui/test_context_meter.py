from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

import octograph.tui
from octograph.agents.context import ContextUse
from octograph.tui.control.themes import DARK, LIGHT
from octograph.tui.drawing.strokes import ASCII, BLOCKS, Strokes
from octograph.tui.widgets.context_meter import ContextMeter

ReadScreen = Callable[[App[None]], str]
SnapCompare = Callable[..., bool]


def use(tokens: int, *, limit: int = 8192, shown: int = 9, hidden: int = 0) -> ContextUse:
    room = max(0, min(256, limit - tokens))
    return ContextUse(worker="chat", tokens=tokens, limit=limit, room=room, shown=shown, hidden=hidden)


USES = (
    None,
    use(1240, shown=3),
    use(1240, hidden=12),
    use(6143),
    use(6144),
    use(8191, shown=4),
    use(8500, hidden=12),
    use(104_312, limit=131_072),
)


class Meters(Screen[None]):
    """A meter for each use, with a key that compacts or without."""

    def __init__(self, uses: tuple[ContextUse | None, ...], strokes: Strokes) -> None:
        super().__init__()
        self._uses = uses
        self._strokes = strokes

    def compose(self) -> ComposeResult:
        for _ in self._uses:
            yield ContextMeter(strokes=self._strokes)

    def on_mount(self) -> None:
        for meter, each in zip(self.query(ContextMeter), self._uses, strict=True):
            meter.show(each)

    def action_compact(self) -> None:
        """Do nothing."""


class Keyed(Meters):
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f6", "compact", "Compact", id="keyed.compact")]


class Stage(App[None]):
    CSS_PATH = Path(octograph.tui.__file__).parent / "octograph.tcss"

    def __init__(
        self,
        *uses: ContextUse | None,
        kind: type[Meters] = Keyed,
        strokes: Strokes = BLOCKS,
        theme: str = DARK.name,
    ) -> None:
        super().__init__()
        for each in (DARK, LIGHT):
            self.register_theme(each)
        self.theme = theme
        self.animation_level = "none"
        self._meters = kind(uses, strokes)

    def get_default_screen(self) -> Screen[None]:
        return self._meters


async def shown(app: Stage, read: ReadScreen) -> list[str]:
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.1)
        return [line.strip() for line in read(app).splitlines() if line.strip()]


async def test_it_says_how_full_the_context_is_and_from_three_quarters_on_how_to_make_room(
    read_screen: ReadScreen,
) -> None:
    assert await shown(Stage(*USES), read_screen) == [
        "context 1,240 of 8,192 █▎░░░░░░",
        "context 1,240 of 8,192 █▎░░░░░░ 12 earlier turns are left out",
        "context 6,143 of 8,192 ██████░░",
        "context 6,144 of 8,192 ██████░░ nearly full: f6 keeps the last 4 turns",
        "context 8,191 of 8,192 ████████ nearly full: a new thread has room",
        "context 8,500 of 8,192 ████████ full: f6 keeps the last 4 turns",
        "context 104,312 of 131,072 ██████▍░ nearly full: f6 keeps the last 4 turns",
    ]


async def test_without_a_key_it_says_what_helps(read_screen: ReadScreen) -> None:
    (line,) = await shown(Stage(use(8000), kind=Meters), read_screen)
    assert line.endswith("nearly full: compact to the last 4 turns")


async def test_the_users_own_key_is_named(read_screen: ReadScreen) -> None:
    app = Stage(use(8000))
    app.set_keymap({"keyed.compact": "ctrl+question_mark"})
    (line,) = await shown(app, read_screen)
    assert "ctrl+? keeps" in line


async def test_what_is_known_no_longer_is_shown_no_longer(read_screen: ReadScreen) -> None:
    app = Stage(use(8000))
    async with app.run_test(size=(80, 24)) as pilot:
        meter = app.screen.query_one(ContextMeter)
        meter.show(use(100, hidden=1))
        await pilot.pause(0.1)
        assert read_screen(app).strip() == "context 100 of 8,192 ▏░░░░░░░ 1 earlier turn is left out"
        assert not meter.has_class("-nearly-full")
        meter.show(None)
        await pilot.pause(0.1)
        assert read_screen(app).strip() == ""


async def test_without_blocks_nothing_but_letters_is_drawn(read_screen: ReadScreen) -> None:
    found = await shown(Stage(*USES, strokes=ASCII), read_screen)
    assert "".join(found).isascii()
    assert found[0] == "context 1,240 of 8,192 #......."


@pytest.mark.parametrize("theme", [DARK.name, pytest.param(LIGHT.name, marks=pytest.mark.slow)])
@pytest.mark.parametrize("size", [(80, 24), (140, 45)], ids=["80x24", "140x45"])
def test_looks_as_it_did(snap_compare: SnapCompare, size: tuple[int, int], theme: str) -> None:
    assert snap_compare(Stage(*USES, theme=theme), terminal_size=size)
