"""The drawing: a tree that reads well and holds no surprises."""

from __future__ import annotations

from itertools import pairwise

from octograph.graph import Edge, Judge, Knowledge, Master, ModelGraph, Worker, draw

SCHOOL = """\
school: For learning

router (master, tiny): Knows the way
|--<fn_0>--> sciences (master, tiny)
|   |--<fn_0>--> math (tiny, cot): Sums and more
|   |   `--escalates_to--> tutor (phone): Harder things
|   |       `--reads--> handbook (knowledge, handbook.index)
|   |--<fn_1>--> physics (tiny, cot)
|   `--<fn_2>--> ghost (unknown)
`--<fn_1>--> tutor (drawn above)

Not reached from router:
lonely (tiny, cot)"""


def worker(name: str, description: str = "") -> Worker:
    return Worker(name=name, description=description, model="tiny", decoding="cot")


def route(source: str, target: str) -> Edge:
    return Edge(source=source, target=target, kind="routes_to")


def test_a_tree_from_the_root_master() -> None:
    graph = ModelGraph(
        "school",
        "router",
        [],
        [
            Master(name="router", model="tiny", description="Knows the way"),
            Master(name="sciences", model="tiny"),
            worker("math", "Sums\nand more"),
            worker("physics"),
            Worker(name="tutor", description="Harder things", tool="phone"),
            Knowledge(name="handbook", path="handbook.index"),
            worker("lonely"),
        ],
        [
            route("router", "sciences"),
            route("router", "tutor"),
            route("sciences", "math"),
            route("sciences", "physics"),
            route("sciences", "ghost"),
            Edge(source="math", target="tutor", kind="escalates_to"),
            Edge(source="tutor", target="handbook", kind="reads"),
        ],
        description="For learning",
    )
    assert draw(graph) == SCHOOL


def test_circles_and_deep_chains_end() -> None:
    circle = [Edge(source="a", target="b", kind="escalates_to"), Edge(source="b", target="a", kind="escalates_to")]
    assert draw(ModelGraph("g", "a", [], [worker("a"), worker("b")], circle)).endswith("a (drawn above)")
    names = [f"m{place}" for place in range(1500)]
    chain = [route(one, two) for one, two in pairwise(names)]
    deep = ModelGraph("g", "m0", [], [Master(name=name, model="tiny") for name in names], chain)
    assert len(draw(deep).splitlines()) == 1502


def test_how_plans_go_on_stands_below_the_tree() -> None:
    edges = [Edge(source=one, target=two, kind="follows") for one in "ab" for two in "ab"]
    lines = draw(ModelGraph("g", "a", [], [worker("a"), worker("b")], edges)).splitlines()
    assert lines[-2:] == ["A plan may go on:", "a, b --follows--> a, b"]


def test_the_judge_stands_apart_and_is_not_missed_by_the_root() -> None:
    judge = Judge(name="judge", model="big", adapter="path:j.gguf", description="Says who is right")
    lines = draw(ModelGraph("g", "a", [], [judge, worker("a")], [])).splitlines()
    assert lines == [
        "g",
        "",
        "a (tiny, cot)",
        "",
        "Unsure answers are compared by:",
        "judge (judge, big, adapter, relevance, factuality): Says who is right",
    ]


def test_a_graph_without_its_root_is_drawn_all_the_same() -> None:
    assert draw(ModelGraph("g", "router", [], [worker("a")], [])) == "g\n\nNot reached from router:\na (tiny, cot)"


def test_no_control_characters() -> None:
    hostile = worker("a", "\x1b]0;title\x07\u202eback\r\nwards")
    text = draw(ModelGraph("g", "a", [], [hostile], [], description="\x1b[2J"))
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    assert text.count("\n") == 2
