"""The course of a training: step by step, measured now and then, and taken up again after an interruption.

In the training host only.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Generator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from octograph.nodes.host.frames import Frame
from octograph.nodes.host.service import Ticket
from octograph.nodes.training.job import PromptJob, TrainingProgress, WorkerJob
from octograph.nodes.whole_file import written_whole

__all__ = ["Run", "Standing", "State", "course", "mark_of"]

SAVE_SECONDS = 120.0


@dataclass(slots=True)
class Standing:
    """How far a training is.

    Attributes
    ----------
    step
        Steps done.
    best, best_step
        The lowest validation loss, and where that was.
    running
        Running mean of the loss.
    seconds
        Spent, those before an interruption included.

    """

    step: int = 0
    best: float = math.inf
    best_step: int = 0
    running: float = math.nan
    seconds: float = 0.0

    def learned(self, loss: float) -> None:
        """Count a step with its loss."""
        self.running = loss if math.isnan(self.running) else 0.95 * self.running + 0.05 * loss
        self.step += 1

    def is_best(self, loss: float) -> bool:
        """Whether a validation loss is the lowest so far; then it is kept."""
        if not loss < self.best:
            return False
        self.best, self.best_step = loss, self.step
        return True


class Run(Protocol):
    """A training that goes step by step."""

    standing: Standing

    @property
    def steps(self) -> int:
        """How many there are in all."""
        ...

    def step(self) -> None:
        """Learn from the next batch."""
        ...

    def validate(self) -> float | None:
        """Measure what is only measured, and keep what does best; None if there is nothing of that kind."""
        ...

    def save(self) -> None:
        """Keep the state on disk."""
        ...


def course(run: Run, ticket: Ticket, *, checks: int, patience: int | None = None) -> Generator[Frame, None, bool]:
    """Run a training to its end, and yield its progress step by step.

    Parameters
    ----------
    run
        The training.
    ticket
        Ends it early; then its state is saved.
    checks
        How often it is validated.
    patience
        It ends after so many checks without a better one; None to go on.

    Returns
    -------
    bool
        Whether it came to its end.

    """
    standing = run.standing
    interval = max(1, run.steps // checks)
    started = saved = time.perf_counter()
    before = standing.seconds
    stopped = False
    while standing.step < run.steps and not stopped:
        if ticket.cancelled:
            standing.seconds = before + time.perf_counter() - started
            run.save()
            return False
        run.step()
        measured = None
        if standing.step % interval == 0 or standing.step == run.steps:
            measured = run.validate()
            waited = standing.step - standing.best_step
            stopped = measured is not None and patience is not None and waited >= patience * interval
        now = time.perf_counter()
        standing.seconds = before + now - started
        if now - saved >= SAVE_SECONDS:
            saved = now
            run.save()
        yield asdict(TrainingProgress(step=standing.step, steps=run.steps, loss=standing.running, validation=measured))
    return True


def mark_of(job: WorkerJob | PromptJob) -> str:
    """What tells a training from another: everything but the threads."""
    return sha256(json.dumps(asdict(replace(job, threads=0)), sort_keys=True).encode()).hexdigest()


class State:
    """Where the state of an unfinished training is kept: beside the file that it is to write."""

    def __init__(self, job: WorkerJob | PromptJob) -> None:
        self._folder = Path(f"{job.out}.state")
        self._file = self._folder / "tensors.safetensors"
        self._mark = mark_of(job)

    def write(self, parts: Mapping[str, Tensor], standing: Standing) -> None:
        """Keep the tensors of a training and how far it is."""
        self._folder.mkdir(parents=True, exist_ok=True)
        metadata = {"standing": json.dumps(asdict(standing)), "job": self._mark}
        with written_whole(self._file) as partial:
            save_file(dict(parts), partial, metadata=metadata)

    def read(self) -> tuple[dict[str, Tensor], Standing] | None:
        """What this very training has left, None if there is nothing or something of another one."""
        if not self._file.is_file():
            return None
        with safe_open(self._file, "pt") as file:
            metadata: Mapping[str, str] = file.metadata()
        if metadata.get("job") != self._mark:
            return None
        return load_file(self._file), Standing(**json.loads(metadata["standing"]))

    def remove(self) -> None:
        """Forget it: the training is done."""
        self._file.unlink(missing_ok=True)
        with suppress(OSError):
            self._folder.rmdir()
