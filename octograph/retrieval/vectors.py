"""The vector index: FAISS over the vectors of passages, by inner product.

Shapes: ``n`` vectors, ``d`` dimensions, ``k`` results. A *position* is the place of a vector in the index.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from octograph.errors import KnowledgeError

__all__ = ["IndexKind", "Plan", "VectorIndex", "plan", "training_size"]

IndexKind = Literal["flat", "hnsw", "ivf-pq"]
"""``flat`` compares with every vector and is exact. ``hnsw`` walks a graph of neighbours (Malkov and Yashunin 2016).
``ivf-pq`` looks into some cells only, at codes instead of vectors (Jégou et al. 2011), and needs least memory."""

FLAT_MOST = 50_000
"""Vectors that are compared in less time than the query takes to be embedded."""

HNSW_MOST = 300_000
"""Vectors that a laptop holds in memory with their neighbours: about 0.55 GB for 384 dimensions."""

LINKS = 32
EF_CONSTRUCTION = 128
EF_SEARCH = 96
"""Neighbours of a vector, and candidates that are looked at when it is put in and when a query is answered."""

CODE_BYTES = 48
"""Of a vector's code: eight dimensions a byte for the bundled embedder."""

TRAINING_PER_CELL = 40
"""Vectors that each cell's centre is learned from; FAISS warns below 39."""

PROBED = 1 / 64
"""Share of the cells that a query looks into."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which kind of index is made, and why."""

    kind: IndexKind
    reason: str


def plan(count: int, wanted: IndexKind | None = None) -> Plan:
    """Choose the kind of index for so many vectors, unless one is wanted.

    Examples
    --------
    >>> plan(1000).kind
    'flat'
    >>> plan(1_000_000).kind
    'ivf-pq'

    """
    if wanted is not None:
        return Plan(kind=wanted, reason="as asked for")
    if count <= FLAT_MOST:
        return Plan(kind="flat", reason=f"up to {FLAT_MOST:,} passages, comparing with all of them is fast and exact")
    if count <= HNSW_MOST:
        return Plan(kind="hnsw", reason=f"up to {HNSW_MOST:,} passages, a graph of neighbours fits in memory")
    return Plan(kind="ivf-pq", reason=f"above {HNSW_MOST:,} passages, codes in cells keep the memory small")


class VectorIndex:
    """Vectors that can be searched; made by `build`, or read by `load`.

    Parameters
    ----------
    index
        The FAISS index.
    kind
        What it is.

    """

    def __init__(self, index: Any, kind: IndexKind) -> None:
        self._index = index
        self.kind = kind

    @classmethod
    def build(
        cls, kind: IndexKind, portions: Iterable[NDArray[np.float32]], *, sample: NDArray[np.float32], count: int
    ) -> VectorIndex:
        """Make an index.

        Parameters
        ----------
        kind
            What to make.
        portions
            All vectors ``[n, d]``, in portions.
        sample
            Some of them ``[m, d]``, for ``ivf-pq`` to learn from; `training_size` says how many are of use.
        count
            How many there are together.

        """
        faiss = _faiss()
        dimension = sample.shape[1]
        if kind == "flat":
            made = faiss.IndexFlatIP(dimension)
        elif kind == "hnsw":
            made = faiss.IndexHNSWFlat(dimension, LINKS, faiss.METRIC_INNER_PRODUCT)
            made.hnsw.efConstruction = EF_CONSTRUCTION
        else:
            made = _cells(dimension, sample, count)
        index = cls(made, kind)
        for portion in portions:
            index.add(portion)
        return index

    @classmethod
    def load(cls, path: Path, kind: IndexKind) -> VectorIndex:
        """Read an index that `save` wrote.

        Raises
        ------
        KnowledgeError
            It cannot be read.

        """
        faiss = _faiss()
        try:
            return cls(faiss.read_index(os.fspath(path)), kind)
        except RuntimeError as error:
            raise KnowledgeError(
                f"the vector index {str(path)!r} cannot be read: {str(error).splitlines()[-1]}",
                hint="`octograph index verify --repair` makes it anew from the catalogue.",
            ) from error

    def __len__(self) -> int:
        """How many vectors it holds."""
        return int(self._index.ntotal)

    @property
    def exact(self) -> bool:
        """Whether its scores are the inner products themselves; codes give them roughly."""
        return self.kind != "ivf-pq"

    def outgrown(self, count: int) -> bool:
        """Whether an index made for so many vectors would be cut up far finer than this one."""
        return self.kind == "ivf-pq" and _cell_count(count) > 2 * int(self._index.nlist)

    def add(self, vectors: NDArray[np.float32]) -> None:
        """Put further vectors ``[n, d]`` behind those that are there."""
        self._index.add(np.ascontiguousarray(vectors, dtype=np.float32))

    def save(self, path: Path) -> None:
        """Write the raw FAISS file; raises `OSError`."""
        faiss = _faiss()
        with path.open("wb") as file:  # FAISS's own writer loses the end of a file on a full disk and does not tell
            faiss.write_index(self._index, faiss.PyCallbackIOWriter(file.write))

    def search(
        self, query: NDArray[np.float32], k: int, *, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the positions and inner products of the `k` nearest to a query ``[d]``, the best first.

        Parameters
        ----------
        query
            The vector.
        k
            Most results; there are fewer where the index holds fewer.
        allowed
            Which positions ``[n]`` count; None for all.

        """
        faiss = _faiss()
        wanted = min(k, len(self) if allowed is None else int(allowed.sum()))
        if wanted < 1:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        options: dict[str, Any] = {}
        if allowed is not None:
            options["sel"] = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
        if self.kind == "hnsw":
            parameters = faiss.SearchParametersHNSW(efSearch=max(EF_SEARCH, 2 * wanted), **options)
        elif self.kind == "ivf-pq":
            cells = max(8, int(self._index.nlist * PROBED))
            parameters = faiss.SearchParametersIVF(nprobe=cells, **options)
        else:
            parameters = faiss.SearchParameters(**options)
        scores, positions = self._index.search(query[np.newaxis].astype(np.float32), wanted, params=parameters)
        found = positions[0] >= 0
        return positions[0][found], scores[0][found]


def _faiss() -> Any:
    """FAISS, whose types do not tell what its own additions in Python take."""
    import faiss

    return faiss


def training_size(count: int) -> int:
    """How many vectors an index of so many learns from."""
    return min(count, TRAINING_PER_CELL * _cell_count(count))


def _cell_count(count: int) -> int:
    """Cells for so many vectors: about ``4 sqrt(n)``, a power of two, and never more than can be learned."""
    wanted = 4 * max(count, 1) ** 0.5
    most = max(1, count // TRAINING_PER_CELL)
    return int(min(2 ** round(np.log2(wanted)), most))


def _cells(dimension: int, sample: NDArray[np.float32], count: int) -> Any:
    faiss = _faiss()
    if dimension % CODE_BYTES:
        raise KnowledgeError(
            f"vectors of {dimension} dimensions cannot be coded in {CODE_BYTES} bytes",
            hint="Use `--kind hnsw` for this embedder.",
        )
    coarse = faiss.IndexFlatIP(dimension)
    made = faiss.IndexIVFPQ(coarse, dimension, _cell_count(count), CODE_BYTES, 8, faiss.METRIC_INNER_PRODUCT)
    made.cp.max_points_per_centroid = TRAINING_PER_CELL
    made.train(np.ascontiguousarray(sample))
    return made
