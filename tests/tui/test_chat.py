from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

import pytest
from textual import events
from textual.app import App
from textual.pilot import Pilot

from octograph.agents import Asked, Attempt, Decided, Event, Finished, Judged, Routed, StepStarted, TextWritten, Turn
from octograph.agents.judging import Judgement
from octograph.errors import HeadError, HostStartError
from octograph.tui import make_app
from octograph.tui.app import OctographApp
from octograph.tui.backend import Backend
from octograph.tui.testing import Beat, Pause, ScriptedBackend, a_route, abstained, answered, escalated, planned
from octograph.tui.widgets.answer import Answer
from octograph.tui.widgets.prompt import Prompt
from octograph.tui.widgets.status import Status
from octograph.tui.widgets.transcript import Transcript

MakeApp = Callable[..., OctographApp]
ReadScreen = Callable[[App[None]], str]
Script = Sequence[Beat]
CODE = """Like so:

```python
def add(a, b):
    return a + b
```

It *adds*.

- one
- two

| a | b |
|---|---|
| 1 | 2 |
"""


async def ask(pilot: Pilot[None], question: str) -> None:
    pilot.app.screen.query_one(Prompt).text = question
    await pilot.press("enter")
    await settle(pilot)


async def settle(pilot: Pilot[None]) -> None:
    for _ in range(5):
        await pilot.pause(0.04)


def turn(number: int = 1, **changes: object) -> Turn:
    known = {"id": f"t{number}", "thread": "old", "query": f"question {number}", "status": "answered"}
    return Turn(**{**known, "text": f"answer {number}", "started": "2026-01-02T03:04:05+00:00", **changes})  # type: ignore[arg-type]


# --- answers --------------------------------------------------------------------------------------------


async def test_an_exact_answer_has_its_route_and_is_shown_as_it_is(app_on: MakeApp, read_screen: ReadScreen) -> None:
    shares = {"calculator": 0.97, "math": 0.02, "units": 0.004, "chat": 0.003}
    script = answered("sum", "2*3*4 = 24", distribution=shares, tool=True)
    app = app_on(ScriptedBackend(scripts={"sum": script}))
    async with app.run_test() as pilot:
        await ask(pilot, "sum")
        screen = read_screen(app)
    assert "<fn_2> calculator 97 % · math 2 % · units 0 %   exact, from a tool" in screen
    assert "2*3*4 = 24" in screen
    assert "ready" in screen


async def test_a_route_by_outcomes_tells_the_chance_of_a_right_answer(app_on: MakeApp, read_screen: ReadScreen) -> None:
    script = answered("q", "Yes.", distribution={"chat": 0.6, "math": 0.4}, chances={"chat": 0.71, "math": 0.68})
    app = app_on(ScriptedBackend(scripts={"q": script}))
    async with app.run_test() as pilot:
        await ask(pilot, "q")
        screen = read_screen(app)
    assert "<fn_2> chat 60 % · math 40 %   right with a chance of 71 %" in screen


async def test_a_streamed_answer_looks_like_one_that_came_whole(app_on: MakeApp, read_screen: ReadScreen) -> None:
    backend = ScriptedBackend(scripts={"q": answered("q", list(CODE))})
    app = app_on(backend)
    async with app.run_test(size=(80, 40)) as pilot:
        await ask(pilot, "q")
        streamed = read_screen(app)
    again = app_on(backend, thread="thread-1")
    async with again.run_test(size=(80, 40)) as pilot:
        await settle(pilot)
        assert read_screen(again) == streamed
    assert "    return a + b" in streamed


async def test_html_of_a_model_is_text(app_on: MakeApp, read_screen: ReadScreen) -> None:
    app = app_on(ScriptedBackend(scripts={"q": answered("q", "<fn_2> and <b>bold</b>")}))
    async with app.run_test() as pilot:
        await ask(pilot, "q")
        assert "<fn_2> and <b>bold</b>" in read_screen(app)


