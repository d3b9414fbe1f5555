from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from octograph.cancellation import CancelToken
from octograph.errors import DocumentError, KnowledgeError
from octograph.retrieval.documents import Document
from octograph.retrieval.indexing import IndexingProgress, IndexingReport
from octograph.retrieval.knowledge_base import KnowledgeBase
from octograph.retrieval.searching import Filter, Method, Query
from octograph.testing import FakeEmbedder

Make = Callable[..., KnowledgeBase]


async def added(base: KnowledgeBase, *paths: Path, prune: bool = False) -> IndexingReport:
    report, _ = await base.add(paths, prune=prune, cancel=CancelToken())
    return report


async def found(base: KnowledgeBase, text: str, **options: object) -> list[str]:
    query = Query(text=text, vector=None, **options)  # type: ignore[arg-type]  # of several types
    return [Path(hit.source).name for hit in await base.search(query, cancel=CancelToken())]


async def test_what_was_added_is_found_with_where_it_stands(make_base: Make, library: Path) -> None:
    base = make_base()
    report = await added(base, library)
    assert (report.added, report.skipped, report.finished) == (3, [], True)
    hits = await base.search(Query(text="how often to descale the machine", vector=None, k=1), cancel=CancelToken())
    assert hits[0].passage.title == "Coffee machine"
    assert "Descaling" in hits[0].passage.text
    assert hits[0].source == str(library / "manual.md")
    assert set(hits[0].scores) == {"dense", "bm25"}
    assert hits[0].place.startswith(hits[0].source)


@pytest.mark.parametrize("method", ["dense", "bm25", "hybrid"])
async def test_each_method_finds(make_base: Make, library: Path, method: Method) -> None:
    base = make_base()
    await added(base, library)
    assert (await found(base, "notice period in months", method=method))[0] == "lease.txt"


async def test_an_empty_base_finds_nothing(make_base: Make, tmp_path: Path) -> None:
    base = make_base()
    assert not base.exists
    assert await found(base, "anything") == []
    empty = tmp_path / "empty"
    empty.mkdir()
    assert (await added(base, empty)).finished
    assert base.exists
    assert await found(base, "anything") == []
    assert base.verify() == []


class Loading(FakeEmbedder):
    """It takes for ever to get ready."""

    async def space(self) -> Mapping[str, Any]:
        await asyncio.Event().wait()
        return await super().space()


async def test_who_cancels_a_search_does_not_wait_for_the_embedder(make_base: Make, library: Path) -> None:
    await added(make_base(), library)
    cancel = CancelToken()
    searching = asyncio.create_task(
        make_base(Loading()).search(Query(text="notice period", vector=None), cancel=cancel)
    )
    await asyncio.sleep(0)
    cancel.cancel()
    assert await searching == []


async def test_only_what_changed_is_embedded_again(make_base: Make, library: Path) -> None:
    await added(make_base(), library)
    embedder = FakeEmbedder()
    base = make_base(embedder)
    report = await added(base, library)
    assert (report.unchanged, report.passages, embedder.encoded) == (3, 0, 0)
    (library / "lease.txt").write_text("The notice period is one week.", encoding="utf-8")
    os.utime(library / "manual.md", (1, 1))
    report = await added(base, library)
    assert (report.changed, report.unchanged) == (1, 2)
    assert embedder.encoded == 1
    hits = await base.search(Query(text="notice period", vector=None), cancel=CancelToken())
    assert hits[0].passage.text == "The notice period is one week."
    assert not any("quarter" in hit.passage.text for hit in hits)
    assert {Path(entry.source).name: entry.stamp.changed[:4] for entry in base.entries()}["manual.md"] == "1970"
    assert base.verify() == []


async def test_files_that_are_gone_stay_until_they_are_pruned(make_base: Make, library: Path) -> None:
    base = make_base()
    await added(base, library)
    (library / "lease.txt").unlink()
    report = await added(base, library)
    assert [Path(source).name for source in report.missing] == ["lease.txt"]
    assert "lease.txt" in await found(base, "notice period")
    assert (await added(base, library, prune=True)).pruned == 1
    assert "lease.txt" not in await found(base, "notice period")
    assert base.verify() == []


