"""Whether anything here would use a network, and whether there is one; nothing is sent to find out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Network"]


class Located(Protocol):
    """A model of which it is known where it runs."""

    @property
    def is_remote(self) -> bool:
        """Whether a server somewhere runs it."""
        ...


class Models(Protocol):
    """A model graph, of which the models matter."""

    @property
    def models(self) -> Mapping[str, Located]:
        """Its models by name."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What a model graph has to do with a network.

    Attributes
    ----------
    remote
        Models that run at servers; nothing else of a graph sends anything.
    connected
        Whether this process could reach a network at all.

    """

    remote: tuple[str, ...]
    connected: bool

    @classmethod
    def of(cls, graph: Models) -> Network:
        """Look at a graph and at this machine's interfaces."""
        remote = tuple(name for name, model in graph.models.items() if model.is_remote)
        return cls(remote=remote, connected=_connected())

    @property
    def offline(self) -> bool:
        """Whether nothing of the graph would use a network."""
        return not self.remote


def _connected() -> bool:
    """Whether an interface is up that leads out of this machine."""
    import psutil  # here: the first paint does not wait for it

    try:
        states = psutil.net_if_stats()
    except OSError:  # a sandbox that does not even let one look
        return False
    return any(state.isup and "loopback" not in state.flags.split(",") for state in states.values())
