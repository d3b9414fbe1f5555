"""Feedback: kept, replaced, forgotten; whatever lies in the file is told."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octograph.agents.learning import Feedback, FeedbackKind, FeedbackStore, Posteriors
from octograph.errors import FeedbackError, UsageError
from octograph.testing import FixedClock

WORKERS = ("math", "law", "code")
NOW = FixedClock().now().isoformat()


def feedback(
    kind: FeedbackKind = "accepted",
    *,
    cluster: str = "math",
    worker: str = "math",
    turn: str = "1",
    instead: str | None = None,
) -> Feedback:
    return Feedback(
        graph="g", cluster=cluster, worker=worker, kind=kind, thread="t", turn=turn, moment=NOW, instead=instead
    )


def rows(file: Path) -> list[tuple[object, ...]]:
    with sqlite3.connect(file) as database:
        return database.execute("SELECT * FROM octograph_feedback ORDER BY id, success").fetchall()


async def test_nothing_is_known_at_first(tmp_path: Path) -> None:
    async with FeedbackStore.open(tmp_path / "a" / "b" / "feedback.sqlite") as store:
        assert await store.posteriors("g") == Posteriors()
        await store.forget("g")


async def test_what_counts_of_a_thread_is_read_back(tmp_path: Path) -> None:
    last = {
        "1": feedback("rejected", turn="1"),
        "2": feedback("overridden", turn="2", instead="code"),
        "3": feedback("accepted", turn="3", cluster="law", worker="law"),
    }
    async with FeedbackStore.open(tmp_path / "feedback.sqlite") as store:
        await store.add(feedback("overridden", turn="1", instead="law"))
        for one in last.values():
            await store.add(one)
            await store.add(replace(one, thread="other", kind="accepted", instead=None))
            await store.add(replace(one, graph="other", kind="accepted", instead=None))
        assert await store.of_thread("g", "t") == last
        assert await store.of_thread("g", "nowhere") == {}


async def test_each_kind_counts_as_it_says(tmp_path: Path) -> None:
    async with FeedbackStore.open(tmp_path / "feedback.sqlite") as store:
        await store.add(feedback("accepted", turn="1"))
        await store.add(feedback("accepted", turn="2"))
        await store.add(feedback("rejected", turn="3"))
        await store.add(feedback("overridden", turn="4", instead="code"))
        await store.add(feedback("rejected", turn="5", cluster="law"))
        assert await store.posteriors("g") == Posteriors(
            counts={("math", "math"): (2, 2), ("math", "code"): (1, 0), ("law", "math"): (0, 1)}
        )
    assert rows(tmp_path / "feedback.sqlite")[3:] == [
        (4, NOW, "g", "math", "math", 0, "overridden", "t", "4"),
        (4, NOW, "g", "math", "code", 1, "overridden", "t", "4"),
        (5, NOW, "g", "law", "math", 0, "rejected", "t", "5"),
    ]


async def test_feedback_again_on_a_turn_counts_instead_of_the_earlier(tmp_path: Path) -> None:
    async with FeedbackStore.open(tmp_path / "feedback.sqlite") as store:
        await store.add(feedback("overridden", instead="code"))
        await store.add(feedback("overridden", instead="law"))
        assert await store.posteriors("g") == Posteriors(counts={("math", "math"): (0, 1), ("math", "law"): (1, 0)})
        await store.add(feedback("accepted"))
        assert await store.posteriors("g") == Posteriors(counts={("math", "math"): (1, 0)})
        await store.add(replace(feedback("accepted"), thread="another"))
        assert await store.posteriors("g") == Posteriors(counts={("math", "math"): (2, 0)})
    assert len(rows(tmp_path / "feedback.sqlite")) == 6


async def test_graphs_are_kept_apart_and_forgotten_apart(tmp_path: Path) -> None:
    file = tmp_path / "feedback.sqlite"
    async with FeedbackStore.open(file) as store:
        await store.add(feedback("accepted"))
        await store.add(replace(feedback("rejected"), graph="h"))
        await store.forget("g")
        assert await store.posteriors("g") == Posteriors()
    async with FeedbackStore.open(file) as store:
        assert await store.posteriors("h") == Posteriors(counts={("math", "math"): (0, 1)})
    assert [row[2] for row in rows(file)] == ["h"]


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["accepted", "rejected", "overridden"]),
        st.sampled_from(WORKERS),
        st.permutations(WORKERS),
        st.sampled_from("123"),
    ),
    max_size=10,
)


@settings(max_examples=10, deadline=None)
@given(events=EVENTS)
async def test_the_posteriors_are_those_of_the_last_feedback_on_each_turn(
    events: list[tuple[FeedbackKind, str, list[str], str]],
) -> None:
    last: dict[str, Feedback] = {}
    with TemporaryDirectory() as folder:
        async with FeedbackStore.open(Path(folder) / "feedback.sqlite") as store:
            for kind, cluster, (worker, other, _), turn in events:
                instead = other if kind == "overridden" else None
                last[turn] = feedback(kind, cluster=cluster, worker=worker, turn=turn, instead=instead)
                await store.add(last[turn])
            learned = await store.posteriors("g")
    expected = Posteriors()
    for one in last.values():
        expected = expected.updated(one.cluster, one.worker, success=one.kind == "accepted")
        if one.instead is not None:
            expected = expected.updated(one.cluster, one.instead, success=True)
    assert learned == expected


async def test_many_at_once_from_two_openings(tmp_path: Path) -> None:
    file = tmp_path / "feedback.sqlite"
    async with FeedbackStore.open(file) as one, FeedbackStore.open(file) as other:
        given_feedback = [feedback("overridden", turn=str(turn), instead="code") for turn in range(20)]
        await asyncio.gather(
            *((one, other)[place % 2].add(entry) for place, entry in enumerate(given_feedback)),
            *(store.posteriors("g") for store in (one, other)),
        )
        for store in (one, other):
            learned = await store.posteriors("g")
            assert learned == Posteriors(counts={("math", "math"): (0, 20), ("math", "code"): (20, 0)})
    assert [row[0] for row in rows(file)] == [number for number in range(1, 21) for _ in range(2)]


@pytest.mark.parametrize(
    ("kind", "instead", "message"),
    [
        ("overridden", None, "names None"),
        ("accepted", "code", "names 'code'"),
        ("rejected", "code", "names 'code'"),
        ("overridden", "math", "by itself"),
    ],
)
def test_feedback_that_contradicts_itself_is_refused(kind: FeedbackKind, instead: str | None, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        feedback(kind, instead=instead)


def test_feedback_of_no_known_kind_is_refused() -> None:
    with pytest.raises(UsageError, match="'liked'") as caught:
        feedback("liked")  # type: ignore[arg-type]  # what is tried here
    assert "accepted, rejected, overridden" in caught.value.hint


@pytest.mark.parametrize("content", [b"this is no database " * 100, b"SQLite format 3\x00" + b"\xff" * 8000])
async def test_a_damaged_file_is_told_and_kept(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "feedback.sqlite"
    file.write_bytes(content)
    with pytest.raises(FeedbackError, match="cannot be used") as caught:
        async with FeedbackStore.open(file):
            pass
    assert "Move the file away" in caught.value.hint
    assert file.read_bytes() == content


async def test_what_is_damaged_while_it_is_open_is_told(tmp_path: Path) -> None:
    file = tmp_path / "feedback.sqlite"
    async with FeedbackStore.open(file) as store:
        with sqlite3.connect(file) as database:
            database.execute("DROP TABLE octograph_feedback")
        for act in (store.add(feedback()), store.posteriors("g"), store.forget("g")):
            with pytest.raises(FeedbackError, match="cannot be used"):
                await act


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FeedbackError, match="cannot be used"):
        async with FeedbackStore.open(tmp_path / "file" / "feedback.sqlite"):
            pass
