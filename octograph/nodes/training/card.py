"""Model cards: what an adapter or a soft prompt is made of and how well it does, in Markdown beside the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from octograph.nodes.training.job import PromptJob, PromptReport, WorkerJob, WorkerReport
from octograph.nodes.whole_file import written_whole

__all__ = ["ModelCard", "PromptCard"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What people have to know of an adapter.

    Attributes
    ----------
    worker, description
        Whose adapter it is.
    base, base_licence
        Source of the model that it changes, and that model's licence.
    data
        Name of the file of examples, with its SHA-256.
    licence
        Of the adapter; data may ask for one.
    job, report
        How it was trained, and what came of it.
    figures
        What was measured, as pairs of what and how much.

    """

    worker: str
    description: str
    base: str
    base_licence: str
    data: str
    licence: str
    job: WorkerJob
    report: WorkerReport
    figures: Sequence[tuple[str, str]] = ()

    def text(self) -> str:
        """Return it in Markdown."""
        job, report = self.job, self.report
        size = Path(job.out).stat().st_size
        validation = (
            f"; loss of {report.validation_examples} others: {report.validation_loss:.3f}"
            if report.validation_loss is not None
            else ""
        )
        dropped = f", {report.dropped} left out as too long" if report.dropped else ""
        rows = [
            ("base", f"`{self.base}`" + (f" ({self.base_licence})" if self.base_licence else "")),
            ("file", f"`{Path(job.out).name}`, {size / 1e6:.1f} MB, half precision"),
            ("factors", f"rank {job.rank}, alpha {2 * job.rank}, all linear modules from layer {job.frozen} on: "
                        f"{report.parameters:,} numbers"),
            ("system prompt", f"`{job.system}`" if job.system else "none"),
            ("data", f"{report.examples:,} examples of {self.data}{dropped}"),
            ("loss", f"mean cross entropy of the answers' tokens: {report.loss:.3f} at the end{validation}"),
            ("recipe", f"AdamW, rate {job.rate:g} with warm-up and cosine, {job.epochs:g} passes, {report.steps} "
                       f"batches of up to {job.batch_tokens:,} tokens, seed {job.seed}; "
                       f"{report.seconds / 60:.0f} minutes"),
            *([("began from", f"`{Path(job.start).name}`")] if job.start else []),
            ("licence", self.licence or "not stated"),
            *self.figures,
        ]  # fmt: skip
        about = f"A LoRA adapter with which a model is the worker `{self.worker}`: {self.description}."
        return _card(Path(job.out), about, rows)

    def save(self) -> Path:
        """Write it beside the adapter, and return its path."""
        return _saved(Path(self.job.out), self.text())


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptCard:
    """What people have to know of a soft prompt with which a worker evaluates its answers.

    Attributes
    ----------
    worker
        Whose it is.
    base
        Source of the model.
    data
        Name of the file of questions, with its SHA-256.
    licence
        Of the soft prompt; data may ask for one.
    job, report
        How it was trained, and what came of it.
    figures
        What was measured, as pairs of what and how much.

    """

    worker: str
    base: str
    data: str
    licence: str
    job: PromptJob
    report: PromptReport
    figures: Sequence[tuple[str, str]] = ()

    def text(self) -> str:
        """Return it in Markdown."""
        job, report = self.job, self.report
        answers = sum(len(given) for _, given in job.lessons)
        validation = (
            f"; of {report.validation_queries} other questions: {report.validation_loss:.3f}"
            if report.validation_loss is not None
            else ""
        )
        rows = [
            ("base", f"`{self.base}`" + (f" with `{Path(job.adapter).name}`" if job.adapter else "")),
            ("file", f"`{Path(job.out).name}`, {job.length} rows, half precision"),
            ("data", f"{answers:,} answers that the worker itself finds likely, to {report.queries:,} questions of "
                     f"{self.data}; right ones by their choice, their number, or Rouge-L above 0.9"),
            ("loss", f"{report.loss:.3f} at the end{validation}"),
            ("recipe", f"AdamW, rate {job.rate:g} with a cosine, {job.epochs:g} passes, {report.steps} batches of "
                       f"{job.batch} questions, seed {job.seed}; {report.seconds / 60:.0f} minutes"),
            ("licence", self.licence or "not stated"),
            *self.figures,
        ]  # fmt: skip
        about = (
            f"The soft prompt behind an answer of the worker `{self.worker}` from which its model tells whether that "
            "is right (ASPIRE, Chen et al. 2023, arXiv 2310.11689)."
        )
        return _card(Path(job.out), about, rows)

    def save(self) -> Path:
        """Write it beside the soft prompt, and return its path."""
        return _saved(Path(self.job.out), self.text())


def _card(file: Path, about: str, rows: Sequence[tuple[str, str]]) -> str:
    table = "\n".join(f"| {what} | {value} |" for what, value in rows)
    return f"# Model card: {file.stem}\n\n{about}\n\n| | |\n|---|---|\n{table}\n"


def _saved(file: Path, text: str) -> Path:
    path = file.with_suffix(".md")
    with written_whole(path) as partial:
        partial.write_text(text, encoding="utf-8")
    return path
