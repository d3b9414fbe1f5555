"""Lessons: which answers are right, and how they outlive an interruption."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from octograph.agents.evaluation.question import Question
from octograph.agents.selection.kept import KeptLessons
from octograph.agents.selection.lessons import find_lessons
from octograph.cancellation import CancelToken
from octograph.errors import ContextOverflowError
from octograph.graph import Worker
from octograph.nodes.beams import BeamRequest, Beams, Hypothesis
from octograph.nodes.decoding import Chat
from octograph.nodes.training.job import Judged
from tests.agents.selection.fakes import spelled

NODE = Worker(name="w", description="d", model="m", max_tokens=8)
MARS = Question(text="Which planet is red?", answers=("Mars", "the planet Mars"))
SUM = Question(text="What is 7 / 2?", answers=("3.5",))
CHOICE = Question(text="Which is a colour?", answers=("B",), choices=("door", "dark red"))


class Searcher:
    """An `AnswersModel` that finds the same texts each time, whose tokens are their characters.

    Questions that hold the word "long" have no room in its context, and it is interrupted behind `most` of them.
    """

    def __init__(self, *texts: str, most: int | None = None, cancel: CancelToken | None = None) -> None:
        self.asked: list[str] = []
        self._texts = texts
        self._most = most
        self._cancel = cancel

    async def beams(self, request: BeamRequest, *, cancel: CancelToken) -> Beams | None:
        ((chat,),) = request.prompts
        assert isinstance(chat, Chat)
        query = chat.messages[-1].content
        if "long" in query:
            raise ContextOverflowError("too long", tokens=9, limit=8)
        if self._cancel is not None and len(self.asked) == self._most:
            self._cancel.cancel()
        if cancel.cancelled:
            return None
        self.asked.append(query)
        hypotheses = [
            Hypothesis(
                text=text,
                tokens=tuple(map(ord, text)),
                end=0,
                finish="stop",
                logprobs=np.zeros(1, dtype=np.float32),
                marginal=-float(place),
            )
            for place, text in enumerate(self._texts)
        ]
        return Beams(hypotheses=tuple(hypotheses), prompt_tokens=1, cached_tokens=0, seconds=0.0)

    async def tokenize(self, text: str) -> tuple[int, ...]:
        return await spelled(text)


async def found(
    questions: Sequence[Question], model: Searcher, path: Path, *, maker: str = "m", cancel: CancelToken | None = None
) -> dict[Question, Judged] | None:
    return await find_lessons(
        questions,
        node=NODE,
        model=model,
        adapter=None,
        kept=KeptLessons(path, maker=maker),
        tell=lambda done, total: None,
        cancel=cancel or CancelToken(),
    )


@pytest.mark.parametrize(
    ("question", "texts", "labels"),
    [
        (MARS, ("Mars.", "Venus"), {"Mars": True, "Mars.": True, "Venus": False}),
        (SUM, ("35", "It is 3.5", "-3.5"), {"3.5": True, "35": False, "It is 3.5": True, "-3.5": False}),
        (CHOICE, ("Dark red", "(A)", "(B)"), {"B": True, "Dark red": True, "(A)": False, "(B)": True}),
        (MARS, ("Mars",), {"Mars": True, "": False}),
    ],
)
async def test_answers_are_right_as_they_are_when_they_are_measured(
    question: Question, texts: tuple[str, ...], labels: dict[str, bool], tmp_path: Path
) -> None:
    lessons = await found([question], Searcher(*texts), tmp_path / "kept")
    assert lessons is not None
    query, answers = lessons[question]
    assert query == question.asked
    assert {"".join(map(chr, tokens)): right for tokens, right in answers} == labels


async def test_what_was_found_before_an_interruption_is_not_searched_again(tmp_path: Path) -> None:
    path, cancel = tmp_path / "kept", CancelToken()
    assert await found([MARS, SUM, CHOICE], Searcher("x", most=1, cancel=cancel), path, cancel=cancel) is None
    rest = Searcher("x")
    lessons = await found([MARS, SUM, CHOICE], rest, path)
    assert rest.asked == [SUM.asked, CHOICE.asked]
    assert lessons is not None
    nothing = Searcher()
    assert await found([MARS, SUM, CHOICE], nothing, path) == lessons
    assert nothing.asked == []


async def test_a_question_that_is_too_long_is_left_out(tmp_path: Path) -> None:
    lengthy = Question(text="a long story", answers=("x",))
    lessons = await found([lengthy, MARS], Searcher("x"), tmp_path / "kept")
    assert lessons is not None
    assert list(lessons) == [MARS]


@pytest.mark.parametrize("torn", ['["a key", ["a quest', "[", "\0\0\0", "12", '["k", ["q", 3]]', "[" * 10])
async def test_a_torn_line_is_passed_over_and_its_remains_spoil_no_other(torn: str, tmp_path: Path) -> None:
    path = tmp_path / "kept"
    first = await found([MARS], Searcher("x"), path)
    path.write_text(path.read_text() + torn)
    again = await found([MARS, SUM], Searcher("x"), path)
    assert again is not None
    assert first is not None
    assert again[MARS] == first[MARS]
    rest = Searcher("x")
    assert await found([MARS, SUM], rest, path) == again
    assert rest.asked == []


async def test_answers_of_another_maker_or_to_other_references_are_searched_anew(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    await found([MARS], Searcher("x"), path)
    other = Searcher("x")
    await found([MARS], other, path, maker="another adapter")
    await found([Question(text=MARS.text, answers=("Mars",))], other, path)
    await found([Question(text=MARS.text, answers=MARS.answers, choices=("Mars", "Venus"))], other, path)
    assert len(other.asked) == 3


def test_what_is_learned_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    kept = KeptLessons(path, maker="m")
    kept.forget()
    kept.keep(MARS, ("q", [((1,), True)]))
    kept.forget()
    assert not path.exists()
