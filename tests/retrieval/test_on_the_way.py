"""What can be searched while an addition is still going on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from octograph.cancellation import CancelToken
from octograph.retrieval.catalogue import Catalogue
from octograph.retrieval.entry import Stamp
from octograph.retrieval.indexing import IndexingProgress
from octograph.retrieval.knowledge_base import KnowledgeBase
from octograph.retrieval.passage import Passage
from octograph.retrieval.publishing import SHARE, Publisher
from octograph.retrieval.searching import Query
from octograph.retrieval.shelf import Shelf
from octograph.testing import FakeEmbedder

Make = Callable[..., KnowledgeBase]


@pytest.fixture
def days(tmp_path: Path) -> Path:
    """A folder with five hundred files of one passage each, and two that cannot be read."""
    folder = tmp_path / "days"
    folder.mkdir()
    for number in range(500):
        (folder / f"{number:03}.txt").write_text(f"This is the note of day {number}.", encoding="utf-8")
    for name in ("0.txt", "1.txt"):
        (folder / name).write_bytes(bytes(9))
    return folder


async def first(base: KnowledgeBase, text: str) -> str:
    (hit,) = await base.search(Query(text=text, k=1), cancel=CancelToken())
    return Path(hit.source).name


async def test_what_is_finished_is_found_while_the_rest_is_indexed(make_base: Make, days: Path) -> None:
    base, reader = make_base(), make_base()
    told: list[tuple[IndexingProgress, int]] = []

    def progress(now: IndexingProgress) -> None:
        told.append((now, len(reader.entries())))

    report, plan = await base.add([days], progress=progress, cancel=CancelToken())
    assert all(now.usable == there for now, there in told)
    assert list(dict.fromkeys(there for _, there in told)) == [0, 64, 192, 448]
    assert all(now.total - now.usable - 2 == now.pending for now, _ in told)
    assert (report.usable, report.pending, len(report.skipped)) == (500, 0, 2)
    assert plan is not None
    assert len(reader.entries()) == 500
    assert await first(reader, "note of day 499") == "499.txt"
    assert reader.verify() == []


async def test_a_reader_finds_what_is_new_before_the_end(make_base: Make, days: Path) -> None:
    reader = make_base()
    found: list[str] = []

    class Reading(FakeEmbedder):
        """Looks, each time before it embeds, for what came before."""

        async def encode(self, texts: Sequence[str], *, cancel: CancelToken) -> NDArray[np.float32] | None:
            """See `Embedder`."""
            if reader.exists and reader.entries():
                found.append(await first(reader, "note of day 7"))
            return await super().encode(texts, cancel=cancel)

    await make_base(Reading()).add([days], cancel=CancelToken())
    assert found
    assert set(found) == {"007.txt"}


async def test_what_a_crash_left_finished_is_published_before_the_addition_goes_on(make_base: Make, days: Path) -> None:
    def crash(now: IndexingProgress) -> None:
        if now.passages == 192:
            raise RuntimeError("the process is gone")

    base, reader = make_base(), make_base()
    with pytest.raises(RuntimeError):
        await base.add([days], progress=crash, cancel=CancelToken())
    there = [reader.status()]
    assert (there[0].documents, there[0].pending) == (64, 128)
    assert await first(reader, "note of day 7") == "007.txt"

    def progress(now: IndexingProgress) -> None:
        there.append(reader.status())

    embedder = FakeEmbedder()
    report, _ = await make_base(embedder).add([days], progress=progress, cancel=CancelToken())
    assert there[1].documents == 192
    assert (report.added, report.unchanged, report.usable) == (308, 192, 500)
    assert embedder.encoded == 308
    assert base.verify() == []


async def test_a_kind_that_is_wanted_is_made_at_the_end(make_base: Make, days: Path) -> None:
    base, reader = make_base(), make_base()
    kinds: list[str] = []

    def progress(now: IndexingProgress) -> None:
        kinds.append(reader.status().kind)

    _, plan = await base.add([days], kind="hnsw", progress=progress, cancel=CancelToken())
    assert set(kinds) == {"flat"}
    assert plan is not None
    assert plan.kind == reader.status().kind == "hnsw"
    kinds.clear()
    for number in range(500, 1200):
        (days / f"{number:03}.txt").write_text(f"This is the note of day {number}.", encoding="utf-8")
    await base.add([days], kind="hnsw", progress=progress, cancel=CancelToken())
    assert set(kinds) == {"hnsw"}
    assert reader.verify() == []


# --- when it is due ----------------------------------------------------------------------------------------------


class Ticking:
    """A clock that goes on by a second whenever one looks at it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        self.seconds += 1
        return self.seconds


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    space = {"model": "fake", "dimension": 4, "metric": "cosine"}
    with closing(Catalogue.create(tmp_path / "base" / "catalogue.sqlite", embedder=space)) as catalogue:
        yield catalogue


def write(catalogue: Catalogue, name: str, passages: int) -> None:
    with catalogue.writing():
        document = catalogue.begin(name, Stamp(size=1, modified=1, digest=name.encode()))
        texts = [Passage(text=f"Part {number} of {name}.", title=name) for number in range(passages)]
        catalogue.append(document, texts, np.ones((passages, 4), dtype=np.float32))
        catalogue.finish(document, name)


def test_publishing_is_due_when_there_is_twice_as_much(catalogue: Catalogue) -> None:
    publisher = Publisher(catalogue, Shelf(catalogue.path.parent), clock=Ticking())
    assert not publisher.publish_if_due()
    assert publisher.plan is None
    write(catalogue, "one", 10)
    assert publisher.publish_if_due()
    write(catalogue, "two", 9)
    assert not publisher.publish_if_due()
    write(catalogue, "three", 1)
    assert publisher.publish_if_due()
    assert len(catalogue.entries()) == 3
    assert publisher.plan is not None


def test_publishing_is_due_when_it_takes_a_small_share_of_the_time(catalogue: Catalogue) -> None:
    clock = Ticking()
    publisher = Publisher(catalogue, Shelf(catalogue.path.parent), clock=clock)
    write(catalogue, "one", 100)
    assert publisher.publish()  # in one second
    write(catalogue, "two", 50)
    clock.seconds += 1.5 / SHARE - 3
    assert not publisher.publish_if_due()
    clock.seconds += 3
    assert publisher.publish_if_due()
    clock.seconds += 1e6
    assert not publisher.publish_if_due()  # there is nothing new
