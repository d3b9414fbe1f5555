"""What models and nodes have in common: they are refused with every problem that they have, and found by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import Field, fields
from typing import Any, ClassVar, Protocol, TypeVar

from octograph.errors import GraphError
from octograph.graph.problems import Problem, ProblemsError, name_problem, shown

__all__ = ["RESERVED_NAMES", "Value", "by_name", "named", "refuse"]

# In evaluation data and in examples files "none" stands for queries out of scope, so no node may be called that.
RESERVED_NAMES = frozenset({"none"})


class Value(Protocol):
    """A frozen dataclass that knows what is wrong with it."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def name(self) -> str:
        """Its name."""
        ...

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with it."""
        ...


_Value = TypeVar("_Value", bound=Value)


def by_name(values: Iterable[_Value] | Mapping[str, _Value], what: str) -> dict[str, _Value]:
    """Return models or nodes by name; two of one name are a `GraphError`."""
    found: dict[str, _Value] = {}
    for value in values.values() if isinstance(values, Mapping) else values:
        if value.name in found:
            raise GraphError(f"two {what} are called {shown(value.name)}", hint="Rename one of them.")
        found[value.name] = value
    return found


def refuse(value: Value) -> None:
    """Turn lists into tuples, then raise with every problem of ``value``, if it has any."""
    problems: list[Problem] = []
    for field in fields(value):
        content = getattr(value, field.name)
        if isinstance(field.default, tuple):
            if isinstance(content, str):
                mend = "Write a sequence of strings, even for one."
                problems.append(Problem(key=field.name, message="is a single string", mend=mend))
                content = field.default  # or each of its letters would be found wrong
            content = tuple(content)
            # A list would compare unequal to the same texts read from a file.
            object.__setattr__(value, field.name, content)
        texts = content if isinstance(content, tuple) else (content,)
        if any(isinstance(text, str) and not _is_unicode(text) for text in texts):
            mend = "Remove the lone surrogates: the text could not be written to a file."
            problems.append(Problem(key=field.name, message="is not valid Unicode", mend=mend))
    problems.extend(value.problems())
    if problems:
        raise ProblemsError(problems)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def named(name: str, *, reserved: frozenset[str] = frozenset()) -> Iterator[Problem]:
    """Yield what is wrong with a name, if anything."""
    problem = name_problem(name, reserved=reserved)
    if problem is not None:
        yield problem
