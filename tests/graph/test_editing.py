"""Changes to the text of a graph file: everything else in it stays."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace

import pytest

from octograph.graph import Worker, editing, loads

TEXT = """# My kitchen.
[graph]
name = "kitchen"
master = "router"

[models.tiny]
source = "path:tiny.gguf"   # a small one

[nodes.router]
kind = "master"
model = "tiny"

[nodes.cook]
kind = "worker"
model = "tiny"
description = "Recipes"
examples = ["how long do I boil an egg?"]

# Who is chosen.
[[edges]]
from = "router"
to = "cook"
kind = "routes_to"
token = "<fn_0>"

[[edges]]
from = "cook"
to = ["cook"]
kind = "follows"
"""
BAKER = Worker(name="baker", description="Bread", model="tiny", examples=("a loaf", 'he said "knead"'))


def test_a_worker_more() -> None:
    graph = loads(TEXT).with_worker(BAKER, "router")
    text = editing.with_worker(TEXT, graph, BAKER, master="router")
    assert loads(text) == graph
    for line in ("# My kitchen.", 'source = "path:tiny.gguf"   # a small one', "# Who is chosen."):
        assert line in text


def test_a_worker_less() -> None:
    graph = loads(TEXT).with_worker(BAKER, "router")
    grown = editing.with_worker(TEXT, graph, BAKER, master="router")
    text = editing.without_node(grown, loads(grown), "baker")
    assert loads(text) == loads(TEXT)
    assert "# a small one" in text


@pytest.mark.parametrize("to", ['"cook"\ntoken = "<fn_0>"', '"cook"', '["cook"]'])
def test_tokens_that_were_left_out_stay_with_their_workers(to: str) -> None:
    text = TEXT.replace('"cook"\nkind = "routes_to"\ntoken = "<fn_0>"', f'{to}\nkind = "routes_to"')
    graph = loads(text).with_worker(BAKER, "router")
    grown = editing.with_worker(text, graph, BAKER, master="router")
    assert loads(grown).vocabulary("router") == graph.vocabulary("router")
    less = loads(editing.without_node(grown, loads(grown), "cook"))
    assert less.vocabulary("router").token_of("baker") == "<fn_1>"


@pytest.mark.parametrize("target", ['["cook", "baker"]', '["baker"]', '"baker"'])
def test_edges_to_a_worker_go_with_it(target: str) -> None:
    graph = loads(TEXT).with_worker(BAKER, "router")
    grown = editing.with_worker(TEXT, graph, BAKER, master="router")
    grown += f'\n[[edges]]\nfrom = "cook"\nto = {target}\nkind = "escalates_to"\n'.replace('"cook", ', "")
    assert loads(editing.without_node(grown, loads(grown), "baker")) == loads(TEXT)


NAMED = 'name = "kitchen"', 'master = "router"'
EXAMPLE = 'examples = ["how long do I boil an egg?"]'
NODES = {
    "router": ('kind = "master"', 'model = "tiny"'),
    "cook": ('kind = "worker"', 'model = "tiny"', 'description = "Recipes"', EXAMPLE),
    "taster": ('kind = "worker"', 'model = "large"', 'discoverer = "larger"', 'description = "Taste"', EXAMPLE),
}
MODELS = {name: (f'source = "path:{name}.gguf"',) for name in ("tiny", "large", "larger")}
EDGES = (
    ('from = "router"', 'to = ["cook", "taster"]', 'kind = "routes_to"'),
    ('from = "cook"', 'to = "taster"', 'kind = "follows"'),
)
Tables = Mapping[str, tuple[str, ...]]


def headed(kind: str, tables: Tables) -> str:
    return "".join("\n".join([f"[{kind}.{name}]", *entries, ""]) for name, entries in tables.items())


def dotted(prefix: str, tables: Tables) -> str:
    return "".join(f"{prefix}{name}.{entry}\n" for name, entries in tables.items() for entry in entries)


def in_line(tables: Tables) -> list[str]:
    return [f"{name} = {{{', '.join(entries)}}}" for name, entries in tables.items()]


HEAD = "\n".join(["[graph]", *NAMED, ""])
EDGES_IN_LINE = f"edges = [{', '.join(f'{{{chr(44).join(edge)}}}' for edge in EDGES)}]\n"
EDGE_TABLES = ["\n".join(["[[edges]]", *edge, ""]) for edge in EDGES]
LAYOUTS = {
    "edges in line": [EDGES_IN_LINE, HEAD, headed("models", MODELS), headed("nodes", NODES)],
    "dotted keys": [dotted("models.", MODELS), dotted("nodes.", NODES), HEAD, *EDGE_TABLES],
    "a dotted head": [
        dotted("", {"graph": NAMED}),
        headed("models", MODELS),
        headed("nodes", NODES),
        *EDGE_TABLES,
    ],
    "dotted keys under a header": [EDGES_IN_LINE, HEAD, "[nodes]\n", dotted("", NODES), headed("models", MODELS)],
    "tables in line": [
        EDGES_IN_LINE,
        f"models = {{{', '.join(in_line(MODELS))}}}\nnodes = {{{', '.join(in_line(NODES))}}}\n",
        HEAD,
    ],
    "lines of tables": [HEAD, "\n".join(["[models]", *in_line(MODELS), ""]), headed("nodes", NODES), *EDGE_TABLES],
    "no order": [
        headed("nodes", {"cook": NODES["cook"]}),
        headed("models", {"tiny": MODELS["tiny"], "larger": MODELS["larger"]}),
        EDGE_TABLES[0],
        headed("nodes", {"taster": NODES["taster"], "router": NODES["router"]}),
        HEAD,
        headed("models", {"large": MODELS["large"]}),
        EDGE_TABLES[1],
    ],
}
in_any_layout = pytest.mark.parametrize("text", ["".join(parts) for parts in LAYOUTS.values()], ids=LAYOUTS)


@in_any_layout
def test_a_file_may_be_written_in_any_way(text: str) -> None:
    graph = loads(text)
    assert graph == loads("".join(LAYOUTS["edges in line"]))
    larger = graph.with_worker(BAKER, "router")
    grown = editing.with_worker(text, larger, BAKER, master="router")
    assert loads(grown) == larger
    assert loads(editing.without_node(grown, larger, "baker")) == graph
    assert loads(editing.without_node(text, graph, "taster")) == graph.without_node("taster")
    changed = replace(graph.worker("cook"), system='You say "yes",\nand cook.', max_tokens=9)
    assert loads(editing.with_changed(text, graph, changed)) == graph.with_changed(changed)


@in_any_layout
def test_a_file_written_in_any_way_can_part_with_the_files_of_others(text: str) -> None:
    key = "graph.master" if "graph.master" in text else "master"
    head = key.replace("master", "head")
    shared = text.replace(f'{key} = "router"', f'{key} = "router"\n{head} = "x.head.safetensors"')
    assert shared != text
    parted = editing.unshared(shared, examples="own.examples.toml")
    assert tomllib.loads(parted) == tomllib.loads(text)


def test_the_models_that_only_a_worker_used_go_with_it() -> None:
    text = "".join(LAYOUTS["lines of tables"])
    assert list(loads(editing.without_node(text, loads(text), "taster")).models) == ["tiny"]


def test_examples_of_their_own_file() -> None:
    text = '# mine\ncook = ["an egg"]\n'
    more = editing.with_examples(text, "baker", ["a loaf", "a roll"])
    assert tomllib.loads(more) == {"cook": ["an egg"], "baker": ["a loaf", "a roll"]}
    assert more.startswith("# mine\n")
    assert tomllib.loads(editing.without_examples(more, "baker")) == {"cook": ["an egg"]}
    assert editing.without_examples(text, "nobody") == text


def test_a_worker_is_changed_and_its_examples_and_comments_stay() -> None:
    graph = loads(TEXT)
    changed = replace(graph.worker("cook"), adapter="path:cook.gguf", history=False, description="Food", max_tokens=9)
    text = editing.with_changed(TEXT, graph, changed)
    assert loads(text).worker("cook") == changed
    assert "# Who is chosen." in text
    back = editing.with_changed(text, loads(text), graph.worker("cook"))
    assert tomllib.loads(back) == tomllib.loads(TEXT)


def test_a_worker_that_declines_can_be_given_a_model_and_back() -> None:
    graph = loads(TEXT)
    cook = graph.worker("cook")
    declining = editing.with_changed(TEXT, graph, replace(cook, model=None, tool=None, declines="the oven is broken"))
    assert loads(declining).worker("cook").declines == "the oven is broken"
    assert tomllib.loads(editing.with_changed(declining, loads(declining), cook)) == tomllib.loads(TEXT)
