from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App
from textual.containers import Vertical
from textual.pilot import Pilot

from octograph.agents import StepStarted, TextWritten, Turn
from octograph.errors import HostStartError
from octograph.tui.app import OctographApp
from octograph.tui.testing import Beat, Pause, ScriptedBackend, answered
from octograph.tui.widgets.answer import Answer
from octograph.tui.widgets.entries import Entries, Entry, estimate
from octograph.tui.widgets.exchange import Exchange
from octograph.tui.widgets.prompt import Prompt
from octograph.tui.widgets.question import Question
from octograph.tui.widgets.transcript import Transcript

MakeApp = Callable[..., OctographApp]
ReadScreen = Callable[[App[None]], str]
COLUMNS, LINES = 100, 30


def turn(number: int) -> Turn:
    """Turns of all heights, each line of which says whose it is."""
    lines = [f"answer {number} line {line} {'and more of it ' * (line % 5 * 4)}" for line in range(1 + number * 7 % 13)]
    return Turn(
        id=f"t{number}",
        thread="old",
        query=f"question {number}: {'at length ' * (number % 4 * 12)}",
        status="answered",
        text="\n\n".join(lines),
        source="model",
        worker="chat",
        started="2026-01-02T03:04:05+00:00",
    )


def old(count: int) -> dict[str, list[Turn]]:
    return {"old": [turn(number) for number in range(count)]}


def shown(app: App[None]) -> list[str]:
    """The ids of the turns that have widgets."""
    return [each.turn.id for each in app.screen.query(Exchange) if each.turn is not None]


def lines_of(screen: str) -> list[str]:
    """The lines of the transcript: below the heading, above the status, without the scroll bar."""
    return [line.rstrip("▁▂▃▄▅▆▇█ ") for line in screen.splitlines()[1:-5]]


async def rest(pilot: Pilot[None]) -> None:
    """Wait until the turns that are near have their widgets and are laid out."""
    transcript, calm = pilot.app.screen.query_one(Transcript), 0
    while calm < 3:
        await pilot.pause(0.03)
        calm = calm + 1 if transcript.at_rest else 0


async def opened(pilot: Pilot[None]) -> Transcript:
    """Wait until the thread is shown."""
    transcript = pilot.app.screen.query_one(Transcript)
    while transcript.last is None:
        await pilot.pause(0.03)
    await rest(pilot)
    return transcript


async def ask(pilot: Pilot[None], question: str) -> None:
    pilot.app.screen.query_one(Prompt).text = question
    await pilot.press("enter")
    await rest(pilot)


# --- a window of widgets ----------------------------------------------------------------------------------


async def test_a_long_thread_opens_at_its_end_with_few_widgets(app_on: MakeApp, read_screen: ReadScreen) -> None:
    app = app_on(ScriptedBackend(conversations=old(1000)), thread="old")
    async with app.run_test(size=(COLUMNS, LINES)) as pilot:
        transcript = await opened(pilot)
        assert transcript.scroll_y == transcript.max_scroll_y
        assert "answer 999 line" in read_screen(app)
        assert shown(app) == [f"t{number}" for number in range(1000)][-len(shown(app)) :]
        assert len(shown(app)) < 25
        assert transcript.virtual_size.height > 5000  # the scroll bar counts all


async def test_paging_to_the_beginning_shows_every_turn_in_order(app_on: MakeApp, read_screen: ReadScreen) -> None:
    app = app_on(ScriptedBackend(conversations=old(25)), thread="old")
    seen: list[str] = []
    async with app.run_test(size=(COLUMNS, LINES)) as pilot:
        transcript = await opened(pilot)
        while True:
            page = lines_of(read_screen(app))
            overlap = next(n for n in range(len(page), -1, -1) if page[len(page) - n :] == seen[:n])
            seen = page[: len(page) - overlap] + seen
            assert len(shown(app)) < 30
            if transcript.scroll_y == 0:
                break
            await pilot.press("pageup")
            await rest(pilot)
    text = "\n".join(seen)
    places = [text.index(f"question {number}:") for number in range(25)]
    assert places == sorted(places)
    assert all(f"answer {number} line {number * 7 % 13}" in text for number in range(25))


async def test_what_is_read_stays_while_turns_are_mounted(app_on: MakeApp, read_screen: ReadScreen) -> None:
    app = app_on(ScriptedBackend(conversations=old(300)), thread="old")
    async with app.run_test(size=(COLUMNS, LINES)) as pilot:
        transcript = await opened(pilot)
        for key in ["pageup"] * 8 + ["pagedown"] * 4:
            top = transcript.scroll_y
            await pilot.press(key)
            await pilot.pause()
            page = lines_of(read_screen(app))
            assert any(page), "a page of nothing"
            assert transcript.scroll_y != top
            await rest(pilot)
            assert lines_of(read_screen(app)) == page


