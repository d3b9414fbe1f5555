from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import RenderableType
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets.markdown import MarkdownFence

from octograph.tui.widgets.markup import parser
from octograph.tui.widgets.written import BETWEEN_LAYOUTS, Written, may_be_a_fence

ReadScreen = Callable[[App[None]], str]

OPENING = ["Like", " so", ":\n", "\n", "``", "`", "py", "thon", "\n"]
CODE = ["def", " add", "(a):\n", "   ", " return", " a\n", "`", "``", "\n\n", "It", " `adds", "`", ".\n\n"]
INSIDE = ["- then\n", "  ``", "`sh\n", "  echo", " 1\n", "  ``", "`"]
TOKENS = [*OPENING, *CODE, *INSIDE]


class Page(App[None]):
    """Shows nothing but a text, and notes what is painted."""

    def __init__(self, text: str, read: ReadScreen) -> None:
        super().__init__()
        self.written = Written(text)
        self.read = read
        self.painted: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.written

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        super()._display(screen, renderable)
        if not self._batch_count:
            self.painted.append(self.read(self))


async def seen(pilot: Pilot[None], app: Page) -> str:
    """What is painted in the end."""
    calm = painted = 0
    while calm < 8:
        await pilot.pause(0.05)
        calm = calm + 1 if len(app.painted) == painted else 0
        painted = len(app.painted)
    return app.painted[-1]


async def test_a_block_of_code_stands_still_while_it_is_written(read_screen: ReadScreen) -> None:
    app = Page("", read_screen)
    blocks: list[list[MarkdownFence]] = []
    async with app.run_test(size=(60, 20)) as pilot:
        for token in [*OPENING, *CODE]:
            await app.written.write(token)
            await pilot.pause(BETWEEN_LAYOUTS + 0.05)
            blocks.append([*app.query(MarkdownFence)])
    first = next(place for place, found in enumerate(blocks) if found)
    assert first == len(OPENING) - 1  # once its first line is whole, and no sooner
    (block,) = blocks[first]
    assert all(found == [block] for found in blocks[first:])  # never made anew
    assert (block.code, block.lexer) == ("def add(a):\n    return a", "python")
    assert not any("``" in screen for screen in app.painted)
    lines = [len(screen.split()) for screen in app.painted]
    assert lines == sorted(lines)  # nothing comes and goes


async def test_what_was_written_piece_by_piece_looks_as_it_does_at_once(read_screen: ReadScreen) -> None:
    app = Page("", read_screen)
    async with app.run_test(size=(60, 30)) as pilot:
        for token in TOKENS:
            await app.written.write(token)
            await pilot.pause(BETWEEN_LAYOUTS / 3)
        await app.written.end()
        streamed = await seen(pilot, app)
    assert not any("``" in screen for screen in app.painted)
    whole = Page("".join(TOKENS), read_screen)
    async with whole.run_test(size=(60, 30)) as pilot:
        assert await seen(pilot, whole) == streamed
    assert app.written.text == "".join(TOKENS)


async def test_a_fence_that_never_ends_is_shown_in_the_end(read_screen: ReadScreen) -> None:
    app = Page("", read_screen)
    async with app.run_test(size=(60, 20)) as pilot:
        await app.written.write("Like so:\n\n```pyt")
        await pilot.pause(0.3)
        assert not app.query(MarkdownFence)
        await app.written.end()
        await seen(pilot, app)
        assert [block.lexer for block in app.query(MarkdownFence)] == ["pyt"]


async def test_what_is_taken_back_leaves_what_is_kept(read_screen: ReadScreen) -> None:
    app = Page("", read_screen)
    async with app.run_test(size=(60, 20)) as pilot:
        await app.written.write("```\none\n``")
        await app.written.write("`")
        await app.written.keep()
        await app.written.write("two ``")
        await app.written.take_back()
        screen = await seen(pilot, app)
        assert app.written.text == "```\none\n```\n\n"
        assert "one" in screen
        assert "two" not in screen
        await app.written.write("three")
        await app.written.end()
        assert "three" in await seen(pilot, app)
        await app.written.become("four")
        assert (await seen(pilot, app)).split() == ["four"]
        await app.written.become("")
        assert not app.written.display


@pytest.mark.parametrize(
    "line", ["`", "``", "```", "```py", "   ````", "~~", "~~~ sh", "- ```", "> 1. ~", "  * > ```js title", "\t`"]
)
def test_lines_that_may_become_fences(line: str) -> None:
    assert may_be_a_fence(line)


@pytest.mark.parametrize("line", ["", "a", "`x", "```a`", "~5", "- one", "x ```", "-", "> ", "1. "])
def test_lines_that_cannot(line: str) -> None:
    assert not may_be_a_fence(line)


@given(st.text(alphabet="`~ -1.>a\t\n", max_size=30))
def test_no_fence_begins_on_a_line_that_is_shown_half_written(text: str) -> None:
    last = text.count("\n")
    begun = [token for token in parser().parse(text) if token.type == "fence" and token.map and token.map[0] == last]
    assert not begun or may_be_a_fence(text.rpartition("\n")[2])
