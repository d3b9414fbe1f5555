"""The graph file: round trips, the examples file, atomic writing, and hostile input."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from octograph.errors import GraphError
from octograph.graph import (
    Edge,
    Judge,
    Knowledge,
    Master,
    Model,
    ModelGraph,
    Node,
    ProblemsError,
    Worker,
    check,
    dumps,
    dumps_examples,
    load,
    loads,
    save,
)
from octograph.graph.judge import AspectName
from octograph.graph.nodes import WEIGHED, Decoding

DECODINGS: tuple[Decoding, ...] = ("greedy", "sample", "cot", "self-consistency")

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    [
        '"""',
        "'''",
        'ends in a quote"',
        "\\",
        "\\u0041\n",
        "\r\n",
        "\nfirst\n\nlast\n",
        "tab\t\n",
        '""""""\n"',
        "\x7f\n",
    ]
)
NAMES = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8).filter(
    lambda name: name != "none"
) | st.sampled_from(["a b", "a.b", 'quo"te', "back\\slash", "#", "été", "[x]", "x = 1", "it's", "true", "1"])
QUERIES = TEXTS.filter(lambda text: bool(text.strip()))


@st.composite
def graphs(draw: st.DrawFn) -> ModelGraph:
    """Draw a graph without problems: a root, a second master, workers, a knowledge base, perhaps a judge."""
    names = draw(st.lists(NAMES, min_size=5, max_size=10, unique=True))
    root, second, base, judge, *worker_names = names
    models = [
        Model(
            name=name,
            source="path:x.gguf",
            sha256=draw(st.none() | st.just("a" * 64)),
            context=draw(st.none() | st.integers(1, 10**6)),
            licence=draw(TEXTS),
        )
        for name in draw(st.lists(NAMES, min_size=1, max_size=2, unique=True))
    ]
    queries = st.lists(QUERIES, max_size=3).map(tuple)
    nodes: list[Node] = [
        Master(name=root, model=models[0].name, prompt=draw(st.none() | TEXTS), none_examples=draw(queries)),
        Master(name=second, model=models[-1].name, description=draw(TEXTS), none_examples=draw(queries)),
        Knowledge(name=base, path="index", description=draw(TEXTS)),
    ]
    if draw(st.booleans()):
        aspects = st.lists(st.sampled_from(get_args(AspectName)), min_size=1, unique=True).map(tuple)
        nodes.append(
            Judge(
                name=judge,
                model=models[-1].name,
                adapter=draw(st.none() | st.just("path:judge.gguf")),
                aspects=draw(aspects),
                description=draw(TEXTS),
            )
        )
    edges = [Edge(source=root, target=second, kind="routes_to", token=draw(st.sampled_from([None, "<fn_9>"])))]
    for place, name in enumerate(worker_names):
        nodes.append(
            Worker(
                name=name,
                description=draw(TEXTS),
                model=models[0].name if (is_model := draw(st.booleans())) else None,
                tool=None if is_model else "calculator",
                system=draw(TEXTS),
                decoding=(decoding := draw(st.sampled_from(DECODINGS))),
                branches=draw(st.none() | st.integers(1, 32 if decoding in WEIGHED else 1)),
                branch_at=draw(st.integers(0, 5)) if decoding == "cot" else 0,
                answer=draw(st.sampled_from(["text", "number"])),
                reasoning="none" if decoding in WEIGHED else draw(st.sampled_from(["none", "self-discover"])),
                structure=draw(st.sampled_from(["json", "text"])),
                discoverer=draw(st.none() | st.just(models[-1].name)),
                tau=draw(st.none() | st.floats(-1e9, 0)) if is_model else None,
                alpha=draw(st.floats(0, 1)),
                passages=draw(st.integers(1, 50)),
                length_normalised=draw(st.booleans()),
                temperature=draw(st.floats(0, 1e300) | st.integers(0, 3)),
                top_p=draw(st.floats(0, 1, exclude_min=True)),
                min_p=draw(st.floats(0, 1)),
                repetition_penalty=draw(st.floats(1, 2)),
                max_tokens=draw(st.integers(6, 2**40)),
                reformulate=draw(st.booleans()),
                cost=draw(st.floats(0, 1e9)),
                examples=draw(st.lists(QUERIES, min_size=1, max_size=3).map(tuple)),
            )
        )
        master = root if place % 2 else second
        edges.append(Edge(source=master, target=name, kind="routes_to"))
        if place:
            edges.append(Edge(source=worker_names[place - 1], target=name, kind="escalates_to"))
        edges.append(Edge(source=name, target=base, kind="reads"))
    graph = ModelGraph(
        draw(NAMES),
        root,
        models,
        draw(st.permutations(nodes)),
        draw(st.permutations(edges)),
        description=draw(TEXTS),
    )
    assert check(graph) == ()
    return graph


