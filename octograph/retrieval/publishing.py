"""A new generation: the indexes are made or grown from the catalogue, written, and only then named by it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from octograph.errors import KnowledgeError
from octograph.retrieval.catalogue import Catalogue
from octograph.retrieval.shelf import GONE, Indexes, Shelf
from octograph.retrieval.vectors import IndexKind, Plan, VectorIndex, plan, training_size
from octograph.retrieval.words import WordIndex

__all__ = ["publish"]

MOST_GONE = 0.2
"""Share of an index's positions that may be without a passage; above it, the index is made anew."""

PORTION = 20_000
"""Vectors in memory at one time."""


def publish(catalogue: Catalogue, shelf: Shelf, *, kind: IndexKind | None = None, anew: bool = False) -> Plan:
    """Publish what the catalogue has for the next generation, and return how it is indexed.

    The vectors of the index before are used again where they can be: only new ones are put in.

    Parameters
    ----------
    catalogue, shelf
        Of the knowledge base; nobody else may write to them meanwhile.
    kind
        The kind of index that is wanted; None lets the number of passages decide.
    anew
        Whether nothing of the index before is to be used.

    Raises
    ------
    KnowledgeError
        The index cannot be written; the generation before stays.

    """
    before, living = catalogue.generation(), catalogue.living()
    chosen = plan(len(living), kind)
    number = before.number + 1
    if not len(living):
        catalogue.publish(number, {})
    else:
        old = None if anew else _usable(shelf, catalogue, living)
        if old is None or old.vectors.kind != chosen.kind:
            indexes = _made(catalogue, living, chosen.kind, old)
        else:
            indexes = _grown(catalogue, living, old)
        catalogue.publish(number, shelf.put(number, indexes))
    shelf.keep_only(number)
    return chosen


def _usable(shelf: Shelf, catalogue: Catalogue, living: NDArray[np.int64]) -> Indexes | None:
    """The published indexes, if growing them is good enough."""
    try:
        old = shelf.take(catalogue.generation())
    except KnowledgeError:
        return None
    if old is None or len(old.vectors) != len(old.ids):
        return None
    size = len(old.ids) + int((~np.isin(living, old.ids)).sum())  # positions once it is grown
    too_sparse = len(living) < (1 - MOST_GONE) * size
    return None if too_sparse or old.vectors.outgrown(size) else old


def _made(catalogue: Catalogue, living: NDArray[np.int64], kind: IndexKind, old: Indexes | None) -> Indexes:
    """The indexes from the catalogue alone, but for words that are as they were."""
    drawn = np.random.default_rng(0).choice(living, size=training_size(len(living)), replace=False)
    vectors = VectorIndex.build(
        kind,
        _vectors(catalogue, living),
        sample=catalogue.vectors(np.sort(drawn if kind == "ivf-pq" else living[:1]).tolist()),
        count=len(living),
    )
    words = (
        old.words if old is not None and np.array_equal(old.ids, living) else WordIndex.build(catalogue.texts(living))
    )
    return Indexes(ids=living, vectors=vectors, words=words)


def _grown(catalogue: Catalogue, living: NDArray[np.int64], old: Indexes) -> Indexes:
    """The indexes before with the new passages behind the old ones; the words are counted anew, as idf changes."""
    fresh = living[~np.isin(living, old.ids)]
    for portion in _vectors(catalogue, fresh):
        old.vectors.add(portion)
    kept = np.where(np.isin(old.ids, living), old.ids, GONE)
    ids = np.concatenate([kept, fresh])
    texts = _by_position(catalogue, ids)
    return Indexes(ids=ids, vectors=old.vectors, words=WordIndex.build(texts))


def _by_position(catalogue: Catalogue, ids: NDArray[np.int64]) -> Iterator[str]:
    texts = catalogue.texts(ids[ids != GONE])
    for id_ in ids:
        yield "" if id_ == GONE else next(texts)


def _vectors(catalogue: Catalogue, ids: NDArray[np.int64]) -> Iterator[NDArray[np.float32]]:
    for first in range(0, len(ids), PORTION):
        yield catalogue.vectors(ids[first : first + PORTION].tolist())
