"""Knowledge bases whose writer is killed, whose disk is full, and that are read while they are written."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from octograph.cancellation import CancelToken
from octograph.errors import KnowledgeError
from octograph.retrieval.catalogue import Catalogue
from octograph.retrieval.entry import Generation
from octograph.retrieval.knowledge_base import KnowledgeBase
from octograph.retrieval.passage import Hit
from octograph.retrieval.searching import Method, Query, Searcher
from octograph.retrieval.shelf import Indexes, Shelf
from octograph.retrieval.vectors import VectorIndex

Make = Callable[..., KnowledgeBase]
Texts = Mapping[str, str]
"""What is in the files of a library, by name."""

WORDS = [
    f"{a}{b}{c}" for a in ("ka", "lo", "mi", "ru", "te") for b in ("ban", "dol", "fir", "gus") for c in ("ta", "no")
]
PAGE = 4096
SLOW = [pytest.mark.slow, pytest.mark.timeout(3600)]

STARTER = """
import asyncio, json, os, sys
from pathlib import Path
import bm25s, faiss, scipy.sparse  # here, and not in each child anew
from bm25s.stopwords import STOPWORDS_EN
from Stemmer import Stemmer
from octograph.cancellation import CancelToken
from octograph.retrieval.knowledge_base import KnowledgeBase
from octograph.retrieval.splitting import Splitter
from octograph.testing import FakeEmbedder

splitter = Splitter(Path(sys.argv[1]))

def tell(**said):
    os.write(1, json.dumps(said).encode() + b"\\n")

def add(base, library):
    def progress(now):
        tell(passages=now.passages, seen=now.files == now.total)

    there = KnowledgeBase(Path(base), embedder=FakeEmbedder(), splitter=lambda: splitter)
    report, plan = asyncio.run(there.add([Path(library)], prune=True, progress=progress, cancel=CancelToken()))
    assert report.finished and not report.skipped, report

