"""Hidden states that are read once and kept in a real SQLite file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from octograph.cancellation import CancelToken
from octograph.nodes.master import HiddenStates, ReadRequest
from octograph.nodes.master.kept_reader import KeptReader

ASKED = ReadRequest(system="s", text="What's 2 + 2?", layer=3)


class Counting:
    """Reads anything, and counts."""

    def __init__(self) -> None:
        self.reads = 0

    async def prepare(self) -> None:
        """Nothing to get ready."""

    async def layers(self) -> int:
        return 8

    async def read(self, request: ReadRequest, *, cancel: CancelToken) -> HiddenStates | None:
        self.reads += 1
        if cancel.cancelled:
            return None
        state = np.full(4, self.reads, np.float32)
        return HiddenStates(last=state, mean=state + 0.5, tokens=7)


async def read(reader: KeptReader, request: ReadRequest = ASKED) -> HiddenStates:
    states = await reader.read(request, cancel=CancelToken())
    assert states is not None
    return states


async def test_a_query_is_read_once(tmp_path: Path) -> None:
    counting, path = Counting(), tmp_path / "new" / "states.sqlite"
    reader = KeptReader(counting, path=path, identity="m")
    first = await read(reader)
    again = await read(reader)
    assert counting.reads == 1
    np.testing.assert_array_equal(again.vector(), first.vector())
    assert (again.tokens, again.each) == (7, None)
    assert await reader.layers() == 8
    reader.close()
    other_day = KeptReader(counting, path=path, identity="m")
    np.testing.assert_array_equal((await read(other_day)).vector(), first.vector())
    assert counting.reads == 1
    other_day.close()


async def test_whatever_changes_the_states_is_read_anew(tmp_path: Path) -> None:
    counting, path, adapter = Counting(), tmp_path / "states.sqlite", tmp_path / "a.gguf"
    adapter.write_bytes(b"one")
    reader = KeptReader(counting, path=path, identity="m")
    changes: list[dict[str, Any]] = [{"system": "t"}, {"layer": 4}, {"text": "x"}, {"adapter": adapter}]
    for change in ({}, *changes):
        await read(reader, replace(ASKED, **change))
    assert counting.reads == 5
    adapter.write_bytes(b"another")
    await read(reader, replace(ASKED, adapter=adapter))
    await read(reader, replace(ASKED, each=True))  # states of single tokens are not kept
    await read(reader, replace(ASKED, each=True))
    assert counting.reads == 8
    stranger = KeptReader(counting, path=path, identity="another model")
    await read(stranger)
    assert counting.reads == 9
    reader.close()
    stranger.close()


async def test_what_was_cancelled_is_not_kept(tmp_path: Path) -> None:
    counting, cancel = Counting(), CancelToken()
    reader = KeptReader(counting, path=tmp_path / "states.sqlite", identity="m")
    cancel.cancel()
    assert await reader.read(ASKED, cancel=cancel) is None
    await read(reader)
    assert counting.reads == 2
    reader.close()


@pytest.mark.parametrize("damage", ["no database", "a folder"])
async def test_a_file_that_is_of_no_use_costs_the_reading_only(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "states.sqlite"
    if damage == "a folder":
        path.mkdir()
    else:
        path.write_bytes(b"no database" * 500)
    counting = Counting()
    reader = KeptReader(counting, path=path, identity="m")
    await read(reader)
    await read(reader)
    assert counting.reads == 2
    reader.close()
