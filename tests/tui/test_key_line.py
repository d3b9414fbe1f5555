"""The line of keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

import pytest
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType

from octograph.tui.widgets.key_line import KeyLine

ReadScreen = Callable[[App[None]], str]


class Keys(App[None]):
    """Nothing but the line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f7", "say('one')", "One", tooltip="Say one"),
        Binding("f8", "say('two')", "Two"),
        Binding("f9", "say('none')", "None", show=False),
        Binding("ctrl+p", "command_palette", "Palette", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.refused: set[str] = set()

    def compose(self) -> ComposeResult:
        yield KeyLine()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return not self.refused & set(map(str, parameters))

    def action_say(self, word: str) -> None:
        self.said.append(word)

    def refuse(self, words: Iterable[str]) -> None:
        self.refused = set(words)
        self.refresh_bindings()


async def test_it_shows_what_can_be_done_now(read_screen: ReadScreen) -> None:
    app = Keys()
    async with app.run_test(size=(40, 3)) as pilot:
        await pilot.pause()
        assert read_screen(app).splitlines()[-1] == " f7 One  f8 Two             ▏^p Palette"
        app.refuse(["one"])
        await pilot.pause()
        assert read_screen(app).splitlines()[-1] == " f8 Two                     ▏^p Palette"


async def test_a_key_for_which_there_is_no_room_is_left_out(read_screen: ReadScreen) -> None:
    app = Keys()
    async with app.run_test(size=(24, 3)) as pilot:
        await pilot.pause()
        assert read_screen(app).splitlines()[-1] == " f7 One     ▏^p Palette"
        await pilot.click(KeyLine, offset=(9, 0))
        assert app.said == []


@pytest.mark.parametrize(("column", "said"), [(1, ["one"]), (7, ["one"]), (8, ["two"]), (17, [])])
async def test_a_click_is_a_key(column: int, said: list[str]) -> None:
    app = Keys()
    async with app.run_test(size=(40, 3)) as pilot:
        await pilot.pause()
        await pilot.click(KeyLine, offset=(column, 0))
        await pilot.pause()
        assert app.said == said


async def test_the_mouse_over_a_key_tells_more() -> None:
    app = Keys()
    async with app.run_test(size=(40, 3)) as pilot:
        await pilot.pause()
        await pilot.hover(KeyLine, offset=(2, 0))
        assert str(app.query_one(KeyLine).tooltip) == "Say one"
        await pilot.hover(KeyLine, offset=(25, 0))
        assert app.query_one(KeyLine).tooltip is None