def beside(graph: ModelGraph, examples_file: str | None) -> ModelGraph:
    return ModelGraph(
        graph.name,
        graph.master_name,
        graph.models,
        graph.nodes,
        graph.edges,
        examples_file=examples_file,
        description=graph.description,
    )


SMALL = ModelGraph(
    "small",
    "router",
    [Model(name="tiny", source="path:tiny.gguf")],
    [
        Master(name="router", model="tiny", none_examples=("asdf",)),
        Master(name="sub", model="tiny", none_examples=("qwer",)),
        Worker(name="math", description="Sums – größere", model="tiny", examples=("1+1", 'Say "two"')),
    ],
    [
        Edge(source="router", target="sub", kind="routes_to"),
        Edge(source="sub", target="math", kind="routes_to"),
    ],
)


@given(graphs())
def test_a_graph_reads_back_as_it_was_written(graph: ModelGraph) -> None:
    text = dumps(graph)
    again = loads(text)
    assert again == graph
    assert again.description == graph.description
    assert dumps(again) == text


@settings(max_examples=30)
@given(graphs())
def test_a_saved_graph_loads_with_its_examples_file(
    tmp_path_factory: pytest.TempPathFactory, graph: ModelGraph
) -> None:
    path = tmp_path_factory.mktemp("saved") / "graph.toml"
    save(beside(graph, "sub/graph.examples.toml"), path)
    again = load(path)
    assert again == graph
    assert (again.path, again.examples_file) == (path, "sub/graph.examples.toml")
    table = tomllib.loads(path.read_bytes().decode())
    assert not any("examples" in node for node in table["nodes"].values())
    assert "none_examples" not in table["nodes"][graph.master_name]


def test_the_text_is_readable() -> None:
    graph = SMALL.with_worker(
        Worker(
            name="law",
            description="Statutes",
            model="tiny",
            system='Line one.\n"Line two".\n',
            examples=("x",),
        ),
        "router",
    )
    text = dumps(graph)
    assert 'system = """\nLine one.\n"Line two".\n"""\n' in text
    assert 'examples = [\n    "1+1",\n    "Say \\"two\\"",\n]\n' in text
    assert 'token = "<fn_1>"' in text
    assert "größere" in text
    assert "temperature" not in text


def test_a_judge_is_written_with_what_is_not_usual() -> None:
    judge = Judge(name="judge", model="tiny", aspects=("fluency",))
    nodes = [*SMALL.nodes.values(), judge]
    text = dumps(ModelGraph("small", "router", SMALL.models, nodes, SMALL.edges))
    assert '[nodes.judge]\nkind = "judge"\nmodel = "tiny"\naspects = [\n    "fluency",\n]\n' in text
    assert loads(text).judge == judge


def test_control_characters_are_written_escaped() -> None:
    worker = Worker(name="w", description="\x1b[31m\x9b\u202e\n", tool="t", examples=("\x7f",))
    text = dumps(SMALL.with_worker(worker, "router"))
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    assert loads(text).worker("w") == worker


def test_the_examples_file_is_written_and_added_after_inline_examples(tmp_path: Path) -> None:
    path = tmp_path / "g.toml"
    save(beside(SMALL, "g.examples.toml"), path)
    examples = tmp_path / "g.examples.toml"
    assert tomllib.loads(examples.read_text()) == {"math": ["1+1", 'Say "two"'], "none": ["asdf"]}
    assert dumps_examples(SMALL) == examples.read_text()
    text = path.read_text().replace('description = "Sums', 'examples = ["first"]\ndescription = "Sums')
    path.write_text(text)
    assert load(path).worker("math").examples == ("first", "1+1", 'Say "two"')
    assert load(path).examples("sub")[None] == ("qwer",)


