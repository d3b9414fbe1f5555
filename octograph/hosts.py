"""The models in memory, from Python: listed, started, stopped, kept."""

from __future__ import annotations

from octograph.errors import UsageError
from octograph.nodes.hosted import HostStatus
from octograph.nodes.loading import LoadPlan
from octograph.nodes.pool import HostPool

__all__ = ["HostStatus", "Hosts", "LoadPlan"]


class Hosts:
    """What the models of an `Octograph` run on.

    Models start when they are first needed, and when memory is short those that nobody needs are stopped for others;
    here both can be done beforehand, and prevented. Models of the same weights and context share a host: what is done
    with one of them is done with all.

    All methods but `list` raise `GraphError` if the graph has no such model, and `UsageError` if it is at a server.

    Parameters
    ----------
    pool
        The hosts; None if nothing runs here.

    """

    def __init__(self, pool: HostPool | None) -> None:
        self._pool = pool

    def list(self) -> tuple[HostStatus, ...]:
        """Return how it stands with all models now, in the order of the graph; quick enough to be asked for often."""
        return () if self._pool is None else self._pool.statuses()

    def plan(self, model: str) -> LoadPlan:
        """Return what it takes to start a model now, and who would be stopped for it; nothing is done."""
        return self._here().plan(model)

    def load(self, model: str) -> None:
        """Start a model now, as `plan` says, and wait until it is ready; `list` tells meanwhile how far it is.

        Raises
        ------
        HostStartError
            There is no room for it, or it does not start.
        ModelMissingError, ModelFileError
            Its weights are not on this machine, or are damaged.

        """
        self._here().load(model)

    def unload(self, model: str) -> None:
        """Stop a model, if it runs; it starts again when it is needed.

        Raises
        ------
        HostBusyError
            It works, or starts at this moment.

        """
        self._here().unload(model)

    def pin(self, model: str, pinned: bool = True) -> None:
        """Keep a model in memory when others need it, once it is there; with ``pinned=False`` no longer."""
        self._here().pin(model, pinned=pinned)

    def _here(self) -> HostPool:
        if self._pool is None:
            raise UsageError("no model runs here", hint="Open a graph with `octograph.open`.")
        return self._pool
