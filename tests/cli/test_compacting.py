"""``octograph threads compact``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octograph.testing import ScriptedWorker, make_octograph

if TYPE_CHECKING:
    from tests.cli.conftest import Run


@pytest.fixture(autouse=True)
def _turns(data_dir: Path) -> None:
    """Six turns of the thread ``fruit``."""
    with make_octograph(data_dir, {"chat": ScriptedWorker(["They are red."])}) as octo:
        for query in "abcdef":
            octo.ask(query, thread="fruit")


def test_compacted_and_undone(run: Run) -> None:
    done = run("threads", "compact", "fruit")
    assert (done.status, done.out) == (0, "")
    assert done.err == "2 earlier turns are no longer shown to models; the transcript keeps them, and --all undoes it\n"
    assert run("threads", "compact", "fruit", "--keep", "1", "--json").json() == {"compacted": "fruit", "hidden": 5}
    assert len(run("threads", "show", "fruit", "--json").json()) == 6
    assert run("threads", "compact", "fruit", "--keep", "5").err.startswith("1 earlier turn is no longer")
    assert run("threads", "compact", "fruit", "--all").err == "models are shown all turns\n"
    assert run("threads", "compact", "fruit", "--all", "--json").json() == {"compacted": "fruit", "hidden": 0}


def test_what_cannot_be_done(run: Run) -> None:
    assert run("threads", "compact", "fruit", "--keep", "-1").status == 2
    assert run("threads", "compact", "fruit", "--keep", "1", "--all").status == 2
    missing = run("threads", "compact", "elsewhere", "--json")
    assert (missing.status, missing.json()["error"]["type"]) == (1, "ThreadError")
