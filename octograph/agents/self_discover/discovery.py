"""Stage 1 of Self-Discover: a reasoning structure for a task, from a few of its queries without their answers.

Zhou et al. 2024, https://arxiv.org/abs/2402.03620, with ``D`` the reasoning modules and ``t`` the queries::

    SELECT     D_S = M(p_S || D || t)
    ADAPT      D_A = M(p_A || D_S || t)
    IMPLEMENT  D_I = M(p_I || S_human || D_A || t)

Three calls, each held to a JSON schema, so that what comes out is always of the right shape.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from octograph.agents.self_discover.modules import MODULES, MODULES_BY_NAME, ReasoningModule
from octograph.cancellation import CancelToken
from octograph.errors import ToolError, UsageError
from octograph.nodes.generation import Generation, GenerationRequest, Generator, Message, Sampling, TextDelta
from octograph.nodes.structure import FINAL, ReasoningStep, ReasoningStructure

__all__ = ["DEMONSTRATION", "DEMONSTRATION_QUERY", "Discovered", "Discovery", "Stage"]

Stage = Literal["SELECT", "ADAPT", "IMPLEMENT"]

FEWEST_MODULES: Final = 2
MOST_MODULES: Final = 5
FEWEST_STEPS: Final = 3
MOST_STEPS: Final = 8
"""Of the list that the model writes, perhaps with the final answer; people may write longer structures."""

LONGEST_ADAPTED: Final = 160
LONGEST_KEY: Final = 40
LONGEST_WHAT: Final = 120
"""Characters, so that no model runs on for ever."""

_MAX_TOKENS: Final[Mapping[Stage, int]] = {"SELECT": 96, "ADAPT": 400, "IMPLEMENT": 720}
"""Room for the longest text that a stage's schema lets through, in English."""

_SAMPLING: Final = Sampling(repetition_penalty=1.2)
"""Greedy, so that the same queries have the same structure; unpunished, a small model repeats one item of a list."""

DEMONSTRATION: Final = ReasoningStructure(
    steps=(
        ReasoningStep(key="Guest's needs", what="List what the guest must not or will not eat"),
        ReasoningStep(key="Ingredients", what="List everything that is in the dish, sauces included"),
        ReasoningStep(key="Conflicts", what="Name each ingredient that goes against a need, or write none"),
        ReasoningStep(key="Doubts", what="Name the ingredient that one would have to ask about, or write none"),
    ),
    final="Yes if there are no conflicts, otherwise no",
)
"""``S_human``: a structure that we wrote, for queries such as `DEMONSTRATION_QUERY`."""

DEMONSTRATION_QUERY: Final = "Can a vegan with a nut allergy order the pesto pasta?"

_DEMONSTRATION_IDEAS: Final = (
    "Take the dish apart into all of its ingredients and look at each of them alone.",
    "Ask which ingredients the name of the dish does not tell.",
    "Go from the guest's needs to the conflicts one small step at a time.",
)

_SELECT: Final = (
    "You plan how to solve a kind of task. Below are ways of thinking, each with its name, and then examples of the "
    f"task. Choose the {FEWEST_MODULES} to {MOST_MODULES} ways of thinking that help most with such tasks. Do not "
    "solve the examples. Answer with a JSON list of names."
)
_ADAPT: Final = (
    "You plan how to solve a kind of task. Below are ways of thinking, and then examples of the task. Rewrite each way "
    "of thinking as one sentence that says how to use it on tasks of this kind. Do not solve the examples. Answer with "
    "a JSON object: the name of each way of thinking, and its sentence."
)
_ADAPT_AGAIN: Final = "How is each way of thinking used on tasks of this kind?"
"""Behind the examples: a small model would answer the last of them otherwise."""

