"""Export: other programs can read it, and nothing hostile in a name gets through."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import networkx
import pytest

from octograph.errors import GraphError
from octograph.graph import FORMATS, Edge, Judge, Knowledge, Master, Model, ModelGraph, Worker, export

NASTY = 'a"] --> b<script>#`\\'
HOSTILE = 'x"];\n\x1b[31m\x9b\x00\u202e</data>&amp;<b>\\'


@pytest.fixture
def graph() -> ModelGraph:
    return ModelGraph(
        "small",
        "router",
        [Model(name="tiny", source="path:tiny.gguf")],
        [
            Master(name="router", model="tiny"),
            Worker(name="math", description="Sums", model="tiny", examples=("1+1",)),
            Worker(name=NASTY, description=HOSTILE, tool="t", examples=("x\x9b",)),
            Knowledge(name="handbook", path="index"),
            Judge(name="judge", model="tiny", description="Compares"),
        ],
        [
            Edge(source="router", target="math", kind="routes_to"),
            Edge(source="router", target=NASTY, kind="routes_to"),
            Edge(source="math", target=NASTY, kind="escalates_to"),
            Edge(source="math", target=NASTY, kind="follows"),
            Edge(source="math", target="handbook", kind="reads"),
        ],
    )


@pytest.mark.parametrize("name", FORMATS)
def test_control_characters_never_pass(graph: ModelGraph, name: str) -> None:
    text = export(graph, name)
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    assert text.endswith("\n")


def test_mermaid(graph: ModelGraph) -> None:
    lines = export(graph, "mermaid").splitlines()
    assert lines[:3] == ["flowchart LR", '    n0{{"router"}}', '    n1["math<br/>Sums"]']
    assert '    n0 -->|"#lt;fn_0#gt;"| n1' in lines
    assert '    n1 -.->|"reads"| n3' in lines
    assert '    n4{"judge<br/>Compares"}' in lines
    for line in lines[1:]:
        assert re.fullmatch(
            r'    n\d+(\{\{?|\[|\[\()"[^"`\\]*"(\}\}?|\]|\)\])|    n\d -(-|\.-)>\|"[^"<>]+"\| n\d', line
        )
    assert "<script>" not in "".join(lines)


def test_dot(graph: ModelGraph) -> None:
    text = export(graph, "dot")
    assert text.startswith('digraph "small" {\n')
    assert '    n0 -> n1 [label="<fn_0>"];' in text
    assert '    n1 [label="math\\nSums", shape=box];' in text
    assert '    n4 [label="judge\\nCompares", shape=diamond];' in text
    quoted = r'"(?:[^"\\]|\\.)*"'
    for line in text.splitlines()[2:-1]:
        assert re.fullmatch(rf"    n\d( -> n\d)? \[label={quoted}(, (shape|style)=\w+)?\];", line)


def test_graphml(graph: ModelGraph) -> None:
    text = export(graph, "graphml")
    ElementTree.fromstring(text)
    again = networkx.parse_graphml(text, force_multigraph=True)
    assert set(again.nodes) == set(graph.nodes)
    assert again.nodes["math"] == {"kind": "worker", "description": "Sums", "model": "tiny"}
    assert again.nodes["judge"] == {"kind": "judge", "description": "Compares", "model": "tiny"}
    assert sorted(data["kind"] for _, _, data in again.edges(data=True)) == sorted(edge.kind for edge in graph.edges)
    assert {data.get("token") for _, _, data in again.edges(data=True)} == {"<fn_0>", "<fn_1>", None}


def test_json_is_the_whole_graph(graph: ModelGraph) -> None:
    document = json.loads(export(graph, "json"))
    assert document["graph"] == {"name": "small", "description": "", "master": "router"}
    assert document["models"][0]["source"] == "path:tiny.gguf"
    nodes = {node["id"]: node for node in document["nodes"]}
    assert nodes[NASTY]["description"] == HOSTILE
    assert nodes["math"]["examples"] == ["1+1"]
    assert nodes["judge"]["aspects"] == ["relevance", "factuality"]
    assert document["edges"][0] == {
        "source": "router",
        "target": "math",
        "key": "routes_to",
        "kind": "routes_to",
        "token": "<fn_0>",
    }
    again = networkx.node_link_graph(document, edges="edges")
    assert isinstance(again, networkx.MultiDiGraph)
    assert set(again.edges(keys=True)) == set(graph.nx.edges(keys=True))


def test_an_unknown_format_gets_a_hint(graph: ModelGraph) -> None:
    with pytest.raises(GraphError, match="Did you mean 'mermaid'"):
        export(graph, "mermade")
