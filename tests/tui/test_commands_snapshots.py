"""Pictures of palette, help and settings; after a meant change look at them, and run pytest with --snapshot-update."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.app import App
from textual.pilot import Pilot

from octograph.tui import make_app
from octograph.tui.control.look import Look
from octograph.tui.control.themes import DARK, LIGHT
from octograph.tui.testing import ScriptedBackend

SnapCompare = Callable[..., bool]
Still = Callable[[App[None]], None]

SCENES = {
    "palette": ("ctrl+p",),
    "found": ("ctrl+p", *"thread"),
    "help": ("f1",),
    "settings": ("f2",),
    "refused": ("f2", "down", *"x", "enter"),
}


@pytest.fixture(autouse=True)
def _same_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no path of this machine be in a picture."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OCTOGRAPH_CONFIG", "config.toml")
    monkeypatch.setenv("OCTOGRAPH_DATA_DIR", "/home/me/.local/share/octograph")
    monkeypatch.setenv("OCTOGRAPH_CACHE_DIR", "/home/me/.cache/octograph")
    Path("config.toml").write_text('# Mine.\nthreads = 3\nkeys = { "chat.stop" = "alt+s" }\n')


async def settle(pilot: Pilot[None]) -> None:
    for _ in range(6):
        await pilot.pause(0.05)


def scene(name: str, still: Still) -> Callable[[Pilot[None]], Awaitable[None]]:
    async def play(pilot: Pilot[None]) -> None:
        await settle(pilot)
        for key in SCENES[name]:
            await pilot.press(key)
            await settle(pilot)
            while any(worker.is_running for worker in pilot.app.workers):  # settings are read and written in threads
                await settle(pilot)
        still(pilot.app)

    return play


@pytest.mark.parametrize("size", [(80, 24), (140, 45)], ids=["80x24", "140x45"])
@pytest.mark.parametrize("theme", [DARK.name, pytest.param(LIGHT.name, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", list(SCENES))
def test_looks_as_it_did(snap_compare: SnapCompare, still: Still, name: str, theme: str, size: tuple[int, int]) -> None:
    app = make_app(ScriptedBackend, look=Look(theme=theme, keys={"chat.stop": "alt+s"}))
    app.animation_level = "none"
    assert snap_compare(app, terminal_size=size, run_before=scene(name, still))
