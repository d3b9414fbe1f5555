"""The commands that care for an installation: ``doctor``, ``models``, ``config``."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from octograph import settings
from octograph.cli.opening import graph_of
from octograph.cli.output import note, say, write_json
from octograph.composition import model_store
from octograph.errors import OctographError, UsageError
from octograph.graph import Model
from octograph.nodes.models.hub import Hub

__all__ = ["config_path", "doctor", "list_models", "pull_model", "show_config", "show_model"]


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
    rows = []
    for model in graph.models.values():
        try:
            path = store.locate(model, base=graph.folder)
            rows.append({"name": model.name, "source": model.source, "path": str(path), "size": path.stat().st_size})
        except OctographError:
            rows.append({"name": model.name, "source": model.source, "path": None, "size": None})
    if arguments.json:
        write_json(rows)
        return 0
    for row in rows:
        size = row["size"]
        here = f"{size / 1e6:.0f} MB" if isinstance(size, int) else "missing"
        say(f"{row['name']:16} {here:>9}  {row['source']}")
    return 0


def show_model(arguments: argparse.Namespace) -> int:
    """Show one model, and check its file."""
    graph, chosen = graph_of(arguments)
    model = _model(graph.models, arguments.name)
    store = model_store(chosen)
    path = store.locate(model, base=graph.folder)
    summary = store.check(path, sha256=model.sha256)
    document = {
        "name": model.name,
        "source": model.source,
        "path": str(path),
        "size": summary.size_bytes,
        "architecture": summary.architecture,
        "trained_context": summary.context,
        "licence": model.licence,
        "sha256": "matches" if model.sha256 else "not given",
    }
    if arguments.json:
        write_json(document)
    else:
        for key, value in document.items():
            say(f"{key:16} {value}")
    return 0


def pull_model(arguments: argparse.Namespace) -> int:
    """Fetch a model from its hub into the cache."""
    base: Path | None = None
    if arguments.name.startswith("hf:"):
        model, chosen = Model(name="pulled", source=arguments.name), settings.load()
    else:
        graph, chosen = graph_of(arguments)
        model, base = _model(graph.models, arguments.name), graph.folder
    store = model_store(chosen)
    if model.scheme == "hf":
        path = Hub().pull(model.source.removeprefix("hf:"))
        store.check(path, sha256=model.sha256)
    else:
        note(f"{model.name} comes from {model.source}; there is nothing to pull")
        path = store.locate(model, base=base)
    if arguments.json:
        write_json({"source": model.source, "path": str(path), "size": path.stat().st_size})
    else:
        say(str(path))
    return 0


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
