"""Six tasks of BIG-Bench Hard: their questions, and how an answer is read and graded, the same for everybody.

Where a task does not list its options they are added as others list them.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from octograph.agents.cot import Numbers, Options
from octograph.agents.evaluation.answering import Reply, grade
from octograph.agents.evaluation.question import Question, read_questions

__all__ = ["EXAMPLES", "TASKS", "judged", "questions"]

SEED = 0
EXAMPLES = 3
"""Queries that a structure is discovered from: as many as the orchestration shows."""

TASKS: Mapping[str, tuple[str, str]] = {
    "boolean_expressions": ("logic", "Options:\n- True\n- False"),
    "navigate": ("space", ""),
    "date_understanding": ("the calendar", ""),
    "object_counting": ("counting", ""),
    "sports_understanding": ("knowledge", "Options:\n- yes\n- no"),
    "hyperbaton": ("language", ""),
}
"""What each is about, and the options that its questions do not list."""

_ANNOUNCED = re.compile(r"\banswer\b[\s*_]*(?:is\b|:)[\s:*_]*", re.IGNORECASE)


def questions(task: str, data: Path, *, limit: int) -> tuple[list[str], list[Question]]:
    """Queries to discover from, and others to answer: a smaller limit takes the first of them."""
    found = read_questions(data / "bbh" / f"{task}.jsonl")
    if options := TASKS[task][1]:
        found = [replace(one, text=f"{one.text}\n{options}") for one in found]
    drawn = random.Random(SEED).sample(found, len(found))
    return [one.text for one in drawn[:EXAMPLES]], drawn[EXAMPLES:][:limit]


def reading(text: str, question: Question) -> str:
    """The option or the number that a text comes to, empty if there is none.

    Of a text that announces its answer, the line behind the last announcement counts; of another, all of it.
    """
    spans = Options.of(question.text) or Numbers()
    if announced := [*_ANNOUNCED.finditer(text)]:
        text = text[announced[-1].end() :].partition("\n")[0]
    span = spans.find(text)
    return "" if span is None else span.answer


def judged(text: str, question: Question) -> tuple[str, bool]:
    """What a text comes to, see `reading`, and whether that is right."""
    read = reading(text, question)
    graded = grade(question, Reply(text=read, worker=None))
    return read, graded.exact if graded.numeric is None else graded.numeric
