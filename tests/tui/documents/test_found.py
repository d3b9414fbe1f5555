"""What was just added is found by the next question: the real embedder and knowledge base under the screens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

import octograph
from octograph import CancelToken, Octograph
from octograph.agents import Retrieved
from octograph.documents import Change
from octograph.tui.screens.documents import DocumentsScreen
from octograph.tui.widgets.prompt import Prompt
from tests.tui.documents.conftest import Stage

QUESTION = "How long before I can move out?"


@pytest.fixture
async def octo(data_dir: Path) -> AsyncIterator[Octograph]:
    async with octograph.open() as opened:
        yield opened


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "lease.md").write_text("# Lease\n\nThe notice period is three months.\n", encoding="utf-8")
    (folder / "pump.txt").write_text("Anna calls the supplier about the broken pump.\n", encoding="utf-8")
    (folder / "photo.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return folder


async def indexed(pilot: Pilot[None], stage: Stage) -> None:
    for _ in range(1200):
        await pilot.pause(0.1)
        if stage.indexing.state.last is not None and not stage.indexing.busy:
            return


async def sources(octo: Octograph, question: str) -> list[str]:
    """The files that a question of the graph finds, in their order; nobody answers it."""
    found: list[str] = []
    cancel = CancelToken()
    async for event in octo.astream(question, worker="reader", cancel=cancel):
        if isinstance(event, Retrieved):
            found = [Path(hit.source).name for hit in event.hits]
            cancel.cancel()
    return found


async def test_a_folder_added_on_the_screen_is_found_by_the_next_question(octo: Octograph, papers: Path) -> None:
    assert await sources(octo, QUESTION) == []
    stage = Stage(papers.parent, octo.documents)
    async with stage.run_test() as pilot:
        await pilot.press("f2")
        await pilot.pause(0.3)
        await pilot.press(*"papers", "enter", "enter")
        await indexed(pilot, stage)
        state = stage.indexing.state
        assert [skipped.reason for skipped in state.unread] == ["it is a PNG image, which cannot be read"]
        assert (await sources(octo, QUESTION))[0] == "lease.md"
        (papers / "lease.md").write_text("# Lease\n\nThe notice period is six weeks.\n", encoding="utf-8")
        (papers / "pump.txt").unlink()
        await pilot.press("escape", "v")
        for _ in range(100):
            await pilot.pause(0.1)
            screen = stage.screen
            if isinstance(screen, DocumentsScreen) and screen.check_action("update", ()):
                break
        names = {Path(change.source).name: change.kind for change in octo.documents.changes()}
        assert names == {"lease.md": "changed", "pump.txt": "gone"}


async def test_a_file_that_a_question_mentions_is_read_before_the_others(octo: Octograph, papers: Path) -> None:
    stage = Stage(papers, octo.documents)
    async with stage.run_test() as pilot:
        await pilot.pause(0.3)
        await pilot.press(*"see", "space", *"@lease.md", "space", "enter")
        await pilot.pause(0.3)
        (question,) = stage.submitted
        outcome = await stage.indexing.add(question.mentions, ahead=True)
        assert outcome.finished
        stage.screen.query_one(Prompt).know(entry.source for entry in octo.documents.entries())
    assert await sources(octo, QUESTION) == ["lease.md"]


async def test_what_is_as_it_was_is_no_change(octo: Octograph, papers: Path) -> None:
    await octo.documents.aadd([papers])
    lease = papers / "lease.md"
    lease.write_text(lease.read_text(encoding="utf-8"), encoding="utf-8")  # another time, the same content
    assert octo.documents.changes() == []
    assert octo.documents.unindexed([lease, papers / "pump.txt"]) == []
    lease.write_text(lease.read_text(encoding="utf-8").replace("three", "seven"), encoding="utf-8")
    assert octo.documents.unindexed([lease, papers / "pump.txt", papers]) == [lease, papers]
    assert octo.documents.changes() == [Change(source=str(lease), kind="changed")]
