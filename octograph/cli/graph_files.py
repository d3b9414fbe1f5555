"""The files of a graph that a command changes: tried out first, and then replaced together."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from octograph.cli.output import note
from octograph.composition import head_path, outcomes_path
from octograph.errors import GraphError
from octograph.graph import Knowledge, ModelGraph, editing, loads
from octograph.graph.beside import find_beside
from octograph.graph.toml_text import read_text
from octograph.nodes.master import HeadFile
from octograph.nodes.master.outcomes import OutcomeRows
from octograph.nodes.whole_file import written_whole

__all__ = ["GraphFiles", "locked", "named_relatively", "path_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphFiles:
    """A graph file and what belongs to it.

    Attributes
    ----------
    graph
        The graph that was read.
    text
        The text of the graph file.
    examples
        The text of the examples file, None if there is none.
    head
        The functional heads.
    outcomes
        The outcome rows, None if there are none.

    """

    graph: ModelGraph
    text: str
    examples: str | None
    head: HeadFile
    outcomes: OutcomeRows | None

    @classmethod
    def read(cls, path: Path) -> GraphFiles:
        """Read the files of the graph at `path`.

        Raises
        ------
        GraphError
            The graph is wrong, or its file or that of its examples cannot be read.
        HeadError
            Its functional heads are missing, or something that was fitted is damaged.

        """
        text = read_text(path)
        graph = loads(text, path)
        examples, rows = _examples_path(graph), outcomes_path(graph)
        return cls(
            graph=graph,
            text=text,
            examples=None if examples is None else read_text(examples),
            head=HeadFile.load(head_path(graph)),
            outcomes=OutcomeRows.load(rows) if rows.is_file() else None,
        )

    def write(self, target: Path) -> None:
        """Write them all, beside `target`, or none.

        Files that are another graph's stay as they are: this one gets files of its own name.

        Raises
        ------
        GraphError
            They are no graph that could be loaded again, or cannot be written.

        """
        text = self.text
        if target != self.graph.path or self._shared:
            text = editing.unshared(text, examples=f"{target.stem}.examples.toml")
        graph = loads(text, target, examples=self.examples)
        rows = outcomes_path(graph)
        try:
            with ExitStack() as stack:
                # Each is in place only when all are written; the last one first, and so the graph behind what it names.
                stack.enter_context(written_whole(target)).write_text(text, encoding="utf-8")
                self.head.save(stack.enter_context(written_whole(head_path(graph))))
                if self.outcomes is not None:
                    self.outcomes.save(stack.enter_context(written_whole(rows)))
                if self.examples is not None and graph.examples_file is not None:
                    examples = stack.enter_context(written_whole(target.parent / graph.examples_file))
                    examples.write_text(self.examples, encoding="utf-8")
            if self.outcomes is None:
                rows.unlink(missing_ok=True)
        except OSError as error:
            raise GraphError(
                f"{target}: cannot be written: {error}", hint="Check the path, its permissions and the disk."
            ) from error

    @property
    def _shared(self) -> bool:
        """Whether a file of these is another graph's as well."""
        folder, examples = path_of(self.graph).parent, _examples_path(self.graph)
        return self.graph.head_file is not None or (examples is not None and folder not in examples.parents)


def path_of(graph: ModelGraph) -> Path:
    """Where the file of a graph is.

    Raises
    ------
    GraphError
        The graph is in no file.

    """
    if graph.path is None:
        raise GraphError("the graph is in no file", hint="Save it first.")
    return graph.path


def _examples_path(graph: ModelGraph) -> Path | None:
    return None if graph.examples_file is None else find_beside(path_of(graph).parent, graph.examples_file)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other commands from changing graphs in a folder meanwhile; wait for one that does so now.

    The lock is on the folder itself, so that no further file has to lie in it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise GraphError(f"the folder {str(folder)!r} cannot be used: {error}", hint="Name another one.") from error
    try:
        with suppress(OSError):  # some network file systems lock no folders
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                note(f"another command changes a graph in {folder}: waiting for it")
                fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def named_relatively(graph: ModelGraph) -> list[str]:
    """Return what a graph, or what was fitted for it, names relative to the folder of the graph file."""
    return [
        what
        for what, source in _sources(GraphFiles.read(path_of(graph)))
        if source.startswith("path:") and not Path(source.removeprefix("path:")).is_absolute()
    ]


def _sources(files: GraphFiles) -> Iterator[tuple[str, str]]:
    """All files that a graph names, and what they are."""
    for model in files.graph.models.values():
        yield f"model {model.name}", model.source
    for node in files.graph.nodes.values():
        for key in ("adapter", "evaluator"):
            yield f"{key} of {node.name}", getattr(node, key, None) or ""
        if isinstance(node, Knowledge) and node.path is not None:
            yield f"path of {node.name}", f"path:{node.path}"
    for name, head in files.head.heads.items():
        yield f"adapter of the head of {name}", head.adapter or ""
    if files.outcomes is not None:
        yield "adapter of the outcome rows", files.outcomes.adapter or ""