async def test_removing_by_file_and_by_folder(make_base: Make, library: Path) -> None:
    base = make_base()
    await added(base, library)
    assert await base.remove([str(library / "notes")]) == [str(library / "notes" / "tuesday.txt")]
    assert await base.remove([str(library / "notes")]) == []
    assert "tuesday.txt" not in await found(base, "Anna calls the supplier")
    assert len(base.entries()) == 2
    await base.remove([str(library)])
    assert base.entries() == []
    assert await found(base, "notice period") == []
    await added(base, library)
    assert (await found(base, "notice period"))[0] == "lease.txt"


async def test_a_file_that_cannot_be_read_is_reported_and_the_rest_goes_on(make_base: Make, library: Path) -> None:
    (library / "empty.txt").touch()
    (library / "picture.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    report = await added(make_base(), library)
    assert report.added == 3
    assert sorted(Path(skipped.source).name for skipped in report.skipped) == ["empty.txt", "picture.txt"]


async def test_a_changed_file_that_cannot_be_read_any_more_keeps_its_passages(make_base: Make, library: Path) -> None:
    base = make_base()
    await added(base, library)
    (library / "lease.txt").write_bytes(bytes(100))
    report = await added(base, library)
    assert len(report.skipped) == 1
    assert "lease.txt" in await found(base, "notice period")


async def test_a_path_that_does_not_exist_is_an_error(make_base: Make, tmp_path: Path) -> None:
    with pytest.raises(DocumentError):
        await added(make_base(), tmp_path / "nowhere")


async def test_filters_by_source_and_date(make_base: Make, library: Path) -> None:
    os.utime(library / "lease.txt", (0, 0))
    base = make_base()
    await added(base, library)
    notes = Filter(sources=("*/notes/*",))
    assert await found(base, "notice period machine supplier", filter=notes) == ["tuesday.txt"]
    old = Filter(until=datetime(2000, 1, 1, tzinfo=UTC))
    assert await found(base, "notice period machine supplier", filter=old) == ["lease.txt"]
    new = Filter(since=datetime(2000, 1, 1, tzinfo=UTC))
    assert "lease.txt" not in await found(base, "notice period machine supplier", filter=new)
    assert await found(base, "notice period", filter=Filter(sources=("*.pdf",))) == []


async def test_the_same_words_twice_are_shown_once(make_base: Make, library: Path) -> None:
    shutil.copy(library / "lease.txt", library / "lease copy.txt")
    base = make_base()
    await added(base, library)
    everything = await found(base, "notice period", distinct=False)
    once = await found(base, "notice period")
    assert {"lease.txt", "lease copy.txt"} <= set(everything)
    assert len({"lease.txt", "lease copy.txt"} & set(once)) == 1


async def test_another_reader_sees_what_is_added_later(make_base: Make, library: Path) -> None:
    reader, writer = make_base(), make_base()
    await added(writer, library / "manual.md")
    assert await found(reader, "notice period of the lease", k=1) == ["manual.md"]
    await added(writer, library)
    assert await found(reader, "notice period of the lease", k=1) == ["lease.txt"]


async def test_one_writer_at_a_time(make_base: Make, library: Path, tmp_path: Path) -> None:
    base = make_base()
    await added(base, library)
    with FileLock(tmp_path / "base" / "writer.lock"):
        with pytest.raises(KnowledgeError, match="another process"):
            await added(base, library)
        assert await found(base, "notice period", k=1) == ["lease.txt"]


async def test_vectors_of_two_models_are_not_mixed(make_base: Make, library: Path) -> None:
    await added(make_base(), library)
    other = make_base(FakeEmbedder(model="another"))
    with pytest.raises(KnowledgeError, match="another"):
        await added(other, library)
    with pytest.raises(KnowledgeError, match="another"):
        await found(other, "notice period")


async def test_what_a_cancelled_run_did_is_not_done_again(make_base: Make, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(700):
        (folder / f"{number:04}.txt").write_text(f"This is the note of day {number}.", encoding="utf-8")
    (folder / "long.txt").write_text("\n\n".join(f"Paragraph {n}: " + "word " * 120 for n in range(900)), "utf-8")
    whole = make_base(folder=tmp_path / "whole")
    await added(whole, folder)
    cancel = CancelToken()

    def stop(progress: IndexingProgress) -> None:
        if progress.passages >= 512:
            cancel.cancel()

    embedder = FakeEmbedder()
    base = make_base(embedder)
    report, plan = await base.add([folder], progress=stop, cancel=cancel)
    assert not report.finished
    assert plan is not None
    assert (report.usable, report.pending) == (len(base.entries()), 701 - len(base.entries()))
    assert report.pending > 0
    assert await found(base, "note of day 3", k=1) == ["0003.txt"]
    report = await added(base, folder)
    assert report.finished
    assert report.passages < whole.status().passages
    assert base.status().passages == whole.status().passages
    assert base.verify() == []
    for number in (3, 699):
        assert await found(base, f"note of day {number}", k=1) == await found(whole, f"note of day {number}", k=1)


async def test_texts_without_files(make_base: Make) -> None:
    base = make_base()
    documents = {
        "letter:1": Document(text="The parcel arrives on Friday.", markup="text", title="Parcel"),
        "letter:2": Document(text="The invoice is due in May.", markup="text", title="Invoice"),
    }
    await base.add_documents(documents, cancel=CancelToken())
    hits = await base.search(Query(text="when is the invoice due", vector=None, k=1), cancel=CancelToken())
    assert hits[0].source == "letter:2"
    report, plan = await base.add_documents(documents, cancel=CancelToken())
    assert (report.unchanged, plan) == (2, None)


async def test_damage_is_told_and_mended(make_base: Make, library: Path, tmp_path: Path) -> None:
    base = make_base()
    await added(base, library)
    vectors = next((tmp_path / "base").glob("index-*/vectors-*.faiss"))
    content = bytearray(vectors.read_bytes())
    content[-3] ^= 0xFF
    vectors.write_bytes(content)
    assert any("vectors-flat.faiss" in problem for problem in base.verify())
    await base.repair()
    assert base.verify() == []
    assert (await found(base, "notice period", k=1)) == ["lease.txt"]
    shutil.rmtree(tmp_path / "base" / f"index-{3 if (tmp_path / 'base' / 'index-3').exists() else 2}")
    fresh = make_base()
    assert fresh.verify()
    with pytest.raises(KnowledgeError, match="cannot be read"):
        await found(fresh, "notice period")
    await fresh.repair()
    assert (await found(fresh, "notice period", k=1)) == ["lease.txt"]


async def test_repairing_in_another_kind_embeds_nothing(make_base: Make, library: Path) -> None:
    embedder = FakeEmbedder()
    base = make_base(embedder)
    await added(base, library)
    before = embedder.encoded
    for kind in ("hnsw", "flat"):
        assert (await base.repair(kind)).kind == kind
        assert base.status().kind == kind
        assert (await found(base, "notice period", k=1)) == ["lease.txt"]
        assert base.verify() == []
    assert embedder.encoded == before + 1


async def test_a_catalogue_that_is_no_database_is_an_error(make_base: Make, tmp_path: Path, library: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "catalogue.sqlite").write_bytes(b"no database at all, but something else " * 100)
    with pytest.raises(KnowledgeError, match="damaged"):
        await added(make_base(), library)
    with pytest.raises(KnowledgeError, match="damaged"):
        await found(make_base(), "anything")


async def test_growing_uses_the_index_before_and_masks_what_is_gone(make_base: Make, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(60):
        (folder / f"{number:02}.txt").write_text(f"Invoice {number} from company x{number}x.", encoding="utf-8")
    base = make_base()
    await added(base, folder)
    (folder / "07.txt").unlink()
    (folder / "99.txt").write_text("Invoice 99 from company x99x.", encoding="utf-8")
    await added(base, folder, prune=True)
    assert base.verify() == []
    assert "07.txt" not in await found(base, "company x7x", k=60)
    for method in ("dense", "bm25"):
        assert await found(base, "company x99x", k=1, method=method) == ["99.txt"]
        assert await found(base, "company x12x", k=1, method=method) == ["12.txt"]
