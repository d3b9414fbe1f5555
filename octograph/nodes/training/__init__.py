"""Training that needs torch: it runs in a host of its own, never in the main process."""

from octograph.nodes.training.card import ModelCard, PromptCard
from octograph.nodes.training.client import Trainer
from octograph.nodes.training.job import (
    AdapterJob,
    AdapterReport,
    Judged,
    PromptJob,
    PromptReport,
    TrainingProgress,
    WorkerJob,
    WorkerReport,
)

__all__ = [
    "AdapterJob",
    "AdapterReport",
    "Judged",
    "ModelCard",
    "PromptCard",
    "PromptJob",
    "PromptReport",
    "Trainer",
    "TrainingProgress",
    "WorkerJob",
    "WorkerReport",
]