def test_a_graph_is_tried_out_with_examples_that_are_not_written_yet(tmp_path: Path) -> None:
    path, text = tmp_path / "g.toml", dumps(beside(SMALL, "e.toml"))
    assert loads(text, path, examples=dumps_examples(SMALL)) == SMALL
    with pytest.raises(ProblemsError, match=r"e\.toml: mth: 'mth' is not a worker"):
        loads(text, path, examples="mth = ['x']\nmath = ['x']")
    assert list(tmp_path.iterdir()) == []


EXAMPLES_PROBLEMS = {
    "mth = ['x']": ("mth", "'mth' is not a worker", "Did you mean 'math'"),
    "sub = ['x']": ("sub", "'sub' is not a worker", "Keys: 'math', 'none'"),
    "math = ['x', ' ']": ("math[1]", "blank", "Write a query"),
    "math = ['x', 3]": ("math[1]", "an integer, not a string", "Write a string"),
    "none = 'x'\nmath = ['x']": ("none", "a string, not an array of strings", "Write an array"),
    "math = [": ("line 1, column 9", "Invalid value", "Mend the TOML"),
    "none = ['x']": ("nodes.math.examples", "has no examples", "Add queries"),
}


@pytest.mark.parametrize("text", EXAMPLES_PROBLEMS)
def test_problems_of_the_examples_file_name_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "g.toml"
    save(beside(SMALL, "e.toml"), path)
    extra = "" if "math" in text or text.startswith("none") else "\nmath = ['x']"
    (tmp_path / "e.toml").write_text(text + extra)
    with pytest.raises(ProblemsError) as caught:
        load(path)
    (problem,) = caught.value.problems
    key, message, mend = EXAMPLES_PROBLEMS[text]
    assert problem.key == key
    assert problem.file == str(path if key.startswith("nodes.") else tmp_path / "e.toml")
    assert message in problem.message
    assert mend in problem.mend


@pytest.mark.parametrize(
    "name",
    ["../e.toml", "/etc/passwd", "a/../../e.toml", "C:\\e.toml", "..\\e.toml", "", ".", "g.toml", "./g.toml"],
)
def test_the_examples_file_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    path = tmp_path / "g.toml"
    with pytest.raises(ProblemsError) as saving:
        save(beside(SMALL, name), path)
    assert list(tmp_path.iterdir()) == []
    path.write_text(dumps(beside(SMALL, name)))
    with pytest.raises(ProblemsError) as loading:
        load(path)
    for error in (saving.value, loading.value):
        assert [(problem.key, problem.file) for problem in error.problems] == [("graph.examples", str(path))]
        assert "beside the graph file" in error.hint


def test_an_examples_file_that_is_missing_or_unreachable(tmp_path: Path) -> None:
    path = tmp_path / "g.toml"
    path.write_text(dumps(beside(SMALL, "e.toml")))
    with pytest.raises(GraphError, match=r"e\.toml: there is no such file") as caught:
        load(path)
    assert "has no examples" not in str(caught.value)
    with pytest.raises(GraphError, match="a text has no file beside it"):
        loads(path.read_text())
    path.write_text(path.read_text().replace('examples = "e.toml"', "examples = 3"))
    with pytest.raises(ProblemsError) as wrong:
        load(path)
    assert [problem.key for problem in wrong.value.problems] == ["graph.examples"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a = 1\nb = = 2\n", "line 2, column 5"),
        ("a = 1\nb = [1,", "line 2, column 8"),
        ("a = 1\na = 2\n", "line 2, column 6"),
        ("a = " + "[" * 100_000, "is nested too deeply"),
        ("a = " + "1" * 5_000, "has a number with too many digits"),
    ],
    ids=["value", "end", "twice", "deep", "digits"],
)
def test_syntax_errors_name_the_place(tmp_path: Path, text: str, place: str) -> None:
    path = tmp_path / "g.toml"
    path.write_text(text)
    with pytest.raises(GraphError) as caught:
        load(path)
    assert caught.value.message.startswith(f"{path}: {place}")
    assert "toml.io" in caught.value.hint


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match=r"absent\.toml: there is no such file"):
        load(tmp_path / "absent.toml")
    with pytest.raises(GraphError, match="is a folder"):
        load(tmp_path)
    with pytest.raises(GraphError, match="cannot be read"):
        load("a\x00b")
    (tmp_path / "latin.toml").write_bytes("# ok\nx = 'é'".encode("latin-1"))
    with pytest.raises(GraphError, match="line 2 is not UTF-8"):
        load(tmp_path / "latin.toml")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(GraphError, match="not an ordinary file"):
        load(tmp_path / "pipe")


