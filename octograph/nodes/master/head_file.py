"""The file of a graph's functional heads: what was fitted for each of its masters."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octograph.errors import HeadError
from octograph.nodes.master.head import FunctionalHead
from octograph.nodes.master.steps import StepRows
from octograph.nodes.whole_file import written_whole

__all__ = ["HeadFile"]

_FORMAT = 2
_HEAD = ("weight", "bias")
_STEPS = ("hidden_weight", "hidden_bias", "weight", "bias")


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
    steps: Mapping[str, StepRows] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all.

        Raises
        ------
        HeadError
            It cannot be written there.

        """
        from safetensors.numpy import save

        tensors: dict[str, NDArray[np.float32]] = {}
        masters: dict[str, Any] = {}
        for name, head in self.heads.items():
            tensors |= _tensors(name, head, _HEAD)
            masters[name] = _values(head)
        for name, rows in self.steps.items():
            tensors |= _tensors(f"{name}.steps", rows, _STEPS)
        document = {"format": _FORMAT, "masters": masters, "report": dict(self.report)}
        try:
            if not path.parent.is_dir():
                raise FileNotFoundError(f"there is no folder {str(path.parent)!r}")
            with written_whole(path) as partial:
                partial.write_bytes(save(tensors, metadata={"octograph": json.dumps(document, sort_keys=True)}))
        except OSError as error:
            raise HeadError(
                f"the functional head {str(path)!r} cannot be written: {error}",
                hint="Copy the graph file, with its examples, to a folder that you can write to.",
            ) from error

    @classmethod
    def load(cls, path: Path) -> HeadFile:
        """Read the file.

        Raises
        ------
        HeadError
            It is missing or damaged.

        """
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="numpy") as file:
                document = json.loads(file.metadata()["octograph"])
                if document["format"] != _FORMAT:
                    raise HeadError(
                        f"{path.name!r} has format {document['format']!r}, this version reads {_FORMAT}",
                        hint="Run `octograph train router` again.",
                    )

                def rows(name: str, parts: Sequence[str]) -> dict[str, Any]:
                    return {part: file.get_tensor(f"{name}.{part}") for part in parts}

                heads = {
                    name: FunctionalHead(**rows(name, _HEAD), **(values | {"tokens": tuple(values["tokens"])}))
                    for name, values in document["masters"].items()
                }
                names = set(file.keys())
                steps = {
                    name: StepRows(**rows(f"{name}.steps", _STEPS)) for name in heads if f"{name}.steps.bias" in names
                }
                report = document["report"]
        except FileNotFoundError as error:
            raise HeadError(
                f"the graph has no functional head at {str(path)!r}",
                hint="Fit one with `octograph train router --graph GRAPH`; it takes seconds to minutes.",
            ) from error
        except (OSError, SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise HeadError(
                f"the functional head {str(path)!r} is damaged", hint="Run `octograph train router` again."
            ) from error
        return cls(heads=heads, steps=steps, report=report)


def _tensors(name: str, rows: FunctionalHead | StepRows, parts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    # safetensors writes the bytes as they lie in memory, whatever their order.
    return {f"{name}.{part}": np.ascontiguousarray(getattr(rows, part)) for part in parts}


def _values(head: FunctionalHead) -> dict[str, Any]:
    return {key: value for key, value in asdict(head).items() if key not in _HEAD}
