"""A writer that is killed at any moment."""

from __future__ import annotations

import json
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from octograph.retrieval.catalogue import Catalogue
from tests.retrieval.editions import (
    SLOW,
    Library,
    Make,
    Run,
    Starter,
    Texts,
    check,
    content,
    digests,
)


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
        done, editions = 0, [published, dict(self.library.texts)]
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
            shown = check(self.make(folder=self.base), editions)
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
                editions.append(dict(self.library.texts))
        assert self._add(None).status == 0
        assert content(self.make(folder=self.base)) == content(self.make(folder=self.rehearsed))
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
        return there == digests(self.library.texts)

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
            return "2 while files were read, and published on the way"
        if self._shelf() == before:
            return "3 while the indexes were made"
        written = (self.base / f"index-{number + 1}").exists()
        return "5 written, and not yet published" if written else "4 while the indexes were written"


@pytest.mark.parametrize(("kills", "files"), [(8, 300), pytest.param(200, 2000, marks=SLOW)])
def test_a_killed_writer_leaves_each_document_in_one_edition_or_the_next(
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
