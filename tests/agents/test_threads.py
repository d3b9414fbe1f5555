"""Threads: named, listed, deleted, kept apart, and safe to open whatever lies in the file."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import ormsgpack
import pytest
from langgraph.checkpoint.serde.jsonplus import EXT_CONSTRUCTOR_KW_ARGS, EXT_CONSTRUCTOR_POS_ARGS

from octograph.agents import ThreadInfo, ThreadStore, Turn
from octograph.errors import ThreadError, UsageError
from octograph.testing import FixedClock, FixedRouter, ScriptedWorker, make_octograph


def test_the_first_question_is_the_title_and_the_last_used_comes_first(tmp_path: Path) -> None:
    clock = FixedClock()
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}, clock=clock) as octo:
        assert octo.threads() == []
        for query, thread in (("What  is\nthis?", "a"), ("x" * 200, "b"), ("And that?", "a")):
            octo.ask(query, thread=thread)
            clock.advance(minutes=1)
        first, second = octo.threads()
    assert first == ThreadInfo(
        id="a", title="What is this?", created="2026-01-05T12:00:00+00:00", updated="2026-01-05T12:02:00+00:00"
    )
    assert (second.id, second.title) == ("b", "x" * 80)


def test_a_thread_without_a_name_gets_one_of_its_own(tmp_path: Path) -> None:
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo:
        threads = {octo.ask("Hi").thread for _ in range(3)}
        assert threads == {thread.id for thread in octo.threads()}
    assert len(threads) == 3


def test_turns_outlive_the_process_that_made_them(tmp_path: Path) -> None:
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo:
        turn = octo.ask("Hi", thread="t")
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo:
        assert octo.turns("t") == [turn]
        assert octo.turns("elsewhere") == []


def test_a_turn_reads_what_it_wrote(tmp_path: Path) -> None:
    with make_octograph(tmp_path, {"chat": ScriptedWorker()}, router=FixedRouter(("chat",), otherwise="chat")) as octo:
        turn = octo.ask("Hi")
    assert turn.tried
    assert Turn.from_document(turn.document()) == turn


def test_deleted_is_gone_for_good(tmp_path: Path) -> None:
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo:
        octo.ask("Hi", thread="a")
        octo.ask("Hi", thread="b")
        octo.delete("a")
        assert octo.turns("a") == []
        assert [thread.id for thread in octo.threads()] == ["b"]
        with pytest.raises(ThreadError, match="no thread 'a'"):
            octo.delete("a")
    with sqlite3.connect(tmp_path / "threads.sqlite") as database:
        for table in ("checkpoints", "writes"):
            assert database.execute(f"SELECT DISTINCT thread_id FROM {table}").fetchall() == [("b",)]


REFUSED = ("../x", "", "a/b", "a\\b", ".hidden", "a\nb", "x" * 81, "𝒳" * 80, "\x1b[31m", "\udcff")


@pytest.mark.parametrize("name", REFUSED, ids=range(len(REFUSED)))
def test_names_that_are_refused(tmp_path: Path, name: str) -> None:
    with make_octograph(tmp_path / "a" / "b", {"chat": ScriptedWorker(["Hello"])}) as octo:
        with pytest.raises(UsageError, match="no name for a thread"):
            octo.ask("Hi", thread=name)
        with pytest.raises(UsageError):
            octo.delete(name)
        assert octo.threads() == []
    folders = [path for path in tmp_path.rglob("*") if not path.name.startswith("threads.sqlite")]
    assert {str(path.relative_to(tmp_path)) for path in folders} == {"a", "a/b", "a/b/threads.locks"}


@pytest.mark.parametrize("name", ["x" * 80, "Ünïcödé", "日" * 79, "user@host", "a b.c-d_e"])
def test_names_that_are_taken(tmp_path: Path, name: str) -> None:
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo:
        assert octo.ask("Hi", thread=name).thread == name
        assert len(octo.turns(name)) == 1


def test_two_at_once_on_one_thread(tmp_path: Path) -> None:
    slow = ScriptedWorker(["a", "b", "c"], delay=0.2)
    quick = ScriptedWorker(["Hello"])
    with make_octograph(tmp_path, {"chat": slow}) as one, make_octograph(tmp_path, {"chat": quick}) as other:
        events = one.stream("Hi", thread="t")
        next(events)
        for octo in (one, other):
            with pytest.raises(ThreadError, match="busy"):
                octo.ask("Me too", thread="t")
            with pytest.raises(ThreadError, match="busy"):
                octo.delete("t")
        assert other.ask("Hi", thread="u").status == "answered"
        list(events)
        assert other.ask("Now?", thread="t").status == "answered"
        assert [turn.query for turn in one.turns("t")] == ["Hi", "Now?"]


def test_nothing_to_resume(tmp_path: Path) -> None:
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo:
        octo.ask("Hi", thread="t")
        for thread in ("t", "elsewhere"):
            with pytest.raises(ThreadError, match="no interrupted turn"):
                list(octo.resume(thread))


@pytest.mark.parametrize("content", [b"this is no database " * 100, b"SQLite format 3\x00" + b"\xff" * 8000])
def test_a_damaged_file_is_told_and_kept(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "threads.sqlite"
    file.write_bytes(content)
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo:
        for _ in range(2):
            with pytest.raises(ThreadError, match="cannot be used") as caught:
                octo.ask("Hi")
            assert "Move the file away" in caught.value.hint
    assert file.read_bytes() == content


def test_pages_damaged_behind_a_sound_header_are_told(tmp_path: Path) -> None:
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello " * 500])}) as octo:
        for _ in range(20):
            octo.ask("Hi", thread="t")
    file = tmp_path / "threads.sqlite"
    with sqlite3.connect(file) as database:
        (size,) = database.execute("PRAGMA page_size").fetchone()
    content = bytearray(file.read_bytes())
    content[20 * size :] = b"\xff" * (len(content) - 20 * size)
    file.write_bytes(content)
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo:
        for act in (lambda: octo.turns("t"), lambda: octo.ask("Hi", thread="t"), lambda: octo.delete("t")):
            with pytest.raises(ThreadError, match="cannot be used"):
                act()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with (
        make_octograph(tmp_path / "file", {"chat": ScriptedWorker(["Hello"])}) as octo,
        pytest.raises(ThreadError, match="cannot be used"),
    ):
        octo.ask("Hi")


@pytest.mark.parametrize(
    ("code", "arguments"),
    [(EXT_CONSTRUCTOR_POS_ARGS, ["ran"]), (EXT_CONSTRUCTOR_KW_ARGS, {"name": "ran"})],
)
async def test_a_checkpoint_makes_no_object_of_any_class(
    tmp_path: Path, code: int, arguments: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "modules"
    folder.mkdir()
    (folder / "octograph_trap.py").write_text(
        "from pathlib import Path\n\n\ndef spring(name):\n    Path(__file__).with_name(name).touch()\n"
    )
    monkeypatch.syspath_prepend(str(folder))
    inner = ormsgpack.packb(("octograph_trap", "spring", arguments))
    blob = ormsgpack.packb({"turns": ormsgpack.Ext(code, inner)})
    async with ThreadStore.open(tmp_path / "threads.sqlite") as store:
        store.checkpointer.serde.loads_typed(("msgpack", blob))
    assert not (folder / "ran").exists()
    assert "octograph_trap" not in sys.modules


async def test_a_checkpoint_is_never_unpickled(tmp_path: Path) -> None:
    async with ThreadStore.open(tmp_path / "threads.sqlite") as store:
        with pytest.raises(NotImplementedError):
            store.checkpointer.serde.loads_typed(("pickle", b"cposix\nsystem\n(S'true'\ntR."))
