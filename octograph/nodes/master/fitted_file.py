"""Files of what was fitted: tensors, and a document on them, in one safetensors file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octograph.errors import HeadError
from octograph.nodes.whole_file import written_whole

__all__ = ["FittedFile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedFile:
    """A kind of file.

    Attributes
    ----------
    what
        It holds, for messages: "functional head".
    format
        Number of the format; files of another are refused.
    command
        That writes such files, with its arguments.

    """

    what: str
    format: int
    command: str

    def write(self, path: Path, tensors: Mapping[str, NDArray[Any]], document: Mapping[str, Any]) -> None:
        """Write a file, whole or not at all.

        Raises
        ------
        HeadError
            It cannot be written there.

        """
        from safetensors.numpy import save

        # safetensors writes the bytes as they lie in memory, whatever their order.
        laid = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
        text = json.dumps({"format": self.format} | dict(document), sort_keys=True)
        try:
            if not path.parent.is_dir():
                raise FileNotFoundError(f"there is no folder {str(path.parent)!r}")
            with written_whole(path) as partial:
                partial.write_bytes(save(laid, metadata={"octograph": text}))
        except OSError as error:
            raise HeadError(
                f"the {self.what} {str(path)!r} cannot be written: {error}",
                hint="Copy the graph file, with its examples, to a folder that you can write to.",
            ) from error

    @contextmanager
    def opened(self, path: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Give the tensors and the document of a file; what does not fit together within the block is damage.

        Raises
        ------
        HeadError
            It is missing, of another format, or damaged.

        """
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, framework="numpy") as file:
                document = json.loads(file.metadata()["octograph"])
                if document["format"] != self.format:
                    raise HeadError(
                        f"{path.name!r} has format {document['format']!r}, this version reads {self.format}",
                        hint=f"Run `octograph {self.command}` again.",
                    )
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # no mapping
            yield tensors, document
        except FileNotFoundError as error:
            raise HeadError(
                f"the graph has no {self.what} at {str(path)!r}",
                hint=f"Fit it with `octograph {self.command}`; it takes seconds to minutes.",
            ) from error
        except (OSError, SafetensorError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise HeadError(
                f"the {self.what} {str(path)!r} is damaged", hint=f"Run `octograph {self.command}` again."
            ) from error
