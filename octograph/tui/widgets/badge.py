"""The badge: what the model graph has to do with a network."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from octograph.terminal import plain
from octograph.tui.network import Network

__all__ = ["Badge"]


class Badge(Static):
    """A word or two; empty until the graph is known."""

    DEFAULT_CSS = """
    Badge { width: auto; height: 1; padding: 0 1; color: $text-success; text-style: bold; }
    Badge.-remote { color: $text-warning; }
    """

    def show(self, network: Network) -> None:
        """Say whether the graph is offline or, if not, what it uses."""
        self.set_class(not network.offline, "-remote")
        self.update(Content(_word(network)))
        self.tooltip = Content(plain(_sentence(network)))


def _word(network: Network) -> str:
    if network.offline:
        return "offline"
    return "remote models" if network.connected else "remote models, no network"


def _sentence(network: Network) -> str:
    if network.offline:
        return "All models of this graph run on this machine: nothing leaves it."
    told = f"At servers: {', '.join(network.remote)}. What they are asked leaves this machine."
    return told if network.connected else f"{told} There is no network now, so they cannot be reached."
