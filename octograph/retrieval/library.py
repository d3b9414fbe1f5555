"""The knowledge bases of a graph, over one embedder."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from octograph.errors import UsageError
from octograph.retrieval.knowledge_base import KnowledgeBase

__all__ = ["Library"]


class Library:
    """Gives knowledge bases by name, and ends what they run on.

    Parameters
    ----------
    bases
        By name.
    end
        Ends the embedder.

    """

    def __init__(self, bases: Mapping[str, KnowledgeBase], *, end: Callable[[], None] = lambda: None) -> None:
        self.bases = bases
        self._end = end

    def base(self, name: str | None = None) -> KnowledgeBase:
        """Return the one of that name; without a name the only one.

        Raises
        ------
        UsageError
            There is none, or there are several and no name.

        """
        known = ", ".join(self.bases)
        if name is None and len(self.bases) == 1:
            (only,) = self.bases.values()
            return only
        if name is None:
            raise UsageError(
                f"the graph has {len(self.bases)} knowledge bases",
                hint=f"Name one of: {known}." if known else "Add a node of kind 'knowledge' to the graph file.",
            )
        if name not in self.bases:
            raise UsageError(f"{name!r} is no knowledge base", hint=f"Name one of: {known or 'none'}.")
        return self.bases[name]

    def close(self) -> None:
        """Close the files and end the embedder."""
        for base in self.bases.values():
            base.close()
        self._end()
