"""A disk that is full at any place."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from octograph.errors import KnowledgeError
from octograph.retrieval.vectors import VectorIndex
from tests.retrieval.editions import (
    PAGE,
    SLOW,
    Library,
    Make,
    add_library,
    check,
    content,
    search,
)


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


def test_more_than_the_disk_holds(tmp_path: Path, make_base: Make, small_disk: SmallDisk) -> None:
    library = Library(tmp_path / "library", 30, seed=1)
    base = make_base(folder=small_disk.folder / "base")
    add_library(base, library)
    published, before = dict(library.texts), content(base)
    small_disk.grow(2**20)
    library.rewrite(more=800)
    for _ in range(2):
        with pytest.raises(KnowledgeError, match="room"):
            add_library(base, library)
        assert check(make_base(folder=base.folder), [published, library.texts]) != library.texts
    assert base.status().pending
    small_disk.grow(2**26)
    add_library(base, library)
    whole = make_base(folder=tmp_path / "whole")
    add_library(whole, library)
    after = content(base)
    assert after != before
    assert after["entries"] == content(whole)["entries"]


@pytest.mark.parametrize("step", [4, pytest.param(1, marks=SLOW)])
def test_a_disk_that_is_full_at_any_place(step: int, tmp_path: Path, make_base: Make, small_disk: SmallDisk) -> None:
    library = Library(tmp_path / "library", 40, seed=1)
    before = make_base(folder=tmp_path / "before")
    add_library(before, library)
    before.close()
    published = dict(library.texts)
    library.rewrite(more=50)
    whole = make_base(folder=tmp_path / "whole")
    shutil.copytree(before.folder, whole.folder)
    add_library(whole, library)
    wanted = content(whole)
    told: Counter[str] = Counter()
    folder = small_disk.folder / "base"
    for pages in range(0, 1000, step):
        small_disk.clear()
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(before.folder, folder)
        small_disk.leave(pages)
        base = make_base(folder=folder)
        try:
            add_library(base, library)
        except KnowledgeError as error:
            assert "room" in str(error)
            told["index" if "the index in" in str(error) else "catalogue"] += 1
        else:
            break
        if pages < 8:  # SQLite needs that much to read, too
            small_disk.leave(8)
        assert check(make_base(folder=folder), [published, library.texts]) != library.texts
        small_disk.clear()
        add_library(base, library)
        assert content(base) == wanted
    small_disk.clear()
    add_library(base, library)
    assert content(base) == wanted
    assert min(told["catalogue"], told["index"]) >= 4 / step, told


def test_a_reader_goes_on_reading_on_a_full_disk(tmp_path: Path, make_base: Make, small_disk: SmallDisk) -> None:
    library = Library(tmp_path / "library", 40, seed=1)
    base = make_base(folder=small_disk.folder / "base")
    add_library(base, library)
    found = [hit.source for hit in search(base, "note 00007")]
    small_disk.leave(0)
    assert [hit.source for hit in search(base, "note 00007")] == found
    late = make_base(folder=base.folder)
    assert [hit.source for hit in search(late, "note 00007")] == found


def test_the_end_of_a_vector_index_that_does_not_fit_is_told() -> None:
    few = np.ones((3, 8), dtype=np.float32)
    with pytest.raises(OSError, match="No space"):
        VectorIndex.build("flat", [few], sample=few, count=3).save(Path("/dev/full"))


# --- read while it is written ------------------------------------------------------------------------------------
