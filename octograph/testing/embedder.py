"""An embedder without a model."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octograph.cancellation import CancelToken

__all__ = ["FakeEmbedder"]


class FakeEmbedder:
    """An embedder for which texts are alike that share words: each word is a direction of its own.

    Parameters
    ----------
    dimension
        Length of the vectors.
    model
        Its name; knowledge bases keep the vectors of models of two names apart.

    """

    def __init__(self, dimension: int = 96, *, model: str = "fake") -> None:
        self._dimension = dimension
        self._model = model
        self.encoded = 0

    async def space(self) -> Mapping[str, Any]:
        """See `Embedder`."""
        return {"model": self._model, "dimension": self._dimension, "metric": "cosine"}

    async def encode(self, texts: Sequence[str], *, cancel: CancelToken) -> NDArray[np.float32] | None:
        """See `Embedder`."""
        if cancel.cancelled:
            return None
        self.encoded += len(texts)
        vectors = np.zeros((len(texts), self._dimension), dtype=np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            for word in re.findall(r"\w+", text.lower()):
                direction = np.random.default_rng(zlib.crc32(word.encode())).standard_normal(self._dimension)
                vector += direction.astype(np.float32)
            vector /= max(float(np.linalg.norm(vector)), 1e-6)
        return vectors