async def test_an_abstention_says_so(app_on: MakeApp, read_screen: ReadScreen) -> None:
    app = app_on(ScriptedBackend(scripts={"q": abstained("q", "I don't know: nobody *fits*.")}))
    async with app.run_test() as pilot:
        await ask(pilot, "q")
        screen = read_screen(app)
        border = app.screen.query_one(Answer).styles.border_left[0]
    assert "<fn_none> no worker fits 63 % · chat 20 % · science 10 %" in screen
    assert "○ abstained" in screen
    assert "nobody *fits*" in screen
    assert border == "dashed"


async def test_an_escalation_says_what_was_tried_and_why(app_on: MakeApp, read_screen: ReadScreen) -> None:
    script = escalated("q", "12 days", first="calculator", reason="no expression", then="clock")
    app = app_on(ScriptedBackend(scripts={"q": script}))
    async with app.run_test() as pilot:
        await ask(pilot, "q")
        screen = read_screen(app)
    assert "tried calculator: no expression → clock" in screen
    assert screen.count("tried calculator") == 1
    assert "12 days" in screen


STEPS = [("math", "add up 2 and 2", "It is **4**."), ("writing", "write it to Ann", "Dear Ann, it is 4.")]


async def test_a_plan_is_shown_before_it_runs_and_its_answers_stay(app_on: MakeApp, read_screen: ReadScreen) -> None:
    script = planned("q", STEPS)
    first = next(place for place, beat in enumerate(script) if isinstance(beat, Decided))
    for until in (first + 1, first + 3, len(script)):
        waiting: list[Beat] = [Pause()] if until < len(script) else []
        beats: Script = [*script[:until], *waiting]
        app = app_on(ScriptedBackend(scripts={"q": beats}))
        async with app.run_test() as pilot:
            await ask(pilot, "q")
            screen = read_screen(app)
        assert "1. math 90 %: add up 2 and 2" in screen
        assert "2. writing 90 %: write it to Ann" in screen
        assert "It is 4." in screen
        assert screen.count("It is 4.") == 1
        assert ("next: writing" in screen) is (until == first + 1)
        assert ("Dear Ann" in screen) is (until > first + 1)


async def test_a_step_that_begins_again_keeps_those_before_it(app_on: MakeApp, read_screen: ReadScreen) -> None:
    begun: list[Beat] = [StepStarted(step="generate", worker="writing"), TextWritten(worker="writing", text="Dear An")]
    script = planned("q", STEPS)
    first = next(place for place, beat in enumerate(script) if isinstance(beat, Decided))
    beats: Script = [*script[: first + 1], *begun, StepStarted(step="generate", worker="writing"), Pause()]
    app = app_on(ScriptedBackend(scripts={"q": beats}))
    async with app.run_test() as pilot:
        await ask(pilot, "q")
        screen = read_screen(app)
    assert "It is 4." in screen
    assert "Dear An" not in screen


async def test_text_of_a_worker_that_failed_is_taken_back(app_on: MakeApp, read_screen: ReadScreen) -> None:
    script: Script = [
        StepStarted(step="generate", worker="math"),
        TextWritten(worker="math", text="half an ans"),
        StepStarted(step="generate", worker="math"),
        Pause(),
    ]
    app = app_on(ScriptedBackend(scripts={"q": script}))
    async with app.run_test() as pilot:
        await ask(pilot, "q")
        screen = read_screen(app)
    assert "half an ans" not in screen
    assert "waiting for math…" in screen


async def test_a_judge_is_waited_for_and_what_it_prefers_is_offered(app_on: MakeApp, read_screen: ReadScreen) -> None:
    judged = {"math": Judgement(answer="4", scores={"relevance": -1.0})}
    tried = (Attempt(worker="math", reason="not sure enough", text="4"),)
    script: list[Beat] = [
        StepStarted(step="judge"),
        Pause(),
        Judged(judgements=judged, seconds=0.1),
        Asked(attempts=tried, choices=("answer", "abstain")),
        Finished(turn=turn(status="waiting", text="I am not sure. math would say: 4", tried=tried)),
    ]
    scripts: Mapping[str, Script] = {"long": script[:2], "short": [script[0], *script[2:]]}
    app = app_on(ScriptedBackend(scripts=scripts))
    async with app.run_test() as pilot:
        await ask(pilot, "short")
        assert "I am not sure. math would say: 4" in read_screen(app)
        await ask(pilot, "long")
        assert "comparing the answers…" in read_screen(app)


