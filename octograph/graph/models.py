"""The models of a graph: where weights come from, and what is known of them before they are here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from octograph.graph.problems import Problem, shown
from octograph.graph.sources import bytes_of, size_problem, source_problems
from octograph.graph.values import named, refuse

__all__ = ["Model"]

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
        refuse(self)

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

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with it."""
        yield from named(self.name)
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
