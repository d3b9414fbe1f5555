"""Pictures of what is about documents; after a meant change look at them, and run pytest with --snapshot-update."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path

import pytest
from textual.app import App
from textual.pilot import Pilot

from octograph.documents import Change
from octograph.retrieval.indexing import IndexingProgress, IndexingReport, Skipped
from octograph.tui.testing import Pause, ScriptedDocuments, an_entry
from tests.tui.documents.conftest import Stage

Still = Callable[[App[None]], None]
SnapCompare = Callable[..., bool]

SCENES: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "mention": ((), (*"What does ", "@", "d")),
    "empty": ((), ("f2",)),
    "filled": (("scans", "notes", "more"), ("f2", "down")),
    "changed": ((), ("f2", "v")),
    "removing": ((), ("f2", "d")),
}


def documents(folder: Path, *, filled: bool) -> ScriptedDocuments:
    names = {
        "contracts/lease.pdf": 64,
        "contracts/of a very long name/with folders that fit into no window/of any terminal/insurance.pdf": 1208,
        "recipes/soup.md": 3,
        "recipes/[bold]bread[/bold].md": 4,
    }
    sources = {str(folder / name): passages for name, passages in names.items()} if filled else {}
    unread = [
        Skipped(source=str(folder / "scans" / "letter.pdf"), reason="it holds no text"),
        Skipped(source=str(folder / "scans" / "photo.png"), reason="it is a PNG image, which cannot be read"),
    ]
    return ScriptedDocuments(
        documents={source: an_entry(source, passages=passages) for source, passages in sources.items()},
        changed=[
            Change(source=str(folder / "contracts/lease.pdf"), kind="changed"),
            Change(source=str(folder / "recipes/soup.md"), kind="gone"),
        ],
        scripts={
            "scans": [IndexingReport(added=1, skipped=unread, passages=5, finished=True)],
            "notes": [IndexingProgress(files=120, total=412, passages=3051, usable=96, skipped=2), Pause()],
        },
    )


def play(scene: str, folder: Path, still: Still) -> Callable[[Pilot[None]], Awaitable[None]]:
    additions, keys = SCENES[scene]

    async def run(pilot: Pilot[None]) -> None:
        stage = pilot.app
        assert isinstance(stage, Stage)
        await pilot.pause(0.2)
        for name in additions:
            stage.indexing.add([folder / name])
        for key in keys:
            await pilot.press(key if key != " " else "space")
            await pilot.pause(0.3)
        still(stage)
        await pilot.pause()

    return run


@pytest.mark.parametrize("theme", ["textual-dark", pytest.param("textual-light", marks=pytest.mark.slow)])
@pytest.mark.parametrize("size", [(80, 24), (140, 45)], ids=["80x24", "140x45"])
@pytest.mark.parametrize("scene", list(SCENES))
def test_looks_as_it_did(
    snap_compare: SnapCompare, as_home: Path, still: Still, scene: str, size: tuple[int, int], theme: str
) -> None:
    stage = Stage(as_home, documents(as_home, filled=scene not in ("empty", "mention")), theme=theme)
    assert snap_compare(stage, terminal_size=size, run_before=play(scene, as_home, still))
