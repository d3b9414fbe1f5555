"""Checks: each finds its problem, names the file and the key, and says how to mend it."""

from __future__ import annotations

import pytest

from octograph.graph import Edge, Master, ModelGraph, Node, Problem, ProblemsError, Worker, check, load, loads
from octograph.graph.checks import check_parts

GOOD = """
[graph]
name = "small"
master = "router"

[models.tiny]
source = "path:tiny.gguf"

[nodes.router]
kind = "master"
model = "tiny"
none_examples = ["asdf"]

[nodes.math]
kind = "worker"
model = "tiny"
description = "Sums"
examples = ["What is 1 + 1?"]

[nodes.law]
kind = "worker"
model = "tiny"
description = "Statutes"
examples = ["May I park here?"]

[nodes.handbook]
kind = "knowledge"
path = "handbook.index"

[[edges]]
from = "router"
to = "math"
kind = "routes_to"
token = "<fn_0>"

[[edges]]
from = "router"
to = "law"
kind = "routes_to"

[[edges]]
from = "math"
to = "law"
kind = "escalates_to"

[[edges]]
from = "law"
to = "handbook"
kind = "reads"
"""


def edge(source: str, target: str, kind: str, token: str = "") -> str:
    text = f'\n[[edges]]\nfrom = "{source}"\nto = "{target}"\nkind = "{kind}"\n'
    return f'{text}token = "{token}"\n' if token else text


MASTER = '\n[nodes.{0}]\nkind = "master"\nmodel = "tiny"\n'
WORKER = '\n[nodes.{0}]\nkind = "worker"\nmodel = "tiny"\ndescription = ""\nexamples = ["x"]\n'

JUDGE = '\n[nodes.{0}]\nkind = "judge"\nmodel = "tiny"\n'

