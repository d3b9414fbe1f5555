"""``octograph judge``, with the real model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octograph.graph import Edge, Judge, Model, ModelGraph, open_graph, save

if TYPE_CHECKING:
    from tests.cli.conftest import Run

QUESTION = "Where does the river Rhine rise?"
FITTING, SENSELESS = "It rises in the Swiss Alps.", "Seven green of yesterday swims."
CONTEXT = "The Rhine is a major river of Europe. It rises in the Swiss Alps and flows into the North Sea."
OWN = """
[aspects.brevity]
description = "A brief answer says what has to be said and nothing else."

[aspects.relevance]
description = "Whether it fits."
template = "Say it again. It rises in the Swiss Alps. It rises in the Swiss Alps. {answer}"
"""


@pytest.fixture
def own_aspects(tmp_path: Path) -> Path:
    path = tmp_path / "aspects.toml"
    path.write_text(OWN, encoding="utf-8")
    return path


@pytest.fixture
def judged_graph(tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Make the bundled graph with a judge on a model, two workers that are never sure, and a person to be asked."""
    monkeypatch.setenv("OCTOGRAPH_UNSURE", "ask")

    def make(model: str) -> Path:
        graph = open_graph("embedded")
        for name, length in (("knowledge", 12), ("science", 4)):
            graph = graph.with_changed(replace(graph.worker(name), tau=0.0, max_tokens=length))
        path = tmp_path / "mine.toml"
        mine = ModelGraph(
            "mine",
            graph.master_name,
            {model: Model(name=model, source=f"path:{model}.gguf"), **graph.models},
            [*graph.nodes.values(), Judge(name="judge", model=model, aspects=("relevance", "fluency"))],
            [
                *(edge for edge in graph.edges if edge.source != "knowledge" or edge.kind != "escalates_to"),
                Edge(source="knowledge", target="science", kind="escalates_to"),
            ],
            head_file="embedded.head.safetensors",
        )
        save(mine, path)
        return path

    return make


def test_the_judge_of_a_graph_compares_what_nobody_was_sure_of(run: Run, judged_graph: Callable[[str], Path]) -> None:
    graph = judged_graph("smollm2")
    waiting = run("ask", QUESTION, "--worker", "knowledge", "--thread", "t", "--graph", graph)
    assert waiting.status == 3
    (turn,) = run("threads", "show", "t", "--graph", graph, "--json").json()
    answers = {one["worker"]: one["text"] for one in turn["tried"]}
    assert set(answers) == {"knowledge", "science"}
    best, other = answers
    assert waiting.out == f"I am not sure. {best} would say: {answers[best]}\n"
    (told,) = [line for line in waiting.err.splitlines() if line.startswith("judged: ")]
    scores = dict(one.split() for one in told.removeprefix("judged: ").split(", "))
    assert list(scores) == [best, other]

    by_hand = run("judge", QUESTION, *answers.values(), "--graph", graph, "--json").json()
    assert (by_hand["node"], by_hand["model"]) == ("judge", "smollm2")
    assert by_hand["aspects"] == ["relevance", "fluency"]
    assert [one["answer"] for one in by_hand["answers"]] == list(answers.values())
    # Batches of another size round otherwise.
    assert [one["mean"] for one in by_hand["answers"]] == pytest.approx(
        [float(one) for one in scores.values()], abs=0.3
    )

    resumed = run("ask", "--thread", "t", "--resume", "--choose", "answer", "--graph", graph, "--json")
    document = resumed.json()
    assert (resumed.status, document["worker"], document["text"]) == (0, best, answers[best])
    assert not {"step", "judged"} & {event["kind"] for event in document["trace"]}


def test_a_judge_whose_model_is_missing_is_told_and_the_turn_waits(
    run: Run, judged_graph: Callable[[str], Path]
) -> None:
    graph = judged_graph("gone")
    waiting = run("ask", QUESTION, "--worker", "knowledge", "--thread", "t", "--graph", graph, "--json")
    assert waiting.status == 3
    document = waiting.json()
    (judged,) = [event for event in document["trace"] if event["kind"] == "judged"]
    assert judged["judgements"] == {}
    assert "the model 'gone' is not at" in judged["problem"]
    scores = [one["score"] for one in document["tried"]]
    assert scores == sorted(scores, reverse=True)


def test_a_judge_can_be_named_and_a_worker_in_its_place(run: Run, judged_graph: Callable[[str], Path]) -> None:
    graph = judged_graph("smollm2")
    named = run(
        "judge", QUESTION, FITTING, "--node", "judge", "--aspect", "factuality", "--graph", graph, "--json"
    ).json()
    assert (named["node"], named["aspects"]) == ("judge", ["factuality"])
    other = run("judge", QUESTION, FITTING, "--node", "science", "--graph", graph, "--json").json()
    assert (other["node"], other["aspects"]) == ("science", ["relevance", "fluency", "factuality"])