async def test_a_failure_shows_its_hint_and_the_app_goes_on(app_on: MakeApp, read_screen: ReadScreen) -> None:
    scripts: Mapping[str, Script] = {
        "bad": [HostStartError("the host did not start", hint="Run doctor.")],
        "worse": [StepStarted(step="route"), RuntimeError("what?")],
        "good": answered("good", "fine"),
    }
    app = app_on(ScriptedBackend(scripts=scripts))
    async with app.run_test(size=(80, 40)) as pilot:
        for question in ("bad", "worse", "good"):
            await ask(pilot, question)
        screen = read_screen(app)
    for words in (
        "✗ failed",
        "the host did not start",
        "Run doctor.",
        "RuntimeError: what?",
        "a bug",
        "fine",
    ):
        assert words in screen


# --- stopping, waiting, typing ahead --------------------------------------------------------------------


async def test_esc_stops_and_keeps_what_was_written(app_on: MakeApp, read_screen: ReadScreen) -> None:
    script = [*answered("q", "the first half")[:4], Pause(), TextWritten(worker="chat", text="never")]
    app = app_on(ScriptedBackend(scripts={"q": script}))
    async with app.run_test() as pilot:
        await ask(pilot, "q")
        assert "answering…" in read_screen(app)
        assert "Stop" in read_screen(app)
        await pilot.press("escape")
        await settle(pilot)
        screen = read_screen(app)
    assert "the first half" in screen
    assert "■ stopped" in screen
    assert "never" not in screen
    assert "ready" in screen


async def test_a_second_question_waits_in_the_prompt(app_on: MakeApp, read_screen: ReadScreen) -> None:
    backend = ScriptedBackend(scripts={"slow": [Pause()]})
    app = app_on(backend)
    async with app.run_test() as pilot:
        await ask(pilot, "slow")
        await pilot.press(*"next", "enter")
        await settle(pilot)
        assert "One question at a time" in read_screen(app)
        assert app.screen.query_one(Prompt).text == "next"
        await pilot.press("escape")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)
    assert backend.asked == ["slow", "next"]


async def test_waiting_is_said_quietly(app_on: MakeApp, read_screen: ReadScreen) -> None:
    route = Routed(route=a_route({"math": 0.9, "chat": 0.1}), seconds=0.0)
    scripts: Mapping[str, Script] = {
        "a": [StepStarted(step="route"), Pause()],
        "b": [StepStarted(step="route"), route, StepStarted(step="generate", worker="math"), Pause()],
    }
    app = app_on(ScriptedBackend(scripts=scripts))
    async with app.run_test() as pilot:
        await ask(pilot, "a")
        assert "choosing a worker…" in read_screen(app)
        await pilot.press("escape")
        await settle(pilot)
        await ask(pilot, "b")
        assert "waiting for math…" in read_screen(app)
        assert "<fn_2> math 90 %" in read_screen(app)


async def test_a_question_asked_while_the_graph_loads_waits_for_it(read_screen: ReadScreen) -> None:
    go, backend = threading.Event(), ScriptedBackend(scripts={"early": answered("early", "here")})

    def factory() -> Backend:
        go.wait(10)
        return backend

    app = make_app(factory)
    async with app.run_test() as pilot:
        assert "loading the graph…" in read_screen(app)
        await ask(pilot, "early")
        assert "waiting for the graph…" in read_screen(app)
        await pilot.press("ctrl+t")
        assert "once the graph is open" in read_screen(app)
        go.set()
        await settle(pilot)
        screen = read_screen(app)
    assert "here" in screen
    assert "embedded" in screen
    assert backend.closed.is_set()


