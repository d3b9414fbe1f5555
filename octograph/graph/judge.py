"""The judge of a model graph: what compares answers that nobody was sure of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from octograph.graph.problems import Problem, did_you_mean, shown
from octograph.graph.sources import file_source_problem
from octograph.graph.values import RESERVED_NAMES, named, refuse

__all__ = ["AspectName", "Judge"]

AspectName = Literal["relevance", "fluency", "factuality"]
"""What answers can be judged by; `octograph.agents.judging.ASPECTS` says what each of them asks of an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """A node that compares answers of several workers by how likely its model makes them (GPTScore, Fu et al. 2023).

    It belongs to the whole graph, which has one at most, and so no edge leads to it or from it.

    Parameters
    ----------
    name
        Name of the node.
    model
        Name of its model, which runs on this machine.
    adapter
        A LoRA adapter over its model: ``path:FILE`` (a GGUF file, relative to the graph file) or
        ``package:NAME/FILE``.
    aspects
        What an answer is judged by. Fluency is not among the usual ones: what is made up is as well written as what
        is true.
    description
        What it is for; for people.

    Raises
    ------
    GraphError
        A value cannot be right; the message names every such field.

    Examples
    --------
    >>> Judge(name="judge", model="tiny").aspects
    ('relevance', 'factuality')

    """

    kind: ClassVar[Literal["judge"]] = "judge"

    name: str
    model: str
    adapter: str | None = None
    aspects: tuple[AspectName, ...] = ("relevance", "factuality")
    description: str = ""

    def __post_init__(self) -> None:
        refuse(self)

    def problems(self) -> Iterator[Problem]:
        """Yield what is wrong with it."""
        yield from named(self.name, reserved=RESERVED_NAMES)
        problem = None if self.adapter is None else file_source_problem("adapter", self.adapter)
        if problem is not None:
            yield problem
        known = get_args(AspectName)
        if not self.aspects:
            mend = f"Name one or more of: {', '.join(known)}; or leave the key out."
            yield Problem(key="aspects", message="there is nothing to judge by", mend=mend)
        for place, aspect in enumerate(self.aspects):
            if aspect not in known:
                mend = did_you_mean(str(aspect), known, what="Aspects")
                yield Problem(key=f"aspects[{place}]", message=f"{shown(aspect)} is not an aspect", mend=mend)
        for aspect, count in Counter(self.aspects).items():
            if count > 1:
                message = f"{shown(aspect)} is named {count} times"
                yield Problem(key="aspects", message=message, mend="Name it once: all aspects count the same.")
