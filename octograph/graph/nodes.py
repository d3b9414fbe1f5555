"""Nodes of a model graph: masters, workers, knowledge bases, and a judge.

All are values: what a node *is*, never anything that runs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Literal, get_args

from octograph.graph.judge import Judge
from octograph.graph.problems import Problem, did_you_mean, shown
from octograph.graph.sources import file_source_problem
from octograph.graph.values import RESERVED_NAMES, named, refuse

__all__ = [
    "WEIGHED",
    "Answer",
    "Decoding",
    "Grounding",
    "Judge",
    "Knowledge",
    "Master",
    "Node",
    "NodeKind",
    "Output",
    "Reasoning",
    "StructureForm",
    "Worker",
    "models_of",
]

NodeKind = Literal["master", "worker", "knowledge", "judge"]
Decoding = Literal["greedy", "sample", "cot", "self-consistency", "program"]
Output = Literal["text", "json"]
Answer = Literal["text", "number"]
StructureForm = Literal["json", "text"]
Reasoning = Literal["none", "self-discover"]
Grounding = Literal["together", "rag-sequence", "rag-token"]

MOST_BRANCHES = 32
MOST_PASSAGES = 50

WEIGHED: Mapping[Decoding, int] = MappingProxyType({"program": 1, "cot": 10, "self-consistency": 10})
"""Ways of decoding that write several texts and weigh their answers, and how many if the graph does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Master:
    """A node that picks the next node and rewrites the query.

    Parameters
    ----------
    name
        Name of the node.
    model
        Name of its model.
    prompt
        The prompt prefix; None for the built-in one.
    none_examples
        Queries that fit none of its targets.
    description
        What it is for; another master reads this.

    Raises
    ------
    GraphError
        A value cannot be right; the message names every such field.

    Examples
    --------
    >>> Master(name="router", model="tiny").kind
    'master'

    """

    kind: ClassVar[NodeKind] = "master"

    name: str
    model: str
    prompt: str | None = None
    none_examples: tuple[str, ...] = ()
    description: str = ""

    def __post_init__(self) -> None:
        refuse(self)

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with it."""
        yield from named(self.name, reserved=RESERVED_NAMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A node that does the work: a language model or a tool, or one that says why there is none for it.

    Parameters
    ----------
    name
        Name of the node.
    description
        What it is good at; the master reads this.
    measured
        How good it was found to be, and on what; for people.
    model, tool, declines
        Name of its model, or of its tool, or why it answers nothing: exactly one of them. Queries of a worker that
        declines are told the reason and given to nobody else, unless an edge ``escalates_to`` says to whom.
    adapter
        A LoRA adapter over its model: ``path:FILE`` (a GGUF file, relative to the graph file) or
        ``package:NAME/FILE``.
    system
        The system prompt.
    history
        Whether it is shown the conversation before the query; a worker that was trained on single questions is not.
    decoding
        How it decodes an answer. ``"cot"`` continues each of the likeliest first tokens and takes the answer that the
        model was surest of (CoT-decoding, Wang and Zhou 2024); ``"self-consistency"`` samples as many texts and takes
        the commonest answer (Wang et al. 2022); ``"program"`` has a calculator write the results into lines of
        arithmetic.
    output
        ``"json"`` holds its answers to a flat JSON object of texts, numbers, truth values and nulls.
    reasoning
        ``"self-discover"`` has it fill a reasoning structure, which is discovered once for each kind of query
        (Self-Discover, Zhou et al. 2024).
    structure
        How it is shown that structure: as a JSON object, to which its answer is held, or as numbered lines.
    discoverer
        Name of the model that discovers it; None for the worker's own. Structures of a strong model help a weak one.
    grounding
        How passages of the knowledge bases that it reads are used: all in one prompt, or one prompt each with the
        answers marginalised (RAG-Sequence and RAG-Token, Lewis et al. 2020).
    passages
        How many of them it is given at most, the best first. A small model is led astray by those that do not answer.
    evaluator
        The soft prompt behind an answer from which its model tells whether that is right (ASPIRE, Chen et al. 2023):
        ``path:FILE`` (safetensors, relative to the graph file) or ``package:NAME/FILE``. Without one, how likely the
        answer was is all that is known.
    alpha
        Weight of that in the selection score ``g = (1 - alpha) log f_norm(y|x) + alpha log P(correct|x,y)``.
    length_normalised
        Whether ``f_norm`` is the answer's likelihood to the power of one over its tokens, as in the method, or the
        whole likelihood.
    tau
        The least ``g``, in nats, of an answer that is taken; None takes all.
    branches
        Texts that are written and weighed; None for 10, of programs for a single, greedy one. Of several programs the
        commonest result is taken.
    branch_at
        Of CoT-decoding: the token, counted from 0 and below `max_tokens`, at which the texts part.
    answer
        ``"number"`` if the answer of a text is the last number in it. Otherwise it is one of the options that the
        query lists, or what the model names when it is asked for it.
    temperature, top_p, min_p
        Sampling settings.
    repetition_penalty
        Makes tokens that the answer holds already less likely; 1 leaves them alone.
    max_tokens
        The longest answer, in tokens.
    reformulate
        Whether the master rewrites queries for it.
    cost
        What an answer costs, in any unit that all workers of the graph share: seconds, tokens or money.
    examples
        Queries it should get; they fit its row of the functional head.

    Raises
    ------
    GraphError
        A value cannot be right; the message names every such field.

    Examples
    --------
    >>> Worker(name="math", description="Sums", tool="calculator").decoding
    'greedy'

    """

    kind: ClassVar[NodeKind] = "worker"

    name: str
    description: str
    measured: str = ""
    model: str | None = None
    tool: str | None = None
    declines: str | None = None
    adapter: str | None = None
    system: str = ""
    history: bool = True
    decoding: Decoding = "greedy"
    output: Output = "text"
    reasoning: Reasoning = "none"
    structure: StructureForm = "json"
    discoverer: str | None = None
    grounding: Grounding = "together"
    passages: int = 5
    evaluator: str | None = None
    alpha: float = 0.25
    length_normalised: bool = True
    tau: float | None = None
    branches: int | None = None
    branch_at: int = 0
    answer: Answer = "text"
    temperature: float = 0.7
    top_p: float = 0.95
    min_p: float = 0.05
    repetition_penalty: float = 1.0
    max_tokens: int = 512
    reformulate: bool = False
    cost: float = 0.0
    examples: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        refuse(self)

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with it."""
        yield from named(self.name, reserved=RESERVED_NAMES)
        named_keys = [key for key in ("model", "tool", "declines") if getattr(self, key) is not None]
        if len(named_keys) > 1:
            first, *_, last = map(repr, named_keys)
            yield Problem(
                key=named_keys[-1],
                message=f"a worker is a model, or a tool, or declines, and this one has both {first} and {last}",
                mend=f"Remove {first} or {last}.",
            )
        if not named_keys:
            yield Problem(
                key="model",
                message="a worker needs a model or a tool, and this one names neither",
                mend="Add a 'model' from [models], or a 'tool'.",
            )
        if self.tool is not None and not self.tool.strip():
            yield Problem(key="tool", message="the tool is blank", mend="Write the name of a tool.")
        if self.declines is not None and not self.declines.strip():
            yield Problem(key="declines", message="the reason is blank", mend="Write why it cannot answer.")
        for key, what in (("adapter", "adapt"), ("evaluator", "ask"), ("tau", "evaluate")):
            yield from self._model_only_problems(key, what)
        for key, choice, choices in (
            ("decoding", self.decoding, get_args(Decoding)),
            ("output", self.output, get_args(Output)),
            ("answer", self.answer, get_args(Answer)),
            ("reasoning", self.reasoning, get_args(Reasoning)),
            ("structure", self.structure, get_args(StructureForm)),
            ("grounding", self.grounding, get_args(Grounding)),
        ):
            if choice not in choices:
                mend = did_you_mean(str(choice), choices, what="Choices")
                yield Problem(key=key, message=f"{shown(choice)} is not a way of {key}", mend=mend)
        if self.decoding in WEIGHED and self.output != "text":
            mend = "Remove 'output', or decode in another way."
            yield Problem(key="output", message=f"the decoding {shown(self.decoding)} writes no JSON", mend=mend)
        if self.reasoning != "none" and (self.decoding in WEIGHED or self.output != "text"):
            key = "decoding" if self.decoding in WEIGHED else "output"
            mend = f"Remove {key!r}, or write `reasoning = 'none'`."
            yield Problem(key=key, message="a reasoning structure is filled in one text of its own form", mend=mend)
        yield from self._grounding_problems()
        yield from self._branch_problems()
        yield from self._range_problems()

    @property
    def width(self) -> int:
        """Texts that it writes for an answer."""
        return WEIGHED.get(self.decoding, 1) if self.branches is None else self.branches

    def _model_only_problems(self, key: str, what: str) -> Iterator[Problem]:
        value = getattr(self, key)
        if value is None:
            return
        if self.tool is not None:
            mend = f"Remove {key!r}, or name a model."
            yield Problem(key=key, message=f"a tool has no model to {what}", mend=mend)
        problem = file_source_problem(key, value) if isinstance(value, str) else None
        if problem is not None:
            yield problem

    def _grounding_problems(self) -> Iterator[Problem]:
        if self.grounding not in get_args(Grounding) or self.grounding == "together":
            return
        for key in ("evaluator", "tau"):
            if getattr(self, key) is not None:
                message = f"answers by the grounding {shown(self.grounding)} have no selection score"
                mend = f"Remove {key!r}, or write `grounding = 'together'`."
                yield Problem(key=key, message=message, mend=mend)

    def _branch_problems(self) -> Iterator[Problem]:
        if not 1 <= self.width <= MOST_BRANCHES:
            yield _range("branches", self.width, f"from 1 to {MOST_BRANCHES}, such as 8")
        elif self.width > 1 and self.decoding not in WEIGHED:
            yield Problem(
                key="branches",
                message=f"the decoding {shown(self.decoding)} writes one text",
                mend=f"Remove 'branches', or decode by one of: {', '.join(WEIGHED)}.",
            )
        if self.branch_at < 0:
            yield _range("branch_at", self.branch_at, "0 or more, such as 1")
        elif self.branch_at and self.decoding != "cot":
            mend = "Remove 'branch_at', or write `decoding = 'cot'`."
            yield Problem(key="branch_at", message="only texts of CoT-decoding part at a token", mend=mend)
        elif self.branch_at and self.branch_at >= self.max_tokens:
            message = f"texts of at most {self.max_tokens} tokens cannot part at {self.branch_at!r}"
            yield Problem(key="branch_at", message=message, mend="Write a smaller number, or raise 'max_tokens'.")

    def _range_problems(self) -> Iterator[Problem]:
        if not (math.isfinite(self.temperature) and self.temperature >= 0):
            yield _range("temperature", self.temperature, "0 or more, such as 0.7")
        if not 0 < self.top_p <= 1:
            yield _range("top_p", self.top_p, "above 0, up to 1")
        if not 0 <= self.min_p <= 1:
            yield _range("min_p", self.min_p, "from 0 to 1")
        if not 1 <= self.repetition_penalty <= 2:
            yield _range("repetition_penalty", self.repetition_penalty, "from 1 to 2, such as 1.1")
        if not 0 <= self.alpha <= 1:
            yield _range("alpha", self.alpha, "from 0 to 1, such as 0.25")
        if self.tau is not None and not (math.isfinite(self.tau) and self.tau <= 0):
            yield _range("tau", self.tau, "0 or less, such as -0.5")
        if not 1 <= self.passages <= MOST_PASSAGES:
            yield _range("passages", self.passages, f"from 1 to {MOST_PASSAGES}, such as 3")
        if self.max_tokens < 1:
            yield _range("max_tokens", self.max_tokens, "1 or more, such as 512")
        if not (math.isfinite(self.cost) and self.cost >= 0):
            yield _range("cost", self.cost, "0 or more, such as 1.5")


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """A knowledge base that workers read.

    Parameters
    ----------
    name
        Name of the node.
    path
        Folder in which it is kept, relative to the graph file; None for one of its name among the user's data.
    description
        What is in it.

    Raises
    ------
    GraphError
        A value cannot be right; the message names every such field.

    Examples
    --------
    >>> Knowledge(name="manuals", path="manuals.index").kind
    'knowledge'

    """

    kind: ClassVar[NodeKind] = "knowledge"

    name: str
    path: str | None = None
    description: str = ""

    def __post_init__(self) -> None:
        refuse(self)

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with it."""
        yield from named(self.name, reserved=RESERVED_NAMES)
        if self.path is not None and (not self.path.strip() or "\0" in self.path):
            yield Problem(
                key="path",
                message=f"{shown(self.path)} is no path",
                mend="Write where the knowledge base is, relative to the graph file, or leave the key out.",
            )


Node = Master | Worker | Knowledge | Judge


def models_of(nodes: Iterable[Node]) -> set[str]:
    """Return the names of the models that nodes run on or have their plans made by."""
    named = (getattr(node, key, None) for node in nodes for key in ("model", "discoverer"))
    return {name for name in named if name is not None}


def _range(key: str, value: float, allowed: str) -> Problem:
    return Problem(key=key, message=f"{value!r} is out of range", mend=f"Write a number {allowed}.")
