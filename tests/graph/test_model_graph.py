"""The model graph: what it answers and how it changes."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace

import networkx
import pytest

from octograph.errors import GraphError
from octograph.graph import Edge, Judge, Knowledge, Master, Model, ModelGraph, Node, Worker, check


def worker(name: str, *examples: str) -> Worker:
    return Worker(name=name, description=f"About {name}", model="tiny", examples=examples or (f"{name}?",))


def route(source: str, target: str, token: str | None = None) -> Edge:
    return Edge(source=source, target=target, kind="routes_to", token=token)


@pytest.fixture
def graph() -> ModelGraph:
    """Return a hierarchy: router -> (talk, sciences -> (math, physics)), with escalations and a knowledge base."""
    return ModelGraph(
        "school",
        "router",
        [Model(name="tiny", source="path:tiny.gguf"), Model(name="big", source="path:big.gguf")],
        [
            Master(name="router", model="tiny", none_examples=("asdf",)),
            Master(name="sciences", model="tiny", none_examples=("qwer",)),
            worker("talk"),
            worker("math", "1+1", "shared"),
            worker("physics", "shared", "Why is the sky blue?"),
            Worker(name="tutor", description="Harder things", model="big"),
            Worker(name="clerk", description="Looks up", tool="lookup"),
            Knowledge(name="handbook", path="handbook.index"),
        ],
        [
            route("router", "talk", "<fn_5>"),
            route("router", "sciences", "<fn_1>"),
            route("sciences", "physics"),
            route("sciences", "math"),
            Edge(source="math", target="tutor", kind="escalates_to"),
            Edge(source="math", target="clerk", kind="escalates_to"),
            Edge(source="physics", target="tutor", kind="escalates_to"),
            Edge(source="tutor", target="clerk", kind="escalates_to"),
            Edge(source="math", target="physics", kind="follows"),
            Edge(source="physics", target="handbook", kind="reads"),
        ],
    )


def test_the_fixture_has_no_problems(graph: ModelGraph) -> None:
    assert check(graph) == ()


def test_what_it_is_made_of(graph: ModelGraph) -> None:
    assert (graph.name, graph.master_name, graph.master.name) == ("school", "router", "router")
    assert list(graph.models) == ["tiny", "big"]
    assert [node.name for node in graph.masters()] == ["router", "sciences"]
    assert [node.name for node in graph.workers()] == ["talk", "math", "physics", "tutor", "clerk"]
    assert graph.node("handbook").kind == "knowledge"
    assert graph.path is None
    assert graph.examples_file is None
    assert repr(graph) == "<ModelGraph 'school': 8 nodes, 10 edges>"


def test_its_judge(graph: ModelGraph) -> None:
    judge = Judge(name="judge", model="tiny", description="Compares")
    judged = ModelGraph(graph.name, "router", graph.models, [*graph.nodes.values(), judge], graph.edges)
    assert graph.judge is None
    assert judged.judge == judged.node("judge") == judge
    assert judged.nx.nodes["judge"] == {"kind": "judge", "description": "Compares", "node": judge}
    assert judged != graph
    assert judged.without_node("judge") == graph
    assert check(judged) == ()
    with pytest.raises(GraphError, match="is a judge node, not a worker"):
        judged.worker("judge")


def test_candidates_come_in_token_order_and_may_be_masters(graph: ModelGraph) -> None:
    assert graph.candidates("router") == ("sciences", "talk")
    assert graph.candidates("sciences") == ("physics", "math")
    assert graph.vocabulary("sciences").tokens == ("<fn_0>", "<fn_1>", "<fn_none>")


def test_neighbours(graph: ModelGraph) -> None:
    assert graph.neighbours("math") == ("tutor", "clerk", "physics")
    assert graph.neighbours("math", "follows") == ("physics",)
    assert graph.neighbours("handbook") == ()


def test_fallbacks_are_breadth_first_and_never_the_worker(graph: ModelGraph) -> None:
    assert graph.fallbacks("math") == ("tutor", "clerk")
    assert graph.fallbacks("physics") == ("tutor", "clerk")
    assert graph.fallbacks("clerk") == ()


def test_fallbacks_end_in_a_circle() -> None:
    names = ("a", "b", "c")
    edges = [Edge(source=one, target=two, kind="escalates_to") for one, two in [("a", "b"), ("b", "c"), ("c", "a")]]
    circle = ModelGraph("circle", "a", [], [worker(name) for name in names], edges)
    assert circle.fallbacks("b") == ("c", "a")


def test_examples_of_a_submaster_are_those_below_it(graph: ModelGraph) -> None:
    assert graph.examples("router") == {
        "sciences": ("shared", "Why is the sky blue?", "1+1"),
        "talk": ("talk?",),
        None: ("asdf",),
    }
    assert graph.examples("sciences") == {
        "physics": ("shared", "Why is the sky blue?"),
        "math": ("1+1", "shared"),
        None: ("qwer",),
    }


def test_examples_end_in_a_circle_of_masters() -> None:
    nodes: list[Node] = [Master(name="a", model="m"), Master(name="b", model="m"), worker("w")]
    circle = ModelGraph("circle", "a", [], nodes, [route("a", "b"), route("b", "a"), route("b", "w")])
    assert circle.examples("a") == {"b": ("w?",), None: ()}


def test_examples_survive_a_very_deep_hierarchy() -> None:
    depth = 3000
    nodes: list[Node] = [*(Master(name=f"m{place}", model="m") for place in range(depth)), worker("w")]
    edges = [route(f"m{place}", f"m{place + 1}") for place in range(depth - 1)]
    deep = ModelGraph("deep", "m0", [], nodes, [*edges, route(f"m{depth - 1}", "w")])
    assert deep.examples("m0")["m1"] == ("w?",)


@pytest.mark.parametrize(
    "method", ["node", "worker", "candidates", "fallbacks", "vocabulary", "examples", "neighbours"]
)
def test_unknown_names_get_a_hint(graph: ModelGraph, method: str) -> None:
    with pytest.raises(GraphError, match="has no node 'sciencs'") as caught:
        getattr(graph, method)("sciencs")
    assert "Did you mean 'sciences'?" in caught.value.hint


def test_the_wrong_kind_of_node(graph: ModelGraph) -> None:
    with pytest.raises(GraphError, match="is a master node, not a worker"):
        graph.worker("router")
    with pytest.raises(GraphError, match="is a worker node, not a master"):
        graph.candidates("math")
    with pytest.raises(GraphError, match="not a master"):
        assert ModelGraph("g", "w", [], [worker("w")], []).master


def test_two_of_one_name_and_blank_names() -> None:
    with pytest.raises(GraphError, match="two nodes are called 'w'"):
        ModelGraph("g", "w", [], [worker("w"), worker("w")], [])
    with pytest.raises(GraphError, match="two models are called 'm'"):
        ModelGraph("g", "w", [Model(name="m", source="path:x")] * 2, [], [])
    with pytest.raises(GraphError, match="blank"):
        ModelGraph(" ", "w", [], [], [])


def test_mappings_are_accepted_and_read_only(graph: ModelGraph) -> None:
    assert ModelGraph(graph.name, "router", graph.models, graph.nodes, graph.edges) == graph
    with pytest.raises(TypeError):
        graph.nodes["x"] = worker("x")  # type: ignore[index]  # that it is refused is what is tested


def test_networkx_sees_the_graph_and_cannot_change_it(graph: ModelGraph) -> None:
    assert graph.nx.nodes["math"]["kind"] == "worker"
    assert graph.nx.edges["router", "talk", "routes_to"]["token"] == "<fn_5>"
    assert set(networkx.descendants(graph.nx, "sciences")) == {
        "math",
        "physics",
        "tutor",
        "clerk",
        "handbook",
    }
    with pytest.raises(networkx.NetworkXError):
        graph.nx.add_node("x")


def test_dangling_edges_are_not_in_networkx() -> None:
    assert list(ModelGraph("g", "w", [], [worker("w")], [route("w", "ghost")]).nx) == ["w"]


def test_adding_a_worker_changes_no_token(graph: ModelGraph) -> None:
    more = graph.with_worker(worker("art"), "router")
    assert more.vocabulary("router").token_of("art") == "<fn_6>"
    assert more.edges[:-1] == graph.edges
    assert "art" not in graph.nodes
    assert graph.with_worker(worker("art"), "router", "<fn_0>").candidates("router")[0] == "art"


def test_a_removed_token_is_not_used_again(graph: ModelGraph) -> None:
    less = graph.without_node("talk")
    assert less.candidates("router") == ("sciences",)
    assert less.with_worker(worker("talk"), "router").vocabulary("router").token_of("talk") == "<fn_6>"


def test_with_worker_refuses_what_cannot_be_right(graph: ModelGraph) -> None:
    with pytest.raises(GraphError, match="has a node 'math' already"):
        graph.with_worker(worker("math"), "router")
    with pytest.raises(GraphError, match="unknown model 'tiniest'"):
        graph.with_worker(replace(worker("art"), model="tiniest"), "router")
    with pytest.raises(GraphError, match="<fn_5> is taken"):
        graph.with_worker(worker("art"), "router", "<fn_5>")
    with pytest.raises(GraphError, match="not a master"):
        graph.with_worker(worker("art"), "math")
    with pytest.raises(GraphError, match="not a functional token"):
        graph.with_worker(worker("art"), "router", "five")


def test_without_node_takes_its_edges_and_its_own_model(graph: ModelGraph) -> None:
    less = graph.without_node("tutor")
    assert "tutor" not in {name for edge in less.edges for name in (edge.source, edge.target)}
    assert list(less.models) == ["tiny"]
    assert list(graph.without_node("math").models) == ["tiny", "big"]
    assert list(graph.without_node("handbook").models) == ["tiny", "big"]
    with pytest.raises(GraphError, match="is the root master"):
        graph.without_node("router")


def test_a_model_that_makes_plans_stays_for_them_and_goes_with_them() -> None:
    models = [Model(name=name, source=f"path:{name}.gguf") for name in ("tiny", "big")]
    planner = replace(worker("planner"), discoverer="big")
    nodes: list[Node] = [Master(name="router", model="tiny"), planner, replace(worker("large"), model="big")]
    graph = ModelGraph("plans", "router", models, nodes, [route("router", "planner"), route("router", "large")])
    assert list(graph.without_node("large").models) == ["tiny", "big"]
    assert list(graph.without_node("large").without_node("planner").models) == ["tiny"]


def test_equality_does_not_look_at_the_file(graph: ModelGraph) -> None:
    same = copy.deepcopy(graph)
    assert same == graph
    assert hash(same) == hash(graph)
    assert graph.without_node("math") != graph
    assert graph != "school"


def test_it_can_be_pickled(graph: ModelGraph) -> None:
    assert pickle.loads(pickle.dumps(graph)) == graph
