"""Questions with the answers that are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from octograph.agents.evaluation.choices import LETTERS, chosen, lettered
from octograph.agents.evaluation.data import lines_of, sampled
from octograph.errors import UsageError
from octograph.nodes.grounded import question_over
from octograph.nodes.worker import Evidence

__all__ = ["Question", "read_questions"]

_HINT = (
    'Write {"question": "…", "answers": ["…"]} on each line, and if need be "context" (a text) and "title" (of that),'
    ' or "passages" of both, and "choices" (texts).'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question and the answers that are right.

    Attributes
    ----------
    text
        The question.
    answers
        Any of them is right; none if the right thing is not to answer. Of a question with choices, their texts or
        letters.
    passages
        What holds the answer, if something does.
    choices
        Options, of which an answer is one.

    """

    text: str
    answers: tuple[str, ...]
    passages: tuple[Evidence, ...] = ()
    choices: tuple[str, ...] = ()

    @property
    def asked(self) -> str:
        """The question as it is asked, with lettered options if it has choices."""
        return f"{self.text}\n{lettered(self.choices)}" if self.choices else self.text

    @property
    def with_passages(self) -> str:
        """The question as it is asked, behind its passages if it has any."""
        return question_over(self.passages, self.asked) if self.passages else self.asked

    @property
    def right_choices(self) -> frozenset[int]:
        """Places of the choices that are right."""
        places = (chosen(answer, self.choices) for answer in self.answers)
        return frozenset(place for place in places if place is not None)


def read_questions(path: Path, *, limit: int | None = None, seed: int = 0) -> list[Question]:
    """Read lines of ``{"question", "answers"}``; with `limit`, a random sample of that many.

    ``context`` with ``title``, or ``passages`` (objects of ``title`` and ``text``), and ``choices`` are optional;
    other keys are left aside.

    Raises
    ------
    UsageError
        The file is missing, empty, or a line is not such an object.

    """
    questions = [_question(f"{str(path)!r}, line {number}", line) for number, line in lines_of(path)]
    if not questions:
        raise UsageError(f"{str(path)!r} holds no lines", hint=_HINT)
    return sampled(questions, limit=limit, seed=seed)


def _question(where: str, line: Any) -> Question:
    if not isinstance(line, dict):
        raise UsageError(f"{where}: no object", hint=_HINT)
    question = Question(
        text=_text(where, line, "question"),
        answers=_texts(where, line, "answers"),
        passages=_passages(where, line),
        choices=_texts(where, line, "choices") if line.get("choices") is not None else (),
    )
    if not question.text.strip():
        raise UsageError(f"{where}: the question is empty", hint=_HINT)
    if question.choices:
        _check_choices(where, question)
    return question


def _check_choices(where: str, question: Question) -> None:
    if len(question.choices) > len(LETTERS):
        raise UsageError(f"{where}: {len(question.choices)} choices", hint=f"There are {len(LETTERS)} letters.")
    for answer in question.answers:
        if chosen(answer, question.choices) is None:
            raise UsageError(
                f"{where}: the answer {answer!r} is none of the choices",
                hint="With choices, an answer is the text or the letter of one of them.",
            )


def _passages(where: str, line: dict[str, Any]) -> tuple[Evidence, ...]:
    told = line.get("passages", [])
    if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
        raise UsageError(f"{where}: 'passages' is no list of objects", hint=_HINT)
    if line.get("context") is not None:
        told = [{"title": line.get("title"), "text": _text(where, line, "context")}, *told]
    return tuple(
        Evidence(
            text=_text(where, one, "text"), title=_text(where, one, "title") if one.get("title") else "", weight=1.0
        )
        for one in told
    )


def _text(where: str, line: dict[str, Any], key: str) -> str:
    value = line.get(key)
    if not isinstance(value, str):
        raise UsageError(f"{where}: {key!r} is missing or no text", hint=_HINT)
    return _unicode(where, key, value)


def _texts(where: str, line: dict[str, Any], key: str) -> tuple[str, ...]:
    value: Sequence[Any] | None = line.get(key)
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise UsageError(f"{where}: {key!r} is missing or no list of texts", hint=_HINT)
    return tuple(_unicode(where, key, one) for one in value)


def _unicode(where: str, key: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:  # JSON can spell lone surrogates
        raise UsageError(f"{where}: {key!r} is not valid Unicode", hint="Remove the lone surrogates.") from error
    return text
