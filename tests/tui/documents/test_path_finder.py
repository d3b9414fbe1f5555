from __future__ import annotations

import os
from pathlib import Path

import pytest

from octograph.tui.documents.mentions import mentioned
from octograph.tui.documents.pasted import pasted_paths
from octograph.tui.documents.path_finder import MOST_SHOWN, Completion, PathFinder


def found(folder: Path, query: str, *, known: tuple[str, ...] = ()) -> list[str]:
    finder = PathFinder(folder)
    finder.know(known)
    return [one.text for one in all_of(finder, query)]


def all_of(finder: PathFinder, query: str) -> list[Completion]:
    finder.find(query)
    while not finder.ended:
        finder.find(query)
    return finder.find(query)


def test_without_letters_what_lies_here_comes_first(folder: Path) -> None:
    names = found(folder, "")
    assert names[:4] == ["README.md", "docs/", "node_modules/", "src/"]
    assert "docs/plans/garden.md" in names
    assert "docs/plans/" in names


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("read", "README.md"),
        ("garden", "docs/plans/garden.md"),
        ("drou", ""),
        ("srout", "src/router.py"),
        ("docs", "docs/"),
        ("docs/l", "docs/lease.md"),
        ("plans/g", "docs/plans/garden.md"),
        ("my notes", "docs/my notes.txt"),
        ("READER", "src/reader.py"),
    ],
)
def test_a_few_letters_in_order_find_a_path(folder: Path, query: str, first: str) -> None:
    assert (found(folder, query) or [""])[0] == first


def test_hidden_files_and_what_is_not_indexed_stay_away(folder: Path) -> None:
    everything = found(folder, "")
    assert not [name for name in everything if name.startswith((".", "node_modules/l"))]
    assert found(folder, ".")[:2] == [".env", ".secret/"]
    assert found(folder, ".se") == [".secret/"]
    assert found(folder, ".secret/") == [".secret/key.txt"]
    assert found(folder, "node_modules/") == ["node_modules/left.js"]  # it was typed


def test_other_folders_are_found_by_their_paths(as_home: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert found(elsewhere, "..") == ["../elsewhere/", "../here/"]
    assert found(elsewhere, "../he")[0] == "../here/"
    assert found(elsewhere, "~/docs/l")[0] == "~/docs/lease.md"
    assert "~/README.md" in found(elsewhere, "~")
    assert found(elsewhere, f"{as_home}/REA") == [f"{as_home}/README.md"]
    assert found(elsewhere, "/no/such/folder/") == []


def test_documents_are_found_wherever_they_are(as_home: Path, tmp_path: Path) -> None:
    known = ("/srv/handbook.pdf", f"{as_home}/docs/lease.md")
    assert found(as_home, "handb", known=known) == ["/srv/handbook.pdf"]
    finder = PathFinder(as_home)
    finder.know(known)
    marks = {one.text: one.indexed for one in all_of(finder, "")}
    assert marks["docs/lease.md"]
    assert marks["/srv/handbook.pdf"]
    assert not marks["README.md"]
    assert found(tmp_path / "elsewhere", "lease", known=known) == ["~/docs/lease.md"]


def test_the_disk_is_looked_at_again_once_it_is_forgotten(folder: Path) -> None:
    finder = PathFinder(folder)
    assert not all_of(finder, "late")
    (folder / "src" / "late.py").touch()
    assert not finder.find("late")
    finder.forget()
    assert [one.text for one in all_of(finder, "late")] == ["src/late.py"]


def test_names_that_cannot_be_shown_are_left_out(folder: Path) -> None:
    for name in (b"bad\xff.txt", b"bad\n.txt", b"bad\x1b[2J.txt"):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).touch()
    assert found(folder, "bad") == []


def test_a_large_folder_is_cut_short(tmp_path: Path) -> None:
    for number in range(3 * MOST_SHOWN):
        (tmp_path / f"file{number}.txt").touch()
    assert len(found(tmp_path, "")) == len(found(tmp_path, "file")) == MOST_SHOWN
    assert found(tmp_path, "file599") == ["file599.txt"]


def test_a_folder_that_is_gone_holds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    assert found(gone, "") == found(gone, "x") == []
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert found(Path(), "") == []
    assert mentioned("@x @../x", Path()) == pasted_paths("./x", Path()) == ()


def test_what_is_found_grows_little_by_little(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / "deep" / str(number)).mkdir(parents=True)
        (tmp_path / "deep" / str(number) / "leaf.txt").touch()
    finder = PathFinder(tmp_path, step=0.0)
    counts = []
    while not finder.ended:
        counts.append(len(finder.find("leaf")))
    assert counts == [*range(1, 21), 20]