# What is replaced in the good file, by what, what is added, the key of the problem, and a part of its message.
CASES = {
    "dangling source": ("", "", edge("rooter", "law", "routes_to"), "edges[4].from", "unknown node 'rooter'"),
    "dangling target": ("", "", edge("law", "mth", "follows"), "edges[4].to", "unknown node 'mth'"),
    "routes from a worker": ("", "", edge("law", "math", "routes_to"), "edges[4].from", "starts at a worker"),
    "routes to knowledge": (
        "",
        "",
        edge("router", "handbook", "routes_to"),
        "edges[4].to",
        "leads to a knowledge node",
    ),
    "escalates from a master": (
        "",
        "",
        edge("router", "law", "escalates_to"),
        "edges[4].from",
        "starts at a master",
    ),
    "follows to a master": ("", "", edge("law", "router", "follows"), "edges[4].to", "leads to a master"),
    "reads a worker": ("", "", edge("math", "law", "reads"), "edges[4].to", "leads to a worker"),
    "master reads": ("", "", edge("router", "handbook", "reads"), "edges[4].from", "starts at a master"),
    "unreachable worker": ("", "", WORKER.format("art"), "nodes.art", "cannot be reached from 'router'"),
    "unreachable master": (
        "",
        "",
        MASTER.format("other") + edge("other", "law", "routes_to"),
        "nodes.other",
        "cannot be reached",
    ),
    "circle of escalations": (
        "",
        "",
        edge("law", "math", "escalates_to"),
        "edges[2]",
        "escalates_to goes round in a circle",
    ),
    "circle of masters": (
        "",
        "",
        MASTER.format("m2") + edge("router", "m2", "routes_to") + edge("m2", "router", "routes_to"),
        "edges[4]",
        "routes_to goes round in a circle",
    ),
    "idle master": (
        "",
        "",
        MASTER.format("m2") + edge("router", "m2", "routes_to"),
        "nodes.m2",
        "has nothing to route to",
    ),
    "shared token": (
        'to = "law"\nkind = "routes_to"',
        'to = "law"\nkind = "routes_to"\ntoken = "<fn_0>"',
        "",
        "edges[1].token",
        "<fn_0> stands for 'math' already",
    ),
    "repeated edge": ("", "", edge("math", "law", "escalates_to"), "edges[4]", "is there already"),
    "repeated route": ("", "", edge("router", "law", "routes_to"), "edges[4]", "is there already"),
    "no examples": ('examples = ["What is 1 + 1?"]', "", "", "nodes.math.examples", "has no examples"),
    "blank example": ('"What is 1 + 1?"', '"x", " "', "", "nodes.math.examples[1]", "blank"),
    "blank none example": ('"asdf"', '"asdf", ""', "", "nodes.router.none_examples[1]", "blank"),
    "unknown model": (
        'kind = "worker"\nmodel = "tiny"\ndescription = "Sums"',
        'kind = "worker"\nmodel = "tinny"\ndescription = "Sums"',
        "",
        "nodes.math.model",
        "unknown model 'tinny'",
    ),
    "root missing": ('master = "router"', 'master = "rooter"', "", "graph.master", "there is no such node"),
    "root not a master": ('master = "router"', 'master = "math"', "", "graph.master", "it is a worker node"),
    "self edge": ("", "", edge("math", "math", "escalates_to"), "edges[4]", "leads back to its start"),
    "model without use": (
        "",
        "",
        '\n[models.spare]\nsource = "path:x"\n',
        "models.spare",
        "no node uses the model 'spare'",
    ),
    "unknown top-level key": (
        '[graph]\nname = "small"',
        'node = 1\n[graph]\nname = "small"',
        "",
        "node",
        "unknown",
    ),
    "unknown key": (
        'master = "router"',
        'master = "router"\ndescripton = ""',
        "",
        "graph.descripton",
        "unknown",
    ),
    "unknown model key": (
        'source = "path',
        'licens = ""\nsource = "path',
        "",
        "models.tiny.licens",
        "unknown",
    ),
    "unknown node key": (
        'description = "Sums"',
        'description = ""\ntemp = 1',
        "",
        "nodes.math.temp",
        "unknown",
    ),
    "unknown edge key": ('token = "<fn_0>"', 'tokens = "<fn_0>"', "", "edges[0].tokens", "unknown key"),
    "missing name": ('name = "small"', "", "", "graph.name", "missing"),
    "blank name": ('name = "small"', 'name = ""', "", "graph.name", "blank"),
    "missing master": ('master = "router"', "", "", "graph.master", "missing"),
    "missing source": ('source = "path:tiny.gguf"', "", "", "models.tiny.source", "missing"),
    "wrong source": ('"path:tiny.gguf"', '"tiny.gguf"', "", "models.tiny.source", "no scheme"),
    "missing kind": ('kind = "knowledge"', "", "", "nodes.handbook.kind", "missing"),
    "unknown kind": (
        'kind = "knowledge"',
        'kind = "knowlege"',
        "",
        "nodes.handbook.kind",
        "not a kind of node",
    ),
    "kind of a wrong type": (
        'kind = "knowledge"',
        "kind = [1]",
        "",
        "nodes.handbook.kind",
        "not a kind of node",
    ),
    "blank path": ('path = "handbook.index"', 'path = " "', "", "nodes.handbook.path", "no path"),
    "missing description": ('description = "Sums"', "", "", "nodes.math.description", "missing"),
    "unknown decoding": (
        'description = "Sums"',
        'description = ""\ndecoding = "gredy"',
        "",
        "nodes.math.decoding",
        "not allowed",
    ),
    "wrong type": (
        'description = "Sums"',
        'description = ""\ntemperature = "hot"',
        "",
        "nodes.math.temperature",
        "a string, not a number",
    ),
    "wrong type in an array": ('"What is 1 + 1?"', '"x", 3', "", "nodes.math.examples[1]", "an integer"),
    "wrong type of a model": (
        'kind = "master"\nmodel = "tiny"',
        'kind = "master"\nmodel = 1979-05-27',
        "",
        "nodes.router.model",
        "a date or time, not a string",
    ),
    "out of range": (
        'description = "Sums"',
        'description = ""\ntop_p = 2',
        "",
        "nodes.math.top_p",
        "out of range",
    ),
    "model and tool": ('description = "Sums"', 'description = ""\ntool = "x"', "", "nodes.math.tool", "both"),
    "malformed token": ('"<fn_0>"', '"<fn_00>"', "", "edges[0].token", "not a functional token"),
    "token on another kind": (
        'kind = "reads"',
        'kind = "reads"\ntoken = "<fn_3>"',
        "",
        "edges[3].token",
        "no functional token",
    ),
    "unknown kind of edge": ('kind = "reads"', 'kind = "read"', "", "edges[3].kind", "not allowed"),
    "missing end": ('from = "law"', "", "", "edges[3].from", "missing"),
    "reserved name": ("", "", WORKER.format("none"), "nodes.none", "reserved"),
    "name with a control character": (
        "",
        "",
        WORKER.format(r'"a\u001b"'),
        r"nodes.'a\x1b'",
        "cannot be seen",
    ),
    "node that is no table": (
        "[nodes.router]",
        "[nodes]\nx = 3\n[nodes.router]",
        "",
        "nodes.x",
        "not a table",
    ),
    "model that is no table": (
        "[models.tiny]",
        "[models]\nx = 3\n[models.tiny]",
        "",
        "models.x",
        "not a table",
    ),
    "two judges": ("", "", JUDGE.format("one") + JUDGE.format("two"), "nodes.two", "has a judge already: 'one'"),
    "judge without a model": ("", "", '\n[nodes.j]\nkind = "judge"\n', "nodes.j.model", "missing"),
    "judge of an unknown model": (
        "",
        "",
        JUDGE.format("j").replace('"tiny"', '"tinny"'),
        "nodes.j.model",
        "unknown model 'tinny'",
    ),
    "judge at a server": (
        "[nodes.router]",
        '[models.far]\nsource = "openai:http://127.0.0.1:1/v1#x"\n[nodes.router]',
        JUDGE.format("j").replace('"tiny"', '"far"') + 'adapter = "path:x.gguf"\n',
        "nodes.j.model",
        "the judge 'j' runs on 'far'",
    ),
    "judge with an adapter from nowhere": (
        "",
        "",
        JUDGE.format("j") + 'adapter = "hf:x/y"\n',
        "nodes.j.adapter",
        "hf:x/y",
    ),
    "unknown key of a judge": ("", "", JUDGE.format("j") + "tau = -1.0\n", "nodes.j.tau", "unknown key 'tau'"),
    "unknown aspect": (
        "",
        "",
        JUDGE.format("j") + 'aspects = ["fluency", "relevence"]\n',
        "nodes.j.aspects[1]",
        "'relevence' is not allowed here",
    ),
    "no aspect": ("", "", JUDGE.format("j") + "aspects = []\n", "nodes.j.aspects", "nothing to judge by"),
    "an aspect twice": (
        "",
        "",
        JUDGE.format("j") + 'aspects = ["fluency", "fluency"]\n',
        "nodes.j.aspects",
        "'fluency' is named 2 times",
    ),
    "an aspect that is no string": (
        "",
        "",
        JUDGE.format("j") + "aspects = [1]\n",
        "nodes.j.aspects[0]",
        "an integer, not a string",
    ),
    "edge to a judge": (
        "",
        "",
        JUDGE.format("j") + edge("law", "j", "escalates_to"),
        "edges[4].to",
        "leads to a judge node",
    ),
    "root that judges": (
        'master = "router"',
        'master = "j"',
        JUDGE.format("j"),
        "graph.master",
        "it is a judge node",
    ),
    "tokens that have run out": (
        '"<fn_0>"',
        '"<fn_999999>"',
        "",
        "edges",
        "no functional token with the index",
    ),
}


