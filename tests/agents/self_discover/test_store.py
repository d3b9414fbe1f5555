"""Structures: kept, replaced, listed, removed; whatever lies in the file is told."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from octograph.agents.self_discover import StoredStructure, StructureStore
from octograph.errors import OctographError
from octograph.nodes.structure import ReasoningStep, ReasoningStructure
from octograph.testing import FixedClock

PLAN = ReasoningStructure(steps=(ReasoningStep(key="Facts", what="Was ist gegeben, für wen?"),))
STORED = StoredStructure(
    graph="g",
    task="logic",
    structure=PLAN,
    origin="discovered",
    moment=FixedClock().now().isoformat(),
    model="m",
    worker="w",
    modules=("break down",),
    adapted=("Part the sentences.",),
    examples=("Is it so?",),
)


async def test_nothing_is_there_at_first(tmp_path: Path) -> None:
    async with StructureStore.open(tmp_path / "a" / "b" / "structures.sqlite") as store:
        assert await store.find("g", "logic") is None
        assert await store.list() == ()
        assert await store.remove("g", "logic") is False


async def test_a_structure_is_found_again_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "structures.sqlite"
    async with StructureStore.open(file) as store:
        await store.put(STORED)
    async with StructureStore.open(file) as store:
        assert await store.find("g", "logic") == STORED
        assert await store.find("g", "law") is None
        assert await store.find("h", "logic") is None
    with sqlite3.connect(file) as database:
        (row,) = database.execute("SELECT graph, task, origin, moment, model, worker FROM octograph_structures")
    assert row == ("g", "logic", "discovered", STORED.moment, "m", "w")


async def test_a_new_structure_replaces_that_of_its_task(tmp_path: Path) -> None:
    other = STORED.edited(ReasoningStructure(steps=PLAN.steps, final="Yes or no"), moment=STORED.moment)
    async with StructureStore.open(tmp_path / "structures.sqlite") as store:
        await store.put(STORED)
        await store.put(other)
        assert await store.find("g", "logic") == other
        assert await store.list("g") == (other,)


async def test_lists_are_of_a_graph_or_of_all(tmp_path: Path) -> None:
    one, two, three = STORED, replace(STORED, task="arithmetic"), replace(STORED, graph="f")
    async with StructureStore.open(tmp_path / "structures.sqlite") as store:
        for structure in (one, two, three):
            await store.put(structure)
        assert await store.list("g") == (two, one)
        assert await store.list() == (three, two, one)
        assert await store.remove("g", "logic") is True
        assert await store.list() == (three, two)


async def test_what_a_strong_graph_discovered_serves_a_weak_one(tmp_path: Path) -> None:
    async with StructureStore.open(tmp_path / "strong.sqlite") as store:
        await store.put(STORED)
        found = await store.find("g", "logic")
        assert found is not None
        exported = found.document()
    async with StructureStore.open(tmp_path / "weak.sqlite") as store:
        imported = StoredStructure.from_document(exported).given_to("weak", "chat", moment=STORED.moment)
        await store.put(imported)
        served = await store.find("weak", "chat")
    assert served is not None
    assert (served.structure, served.model, served.origin) == (PLAN, "m", "imported")


async def test_many_at_once_from_two_openings(tmp_path: Path) -> None:
    file = tmp_path / "structures.sqlite"
    async with StructureStore.open(file) as one, StructureStore.open(file) as other:
        tasks = [replace(STORED, task=f"task {number:02}") for number in range(20)]
        await asyncio.gather(*((one, other)[place % 2].put(task) for place, task in enumerate(tasks)))
        assert await one.list("g") == await other.list("g") == tuple(tasks)


@pytest.mark.parametrize("content", [b"this is no database " * 100, b"SQLite format 3\x00" + b"\xff" * 8000])
async def test_a_damaged_file_is_told_and_kept(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "structures.sqlite"
    file.write_bytes(content)
    with pytest.raises(OctographError, match="cannot be used") as caught:
        async with StructureStore.open(file):
            pass
    assert "Move the file away" in caught.value.hint
    assert file.read_bytes() == content


@pytest.mark.parametrize("document", ["{", "[]", '{"format": "octograph-structure-1"}'])
async def test_a_row_that_is_no_structure_is_told(tmp_path: Path, document: str) -> None:
    file = tmp_path / "structures.sqlite"
    async with StructureStore.open(file) as store:
        await store.put(STORED)
        with sqlite3.connect(file) as database:
            database.execute("UPDATE octograph_structures SET document = ?", (document,))
        for act in (store.find("g", "logic"), store.list()):
            with pytest.raises(OctographError, match="cannot be used"):
                await act
        assert await store.remove("g", "logic")


async def test_what_is_damaged_while_it_is_open_is_told(tmp_path: Path) -> None:
    file = tmp_path / "structures.sqlite"
    async with StructureStore.open(file) as store:
        with sqlite3.connect(file) as database:
            database.execute("DROP TABLE octograph_structures")
        for act in (store.put(STORED), store.find("g", "logic"), store.list(), store.remove("g", "logic")):
            with pytest.raises(OctographError, match="cannot be used"):
                await act


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OctographError, match="cannot be used"):
        async with StructureStore.open(tmp_path / "file" / "structures.sqlite"):
            pass
