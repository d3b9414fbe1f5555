"""A stage for the prompt and the screen of documents alone, without a chat around them."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import pytest
from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

import octograph.tui
from octograph.tui.documents.indexing import Indexing
from octograph.tui.documents.store import DocumentStore
from octograph.tui.screens.documents import DocumentsScreen
from octograph.tui.testing import ScriptedDocuments
from octograph.tui.widgets.indexing import IndexingLine
from octograph.tui.widgets.key_line import KeyLine
from octograph.tui.widgets.prompt import Prompt

FILES = (
    "README.md",
    "docs/lease.md",
    "docs/my notes.txt",
    "docs/plans/garden.md",
    "src/router.py",
    "src/reader.py",
    ".secret/key.txt",
    ".env",
    "node_modules/left.js",
)


class Stage(App[None]):
    """A prompt and the line about indexing; f2 shows the documents."""

    CSS_PATH = Path(octograph.tui.__file__).parent / "octograph.tcss"
    CSS = "Screen { align-horizontal: center; } #room { height: 1fr; }"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("f2", "documents", "Documents")]

    def __init__(
        self, folder: Path, documents: DocumentStore, *, theme: str = "textual-dark", stands: float = 60.0
    ) -> None:
        super().__init__()
        self.theme = theme
        self.animation_level = "none"
        self.documents = documents
        self.indexing = Indexing(documents.aadd)
        self.submitted: list[Prompt.Submitted] = []
        self.pasted: list[Prompt.PathsPasted] = []
        self._folder = folder
        self._stands = stands

    def compose(self) -> ComposeResult:
        yield Static(id="room")
        yield IndexingLine(stands=self._stands)
        yield Prompt(folder=self._folder)
        yield KeyLine()

    def on_mount(self) -> None:
        self.indexing.follow(self.screen.query_one(IndexingLine).show)
        self.screen.query_one(Prompt).focus()

    async def on_unmount(self) -> None:
        await self.indexing.close()

    def action_documents(self) -> None:
        self.push_screen(DocumentsScreen(self.documents, self.indexing, folder=self._folder))

    @on(Prompt.Submitted)
    def note_question(self, event: Prompt.Submitted) -> None:
        self.submitted.append(event)
        event.prompt.take(event.text)

    @on(Prompt.PathsPasted)
    def note_paths(self, event: Prompt.PathsPasted) -> None:
        self.pasted.append(event)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a few files."""
    for name in FILES:
        path = tmp_path / "here" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"This is {name}.", encoding="utf-8")
    return tmp_path / "here"


@pytest.fixture
def documents() -> ScriptedDocuments:
    """Documents of which there are none yet."""
    return ScriptedDocuments()


@pytest.fixture
def stage(folder: Path, documents: ScriptedDocuments) -> Stage:
    """The stage in that folder, in the dark."""
    return Stage(folder, documents)


@pytest.fixture
def as_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder as the user's home, so that pictures name no folder of this machine."""
    monkeypatch.setenv("HOME", str(folder))
    return folder