def test_the_good_file_has_no_problems() -> None:
    graph = loads(GOOD)
    assert check(graph) == ()
    assert graph.edges[1].token == "<fn_1>"


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_problem_is_found_once_with_file_key_and_mend(
    case: tuple[str, str, str, str, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    old, new, added, key, message = case
    assert old in GOOD
    path = tmp_path_factory.mktemp("case") / "bad.toml"
    path.write_text(GOOD.replace(old, new, 1) + added, encoding="utf-8")
    with pytest.raises(ProblemsError) as caught:
        load(path)
    problem, *others = caught.value.problems
    assert others == [], "one fault is told once"
    assert (problem.key, problem.file) == (key, str(path))
    assert message in problem.message
    assert problem.mend
    assert f"{path}: {key}: " in caught.value.message
    assert problem.mend in str(caught.value)


def test_a_slip_of_the_pen_gets_a_question() -> None:
    with pytest.raises(ProblemsError, match="Did you mean 'licence'"):
        loads(GOOD.replace("source =", 'license = ""\nsource =', 1))


def test_all_problems_are_told_at_once_and_none_twice() -> None:
    faults = [case for name, case in CASES.items() if name in {"unknown key", "unknown decoding", "dangling target"}]
    text = GOOD.replace('kind = "knowledge"', 'kind = "knowlege"')
    for old, new, added, *_ in faults:
        text = text.replace(old, new, 1) + added
    text += WORKER.format("idle").replace('"tiny"', '"tinny"').replace('["x"]', '["x", 1]')
    with pytest.raises(ProblemsError) as caught:
        loads(text)
    assert [problem.key for problem in caught.value.problems] == [
        "graph.descripton",
        "nodes.math.decoding",
        "nodes.handbook.kind",
        "nodes.idle.examples[1]",
        "edges[4].to",
        "nodes.idle.model",
    ]


def test_what_depends_on_a_lost_part_is_not_told() -> None:
    text = GOOD.replace('kind = "master"', 'kind = "mastre"')
    with pytest.raises(ProblemsError) as caught:
        loads(text)
    assert [problem.key for problem in caught.value.problems] == ["nodes.router.kind"]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("models = 1", ["graph.name", "graph.master", "models"]),
        ("nodes = []", ["graph.name", "graph.master", "nodes"]),
        ("edges = {}", ["graph.name", "graph.master", "edges"]),
        ("edges = [1]", ["graph.name", "graph.master", "edges[0]"]),
        ("graph = 1", ["graph"]),
        ("", ["graph.name", "graph.master"]),
        ('[graph]\nname = "g"\nmaster = "r"', ["graph.master"]),
    ],
)
def test_files_of_another_shape(text: str, keys: list[str]) -> None:
    with pytest.raises(ProblemsError) as caught:
        loads(text)
    assert [problem.key for problem in caught.value.problems] == keys


