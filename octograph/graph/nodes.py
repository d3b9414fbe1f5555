"""Nodes of a model graph (masters, workers, knowledge bases) and the models they name.

All are values: what a node *is*, never anything that runs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import ClassVar, Literal, TypeVar, get_args

from octograph.errors import GraphError
from octograph.graph.problems import Problem, ProblemsError, did_you_mean, name_problem, shown
from octograph.graph.sources import bytes_of, file_source_problem, size_problem, source_problems

__all__ = [
    "Decoding",
    "Grounding",
    "Knowledge",
    "Master",
    "Model",
    "Node",
    "NodeKind",
    "Output",
    "Reasoning",
    "Worker",
    "by_name",
]

NodeKind = Literal["master", "worker", "knowledge"]
Decoding = Literal["greedy", "sample", "cot", "self-consistency", "program"]
Output = Literal["text", "json"]
Reasoning = Literal["none", "self-discover"]
Grounding = Literal["together", "rag-sequence", "rag-token"]

# In evaluation data and in examples files "none" stands for queries out of scope, so no node may be called that.
RESERVED_NAMES = frozenset({"none"})

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Where a model's weights come from.

    Parameters
    ----------
    name
        The name nodes use for it.
    source
        ``package:NAME/FILE`` (inside an installed Python package), ``path:FILE`` (relative to the graph file),
        ``hf:USER/REPO:QUANT`` (Hugging Face) or ``openai:URL#MODEL`` (an OpenAI-compatible server).
    sha256
        The checksum the file must have.
    context
        The context length to open it with, in tokens; None leaves it to the host.
    licence
        The licence of the weights, for people.
    size, kv
        How large its file is, and the keys and values of one token in the cache, as ``4.7 GB`` and ``56 KiB``: for
        the memory plan of a model that is not on this machine yet.

    Raises
    ------
    GraphError
        A value cannot be right; the message names every such field.

    Examples
    --------
    >>> Model(name="tiny", source="path:tiny.gguf").scheme
    'path'

    """

    name: str
    source: str
    sha256: str | None = None
    context: int | None = None
    licence: str = ""
    size: str | None = None
    kv: str | None = None

    def __post_init__(self) -> None:
        _refuse(self)

    @property
    def scheme(self) -> str:
        """The part of the source before the first colon."""
        return self.source.partition(":")[0]

    @property
    def is_remote(self) -> bool:
        """Whether a server somewhere runs it."""
        return self.scheme == "openai"

    @property
    def size_bytes(self) -> int | None:
        """The stated size of its file."""
        return None if self.size is None else bytes_of(self.size)

    @property
    def kv_bytes(self) -> int | None:
        """The stated size of a token's keys and values."""
        return None if self.kv is None else bytes_of(self.kv)

    def _problems(self) -> Iterator[Problem]:
        yield from _named(self.name)
        yield from source_problems(self.source)
        sizes = (size_problem("size", self.size), size_problem("kv", self.kv))
        yield from (problem for problem in sizes if problem is not None)
        if self.sha256 is not None and not _SHA256.fullmatch(self.sha256):
            yield Problem(
                key="sha256",
                message=f"{shown(self.sha256)} is not a SHA-256 checksum",
                mend="Write 64 lower-case hexadecimal digits, as `sha256sum FILE` prints them.",
            )
        if self.context is not None and self.context < 1:
            yield Problem(
                key="context",
                message=f"the context of {self.context} tokens holds nothing",
                mend="Write a number of tokens, such as 2048, or leave the key out.",
            )


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
        _refuse(self)

    def _problems(self) -> Iterator[Problem]:
        yield from _named(self.name, reserved=RESERVED_NAMES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A node that does the work: a language model or a tool.

    Parameters
    ----------
    name
        Name of the node.
    description
        What it is good at; the master reads this.
    model, tool
        Name of its model, or of its tool: exactly one of them.
    adapter
        A LoRA adapter over its model: ``path:FILE`` (a GGUF file, relative to the graph file) or
        ``package:NAME/FILE``.
    system
        The system prompt.
    history
        Whether it is shown the conversation before the query; a worker that was trained on single questions is not.
    decoding
        How it decodes an answer; ``"program"`` has a calculator write the results into lines of arithmetic.
    output
        ``"json"`` holds its answers to a flat JSON object of texts, numbers, truth values and nulls.
    reasoning
        Whether it first discovers a reasoning structure.
    grounding
        How passages of the knowledge bases that it reads are used: all in one prompt, or one prompt each with the
        answers marginalised (RAG-Sequence and RAG-Token, Lewis et al. 2020).
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
    model: str | None = None
    tool: str | None = None
    adapter: str | None = None
    system: str = ""
    history: bool = True
    decoding: Decoding = "greedy"
    output: Output = "text"
    reasoning: Reasoning = "none"
    grounding: Grounding = "together"
    temperature: float = 0.7
    top_p: float = 0.95
    min_p: float = 0.05
    repetition_penalty: float = 1.0
    max_tokens: int = 512
    reformulate: bool = False
    cost: float = 0.0
    examples: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _refuse(self)

    def _problems(self) -> Iterator[Problem]:
        yield from _named(self.name, reserved=RESERVED_NAMES)
        if self.model is not None and self.tool is not None:
            yield Problem(
                key="tool",
                message="a worker is a model or a tool, and this one names both",
                mend="Remove 'model' or 'tool'.",
            )
        if self.model is None and self.tool is None:
            yield Problem(
                key="model",
                message="a worker needs a model or a tool, and this one names neither",
                mend="Add a 'model' from [models], or a 'tool'.",
            )
        if self.tool is not None and not self.tool.strip():
            yield Problem(key="tool", message="the tool is blank", mend="Write the name of a tool.")
        yield from self._adapter_problems()
        for key, choice, choices in (
            ("decoding", self.decoding, get_args(Decoding)),
            ("output", self.output, get_args(Output)),
            ("reasoning", self.reasoning, get_args(Reasoning)),
            ("grounding", self.grounding, get_args(Grounding)),
        ):
            if choice not in choices:
                mend = did_you_mean(str(choice), choices, what="Choices")
                yield Problem(key=key, message=f"{shown(choice)} is not a way of {key}", mend=mend)
        if self.decoding == "program" and self.output != "text":
            mend = "Remove 'output', or decode in another way."
            yield Problem(key="output", message="a program is lines of arithmetic and no JSON", mend=mend)
        yield from self._range_problems()

    def _adapter_problems(self) -> Iterator[Problem]:
        if self.adapter is None:
            return
        if self.tool is not None:
            mend = "Remove 'adapter': it changes the weights of a model."
            yield Problem(key="adapter", message="a tool has no weights to adapt", mend=mend)
        problem = file_source_problem("adapter", self.adapter)
        if problem is not None:
            yield problem

    def _range_problems(self) -> Iterator[Problem]:
        if not (math.isfinite(self.temperature) and self.temperature >= 0):
            yield _range("temperature", self.temperature, "0 or more, such as 0.7")
        if not 0 < self.top_p <= 1:
            yield _range("top_p", self.top_p, "above 0, up to 1")
        if not 0 <= self.min_p <= 1:
            yield _range("min_p", self.min_p, "from 0 to 1")
        if not 1 <= self.repetition_penalty <= 2:
            yield _range("repetition_penalty", self.repetition_penalty, "from 1 to 2, such as 1.1")
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
        _refuse(self)

    def _problems(self) -> Iterator[Problem]:
        yield from _named(self.name, reserved=RESERVED_NAMES)
        if self.path is not None and (not self.path.strip() or "\0" in self.path):
            yield Problem(
                key="path",
                message=f"{shown(self.path)} is no path",
                mend="Write where the knowledge base is, relative to the graph file, or leave the key out.",
            )


Node = Master | Worker | Knowledge

_Named = TypeVar("_Named", Model, Node)


def by_name(values: Iterable[_Named] | Mapping[str, _Named], what: str) -> dict[str, _Named]:
    """Return models or nodes by name; two of one name are a `GraphError`."""
    named: dict[str, _Named] = {}
    for value in values.values() if isinstance(values, Mapping) else values:
        if value.name in named:
            raise GraphError(f"two {what} are called {shown(value.name)}", hint="Rename one of them.")
        named[value.name] = value
    return named


def _refuse(value: Model | Node) -> None:
    """Turn lists into tuples, then raise with every problem of ``value``, if it has any."""
    problems: list[Problem] = []
    for field in fields(value):
        content = getattr(value, field.name)
        if field.name.endswith("examples"):
            if isinstance(content, str):
                mend = "Write a sequence of strings, one for each query."
                problems.append(Problem(key=field.name, message="is a single string", mend=mend))
                continue
            content = tuple(content)
            # A list would compare unequal to the same examples read from a file.
            object.__setattr__(value, field.name, content)
        texts = content if isinstance(content, tuple) else (content,)
        if any(isinstance(text, str) and not _is_unicode(text) for text in texts):
            mend = "Remove the lone surrogates: the text could not be written to a file."
            problems.append(Problem(key=field.name, message="is not valid Unicode", mend=mend))
    problems.extend(value._problems())
    if problems:
        raise ProblemsError(problems)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _named(name: str, *, reserved: frozenset[str] = frozenset()) -> Iterator[Problem]:
    problem = name_problem(name, reserved=reserved)
    if problem is not None:
        yield problem


def _range(key: str, value: float, allowed: str) -> Problem:
    return Problem(key=key, message=f"{value!r} is out of range", mend=f"Write a number {allowed}.")
