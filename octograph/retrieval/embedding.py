"""What retrieval needs of whoever embeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from octograph.cancellation import CancelToken

__all__ = ["Embedder"]


class Embedder(Protocol):
    """Something that turns texts into vectors, which are compared by their inner product."""

    async def space(self) -> Mapping[str, Any]:
        """Describe which vectors these are: their ``model``, ``dimension`` and ``metric``.

        Vectors of two descriptions cannot be compared. The metric is what the model was trained for: those for
        ``"cosine"`` come with length 1, those for ``"dot"`` as they are, since the cosine of vectors that were trained
        for a dot product can be arbitrary (Steck et al. 2024).
        """
        ...

    async def encode(self, texts: Sequence[str], *, cancel: CancelToken) -> NDArray[np.float32] | None:
        """Return the vectors float32 ``[n, d]`` of texts, None if cancelled."""
        ...
