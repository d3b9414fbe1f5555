from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest

from octograph.graph import (
    Edge,
    EdgeKind,
    Knowledge,
    Master,
    Model,
    ModelGraph,
    Node,
    Worker,
    bundled_names,
    open_graph,
)
from octograph.tui.drawing.shape import NOBODY, Shape


def graph(nodes: list[Node], edges: list[tuple[str, str, EdgeKind]]) -> ModelGraph:
    made = [Edge(source=source, target=target, kind=kind) for source, target, kind in edges]
    return ModelGraph("small", "root", [Model(name="tiny", source="path:tiny.gguf")], nodes, made)


def master(name: str) -> Master:
    return Master(name=name, model="tiny")


def worker(name: str) -> Worker:
    return Worker(name=name, description=f"About {name}", model="tiny")


NESTED = graph(
    [master("root"), master("science"), *map(worker, ("chat", "physics", "biology")), Knowledge(name="papers")],
    [
        ("root", "chat", "routes_to"),
        ("root", "science", "routes_to"),
        ("science", "physics", "routes_to"),
        ("science", "biology", "routes_to"),
        ("physics", "papers", "reads"),
        ("biology", "papers", "reads"),
        ("chat", "physics", "escalates_to"),
    ],
)


@pytest.mark.parametrize("name", bundled_names())
def test_every_node_of_a_bundled_graph_is_drawn_once(name: str) -> None:
    opened = open_graph(name)
    rows = Shape.of(opened).rows()
    assert Counter(row.place.name for row in rows) == Counter([*opened.nodes, NOBODY])
    assert rows[0].place.name == opened.master_name


def test_a_nested_master_has_its_workers_below_it() -> None:
    assert drawn(Shape.of(NESTED)) == [
        "root",
        "  chat",
        "  science",
        "    physics",
        "      papers",
        "    biology",
        "  (none)",
    ]


def test_further_edges_are_marks_of_their_source() -> None:
    shape = Shape.of(NESTED)
    marks = {place.name: place.marks for place in shape.places if place.marks}
    assert marks == {"chat": (("escalates_to", "physics"),), "biology": (("reads", "papers"),)}


def test_the_likeliest_come_first_and_a_nested_master_has_what_its_workers_have() -> None:
    shape = Shape.of(NESTED)
    shares = shape.shares({"chat": 0.25, "physics": 0.25, "biology": 0.375, NOBODY: 0.125})
    assert (shares["science"], shares["chat"]) == (0.625, 0.25)
    assert "root" not in shares
    assert drawn(shape, shares) == [
        "root",
        "  science",
        "    biology",
        "    physics",
        "      papers",
        "  chat",
        "  (none)",
    ]


def test_who_was_asked_comes_before_who_is_likely_and_pulls_its_master_along() -> None:
    shape = Shape.of(NESTED)
    shares = shape.shares({"chat": 0.9, "physics": 0.02, "biology": 0.08})
    assert drawn(shape, shares, "physics", "chat")[1:3] == ["  science", "    physics"]


def test_functional_tokens_lead_along_a_path() -> None:
    shape = Shape.of(NESTED)
    assert {place.name for place in shape.path("<fn_1><fn_0>")} == {"science", "physics"}
    assert {place.name for place in shape.path("<fn_none>")} == {NOBODY}
    assert shape.path("<fn_7>") == frozenset()
    assert shape.path("no token") == frozenset()


def test_a_worker_of_two_masters_is_drawn_below_both() -> None:
    twice = graph(
        [master("root"), master("one"), master("two"), worker("chat"), worker("math")],
        [
            ("root", "one", "routes_to"),
            ("root", "two", "routes_to"),
            ("one", "chat", "routes_to"),
            ("two", "chat", "routes_to"),
            ("chat", "math", "escalates_to"),
        ],
    )
    assert drawn(Shape.of(twice)) == ["root", "  one", "    chat", "      math", "  two", "    chat", "  (none)"]


def test_a_node_that_nothing_leads_to_stands_by_itself() -> None:
    alone = graph([master("root"), worker("chat"), worker("math")], [("root", "chat", "routes_to")])
    assert drawn(Shape.of(alone)) == ["root", "  chat", "  (none)", "math"]


def test_a_deep_chain_is_no_trouble() -> None:
    names = [f"w{number}" for number in range(3000)]
    chain = graph(
        [master("root"), *map(worker, names)],
        [
            ("root", "w0", "routes_to"),
            *((one, after, "escalates_to") for one, after in pairwise(names)),
        ],
    )
    assert len(Shape.of(chain).rows(asked=("w2999",))) == 3002


def drawn(shape: Shape, shares: dict[str, float] | None = None, *asked: str) -> list[str]:
    rows = shape.rows(shares, asked)
    return [f"{'  ' * (len(row.rails) + (row.place.source is not None))}{row.place.name or '(none)'}" for row in rows]
