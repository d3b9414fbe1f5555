"""The parent's view of trainings: progress, then what was trained."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from octograph.cancellation import CancelToken
from octograph.nodes.host import HostProcess
from octograph.nodes.master.reader import TokenStates
from octograph.nodes.master.steps import Spans, StepNetwork, token_labels
from octograph.nodes.training.job import (
    AdapterJob,
    AdapterReport,
    PromptJob,
    PromptReport,
    StepsJob,
    TrainingProgress,
    WorkerJob,
    WorkerReport,
)

__all__ = ["Trainer"]

Report = TypeVar("Report", AdapterReport, WorkerReport, PromptReport)

_SERVICE = "octograph.nodes.training.service:TrainingService"


class Trainer:
    """Trains in a child process, which starts when first needed and is gone when `close` returns.

    Parameters
    ----------
    threads
        CPU threads of what has no job that says so.

    """

    def __init__(self, *, threads: int = 2) -> None:
        self._threads = threads
        self._host = HostProcess(
            name="training", service=_SERVICE, config=dict, environment={"TOKENIZERS_PARALLELISM": "false"}
        )

    async def train_adapter(
        self, job: AdapterJob, *, cancel: CancelToken
    ) -> AsyncIterator[TrainingProgress | AdapterReport]:
        """Yield the progress, and last the report, unless it was cancelled: then nothing is written.

        Raises
        ------
        MissingExtraError
            The packages for training adapters are not installed.
        ModelFileError
            The model's architecture cannot be trained here.
        HostError
            The process failed.

        """
        async for piece in self._told("adapter", job, AdapterReport, cancel):
            yield piece

    async def train_worker(
        self, job: WorkerJob, *, cancel: CancelToken
    ) -> AsyncIterator[TrainingProgress | WorkerReport]:
        """Yield the progress, and last the report, unless it was cancelled: the same job then goes on from there.

        Raises
        ------
        MissingExtraError
            The packages for training adapters are not installed.
        ModelFileError
            The model's architecture cannot be trained here.
        UsageError
            Every example is too long.
        HostError
            The process failed.

        """
        async for piece in self._told("worker", job, WorkerReport, cancel):
            yield piece

    async def train_prompt(
        self, job: PromptJob, *, cancel: CancelToken
    ) -> AsyncIterator[TrainingProgress | PromptReport]:
        """Yield the progress, and last the report, unless it was cancelled: the same job then goes on from there.

        Raises
        ------
        MissingExtraError
            The packages for training adapters are not installed.
        ModelFileError
            The model's architecture cannot be trained here.
        HostError
            The process failed.

        """
        async for piece in self._told("prompt", job, PromptReport, cancel):
            yield piece

    async def fit_steps(
        self,
        queries: Sequence[tuple[TokenStates, Spans]],
        *,
        seed: int = 0,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> StepNetwork:
        """Fit the network that tells steps apart.

        Parameters
        ----------
        queries
            The tokens of each and where its steps stand.
        seed
            Of the order, the first weights and what is dropped.
        progress
            Told the passes done and all passes.

        Raises
        ------
        HostError
            The process failed.

        """
        from safetensors.numpy import load_file, save_file

        lengths = [len(tokens.ends) for tokens, _ in queries]
        with tempfile.TemporaryDirectory() as folder:
            states, out = Path(folder) / "states.safetensors", Path(folder) / "steps.safetensors"
            # States of a token take two kilobytes: too much for frames.
            own = [tokens.states[:length] for (tokens, _), length in zip(queries, lengths, strict=True)]
            given = {
                "states": np.concatenate(own),  # [all tokens, d]
                "ends": np.stack([tokens.states[-1] for tokens, _ in queries]),  # [queries, d]
                "labels": np.concatenate([token_labels(tokens, spans) for tokens, spans in queries]),
                "lengths": np.array(lengths),
            }
            save_file(given, states)
            job = StepsJob(states=str(states), out=str(out), threads=self._threads, seed=seed)
            async for frame in self._host.stream("steps", asdict(job), cancel=CancelToken()):
                if "step" in frame:
                    progress(frame["step"], frame["steps"])
            weights: dict[str, Any] = load_file(out)
            return StepNetwork(**weights)

    async def _told(
        self, operation: str, job: AdapterJob | WorkerJob | PromptJob, report: type[Report], cancel: CancelToken
    ) -> AsyncIterator[TrainingProgress | Report]:
        """Yield what a training tells, batch by batch, and its report last."""
        async for frame in self._host.stream(operation, asdict(job), cancel=cancel):
            if "seconds" in frame:
                yield report(**frame)
            elif "step" in frame:
                yield TrainingProgress(**frame)

    def close(self) -> None:
        """End the process."""
        self._host.stop()
