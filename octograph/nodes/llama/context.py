"""A llama.cpp context: the KV cache and the decoding of batches.

Shapes: ``V`` vocabulary.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Sequence

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from octograph.errors import HostRequestError
from octograph.nodes.llama.model import Model
from octograph.nodes.llama.tap import Tap

__all__ = ["Aborted", "Context"]

_ABORTED = 2
_NO_ROOM = 1


class Aborted(Exception):  # noqa: N818  # a signal and no error
    """A decode was stopped by `Context.abort`; a signal inside the host, never shown to a user."""


def _flag_reader() -> ctypes.c_void_p:
    """Return C's ``strlen`` as llama.cpp's abort callback.

    llama.cpp asks the callback after every operation of the graph, about a thousand times a token.
    A Python callback there takes the interpreter's lock each time; ``strlen`` over two bytes reads a flag
    without it: 0 (go on) while the first byte is 0, 1 (stop) once it is not.
    """
    libc = ctypes.CDLL(ctypes.util.find_library("c"))
    return ctypes.cast(libc.strlen, ctypes.c_void_p)


class Context:
    """The KV cache over a model, holding several sequences in one pool of cells.

    Parameters
    ----------
    model
        The weights.
    cells
        Size of the pool: tokens of all sequences together.
    sequences
        How many sequences there can be; their ids are ``0 .. sequences-1``.
    threads
        CPU threads of a decode.
    tap
        Takes the hidden states of a lower layer, and ends decodes there.
    batch_size
        Most tokens of one `decode`.

    """

    def __init__(
        self,
        model: Model,
        *,
        cells: int,
        sequences: int,
        threads: int,
        tap: Tap | None = None,
        batch_size: int = 512,
    ) -> None:
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = cells
        params.n_batch = batch_size
        params.n_ubatch = min(batch_size, 512)
        params.n_seq_max = sequences
        params.n_threads = params.n_threads_batch = threads
        params.kv_unified = True
        if tap is not None:
            params.cb_eval = tap.callback
        params.no_perf = True
        self._flag = ctypes.create_string_buffer(2)
        params.abort_callback = ctypes.cast(_flag_reader(), llama_cpp.ggml_abort_callback)
        params.abort_callback_data = ctypes.cast(self._flag, ctypes.c_void_p)
        self._pointer = llama_cpp.llama_init_from_model(model.pointer, params)
        if not self._pointer:
            raise HostRequestError(
                f"llama.cpp cannot make a context of {cells} tokens",
                hint="Memory is short: set a smaller `context` for the model in the graph file.",
            )
        self._memory = llama_cpp.llama_get_memory(self._pointer)
        self._batch = llama_cpp.llama_batch_init(batch_size, 0, 1)
        self._model = model
        self._tap = tap  # llama.cpp calls it for as long as the context lives
        self.cells: int = llama_cpp.llama_n_ctx(self._pointer)
        self.batch_size = batch_size
        self._threads = threads

    def decode(self, tokens: Sequence[int], *, sequence: int, position: int, outputs: Sequence[int] = (-1,)) -> None:
        """Run `tokens` of one sequence, the first of them at `position`, and keep their keys and values.

        `outputs` are the indices into `tokens` whose logits are wanted.

        Raises
        ------
        Aborted
            `abort` was called; what is left of the batch must be removed with `trim`.

        """
        batch, count = self._batch, len(tokens)
        batch.n_tokens = count
        for index, token in enumerate(tokens):
            batch.token[index] = token
            batch.pos[index] = position + index
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = sequence
            batch.logits[index] = 0
        for index in outputs:
            batch.logits[index % count] = 1
        if self._tap is not None:
            self._tap.begin()
        status = llama_cpp.llama_decode(self._pointer, batch)
        if status == _ABORTED:
            raise Aborted
        if status == _NO_ROOM:
            raise HostRequestError(
                f"the context of {self.cells} tokens has no free cells",
                hint="Shorten the conversation or set a larger `context` for the model.",
            )
        if status != 0:
            raise HostRequestError(f"llama.cpp failed to decode a batch (status {status})")

    def logits(self, index: int = -1) -> NDArray[np.float32]:
        """Logits ``[V]`` of a row of the last decode; a view, valid until the next."""
        pointer = llama_cpp.llama_get_logits_ith(self._pointer, index)
        return np.ctypeslib.as_array(pointer, shape=(self._model.vocabulary_size,))

    def trim(self, sequence: int, length: int) -> None:
        """Keep the first `length` tokens of a sequence and free the cells of the rest."""
        llama_cpp.llama_memory_seq_rm(self._memory, sequence, length, -1)

    def set_threads(self, threads: int) -> None:
        """Use this many CPU threads from the next decode on."""
        if threads != self._threads:
            llama_cpp.llama_set_n_threads(self._pointer, threads, threads)
            self._threads = threads

    def abort(self) -> None:
        """Stop a running decode from another thread; holds until `rearm`."""
        self._flag[0] = b"\x01"

    def rearm(self) -> None:
        """Let decodes run again after `abort`."""
        self._flag[0] = b"\x00"

    def close(self) -> None:
        """Free the cache."""
        if self._pointer:
            llama_cpp.llama_batch_free(self._batch)
            llama_cpp.llama_free(self._pointer)
            self._pointer = None
