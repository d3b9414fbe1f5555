"""What is around the conversation: the graph, the details, wishes, documents, branches, the context, the models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from textual.events import Paste
from textual.pilot import Pilot

from octograph.agents import Attempt, Turn
from octograph.agents.context import ContextUse
from octograph.agents.learning import Feedback
from octograph.errors import DocumentError, FeedbackError, HostBusyError
from octograph.retrieval.indexing import IndexingProgress
from octograph.tui.app import OctographApp
from octograph.tui.screens.choose_worker import ChooseWorkerScreen
from octograph.tui.screens.compare import CompareScreen
from octograph.tui.screens.details import DetailsScreen
from octograph.tui.screens.documents import DocumentsScreen
from octograph.tui.screens.node import NodeScreen
from octograph.tui.testing import Pause, ScriptedBackend, a_route, an_entry, answered
from octograph.tui.widgets.answer import Answer
from octograph.tui.widgets.composer import Composer
from octograph.tui.widgets.graph_pane import GraphPane
from octograph.tui.widgets.prompt import Prompt

MakeApp = Callable[..., OctographApp]
ReadScreen = Callable[[OctographApp], str]
WIDE = (140, 45)


@pytest.fixture
def backend() -> ScriptedBackend:
    route = a_route({"chat": 0.7, "math": 0.3}).document()
    known = {"thread": "old", "status": "answered", "worker": "chat", "source": "model", "route": route}
    turns = [
        Turn(id="t1", query="first", text="one", **known),  # type: ignore[arg-type]
        Turn(id="t2", query="second", text="two", **known),  # type: ignore[arg-type]
    ]
    return ScriptedBackend(
        scripts={"second": answered("second", "two again"), "first": answered("first", "one again")},
        conversations={"old": turns},
    )


async def settle(pilot: Pilot[None]) -> None:
    for _ in range(6):
        await pilot.pause(0.05)


async def press(pilot: Pilot[None], *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        await settle(pilot)


async def test_the_graph_stands_beside_a_wide_chat_and_shows_the_decision(
    app_on: MakeApp, read_screen: ReadScreen, backend: ScriptedBackend
) -> None:
    app = app_on(backend)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        assert app.screen.query_one(GraphPane).display
        await press(pilot, *"second", "enter")
        assert "chat" in read_screen(app).splitlines()[1]
        await press(pilot, "ctrl+g")
        assert not app.screen.query_one(GraphPane).display


async def test_a_narrow_chat_has_the_graph_when_it_is_wanted(app_on: MakeApp, backend: ScriptedBackend) -> None:
    app = app_on(backend)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert not app.screen.query_one(GraphPane).display
        await press(pilot, "ctrl+g")
        assert app.screen.query_one(GraphPane).display


async def test_why_shows_the_last_turn(app_on: MakeApp, read_screen: ReadScreen, backend: ScriptedBackend) -> None:
    app = app_on(backend, thread="old")
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "f3")
        assert isinstance(app.screen, DetailsScreen)
        assert "70 %" in read_screen(app)


async def test_asking_again_leaves_the_answer_in_its_own_thread(
    app_on: MakeApp, read_screen: ReadScreen, backend: ScriptedBackend
) -> None:
    app = app_on(backend, thread="old")
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "ctrl+up", "r")
        await settle(pilot)
        screen = read_screen(app)
        assert "one" in screen
        assert "two again" in screen
        await press(pilot, "f8")
        assert isinstance(app.screen, CompareScreen)
    (branch,) = [name for name in backend.conversations if name != "old"]
    assert [turn.text for turn in backend.conversations["old"]] == ["one", "two"]
    assert [turn.text for turn in backend.conversations[branch]] == ["one", "two again"]


async def test_another_worker_can_be_asked(app_on: MakeApp, backend: ScriptedBackend) -> None:
    app = app_on(backend, thread="old")
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "ctrl+up", "a")
        assert isinstance(app.screen, ChooseWorkerScreen)
        await press(pilot, *"math", "enter")
        await settle(pilot)
    assert backend.asked == ["second"]
    assert backend.named == ["math"]


async def test_a_question_can_be_changed_and_asked_in_its_place(app_on: MakeApp, backend: ScriptedBackend) -> None:
    app = app_on(backend, thread="old")
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "ctrl+up", "e")
        assert app.screen.query_one(Prompt).text == "second"
        assert len(app.screen.query(Answer)) == 1
    assert backend.asked == []


async def test_thumbs_and_who_should_have_answered_are_kept(
    app_on: MakeApp, read_screen: ReadScreen, backend: ScriptedBackend
) -> None:
    app = app_on(backend, thread="old")
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "ctrl+up", "plus")
        assert "good" in read_screen(app)
        await press(pilot, "m", *"math", "enter")
        assert "should have gone to math" in read_screen(app)
    assert backend.rated == [("t2", True, None), ("t2", False, "math")]
    again = app_on(backend, thread="old")
    async with again.run_test(size=WIDE) as pilot:
        await settle(pilot)
        assert "should have gone to math" in read_screen(again)
        await press(pilot, "ctrl+up", "plus")
    assert backend.rated[2:] == [("t2", True, None)]


async def test_a_thread_whose_ratings_cannot_be_read_is_shown_all_the_same(
    app_on: MakeApp, read_screen: ReadScreen, backend: ScriptedBackend
) -> None:
    class Unrated(ScriptedBackend):
        def ratings(self, thread: str) -> Mapping[str, Feedback]:
            raise FeedbackError("the feedback cannot be used", hint="Move the file away.")

    app = app_on(Unrated(conversations=backend.conversations), thread="old")
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        assert "second" in read_screen(app)
        assert "feedback" not in read_screen(app)


@pytest.mark.parametrize(("place", "choice"), enumerate(["answer", "abstain", "math"]))
async def test_a_turn_that_waits_goes_on_as_the_user_chooses(
    place: int, choice: str, app_on: MakeApp, read_screen: ReadScreen, backend: ScriptedBackend
) -> None:
    attempt = Attempt(worker="chat", reason="not sure enough", text="maybe", score=-1.0)
    waiting = Turn(
        id="t3",
        thread="old",
        query="first",
        status="waiting",
        text="maybe",
        tried=(attempt,),
        choices=("answer", "abstain", "math"),
    )
    backend.conversations["old"].append(waiting)
    app = app_on(backend, thread="old")
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        assert "Ask math" in read_screen(app)
        await press(pilot, "ctrl+up", "g", *["down"] * place, "enter")
        await settle(pilot)
    assert backend.choices == [choice]
    assert backend.conversations["old"][-1].text == "one again"


async def test_a_node_tells_of_its_model_which_can_be_pinned(
    app_on: MakeApp, read_screen: ReadScreen, backend: ScriptedBackend
) -> None:
    backend.hosts.errors.append(HostBusyError("the model works", hint="Wait for it."))
    app = app_on(backend)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        await press(pilot, "f5", "enter")
        assert isinstance(app.screen, NodeScreen)
        assert "380 MiB in memory" in read_screen(app)
        await press(pilot, "p")
        assert "the model works Wait for it." in read_screen(app)
        await press(pilot, "p")
        assert "pinned" in read_screen(app)
        await press(pilot, "u")
        assert "400 MiB" in read_screen(app)


async def test_documents_are_added_by_the_screen_by_paste_and_by_name(
    app_on: MakeApp, backend: ScriptedBackend, tmp_path: Path
) -> None:
    file, other = tmp_path / "notes.md", tmp_path / "letter.md"
    file.write_text("Rent is due on Friday.")
    other.write_text("Rent rises in May.")
    app = app_on(backend)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        app.screen.query_one(Prompt).post_message(Paste(str(file)))
        await settle(pilot)
        await press(pilot, "y")
        assert backend.documents.added == [[str(file)]]
        app.screen.query_one(Prompt).text = f"When is rent due? @{file} @{other}"
        await press(pilot, "enter")
        await settle(pilot)
        assert backend.documents.added[1:] == [[str(other)]]  # answers can rest on the first already
        assert backend.asked == [f"When is rent due? @{file} @{other}"]
        await press(pilot, "f4")
        assert isinstance(app.screen, DocumentsScreen)


async def test_what_is_pasted_may_be_meant_as_text(app_on: MakeApp, backend: ScriptedBackend, tmp_path: Path) -> None:
    app = app_on(backend)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        app.screen.query_one(Prompt).post_message(Paste(str(tmp_path)))
        await settle(pilot)
        await press(pilot, "n")
        assert app.screen.query_one(Prompt).text == str(tmp_path)
    assert backend.documents.added == []


async def test_a_question_waits_for_what_it_names_and_stays_in_the_prompt_if_that_fails(
    app_on: MakeApp, read_screen: ReadScreen, backend: ScriptedBackend, tmp_path: Path
) -> None:
    for name in ("slow.md", "broken.md"):
        (tmp_path / name).write_text("text")
    error = DocumentError("it is damaged", hint="Save it again.")
    backend.documents.scripts = {"slow.md": [Pause()], "broken.md": [error]}
    app = app_on(backend)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        prompt = app.screen.query_one(Prompt)
        prompt.text = slow = f"first @{tmp_path / 'slow.md'}"
        await press(pilot, "enter", "enter")
        assert "One question at a time" in read_screen(app)
        await press(pilot, "escape")
        assert prompt.text == slow
        indexing = app.screen.query_one(Composer).indexing
        assert indexing is not None
        indexing.cancel()
        prompt.text = broken = f"first @{tmp_path / 'broken.md'}"
        await press(pilot, "enter")
        assert "it is damaged Save it again." in read_screen(app)
        assert prompt.text == broken
    assert backend.asked == []


async def test_a_question_waits_only_for_what_answers_cannot_rest_on_yet(
    app_on: MakeApp, read_screen: ReadScreen, backend: ScriptedBackend, tmp_path: Path
) -> None:
    known = tmp_path / "known.md"
    known.write_text("text")
    backend.documents.documents = {str(known): an_entry(str(known))}
    progress = IndexingProgress(files=5, total=9, passages=60, usable=4)
    backend.documents.scripts = {"many": [progress, Pause()]}
    app = app_on(backend)
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        indexing = app.screen.query_one(Composer).indexing
        assert indexing is not None
        indexing.add([tmp_path / "many"])
        prompt = app.screen.query_one(Prompt)
        for question in (f"first @{known}", "first"):
            prompt.text = question
            await press(pilot, "enter")
            await settle(pilot)
            assert backend.asked[-1] == question
            assert "in answers: 4, not yet: 5" in read_screen(app)
    assert backend.documents.added == [[str(tmp_path / "many")]]


async def test_the_context_is_measured_and_can_be_compacted(
    app_on: MakeApp, read_screen: ReadScreen, backend: ScriptedBackend
) -> None:
    backend.threads.use = ContextUse(worker="chat", tokens=7000, limit=8192, room=900, shown=9, hidden=0)
    app = app_on(backend, thread="old")
    async with app.run_test(size=WIDE) as pilot:
        await settle(pilot)
        assert "context 7,000 of 8,192" in read_screen(app)
        await press(pilot, "f9")
        backend.threads.use = ContextUse(worker="chat", tokens=900, limit=8192, room=7000, shown=4, hidden=5)
        await press(pilot, "f9")
    assert backend.threads.kept == [4, None]
