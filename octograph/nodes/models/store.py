"""The models of a graph on this machine: found, checked once, and prepared for a host."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from importlib import metadata
from pathlib import Path

from octograph.errors import GraphError, ModelMissingError
from octograph.graph import Judge, Model, Worker
from octograph.nodes.models.gguf_file import GGUFSummary, check_gguf
from octograph.nodes.models.hub import Hub
from octograph.nodes.whole_file import written_whole

__all__ = [
    "FASTER_TYPE",
    "ModelStore",
    "adapter_path",
    "context_of",
    "evaluator_path",
    "file_identity",
    "find_file",
    "in_package",
]

MOST_CONTEXT = 8192
"""Tokens of a context that the graph file does not state, if the model was trained for more."""

UNSTATED_CONTEXT = 4096
"""The same for a file that does not say what its model was trained for."""

_GROWTH = 1.7
"""How much larger the faster copy is: 8.5 bits a weight for 5."""

FASTER_TYPE: Mapping[int, str] = {3: "Q8_0"}
"""llama.cpp file types that decode slowly on CPUs, and the type to requantise them to (see the ADR on weights).
3 is Q4_1."""


class ModelStore:
    """Finds weights by their source and vouches for them.

    Parameters
    ----------
    cache
        Folder for requantised weights and the record of what was checked.
    hub
        Access to the model hub and its cache.
    requantise
        Whether to use a faster copy where `FASTER_TYPE` knows one.

    """

    def __init__(self, cache: Path, *, hub: Hub, requantise: bool) -> None:
        self._cache = cache
        self._hub = hub
        self._requantise = requantise

    def locate(self, model: Model, *, base: Path | None) -> Path:
        """Path of a model's weights; `base` is the folder of the graph file, for ``path:`` sources.

        Raises
        ------
        ModelMissingError
            The weights are not on this machine.

        """
        scheme, _, rest = model.source.partition(":")
        if scheme in ("package", "path"):
            return find_file(model.source, base=base, what=f"the model {model.name!r}", key="source")
        if scheme == "hf":
            found = self._hub.cached(rest)
            if found is None:
                raise ModelMissingError(
                    f"the model {model.name!r} ({model.source}) is not on this machine",
                    hint=f"Run `octograph models pull {model.source}` once while online.",
                )
            return found
        raise GraphError(
            f"the model {model.name!r} has the source {model.source!r}; "
            "models that run here come from `package:`, `path:` or `hf:`",
            hint="Correct `source` in the graph file.",
        )

    def check(self, path: Path, *, sha256: str | None) -> GGUFSummary:
        """Check a weights file, thoroughly once; the result is kept until the file changes.

        Raises
        ------
        ModelFileError
            The file is damaged or not the expected one.

        """
        identity = f"{file_identity(path)}|{sha256}"
        record = self._cache / "checked" / f"{hashlib.sha256(identity.encode()).hexdigest()[:32]}.json"
        try:
            return GGUFSummary(**json.loads(record.read_text()))
        except (OSError, ValueError, TypeError):
            summary = check_gguf(path, sha256=sha256)
        # A cache that cannot be written costs the next check and nothing else.
        with suppress(OSError), written_whole(record) as partial:
            partial.write_text(json.dumps(asdict(summary)))
        return summary

    def identity(self, model: Model, *, base: Path | None) -> str:
        """What changes if the numbers that a model computes do: its file, how it is run, and what runs it.

        Raises
        ------
        ModelMissingError, ModelFileError
            As `locate` and `check`.

        """
        path = self.locate(model, base=base)
        faster = self._faster_type(self.check(path, sha256=model.sha256))
        return f"{file_identity(path)}|{faster}|{metadata.version('llama-cpp-python')}"

    def host_config(self, model: Model, *, base: Path | None, threads: int) -> dict[str, object]:
        """Everything a llama.cpp host needs to load a model; the weights are checked.

        Raises
        ------
        ModelMissingError, ModelFileError
            As `locate` and `check`.

        """
        path = self.locate(model, base=base)
        summary = self.check(path, sha256=model.sha256)
        config: dict[str, object] = {
            "path": str(path),
            "threads": threads,
            "context": context_of(model, summary),
        }
        kind = self._faster_type(summary)
        if kind is not None:
            config["requantised"] = {"kind": kind, "path": str(self._faster_copy(path, kind))}
        return config

    def running_bytes(self, path: Path, summary: GGUFSummary) -> int:
        """How large weights are as they run: those of the faster copy, if there is or will be one."""
        kind = self._faster_type(summary)
        if kind is None:
            return summary.size_bytes
        copy = self._faster_copy(path, kind)
        return copy.stat().st_size if copy.is_file() else round(summary.size_bytes * _GROWTH)

    def _faster_copy(self, path: Path, kind: str) -> Path:
        identity = hashlib.sha256(file_identity(path).encode())
        return self._cache / "weights" / f"{path.stem}-{identity.hexdigest()[:12]}.{kind}.gguf"

    def _faster_type(self, summary: GGUFSummary) -> str | None:
        """The type to requantise a file to, None if it runs as it is."""
        return FASTER_TYPE.get(summary.file_type) if self._requantise else None


def context_of(model: Model, summary: GGUFSummary | None) -> int:
    """Tokens of the context that a model gets, as far as is known before it is loaded."""
    trained = MOST_CONTEXT if summary is None else summary.context or UNSTATED_CONTEXT
    return model.context or min(trained, MOST_CONTEXT)


def file_identity(path: Path) -> str:
    """What changes if a file does, without reading it."""
    stat = path.stat()
    return f"{path.resolve()}|{stat.st_size}|{stat.st_mtime_ns}"


def evaluator_path(node: Worker, folder: Path | None) -> Path | None:
    """Where a worker's evaluator is, None if it has none; raises `ModelMissingError` if it is not there."""
    if node.evaluator is None:
        return None
    return find_file(node.evaluator, base=folder, what=f"the evaluator of {node.name!r}", key="evaluator")


