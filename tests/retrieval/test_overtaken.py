"""Readers while another process writes, and what a writer that was killed leaves behind."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from octograph.cancellation import CancelToken
from octograph.errors import KnowledgeError
from octograph.retrieval.catalogue import Catalogue
from octograph.retrieval.entry import Generation
from octograph.retrieval.knowledge_base import KnowledgeBase
from octograph.retrieval.searching import Query, Searcher
from octograph.retrieval.shelf import Indexes, Shelf
from tests.retrieval.editions import (
    Library,
    Make,
    Starter,
    add_library,
    content,
    search,
)


def _editions(base: KnowledgeBase) -> dict[str, int]:
    """The edition in which each document of a base is found."""
    hits = [hit for hit in search(base, "note says edition", k=1000) if hit.passage.text.startswith("Note")]
    found = {hit.source: int(hit.passage.text.split("edition")[1].split()[0]) for hit in hits}
    assert len(hits) == len(found)
    return found


def test_readers_see_each_document_in_one_edition_while_another_process_writes(
    tmp_path: Path, make_base: Make, starter: Starter
) -> None:
    library = Library(tmp_path / "library", 100, seed=1)
    staying = make_base()
    seen: dict[str, int] = {}
    for edition in range(5):
        writing = threading.Thread(target=starter.add, args=(staying.folder, library.folder))
        writing.start()
        while writing.is_alive():
            for base in (staying, make_base()):
                now = _editions(base)
                assert now.keys() >= seen.keys()
                assert all(seen.get(source, edition) <= found <= edition for source, found in now.items())
                seen = now
            with closing(base):
                assert base.verify() == [] if base.exists else not seen
        writing.join()
        seen = _editions(staying)
        assert len(staying.entries()) == len(seen) == 100 * (edition + 1)
        assert set(seen.values()) == {edition}
        library.rewrite(more=100)


class OvertakenShelf(Shelf):
    """A shelf whose generation is overtaken by the next one just before it is opened."""

    def __init__(self, folder: Path, overtake: Callable[[], object]) -> None:
        super().__init__(folder)
        self._overtake = [overtake]

    def take(self, generation: Generation) -> Indexes | None:
        """See `Shelf`."""
        while self._overtake:
            self._overtake.pop()()
        return super().take(generation)


def test_a_reader_that_is_overtaken_searches_what_was_published(tmp_path: Path, make_base: Make) -> None:
    library = Library(tmp_path / "library", 20, seed=1)
    base = make_base()
    add_library(base, library)
    library.rewrite(more=0)
    with closing(Catalogue.open(base.folder / "catalogue.sqlite")) as catalogue:
        searcher = Searcher(catalogue, OvertakenShelf(base.folder, lambda: add_library(base, library)))
        hits = searcher.search(Query(text="note says", vector=None, method="bm25"))
    assert hits
    assert all("edition1" in hit.passage.text for hit in hits)


def test_words_that_are_gone_from_the_disk_are_told(tmp_path: Path, make_base: Make) -> None:
    library = Library(tmp_path / "library", 20, seed=1)
    base = make_base()
    add_library(base, library)
    shutil.rmtree(base.folder / "index-1" / "words")
    with pytest.raises(KnowledgeError, match="word index"):
        search(base, "note says")


# --- what was begun and is no longer there -----------------------------------------------------------------------


@pytest.mark.parametrize("becomes", ["gone", "as before"])
def test_what_was_begun_of_a_file_does_not_stay(becomes: str, tmp_path: Path, make_base: Make) -> None:
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "short.txt").write_text("A short one.", encoding="utf-8")
    base = make_base()
    if becomes == "as before":
        (folder / "long.txt").write_text("The long one, as it was.", encoding="utf-8")
        asyncio.run(base.add([folder], cancel=CancelToken()))
    (folder / "long.txt").write_text("\n\n".join(f"Part {n}: " + "word " * 120 for n in range(600)), encoding="utf-8")
    cancel = CancelToken()
    asyncio.run(base.add([folder], progress=lambda progress: cancel.cancel(), cancel=cancel))
    assert base.status().pending
    if becomes == "gone":
        (folder / "long.txt").unlink()
    else:
        (folder / "long.txt").write_text("The long one, as it was.", encoding="utf-8")
    asyncio.run(base.add([folder], cancel=CancelToken()))
    assert base.status().pending == 0
    assert base.verify() == []
    _, plan = asyncio.run(base.add([folder], cancel=CancelToken()))
    assert plan is None


def test_what_a_process_left_that_was_killed_while_it_made_the_catalogue(tmp_path: Path, make_base: Make) -> None:
    base = make_base()
    base.folder.mkdir()
    (base.folder / ".catalogue.sqlite.partial").write_bytes(b"half of a database")
    add_library(base, Library(tmp_path / "library", 3, seed=1))
    assert len(content(base)["entries"]) == 3  # type: ignore[arg-type]  # a list