def test_a_file_far_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge.toml").open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    with pytest.raises(GraphError, match="larger than 64 MiB"):
        load(tmp_path / "huge.toml")


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "g.toml"
    path.write_bytes(b"\xef\xbb\xbf" + dumps(SMALL).replace("\n", "\r\n").encode())
    assert load(path) == SMALL


def test_saving_replaces_the_file_whole_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "g.toml"
    save(SMALL, path)
    path.chmod(0o640)
    save(SMALL.with_worker(Worker(name="w", description="d", tool="t", examples=("x",)), "sub"), path)
    assert "[nodes.w]" in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [file.name for file in tmp_path.iterdir()] == ["g.toml"]


def test_saving_writes_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "link.toml").symlink_to(tmp_path / "real.toml")
    save(SMALL, tmp_path / "link.toml")
    assert (tmp_path / "link.toml").is_symlink()
    assert load(tmp_path / "real.toml") == SMALL


def test_a_graph_that_could_not_be_loaded_is_not_saved(tmp_path: Path) -> None:
    path = tmp_path / "g.toml"
    save(SMALL, path)
    before = path.read_text()
    with pytest.raises(ProblemsError, match=r"g\.toml: nodes\.w\.examples: the worker 'w' has no examples"):
        save(SMALL.with_worker(Worker(name="w", description="d", tool="t"), "sub"), path)
    assert path.read_text() == before


def test_saving_where_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match="there is no folder"):
        save(SMALL, tmp_path / "absent" / "g.toml")
    (tmp_path / "folder").mkdir()
    with pytest.raises(GraphError, match="cannot be written"):
        save(SMALL, tmp_path / "folder")
    assert [file.name for file in tmp_path.iterdir()] == ["folder"]


def test_truncated_files_load_or_raise_a_graph_error(tmp_path: Path) -> None:
    whole = dumps(SMALL).encode()
    path = tmp_path / "g.toml"
    outcomes = set()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        try:
            load(path)
        except GraphError as error:
            assert str(path) in error.message
            assert error.hint
            outcomes.add("refused")
        else:
            outcomes.add("loaded")
    assert "refused" in outcomes


@given(st.binary(max_size=200) | TEXTS.map(str.encode))
def test_random_bytes_load_or_raise_a_graph_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "random.toml"
    path.write_bytes(data)
    with pytest.raises(GraphError):
        load(path)


@given(st.integers(min_value=0), st.binary(min_size=1, max_size=4))
def test_damaged_files_load_or_raise_a_graph_error(
    tmp_path_factory: pytest.TempPathFactory, place: int, data: bytes
) -> None:
    whole = dumps(SMALL).encode()
    cut = place % len(whole)
    path = tmp_path_factory.getbasetemp() / "damaged.toml"
    path.write_bytes(whole[:cut] + data + whole[cut + len(data) :])
    try:
        load(path)
    except GraphError as error:
        assert error.hint


def swapped(value: Any) -> Iterator[Any]:
    """Yield copies of a document, each with one of its values replaced by something else or taken away."""
    others: tuple[Any, ...] = (True, -1, float("nan"), "x", "", [], [[1]], {}, {"x": 1})
    places = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for place in places:
        for changed in (*others, *swapped(value[place])):
            copy = value.copy()
            copy[place] = changed
            yield copy
        copy = value.copy()
        del copy[place]
        yield copy


def test_swapped_values_load_or_raise_a_graph_error() -> None:
    document = tomllib.loads(dumps(SMALL))
    for changed in swapped(document):
        try:
            loads(tomlkit.dumps(changed))
        except GraphError as error:
            assert error.hint
