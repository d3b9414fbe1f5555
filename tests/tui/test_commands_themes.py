"""The app's own themes: every text can be read, and nothing is told by colour alone."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path

import pytest
from rich.segment import Segment
from textual.color import Color
from textual.pilot import Pilot
from textual.theme import BUILTIN_THEMES, Theme

from octograph.errors import HostStartError, UsageError
from octograph.tui import make_app
from octograph.tui.app import OctographApp
from octograph.tui.control.look import Look
from octograph.tui.control.themes import DARK, LIGHT, check_theme, themes
from octograph.tui.testing import Beat, ScriptedBackend, abstained, answered, escalated
from octograph.tui.widgets.prompt import Prompt

ENOUGH = 4.5
"""WCAG 2.2, success criterion 1.4.3, level AA, for text of normal size: all that a terminal has."""
TEXTS = ("foreground", "text-muted", "text-disabled", *(f"text-{name}" for name in ("primary", "accent", "warning")))
BEHIND = ("background", "surface", "panel")
CURSORS = (
    ("block-cursor-foreground", "block-cursor-background"),
    ("text-muted", "block-cursor-background"),
    ("text-accent", "block-cursor-background"),
    ("foreground", "block-cursor-blurred-background"),
    ("text-muted", "block-cursor-blurred-background"),
    ("footer-key-foreground", "footer-background"),
    ("footer-description-foreground", "footer-background"),
    ("button-color-foreground", "error"),
    ("button-color-foreground", "primary"),
)
CODE = "# A title\n\nSome *text*, `code` and a [link](https://example.org).\n\n```python\nx: int = 1  # one\n```\n"
SCRIPTS: Mapping[str, Sequence[Beat]] = {
    "tool": answered("tool", "48 * 17 = 816", tool=True),
    "code": answered("code", CODE),
    "who": abstained("who", "I don't know: none of my workers fits this (63% sure)."),
    "days": escalated("days", "It is 12 days.", first="calculator", reason="there is no expression", then="clock"),
    "bad": [HostStartError("the host did not become ready", hint="Run `octograph doctor`.")],
}
SCENES = {"chat": (), "threads": ("ctrl+t",), "palette": ("ctrl+p",), "help": ("f1",), "settings": ("f2",)}


def luminance(color: Color) -> float:
    """Relative luminance (WCAG 2.2)."""

    def linear(part: int) -> float:
        share = part / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(color.r) + 0.7152 * linear(color.g) + 0.0722 * linear(color.b)


def contrast(first: Color, second: Color) -> float:
    """Contrast ratio, from 1 to 21."""
    darker, lighter = sorted((luminance(first), luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_contrast_of_black_on_white_is_21() -> None:
    assert contrast(Color.parse("#000"), Color.parse("#fff")) == pytest.approx(21)
    assert contrast(Color.parse("#777"), Color.parse("#fff")) == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_the_colours_of_a_theme_can_be_read_on_each_other(theme: Theme) -> None:
    colors = theme.to_color_system().generate()
    pairs = [*product(TEXTS, BEHIND), *CURSORS]
    ratios = {pair: contrast(Color.parse(colors[pair[0]]), Color.parse(colors[pair[1]])) for pair in pairs}
    assert {pair: round(ratio, 2) for pair, ratio in ratios.items() if ratio < ENOUGH} == {}


def written(app: OctographApp) -> Iterator[Segment]:
    """What is to be read on the upmost screen: no blanks, no lines, bars and other drawings, nothing behind it."""
    strips = app.screen._compositor.render_strips()
    for widget in app.screen.query("*"):
        region = widget.region.intersection(app.screen.region)
        for y in () if widget.children or not widget.visible else region.line_range:
            for segment in strips[y].crop(region.x, region.right):
                if any(unicodedata.category(letter)[0] in "LNP" for letter in segment.text):
                    yield segment


async def settle(pilot: Pilot[None]) -> None:
    for _ in range(6):
        await pilot.pause(0.05)


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
async def test_what_is_on_the_screens_can_be_read(
    theme: Theme, scene: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCTOGRAPH_CONFIG", str(tmp_path / "config.toml"))
    app = make_app(lambda: ScriptedBackend(scripts=SCRIPTS), look=Look(theme=theme.name))
    app.animation_level = "none"
    async with app.run_test(size=(100, 60)) as pilot:
        await settle(pilot)
        for question in SCRIPTS if scene in ("chat", "threads") else ():
            app.screen.query_one(Prompt).text = question
            await pilot.press("enter")
            await settle(pilot)
        await pilot.press(*SCENES[scene])
        await settle(pilot)
        weak = {}
        for segment in written(app):
            style = segment.style
            assert style is not None
            assert style.color is not None
            assert style.bgcolor is not None
            front, back = Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor)
            if (ratio := contrast(front, back)) < ENOUGH:
                weak[segment.text] = (front.hex, back.hex, round(ratio, 2))
    assert weak == {}


@pytest.mark.parametrize("name", ["ansi-dark", "ansi-light"])
async def test_the_terminals_own_colours_can_be_used(name: str) -> None:
    app = make_app(ScriptedBackend, look=Look(theme=name))
    async with app.run_test() as pilot:
        await settle(pilot)
        for keys in SCENES.values():
            await pilot.press(*keys)
            await settle(pilot)
            for segment in written(app):
                for color in (segment.style.color, segment.style.bgcolor) if segment.style is not None else ():
                    assert color is None or color.triplet is None, segment
            await pilot.press("escape")


def test_themes_are_known_by_name() -> None:
    assert list(themes())[:4] == [DARK.name, LIGHT.name, "ansi-dark", "ansi-light"]
    assert set(themes()) == {DARK.name, LIGHT.name, *BUILTIN_THEMES}
    for name in themes():
        check_theme(name)
    with pytest.raises(UsageError, match="'octograph-drak'") as caught:
        check_theme("octograph-drak")
    assert "Did you mean 'octograph-dark'?" in caught.value.hint
