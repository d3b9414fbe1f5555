"""Turns are found by their words, whatever is asked for and whenever the process was killed."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octograph import Octograph
from octograph.agents.finding import FoundTurn, Fragment, expression, fragments, searchable
from octograph.agents.limits import Limits
from octograph.cancellation import CancelToken
from octograph.errors import UsageError
from octograph.nodes.generation import TextDelta
from octograph.nodes.worker import Outcome, Task
from octograph.testing import FixedEvaluator, ScriptedWorker, make_octograph

ROOT = Path(__file__).parent.parent.parent


def talk(folder: Path, *answers: str) -> Octograph:
    return make_octograph(folder, {f"w{place}": ScriptedWorker([answer]) for place, answer in enumerate(answers)})


def marked(found: Sequence[FoundTurn]) -> list[str]:
    return ["".join(f"<{one.text}>" if one.matched else one.text for one in each.snippet) for each in found]


def test_a_hit_says_where_it_is(tmp_path: Path) -> None:
    with talk(tmp_path, "They are red,\nmostly.") as octo:
        first = octo.ask("What about apples?", thread="fruit")
        octo.ask("What about boats?", thread="b")
        (found,) = octo.threads.search("Apples red")
    assert (found.thread, found.title, found.turn) == ("fruit", "What about apples?", first.id)
    assert found.snippet in (
        tuple(Fragment(text=text, matched=text == "red") for text in ("They are ", "red", ", mostly.")),
        tuple(Fragment(text=text, matched=text == "apples") for text in ("What about ", "apples", "?")),
    )


def test_the_best_come_first_and_no_more_than_wanted(tmp_path: Path) -> None:
    with talk(tmp_path, "Yes.") as octo:
        octo.ask("A lighthouse, among many other things that are of no use to anybody here", thread="a")
        octo.ask("lighthouse lighthouse", thread="b")
        octo.ask("Nothing", thread="c")
        assert [found.thread for found in octo.threads.search("lighthouse")] == ["b", "a"]
        assert [found.thread for found in octo.threads.search("lighthouse", limit=1)] == ["b"]
        assert len(octo.threads.search("lighthouse", limit=10**30)) == 2


TEXT = 'Müller said "C++ is NOT naïve" (a OR b), don\'t NEAR it: col:x* party🎉 日本語 👩‍🚀 Straße 50% a_b'
FOUND = {
    "muller": ["Müller"],
    "MÜLLER": ["Müller"],
    "Mu\u0308ller": ["Müller"],
    "naive": ["naïve"],
    '"C++': ["C", "col"],
    '"c++ is not naive"': ["C", "col", "is", "NOT", "naïve"],
    "NOT": ["NOT"],
    "a OR b": ["a", "OR", "b"],
    "don't": ["don't"],
    "NEAR(": ["NEAR"],
    "col:x*": ["col:x"],
    "col : ": ["col"],
    "par": ["party"],
    "🎉": ["🎉"],
    "日本": ["日本"],
    "本語": ["本語"],
    "👩‍🚀": ["👩‍🚀"],
    "50%": ["50"],
    "- muller -": ["Müller"],
    "a_b": ["a_b"],
}


@pytest.mark.parametrize("text", FOUND)
def test_what_is_asked_for_is_never_syntax(tmp_path: Path, text: str) -> None:
    with talk(tmp_path, "…") as octo:
        octo.ask(TEXT, thread="t")
        (found,) = octo.threads.search(text)
    matched = [one.text for one in found.snippet if one.matched]
    assert matched
    assert set(matched) <= set(FOUND[text])


@pytest.mark.parametrize(
    "text", ['"', "-", "()", "*", "^", "\x00", "\udcff", "'; DROP TABLE x; --", "x" * 9000, "w " * 900]
)
def test_what_stands_nowhere_is_not_found(tmp_path: Path, text: str) -> None:
    with talk(tmp_path, "Hello") as octo:
        octo.ask("Hi", thread="t")
        assert octo.threads.search(text) == []


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text(alphabet=st.one_of(st.sampled_from("\"'*^():-+ANDORNEAR{} \x01\x02\u200b🎉日"), st.characters())))
def test_any_text_can_be_looked_for_and_found(text: str) -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE VIRTUAL TABLE words USING fts5(text)")
        database.execute("INSERT INTO words VALUES (?)", (searchable(f"before {text} behind"),))
        row = "SELECT snippet(words, 0, char(1), char(2), '…', 64) FROM words WHERE words MATCH ?"
        (snippet,) = database.execute(row, (f"{expression(text)} OR before",)).fetchone()
    assert any(one.text == "before" and one.matched for one in fragments(snippet))


@pytest.mark.parametrize(("text", "limit"), [("", 5), (" \n", 5), ("Hi", 0), ("Hi", -1)])
def test_nothing_to_look_for(tmp_path: Path, text: str, limit: int) -> None:
    with talk(tmp_path, "Hello") as octo, pytest.raises(UsageError, match="nothing to look for"):
        octo.threads.search(text, limit=limit)


def test_turns_of_every_end_are_found(tmp_path: Path) -> None:
    cancelled = CancelToken()
    cancelled.cancel()
    workers = {"chat": ScriptedWorker(["Hello"]), "broken": ScriptedWorker(errors=[UsageError("it broke")])}
    with make_octograph(tmp_path, workers) as octo:
        octo.ask("A stopped question", thread="t", cancel=cancelled)
        with pytest.raises(UsageError, match="it broke"):
            octo.ask("A broken question", thread="t", worker="broken")
        octo.ask("A plain question", thread="t")
        assert len(octo.threads.search("question")) == 3
        assert marked(octo.threads.search("broke")) == ["A <broken> question"]


def test_a_turn_that_waits_is_found_once_it_is_closed(tmp_path: Path) -> None:
    with make_octograph(
        tmp_path,
        {"facts": ScriptedWorker(["Lyon"])},
        thresholds={"facts": -1.0},
        evaluators={"facts": FixedEvaluator(otherwise=-2.0)},
        limits=Limits(unsure="ask"),
    ) as octo:
        octo.ask("Which city?", thread="t")
        assert octo.threads.search("city") == []
        list(octo.resume("t", choice="answer"))
        assert marked(octo.threads.search("lyon")) == ["<Lyon>"]


class Deadly:
    """A worker that kills its process."""

    async def run(self, task: Task, *, cancel: CancelToken) -> AsyncIterator[TextDelta | Outcome]:
        yield TextDelta(text="…")
        signal.raise_signal(signal.SIGKILL)


def deadly(folder: Path) -> Octograph:
    return make_octograph(folder, {"chat": ScriptedWorker(["Hello"]), "deadly": Deadly()})


def killed(statement: str, folder: Path) -> None:
    """Run a statement about ``octo`` in a process that dies of SIGKILL."""
    program = (
        "import signal, sys; from pathlib import Path; from tests.agents.test_finding import *\n"
        f"octo = deadly(Path(sys.argv[1]))\n{statement}\nsignal.raise_signal(signal.SIGKILL)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)], cwd=ROOT, capture_output=True, check=False, timeout=120
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


def test_a_killed_process_hides_no_turn(tmp_path: Path) -> None:
    killed("octo.ask('First', thread='t'); octo.ask('Second', thread='t', worker='deadly')", tmp_path)
    with deadly(tmp_path) as octo:
        assert [found.thread for found in octo.threads.search("first")] == ["t"]
        assert octo.threads.search("second") == []
        octo.ask("Third", thread="t")
        assert [octo.threads.search(word)[0].turn for word in ("first", "second", "third")] == [
            turn.id for turn in octo.threads.turns("t")
        ]


def test_what_was_not_indexed_before_the_kill_is_when_it_is_looked_for(tmp_path: Path) -> None:
    with talk(tmp_path, "Hello") as octo:
        octo.ask("First", thread="t")
        octo.ask("Second", thread="t")
    with closing(sqlite3.connect(tmp_path / "threads.sqlite")) as database, database:
        # As it stands between a turn's last checkpoint and its entry in the index.
        database.execute("DELETE FROM octograph_turns WHERE query = 'Second'")
        database.execute("UPDATE octograph_threads SET indexed = 0")
    with talk(tmp_path, "Hello") as octo:
        assert marked(octo.threads.search("second")) == ["<Second>"]
        assert len(octo.threads.search("hello")) == 2


def test_another_process_finds_what_this_one_wrote(tmp_path: Path) -> None:
    with talk(tmp_path, "Hello") as here, talk(tmp_path, "Hello") as there:
        here.ask("First", thread="t")
        assert marked(there.threads.search("first")) == ["<First>"]
        there.ask("Second", thread="t")
        assert marked(here.threads.search("second")) == ["<Second>"]
        there.threads.delete("t")
        assert here.threads.search("second") == []