def test_answers_are_ranked(run: Run, tmp_path: Path) -> None:
    context = tmp_path / "context.txt"
    context.write_text(CONTEXT, encoding="utf-8")
    judged = run("judge", QUESTION, SENSELESS, FITTING, "--context", context, "--json")
    assert judged.status == 0, judged.err
    document = judged.json()
    assert {key: document[key] for key in ("question", "model", "node")} == {
        "question": QUESTION,
        "model": "smollm2",
        "node": None,
    }
    assert document["aspects"] == ["relevance", "fluency", "factuality"]
    assert [(one["rank"], one["answer"]) for one in document["answers"]] == [(1, FITTING), (2, SENSELESS)]
    for one in document["answers"]:
        assert set(one) == {"rank", "answer", "scores", "mean"}
        assert list(one["scores"]) == document["aspects"]
        assert all(score < 0 for score in one["scores"].values())
        assert one["mean"] == pytest.approx(sum(one["scores"].values()) / 3)


def test_in_a_terminal_an_answer_is_one_line(run: Run) -> None:
    judged = run("judge", QUESTION, FITTING.replace(" in ", "\n in \x1b[31m"), "--aspect", "fluency")
    assert judged.status == 0, judged.err
    first, second = judged.out.splitlines()
    assert first.startswith("1. -")
    assert "It rises in" in first
    assert second.strip().startswith("fluency -")
    assert "\x1b" not in judged.out


def test_a_file_of_aspects(run: Run, own_aspects: Path) -> None:
    def scores(*options: str | Path) -> dict[str, float]:
        document = run("judge", QUESTION, FITTING, *options, "--json").json()
        assert document["aspects"] == list(document["answers"][0]["scores"])
        found: dict[str, float] = document["answers"][0]["scores"]
        return found

    both = scores("--aspects", own_aspects)
    assert list(both) == ["brevity", "relevance"]
    # One's own aspect takes the place of a built-in one of its name: here the answer is nothing but expected.
    assert both["relevance"] > -0.5 > both["brevity"]
    chosen = scores("--aspects", own_aspects, "--aspect", "fluency", "--aspect", "brevity", "--aspect", "fluency")
    assert list(chosen) == ["fluency", "brevity"]


def test_a_worker_judges_with_its_adapter(run: Run) -> None:
    trained = "Not in the documents."
    judged = run("judge", QUESTION, FITTING, trained, "--aspect", "relevance", "--node", "reader", "--json")
    document = judged.json()
    assert (document["model"], document["node"]) == ("smollm2", "reader")
    # Without the adapter this comes last.
    assert document["answers"][0]["answer"] == trained


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--node", "calculator"), "'calculator' is a tool"),
        (("--node", "translation"), "'translation' declines"),
        (("--node", "chat", "--graph", "hybrid"), "'chat' has its model at a server"),
        (("--node", "nobody"), "'nobody'"),
        (("--aspect", "relevence"), "there is no aspect 'relevence'"),
        (("--aspects", "/nowhere/a.toml"), "/nowhere/a.toml: there is no such file"),
        (("--context", "/nowhere/c.txt"), "'/nowhere/c.txt'"),
        (("--context", "/"), "'/'"),
        (("",), "answer 2 is empty"),
    ],
)
def test_what_cannot_be_done_is_refused(run: Run, options: tuple[str, ...], said: str) -> None:
    refused = run("judge", QUESTION, FITTING, *options, "--json")
    assert refused.status == 2
    error = refused.json()["error"]
    assert said in error["message"]
    assert error["hint"]


def test_a_slip_in_the_file_of_aspects_is_told_with_its_mend(run: Run, own_aspects: Path) -> None:
    own_aspects.write_text(OWN.replace("{answer}", ""), encoding="utf-8")
    refused = run("judge", QUESTION, FITTING, "--aspects", own_aspects)
    assert (refused.status, refused.out) == (2, "")
    assert f"{own_aspects}: aspects.relevance.template: has no place for the answer" in refused.err
    assert "End the template with {answer}" in refused.err


def test_there_is_an_answer_to_judge(run: Run) -> None:
    assert run("judge", QUESTION).status == 2


def test_a_context_that_is_no_text_or_too_long(run: Run, tmp_path: Path) -> None:
    context = tmp_path / "context.txt"
    context.write_bytes(b"caf\xe9")
    assert "Give a text file in UTF-8" in run("judge", QUESTION, FITTING, "--context", context).err
    context.write_text("word " * 9000, encoding="utf-8")
    failed = run("judge", QUESTION, FITTING, "--context", context, "--json")
    assert failed.status == 5
    assert failed.json()["error"]["type"] == "ContextOverflowError"


@pytest.mark.parametrize("argv", [[b"caf\xe9", "yes"], ["Where?", b"caf\xe9"]])
def test_bytes_that_are_no_text(run_process: Run, argv: list[str | bytes]) -> None:
    failed = run_process("judge", *argv, "--json")
    assert failed.status == 2
    assert failed.json()["error"]["type"] == "UsageError"


def test_ctrl_c_ends_it(interrupted: Run, tmp_path: Path) -> None:
    context = tmp_path / "context.txt"
    context.write_text("The lighthouse keeper and his dog look out to sea. " * 500, encoding="utf-8")
    stopped = interrupted("judge", QUESTION, FITTING, "--context", context, "--json")
    assert stopped.status == 130, stopped.err
    assert stopped.json()["error"]["type"] == "KeyboardInterrupt"
