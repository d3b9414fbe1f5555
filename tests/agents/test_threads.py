"""Threads: named, listed, deleted and restored, kept apart, and safe to open whatever lies in the file."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import ormsgpack
import pytest
from langgraph.checkpoint.serde.jsonplus import EXT_CONSTRUCTOR_KW_ARGS, EXT_CONSTRUCTOR_POS_ARGS

from octograph import Octograph
from octograph.agents import ThreadInfo, ThreadStore, Turn
from octograph.errors import ThreadError, UsageError
from octograph.testing import FixedClock, FixedRouter, ScriptedWorker, make_octograph


def test_the_first_question_is_the_title_and_the_last_used_comes_first(tmp_path: Path) -> None:
    clock = FixedClock()
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}, clock=clock) as octo:
        assert octo.threads.list() == []
        for query, thread in (("What  is\nthis?", "a"), ("x" * 200, "b"), ("And that?", "a")):
            octo.ask(query, thread=thread)
            clock.advance(minutes=1)
        first, second = octo.threads.list()
    assert first == ThreadInfo(
        id="a", title="What is this?", created="2026-01-05T12:00:00+00:00", updated="2026-01-05T12:02:00+00:00"
    )
    assert (second.id, second.title) == ("b", "x" * 80)


def test_a_thread_without_a_name_gets_one_of_its_own(tmp_path: Path) -> None:
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo:
        threads = {octo.ask("Hi").thread for _ in range(3)}
        assert threads == {thread.id for thread in octo.threads.list()}
    assert len(threads) == 3


def test_turns_outlive_the_process_that_made_them(tmp_path: Path) -> None:
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo:
        turn = octo.ask("Hi", thread="t")
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo:
        assert octo.threads.turns("t") == [turn]
        assert octo.threads.turns("elsewhere") == []


def test_a_turn_reads_what_it_wrote(tmp_path: Path) -> None:
    with make_octograph(tmp_path, {"chat": ScriptedWorker()}, router=FixedRouter(("chat",), otherwise="chat")) as octo:
        turn = octo.ask("Hi")
    assert turn.tried
    assert Turn.from_document(turn.document()) == turn


def tables(folder: Path) -> dict[str, list[str]]:
    """Which threads each table has something of."""
    queries = {
        "checkpoints": "SELECT DISTINCT thread_id FROM checkpoints ORDER BY 1",
        "writes": "SELECT DISTINCT thread_id FROM writes ORDER BY 1",
        "threads": "SELECT id FROM octograph_threads ORDER BY 1",
        "turns": "SELECT DISTINCT thread FROM octograph_turns ORDER BY 1",
    }
    with closing(sqlite3.connect(folder / "threads.sqlite")) as database:
        return {name: [row[0] for row in database.execute(query)] for name, query in queries.items()}


def in_all(*threads: str) -> dict[str, list[str]]:
    return {table: [*threads] for table in ("checkpoints", "writes", "threads", "turns")}


def test_a_deletion_is_undone_even_after_the_process(tmp_path: Path) -> None:
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo:
        turn = octo.ask("Hi", thread="a")
        octo.ask("Hi", thread="b")
        (before,) = [info for info in octo.threads.list() if info.id == "a"]
        octo.threads.delete("a")
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo:
        assert octo.threads.turns("a") == []
        assert [info.id for info in octo.threads.list()] == ["b"]
        assert {found.thread for found in octo.threads.search("hello")} == {"b"}
        refused: tuple[Callable[[], object], ...] = (
            lambda: octo.threads.delete("a"),
            lambda: octo.threads.rename("a", "Again"),
            lambda: octo.threads.fork("a", turn.id),
            lambda: octo.threads.export("a"),
            lambda: octo.threads.info("a"),
        )
        for act in refused:
            with pytest.raises(ThreadError, match="no thread 'a'"):
                act()
        octo.threads.restore("a")
        assert octo.threads.info("a") == before
        assert octo.threads.turns("a") == [turn]
        assert {found.thread for found in octo.threads.search("hello")} == {"a", "b"}
        for name in ("a", "elsewhere"):
            with pytest.raises(ThreadError, match="no deleted thread"):
                octo.threads.restore(name)


def test_an_interrupted_turn_of_a_deleted_thread_is_not_resumed(tmp_path: Path) -> None:
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo:
        octo.ask("Hi", thread="a")
        octo.threads.delete("a")
        with pytest.raises(ThreadError, match="no interrupted turn"):
            list(octo.resume("a"))


def test_asking_in_a_deleted_thread_begins_anew(tmp_path: Path) -> None:
    chat = ScriptedWorker(["Hello"])
    with make_octograph(tmp_path, {"chat": chat}) as octo:
        octo.ask("Old", thread="a")
        octo.threads.delete("a")
        new = octo.ask("New", thread="a")
        assert octo.threads.turns("a") == [new]
        assert octo.threads.info("a").title == "New"
        assert octo.threads.search("old") == []
        with pytest.raises(ThreadError, match="no deleted thread"):
            octo.threads.restore("a")
    assert chat.tasks[-1].history == ()


def test_what_was_deleted_a_month_ago_is_purged_when_the_file_is_opened(tmp_path: Path) -> None:
    clock = FixedClock()
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}, clock=clock) as octo:
        for name in ("early", "late", "kept"):
            octo.ask("Hi", thread=name)
        octo.threads.delete("early")
        clock.advance(days=2)
        octo.threads.delete("late")
        clock.advance(days=28, seconds=1)
    assert tables(tmp_path) == in_all("early", "kept", "late")
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}, clock=clock) as octo:
        assert [info.id for info in octo.threads.list()] == ["kept"]
        with pytest.raises(ThreadError, match="no deleted thread"):
            octo.threads.restore("early")
        octo.threads.restore("late")
    assert tables(tmp_path) == in_all("kept", "late")
    with closing(sqlite3.connect(tmp_path / "threads.sqlite")) as database:
        database.execute("INSERT INTO octograph_words (octograph_words, rank) VALUES ('integrity-check', 1)")


def test_a_thread_has_another_title(tmp_path: Path) -> None:
    clock = FixedClock()
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}, clock=clock) as octo:
        octo.ask("Hi", thread="a")
        clock.advance(minutes=1)
        octo.threads.rename("a", " Taxes\n2025 👩‍🚀 ")
        assert (octo.threads.info("a").title, octo.threads.info("a").updated) == (
            "Taxes 2025 👩‍🚀",
            "2026-01-05T12:00:00+00:00",
        )
        octo.ask("And now?", thread="a")
        assert octo.threads.info("a").title == "Taxes 2025 👩‍🚀"
        octo.threads.rename("a", "x" * 200)
        assert octo.threads.info("a").title == "x" * 80
        for title in ("", " \n", "\udcff"):
            with pytest.raises(UsageError, match="no title"):
                octo.threads.rename("a", title)
        with pytest.raises(ThreadError, match="no thread 'elsewhere'"):
            octo.threads.rename("elsewhere", "Taxes")


def test_a_file_of_a_later_version_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "threads.sqlite"
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA user_version = 999")
    with (
        make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo,
        pytest.raises(ThreadError, match="a later version"),
    ):
        octo.ask("Hi")


AS_BEFORE = """
CREATE TABLE before (id TEXT PRIMARY KEY, title TEXT NOT NULL, created TEXT NOT NULL, updated TEXT NOT NULL);
INSERT INTO before SELECT id, title, created, updated FROM octograph_threads;
DROP TABLE octograph_threads;
DROP TABLE octograph_words;
DROP TABLE octograph_turns;
ALTER TABLE before RENAME TO octograph_threads;
PRAGMA user_version = 0;
"""
"""Makes of a file what the version before would have written: the checkpoints are the same, the catalogue is bare."""


def test_a_file_of_the_version_before_is_brought_up_to_date(tmp_path: Path) -> None:
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo:
        turns = [octo.ask(query, thread="a") for query in ("About apples", "About boats")]
        octo.ask("About cars", thread="b")
        before = octo.threads.list()
    with closing(sqlite3.connect(tmp_path / "threads.sqlite")) as database:
        database.executescript(AS_BEFORE)
    for _ in range(2):
        with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo:
            assert octo.threads.list() == before
            assert octo.threads.turns("a") == turns
            assert [(found.thread, found.turn) for found in octo.threads.search("boats")] == [("a", turns[1].id)]
            octo.threads.delete("a")
            octo.threads.restore("a")
            assert len(octo.threads.search("hello")) == 3


def test_several_processes_may_make_the_file_at_once(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from octograph.testing import ScriptedWorker, make_octograph\n"
        "with make_octograph(Path(sys.argv[1]), {'chat': ScriptedWorker(['Hello'])}) as octo:\n"
        "    octo.ask('Hi', thread=sys.argv[2])\n"
    )
    several = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path), f"t{number}"]) for number in range(4)]
    assert [process.wait(120) for process in several] == [0] * 4
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo:
        assert sorted(found.thread for found in octo.threads.search("hello")) == ["t0", "t1", "t2", "t3"]


def changes(octo: Octograph) -> list[Callable[[str], None]]:
    """What can be done to a thread besides asking."""
    return [octo.threads.delete, octo.threads.restore, lambda name: octo.threads.rename(name, "Taxes")]


REFUSED = ("../x", "", "a/b", "a\\b", ".hidden", "a\nb", "x" * 81, "𝒳" * 80, "\x1b[31m", "\udcff")


@pytest.mark.parametrize("name", REFUSED, ids=range(len(REFUSED)))
def test_names_that_are_refused(tmp_path: Path, name: str) -> None:
    with make_octograph(tmp_path / "a" / "b", {"chat": ScriptedWorker(["Hello"])}) as octo:
        with pytest.raises(UsageError, match="no name for a thread"):
            octo.ask("Hi", thread=name)
        for act in changes(octo):
            with pytest.raises(UsageError, match="no name for a thread"):
                act(name)
        assert octo.threads.list() == []
    folders = [path for path in tmp_path.rglob("*") if not path.name.startswith("threads.sqlite")]
    assert {str(path.relative_to(tmp_path)) for path in folders} == {"a", "a/b", "a/b/threads.locks"}


@pytest.mark.parametrize("name", ["x" * 80, "Ünïcödé", "日" * 79, "user@host", "a b.c-d_e"])
def test_names_that_are_taken(tmp_path: Path, name: str) -> None:
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo:
        assert octo.ask("Hi", thread=name).thread == name
        assert len(octo.threads.turns(name)) == 1


def test_two_at_once_on_one_thread(tmp_path: Path) -> None:
    slow = ScriptedWorker(["a", "b", "c"], delay=0.2)
    quick = ScriptedWorker(["Hello"])
    with make_octograph(tmp_path, {"chat": slow}) as one, make_octograph(tmp_path, {"chat": quick}) as other:
        events = one.stream("Hi", thread="t")
        next(events)
        for octo in (one, other):
            with pytest.raises(ThreadError, match="busy"):
                octo.ask("Me too", thread="t")
            for act in changes(octo):
                with pytest.raises(ThreadError, match="busy"):
                    act("t")
            assert octo.threads.search("hi") == []  # it is not closed, and nobody waits for it
        assert other.ask("Hi", thread="u").status == "answered"
        list(events)
        assert other.ask("Now?", thread="t").status == "answered"
        assert [turn.query for turn in one.threads.turns("t")] == ["Hi", "Now?"]


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
        for act in (
            lambda: octo.threads.turns("t"),
            lambda: octo.ask("Hi", thread="t"),
            lambda: octo.threads.search("hi"),
        ):
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
    async with ThreadStore.open(tmp_path / "threads.sqlite", clock=FixedClock()) as store:
        store.checkpointer.serde.loads_typed(("msgpack", blob))
    assert not (folder / "ran").exists()
    assert "octograph_trap" not in sys.modules


async def test_a_checkpoint_is_never_unpickled(tmp_path: Path) -> None:
    async with ThreadStore.open(tmp_path / "threads.sqlite", clock=FixedClock()) as store:
        with pytest.raises(NotImplementedError):
            store.checkpointer.serde.loads_typed(("pickle", b"cposix\nsystem\n(S'true'\ntR."))
