"""Training as a host's service; runs in the child process only."""

from __future__ import annotations

import importlib.util
import sys

from octograph.errors import HostRequestError, MissingExtraError
from octograph.nodes.host.frames import Frame
from octograph.nodes.host.service import Steps, Ticket
from octograph.nodes.training.job import AdapterJob, PromptJob, StepsJob, WorkerJob

__all__ = ["TrainingService"]

_EXTRA = ("peft", "accelerate")
"""What only the training of adapters needs."""


class TrainingService:
    """Serves ``adapter``, ``worker`` and ``prompt``, a step for each batch, and ``steps``, a step for each pass."""

    capacity = 1
    queue = 1

    def setup(self, config: Frame) -> Frame:
        """Nothing to load before it is known what is to be trained."""
        return {}

    def start(self, op: str, args: Frame, ticket: Ticket) -> Steps:
        """Begin a request."""
        if op == "adapter":
            _require_extra()
            from octograph.nodes.training.adapter import train_adapter

            return train_adapter(AdapterJob(**args), ticket)
        if op == "worker":
            _require_extra()
            from octograph.nodes.training.worker import train_worker

            return train_worker(WorkerJob(**args), ticket)
        if op == "prompt":
            _require_extra()
            from octograph.nodes.training.soft_prompt import train_prompt

            return train_prompt(PromptJob(**args), ticket)
        if op == "steps":
            from octograph.nodes.training.steps import fit_steps

            return fit_steps(StepsJob(**args), ticket)
        raise HostRequestError(f"the training host knows no operation {op!r}")

    def advance(self) -> None:
        """Nothing to do: each step is a batch or a pass."""

    def abort(self) -> None:
        """Nothing to do: a batch or a pass takes seconds."""


def _require_extra() -> None:
    missing = [name for name in _EXTRA if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtraError(
            f"training needs packages that are not installed: {', '.join(missing)}",
            hint=f"Run `{sys.executable} -m pip install 'octograph[train]'`.",
        )
