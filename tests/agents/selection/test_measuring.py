"""Answers with their scores, and which of them are right."""

from __future__ import annotations

from dataclasses import dataclass, field

from octograph.agents.evaluation.answering import Reply, evaluate_answers, grade
from octograph.agents.evaluation.question import Question
from octograph.agents.selection import Perplexity, auroc
from octograph.agents.selection.measuring import Scoring, Selective, is_right
from octograph.cancellation import CancelToken
from octograph.errors import ContextOverflowError
from octograph.nodes.answered import Answered
from tests.agents.selection.fakes import answer


@dataclass(frozen=True, slots=True)
class Told:
    """An `Answerer` that says what it was told, with this log-probability; nothing where it was told nothing."""

    replies: dict[str, tuple[str, float]]

    async def reply(self, question: Question, *, cancel: CancelToken) -> Reply:
        if question.text not in self.replies:
            return Reply(text="", worker="w", problem="Not in the documents.", answered=answer([]))
        text, logprob = self.replies[question.text]
        return Reply(text=text, worker="w", answered=answer([logprob], text=text))


@dataclass(frozen=True, slots=True)
class TooLong:
    """A score that has no room behind an answer of some texts."""

    texts: set[str] = field(default_factory=set)
    name: str = "short"

    async def score(self, answered: Answered, *, cancel: CancelToken) -> float | None:
        if answered.text in self.texts:
            raise ContextOverflowError("too long", tokens=9, limit=8)
        return 0.0


def right(text: str, *answers: str, choices: tuple[str, ...] = ()) -> bool:
    question = Question(text="?", answers=answers, choices=choices)
    return is_right(grade(question, Reply(text=text, worker=None)))


def test_choices_numbers_and_words_are_right_each_in_their_way() -> None:
    assert right("It is blue.", "B", choices=("red", "blue"))
    assert right("They have 1,000 apples.", "1000")
    assert right("the old tower", "The Old Tower of London") is False
    assert right("the old tower of London", "old tower in London")
    assert not right("35", "3.5")
    assert not right("5 degrees", "-5 degrees")


async def test_an_answer_that_was_rightly_not_given_is_not_among_the_right_ones() -> None:
    questions = [Question(text=text, answers=("x",)) for text in "abc"] + [Question(text=t, answers=()) for t in "de"]
    scoring = Scoring(Told({"a": ("x", -0.1), "b": ("x", -0.2), "c": ("y", -0.3)}), [Perplexity()])
    report = await evaluate_answers(questions, scoring, progress=lambda done, total: None, cancel=CancelToken())
    assert report is not None
    selective = Selective.of(report.graded, scoring)
    assert selective.right == (True, True, False, False, False)
    assert auroc(selective.scores["perplexity"], selective.right) == 1


async def test_an_answer_without_room_for_a_score_has_the_others() -> None:
    questions = [Question(text=text, answers=("x",)) for text in "ab"]
    told = Told({"a": ("long", -0.5), "b": ("x", -0.5)})
    scoring = Scoring(told, [Perplexity(), TooLong({"long"})])
    for question in questions:
        await scoring.reply(question, cancel=CancelToken())
    assert scoring.scores == {questions[0]: {"perplexity": -0.5}, questions[1]: {"perplexity": -0.5, "short": 0.0}}
