"""``octograph threads``, on conversations that fakes had."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octograph.agents import Turn
from octograph.testing import ScriptedWorker, make_octograph

if TYPE_CHECKING:
    from tests.cli.conftest import Run

INFO = {"id", "title", "created", "updated", "parent", "parent_turn"}


@pytest.fixture
def turns(data_dir: Path) -> list[Turn]:
    """Two turns of the thread ``fruit``."""
    with make_octograph(data_dir, {"chat": ScriptedWorker(["They are red."])}) as octo:
        return [octo.ask(query, thread="fruit") for query in ("What about apples?", "And cherries?")]


def test_lists_and_turns(run: Run, turns: list[Turn]) -> None:
    (info,) = run("threads", "list", "--json").json()
    assert set(info) == INFO
    assert run("threads", "list").out == "fruit  2026-01-05 12:00  What about apples?\n"
    shown = run("threads", "show", "fruit")
    assert shown.out.startswith("1 > What about apples?\n[chat] They are red.\n\n2 > And cherries?\n")
    assert [Turn.from_document(turn) for turn in run("threads", "show", "fruit", "--json").json()] == turns


def test_found(run: Run, turns: list[Turn]) -> None:
    found = run("threads", "search", "CHERRIES", "an", "--json").json()
    assert found == [
        {
            "thread": "fruit",
            "title": "What about apples?",
            "turn": turns[1].id,
            "snippet": [
                {"text": "And", "matched": True},
                {"text": " ", "matched": False},
                {"text": "cherries", "matched": True},
                {"text": "?", "matched": False},
            ],
        }
    ]
    assert run("threads", "search", "cherries").out == "fruit  What about apples?\n  And *cherries*?\n\n"
    assert len(run("threads", "search", "red", "--limit", "1", "--json").json()) == 1
    nothing = run("threads", "search", 'AND "')
    assert (nothing.status, nothing.out) == (0, "fruit  What about apples?\n  *And* cherries?\n\n")
    nowhere = run("threads", "search", "--", "-pears")
    assert (nowhere.status, nowhere.out, nowhere.err) == (0, "", "no turn has all of these words\n")
    assert run("threads", "search", " ").status == 2
    assert run("threads", "search", "x", "--limit", "0").status == 2


def test_renamed(run: Run, turns: list[Turn]) -> None:
    assert run("threads", "rename", "fruit", "Of fruit", "--json").json() == {"renamed": "fruit", "title": "Of fruit"}
    assert run("threads", "list").out.endswith("  Of fruit\n")
    assert run("threads", "rename", "fruit", " ").status == 2


def test_deleted_and_restored(run: Run, turns: list[Turn]) -> None:
    deleted = run("threads", "delete", "fruit")
    assert (deleted.status, deleted.out) == (0, "")
    assert "threads restore" in deleted.err
    assert run("threads", "list", "--json").json() == []
    assert run("threads", "restore", "fruit", "--json").json() == {"restored": "fruit"}
    assert len(run("threads", "list", "--json").json()) == 1
    assert run("threads", "delete", "fruit", "--json").json() == {"deleted": "fruit"}


@pytest.mark.parametrize(("options", "queries"), [([], ["What about apples?"]), (["--without"], [])])
@pytest.mark.parametrize("by", ["number", "id"])
def test_forked(run: Run, turns: list[Turn], options: list[str], queries: list[str], by: str) -> None:
    made = run("threads", "fork", "fruit", turns[0].id if by == "id" else "1", *options)
    name = made.out.strip()
    assert f"--thread {name}" in made.err
    assert [turn["query"] for turn in run("threads", "show", name, "--json").json()] == queries
    again = run("threads", "fork", "fruit", "2", "--json").json()
    assert set(again) == INFO
    assert (again["parent"], again["parent_turn"]) == ("fruit", turns[1].id)
    for place in ("0", "3", "elsewhere", "²"):
        assert run("threads", "fork", "fruit", place).status == 2


def test_exported(run: Run, turns: list[Turn], tmp_path: Path) -> None:
    markdown = run("threads", "export", "fruit").out
    assert markdown.startswith("# What about apples?\n")
    document = run("threads", "export", "fruit", "--format", "json").out
    assert [Turn.from_document(turn) for turn in json.loads(document)["turns"]] == turns
    assert run("threads", "export", "fruit", "--json").json() == json.loads(document)
    for form, text in (("markdown", markdown), ("json", document)):
        file = tmp_path / form
        written = run("threads", "export", "fruit", "--format", form, "--output", file, "--json")
        assert written.json() == {"written": str(file)}
        assert file.read_text(encoding="utf-8") == text
    assert run("threads", "export", "fruit", "--output", tmp_path).status == 2


@pytest.mark.parametrize("action", ["show", "delete", "restore", "export", "rename", "fork"])
def test_what_is_not_there(run: Run, data_dir: Path, action: str) -> None:
    more = {"rename": ["Fruit"], "fork": ["1"]}.get(action, [])
    missing = run("threads", action, "fruit", *more, "--json")
    assert (missing.status, missing.json()["error"]["type"]) == (1, "ThreadError")
