"""What the tests of the app share: how an app is made, and how its screen is read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.app import App
from textual.widgets import Input, TextArea

from octograph.tui import make_app
from octograph.tui.app import OctographApp
from octograph.tui.testing import ScriptedBackend

MakeApp = Callable[..., OctographApp]
ReadScreen = Callable[[App[None]], str]


@pytest.fixture
def app_on() -> MakeApp:
    """Make the app on a backend, with nothing that moves."""

    def make(backend: ScriptedBackend, *, thread: str | None = None) -> OctographApp:
        app = make_app(lambda: backend, thread=thread)
        app.theme = "textual-dark"
        app.animation_level = "none"
        return app

    return make


@pytest.fixture
def read_screen() -> ReadScreen:
    """Return the text that is on the screen, line by line."""

    def read(app: App[None]) -> str:
        strips = app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)

    return read


@pytest.fixture
def still() -> Callable[[App[None]], None]:
    """Hold the cursor still for a picture, which is taken next."""

    def hold(app: App[None]) -> None:
        for line in app.screen.query(Input):
            line.cursor_blink = False
        for prompt in app.screen.query(TextArea):
            prompt.cursor_blink = False

    return hold
