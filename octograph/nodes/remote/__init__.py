"""Models that run at a server which speaks OpenAI's chat protocol, behind the same `Generator`."""

from octograph.nodes.remote.client import RemoteModel
from octograph.nodes.remote.keys import KeyRing

__all__ = ["KeyRing", "RemoteModel"]
