"""The tables of a graph file, as Pydantic checks them: which keys there are and of what type.

What the values mean is checked by the dataclasses (`nodes`, `edges`) and by `checks`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Final, Literal, Required, cast, get_args

from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config
from pydantic_core import ErrorDetails

# Pydantic cannot read typing.TypedDict before Python 3.12.
from typing_extensions import TypedDict

from octograph.graph.edges import EdgeKind
from octograph.graph.judge import AspectName
from octograph.graph.nodes import Answer, Decoding, Grounding, NodeKind, Output, Reasoning, StructureForm
from octograph.graph.problems import Problem, did_you_mean, key_path, shown

__all__ = ["EDGE", "GRAPH", "MODEL", "NODES", "TableKind", "type_problem"]

# Strict: TOML has types, so nothing is coerced. Unknown keys are slips of the pen.
_CONFIG = ConfigDict(strict=True, extra="forbid")


@with_config(_CONFIG)
class _GraphTable(TypedDict, total=False):
    name: Required[str]
    master: Required[str]
    description: str
    examples: str
    head: str


@with_config(_CONFIG)
class _ModelTable(TypedDict, total=False):
    source: Required[str]
    sha256: str
    context: int
    licence: str
    size: str
    kv: str


@with_config(_CONFIG)
class _MasterTable(TypedDict, total=False):
    kind: Required[Literal["master"]]
    model: Required[str]
    prompt: str
    none_examples: list[str]
    description: str


@with_config(_CONFIG)
class _WorkerTable(TypedDict, total=False):
    kind: Required[Literal["worker"]]
    description: Required[str]
    measured: str
    model: str
    tool: str
    declines: str
    adapter: str
    system: str
    history: bool
    decoding: Decoding
    output: Output
    reasoning: Reasoning
    structure: StructureForm
    discoverer: str
    grounding: Grounding
    passages: int
    evaluator: str
    alpha: float
    length_normalised: bool
    tau: float
    branches: int
    branch_at: int
    answer: Answer
    temperature: float
    top_p: float
    min_p: float
    repetition_penalty: float
    max_tokens: int
    reformulate: bool
    cost: float
    examples: list[str]


@with_config(_CONFIG)
class _KnowledgeTable(TypedDict, total=False):
    kind: Required[Literal["knowledge"]]
    path: str
    description: str


@with_config(_CONFIG)
class _JudgeTable(TypedDict, total=False):
    kind: Required[Literal["judge"]]
    model: Required[str]
    adapter: str
    aspects: list[AspectName]
    description: str


# In functional form, because "from" is a Python keyword.
_EdgeTable = TypedDict(
    "_EdgeTable",
    {"from": Required[str], "to": Required[str], "kind": Required[EdgeKind], "token": str},
    total=False,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableKind:
    """A kind of table.

    Parameters
    ----------
    adapter
        Checks a table.
    choices
        For keys with few possible values, those values.
    keys
        Every key such a table can have.

    """

    adapter: TypeAdapter[Any]
    keys: tuple[str, ...]
    choices: Mapping[str, tuple[str, ...]]

    def check(self, table: object, key: str) -> tuple[dict[str, Any], list[Problem], set[str]]:
        """Check one table.

        Parameters
        ----------
        table
            What the file has.
        key
            Its key in the file.

        Returns
        -------
        tuple
            The entries that are right, the problems, and the keys of the entries that are wrong or missing.

        """
        if not isinstance(table, dict):
            return {}, [type_problem(key, table, "a table")], set(self.keys)
        try:
            self.adapter.validate_python(table)
        except ValidationError as error:
            details = error.errors(include_url=False)
            wrong = {str(detail["loc"][0]) for detail in details if detail["loc"]}
            right = {name: value for name, value in table.items() if name not in wrong}
            return right, [self._problem(detail, key) for detail in details], wrong
        return dict(table), [], set()

    def _problem(self, detail: ErrorDetails, key: str) -> Problem:
        name, *places = detail["loc"]
        full = f"{key}.{key_path(str(name))}" + "".join(f"[{place}]" for place in places)
        match detail["type"]:
            case "extra_forbidden":
                mend = did_you_mean(str(name), self.keys, what="Keys")
                return Problem(key=full, message=f"unknown key {shown(name)}", mend=mend)
            case "missing":
                return Problem(key=full, message="the key is missing", mend=f"Add {shown(name)} to [{key}].")
            case "literal_error" if isinstance(detail["input"], str):
                mend = did_you_mean(detail["input"], self.choices[str(name)], what="Choices")
                return Problem(key=full, message=f"{shown(detail['input'])} is not allowed here", mend=mend)
            case kind:
                return type_problem(full, detail["input"], _EXPECTED.get(kind, "another value"))


def type_problem(key: str, value: object, expected: str) -> Problem:
    """Return the problem of a value that has the wrong type in the file."""
    return Problem(key=key, message=f"is {_toml_type(value)}, not {expected}", mend=f"Write {expected}.")


_EXPECTED: Final = {
    "string_type": "a string",
    "literal_error": "a string",
    "int_type": "an integer",
    "float_type": "a number",
    "bool_type": "a boolean",
    "list_type": "an array",
    "dict_type": "a table",
}

_TOML_TYPES: Final[tuple[tuple[type | tuple[type, ...], str], ...]] = (
    (bool, "a boolean"),  # before int: a bool is one
    (int, "an integer"),
    (float, "a number"),
    (str, "a string"),
    (list, "an array"),
    (dict, "a table"),
    ((date, time), "a date or time"),
)


def _toml_type(value: object) -> str:
    return next((name for kind, name in _TOML_TYPES if isinstance(value, kind)), "something else")


def _kind(table: type, **choices: tuple[str, ...]) -> TableKind:
    return TableKind(adapter=TypeAdapter(table), keys=tuple(table.__annotations__), choices=choices)


GRAPH: Final = _kind(_GraphTable)
MODEL: Final = _kind(_ModelTable)
EDGE: Final = _kind(with_config(_CONFIG)(cast("type", _EdgeTable)), kind=get_args(EdgeKind))
NODES: Final[Mapping[NodeKind, TableKind]] = {
    "master": _kind(_MasterTable, kind=("master",)),
    "worker": _kind(
        _WorkerTable,
        kind=("worker",),
        decoding=get_args(Decoding),
        output=get_args(Output),
        reasoning=get_args(Reasoning),
        grounding=get_args(Grounding),
    ),
    "knowledge": _kind(_KnowledgeTable, kind=("knowledge",)),
    "judge": _kind(_JudgeTable, kind=("judge",), aspects=get_args(AspectName)),
}