async def test_esc_stops_a_question_that_waits_for_the_graph(read_screen: ReadScreen) -> None:
    go, backend = threading.Event(), ScriptedBackend()

    def factory() -> Backend:
        go.wait(10)
        return backend

    app = make_app(factory)
    async with app.run_test() as pilot:
        await ask(pilot, "early")
        await pilot.press("escape")
        await settle(pilot)
        assert "■ stopped" in read_screen(app)
        go.set()
        await settle(pilot)
        assert "ready" in read_screen(app)
    assert backend.asked == []


async def test_a_graph_that_cannot_be_opened_is_explained(read_screen: ReadScreen) -> None:
    def factory() -> Backend:
        raise HeadError("the head does not fit", hint="Train it anew.")

    app = make_app(factory)
    async with app.run_test(size=(80, 40)) as pilot:
        await settle(pilot)
        screen = read_screen(app)
        assert "✗ the graph could not be opened" in screen
        assert "Train it anew." in screen
        await ask(pilot, "anyway")
        assert "✗ failed" in read_screen(app)


async def test_leaving_closes_the_backend_also_in_the_middle_of_an_answer(app_on: MakeApp) -> None:
    backend = ScriptedBackend(scripts={"slow": [Pause()]})
    app = app_on(backend)
    async with app.run_test() as pilot:
        await ask(pilot, "slow")
        await pilot.press("ctrl+q")
    assert backend.closed.is_set()


# --- the prompt -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["ctrl+j", "shift+enter"])
async def test_a_question_can_have_lines(app_on: MakeApp, key: str) -> None:
    backend = ScriptedBackend()
    app = app_on(backend)
    async with app.run_test() as pilot:
        await pilot.press("a", key, "b", "enter")
        await settle(pilot)
        assert backend.asked == ["a\nb"]
        assert app.screen.query_one(Prompt).text == ""


async def test_keys_of_one_burst_keep_their_order(app_on: MakeApp) -> None:
    backend = ScriptedBackend(scripts={"a\nb": [Pause()]})
    app = app_on(backend)
    async with app.run_test() as pilot:
        await settle(pilot)
        for key, letter in (("a", "a"), ("ctrl+j", None), ("b", "b"), ("enter", None), ("c", "c")):
            app.post_message(events.Key(key, letter))
        await settle(pilot)
        assert backend.asked == ["a\nb"]
        assert app.screen.query_one(Prompt).text == "c"


async def test_blank_questions_are_not_asked(app_on: MakeApp) -> None:
    backend = ScriptedBackend()
    app = app_on(backend)
    async with app.run_test() as pilot:
        await pilot.press("enter", "space", "ctrl+j", "enter")
        await settle(pilot)
    assert backend.asked == []


async def test_the_arrows_call_questions_back_from_the_edge_lines(app_on: MakeApp) -> None:
    app = app_on(ScriptedBackend())
    async with app.run_test() as pilot:
        prompt = app.screen.query_one(Prompt)
        await ask(pilot, "one")
        await ask(pilot, "two")
        await pilot.press("x", "ctrl+j", "y", "up")
        assert prompt.text == "x\ny"  # only the cursor moved
        await pilot.press("up")
        assert prompt.text == "two"
        await pilot.press("up", "up")
        assert prompt.text == "one"
        await pilot.press("down", "down")
        assert prompt.text == "x\ny"


async def test_pasted_text_loses_control_characters_and_keeps_its_lines(app_on: MakeApp) -> None:
    app = app_on(ScriptedBackend())
    async with app.run_test() as pilot:
        prompt = app.screen.query_one(Prompt)
        app.post_message(events.Paste("one\rtwo\r\nthree\x1b[31m"))
        await settle(pilot)
        assert prompt.text == "one\ntwo\nthree[31m"


# --- what may not reach the terminal --------------------------------------------------------------------