_IMPLEMENT: Final = (
    "You write plans for solving a kind of task. From ideas and examples, write a plan for all tasks of this kind: a "
    "JSON list of steps in order, each with a short key and with what to write there. Do not solve the examples."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovered:
    """A reasoning structure and how it came about.

    Attributes
    ----------
    structure
        What `IMPLEMENT` made.
    modules
        Names of the modules that were selected, each once.
    adapted
        What they became for this task, in their order.
    generations
        Counts and times of each call.

    """

    structure: ReasoningStructure
    modules: tuple[str, ...]
    adapted: tuple[str, ...]
    generations: tuple[Generation, ...]

    @property
    def calls(self) -> int:
        """How often the model was asked."""
        return len(self.generations)

    @property
    def seconds(self) -> float:
        """What the model took for all calls together."""
        return sum(one.prefill_seconds + one.decode_seconds for one in self.generations)


_NO_QUOTES: Final = str.maketrans({'"': "'", "\\": " "})


class Discovery:
    """Finds reasoning structures with a model.

    Parameters
    ----------
    generator
        The model, which keeps to schemas.

    """

    def __init__(self, generator: Generator) -> None:
        self._generator = generator

    async def discover(self, examples: Sequence[str], *, cancel: CancelToken) -> Discovered | None:
        """Find a structure for the task that some queries are examples of, in three calls.

        Parameters
        ----------
        examples
            A few queries, without their answers; all of them are shown in each call.
        cancel
            Ends the call in progress.

        Returns
        -------
        Discovered or None
            None if it was cancelled.

        Raises
        ------
        UsageError
            There are no examples, or one is blank.
        ToolError
            A call was cut off or came to nothing usable; the message names the stage.
        ContextOverflowError
            The examples do not fit in the model's context.
        HostError
            The model's process failed.

        """
        if not examples or not all(example.strip() for example in examples):
            raise UsageError("a task is discovered from its queries, and there are none", hint="Give two or three.")
        calls = _Calls(self._generator, cancel)
        shown = _shown(examples)

        offered = f"Ways of thinking:\n{_listed(MODULES)}\n\n{shown}"
        text = await calls.make("SELECT", [_SELECT, offered], _selection_schema())
        if text is None:
            return None
        modules = _selected(text)

        names = tuple(module.name for module in modules)
        chosen = f"Ways of thinking:\n{_listed(modules)}\n\n{shown}\n\n{_ADAPT_AGAIN}"
        text = await calls.make("ADAPT", [_ADAPT, chosen], _adapted_schema(names))
        if text is None:
            return None
        adapted = _adapted(text, names)

        demonstration = [f"{_ideas(_DEMONSTRATION_IDEAS)}\n\n{_shown([DEMONSTRATION_QUERY])}", _as_list(DEMONSTRATION)]
        given = f"{_ideas(adapted)}\n\n{shown}"
        text = await calls.make("IMPLEMENT", [_IMPLEMENT, *demonstration, given], _steps_schema())
        if text is None:
            return None
        structure = _structure(text)
        return Discovered(structure=structure, modules=names, adapted=adapted, generations=tuple(calls.generations))


class _Calls:
    """The calls about one task.

    Parameters
    ----------
    generator
        The model.
    cancel
        Ends the call in progress.

    """

    def __init__(self, generator: Generator, cancel: CancelToken) -> None:
        self._generator = generator
        self._cancel = cancel
        self.generations: list[Generation] = []

    async def make(self, stage: Stage, turns: Sequence[str], schema: dict[str, Any]) -> str | None:
        """Return what the model wrote, None if it was cancelled.

        Parameters
        ----------
        stage
            Which call this is.
        turns
            The instructions, and then what the user and the assistant say in turn.
        schema
            What the text is held to.

        """
        if self._cancel.cancelled:
            return None
        system, *said = turns
        request = GenerationRequest(
            messages=(
                Message(role="system", content=system),
                *(Message(role="assistant" if place % 2 else "user", content=turn) for place, turn in enumerate(said)),
            ),
            max_tokens=_MAX_TOKENS[stage],
            sampling=_SAMPLING,
            schema=schema,
        )
        written: list[str] = []
        async for piece in self._generator.generate(request, cancel=self._cancel):
            if isinstance(piece, TextDelta):
                written.append(piece.text)
            elif isinstance(piece, Generation):
                self.generations.append(piece)
        finish = self.generations[-1].finish
        if finish == "cancelled" or self._cancel.cancelled:
            return None
        if finish == "length":
            raise _failed(stage, f"the limit of {request.max_tokens} tokens cut it off")
        return "".join(written)


def _selected(text: str) -> tuple[ReasoningModule, ...]:
    """The modules that `SELECT` names, each once: no grammar can forbid a name to come again."""
    value = _parsed("SELECT", text)
    names = dict.fromkeys(map(_line, value)) if isinstance(value, list) else {}
    modules = tuple(MODULES_BY_NAME[name] for name in names if name in MODULES_BY_NAME)
    if not modules:
        raise _failed("SELECT", "it names none of the reasoning modules")
    return modules


def _adapted(text: str, names: Sequence[str]) -> tuple[str, ...]:
    """What `ADAPT` made of each module, in their order."""
    value = _parsed("ADAPT", text)
    found = tuple(_line(value.get(name)) if isinstance(value, dict) else "" for name in names)
    if not all(found):
        raise _failed("ADAPT", f"it says nothing about {names[found.index('')]!r}")
    return found


def _structure(text: str) -> ReasoningStructure:
    """The structure that `IMPLEMENT` wrote, each key once; what it says of the final answer is kept."""
    value = _parsed("IMPLEMENT", text)
    found: dict[str, ReasoningStep] = {}
    final: dict[str, str] = {}
    try:
        for step in value if isinstance(value, list) else ():
            key, what = (_key(step.get("key")), _line(step.get("what"))) if isinstance(step, dict) else ("", "")
            if key.casefold() == FINAL.casefold() and what:
                final = {"final": what}
            elif key and what:
                found.setdefault(key.casefold(), ReasoningStep(key=key, what=what))
        if not found:
            raise _failed("IMPLEMENT", "no step has a key and says what to write there")
        if found.keys() <= {step.key.casefold() for step in DEMONSTRATION.steps}:
            raise _failed("IMPLEMENT", "it copied the plan for another task that it was shown")
        return ReasoningStructure(steps=tuple(found.values()), **final)
    except UsageError as error:  # only of a model that no schema holds
        raise _failed("IMPLEMENT", error.message) from error


def _parsed(stage: Stage, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise _failed(stage, f"what the model wrote is no JSON: {error}") from error


def _key(value: Any) -> str:
    """A key as structures allow it, of what a grammar lets through: any characters of JSON."""
    return " ".join(_line(value).translate(_NO_QUOTES).split()).strip(" .:")


def _line(value: Any) -> str:
    """A text in one line, without what cannot be printed; empty if it is no text."""
    if not isinstance(value, str):
        return ""
    return " ".join("".join(character if character.isprintable() else " " for character in value).split())


def _listed(modules: Sequence[ReasoningModule]) -> str:
    return "\n".join(f"- {module.name}: {module.sentence}" for module in modules)


def _ideas(texts: Sequence[str]) -> str:
    return "\n".join(["Ideas:", *(f"- {text}" for text in texts)])


def _shown(examples: Sequence[str]) -> str:
    return "\n\n".join(f"Example {number}:\n{text.strip()}" for number, text in enumerate(examples, start=1))


def _as_list(structure: ReasoningStructure) -> str:
    """A structure in the shape in which a model writes one: no schema can hold keys of its own choosing."""
    return json.dumps([{"key": step.key, "what": step.what} for step in structure.all_steps], ensure_ascii=False)


def _selection_schema() -> dict[str, Any]:
    return _list_of({"enum": list(MODULES_BY_NAME)}, fewest=FEWEST_MODULES, most=MOST_MODULES)


def _adapted_schema(names: Sequence[str]) -> dict[str, Any]:
    """An object with the names as keys: a small model asked for a bare list leaves it empty, or loses its place."""
    return _object_of(dict.fromkeys(names, _text_of(fewest=12, most=LONGEST_ADAPTED)))


def _steps_schema() -> dict[str, Any]:
    step = {"key": _text_of(fewest=2, most=LONGEST_KEY), "what": _text_of(fewest=8, most=LONGEST_WHAT)}
    return _list_of(_object_of(step), fewest=FEWEST_STEPS, most=MOST_STEPS)


def _text_of(*, fewest: int, most: int) -> dict[str, Any]:
    return {"type": "string", "minLength": fewest, "maxLength": most}


def _object_of(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _list_of(items: dict[str, Any], *, fewest: int, most: int) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": fewest, "maxItems": most}


def _failed(stage: Stage, why: str) -> ToolError:
    return ToolError(
        f"no reasoning structure was discovered: {stage} failed, {why}",
        hint="Discover it with a stronger model, import a structure, or let the worker answer without one.",
    )
