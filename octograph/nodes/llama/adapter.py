"""LoRA adapters: low-rank changes of the weights, ``W + scale * B A`` (Hu et al. 2021, equation 3)."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import llama_cpp

from octograph.errors import ModelFileError
from octograph.nodes.llama.model import Model

__all__ = ["Adapter"]


class Adapter:
    """A GGUF adapter file, loaded beside the model that it changes; several contexts may share it.

    Parameters
    ----------
    model
        The weights that it was trained over.
    path
        The file.

    Raises
    ------
    ModelFileError
        The file is missing or llama.cpp refuses it.

    """

    def __init__(self, model: Model, path: Path) -> None:
        if not path.is_file():
            raise ModelFileError(f"there is no adapter {str(path)!r}", hint="Check the path in the graph file.")
        # Freed by llama.cpp together with the model.
        self._pointer = llama_cpp.llama_adapter_lora_init(model.pointer, str(path).encode())
        if not self._pointer:
            raise ModelFileError(
                f"llama.cpp cannot load the adapter {path.name!r}",
                hint="It must be a GGUF adapter that was trained over this very model; see the host's messages above.",
            )

    def apply(self, context: Any) -> None:
        """Have a llama.cpp context compute with it from now on."""
        adapters = (llama_cpp.llama_adapter_lora_p_ctypes * 1)(self._pointer)
        if llama_cpp.llama_set_adapters_lora(context, adapters, 1, (ctypes.c_float * 1)(1.0)) != 0:
            raise ModelFileError("llama.cpp cannot apply the adapter to a context")
