"""Hidden states of a lower layer, and an end to the computation there.

llama.cpp lets a callback look at each tensor of a running graph and stop the graph after it.
A decision that needs no text then costs only the layers below: LayerSkip (Elhoushi et al. 2024) exits early in the
same way, and classification survives that far better than generation does.
"""

from __future__ import annotations

import ctypes

import llama_cpp
import numpy as np

# The exact version of llama-cpp-python is pinned; it has no public name for this library.
from llama_cpp._ggml import libggml
from numpy.typing import NDArray

__all__ = ["Tap"]

_name = libggml.ggml_get_name
_name.argtypes, _name.restype = [ctypes.c_void_p], ctypes.c_char_p
_data = libggml.ggml_get_data_f32
_data.argtypes, _data.restype = [ctypes.c_void_p], ctypes.POINTER(ctypes.c_float)
_size = libggml.ggml_nelements
_size.argtypes, _size.restype = [ctypes.c_void_p], ctypes.c_int64


class Tap:
    """Takes what one layer gives out, and stops the graph there.

    Parameters
    ----------
    width
        Hidden size ``d``.

    Attributes
    ----------
    layer
        Whose output is taken, counted from 0; None lets the whole graph run and takes nothing.

    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._taken: list[NDArray[np.float32]] = []
        self._wanted: bytes | None = None
        self.callback = llama_cpp.ggml_backend_sched_eval_callback(self._evaluated)

    def set_layer(self, layer: int | None) -> None:
        """Choose the layer."""
        # llama.cpp's own name for the residual stream behind a layer, the same for all architectures.
        self._wanted = None if layer is None else f"l_out-{layer}".encode()

    def begin(self) -> None:
        """Forget what was taken; a decode begins."""
        self._taken.clear()

    def take(self) -> NDArray[np.float32] | None:
        """Return the states ``[n, d]`` of the last decode's tokens; None if the layer did not run."""
        # llama.cpp runs its graph once for each micro-batch of a decode.
        return np.concatenate(self._taken) if self._taken else None

    def _evaluated(self, tensor: int, ask: bool, _data_of_user: object) -> bool:
        if ask:
            return self._wanted is not None and _name(tensor) == self._wanted
        rows = _size(tensor) // self._width
        self._taken.append(np.ctypeslib.as_array(_data(tensor), shape=(rows, self._width)).copy())
        return False
