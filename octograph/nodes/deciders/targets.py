"""What a decider chooses among: the workers that the root master's walk can reach."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from octograph.graph import Master, ModelGraph, Worker

__all__ = ["Target", "targets_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A worker that a query can be sent to.

    Attributes
    ----------
    name, description
        Of the worker.
    token
        The functional tokens that lead to it, one for each master on the shortest way, such as ``<fn_2>``.
    examples
        Queries that belong to it.

    """

    name: str
    description: str
    token: str
    examples: tuple[str, ...] = ()


def targets_of(graph: ModelGraph) -> tuple[Target, ...]:
    """Return the workers that the root master reaches, over other masters too, the nearest first.

    Raises
    ------
    GraphError
        The graph has no root master, or a route leads nowhere.

    """
    found: dict[str, Target] = {}
    seen = {graph.master.name}
    waiting = deque([(graph.master.name, "")])
    while waiting:
        master, path = waiting.popleft()
        vocabulary = graph.vocabulary(master)
        for name in vocabulary.targets:
            node, token = graph.node(name), path + vocabulary.token_of(name)
            if isinstance(node, Master) and name not in seen:
                seen.add(name)
                waiting.append((name, token))
            elif isinstance(node, Worker) and name not in found:
                found[name] = Target(
                    name=name, description=node.description, token=token, examples=tuple(dict.fromkeys(node.examples))
                )
    return tuple(found.values())
