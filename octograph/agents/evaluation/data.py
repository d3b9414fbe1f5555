"""Evaluation data: JSON Lines, plain or gzipped."""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from octograph.errors import UsageError

__all__ = ["RoutingExample", "lines_of", "read_routing", "sampled", "text_of"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingExample:
    """A query and the worker that it should reach; ``"none"`` means out of scope."""

    query: str
    worker: str


def read_routing(path: Path, *, limit: int | None = None, seed: int = 0) -> list[RoutingExample]:
    """Read lines of ``{"query", "worker"}``; with `limit`, a random sample of that many.

    Raises
    ------
    UsageError
        The file is missing, empty, or a line is not such an object.

    """
    examples = [
        RoutingExample(query=text_of(path, number, line, "query"), worker=text_of(path, number, line, "worker"))
        for number, line in lines_of(path)
    ]
    if not examples:
        raise UsageError(f"{str(path)!r} holds no lines", hint='Write {"query": …, "worker": …} on each line.')
    return sampled(examples, limit=limit, seed=seed)


def sampled(items: Sequence[T], *, limit: int | None, seed: int) -> list[T]:
    """Return the items, or a random sample of `limit` of them if there are more."""
    if limit is None or limit >= len(items):
        return list(items)
    return random.Random(seed).sample(items, limit)  # noqa: S311  # a sample, not a secret


def lines_of(path: Path) -> Iterator[tuple[int, Any]]:
    """Give the objects of a JSON Lines file, plain or gzipped, with the numbers of their lines.

    Raises
    ------
    UsageError
        The file cannot be read, or a line is not JSON.

    """
    number = 0
    try:
        with gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, json.loads(line)
    except json.JSONDecodeError as error:
        raise UsageError(f"{str(path)!r}, line {number}: not JSON ({error.msg})") from error
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        where = f" behind line {number}" if number else ""
        raise UsageError(
            f"{str(path)!r} cannot be read{where}: {error}", hint="Give a JSON Lines file, plain or .gz."
        ) from error
    except (RecursionError, ValueError) as error:  # nested too deeply, or an integer of thousands of digits
        raise UsageError(f"{str(path)!r}, line {number}: cannot be read ({error})") from error


def text_of(path: Path, number: int, line: Any, key: str) -> str:
    """Return the text under a key of a line.

    Raises
    ------
    UsageError
        There is none.

    """
    value = line.get(key) if isinstance(line, dict) else None
    if not isinstance(value, str):
        raise UsageError(
            f"{str(path)!r}, line {number}: {key!r} is missing or no text",
            hint='A line reads {"query": "…", "worker": "…"}, with the worker "none" for out of scope.',
        )
    return value
