"""A graph with models at a server: routed here, answered there, on everything that a user sees."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import octograph
from octograph.agents import Decided, Finished, Generated, Routed, TextWritten
from octograph.cancellation import CancelToken
from octograph.cli import main
from octograph.errors import HostCrashedError, HostStartError
from octograph.graph import find
from octograph.settings import Settings
from octograph.testing import FakeChatServer
from octograph.tui import make_app
from octograph.tui.widgets.prompt import Prompt

HERE = "http://127.0.0.1:11434/v1"


@pytest.fixture
def server() -> Iterator[FakeChatServer]:
    with FakeChatServer(models=["qwen2.5:7b", "qwen2.5-coder:7b"], pieces=["Good", " day", "."]) as server:
        yield server


@pytest.fixture
def graph(tmp_path: Path, server: FakeChatServer) -> Path:
    """A copy of the bundled graph, of one file alone, with the address of the server changed."""
    path = tmp_path / "mine.toml"
    path.write_text(find("hybrid").read_text(encoding="utf-8").replace(HERE, server.url), encoding="utf-8")
    return path


@pytest.fixture
def settings(tmp_path: Path, cache_dir: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", cache_dir=cache_dir)


def test_a_query_is_routed_here_and_answered_there(graph: Path, server: FakeChatServer, settings: Settings) -> None:
    server.usage = {"prompt_tokens": 30, "completion_tokens": 3}
    with octograph.open(graph, settings=settings) as octo:
        events = list(octo.stream("Hi there!", thread="t"))
        again = octo.ask("Write a Python function that adds two numbers", thread="t")
        exact = octo.ask("What is 48 * 17?")
    routed = next(event for event in events if isinstance(event, Routed))
    generated = next(event for event in events if isinstance(event, Generated))
    (finished,) = (event for event in events if isinstance(event, Finished))
    assert routed.route.worker == "chat"
    assert [event.text for event in events if isinstance(event, TextWritten)] == ["Good", " day", "."]
    assert (finished.turn.worker, finished.turn.text, finished.turn.status) == ("chat", "Good day.", "answered")
    assert generated.generation is not None
    assert (generated.generation.prompt_tokens, generated.generation.completion_tokens) == (30, 3)
    assert (again.worker, again.text) == ("code", "Good day.")
    assert (exact.source, exact.text) == ("tool", "48 * 17 = 816")
    first, second = server.requests
    assert (first["model"], second["model"]) == ("qwen2.5:7b", "qwen2.5-coder:7b")
    assert [message["role"] for message in second["messages"]] == ["system", "user", "assistant", "user"]


def test_an_answer_is_stopped_at_once(graph: Path, server: FakeChatServer, settings: Settings) -> None:
    server.pieces, server.delay = ["word "] * 500, 0.02
    cancel = CancelToken()
    with octograph.open(graph, settings=settings) as octo:
        for event in octo.stream("Hi", worker="chat", cancel=cancel):
            if isinstance(event, TextWritten) and not cancel.cancelled:
                threading.Timer(0.1, cancel.cancel).start()
            if isinstance(event, Finished):
                assert event.turn.status == "cancelled"
                assert event.turn.text.startswith("word")
                assert event.turn.text.count("word") < 250
    assert server.gone.wait(5)


def test_a_server_that_is_gone_or_breaks_off_is_told(graph: Path, server: FakeChatServer, settings: Settings) -> None:
    with octograph.open(graph, settings=settings) as octo:
        server.cut_after = 1
        with pytest.raises(HostCrashedError, match="broke off"):
            octo.ask("Hi", worker="chat")
        assert len(server.requests) == 2  # the step is tried once more, as after a crash of a host
        server.cut_after, server.hang_up = None, 100
        with pytest.raises(HostStartError, match="cannot be reached"):
            octo.ask("Hi", worker="chat")
        server.hang_up = 0
        assert octo.ask("Hi", worker="chat").text == "Good day."


def test_what_the_server_does_not_write_is_passed_on(graph: Path, server: FakeChatServer, settings: Settings) -> None:
    server.pieces = []
    with octograph.open(graph, settings=settings) as octo:
        decided = [event for event in octo.stream("Hi there!") if isinstance(event, Decided)]
    assert decided[0].reason == "it wrote nothing"


async def test_the_chat_shows_it(graph: Path, settings: Settings) -> None:
    app = make_app(lambda: octograph.open(graph, settings=settings))
    async with app.run_test(size=(100, 30)) as pilot:
        for _ in range(200):
            await pilot.pause(0.05)
            if app.screen.query(Prompt):
                break
        app.screen.query_one(Prompt).text = "Hi there!"
        await pilot.press("enter")
        for _ in range(400):
            await pilot.pause(0.05)
            strips = app.screen._compositor.render_strips()
            shown = "\n".join("".join(segment.text for segment in strip) for strip in strips)
            if "Good day." in shown:
                break
        assert "Good day." in shown, shown
        assert "chat" in shown


def test_the_command_line_names_what_runs_where(
    graph: Path, server: FakeChatServer, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(*argv: str) -> tuple[int, str, str]:
        status = main([*argv, "--graph", str(graph)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    status, out, err = run("models", "list")
    assert status == 0
    assert sum("remote" in line for line in out.splitlines()) == 2
    assert "at most with all models running" in err
    status, out, _ = run("models", "show", "general")
    assert status == 0
    assert "has 'qwen2.5:7b'" in out
    assert run("models", "pull", "general")[0] == 2
    assert run("graph", "check")[0] == 0
    status, out, _ = run("doctor")
    assert status == 0, out
    assert "server general" in out
    assert "memory" in out
    server.models = ["another"]
    status, out, _ = run("doctor")
    assert status == 1
    assert "it has: another" in out
    assert run("ask", "Hi", "--worker", "chat")[0] == 4
    server.models, server.key = ["qwen2.5:7b"], "secret"
    status, _, err = run("ask", "Hi", "--worker", "chat")
    assert status == 1
    assert "api_keys" in err


def test_the_key_comes_from_the_variable_that_the_settings_name(
    graph: Path, server: FakeChatServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.key = "secret"
    monkeypatch.setenv("MY_KEY", "secret")
    with octograph.open(graph, settings=settings.model_copy(update={"api_keys": {server.url: "MY_KEY"}})) as octo:
        assert octo.ask("Hi", worker="chat").text == "Good day."
    assert server.keys[-1] == "secret"
