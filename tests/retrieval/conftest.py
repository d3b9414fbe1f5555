from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from octograph.retrieval.knowledge_base import KnowledgeBase
from octograph.retrieval.splitting import Splitter
from octograph.testing import FakeEmbedder
from tests.retrieval.editions import Starter

Make = Callable[..., KnowledgeBase]


@pytest.fixture(scope="session")
def splitter(tokenizer: Path) -> Splitter:
    return Splitter(tokenizer)


@pytest.fixture
def make_base(tmp_path: Path, splitter: Splitter) -> Iterator[Make]:
    """Open a knowledge base, each call as another process would."""
    opened: list[KnowledgeBase] = []

    def make(embedder: FakeEmbedder | None = None, *, folder: Path | None = None) -> KnowledgeBase:
        base = KnowledgeBase(
            folder or tmp_path / "base", embedder=embedder or FakeEmbedder(), splitter=lambda: splitter
        )
        opened.append(base)
        return base

    yield make
    for base in opened:
        base.close()


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A folder with a few files."""
    folder = tmp_path / "library"
    (folder / "notes").mkdir(parents=True)
    (folder / "manual.md").write_text(
        "# Coffee machine\n\nRead this first.\n\n"
        "## Descaling\n\nDescale the machine every two months with citric acid.\n\n"
        "## Warranty\n\nThe warranty lasts three years.\n",
        encoding="utf-8",
    )
    (folder / "lease.txt").write_text("The notice period is three months to the end of a quarter.\n", encoding="utf-8")
    (folder / "notes" / "tuesday.txt").write_text("Anna calls the supplier about the broken pump.\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def starter(tokenizer: Path) -> Iterator[Starter]:
    with closing(Starter(tokenizer)) as starter:
        yield starter
