"""Adapters for reading: LoRA changes of a model that make its hidden states tell queries apart."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from octograph.errors import ModelFileError, ModelMissingError
from octograph.nodes.models.store import in_package
from octograph.nodes.whole_file import written_whole

__all__ = ["ReadingAdapter", "bundled_adapter", "find_adapter"]

BUNDLED = "package:octograph/graph/bundled/smollm2-router.gguf"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingAdapter:
    """A GGUF adapter with what a master must know to read through it: a JSON file beside it says so.

    Attributes
    ----------
    source
        Where the adapter is, as ``package:NAME/FILE`` or ``path:FILE`` (relative to a head's file).
    path
        The GGUF file.
    model
        Source of the model that it was trained over.
    layer
        Behind which layer it is to be read, counted from 0; it changes none above.
    system
        The prompt under which it was trained.
    training
        What it was trained on and how well it did; for people.

    """

    source: str
    path: Path
    model: str
    layer: int
    system: str
    training: Mapping[str, Any]

    @classmethod
    def load(cls, card: Path, *, source: str) -> ReadingAdapter:
        """Read the JSON file of an adapter; the GGUF file is the one of the same name beside it.

        Raises
        ------
        ModelMissingError
            One of the files is missing.
        ModelFileError
            The JSON file is not one of these.

        """
        path = card.with_suffix(".gguf")
        try:
            values = json.loads(card.read_text(encoding="utf-8"))
            adapter = cls(
                source=source,
                path=path,
                model=values["model"],
                layer=int(values["layer"]),
                system=values["system"],
                training=values["training"],
            )
        except FileNotFoundError as error:
            raise ModelMissingError(
                f"there is no adapter {str(card)!r}", hint="Train one with `octograph train adapter`."
            ) from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelFileError(f"{str(card)!r} does not describe an adapter: {error}") from error
        if not path.is_file():
            raise ModelMissingError(
                f"the adapter {path.name!r} is not beside {card.name!r}", hint="Copy both files together."
            )
        return adapter

    def save_card(self) -> Path:
        """Write the JSON file beside the adapter, and return its path."""
        card = self.path.with_suffix(".json")
        values = {key: value for key, value in asdict(self).items() if key not in ("source", "path")}
        with written_whole(card) as partial:
            partial.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        return card


def find_adapter(source: str, *, base: Path) -> ReadingAdapter:
    """Return the adapter that a head names; `base` is the folder of the head's file, for ``path:`` sources.

    Raises
    ------
    ModelMissingError, ModelFileError
        It is not there, or damaged.

    """
    scheme, _, rest = source.partition(":")
    path = in_package(rest, what="the adapter") if scheme == "package" else base / Path(rest).expanduser()
    return ReadingAdapter.load(path.with_suffix(".json"), source=source)


def bundled_adapter(model_source: str) -> ReadingAdapter | None:
    """Return the adapter that comes with Octograph for the weights of this source, if there is one."""
    adapter = find_adapter(BUNDLED, base=Path())
    return adapter if adapter.model == model_source else None
