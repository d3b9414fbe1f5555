"""What is added in the background, without a screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path

import pytest

from octograph.cancellation import CancelToken
from octograph.errors import KnowledgeError
from octograph.retrieval.indexing import IndexingProgress, IndexingReport, Skipped
from octograph.tui.documents.indexing import Indexing, IndexingState, count_files
from octograph.tui.testing import Pause, ScriptedDocuments
from octograph.tui.testing.documents import Beat

SLOW, DAMAGED, QUICK = Path("/d/slow"), Path("/d/damaged"), Path("/d/quick")
UNREAD = Skipped(source="/d/damaged/x.png", reason="it is a PNG image, which cannot be read")
SCRIPTS: Mapping[str, Sequence[Beat]] = {
    "slow": [IndexingProgress(files=3, total=9, passages=40), Pause()],
    "usable": [IndexingProgress(files=5, total=9, passages=60, usable=3, skipped=1), Pause()],
    "damaged": [IndexingReport(added=1, skipped=[UNREAD], finished=True)],
    "broken": [KnowledgeError("the disk is full", hint="Make room.")],
    "worse": [RuntimeError("what?")],
}


@pytest.fixture
async def documents() -> ScriptedDocuments:
    return ScriptedDocuments(scripts=SCRIPTS)


@pytest.fixture
async def indexing(documents: ScriptedDocuments) -> AsyncIterator[Indexing]:
    indexing = Indexing(documents.aadd, count=lambda paths: 9 if paths[0] == SLOW else len(paths))
    yield indexing
    await indexing.close()


async def until(indexing: Indexing, reached: Callable[[IndexingState], bool]) -> IndexingState:
    for _ in range(500):
        if reached(indexing.state):
            return indexing.state
        await asyncio.sleep(0.005)
    raise AssertionError(indexing.state)


async def test_an_addition_ends_with_its_report(indexing: Indexing, documents: ScriptedDocuments) -> None:
    assert indexing.state == IndexingState()
    outcome = await indexing.add([QUICK])
    assert outcome.finished
    assert outcome.report is not None
    assert outcome.report.added == 1
    assert indexing.state == IndexingState(last=outcome)
    assert documents.added == [["/d/quick"]]


async def test_followers_are_told_until_they_leave(indexing: Indexing) -> None:
    told: list[IndexingState] = []
    leave = indexing.follow(told.append)
    assert told == [IndexingState()]
    outcome = await indexing.add([QUICK])
    await asyncio.sleep(0.05)
    assert QUICK in {path for state in told for path in state.current}
    assert told[-1].last == outcome
    leave()
    count = len(told)
    await indexing.add([QUICK])
    assert len(told) == count


async def test_additions_come_one_after_another_and_their_files_are_counted(
    indexing: Indexing, documents: ScriptedDocuments
) -> None:
    indexing.add([SLOW])
    indexing.add([QUICK, DAMAGED])
    indexing.add([QUICK])
    state = await until(indexing, lambda state: state.passages == 40 and state.pending == 12)
    assert (state.current, state.files, state.total, state.waiting) == ((SLOW,), 3, 9, 2)
    assert indexing.busy
    assert documents.added == [["/d/slow"]]


async def test_what_is_published_is_no_longer_pending(indexing: Indexing, documents: ScriptedDocuments) -> None:
    indexing.add([Path("/d/usable")])
    indexing.add([QUICK, DAMAGED])
    state = await until(indexing, lambda state: state.usable == 3 and state.pending == 7)
    assert (state.files, state.total, state.waiting) == (5, 9, 1)
    documents.scripts = {"quick": [Pause()]}
    indexing.add([QUICK], ahead=True)
    state = await until(indexing, lambda state: state.current == (QUICK,) and state.pending == 8)
    assert (state.usable, state.waiting) == (0, 2)  # what was overtaken still needs as many files


async def test_cancelling_ends_what_runs_and_forgets_what_waits(
    indexing: Indexing, documents: ScriptedDocuments
) -> None:
    running, waiting = indexing.add([SLOW]), indexing.add([QUICK])
    await until(indexing, lambda state: state.passages == 40)
    indexing.cancel()
    stopped, dropped = await running, await waiting
    assert stopped.report is not None
    assert not stopped.finished
    assert (dropped.report, dropped.error) == (None, None)
    assert documents.added == [["/d/slow"]]
    assert not indexing.state.current
    assert (await indexing.add([QUICK])).finished


async def test_what_a_question_waits_for_comes_first_and_the_rest_goes_on(
    indexing: Indexing, documents: ScriptedDocuments
) -> None:
    running = indexing.add([SLOW])
    indexing.add([DAMAGED])
    await until(indexing, lambda state: state.passages == 40)
    one, two = indexing.add([QUICK], ahead=True), indexing.add([QUICK, QUICK], ahead=True)
    assert (await one).finished
    assert (await two).finished
    await until(indexing, lambda state: state.current == (SLOW,) and state.passages == 40)
    assert [len(paths) for paths in documents.added] == [1, 1, 2, 1]
    assert not running.done()
    assert indexing.state.waiting == 1


async def test_cancelling_also_ends_what_was_overtaken(indexing: Indexing) -> None:
    overtaken = indexing.add([SLOW])
    await until(indexing, lambda state: state.passages == 40)
    ahead = indexing.add([QUICK], ahead=True)
    indexing.cancel()
    assert not (await overtaken).finished
    assert not (await ahead).finished


@pytest.mark.parametrize(("name", "kind"), [("broken", KnowledgeError), ("worse", RuntimeError)])
async def test_an_error_is_an_outcome_and_the_next_addition_goes_on(
    indexing: Indexing, name: str, kind: type[Exception]
) -> None:
    broken, after = indexing.add([Path("/d") / name]), indexing.add([QUICK])
    assert isinstance((await broken).error, kind)
    assert (await after).finished


async def test_what_cannot_be_read_is_remembered_until_it_can(indexing: Indexing, documents: ScriptedDocuments) -> None:
    await indexing.add([DAMAGED])
    await indexing.add([QUICK])
    assert list(indexing.state.unread) == [UNREAD]
    documents.scripts = {}
    await indexing.add([DAMAGED])
    assert not indexing.state.unread


async def test_whoever_waits_may_leave(indexing: Indexing) -> None:
    waiting = asyncio.ensure_future(asyncio.wait_for(indexing.add([SLOW]), 0.05))
    with pytest.raises(TimeoutError):
        await waiting
    indexing.cancel()
    assert (await indexing.add([QUICK])).finished


async def test_closing_waits_for_the_end(indexing: Indexing) -> None:
    running = indexing.add([SLOW])
    await until(indexing, lambda state: state.passages == 40)
    await indexing.close()
    assert running.done()
    assert not indexing.busy


async def test_progress_after_the_end_of_the_loop_is_lost_quietly() -> None:
    told: list[Callable[[IndexingProgress], None]] = []

    async def add(
        paths: object, *, progress: Callable[[IndexingProgress], None], cancel: CancelToken
    ) -> IndexingReport:
        told.append(progress)
        return IndexingReport(finished=True)

    def elsewhere() -> None:
        async def run() -> None:
            await Indexing(add).add([QUICK])

        asyncio.run(run())

    await asyncio.to_thread(elsewhere)
    told[0](IndexingProgress(files=1, total=1, passages=1))


def test_files_are_counted_as_they_are_read(folder: Path) -> None:
    assert count_files([folder, folder / ".env", folder / "nowhere"]) == 7
