"""Lessons that were found, kept on disk until they are learned: finding them takes hours."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from octograph.agents.evaluation.question import Question
from octograph.nodes.training.job import Judged

__all__ = ["KeptLessons"]


class KeptLessons:
    """A file with a lesson a line. What an interruption left of a line is passed over.

    Parameters
    ----------
    path
        The file, which need not be there yet.
    maker
        What tells apart who answers, and how: lessons of another are not taken up.

    """

    def __init__(self, path: Path, *, maker: str) -> None:
        self._path = path
        self._maker = maker
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        self._torn = bool(text) and not text.endswith("\n")
        self._lessons = dict(filter(None, map(_read, text.splitlines())))

    def of(self, question: Question) -> Judged | None:
        """Return the lesson of a question, None if there is none."""
        return self._lessons.get(self._key(question))

    def keep(self, question: Question, lesson: Judged) -> None:
        """Keep the lesson of a question."""
        key = self._key(question)
        self._lessons[key] = lesson
        with self._path.open("a", encoding="utf-8") as file:
            file.write(("\n" if self._torn else "") + json.dumps([key, lesson]) + "\n")
        self._torn = False

    def forget(self) -> None:
        """Remove the file: what was learned is written."""
        self._path.unlink(missing_ok=True)

    def _key(self, question: Question) -> str:
        told = (self._maker, question.with_passages, question.answers, question.choices)
        return hashlib.sha256(repr(told).encode()).hexdigest()


def _read(line: str) -> tuple[str, Judged] | None:
    try:
        key, (query, answers) = json.loads(line)
        return key, (query, [(tuple(tokens), right) for tokens, right in answers])
    except (ValueError, TypeError):  # no more than the beginning of one
        return None
