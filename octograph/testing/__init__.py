"""Fakes for fast tests, ours and yours: a graph that answers without a model.

>>> from pathlib import Path
>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder, make_octograph(Path(folder), {"math": ScriptedWorker(["42"])}) as octo:
...     print(octo.ask("What is 6 * 7?", worker="math").text)
42
"""

from __future__ import annotations

from octograph.testing.assembly import make_graph, make_octograph
from octograph.testing.chat_server import FakeChatServer
from octograph.testing.clock import FixedClock, pause
from octograph.testing.embedder import FakeEmbedder
from octograph.testing.evaluator import FixedEvaluator
from octograph.testing.hosts import FakeService
from octograph.testing.hub_server import FakeHub
from octograph.testing.judge import FixedJudge
from octograph.testing.router import FixedRouter
from octograph.testing.workers import FakeGenerator, ScriptedWorker

__all__ = [
    "FakeChatServer",
    "FakeEmbedder",
    "FakeGenerator",
    "FakeHub",
    "FakeService",
    "FixedClock",
    "FixedEvaluator",
    "FixedJudge",
    "FixedRouter",
    "ScriptedWorker",
    "make_graph",
    "make_octograph",
    "pause",
]
