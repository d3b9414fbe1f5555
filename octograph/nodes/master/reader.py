"""How a master reads a query: the values and the `QueryReader` Protocol."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from octograph.cancellation import CancelToken

__all__ = ["HiddenStates", "QueryReader", "ReadRequest", "TokenStates", "read_vectors", "read_whole"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """A query to be read.

    Attributes
    ----------
    system
        The master's prompt; its keys and values stay in the KV cache, so only the query is computed.
    text
        The query.
    layer
        Behind which layer the states are taken, counted from 0; the layers above are not computed.
    adapter
        A GGUF LoRA adapter over the model that was trained for reading.
    limit
        Most tokens of the query that are read; of a longer one the first and the last halves of that length.
    each
        Whether the state of each token is wanted, not only what the query amounts to.

    """

    system: str
    text: str
    layer: int
    adapter: Path | None = None
    limit: int = 512
    each: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenStates:
    """The tokens of a query that was read whole.

    Attributes
    ----------
    states
        Hidden states ``[n + m, d]`` of its ``n`` tokens and of the ``m`` that the chat template writes behind it.
    ends
        Where each token ends, in characters of the query, ``[n]``; a token within a character ends where that does.

    """

    states: NDArray[np.float32]
    ends: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenStates:
    """What the master's model makes of a query.

    Attributes
    ----------
    last
        Hidden state ``[d]`` at the last position, where an answer would begin.
    mean
        Mean ``[d]`` of the hidden states over the query's tokens.
    tokens
        Length of the query.
    each
        Its tokens, if they were asked for and the query was short enough to be read whole.

    """

    last: NDArray[np.float32]
    mean: NDArray[np.float32]
    tokens: int
    each: TokenStates | None = None

    def vector(self) -> NDArray[np.float32]:
        """The features ``[2d]`` that a functional head reads."""
        return np.concatenate([self.last, self.mean])


class QueryReader(Protocol):
    """Something that turns a query into hidden states."""

    async def prepare(self) -> None:
        """Get ready, so that the time of the first read is the time of a read."""
        ...

    async def layers(self) -> int:
        """Return how many layers the model has."""
        ...

    async def read(self, request: ReadRequest, *, cancel: CancelToken) -> HiddenStates | None:
        """Return the hidden states of a query, None if it was cancelled."""
        ...


async def read_whole(reader: QueryReader, request: ReadRequest) -> HiddenStates:
    """Read a query without a way to cancel it."""
    states = await reader.read(request, cancel=CancelToken())
    if states is None:
        raise RuntimeError("a read that nobody can cancel was cancelled")
    return states


async def read_vectors(
    reader: QueryReader,
    queries: Sequence[str],
    *,
    system: str,
    layer: int,
    adapter: Path | None,
    progress: Callable[[int, int], None],
) -> NDArray[np.float32]:
    """Features ``[n, 2d]`` of queries, read alike; `progress` is told how many are read, and of how many."""
    vectors = []
    for done, query in enumerate(queries, start=1):
        request = ReadRequest(system=system, text=query, layer=layer, adapter=adapter)
        vectors.append((await read_whole(reader, request)).vector())
        progress(done, len(queries))
    return np.stack(vectors)