async def test_control_characters_and_markup_never_reach_the_screen(app_on: MakeApp, read_screen: ReadScreen) -> None:
    evil = "\x1b[31m[bold]x[/bold]\x9b2J\x07\x1b]52;c;AAAA\x07 &#27;[5m &#155;"
    link = "[click](https://e.org/%1b]0;owned%07)"
    old = turn(1, query=evil, text=evil, worker=evil, tried=())
    failing = HostStartError(evil, hint=evil)
    backend = ScriptedBackend(
        scripts={
            evil: escalated(evil, evil + link, first=evil, reason=evil, then=f"{evil}2"),
            "no": abstained("no", evil),
            "tool": answered("tool", evil, tool=True, token=evil),
            "bad": [failing],
        },
        conversations={"old": [old]},
    )
    app = app_on(backend, thread="old")
    async with app.run_test(size=(100, 70)) as pilot:
        await settle(pilot)
        for question in (evil, "no", "tool", "bad"):
            await ask(pilot, question)
        screens = [read_screen(app)]
        await pilot.press("ctrl+t")
        await settle(pilot)
        screens.append(read_screen(app))
        await pilot.press("d")
        await settle(pilot)
        screens.append(read_screen(app))
    for screen in screens:
        assert "[bold]x[/bold]" in screen
        assert not [c for c in screen if c != "\n" and (ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0)]


async def test_links_say_where_they_lead_and_are_not_opened(
    app_on: MakeApp, read_screen: ReadScreen, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    app = app_on(ScriptedBackend(scripts={"q": answered("q", "[docs](https://example.org/%1b[2J)")}))
    monkeypatch.setattr(app, "open_url", opened.append)
    async with app.run_test() as pilot:
        await ask(pilot, "q")
        await pilot.click(app.screen.query_one("Answer MarkdownParagraph"), offset=(1, 0))
        await settle(pilot)
        assert "The link leads to https://example.org/[2J" in read_screen(app)
    assert opened == []


# --- scrolling, sizes, old turns ------------------------------------------------------------------------


async def test_it_follows_the_text_unless_the_user_scrolled_up(app_on: MakeApp) -> None:
    lines = [f"line {n}\n\n" for n in range(30)]
    script = [*answered("q", lines)[:-3], Pause(), TextWritten(worker="chat", text="more\n\n" * 30), Pause()]
    backend = ScriptedBackend(scripts={"q": script, "r": answered("r", lines)})
    app = app_on(backend)
    async with app.run_test() as pilot:
        transcript = app.screen.query_one(Transcript)
        await ask(pilot, "r")
        assert transcript.scroll_y == transcript.max_scroll_y > 0
        await pilot.press("pageup")
        await settle(pilot)
        where = transcript.scroll_y
        assert where < transcript.max_scroll_y
        answer = app.screen.query_one(Answer)
        await answer.write("\n\nand more" * 20)
        await settle(pilot)
        assert transcript.scroll_y == where
        await ask(pilot, "q")  # a new question follows again
        assert transcript.scroll_y == transcript.max_scroll_y > where


@pytest.mark.parametrize("size", [(80, 24), (40, 12), (200, 60)])
async def test_the_prompt_and_the_keys_are_visible_at_every_size(
    app_on: MakeApp, read_screen: ReadScreen, size: tuple[int, int]
) -> None:
    app = app_on(ScriptedBackend(scripts={"q": answered("q", CODE)}))
    async with app.run_test(size=(100, 30)) as pilot:
        await ask(pilot, "q")
        await pilot.resize_terminal(*size)
        await settle(pilot)
        lines = read_screen(app).splitlines()
        transcript = app.screen.query_one(Transcript)
        assert transcript.scroll_y == transcript.max_scroll_y
    assert len(lines) == size[1]
    assert "Ask a question" in "\n".join(lines)
    assert "Send" in lines[-1]


async def test_an_answer_that_ends_when_the_widgets_are_gone_is_told_to_nobody() -> None:
    class Late(ScriptedBackend):
        async def astream(self, query: str, **options: Any) -> AsyncIterator[Event]:
            async for event in super().astream(query, **options):
                while isinstance(event, Finished) and chat.query(Status):
                    await asyncio.sleep(0)
                yield event

    app = make_app(Late)
    async with app.run_test() as pilot:
        chat = app.screen
        await ask(pilot, "q")
        assert chat.query(Status)
    assert not chat.query(Status)
