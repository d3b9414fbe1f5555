"""The file of a graph's functional heads: what was fitted for each of its masters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octograph.nodes.master.fitted_file import FittedFile
from octograph.nodes.master.head import FunctionalHead
from octograph.nodes.master.steps import StepNetwork

__all__ = ["HeadFile"]

_FILE = FittedFile(what="functional head", format=3, command="train router --graph FILE")
_HEAD = ("weight", "bias")
_STEPS = tuple(part.name for part in fields(StepNetwork) if part.name != "fitted_on")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadFile:
    """The heads of a graph's masters, as a safetensors file beside the graph file.

    Attributes
    ----------
    heads
        By the master's name.
    steps
        By the master's name, for those that tell the steps of a query apart.
    report
        How it was fitted: queries, accuracy on held-out ones; for people.

    """

    heads: Mapping[str, FunctionalHead]
    report: Mapping[str, Any]
    steps: Mapping[str, StepNetwork] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all.

        Raises
        ------
        HeadError
            It cannot be written there.

        """
        tensors: dict[str, NDArray[np.float32]] = {}
        masters: dict[str, Any] = {}
        for name, head in self.heads.items():
            tensors |= _tensors(name, head, _HEAD)
            masters[name] = {key: value for key, value in asdict(head).items() if key not in _HEAD}
        for name, network in self.steps.items():
            tensors |= _tensors(f"{name}.steps", network, _STEPS)
        steps = {name: network.fitted_on for name, network in self.steps.items()}
        _FILE.write(path, tensors, {"masters": masters, "steps": steps, "report": dict(self.report)})

    @classmethod
    def load(cls, path: Path) -> HeadFile:
        """Read the file.

        Raises
        ------
        HeadError
            It is missing or damaged.

        """
        with _FILE.opened(path) as (tensors, document):

            def parts(name: str, wanted: Sequence[str]) -> dict[str, Any]:
                return {part: tensors[f"{name}.{part}"] for part in wanted}

            heads = {
                name: FunctionalHead(**parts(name, _HEAD), **(values | {"tokens": tuple(values["tokens"])}))
                for name, values in document["masters"].items()
            }
            steps = {
                name: StepNetwork(**parts(f"{name}.steps", _STEPS), fitted_on=digest)
                for name, digest in document["steps"].items()
            }
            return cls(heads=heads, steps=steps, report=document["report"])


def _tensors(name: str, fitted: FunctionalHead | StepNetwork, parts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    return {f"{name}.{part}": getattr(fitted, part) for part in parts}