for order in sys.stdin:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            add(**json.loads(order))
            status = 0
        except Exception as error:
            sys.stderr.write(repr(error))
        finally:
            sys.stderr.flush()
            os._exit(status)
    tell(pid=child)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)  # its id stays taken until nobody can send it a signal
    tell(ended=True)
    sys.stdin.readline()
    tell(status=os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
"""Adds to knowledge bases, each time in a fork of its own: what takes a second to import is there already."""


@dataclass(kw_only=True)
class Run:
    """What was seen of a process that added to a knowledge base; `tail` is from the last file read to its end."""

    status: int = 0
    passages: int = 0
    seconds: float = 0.0
    tail: float = 0.0


class Starter:
    """Runs processes that add to knowledge bases."""

    def __init__(self, tokenizer: Path) -> None:
        one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        command = [sys.executable, "-c", STARTER, str(tokenizer)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **one}
        )

    def close(self) -> None:
        with self._process as process:
            assert process.stdin is not None
            process.stdin.close()

    def add(self, base: Path, library: Path, *, kill_after: float | None = None, late: bool = False) -> Run:
        """Add a library to a base; perhaps kill it some seconds after it began, or after the last file if `late`."""
        self._tell(json.dumps({"base": str(base), "library": str(library)}))
        victim = self._said()["pid"]
        timer = None if kill_after is None else threading.Timer(kill_after, os.kill, (victim, signal.SIGKILL))
        if timer is not None and not late:
            timer.start()
        run, start, last = Run(), time.monotonic(), None
        while "ended" not in (said := self._said()):
            run.passages = said["passages"]
            if said["seen"] and last is None:
                last = time.monotonic()
                if timer is not None and late:
                    timer.start()
        run.seconds = time.monotonic() - start
        run.tail = time.monotonic() - (last or start)
        if timer is not None:
            timer.cancel()
            if timer.ident is not None:
                timer.join()
        self._tell("")
        run.status = self._said()["status"]
        return run

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def _said(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        said: dict[str, Any] = json.loads(self._process.stdout.readline())
        return said


@pytest.fixture(scope="module")
def starter(tokenizer: Path) -> Iterator[Starter]:
    with closing(Starter(tokenizer)) as starter:
        yield starter


class Library:
    """A new folder of files of several sizes that change from edition to edition; `texts` is what is in them."""

    def __init__(self, folder: Path, size: int, *, seed: int) -> None:
        folder.mkdir()
        self.folder = folder
        self.size = size
        self.texts: dict[str, str] = {}
        self.edition = 0
        self._draw = random.Random(seed)
        self._written = 0
        self._grow(size)

    def renew(self) -> None:
        """Change a tenth of the files, remove some and add as many.

        In a large library there is a file of two portions that comes and goes.
        """
        self.edition += 1
        names = sorted(self.texts.keys() - {"long.txt"})
        drawn = self._draw.sample(names, len(names) // 8)
        gone = drawn[: len(drawn) // 5]
        long = self.size >= 1000 and self.edition % 3 > 0
        for name in gone if long else [*gone, "long.txt"]:
            (self.folder / name).unlink(missing_ok=True)
            self.texts.pop(name, None)
        for name in drawn[len(gone) :]:
            self._write(name)
        if long:
            self._write("long.txt")
        self._grow(len(gone))

    def rewrite(self, *, more: int) -> None:
        """Write all files anew, and some more."""
        self.edition += 1
        for name in self.texts:
            self._write(name)
        self._grow(more)

    def _grow(self, more: int) -> None:
        for number in range(self._written, self._written + more):
            self._write(f"{number:05}.txt")
        self._written += more

    def _write(self, name: str) -> None:
        text = f"Note {name[:-4]} says edition{self.edition} of it."
        if name == "long.txt":  # of few words, which the fake embeds soon, with many tokens
            text += "".join(f"\n\n{' '.join(self._draw.randbytes(39).hex() for _ in range(4))}" for _ in range(600))
        else:
            sentences = 60 if name.endswith("50.txt") else self._draw.choice((1, 1, 2, 4))
            text += "".join(f" {' '.join(self._draw.choices(WORDS, k=8))}." for _ in range(sentences))
        (self.folder / name).write_text(text, encoding="utf-8")
        self.texts[name] = text


def _digests(texts: Texts) -> dict[str, bytes]:
    return {name: hashlib.sha256(text.encode()).digest() for name, text in texts.items()}


def _search(base: KnowledgeBase, text: str, method: Method = "hybrid", k: int = 20) -> list[Hit]:
    query = Query(text=text, vector=None, k=k, method=method, distinct=False)
    return asyncio.run(base.search(query, cancel=CancelToken()))


def _check(base: KnowledgeBase, editions: Sequence[Texts]) -> Texts:
    """Look at all of a base; the one of the editions that it shows."""
    if not base.exists:
        assert {} in editions
        return {}
    with closing(base):
        assert base.verify() == []
        shown = {Path(entry.source).name: entry.stamp.digest for entry in base.entries()}
        (edition,) = (edition for edition in editions if _digests(edition) == shown)
        for text in ("note 00007", "edition0", "edition1", "what says edition2", WORDS[3]):
            hits = _search(base, text)
            assert bool(hits) == bool(edition)
            assert all(hit.passage.text in edition[Path(hit.source).name] for hit in hits)
    return edition


def _content(base: KnowledgeBase) -> dict[str, object]:
    """What is to be the same in two bases, however they came about."""
    content: dict[str, object] = {}
    with closing(base):
        status = base.status()
        assert status.pending == 0
        assert base.verify() == []
        content["entries"] = [(entry.source, entry.stamp, entry.passages) for entry in base.entries()]
        content["passages"] = status.passages
        for text in (*WORDS[:4], "note 00009", "edition0", "edition3 of it"):
            for method in ("dense", "bm25"):
                hits = _search(base, text, method)
                lowest = min((hit.score for hit in hits), default=0.0)
                content[f"{method} {text}"] = [
                    # Among passages of equal scores at the end, either may be there.
                    (round(hit.score, 4), hit.source if hit.score > lowest + 1e-3 else "")
                    for hit in sorted(hits, key=lambda hit: (-round(hit.score, 4), hit.source))
                ]
    files = {path.name for path in base.folder.iterdir()}
    assert len(files) == 3, files  # the catalogue, the lock and one index; nothing is left of what was interrupted
    return content


# --- killed ----------------------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class Killing:
    """A base whose writer is killed again and again, beside one that is left alone."""

    library: Library
    base: Path
    whole: Path
    rehearsed: Path
    starter: Starter
    make: Make
    moments: random.Random
    kills: int
    landed: Counter[str] = field(default_factory=Counter)

    def edition(self, published: Texts) -> None:
        """Bring the next edition into both bases, the one through kills; it shows `published` before."""
        rehearsal = self._rehearse()
        done = 0
        while self.landed.total() < self.kills:
            before = self._shelf()
            if self._gathered():
                run = self._add(rehearsal.tail)
            elif self.moments.random() < 0.5:
                run = self._add(rehearsal.tail, late=True)
            else:
                left = 1 - done / max(rehearsal.passages, 1)
                run = self._add(rehearsal.tail + (rehearsal.seconds - rehearsal.tail) * max(left, 0))
            done += run.passages
            shown = _check(self.make(folder=self.base), [published, self.library.texts])
            if run.status == 0:
                assert shown == self.library.texts
                break
            assert run.status == -signal.SIGKILL
            self.landed[self._place(before, published)] += 1
            if shown == self.library.texts:
                break
            if self.moments.random() < 0.1:  # the files change before they are read to the end
                self.library.renew()
                rehearsal, done = self._rehearse(), 0
        assert self._add(None).status == 0
        assert _content(self.make(folder=self.base)) == _content(self.make(folder=self.rehearsed))
        shutil.rmtree(self.whole, ignore_errors=True)
        self.rehearsed.rename(self.whole)

    def _rehearse(self) -> Run:
        """Add without interruption, as long as it takes."""
        shutil.rmtree(self.rehearsed, ignore_errors=True)
        if self.whole.exists():
            shutil.copytree(self.whole, self.rehearsed)
        run = self.starter.add(self.rehearsed, self.library.folder)
        assert run.status == 0
        return run

    def _add(self, most: float | None, *, late: bool = False) -> Run:
        after = None if most is None else self.moments.uniform(0, most)
        return self.starter.add(self.base, self.library.folder, kill_after=after, late=late)

    def _shelf(self) -> dict[Path, int]:
        return {path: path.stat().st_ctime_ns for path in self.base.glob("index-*/**/*")}

    def _gathered(self) -> bool:
        """Whether all files are read and only publishing is left."""
        file = self.base / "catalogue.sqlite"
        if not file.is_file():
            return False
        with closing(Catalogue.open(file)) as catalogue:
            there = {Path(source).name: stamp.digest for source, stamp in catalogue.stamps().items()}
        return there == _digests(self.library.texts)

    def _place(self, before: Mapping[Path, int], published: Texts) -> str:
        """Where a kill landed, as what is on the disk tells."""
        file = self.base / "catalogue.sqlite"
        if not file.is_file():
            return "1 before there was a catalogue"
        with closing(Catalogue.open(file)) as catalogue:
            number = catalogue.generation().number
            now = {Path(entry.source).name for entry in catalogue.entries()}
        if now == self.library.texts.keys() != published.keys():
            rest = [path for path in self.base.glob("index-*") if path.name != f"index-{number}"]
            return "6 published, the index before still there" if rest else "7 published, before the end"
        if not self._gathered():
            return "2 while files were read"
        if self._shelf() == before:
            return "3 while the indexes were made"
        written = (self.base / f"index-{number + 1}").exists()
        return "5 written, and not yet published" if written else "4 while the indexes were written"


@pytest.mark.parametrize(("kills", "files"), [(8, 300), pytest.param(200, 2000, marks=SLOW)])
def test_a_killed_writer_leaves_one_edition_or_the_next(
    kills: int, files: int, tmp_path: Path, make_base: Make, starter: Starter
) -> None:
    seed = 20260105
    killing = Killing(
        library=Library(tmp_path / "library", files, seed=seed),
        base=tmp_path / "base",
        whole=tmp_path / "whole",
        rehearsed=tmp_path / "rehearsed",
        starter=starter,
        make=make_base,
        moments=random.Random(seed),
        kills=kills,
    )
    published: Texts = {}
    began = time.monotonic()
    try:
        while killing.landed.total() < kills:
            killing.edition(published)
            published = dict(killing.library.texts)
            killing.library.renew()
    finally:
        summary = {"kills": killing.landed.total(), "seed": seed, "editions": killing.library.edition, "files": files}
        summary["seconds"] = round(time.monotonic() - began)
        print(json.dumps(summary | {"landed": dict(sorted(killing.landed.items()))}))  # noqa: T201  # for the record


# --- the disk is full --------------------------------------------------------------------------------------------


class SmallDisk:
    """A file system in memory, as large as is wanted."""

    def __init__(self, folder: Path, size: int) -> None:
        folder.mkdir()
        self.folder = folder
        self._mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs")

    def grow(self, size: int) -> None:
        self._mount("-o", f"remount,size={size}")

    def leave(self, pages: int) -> None:
        """Fill it but for some pages of `PAGE` bytes."""
        self.clear()
        with (self.folder / "filler").open("wb") as file:
            file.write(bytes(PAGE * (os.statvfs(self.folder).f_bavail - pages)))

    def clear(self) -> None:
        (self.folder / "filler").unlink(missing_ok=True)

    def close(self) -> None:
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)

    def _mount(self, *options: str) -> None:
        done = subprocess.run(["mount", *options, str(self.folder)], capture_output=True, check=False)
        if done.returncode:
            pytest.skip(f"no file system can be mounted here: {done.stderr.decode().strip()}")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    if not (shutil.which("mount") and os.geteuid() == 0):
        pytest.skip("only root may mount a small file system")
    with closing(SmallDisk(tmp_path / "disk", 16 * 2**20)) as disk:
        yield disk


def _add(base: KnowledgeBase, library: Library) -> None:
    asyncio.run(base.add([library.folder], prune=True, cancel=CancelToken()))


def test_more_than_the_disk_holds(tmp_path: Path, make_base: Make, small_disk: SmallDisk) -> None:
    library = Library(tmp_path / "library", 30, seed=1)
    base = make_base(folder=small_disk.folder / "base")
    _add(base, library)
    published, before = dict(library.texts), _content(base)
    small_disk.grow(2**20)
    library.rewrite(more=800)
    for _ in range(2):
        with pytest.raises(KnowledgeError, match="room"):
            _add(base, library)
        assert _check(make_base(folder=base.folder), [published]) == published
    assert base.status().pending
    small_disk.grow(2**26)
    _add(base, library)
    whole = make_base(folder=tmp_path / "whole")
    _add(whole, library)
    after = _content(base)
    assert after != before
    assert after["entries"] == _content(whole)["entries"]


@pytest.mark.parametrize("step", [4, pytest.param(1, marks=SLOW)])
def test_a_disk_that_is_full_at_any_place(step: int, tmp_path: Path, make_base: Make, small_disk: SmallDisk) -> None:
    library = Library(tmp_path / "library", 40, seed=1)
    before = make_base(folder=tmp_path / "before")
    _add(before, library)
    before.close()
    published = dict(library.texts)
    library.rewrite(more=50)
    whole = make_base(folder=tmp_path / "whole")
    shutil.copytree(before.folder, whole.folder)
    _add(whole, library)
    wanted = _content(whole)
    told: Counter[str] = Counter()
    folder = small_disk.folder / "base"
    for pages in range(0, 1000, step):
        small_disk.clear()
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(before.folder, folder)
        small_disk.leave(pages)
        base = make_base(folder=folder)
        try:
            _add(base, library)
        except KnowledgeError as error:
            assert "room" in str(error)
            told["index" if "the index in" in str(error) else "catalogue"] += 1
        else:
            break
        if pages < 8:  # SQLite needs that much to read, too
            small_disk.leave(8)
        assert _check(make_base(folder=folder), [published]) == published
        small_disk.clear()
        _add(base, library)
        assert _content(base) == wanted
    small_disk.clear()
    _add(base, library)
    assert _content(base) == wanted
    assert min(told["catalogue"], told["index"]) >= 4 / step, told


def test_a_reader_goes_on_reading_on_a_full_disk(tmp_path: Path, make_base: Make, small_disk: SmallDisk) -> None:
    library = Library(tmp_path / "library", 40, seed=1)
    base = make_base(folder=small_disk.folder / "base")
    _add(base, library)
    found = [hit.source for hit in _search(base, "note 00007")]
    small_disk.leave(0)
    assert [hit.source for hit in _search(base, "note 00007")] == found
    late = make_base(folder=base.folder)
    assert [hit.source for hit in _search(late, "note 00007")] == found


def test_the_end_of_a_vector_index_that_does_not_fit_is_told() -> None:
    few = np.ones((3, 8), dtype=np.float32)
    with pytest.raises(OSError, match="No space"):
        VectorIndex.build("flat", [few], sample=few, count=3).save(Path("/dev/full"))


# --- read while it is written ------------------------------------------------------------------------------------


def _edition(base: KnowledgeBase) -> int | None:
    """The one edition that is found in a base; None if nothing is."""
    texts = [hit.passage.text for hit in _search(base, "note says edition", k=100)]
    said = {text.split("edition")[1].split()[0] for text in texts if text.startswith("Note")}
    assert len(said) <= 1
    return int(said.pop()) if said else None


def test_readers_see_one_edition_while_another_process_writes(
    tmp_path: Path, make_base: Make, starter: Starter
) -> None:
    library = Library(tmp_path / "library", 100, seed=1)
    staying = make_base()
    seen: list[int | None] = [None]
    for edition in range(5):
        writing = threading.Thread(target=starter.add, args=(staying.folder, library.folder))
        writing.start()
        while writing.is_alive():
            seen.append(_edition(staying))
            with closing(make_base()) as coming:
                assert _edition(coming) in {edition, seen[-1]}
                if coming.exists:
                    assert coming.verify() == []
                    assert coming.status().documents in {0, 100 * edition, 100 * (edition + 1)}
        writing.join()
        seen.append(_edition(staying))
        assert len(staying.entries()) == 100 * (edition + 1)
        library.rewrite(more=100)
    assert list(dict.fromkeys(seen)) == [None, 0, 1, 2, 3, 4]
    assert sorted(seen[1:], key=lambda one: -1 if one is None else one) == seen[1:]


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
    _add(base, library)
    library.rewrite(more=0)
    with closing(Catalogue.open(base.folder / "catalogue.sqlite")) as catalogue:
        searcher = Searcher(catalogue, OvertakenShelf(base.folder, lambda: _add(base, library)))
        hits = searcher.search(Query(text="note says", vector=None, method="bm25"))
    assert hits
    assert all("edition1" in hit.passage.text for hit in hits)


def test_words_that_are_gone_from_the_disk_are_told(tmp_path: Path, make_base: Make) -> None:
    library = Library(tmp_path / "library", 20, seed=1)
    base = make_base()
    _add(base, library)
    shutil.rmtree(base.folder / "index-1" / "words")
    with pytest.raises(KnowledgeError, match="word index"):
        _search(base, "note says")


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
    _add(base, Library(tmp_path / "library", 3, seed=1))
    assert len(_content(base)["entries"]) == 3  # type: ignore[arg-type]  # a list
