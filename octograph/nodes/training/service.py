"""Training as a host's service; runs in the child process only."""

from __future__ import annotations

import importlib.util

from octograph.errors import HostRequestError, MissingExtraError
from octograph.nodes.host.frames import Frame
from octograph.nodes.host.service import Steps, Ticket
from octograph.nodes.training.job import AdapterJob

__all__ = ["TrainingService"]

_NEEDED = ("torch", "transformers", "peft", "accelerate")


class TrainingService:
    """Serves ``adapter``: a step for each batch."""

    capacity = 1
    queue = 1

    def setup(self, config: Frame) -> Frame:
        """See that everything is installed."""
        missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
        if missing:
            raise MissingExtraError(
                f"training needs packages that are not installed: {', '.join(missing)}",
                hint="Run `pip install 'octograph[train]'`.",
            )
        return {}

    def start(self, op: str, args: Frame, ticket: Ticket) -> Steps:
        """Begin a request."""
        if op != "adapter":
            raise HostRequestError(f"the training host knows no operation {op!r}")
        from octograph.nodes.training.adapter import train_adapter

        return train_adapter(AdapterJob(**args), ticket)

    def advance(self) -> None:
        """Nothing to do: each step is a batch."""

    def abort(self) -> None:
        """Nothing to do: a batch takes a second or two."""
