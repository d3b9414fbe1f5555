"""``kill -9`` in the middle of it: what a person was asked, and what a turn has spent, are there afterwards."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from octograph import Octograph
from octograph.agents import Asked, Finished, Judged, StepStarted
from octograph.agents.judging import Judgement
from octograph.agents.limits import Limits
from octograph.agents.steps import Comparison
from octograph.cancellation import CancelToken
from octograph.nodes.generation import Generation, TextDelta
from octograph.nodes.worker import Outcome, Task, Worker
from octograph.testing import FixedEvaluator, FixedJudge, FixedRouter, ScriptedWorker, make_octograph

ROOT = Path(__file__).parent.parent.parent


class Costly:
    """A worker of no use that writes many tokens; a deadly one kills its process in the middle."""

    def __init__(self, *, deadly: bool = False) -> None:
        self._deadly = deadly

    async def run(self, task: Task, *, cancel: CancelToken) -> AsyncIterator[TextDelta | Outcome]:
        if self._deadly:
            signal.raise_signal(signal.SIGKILL)
        generation = Generation(
            finish="stop", prompt_tokens=1, cached_tokens=0, completion_tokens=60, prefill_seconds=0, decode_seconds=0
        )
        yield Outcome(finish="stop", source="model", generation=generation)


def unsure(folder: Path) -> Octograph:
    """A worker that is not sure, and a person to be asked."""
    return make_octograph(
        folder,
        {"facts": ScriptedWorker(["Lyon"])},
        thresholds={"facts": -1.0},
        evaluators={"facts": FixedEvaluator(otherwise=-2.0)},
        limits=Limits(unsure="ask"),
    )


def costly(folder: Path, *, deadly: bool) -> Octograph:
    """Three workers, of whom the budget allows two; the second may be deadly."""
    workers: dict[str, Worker] = {"a": Costly(), "b": Costly(deadly=deadly), "c": ScriptedWorker(["late"])}
    router = FixedRouter(tuple(workers), {"?": {"a": 0.5, "b": 0.3, "c": 0.19, "none": 0.01}})
    return make_octograph(folder, workers, router=router, limits=Limits(tokens=100))


class Deadly:
    """A judge that kills its process."""

    async def __call__(
        self, question: str, answers: Sequence[str], *, context: str | None, cancel: CancelToken
    ) -> tuple[Judgement, ...] | None:
        signal.raise_signal(signal.SIGKILL)
        return None


def judged(folder: Path, judge: Comparison | None) -> Octograph:
    """Two workers that are not sure, a person to be asked, and a judge."""
    workers = {"facts": ScriptedWorker(["Lyon"]), "more": ScriptedWorker(["Nice"])}
    return make_octograph(
        folder,
        workers,
        escalations={"facts": "more"},
        thresholds=dict.fromkeys(workers, -1.0),
        evaluators={"facts": FixedEvaluator(otherwise=-2.0), "more": FixedEvaluator(otherwise=-1.5)},
        judge=judge,
        limits=Limits(unsure="ask"),
    )


def kill_in(statement: str, folder: Path) -> None:
    """Run a statement of this module's names in a process that dies of SIGKILL."""
    program = (
        "import signal, sys; from pathlib import Path; from tests.agents.test_killed import *\n"
        f"folder = Path(sys.argv[1])\n{statement}\nsignal.raise_signal(signal.SIGKILL)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(folder)], cwd=ROOT, capture_output=True, check=False, timeout=120
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


def test_a_question_to_a_person_outlives_the_process(tmp_path: Path) -> None:
    kill_in("assert unsure(folder).ask('Which city?', thread='t').status == 'waiting'", tmp_path)
    with unsure(tmp_path) as octo:
        (turn,) = octo.threads.turns("t")
        assert turn.status == "waiting"
        assert [(one.worker, one.text, one.score) for one in turn.tried] == [("facts", "Lyon", -2.0)]
        *events, last = octo.resume("t", choice="answer")
    assert not any(isinstance(event, Asked) for event in events)
    assert isinstance(last, Finished)
    assert (last.turn.status, last.turn.text, last.turn.worker) == ("answered", "Lyon", "facts")


def test_what_was_spent_before_a_crash_counts_after_it(tmp_path: Path) -> None:
    kill_in("costly(folder, deadly=True).ask('?', thread='t')", tmp_path)
    with costly(tmp_path, deadly=False) as octo:
        *_, last = octo.resume("t")
    assert isinstance(last, Finished)
    assert [one.worker for one in last.turn.tried] == ["a", "b"]
    assert "the budget of 100 tokens is spent" in last.turn.text


def test_a_judge_that_was_killed_judges_once_more_and_nobody_writes_again(tmp_path: Path) -> None:
    kill_in("judged(folder, Deadly()).ask('Which city?', thread='t')", tmp_path)
    with judged(tmp_path, FixedJudge({"Lyon": -1.0, "Nice": -2.0})) as octo:
        *events, asked, last = octo.resume("t")
        assert [event.step for event in events if isinstance(event, StepStarted)] == ["judge"]
        assert isinstance(asked, Asked)
        assert [one.worker for one in asked.attempts] == ["facts", "more"]
        *_, last = octo.resume("t", choice="answer")
    assert isinstance(last, Finished)
    assert (last.turn.status, last.turn.text) == ("answered", "Lyon")


def test_a_judgement_outlives_the_process(tmp_path: Path) -> None:
    kill_in("judged(folder, FixedJudge({'Lyon': -1.0, 'Nice': -2.0})).ask('Which city?', thread='t')", tmp_path)
    other = FixedJudge({"Lyon": -2.0, "Nice": -1.0})
    with judged(tmp_path, other) as octo:
        *events, last = octo.resume("t", choice="answer")
    assert not any(isinstance(event, Judged) for event in events)
    assert other.asked == []
    assert isinstance(last, Finished)
    assert (last.turn.status, last.turn.text) == ("answered", "Lyon")


def test_a_judge_that_was_killed_and_taken_out_of_the_graph_loses_no_turn(tmp_path: Path) -> None:
    kill_in("judged(folder, Deadly()).ask('Which city?', thread='t')", tmp_path)
    with judged(tmp_path, None) as octo:
        *events, asked, last = octo.resume("t")
    assert not any(isinstance(event, Judged) for event in events)
    assert isinstance(asked, Asked)
    assert [one.worker for one in asked.attempts] == ["more", "facts"]
    assert isinstance(last, Finished)
    assert last.turn.status == "waiting"
