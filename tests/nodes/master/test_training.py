"""Fitting the masters of a graph: when the network for steps is fitted, and when it is there already."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from octograph.cancellation import CancelToken
from octograph.graph import Edge, Master, Model, ModelGraph, Worker
from octograph.nodes.master import (
    ComposedQuery,
    HeadFile,
    HiddenStates,
    ReadRequest,
    StepNetwork,
    StepTask,
    TokenStates,
    train_heads,
)
from octograph.nodes.master.steps import Spans

EXAMPLES = {"sums": ("add 2", "add 5", "add 7", "add 9"), "letters": ("write a", "write b", "write c", "write d")}
QUERIES = (
    ComposedQuery(text="add 2 then write", spans=((0, 5), (11, 16))),
    ComposedQuery(text="add 3", spans=((0, 5),)),
)


class Reader:
    """States that say whether a text asks for a sum."""

    async def prepare(self) -> None:
        """Nothing to get ready."""

    async def layers(self) -> int:
        return 8

    async def read(self, request: ReadRequest, *, cancel: CancelToken) -> HiddenStates | None:
        state = np.array(["add" in request.text, "write" in request.text], dtype=np.float32)
        ends = np.array([match.end() for match in re.finditer(r"\S+", request.text)])
        each = TokenStates(states=np.zeros((len(ends) + 1, 2), np.float32), ends=ends) if request.each else None
        return HiddenStates(last=state, mean=state, tokens=len(ends), each=each)


@dataclass
class Fitter:
    """Gives a network of nothing, and remembers what it was given."""

    given: list[Sequence[tuple[TokenStates, Spans]]] = field(default_factory=list)

    async def __call__(self, queries: Sequence[tuple[TokenStates, Spans]]) -> StepNetwork:
        self.given.append(queries)
        shapes = {
            "token_weight": (2, 2),
            "end_weight": (2, 2),
            "entry_bias": (2,),
            "input_weight": (2, 6, 2),
            "input_bias": (2, 6),
            "state_weight": (2, 6, 2),
            "state_bias": (2, 6),
            "weight": (3, 4),
            "bias": (3,),
        }
        return StepNetwork(**{name: np.zeros(shape, np.float32) for name, shape in shapes.items()})  # type: ignore[arg-type]  # no text among them


def graph(*, follows: bool) -> ModelGraph:
    workers = [Worker(name=name, description=name, model="m", examples=EXAMPLES[name]) for name in EXAMPLES]
    edges = [Edge(source="root", target=worker.name, kind="routes_to") for worker in workers]
    if follows:
        edges.append(Edge(source="sums", target="letters", kind="follows"))
    return ModelGraph(
        "g", "root", [Model(name="m", source="path:m.gguf")], [Master(name="root", model="m"), *workers], edges
    )


async def train(steps: StepTask, *, follows: bool = True, seed: int = 0) -> tuple[HeadFile, list[tuple[int, int]]]:
    told: list[tuple[int, int]] = []
    heads = await train_heads(
        graph(follows=follows),
        readers={"m": Reader()},
        adapter_for=lambda source: None,
        steps=steps,
        progress=lambda done, total: told.append((done, total)),
        seed=seed,
    )
    return heads, told


async def test_steps_are_learned_from_the_tokens_of_the_queries() -> None:
    fitter = Fitter()
    heads, told = await train(StepTask(queries=QUERIES, fit=fitter))
    assert [spans for _, spans in fitter.given[0]] == [query.spans for query in QUERIES]
    assert fitter.given[0][0][0].ends.tolist() == [3, 5, 10, 16]
    assert heads.steps["root"].fitted_on
    assert told == [(done, 10) for done in range(1, 11)]


async def test_a_network_that_was_fitted_on_the_same_is_taken_as_it_is() -> None:
    fitter = Fitter()
    network = (await train(StepTask(queries=QUERIES, fit=fitter)))[0].steps["root"]
    heads, told = await train(StepTask(queries=QUERIES, fit=fitter, known=[network]))
    assert heads.steps["root"] is network
    assert len(fitter.given) == 1
    assert told[-1] == (8, 8)
    await train(StepTask(queries=QUERIES[:1], fit=fitter, known=[network]))
    await train(StepTask(queries=QUERIES, fit=fitter, known=[network]), seed=1)
    assert len(fitter.given) == 3


async def test_a_graph_without_plans_needs_no_network() -> None:
    fitter = Fitter()
    heads, _ = await train(StepTask(queries=QUERIES, fit=fitter), follows=False)
    assert (heads.steps, fitter.given) == ({}, [])