async def test_only_far_turns_lose_their_widgets_and_they_come_back(app_on: MakeApp, read_screen: ReadScreen) -> None:
    app = app_on(ScriptedBackend(conversations=old(200)), thread="old")
    async with app.run_test(size=(COLUMNS, LINES)) as pilot:
        await opened(pilot)
        end = read_screen(app)
        for _ in range(8):
            await pilot.press("pageup")
            await rest(pilot)
        assert "t197" not in shown(app)
        assert shown(app)[-1] == "t199"  # the latest may be resumed
        for _ in range(9):
            await pilot.press("pagedown")
            await rest(pilot)
        assert read_screen(app) == end


async def test_the_scroll_bar_leads_anywhere(app_on: MakeApp, read_screen: ReadScreen) -> None:
    app = app_on(ScriptedBackend(conversations=old(1000)), thread="old")
    async with app.run_test(size=(COLUMNS, LINES)) as pilot:
        transcript = await opened(pilot)
        transcript.scroll_to(y=transcript.max_scroll_y // 2)
        await rest(pilot)
        middle = [int(name[1:]) for name in shown(app)[:-1]]
        assert middle == list(range(middle[0], middle[-1] + 1))
        assert 450 < middle[0] < 550
        assert "answer" in read_screen(app)
        transcript.scroll_home()
        await rest(pilot)
        assert lines_of(read_screen(app))[1].strip().startswith("question 0")


async def test_the_latest_can_be_resumed_from_anywhere(app_on: MakeApp, read_screen: ReadScreen) -> None:
    turns = [*old(100)["old"], Turn(id="cut", thread="old", query="cut", status="interrupted", text="")]
    backend = ScriptedBackend(scripts={"cut": answered("cut", "whole again")}, conversations={"old": turns})
    app = app_on(backend, thread="old")
    async with app.run_test(size=(COLUMNS, LINES)) as pilot:
        await opened(pilot)
        assert "ctrl+r resumes it" in read_screen(app)
        for _ in range(6):
            await pilot.press("pageup")
            await rest(pilot)
        await pilot.press("ctrl+r")
        await rest(pilot)
        app.screen.query_one(Transcript).scroll_end()
        await rest(pilot)
        assert "whole again" in read_screen(app)


# --- going to a turn --------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, 1, 400, 770, 798])
async def test_a_turn_is_brought_to_the_upper_edge(app_on: MakeApp, read_screen: ReadScreen, number: int) -> None:
    app = app_on(ScriptedBackend(conversations=old(800)), thread="old")
    async with app.run_test(size=(COLUMNS, LINES)) as pilot:
        transcript = await opened(pilot)
        assert transcript.show_turn(f"t{number}")
        await rest(pilot)
        page = lines_of(read_screen(app))
        assert any(f"question {number}:" in line for line in page)
        if transcript.scroll_y < transcript.max_scroll_y:
            assert f"question {number}:" in page[0]
        assert len(shown(app)) < 30


async def test_a_turn_of_another_thread_is_not_there(app_on: MakeApp) -> None:
    app = app_on(ScriptedBackend(conversations=old(3)), thread="old")
    async with app.run_test(size=(COLUMNS, LINES)) as pilot:
        await opened(pilot)
        assert not app.screen.query_one(Transcript).show_turn("t3")


# --- live answers -----------------------------------------------------------------------------------------


def slow(question: str) -> list[Beat]:
    first = answered(question, [f"piece {number}\n\n" for number in range(40)])[:-3]
    return [*first, Pause(seconds=1.0), TextWritten(worker="chat", text="\n\nthe end"), Pause()]


async def test_a_live_answer_stays_and_a_new_question_is_followed(app_on: MakeApp, read_screen: ReadScreen) -> None:
    app = app_on(ScriptedBackend(scripts={"q": slow("q")}, conversations=old(200)), thread="old")
    async with app.run_test(size=(COLUMNS, LINES)) as pilot:
        transcript = await opened(pilot)
        for _ in range(7):
            await pilot.press("pageup")
            await rest(pilot)
        await ask(pilot, "q")
        assert transcript.scroll_y == transcript.max_scroll_y
        assert "piece 39" in read_screen(app)
        live = transcript.last
        for _ in range(7):
            await pilot.press("pageup")
            await pilot.pause(0.05)
        page = lines_of(read_screen(app))
        await pilot.pause(1.5)
        await rest(pilot)
        assert transcript.last is live
        assert live is not None
        assert live.is_attached
        assert lines_of(read_screen(app)) == page  # the user reads on while it grows
        transcript.scroll_end()
        await rest(pilot)
        assert "the end" in read_screen(app)


async def test_an_asked_turn_looks_the_same_when_it_comes_back(app_on: MakeApp, read_screen: ReadScreen) -> None:
    text = ["# Head\n\n", "- one\n", "- two\n", "\n```python\nx = 1\n```\n", *[f"\nline {n}\n" for n in range(30)]]
    lines = [f"line {n}\n\n" for n in range(30)]
    scripts: dict[str, Sequence[Beat]] = {"a": answered("a", text), **{q: answered(q, lines) for q in "bcde"}}
    app = app_on(ScriptedBackend(scripts=scripts))
    async with app.run_test(size=(COLUMNS, LINES)) as pilot:
        await ask(pilot, "a")
        transcript = app.screen.query_one(Transcript)
        transcript.scroll_home()
        await rest(pilot)
        before = lines_of(read_screen(app))
        for question in ("b", "c", "d", "e"):
            await ask(pilot, question)
        assert not any("Head" in line for line in lines_of(read_screen(app)))
        assert len(app.screen.query(Exchange)) < 5
        transcript.scroll_home()
        await rest(pilot)
        assert lines_of(read_screen(app))[:20] == before[:20]
        assert "Head" in read_screen(app)


async def test_what_cannot_be_made_again_stays(app_on: MakeApp, read_screen: ReadScreen) -> None:
    scripts: dict[str, Sequence[Beat]] = {
        "bad": [StepStarted(step="route"), HostStartError("the host did not start", hint="Run doctor.")],
        "long": answered("long", [f"line {n}\n\n" for n in range(300)]),
    }
    app = app_on(ScriptedBackend(scripts=scripts))
    async with app.run_test(size=(COLUMNS, LINES)) as pilot:
        await ask(pilot, "bad")
        await ask(pilot, "long")
        transcript = app.screen.query_one(Transcript)
        assert len(app.screen.query(Exchange)) == 2
        transcript.scroll_home()
        await rest(pilot)
        assert "Run doctor." in read_screen(app)


# --- sizes and threads ------------------------------------------------------------------------------------


async def test_the_place_is_kept_at_every_width(app_on: MakeApp, read_screen: ReadScreen) -> None:
    app = app_on(ScriptedBackend(conversations=old(300)), thread="old")
    async with app.run_test(size=(COLUMNS, LINES)) as pilot:
        transcript = await opened(pilot)
        transcript.show_turn("t150")
        await rest(pilot)
        for width in (60, 160, COLUMNS):
            await pilot.resize_terminal(width, LINES)
            await rest(pilot)
            assert "question 150:" in read_screen(app).splitlines()[1]
        transcript.scroll_end()
        await rest(pilot)
        await pilot.resize_terminal(60, 20)
        await rest(pilot)
        assert transcript.scroll_y == transcript.max_scroll_y
        assert "answer 299 line" in read_screen(app)


async def test_a_thread_after_another_begins_anew(app_on: MakeApp, read_screen: ReadScreen) -> None:
    app = app_on(ScriptedBackend(conversations=old(300)), thread="old")
    async with app.run_test(size=(COLUMNS, LINES)) as pilot:
        await opened(pilot)
        await pilot.press("pageup")
        transcript = app.screen.query_one(Transcript)
        await transcript.clear()
        await rest(pilot)
        assert not app.screen.query(Question)
        assert transcript.last is None
        assert "Ask a question." in read_screen(app)
        await transcript.show([turn(1)])
        await rest(pilot)
        assert shown(app) == ["t1"]
        assert app.screen.query(Answer)
        assert "Ask a question." not in read_screen(app)


# --- the arithmetic ---------------------------------------------------------------------------------------

HEIGHTS = st.lists(st.tuples(st.integers(1, 20), st.booleans()), min_size=1, max_size=30)


def made(heights: Sequence[tuple[int, bool]]) -> Entries:
    entries = Entries()
    for lines, mounted in heights:
        entries.add(Entry(lines=lines, exchange=Exchange(Vertical()) if mounted else None))
    return entries


@given(HEIGHTS, st.integers(-50, 700))
def test_a_line_belongs_to_the_entry_that_it_is_in(heights: Sequence[tuple[int, bool]], line: int) -> None:
    entries = made(heights)
    found = entries.at(line)
    assert found is not None
    entry, inside = found
    assert entries.top(entry) + inside == line
    if 0 <= line < sum(lines for lines, _ in heights):
        assert 0 <= inside < entry.lines


@given(HEIGHTS, st.integers(0, 700))
def test_a_stretch_has_no_gap(heights: Sequence[tuple[int, bool]], line: int) -> None:
    mounted = [has for lines, has in heights for _ in range(lines)]
    begin, end = made(heights).stretch(line)
    if line < len(mounted) and mounted[line]:
        assert begin <= line < end
        assert all(mounted[begin:end])
        assert begin == 0 or not mounted[begin - 1]
        assert end == len(mounted) or not mounted[end]
    else:
        assert begin > line or line >= len(mounted)


@given(HEIGHTS)
def test_blank_lines_are_those_without_widgets(heights: Sequence[tuple[int, bool]]) -> None:
    entries = made(heights)
    tops = {entry.exchange: top for entry, top in entries.placed() if entry.exchange is not None}
    stacked = 0
    for exchange, blank in entries.blank_above():
        assert tops[exchange] == stacked + blank
        stacked += next(entry.lines for entry in entries if entry.exchange is exchange)


def test_longer_turns_are_estimated_to_be_higher() -> None:
    assert estimate(turn(0), 100) == pytest.approx(6, abs=2)
    assert estimate(turn(12), 100) > estimate(turn(0), 100)
    assert estimate(turn(12), 40) > estimate(turn(12), 100)
