"""A llama.cpp context: the KV cache and the decoding of batches.

Shapes: ``n`` rows of a batch, ``d`` hidden size, ``V`` vocabulary.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from octograph.errors import HostRequestError
from octograph.nodes.llama.adapter import Adapter
from octograph.nodes.llama.model import Model
from octograph.nodes.llama.tap import Tap

__all__ = ["Aborted", "Context", "Rows"]

_ABORTED = 2
_NO_ROOM = 1
_MICRO_BATCH = 512


class Aborted(Exception):  # noqa: N818  # a signal and no error
    """A decode was stopped by `Context.abort`; a signal inside the host, never shown to a user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Consecutive positions of one sequence, to be decoded.

    Attributes
    ----------
    sequence, position
        Where they belong; `position` is that of the first.
    inputs
        Token ids ``[n]``, or embeddings ``[n, d]`` in their place.
    first_output
        The logits of the rows from this one on are wanted; `n` asks for none.

    """

    sequence: int
    position: int
    inputs: Sequence[int] | NDArray[np.float32]
    first_output: int


class Context:
    """The KV cache over a model, holding several sequences in one pool of cells.

    Parameters
    ----------
    model
        The weights.
    cells
        Size of the pool: tokens of all sequences together; sequences may share cells.
    sequences
        How many sequences there can be; their ids are ``0 .. sequences-1``.
    threads
        CPU threads of a decode.
    tap
        Takes the hidden states of a lower layer, and ends decodes there.
    adapter
        A LoRA adapter over the weights, for every decode of this context.
    batch_size
        Most rows of one `decode`.

    """

    def __init__(
        self,
        model: Model,
        *,
        cells: int,
        sequences: int,
        threads: int,
        tap: Tap | None = None,
        adapter: Adapter | None = None,
        batch_size: int = 512,
    ) -> None:
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = cells
        params.n_batch = batch_size
        params.n_ubatch = min(batch_size, _MICRO_BATCH)
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
        if adapter is not None:
            adapter.apply(self._pointer)
        self._memory = llama_cpp.llama_get_memory(self._pointer)
        self._tokens = _Batch(np.zeros(batch_size, np.int32))
        self._embeddings: _Batch | None = None
        self._model = model
        self._tap = tap  # llama.cpp calls it for as long as the context lives
        self.cells: int = llama_cpp.llama_n_ctx(self._pointer)
        self.batch_size = batch_size
        self._threads = threads

    def decode(self, parts: Sequence[Rows]) -> list[range]:
        """Run rows of several sequences in one batch and keep their keys and values.

        Tokens and embeddings do not mix in one batch: all parts give the one or the other.
        The result has the places of each part's wanted outputs, for `logits`.

        Raises
        ------
        Aborted
            `abort` was called; it holds no longer, and nothing of the batch is in the cache.
        HostRequestError
            llama.cpp could not do it; nothing of the batch is in the cache.

        """
        batch = self._batch_for(parts[0].inputs)
        places, start = [], 0
        for part in parts:
            end = start + len(part.inputs)
            batch.fill(slice(start, end), part)
            places.append(range(start + part.first_output, end))
            start = end
        if self._tap is not None:
            self._tap.begin()
        status = llama_cpp.llama_decode(self._pointer, batch.of(start))
        if status == 0:
            return places
        for part in parts:
            self.trim(part.sequence, part.position)
        if status == _ABORTED:
            self._flag[0] = b"\x00"
            raise Aborted
        if status == _NO_ROOM:
            raise HostRequestError(
                f"the context of {self.cells} tokens has no free cells",
                hint="Shorten the conversation or set a larger `context` for the model.",
            )
        raise HostRequestError(f"llama.cpp failed to decode a batch (status {status})")

    def logits(self, place: int) -> NDArray[np.float32]:
        """Logits ``[V]`` of a row of the last decode; a view, valid until the next."""
        pointer = llama_cpp.llama_get_logits_ith(self._pointer, place)
        return np.ctypeslib.as_array(pointer, shape=(self._model.vocabulary_size,))

    def share(self, source: int, target: int, length: int) -> None:
        """Let an empty sequence have the first `length` tokens of another; no cell is copied."""
        llama_cpp.llama_memory_seq_cp(self._memory, source, target, 0, length)

    def trim(self, sequence: int, length: int) -> None:
        """Keep the first `length` tokens of a sequence; cells that no other sequence shares become free."""
        llama_cpp.llama_memory_seq_rm(self._memory, sequence, length, -1)

    def save(self, sequence: int) -> bytes:
        """Copy the keys and values of a sequence out of the cache."""
        size: int = llama_cpp.llama_state_seq_get_size(self._pointer, sequence)
        buffer = (ctypes.c_uint8 * size)()
        written: int = llama_cpp.llama_state_seq_get_data(self._pointer, buffer, size, sequence)
        return bytes(memoryview(buffer)[:written])

    def restore(self, sequence: int, state: bytes) -> bool:
        """Put what `save` gave into a sequence; False if there are not cells enough."""
        buffer = (ctypes.c_uint8 * len(state)).from_buffer_copy(state)
        return bool(llama_cpp.llama_state_seq_set_data(self._pointer, buffer, len(state), sequence))

    def set_threads(self, threads: int) -> None:
        """Use this many CPU threads from the next decode on."""
        if threads != self._threads:
            llama_cpp.llama_set_n_threads(self._pointer, threads, threads)
            self._threads = threads

    def abort(self) -> None:
        """Stop a running decode from another thread, or the next one if none runs."""
        self._flag[0] = b"\x01"

    def close(self) -> None:
        """Free the cache."""
        if self._pointer:
            llama_cpp.llama_free(self._pointer)
            self._pointer = None

    def _batch_for(self, inputs: Sequence[int] | NDArray[np.float32]) -> _Batch:
        if not isinstance(inputs, np.ndarray):
            return self._tokens
        if self._embeddings is None:
            self._embeddings = _Batch(np.zeros((self.batch_size, self._model.embedding_size), np.float32))
        return self._embeddings


class _Batch:
    """A ``llama_batch`` over arrays of our own, which numpy fills.

    Parameters
    ----------
    inputs
        Room for token ids ``[n]`` or embeddings ``[n, d]``.

    """

    def __init__(self, inputs: NDArray[Any]) -> None:
        size = len(inputs)
        self._inputs = inputs
        self._positions = np.zeros(size, np.int32)
        self._sequences = np.zeros(size, np.int32)
        self._outputs = np.zeros(size, np.int8)
        # Every row belongs to one sequence, whose id stands in `_sequences`.
        self._counts = np.ones(size, np.int32)
        self._addresses = self._sequences.ctypes.data + np.arange(size, dtype=np.uintp) * self._sequences.itemsize
        self._arange = np.arange(size, dtype=np.int32)
        batch = llama_cpp.llama_batch()
        fields: dict[str, NDArray[Any]] = {
            "token" if inputs.ndim == 1 else "embd": inputs,
            "pos": self._positions,
            "n_seq_id": self._counts,
            "seq_id": self._addresses,
            "logits": self._outputs,
        }
        types = dict(llama_cpp.llama_batch._fields_)
        for name, array in fields.items():
            setattr(batch, name, ctypes.cast(array.ctypes.data, types[name]))
        self._batch = batch

    def fill(self, place: slice, part: Rows) -> None:
        """Put rows at a place."""
        self._inputs[place] = part.inputs
        self._positions[place] = self._arange[: len(part.inputs)] + part.position
        self._sequences[place] = part.sequence
        self._outputs[place] = 0
        self._outputs[place.start + part.first_output : place.stop] = 1

    def of(self, rows: int) -> Any:
        """The batch with its first `rows` rows."""
        self._batch.n_tokens = rows
        return self._batch


def _flag_reader() -> ctypes.c_void_p:
    """Return C's ``strlen`` as llama.cpp's abort callback.

    llama.cpp asks the callback after every operation of the graph, about a thousand times a token.
    A Python callback there takes the interpreter's lock each time; ``strlen`` over two bytes reads a flag
    without it: 0 (go on) while the first byte is 0, 1 (stop) once it is not.
    """
    libc = ctypes.CDLL(ctypes.util.find_library("c"))
    return ctypes.cast(libc.strlen, ctypes.c_void_p)
