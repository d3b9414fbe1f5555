"""Deciders beside the master, behind the same `Router`: an embedding router, and an endpoint that decides."""

from octograph.nodes.deciders.neighbours import Embedder, NeighboursRouter
from octograph.nodes.deciders.remote import RemoteRouter
from octograph.nodes.deciders.targets import Target, targets_of

__all__ = ["Embedder", "NeighboursRouter", "RemoteRouter", "Target", "targets_of"]