def adapter_path(node: Worker | Judge, folder: Path | None) -> Path | None:
    """Where a worker's or a judge's adapter is, None without one; raises `ModelMissingError` if it is not there."""
    if node.adapter is None:
        return None
    return find_file(node.adapter, base=folder, what=f"the adapter of {node.name!r}", key="adapter")


def find_file(source: str, *, base: Path | None, what: str, key: str) -> Path:
    """Path of a file that a graph names as ``package:NAME/FILE`` or ``path:FILE``.

    Parameters
    ----------
    source
        Where it is.
    base
        The folder of the graph file, at which relative paths start; None for the current one.
    what, key
        What it is, and the key of the graph file that names it: for the error.

    Raises
    ------
    ModelMissingError
        It is not there.

    """
    scheme, _, rest = source.partition(":")
    if scheme == "package":
        return in_package(rest, what=what)
    path = (base or Path()) / Path(rest).expanduser()
    if not path.is_file():
        raise ModelMissingError(
            f"{what} is not at {str(path)!r}",
            hint=f"Correct `{key}` in the graph file; a relative path starts at the graph file's folder.",
        )
    return path


def in_package(reference: str, *, what: str) -> Path:
    """Path of ``NAME/FILE`` inside an installed Python package, for `what`.

    Raises
    ------
    ModelMissingError
        The package is not installed or holds no such file.

    """
    package, _, inner = reference.partition("/")
    # The package itself is not imported: it may import anything.
    spec = importlib.util.find_spec(package) if package.isidentifier() else None
    if spec is None or not spec.submodule_search_locations:
        raise ModelMissingError(
            f"the package {package!r} of {what} is not installed",
            hint=f"Run `pip install {package.replace('_', '-')}`.",
        )
    root = Path(spec.submodule_search_locations[0]).resolve()
    path = (root / inner).resolve()
    if not path.is_relative_to(root) or not path.exists():
        raise ModelMissingError(
            f"the package {package!r} holds no {inner!r}, which {what} names",
            hint=f"Run `pip install --force-reinstall {package.replace('_', '-')}`, or correct `source`.",
        )
    return path
