"""A machine whose memory is a number."""

from __future__ import annotations

from octograph.nodes.models.memory import FreeMemory

__all__ = ["FixedMemory"]


class FixedMemory:
    """Tells what a machine can give: what it is told, until it is told otherwise.

    Parameters
    ----------
    available, spare
        Bytes, see `FreeMemory`.

    """

    def __init__(self, available: int, *, spare: int = 0) -> None:
        self.available = available
        self.spare = spare

    def __call__(self) -> FreeMemory:
        """Return it."""
        return FreeMemory(available=self.available, spare=self.spare)
