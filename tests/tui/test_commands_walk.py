"""A walk through the app by keyboard: what any class declares can be reached where it belongs, and nothing breaks.

The classes are collected, not listed, so that new screens and widgets are walked through as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from textual.actions import parse
from textual.command import CommandList
from textual.dom import DOMNode
from textual.pilot import Pilot

from octograph.agents import Citation, Turn
from octograph.documents import Change
from octograph.tui import make_app
from octograph.tui.app import OctographApp
from octograph.tui.control.actions import Action, place_of, places
from octograph.tui.control.palette import Offer, offers
from octograph.tui.screens.chat import ChatScreen
from octograph.tui.testing import Pause, ScriptedBackend, ScriptedDocuments, an_entry, answered

FLAT = "How high is the house?"
CODE = "Write it down."
SLOW = "Take your time."
LAST = {"app.quit"}
"""What ends the walk."""


@dataclass(kw_only=True)
class Walk:
    """What was seen.

    Attributes
    ----------
    places
        Where the user was, by name.
    offered, refused, done
        Actions by id: those that the palette had, those that could not be done when the user was there, those done.
    screens
        Screens that were walked through from end to end.

    """

    places: set[str] = field(default_factory=set)
    offered: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    screens: set[type] = field(default_factory=set)

    async def through(self, pilot: Pilot[None]) -> bool:
        """Do all that a screen and its widgets offer, once, and all in the screens that this opens.

        False if an action left the screen before that.
        """
        app = pilot.app
        assert isinstance(app, OctographApp)
        screen, depth = app.screen, len(app.screen_stack)
        while (offer := await self._find(pilot, app)) is not None:
            await self._do(pilot, app, offer)
            while len(app.screen_stack) > depth and type(app.screen) not in self.screens:
                if await self.through(pilot):
                    break
                if len(app.screen_stack) <= depth:
                    await self._do(pilot, app, offer)  # it was left: into it again
            for _ in range(4):
                if len(app.screen_stack) > depth:
                    await press(pilot, "escape")
            assert len(app.screen_stack) <= depth, f"escape does not lead back from {app.screen} ({offer.action.id})"
            if app.screen is not screen:
                return False
        self.screens.add(type(screen))
        return True

    async def _find(self, pilot: Pilot[None], app: OctographApp) -> Offer | None:
        """Go from part to part until there is something that was not done yet."""
        been: set[DOMNode | None] = set()
        while app.screen.focused not in been:
            been.add(app.screen.focused)
            for offer in self._look(app):
                if offer.action.id not in self.done | LAST:
                    return offer
            await press(pilot, "tab")
        return None

    def _look(self, app: OctographApp) -> list[Offer]:
        found = offers(app.screen, app.places)
        self.offered |= {offer.action.id for offer in found}
        for node in (app.screen.focused or app.screen).ancestors_with_self:
            for action in declared(node):
                self.places.add(action.id.partition(".")[0])
                assert can_run(node, action), f"{type(node).__name__} has no method for {action.run!r}"
                if action.id not in self.offered:
                    self.refused.add(action.id)
        return found

    async def _do(self, pilot: Pilot[None], app: OctographApp, offer: Offer) -> None:
        """Choose an offer in the palette."""
        self.done.add(offer.action.id)
        shown = [each.action.id for each in offers(app.screen, app.places) if each.action.run != "command_palette"]
        if offer.action.id not in shown:
            return  # the palette itself
        await press(pilot, "ctrl+p")
        listed = app.screen.query_one(CommandList)
        while listed.option_count < len(shown):
            await pilot.pause(0.02)
        await press(pilot, *["down"] * shown.index(offer.action.id), "enter")


def declared(node: DOMNode) -> Iterator[Action]:
    for kind in type(node).__mro__:
        if kind in {place.kind for place in places()}:
            yield from place_of(kind).actions


def can_run(node: DOMNode, action: Action) -> bool:
    namespace, name, _ = parse(action.run)
    target = {"app": node.app, "screen": node.screen}.get(namespace, node)
    return any(hasattr(target, f"{before}action_{name}") for before in ("", "_"))


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    for _ in range(3):
        await pilot.pause(0.03)


def turn(thread: str, number: int, query: str, text: str, *, interrupted: bool = False) -> Turn:
    passage = Citation(
        number=1, source="house.md", title="The house", heading="", page=None, text="It is 9 m high.", similarity=0.8
    )
    return Turn(
        id=f"t{number}",
        thread=thread,
        query=query,
        status="interrupted" if interrupted else "answered",
        text=text,
        worker="chat",
        source="model",
        citations=(passage,),
        started=f"2026-01-02T03:0{number}:05+00:00",
    )


def backend(*, interrupted: bool = False) -> ScriptedBackend:
    code = "Here:\n\n```python\nprint(1)\n```\n\nand\n\n```python\nprint(2)\n```\n"
    talk = [turn("a", 1, FLAT, "9 m [1]."), turn("a", 2, CODE, code)]
    if interrupted:
        talk.append(turn("a", 3, FLAT, "", interrupted=True))
    read = {name: an_entry(name) for name in ("/home/me/house.md", "/home/me/garden.md", "/home/me/cellar.md")}
    gone = [Change(source="/home/me/cellar.md", kind="gone"), Change(source="/home/me/house.md", kind="changed")]
    return ScriptedBackend(
        documents=ScriptedDocuments(documents=read, changed=gone),
        scripts={SLOW: [Pause(), *answered(SLOW, "At last.")]},
        conversations={"a": talk, "b": [turn("b", 1, FLAT, "High.")]},
    )


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what is written on the way in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OCTOGRAPH_CONFIG", str(tmp_path / "config.toml"))


async def walked(walk: Walk, script: ScriptedBackend, *first: str) -> None:
    """Walk through the app on a backend after some keys, then quit."""
    walk.screens.clear()  # there is something else in them now
    app = make_app(lambda: script, thread="a")
    app.animation_level = "none"
    async with app.run_test(size=(120, 40)) as pilot:
        for _ in range(10):
            await pilot.pause(0.05)
        await press(pilot, *first)
        await walk.through(pilot)
        assert app.is_running
        assert isinstance(app.screen, ChatScreen)
        await press(pilot, "ctrl+q")
    assert script.closed.is_set()
    assert app.return_code == 0


@pytest.fixture(scope="module")
def walk() -> Walk:
    return Walk()


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_everything_that_is_offered_can_be_done_and_the_app_stays_up(walk: Walk) -> None:
    await walked(walk, backend())
    await walked(walk, backend(), *SLOW, "enter")
    await walked(walk, backend(interrupted=True))
    assert {"chat.stop", "chat.resume", "chat.threads", "prompt.submit", "app.settings"} <= walk.done


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_every_place_is_reached_and_every_action_was_offered_or_refused_there(walk: Walk) -> None:
    if not walk.done:
        await test_everything_that_is_offered_can_be_done_and_the_app_stays_up(walk)
    assert [place.name for place in places() if place.name not in walk.places] == []
    ids = {action.id for place in places() for action in place.actions}
    assert ids == walk.offered | walk.refused
