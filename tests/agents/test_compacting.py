"""Compacted conversations: models are shown the last turns, the transcript stays whole, and a kill changes nothing."""

from __future__ import annotations

import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from octograph import Octograph
from octograph.agents import Turn
from octograph.agents.context import first_shown
from octograph.agents.limits import Limits
from octograph.errors import ThreadError, UsageError
from octograph.nodes.worker import Task
from octograph.testing import FixedEvaluator, ScriptedWorker, make_octograph


def shown(task: Task) -> list[str]:
    return [message.content for message in task.history if message.role == "user"]


def asked(octo: Octograph, thread: str, *queries: str) -> list[Turn]:
    return [octo.ask(query, thread=thread) for query in queries]


def test_models_are_shown_the_last_turns_and_the_transcript_stays(tmp_path: Path) -> None:
    chat = ScriptedWorker(["Hello"])
    with make_octograph(tmp_path, {"chat": chat}) as octo:
        turns = asked(octo, "t", *"abcdef")
        assert octo.threads.compact("t") == 2
        assert octo.threads.turns("t") == turns
        assert len(octo.threads.search("hello")) == 6
        turns += asked(octo, "t", "g", "h")
    with make_octograph(tmp_path, {"chat": chat}) as octo:
        turns += asked(octo, "t", "i")
        assert octo.threads.turns("t") == turns
    assert [shown(task) for task in chat.tasks[-3:]] == [[*"cdef"], [*"cdefg"], [*"cdefgh"]]


def test_it_is_undone_and_done_anew(tmp_path: Path) -> None:
    chat = ScriptedWorker(["Hello"])
    with make_octograph(tmp_path, {"chat": chat}) as octo:
        asked(octo, "t", *"abcd")
        seen = []
        for keep, hidden in ((1, 3), (3, 2), (0, 6), (9, 0), (2, 6), (None, 0)):
            assert octo.threads.compact("t", keep=keep) == hidden
            octo.ask("x", thread="t")
            seen.append(len(shown(chat.tasks[-1])))
    assert seen == [1, 3, 0, 7, 2, 9]


def test_only_what_models_would_be_shown_is_counted(tmp_path: Path) -> None:
    chat = ScriptedWorker(["Hello"])
    with make_octograph(tmp_path, {"chat": chat, "mute": ScriptedWorker([])}) as octo:
        asked(octo, "t", "a", "b", "c")
        octo.ask("d", thread="t", worker="mute")
        octo.ask("e", thread="t", worker="mute")
        assert [turn.status for turn in octo.threads.turns("t")] == [*["answered"] * 3, *["abstained"] * 2]
        assert octo.threads.compact("t", keep=2) == 1
        octo.ask("f", thread="t")
    assert shown(chat.tasks[-1]) == ["b", "c"]


def test_the_first_of_no_turns_is_the_first() -> None:
    assert [first_shown([], keep) for keep in (None, 0, 4)] == [0, 0, 0]


def test_a_fork_goes_the_same_way(tmp_path: Path) -> None:
    chat = ScriptedWorker(["Hello"])
    with make_octograph(tmp_path, {"chat": chat}) as octo:
        turns = asked(octo, "t", *"abcd")
        octo.threads.compact("t", keep=2)
        octo.ask("x", thread=octo.threads.fork("t", turns[2].id))
        octo.ask("y", thread=octo.threads.fork("t", turns[1].id))  # it was asked before the conversation was compacted
    assert [shown(task) for task in chat.tasks[-2:]] == [["c"], ["a", "b"]]


def test_a_new_thread_of_a_deleted_ones_name_is_whole(tmp_path: Path) -> None:
    chat = ScriptedWorker(["Hello"])
    with make_octograph(tmp_path, {"chat": chat}) as octo:
        asked(octo, "t", "a", "b")
        octo.threads.compact("t", keep=0)
        octo.threads.delete("t")
        octo.threads.restore("t")
        octo.ask("c", thread="t")
        assert shown(chat.tasks[-1]) == []
        octo.threads.delete("t")
        asked(octo, "t", "d", "e")
    assert shown(chat.tasks[-1]) == ["d"]


