"""The screen of documents, and the line about indexing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Input

from octograph.documents import Change
from octograph.errors import KnowledgeError
from octograph.retrieval.entry import Entry
from octograph.retrieval.indexing import IndexingProgress, IndexingReport, Skipped
from octograph.tui.screens.confirm import ConfirmScreen
from octograph.tui.screens.documents import DocumentsScreen
from octograph.tui.testing import Pause, ScriptedDocuments, an_entry
from octograph.tui.widgets.document_list import DocumentList
from octograph.tui.widgets.indexing import IndexingLine
from octograph.tui.widgets.path_input import PathInput
from octograph.tui.widgets.prompt import Prompt
from tests.tui.documents.conftest import Stage

ReadScreen = Callable[[App[None]], str]
SCAN = Skipped(source="/home/me/scan.png", reason="it is a PNG image, which cannot be read")


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    for _ in range(6):
        await pilot.pause(0.04)


def fill(documents: ScriptedDocuments, *sources: str) -> None:
    documents.documents = {source: an_entry(source) for source in sources}


async def test_without_documents_it_says_how_to_add_some(stage: Stage, read_screen: ReadScreen) -> None:
    async with stage.run_test() as pilot:
        await press(pilot, "f2")
        assert "No documents yet." in read_screen(stage)
        assert stage.screen.query_one(PathInput).has_focus
        await press(pilot, "escape")
        assert not isinstance(stage.screen, DocumentsScreen)


async def test_a_file_is_added_by_its_path_and_listed(
    stage: Stage, documents: ScriptedDocuments, folder: Path, read_screen: ReadScreen
) -> None:
    async with stage.run_test(size=(110, 30)) as pilot:
        await press(pilot, "f2", *"lea", "enter", "enter")
        assert documents.added == [[str(folder / "docs" / "lease.md")]]
        screen = read_screen(stage)
        assert "docs/lease.md" in screen
        assert "2026-01-05" in screen
        assert "1 documents, 12 passages" in screen
        assert "indexed lease.md: 1 file" in screen
        assert stage.screen.query_one(Input).value == ""


async def test_the_path_is_completed_folder_by_folder(stage: Stage, documents: ScriptedDocuments, folder: Path) -> None:
    async with stage.run_test() as pilot:
        await press(pilot, "f2", *"doc", "tab", "down", "down", "down", "tab")
        assert stage.screen.query_one(Input).value == "docs/plans/"
        await press(pilot, "enter")
    assert documents.added == [[str(folder / "docs" / "plans")]]


async def test_what_is_not_there_is_told_and_kept_for_mending(
    stage: Stage, documents: ScriptedDocuments, read_screen: ReadScreen
) -> None:
    async with stage.run_test() as pilot:
        await press(pilot, "f2", *"nowhere", "enter")
        assert "There is nothing at" in read_screen(stage)
        assert stage.screen.query_one(Input).value == "nowhere"
        stage.screen.query_one(Input).value = "   "
        await press(pilot, "enter")
    assert documents.added == []


async def test_several_paths_can_be_added_at_once(stage: Stage, documents: ScriptedDocuments, folder: Path) -> None:
    async with stage.run_test() as pilot:
        await press(pilot, "f2")
        stage.screen.query_one(Input).value = "'docs/my notes.txt' ./README.md"
        await press(pilot, "enter")
    assert documents.added == [[str(folder / "docs" / "my notes.txt"), str(folder / "README.md")]]


async def test_removing_asks_first(stage: Stage, documents: ScriptedDocuments, read_screen: ReadScreen) -> None:
    fill(documents, "/a/one.md", "/a/two.md", "/b/three.md")
    async with stage.run_test() as pilot:
        await press(pilot, "f2", "down", "d")
        assert isinstance(stage.screen, ConfirmScreen)
        assert "/a/two.md" in read_screen(stage)
        await press(pilot, "n")
        assert len(documents.documents) == 3
        await press(pilot, "delete", "y")
        assert list(documents.documents) == ["/a/one.md", "/b/three.md"]
        assert "two.md" not in read_screen(stage)
        await press(pilot, "up", "D")
        assert "all 1 documents of this folder" in read_screen(stage)
        await press(pilot, "y")
        assert list(documents.documents) == ["/b/three.md"]


async def test_nothing_is_removed_while_documents_are_added(
    stage: Stage, documents: ScriptedDocuments, read_screen: ReadScreen
) -> None:
    fill(documents, "/a/one.md")
    documents.scripts = {"slow": [Pause()]}
    async with stage.run_test(size=(120, 30)) as pilot:
        stage.indexing.add([Path("/x/slow")])
        await press(pilot, "f2", "d")
        assert "Nothing can be removed until that is done" in read_screen(stage)
        assert isinstance(stage.screen, DocumentsScreen)


async def test_what_changed_on_the_disk_is_marked_and_updated(
    stage: Stage, documents: ScriptedDocuments, read_screen: ReadScreen
) -> None:
    fill(documents, "/a/gone.md", "/a/new.md", "/a/same.md")
    documents.changed = [Change(source="/a/gone.md", kind="gone"), Change(source="/a/new.md", kind="changed")]
    async with stage.run_test() as pilot:
        await press(pilot, "f2", "u")  # nothing is known to have changed
        await press(pilot, "v")
        screen = read_screen(stage)
        assert "gone  /a/gone.md" in screen
        assert "changed  /a/new.md" in screen
        assert "1 gone, 1 changed · u updates" in screen
        await press(pilot, "u")
        assert "These files are gone. Remove their documents (1)?" in read_screen(stage)
        await press(pilot, "y")
        assert documents.added == [["/a/new.md"]]
        assert list(documents.documents) == ["/a/new.md", "/a/same.md"]
        await press(pilot, "v")
        assert "all files are as they were" in read_screen(stage)


async def test_what_could_not_be_read_is_listed_with_its_reason(
    stage: Stage, documents: ScriptedDocuments, read_screen: ReadScreen
) -> None:
    documents.scripts = {"me": [IndexingReport(added=0, skipped=[SCAN], finished=True)]}
    async with stage.run_test(size=(100, 30)) as pilot:
        stage.indexing.add([Path("/home/me")])
        await press(pilot, "f2")
        screen = read_screen(stage)
        assert "✗ /home/me/scan.png  it is a PNG image, which cannot be read" in screen
        assert "1 unreadable" in screen
        await press(pilot, "down", "d")  # of it there is nothing to remove
        documents_list = stage.screen.query_one(DocumentList)
        assert documents_list.current is None
        assert isinstance(stage.screen, DocumentsScreen)


async def test_errors_of_the_knowledge_base_are_told(folder: Path, read_screen: ReadScreen) -> None:
    class Damaged(ScriptedDocuments):
        def entries(self) -> list[Entry]:
            raise KnowledgeError("the knowledge base is damaged", hint="Verify it.")

    class Busy(ScriptedDocuments):
        def remove(self, sources: object) -> list[str]:
            raise KnowledgeError("another process is writing", hint="Wait.")

        def changes(self) -> list[Change]:
            raise KnowledgeError("the knowledge base is damaged", hint="Verify it.")

    stage = Stage(folder, Damaged())
    async with stage.run_test() as pilot:
        await press(pilot, "f2")
        assert "the knowledge base is damaged Verify it." in read_screen(stage)
    stage = Stage(folder, Busy(documents={"/a/one.md": an_entry("/a/one.md")}))
    async with stage.run_test() as pilot:
        await press(pilot, "f2", "d", "y")
        assert "another process is writing Wait." in read_screen(stage)
        await press(pilot, "v")
        assert "the knowledge base is damaged Verify it." in read_screen(stage)


async def test_names_of_files_are_no_commands_for_the_terminal(
    stage: Stage, documents: ScriptedDocuments, read_screen: ReadScreen
) -> None:
    evil = "/a/[bold]\x1b]0;x\x07\n[/bold].md"
    fill(documents, evil)
    bad = Skipped(source=evil, reason=evil)
    documents.scripts = {"me": [IndexingReport(skipped=[bad], finished=True)]}
    async with stage.run_test(size=(120, 30)) as pilot:
        stage.indexing.add([Path("/home/me")])
        await press(pilot, "f2")
        screens = [read_screen(stage)]
        await press(pilot, "d")
        screens.append(read_screen(stage))
    for screen in screens:
        assert "[bold]" in screen
        assert not [c for c in screen if c != "\n" and (ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0)]


async def test_many_documents_are_listed_while_keys_still_work(
    stage: Stage, documents: ScriptedDocuments, read_screen: ReadScreen
) -> None:
    fill(documents, *(f"/a/{number:04}.md" for number in range(2300)))
    async with stage.run_test() as pilot:
        await press(pilot, "f2")
        listed = stage.screen.query_one(DocumentList)
        for _ in range(200):
            await pilot.pause(0.02)
            if listed.option_count == 2300:
                break
        await press(pilot, "end")
        assert listed.current == "/a/2299.md"
        await press(pilot, "d", "y")
        assert listed.option_count >= 500
        assert listed.current == "/a/2298.md"
        assert "2,299 documents" in read_screen(stage)


# --- the line ---------------------------------------------------------------------------------------------


def slow() -> ScriptedDocuments:
    progress = IndexingProgress(files=120, total=412, passages=3051)
    return ScriptedDocuments(scripts={"notes": [progress, Pause()], "quick": [Pause(seconds=0.01)]})


@pytest.mark.parametrize(
    ("width", "words", "missing"),
    [
        (100, ["120 of 412 files", "not in answers yet: 412", "3,051 passages", "1 more to add"], []),
        (80, ["120 of 412 files", "not in answers yet: 412", "3,051 passages"], ["1 more"]),
        (64, ["120 of 412 files", "not in answers yet: 412"], ["passages"]),
    ],
)
async def test_the_line_tells_how_far_it_is_and_what_answers_do_not_know(
    folder: Path, read_screen: ReadScreen, width: int, words: list[str], missing: list[str]
) -> None:
    stage = Stage(folder, slow())
    async with stage.run_test(size=(width, 24)) as pilot:
        await press(pilot)
        assert not stage.screen.query_one(IndexingLine).display
        stage.indexing.add([folder.parent / "notes"])
        stage.indexing.add([folder.parent / "quick"])
        await press(pilot, *"typed meanwhile".replace(" ", ""))
        screen = read_screen(stage)
        assert "indexing notes" in screen
        for word in words:
            assert word in screen
        for word in missing:
            assert word not in screen
        assert stage.screen.query_one(Prompt).text == "typedmeanwhile"


async def test_what_answers_know_already_is_told_and_listed(
    stage: Stage, documents: ScriptedDocuments, read_screen: ReadScreen
) -> None:
    fill(documents, "/a/one.md", "/c/three.md")
    progress = IndexingProgress(files=120, total=412, passages=3051, usable=96, skipped=1)
    documents.scripts = {"notes": [Pause(seconds=0.5), an_entry("/b/two.md"), progress, Pause()]}
    async with stage.run_test(size=(110, 30)) as pilot:
        await press(pilot, "f2", "down")
        stage.indexing.add([Path("/x/notes")])
        listed = stage.screen.query_one(DocumentList)
        assert (listed.option_count, listed.current) == (2, "/c/three.md")
        for _ in range(100):
            await pilot.pause(0.02)
            if listed.option_count == 3:
                break
        screen = read_screen(stage)
        assert "120 of 412 files · in answers: 96, not yet: 315" in screen
        assert "/b/two.md" in screen
        assert listed.current == "/c/three.md"  # the cursor stays on its document


async def test_stopping_is_told(folder: Path, read_screen: ReadScreen) -> None:
    stage = Stage(folder, slow())
    async with stage.run_test(size=(110, 24)) as pilot:
        stage.indexing.add([Path("/x/notes")])
        await press(pilot, "f2")
        assert "Stop indexing" in read_screen(stage)
        await press(pilot, "a")
        assert "Stop indexing" not in read_screen(stage)  # c is a letter there
        await press(pilot, "escape")
        await press(pilot, "c")
        screen = read_screen(stage)
        assert "stopped indexing notes; answers know 0 files of it" in screen
        assert "Stop indexing" not in screen


async def test_an_error_stays_in_the_line_and_success_goes(folder: Path, read_screen: ReadScreen) -> None:
    documents = ScriptedDocuments(scripts={"full": [KnowledgeError("the disk is full", hint="Make room.")]})
    stage = Stage(folder, documents, stands=0.1)
    async with stage.run_test() as pilot:
        stage.indexing.add([Path("/x/full")])
        await press(pilot)
        assert "✗ full was not indexed: the disk is full Make room." in read_screen(stage)
        stage.indexing.add([Path("/x/fine")])
        await press(pilot)
        assert not stage.screen.query_one(IndexingLine).display
