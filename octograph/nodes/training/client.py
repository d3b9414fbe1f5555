"""The parent's view of a training: progress, then a report."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict

from octograph.nodes.cancellation import CancelToken
from octograph.nodes.host import HostProcess
from octograph.nodes.training.job import AdapterJob, AdapterReport, TrainingProgress

__all__ = ["AdapterTrainer"]

_SERVICE = "octograph.nodes.training.service:TrainingService"


class AdapterTrainer:
    """Trains adapters in a child process, which is gone when `close` returns."""

    def __init__(self) -> None:
        self._host = HostProcess(
            name="training", service=_SERVICE, config=dict, environment={"TOKENIZERS_PARALLELISM": "false"}
        )

    async def train(self, job: AdapterJob, *, cancel: CancelToken) -> AsyncIterator[TrainingProgress | AdapterReport]:
        """Yield the progress, and last the report, unless it was cancelled: then nothing is written.

        Raises
        ------
        MissingExtraError
            The packages for training are not installed.
        ModelFileError
            The model's architecture cannot be trained here.
        HostError
            The process failed.

        """
        async for frame in self._host.stream("adapter", asdict(job), cancel=cancel):
            if "seconds" in frame:
                yield AdapterReport(**frame)
            elif "step" in frame:
                yield TrainingProgress(**frame)

    def close(self) -> None:
        """End the process."""
        self._host.stop()
