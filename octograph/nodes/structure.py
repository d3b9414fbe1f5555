"""Reasoning structures: the keys that an answer fills, one after the other, and what belongs there.

A structure is what Self-Discover makes of a task (Zhou et al. 2024, https://arxiv.org/abs/2402.03620) and what a worker
then fills for each query of that task. It is data: who discovered it is kept elsewhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from octograph.errors import UsageError
from octograph.graph.nodes import StructureForm

__all__ = ["FINAL", "LONGEST_VALUE", "MOST_STEPS", "ReasoningStep", "ReasoningStructure"]

FINAL: Final = "Final answer"
"""The last key of every structure."""

MOST_STEPS: Final = 12
"""Before the final answer: more is no plan for a model that holds some thousand tokens."""

LONGEST_KEY: Final = 80
LONGEST_HINT: Final = 400
LONGEST_VALUE: Final = 300
"""Characters of a filled value, so that no model runs on for ever."""

_HINT = 'Write {"steps": [{"key": "…", "what": "…"}, …], "final": "…"}; "final" may be left out.'
# With the number before it, if it starts a line, and whatever a model sets it in bold with.
_MARKER = re.compile(rf"(?:(?<![^\n])\s*\d+[.)]\s*)?[*_]*{FINAL}[*_]*\s*:[*_]*", re.IGNORECASE)
_EMPTY_LINE = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasoningStep:
    """One key of a structure.

    Attributes
    ----------
    key
        A few words in one line, without quotes and backslashes: it is a name in JSON and the start of a line of text.
    what
        What to write there; one line.

    Raises
    ------
    UsageError
        One of them is blank, too long, or not one line of plain text.

    """

    key: str
    what: str

    def __post_init__(self) -> None:
        if not _is_line(self.key, longest=LONGEST_KEY) or not {'"', "\\"}.isdisjoint(self.key):
            raise UsageError(
                f"{self.key!r} cannot be a key of a reasoning structure",
                hint=f"Write a few words in one line, up to {LONGEST_KEY} characters, without quotes and backslashes.",
            )
        if not _is_line(self.what, longest=LONGEST_HINT):
            raise UsageError(
                f"{self.what!r} does not say what to write under {self.key!r}",
                hint=f"Write one line of up to {LONGEST_HINT} characters.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasoningStructure:
    """What an answer fills, in this order; the final answer is always last.

    Attributes
    ----------
    steps
        What comes before the final answer, 1 to `MOST_STEPS`.
    final
        What to write as the final answer.

    Raises
    ------
    UsageError
        There are no steps or too many, two have one key, or one has the key of the final answer.

    Examples
    --------
    >>> plan = ReasoningStructure(steps=(ReasoningStep(key="Facts", what="What is given"),), final="One word")
    >>> plan.as_json()
    '{"Facts": "What is given", "Final answer": "One word"}'
    >>> print(plan.as_text())
    1. Facts: What is given
    2. Final answer: One word

    """

    steps: tuple[ReasoningStep, ...]
    final: str = "The answer alone, as short as can be"

    def __post_init__(self) -> None:
        if not 1 <= len(self.steps) <= MOST_STEPS:
            raise UsageError(
                f"a reasoning structure of {len(self.steps)} steps",
                hint=f"Give it 1 to {MOST_STEPS}; the final answer comes behind them by itself.",
            )
        taken: set[str] = set()
        for step in self.all_steps:  # the last one checks the hint of the final answer, too
            if step.key.casefold() in taken:
                raise UsageError(
                    f"{step.key!r} stands in a reasoning structure twice",
                    hint=f"Give each step a key of its own; {FINAL!r} comes last by itself.",
                )
            taken.add(step.key.casefold())

    @property
    def all_steps(self) -> tuple[ReasoningStep, ...]:
        """The steps and, as the last one, the final answer."""
        return (*self.steps, ReasoningStep(key=FINAL, what=self.final))

    @property
    def keys(self) -> tuple[str, ...]:
        """What is filled, in order."""
        return (*(step.key for step in self.steps), FINAL)

    def as_json(self) -> str:
        """The plan that a model is shown: one JSON object in one line, as it is to be filled."""
        return json.dumps({step.key: step.what for step in self.all_steps}, ensure_ascii=False)

    def as_text(self) -> str:
        """The plan as numbered lines."""
        return "\n".join(f"{number}. {step.key}: {step.what}" for number, step in enumerate(self.all_steps, start=1))

    def schema(self, choices: Sequence[str] = (), *, longest: int = LONGEST_VALUE) -> dict[str, Any]:
        """The JSON schema of the filled structure: every key, in order, and a text under each.

        Parameters
        ----------
        choices
            What the final answer is one of; empty if it is free.
        longest
            Characters of a value that is free.

        """
        free = {"type": "string", "minLength": 1, "maxLength": longest}
        properties: dict[str, Any] = dict.fromkeys(self.keys, free)
        if choices:
            properties[FINAL] = {"enum": list(choices)}
        return {
            "type": "object",
            "properties": properties,
            "required": list(self.keys),
            "additionalProperties": False,
        }

    def filled(self, text: str) -> dict[str, str]:
        """Read what a model wrote under each key, from JSON.

        Raises
        ------
        UsageError
            The text is no JSON object of exactly these keys with a text under each.

        """
        try:
            values = json.loads(text)
        except ValueError as error:
            raise UsageError(
                f"the filled structure is no JSON: {error}", hint="Give the model more tokens, or fewer steps."
            ) from error
        if not isinstance(values, dict) or values.keys() != set(self.keys):
            raise UsageError("the filled structure has other keys", hint=f"It has {', '.join(map(repr, self.keys))}.")
        blank = [key for key in self.keys if not isinstance(values[key], str)]
        if blank:
            raise UsageError(f"there is no text under {blank[0]!r}", hint="Each value is a JSON string.")
        return {key: values[key] for key in self.keys}

    def final_answer(self, text: str, form: StructureForm) -> str | None:
        """The final answer of a filled structure, None if there is none.

        Parameters
        ----------
        text
            What the model wrote.
        form
            Of JSON the last value counts, of text what stands behind the last "Final answer:", up to an empty line.

        """
        if form == "json":
            try:
                return self.filled(text)[FINAL].strip() or None
            except UsageError:
                return None
        found = _last_marker(text)
        if found is None:
            return None
        return _EMPTY_LINE.split(text[found.end() :].strip())[0].strip("* \n") or None

    def reasoning(self, text: str, form: StructureForm) -> str:
        """What a model wrote before the final answer, for people: a line for each key of JSON, text as it stands.

        Raises
        ------
        UsageError
            JSON was asked for, and the text is no filled structure; see `filled`.

        """
        if form == "json":
            values = ((key, " ".join(value.split())) for key, value in self.filled(text).items() if key != FINAL)
            return "\n".join(f"{key}: {value}" for key, value in values if value)
        found = _last_marker(text)
        return (text if found is None else text[: found.start()]).strip()

    def document(self) -> dict[str, Any]:
        """The structure as plain data, for checkpoints, databases and files."""
        return {"steps": [{"key": step.key, "what": step.what} for step in self.steps], "final": self.final}

    @classmethod
    def from_document(cls, document: Any) -> ReasoningStructure:
        """Read what `document` wrote, perhaps changed by someone.

        Raises
        ------
        UsageError
            It is none, or cannot be right.

        """
        steps = document.get("steps") if isinstance(document, Mapping) else None
        if not isinstance(steps, Sequence) or not all(isinstance(step, Mapping) for step in steps):
            raise UsageError("this is no reasoning structure: it has no list of steps", hint=_HINT)
        read = tuple(ReasoningStep(key=_text(step, "key"), what=_text(step, "what")) for step in steps)
        return cls(steps=read) if document.get("final") is None else cls(steps=read, final=_text(document, "final"))


def _text(document: Mapping[str, Any], key: str) -> str:
    value = document.get(key)
    if not isinstance(value, str):
        raise UsageError(f"a reasoning structure with {value!r} as {key!r}", hint=_HINT)
    return value


def _last_marker(text: str) -> re.Match[str] | None:
    """Where the final answer of a text is announced for the last time."""
    found = [*_MARKER.finditer(text)]
    return found[-1] if found else None


def _is_line(text: str, *, longest: int) -> bool:
    """Whether a text is one line with something on it and nothing around it."""
    return 0 < len(text) <= longest and text == text.strip() and text.isprintable()