def test_unreadable_models_are_not_unknown_models() -> None:
    text = "models = 3\n" + GOOD.replace('[models.tiny]\nsource = "path:tiny.gguf"\n', "")
    with pytest.raises(ProblemsError) as caught:
        loads(text)
    assert [problem.key for problem in caught.value.problems] == ["models"]


def test_a_model_with_a_wrong_name_is_not_an_unknown_model() -> None:
    with pytest.raises(ProblemsError) as caught:
        loads(GOOD.replace("[models.tiny]", '[models." tiny"]').replace('"tiny"', '" tiny"'))
    assert [problem.key for problem in caught.value.problems] == ["models.' tiny'"]


def test_workers_reached_by_escalation_or_as_followers_are_fine_without_examples() -> None:
    tail = WORKER.replace('examples = ["x"]\n', "")
    text = GOOD + tail.format("tutor") + tail.format("writer")
    assert loads(text + edge("law", "tutor", "escalates_to") + edge("tutor", "writer", "follows")).workers()


def test_a_judge_needs_no_edge_and_makes_use_of_its_model() -> None:
    graph = loads(GOOD + JUDGE.format("j").replace('"tiny"', '"big"') + '[models.big]\nsource = "path:big.gguf"\n')
    assert graph.judge is not None
    assert graph.judge.aspects == ("relevance", "factuality")


def test_a_slip_in_an_aspect_gets_a_question() -> None:
    with pytest.raises(ProblemsError, match="Did you mean 'relevance'"):
        loads(GOOD + JUDGE.format("j") + 'aspects = ["relevence"]')


FAR = '[models.far]\nsource = "openai:http://127.0.0.1:1/v1#x"\n'
PLANNER = WORKER.replace('model = "tiny"\n', "") + 'reasoning = "self-discover"\n'


@pytest.mark.parametrize(
    ("entries", "keys"),
    [
        ('model = "tiny"\ndiscoverer = "far"', ["discoverer"]),
        ('model = "far"', ["structure"]),
        ('model = "far"\ndiscoverer = "far"', ["discoverer", "structure"]),
        ('model = "far"\nstructure = "text"\ndiscoverer = "tiny"', []),
        ('model = "far"\nstructure = "text"', []),  # its plans may have been made elsewhere
    ],
)
def test_a_server_makes_no_plans_and_fills_none_in_json(entries: str, keys: list[str]) -> None:
    text = GOOD + FAR + PLANNER.format("planner") + entries + edge("router", "planner", "routes_to")
    if not keys:
        assert loads(text)
        return
    with pytest.raises(ProblemsError) as caught:
        loads(text)
    assert [problem.key for problem in caught.value.problems] == [f"nodes.planner.{key}" for key in keys]
    assert all("Give 'planner'" in problem.mend for problem in caught.value.problems)


def test_circles_of_followers_are_fine() -> None:
    assert loads(GOOD + edge("law", "math", "follows") + edge("math", "law", "follows"))


def test_a_graph_built_in_python_has_keys_without_a_file() -> None:
    nodes: list[Node] = [
        Master(name="router", model="tiny"),
        Worker(name="math", description="Sums", tool="calculator"),
    ]
    graph = ModelGraph("g", "router", [], nodes, [Edge(source="router", target="math", kind="routes_to")])
    assert [(problem.key, problem.file) for problem in check(graph)] == [
        ("nodes.router.model", ""),
        ("nodes.math.examples", ""),
    ]


def test_parts_are_checked_without_talk_of_what_is_missing() -> None:
    graph = ModelGraph("g", "router", [], [Master(name="router", model="tiny")], [])
    problems: tuple[Problem, ...] = check_parts(graph, [], whole=False)
    assert [problem.key for problem in problems] == ["nodes.router.model"]
