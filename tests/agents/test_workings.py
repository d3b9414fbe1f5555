"""What a turn keeps of how its workers came to their answers: all of it read back, and none of it large."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octograph.agents import Attempt, Citation, Decided, Turn
from octograph.agents.workings import (
    LONGEST_PASSAGE,
    LONGEST_TEXT,
    LONGEST_TEXTS,
    Ranking,
    UsedStructure,
    Workings,
    hit_kept,
    paths_kept,
)
from octograph.errors import HeadError
from octograph.nodes.generation import Generation
from octograph.nodes.worker import AnswerPath
from octograph.retrieval.passage import Hit, Passage
from octograph.testing import FixedRouter, ScriptedWorker, make_octograph


def hit(number: int, text: str) -> Hit:
    return Hit(
        id=number,
        passage=Passage(text=text, title="Lease", heading="Notice", page=3),
        source="/lease.pdf",
        modified="2026-01-02T03:04:05Z",
        score=0.7,
        similarity=None,
        weight=1.0,
        scores={"bm25": 8.2},
    )


CITED, OTHER = hit(1, "Three months."), hit(2, "The tenant repairs it.")
TURN = Turn(
    id="1",
    thread="t",
    query="How long?",
    status="answered",
    text="Three months. [1]",
    worker="reader",
    source="model",
    score=-0.2,
    tried=(Attempt(worker="sums", reason="no sum in it"),),
    citations=(
        Citation(
            number=1,
            source="/lease.pdf",
            title="Lease",
            heading="Notice",
            page=3,
            text="Three months.",
            similarity=None,
        ),
    ),
    workings=(
        Workings(worker="sums", source="tool", problem="no sum in it"),
        Workings(
            worker="reader",
            hits=(CITED, OTHER),
            structured=UsedStructure(task="reader", steps=(("Facts", "What is given"),), model="smollm2", calls=3),
            paths=(AnswerPath(branch=0, text="Three months.", answer="three months", delta=0.5, start=0, end=12),),
            source="model",
            generation=Generation(
                finish="stop",
                prompt_tokens=9,
                cached_tokens=4,
                completion_tokens=3,
                prefill_seconds=0.5,
                decode_seconds=0.25,
            ),
            score=-0.2,
            tau=-0.6,
            score_kind="likelihood",
        ),
    ),
    decisions=(
        Decided(decision="escalate", worker="sums", reason="no sum in it", next="reader"),
        Decided(decision="accept", worker="reader", reason="answered"),
    ),
    ranking=Ranking(means={"reader": -0.5, "sums": -2.0}),
    times={"route": 0.25, "generate": 1.5},
)


def test_all_of_it_is_read_back() -> None:
    document = TURN.document()
    assert Turn.from_document(json.loads(json.dumps(document))) == TURN
    waiting = replace(TURN, status="waiting", choices=("answer", "abstain"))
    assert Turn.from_document(waiting.document()) == waiting


def test_what_there_is_not_and_what_is_cited_takes_no_room() -> None:
    sums, reader = TURN.document()["workings"]
    assert sums == {"worker": "sums", "step": 1, "source": "tool", "problem": "no sum in it"}
    first, second = reader["hits"]
    assert first["cited"] == 1
    assert "text" not in first
    assert second["text"] == "The tenant repairs it."
    assert "cited" not in second


def test_a_turn_of_an_earlier_version_is_read() -> None:
    document = TURN.document()
    for key in ("choices", "workings", "decisions", "ranking", "times"):
        del document[key]
    assert Turn.from_document(document) == replace(TURN, workings=(), decisions=(), ranking=None, times={})


def test_of_a_long_passage_the_beginning_is_kept() -> None:
    assert hit_kept(OTHER) == OTHER.document()
    text = hit_kept(hit(3, "word " * 400))["text"]
    assert text.startswith("word word")
    assert len(text) == LONGEST_PASSAGE + 1


def test_the_text_that_is_the_answer_is_kept_whole() -> None:
    path = AnswerPath(branch=0, text="so " * 400 + "7.\n", answer="7", start=1200, end=1201)
    for answer in (path.text.strip(), f"{path.text.strip()} [1]"):
        assert paths_kept([path], answer) == [asdict(path)]
    assert len(paths_kept([path], "It is 8.")[0]["text"]) < len(path.text)


def test_of_many_texts_less_is_kept() -> None:
    path = AnswerPath(branch=0, text="so " * 400 + "7.", answer="7", start=1200, end=1201)
    kept = [one["text"] for one in paths_kept([path] * 32, "It is 8.")]
    assert sum(map(len, kept)) <= LONGEST_TEXTS + 2 * len(kept)
    assert {text[-2] for text in kept} == {"7"}


@given(st.integers(0, 3000), st.integers(0, 3000), st.integers(0, 50))
def test_of_a_long_text_what_it_comes_to_is_kept(length: int, start: int, size: int) -> None:
    text = "".join(chr(ord("a") + place % 26) for place in range(length))
    start = min(start, length)
    end = min(start + size, length)
    path = AnswerPath(branch=0, text=text, answer="x", start=start, end=end)
    kept = AnswerPath(**paths_kept([path], "another")[0])
    assert kept.start is not None
    assert kept.text[kept.start : kept.end] == text[start:end]
    assert len(kept.text) <= LONGEST_TEXT + 2
    assert kept.text.strip("…") in text
    unmarked = AnswerPath(**paths_kept([replace(path, start=None, end=None)], "another")[0])
    assert (unmarked.start, unmarked.end, unmarked.text[:LONGEST_TEXT]) == (None, None, text[:LONGEST_TEXT])


def test_a_query_that_fails_at_once_has_nothing_of_the_one_before(tmp_path: Path) -> None:
    failing = FixedRouter(("chat",), otherwise="chat", errors=[HeadError("no head", hint="Fit one.")])
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo:
        before = octo.ask("Hi", thread="t")
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}, router=failing) as octo:
        with pytest.raises(HeadError):
            octo.ask("And now?", thread="t")
        first, second = octo.threads.turns("t")
    assert first == before
    assert [one.worker for one in before.workings] == ["chat"]
    assert (second.status, second.route, second.workings, second.decisions, second.times) == (
        "failed",
        None,
        (),
        (),
        {},
    )


def test_a_conversation_is_exported_with_it(tmp_path: Path) -> None:
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo:
        turn = octo.ask("Hi", thread="t")
        (exported,) = json.loads(octo.threads.export("t", form="json"))["turns"]
        assert "workings" not in octo.threads.export("t")
    assert Turn.from_document(exported) == turn
