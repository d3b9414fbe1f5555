"""What an answer can be judged by: an aspect, its definition, and the text under which a fitting answer is likely."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from octograph.errors import UsageError
from octograph.graph.problems import Problem, ProblemsError, did_you_mean, name_problem, shown

__all__ = ["ASPECTS", "TEMPLATE", "Aspect", "aspect_problems", "refusal"]

TEMPLATE: Final = """\
Text: {context}

Write an answer to the question. {description}

Question: {question}

Answer: {answer}"""
"""The text of an aspect that has none of its own: context, task description ``d``, definition ``a``, question.

What is the same for all aspects comes first, so that a long context is computed once for all of them; the order made
no difference to what was preferred.
"""

_PLACES: Final = ("description", "question", "context", "answer")
_PLACE = re.compile(r"\{([A-Za-z_]\w*)\}")
_BLANK_LINES = re.compile(r"\n[ \t]*\n\s*")
_ANSWER: Final = "{answer}"
_MEND: Final = f"End the template with {_ANSWER}: what stands before it is the prompt."


@dataclass(frozen=True, slots=True, kw_only=True)
class Aspect:
    """One thing that is asked of an answer: ``T(d, a, S)`` of GPTScore (Fu et al. 2023).

    Parameters
    ----------
    name
        What it is called.
    description
        Its definition ``a``, in whole sentences. Fu et al. found that one that names related aspects too helps small
        models.
    template
        The task description ``d`` with places for the definition, ``{description}``, and for the sources,
        ``{question}`` and ``{context}``. It ends with ``{answer}``. The paragraph that holds ``{context}`` is left
        out where there is none.

    Raises
    ------
    UsageError
        A value cannot be right; the message names every such field.

    Examples
    --------
    >>> polite = Aspect(name="polite", description="Be kind.", template="{description} Q: {question} A: {answer}")
    >>> polite.prompt("Who are you?")
    'Be kind. Q: Who are you? A: '

    """

    name: str
    description: str
    template: str = TEMPLATE

    def __post_init__(self) -> None:
        problems = [*aspect_problems(self.name, self.description, self.template)]
        if problems:
            raise refusal(problems)

    def prompt(self, question: str, context: str | None = None) -> str:
        """Return the text before the answer."""
        values = {"description": self.description.strip(), "question": question.strip(), "context": context or ""}
        text = self.template.rstrip() if context else _without_context(self.template)
        # In one go: what was put in is never read for places.
        return _PLACE.sub(lambda found: values[found[1]], text.removesuffix(_ANSWER))


def aspect_problems(name: str, description: str, template: str) -> Iterator[Problem]:
    """Yield what is wrong with the fields of an aspect."""
    problem = name_problem(name)
    if problem is not None:
        yield problem
    for key, text in (("name", name), ("description", description), ("template", template)):
        if not _is_unicode(text):
            mend = "Remove the lone surrogates: no model can be given them."
            yield Problem(key=key, message="is not valid Unicode", mend=mend)
    if not description.strip():
        yield Problem(key="description", message="is blank", mend="Write in a sentence what a good answer is like.")
    yield from (Problem(key="template", message=message, mend=mend) for message, mend in _faults(template))


def refusal(problems: Iterable[Problem]) -> UsageError:
    """Return the error that tells of problems, each with its mend."""
    told = ProblemsError(problems)
    return UsageError(told.message, hint=told.hint)


def _faults(template: str) -> Iterator[tuple[str, str]]:
    """What is wrong with a template, and the mend."""
    places = [found[1] for found in _PLACE.finditer(template)]
    for place in dict.fromkeys(places):
        if place not in _PLACES:
            yield f"{shown(f'{{{place}}}')} is no place", did_you_mean(place, _PLACES, what="Places")
    if "answer" not in places:
        yield f"has no place for the answer, {_ANSWER}", _MEND
        return
    if places.count("answer") > 1:
        yield f"has {places.count('answer')} places for the answer", _MEND
    if not template.rstrip().endswith(_ANSWER):
        yield f"does not end with the answer, {_ANSWER}", _MEND
    for paragraph in _BLANK_LINES.split(template):
        others = {found[1] for found in _PLACE.finditer(paragraph)} & {"question", "answer"}
        if "{context}" in paragraph and others:
            where = " and ".join(f"{{{place}}}" for place in sorted(others))
            mend = "Put blank lines around the context: its paragraph is left out where there is none."
            yield f"has {{context}} in one paragraph with {where}", mend
            return
    if not _without_context(template).removesuffix(_ANSWER).strip():
        yield "has nothing but the context before the answer", "Say in it what is asked for."


def _without_context(template: str) -> str:
    """A template without the paragraph of the context, if it has one."""
    if "{context}" not in template:
        return template.rstrip()
    paragraphs = _BLANK_LINES.split(template.rstrip())
    return "\n\n".join(paragraph for paragraph in paragraphs if "{context}" not in paragraph)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


# Each definition names related aspects too: a small model makes more of them together.
ASPECTS: Final[Mapping[str, Aspect]] = {
    aspect.name: aspect
    for aspect in (
        Aspect(
            name="relevance",
            description="A relevant answer is about what the question asks for: it fits the question, is informative "
            "and says nothing beside the point.",
        ),
        Aspect(
            name="fluency",
            description="A fluent answer is well written: it is grammatical, natural, clear and easy to read.",
        ),
        Aspect(
            name="factuality",
            description="A factual answer is true: what it says is correct, precise, and supported by what is known.",
        ),
    )
}
"""Aspects that are there without a file, by name."""
