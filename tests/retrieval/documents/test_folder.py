"""Which files of a folder are found, and what is said of the others."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from octograph.errors import DocumentError
from octograph.retrieval.documents import Found, find_files

MakeFile = Callable[[str, bytes | str], Path]
AsNobody = Callable[[], AbstractContextManager[None]]


def found(folder: Path) -> list[str]:
    return [str(item.path.relative_to(folder)) for item in find_files(folder) if item.problem is None]


def problems(folder: Path) -> dict[str, str]:
    return {str(item.path.relative_to(folder)): item.problem for item in find_files(folder) if item.problem}


def test_files_come_before_folders_each_by_name(make_file: MakeFile, tmp_path: Path) -> None:
    for name in ("b/z.txt", "b/a/x.txt", "c.txt", "a/y.txt", "B.txt"):
        make_file(name, "x")
    assert found(tmp_path) == ["B.txt", "c.txt", "a/y.txt", "b/z.txt", "b/a/x.txt"]


def test_a_file_named_itself_is_found_whatever_the_rules_say(make_file: MakeFile, tmp_path: Path) -> None:
    make_file(".gitignore", "*")
    hidden = make_file(".hidden.log", "x")
    assert list(find_files(hidden)) == [Found(path=hidden)]
    (tmp_path / "link").symlink_to(hidden)
    assert list(find_files(tmp_path / "link")) == [Found(path=hidden)]


def test_paths_are_absolute(make_file: MakeFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_file("docs/a.txt", "x")
    (tmp_path / "link").symlink_to("docs")
    monkeypatch.chdir(tmp_path)
    for start in (Path(), Path("docs"), Path("link"), Path("docs/../docs/a.txt")):
        assert [item.path for item in find_files(start)] == [path]


@pytest.mark.parametrize("name", ["gone", "gone/a.txt", "a.txt/b", "dangling"])
def test_a_missing_path_is_an_error_at_once(make_file: MakeFile, tmp_path: Path, name: str) -> None:
    make_file("a.txt", "x")
    (tmp_path / "dangling").symlink_to("nowhere")
    with pytest.raises(DocumentError, match="cannot be found") as caught:
        find_files(tmp_path / name)
    assert caught.value.hint


def test_hidden_and_installed_files_are_left_out(make_file: MakeFile, tmp_path: Path) -> None:
    for name in (
        ".git/config",
        ".env",
        "node_modules/m/x.js",
        "__pycache__/x.py",
        "env/pyvenv.cfg",
        "env/x.py",
        "a.py",
    ):
        make_file(name, "x")
    assert found(tmp_path) == ["a.py"]
    assert found(tmp_path / "env") == ["pyvenv.cfg", "x.py"]
    assert problems(tmp_path) == {}


def test_ignore_rules_hold_where_they_lie(make_file: MakeFile, tmp_path: Path) -> None:
    make_file(".gitignore", "*.log\n/top.txt\nbuild/\n!kept.log\n")
    make_file("sub/.gitignore", "\ufeff!b.log\nnotes.txt\n")
    make_file("sub/.octographignore", "!notes.txt\nc.txt")
    for name in ("a.log", "kept.log", "top.txt", "build/x.txt", "notes.txt", "c.txt"):
        make_file(name, "x")
    for name in ("sub/a.log", "sub/b.log", "sub/top.txt", "sub/build/x.txt", "sub/notes.txt", "sub/c.txt"):
        make_file(name, "x")
    assert found(tmp_path) == ["c.txt", "kept.log", "notes.txt", "sub/b.log", "sub/notes.txt", "sub/top.txt"]


def test_a_rule_that_makes_no_pattern_does_not_lose_the_others(make_file: MakeFile, tmp_path: Path) -> None:
    make_file(".gitignore", b"!\n[z-a]\n\xe9*\n# note\n\n*.log\n")
    for name in ("a.log", "a.txt", os.fsdecode(b"\xe9t\xe9.txt")):
        make_file(name, "x")
    assert found(tmp_path) == ["a.txt"]


def test_an_ignore_file_that_is_none_is_not_read(make_file: MakeFile, tmp_path: Path) -> None:
    make_file("a.txt", "x")
    os.mkfifo(tmp_path / ".gitignore")
    (tmp_path / ".octographignore").mkdir()
    assert found(tmp_path) == ["a.txt"]


def test_links_are_not_followed(make_file: MakeFile, tmp_path: Path) -> None:
    make_file("outside/secret.txt", "x")
    real = make_file("root/real.txt", "x")
    make_file("root/sub/b.txt", "x")
    root = real.parent
    (root / "again.txt").symlink_to("real.txt")
    (root / "sub-again").symlink_to("sub")
    (root / "out.txt").symlink_to("../outside/secret.txt")
    (root / "out").symlink_to(tmp_path / "outside", target_is_directory=True)
    (root / "dangling").symlink_to("nowhere")
    (root / "self").symlink_to("self")
    (root / "sub" / "up").symlink_to("..")
    assert found(root) == ["real.txt", "sub/b.txt"]
    assert problems(root) == {
        "dangling": "a symbolic link to nothing",
        "out": "a symbolic link out of the folder",
        "out.txt": "a symbolic link out of the folder",
        "self": "a symbolic link in a loop",
        "sub/up": "a symbolic link in a loop",
    }


def test_a_file_with_two_names_is_found_once(make_file: MakeFile, tmp_path: Path) -> None:
    path = make_file("b.txt", "x")
    (tmp_path / "a.txt").hardlink_to(path)
    assert found(tmp_path) == ["a.txt"]


def test_what_is_no_file_is_left_out(make_file: MakeFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_file("a.txt", "x")
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.chdir(tmp_path)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        assert list(find_files(tmp_path)) == [Found(path=tmp_path / "a.txt")]
    assert [item.problem for item in find_files(tmp_path / "pipe")] == ["neither a file nor a folder"]


def test_what_may_not_be_read_is_reported(open_folder: Path, as_nobody: AsNobody) -> None:
    for name in ("closed", "open"):
        (open_folder / name).mkdir()
        (open_folder / name / "a.txt").write_text("x")
    (open_folder / "open" / ".gitignore").write_text("*")
    (open_folder / "open" / ".gitignore").chmod(0)
    (open_folder / "closed").chmod(0)
    with as_nobody():
        assert found(open_folder) == ["open/a.txt"]
        assert problems(open_folder) == {"closed": "permission denied", "open/.gitignore": "permission denied"}
    (open_folder / "closed").chmod(0o700)


@pytest.mark.parametrize(
    "name", ["日本語.txt", "العربية.md", "🐙 notes.txt", "a\u202eb.txt", "new\nline.txt", "back\\slash.txt"]
)
def test_names_in_any_script_are_found(make_file: MakeFile, tmp_path: Path, name: str) -> None:
    make_file(".gitignore", "*.log")
    make_file(name, "x")
    assert found(tmp_path) == [name]


def test_folders_may_lie_deep(tmp_path: Path) -> None:
    depth = 300
    deep = tmp_path.joinpath(*["d"] * depth)
    deep.mkdir(parents=True)
    (deep / "a.txt").write_text("x")
    assert len(found(tmp_path)) == 1
