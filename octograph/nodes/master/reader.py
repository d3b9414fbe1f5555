"""How a master reads a query: the values and the `QueryReader` Protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from octograph.nodes.cancellation import CancelToken

__all__ = ["HiddenStates", "QueryReader", "ReadRequest"]


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
    limit
        Most tokens of the query that are read; of a longer one the first and the last halves of that length.

    """

    system: str
    text: str
    layer: int
    limit: int = 512


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

    """

    last: NDArray[np.float32]
    mean: NDArray[np.float32]
    tokens: int

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
