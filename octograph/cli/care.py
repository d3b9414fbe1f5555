"""The commands that care for an installation: ``doctor``, ``models``, ``config``."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from octograph import settings
from octograph.cli.opening import graph_of
from octograph.cli.output import note, say, write_json
from octograph.composition import model_store, remote_model
from octograph.errors import OctographError, UsageError
from octograph.graph import Model
from octograph.nodes.models import ModelStore
from octograph.nodes.models.hub import Hub
from octograph.nodes.models.memory import gigabytes, memory_plan, model_memory

__all__ = ["config_path", "doctor", "list_models", "pull_models", "show_config", "show_model"]


def doctor(arguments: argparse.Namespace) -> int:
    """Check the installation, down to a decoded batch in a real host."""
    from octograph.diagnosis import examine

    chosen = settings.load()
    findings = []
    for finding in examine(arguments.graph or chosen.graph, chosen):
        findings.append(finding)
        if not arguments.json:
            say(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.name:10} {finding.detail}")
            if finding.hint:
                say(f"      {finding.hint}")
    fine = all(finding.ok for finding in findings)
    if arguments.json:
        checks = [{"name": f.name, "ok": f.ok, "detail": f.detail, "hint": f.hint} for f in findings]
        write_json({"ok": fine, "checks": checks})
    return 0 if fine else 1


def list_models(arguments: argparse.Namespace) -> int:
    """List the graph's models and whether they are on this machine."""
    graph, chosen = graph_of(arguments)
    store = model_store(chosen)
    plan = memory_plan(graph, store=store)
    totals = {memory.model: memory.total for memory in plan.models}
    rows: list[dict[str, Any]] = []
    for model in graph.models.values():
        row: dict[str, Any] = {"name": model.name, "source": model.source, "path": None, "size": None}
        row |= {"licence": model.licence, "remote": model.is_remote, "memory": totals.get(model.name)}
        with suppress(OctographError):
            path = None if model.is_remote else store.locate(model, base=graph.folder)
            row |= {} if path is None else {"path": str(path), "size": path.stat().st_size}
        rows.append(row)
    if arguments.json:
        write_json(rows)
        return 0
    for row in rows:
        size, memory = row["size"], row["memory"]
        here = "remote" if row["remote"] else "missing" if size is None else f"{size / 1e6:.0f} MB"
        needs = "" if memory is None else gigabytes(memory)
        say(f"{row['name']:16} {here:>9} {needs:>8}  {row['source']}")
    note(f"memory: {plan.summary()}")
    if not plan.fits:
        note("warning: that is more than there is; use a graph with smaller models")
    return 0


def show_model(arguments: argparse.Namespace) -> int:
    """Show one model, and check its file."""
    graph, chosen = graph_of(arguments)
    model = _model(graph.models, arguments.name)
    store = model_store(chosen)
    if model.is_remote:
        return _show_remote(model, asyncio.run(remote_model(model, chosen).check()), as_json=arguments.json)
    path = store.locate(model, base=graph.folder)
    summary = store.check(path, sha256=model.sha256)
    memory = model_memory(graph, model, store=store)
    document = {
        "name": model.name,
        "source": model.source,
        "path": str(path),
        "size": summary.size_bytes,
        "architecture": summary.architecture,
        "trained_context": summary.context,
        "licence": model.licence,
        "memory": None if memory is None else memory.total,
        "sha256": "matches" if model.sha256 else "not given",
    }
    _show(document, as_json=arguments.json)
    return 0


def _show_remote(model: Model, found: str, *, as_json: bool) -> int:
    _show({"name": model.name, "source": model.source, "remote": True, "found": found}, as_json=as_json)
    return 0


def _show(document: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        write_json(document)
        return
    for key, value in document.items():
        say(f"{key:16} {value}")


def pull_models(arguments: argparse.Namespace) -> int:
    """Fetch a model, or all of the graph, from the hub into the cache."""
    if arguments.name is not None and arguments.name.startswith("hf:"):
        chosen = settings.load()
        rows = [_pulled(Model(name="pulled", source=arguments.name), base=None, store=model_store(chosen))]
    else:
        graph, chosen = graph_of(arguments)
        here = [model for model in graph.models.values() if not model.is_remote]
        wanted = here if arguments.name is None else [_here(graph.models, arguments.name)]
        rows = [_pulled(model, base=graph.folder, store=model_store(chosen)) for model in wanted]
    if arguments.json:
        write_json(rows if arguments.name is None else rows[0])
    else:
        for row in rows:
            say(str(row["path"]))
    return 0


def _pulled(model: Model, *, base: Path | None, store: ModelStore) -> dict[str, Any]:
    """Fetch a model if it comes from the hub; what there is to say of its file."""
    if model.scheme == "hf":
        path = Hub().pull(model.source.removeprefix("hf:"))
        store.check(path, sha256=model.sha256)
    else:
        note(f"{model.name} comes from {model.source}; there is nothing to pull")
        path = store.locate(model, base=base)
    return {"source": model.source, "path": str(path), "size": path.stat().st_size}


def _here(models: Mapping[str, Model], name: str) -> Model:
    model = _model(models, name)
    if model.is_remote:
        raise UsageError(
            f"the model {model.name!r} runs at a server; there is nothing to pull",
            hint="`octograph doctor` tries whether it answers.",
        )
    return model


def config_path(arguments: argparse.Namespace) -> int:
    """Show where the configuration file is looked for."""
    path = settings.config_path()
    if arguments.json:
        write_json({"path": str(path), "exists": path.exists()})
    else:
        say(str(path))
    return 0


def show_config(arguments: argparse.Namespace) -> int:
    """Show the settings in force."""
    document = settings.load().document()
    if arguments.json:
        write_json(document)
    else:
        for key, value in document.items():
            say(f"{key} = {value}")
    return 0


def _model(models: Mapping[str, Model], name: str) -> Model:
    if name not in models:
        raise UsageError(f"the graph has no model {name!r}", hint="`octograph models list` shows them.")
    return models[name]
