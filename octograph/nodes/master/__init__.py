"""The master node: reads a query, emits a functional token, names the worker."""

from octograph.nodes.master.composing import ComposedQuery, Material, compose
from octograph.nodes.master.fitting import Fit, Labelled, fit_rows
from octograph.nodes.master.head import FunctionalHead
from octograph.nodes.master.head_file import HeadFile
from octograph.nodes.master.master import DEFAULT_SYSTEM, Master
from octograph.nodes.master.reader import HiddenStates, QueryReader, ReadRequest, TokenStates
from octograph.nodes.master.reading_adapter import ReadingAdapter, bundled_adapter, find_adapter
from octograph.nodes.master.reformulation import Reformulation, Reformulator
from octograph.nodes.master.route import NO_WORKER, PlannedStep, Route, Router
from octograph.nodes.master.steps import StepNetwork
from octograph.nodes.master.training import StepTask, train_heads

__all__ = [
    "DEFAULT_SYSTEM",
    "NO_WORKER",
    "ComposedQuery",
    "Fit",
    "FunctionalHead",
    "HeadFile",
    "HiddenStates",
    "Labelled",
    "Master",
    "Material",
    "PlannedStep",
    "QueryReader",
    "ReadRequest",
    "ReadingAdapter",
    "Reformulation",
    "Reformulator",
    "Route",
    "Router",
    "StepNetwork",
    "StepTask",
    "TokenStates",
    "bundled_adapter",
    "compose",
    "find_adapter",
    "fit_rows",
    "train_heads",
]