def test_what_cannot_be_compacted(tmp_path: Path) -> None:
    with make_octograph(
        tmp_path,
        {"facts": ScriptedWorker(["a", "b"], delay=0.2)},
        thresholds={"facts": -1.0},
        evaluators={"facts": FixedEvaluator(otherwise=-2.0)},
        limits=Limits(unsure="ask"),
    ) as octo:
        with pytest.raises(ThreadError, match="no thread 't'"):
            octo.threads.compact("t")
        events = octo.stream("Which city?", thread="t")
        next(events)
        with pytest.raises(ThreadError, match="busy"):
            octo.threads.compact("t")
        list(events)
        (turn,) = octo.threads.turns("t")
        assert turn.status == "waiting"
        with pytest.raises(ThreadError, match="unfinished"):
            octo.threads.compact("t")
        with pytest.raises(UsageError, match="-1 turns"):
            octo.threads.compact("t", keep=-1)
        *_, _ = octo.resume("t", choice="answer")
        assert octo.threads.compact("t", keep=0) == 1


# --- one write, whatever happens to the process --------------------------------------------------------------


def test_it_is_one_checkpoint(tmp_path: Path) -> None:
    def checkpoints() -> int:
        with closing(sqlite3.connect(tmp_path / "threads.sqlite")) as database:
            ((count,),) = database.execute("SELECT count(*) FROM checkpoints")
            return int(count)

    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo:
        asked(octo, "t", *"abc")
        before = checkpoints()
        octo.threads.compact("t", keep=1)
        assert checkpoints() == before + 1


DIES = """
import signal, sys
from pathlib import Path
from octograph.testing import ScriptedWorker, make_octograph

with make_octograph(Path(sys.argv[1]), {"chat": ScriptedWorker(["Hello"])}) as octo:
    octo.threads.compact("t", keep=1)
    signal.raise_signal(signal.SIGKILL)
"""

COMPACTS = """
import sys
from pathlib import Path
from octograph.testing import ScriptedWorker, make_octograph

with make_octograph(Path(sys.argv[1]), {"chat": ScriptedWorker(["Hello"])}) as octo:
    while True:
        for keep in (1, None, 3):
            octo.threads.compact("t", keep=keep)
            print(keep, flush=True)
"""


def test_it_outlives_the_process(tmp_path: Path) -> None:
    chat = ScriptedWorker(["Hello"])
    with make_octograph(tmp_path, {"chat": chat}) as octo:
        turns = asked(octo, "t", *"abc")
    done = subprocess.run([sys.executable, "-c", DIES, str(tmp_path)], check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL
    with make_octograph(tmp_path, {"chat": chat}) as octo:
        assert octo.threads.turns("t") == turns
        octo.ask("d", thread="t")
    assert shown(chat.tasks[-1]) == ["c"]


@pytest.mark.parametrize("seed", range(3))
def test_a_process_that_is_killed_meanwhile_leaves_it_as_it_was_or_as_it_was_to_be(tmp_path: Path, seed: int) -> None:
    chat = ScriptedWorker(["Hello"])
    with make_octograph(tmp_path, {"chat": chat}) as octo:
        turns = asked(octo, "t", *"abcdef")
    command = [sys.executable, "-c", COMPACTS, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(random.Random(seed).randrange(1, 60)):
            process.stdout.readline()
        process.kill()
        last = process.stdout.read().split()[-1:]
    with make_octograph(tmp_path, {"chat": chat}) as octo:
        assert octo.threads.turns("t") == turns
        octo.ask("g", thread="t")
        seen = shown(chat.tasks[-1])
        assert seen in ([*"f"], [*"abcdef"], [*"def"])
        following = {"1": ([*"f"], [*"abcdef"]), "None": ([*"abcdef"], [*"def"]), "3": ([*"def"], [*"f"])}
        assert not last or seen in following[last[0]]
        assert octo.threads.compact("t", keep=1) == 6
