"""A new generation: the indexes are made or grown from the catalogue, written, and only then named by it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from octograph.errors import KnowledgeError
from octograph.retrieval.catalogue import Catalogue
from octograph.retrieval.shelf import GONE, Indexes, Shelf
from octograph.retrieval.vectors import IndexKind, Plan, VectorIndex, plan, training_size
from octograph.retrieval.words import WordIndex

__all__ = ["Publisher", "publish"]

MOST_GONE = 0.2
"""Share of an index's positions that may be without a passage; above it, the index is made anew."""

PORTION = 20_000
"""Vectors in memory at one time."""

SHARE = 1 / 30
"""Of the time of an addition, what publishing on the way may take beside what it takes to grow to twice the size."""

GUESS = 0.0003
"""Seconds that publishing takes for each passage, until it was measured once: rather too many."""


class Publisher:
    """Publishes what one writer adds: on the way wherever that costs little, and at the end.

    Publishing goes through all passages, new or not, so what it will take is known from the last time. On the way it
    is due in two cases. When the passages are twice as many as those that are published: all such publishings together
    cost at most as much as the last of them, and half of what is finished can be searched at any time. And when it
    takes at most `SHARE` of the time since the last one, which lets a large knowledge base show what is new.

    Parameters
    ----------
    catalogue, shelf
        Of the knowledge base; nobody else may write to them meanwhile.
    kind
        The kind of index that is wanted in the end; None lets the number of passages decide.
    clock
        Seconds.

    Attributes
    ----------
    plan
        How what was published last is indexed; None if nothing was published.

    """

    def __init__(
        self,
        catalogue: Catalogue,
        shelf: Shelf,
        *,
        kind: IndexKind | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.plan: Plan | None = None
        self._catalogue = catalogue
        self._shelf = shelf
        self._kind = kind
        self._clock = clock
        self._size = catalogue.size()
        self._each = GUESS
        self._since = clock()

    def publish_if_due(self) -> bool:
        """Publish what is finished, if it is time to; whether it was."""
        size = self._catalogue.size()
        waited = self._clock() - self._since
        return (size >= 2 * self._size or SHARE * waited >= self._each * size) and self.publish()

    def publish(self, *, last: bool = False) -> bool:
        """Publish what is finished, if there is anything; the last time in the kind that is wanted.

        Raises
        ------
        KnowledgeError
            The index cannot be written; the generation before stays.

        """
        published = self._shelf.kind(self._catalogue.generation().files)
        # Another kind is made once: a few passages are not enough to learn codes from.
        kind = self._kind if last or self._kind == published else None
        if not (self._catalogue.changed() or (last and kind not in (None, published))):
            return False
        began = self._clock()
        self.plan = publish(self._catalogue, self._shelf, kind=kind)
        self._since = self._clock()
        self._size = self._catalogue.size()
        self._each = (self._since - began) / max(self._size, 1)
        return True


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
