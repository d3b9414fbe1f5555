"""The badge, and what it says about a graph and this machine."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from textual.app import App, ComposeResult

from octograph.graph import Model
from octograph.graph.bundled import open_graph
from octograph.tui.network import Network
from octograph.tui.widgets.badge import Badge


class Holder(App[None]):
    def compose(self) -> ComposeResult:
        yield Badge()


class Graph:
    def __init__(self, *models: Model) -> None:
        self.models = {model.name: model for model in models}


HERE = Model(name="small", source="path:small.gguf")
THERE = Model(name="large", source="openai:https://models.example/v1#large")


def test_a_graph_is_offline_if_no_model_of_it_is_remote() -> None:
    assert Network.of(Graph(HERE)).offline
    assert Network.of(Graph(HERE, THERE)).remote == ("large",)
    assert not Network.of(Graph(HERE, THERE)).offline
    assert Network.of(open_graph("embedded")).offline
    assert not Network.of(open_graph("hybrid")).offline


def test_whether_there_is_a_network_is_seen_without_sending_anything() -> None:
    unshare = shutil.which("unshare")
    if unshare is None or subprocess.run([unshare, "-rn", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user may not make a network namespace (`unshare -rn`)")
    code = "from octograph.tui.network import Network; print(Network.of(type('G', (), {'models': {}})).connected)"
    told = subprocess.run([unshare, "-rn", sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"


@pytest.mark.parametrize(
    ("network", "word", "sentence"),
    [
        (Network(remote=(), connected=True), "offline", "nothing leaves it"),
        (Network(remote=(), connected=False), "offline", "nothing leaves it"),
        (Network(remote=("large", "\x1b[2Jx"), connected=True), "remote models", "At servers: large, [2Jx."),
        (Network(remote=("large",), connected=False), "remote models, no network", "no network now"),
    ],
)
async def test_the_badge_says_it_in_words(network: Network, word: str, sentence: str) -> None:
    app = Holder()
    async with app.run_test():
        badge = app.query_one(Badge)
        assert str(badge.render()) == ""
        badge.show(network)
        assert str(badge.render()) == word
        assert sentence in str(badge.tooltip)
