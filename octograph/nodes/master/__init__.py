"""The master node: reads a query, emits a functional token, names the worker."""

from octograph.nodes.master.fitting import Fit, fit_rows
from octograph.nodes.master.head import FunctionalHead, HeadFile
from octograph.nodes.master.master import DEFAULT_SYSTEM, Master
from octograph.nodes.master.reader import HiddenStates, QueryReader, ReadRequest
from octograph.nodes.master.route import NO_WORKER, Route, Router
from octograph.nodes.master.training import train_heads

__all__ = [
    "DEFAULT_SYSTEM",
    "NO_WORKER",
    "Fit",
    "FunctionalHead",
    "HeadFile",
    "HiddenStates",
    "Master",
    "QueryReader",
    "ReadRequest",
    "Route",
    "Router",
    "fit_rows",
    "train_heads",
]
