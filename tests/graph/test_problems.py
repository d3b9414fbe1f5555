"""Problems: how they read."""

from __future__ import annotations

import pytest

from octograph.errors import GraphError
from octograph.graph import Problem, ProblemsError
from octograph.graph.problems import did_you_mean, key_path, shown


def test_one_problem_is_a_sentence_with_its_mend_as_hint() -> None:
    error = ProblemsError([Problem(key="graph.name", message="is blank", mend="Give it a name.", file="g.toml")])
    assert isinstance(error, GraphError)
    assert str(error) == "g.toml: graph.name: is blank\n  Give it a name."
    assert error.hint == "Give it a name."


def test_several_problems_are_listed_with_their_mends() -> None:
    problems = [Problem(key=key, message="is wrong", mend=f"Mend {key}.", file="g.toml") for key in "ab"]
    error = ProblemsError(problems)
    assert error.message == "g.toml: a: is wrong\n  Mend a.\ng.toml: b: is wrong\n  Mend b."
    assert error.problems == tuple(problems)


@pytest.mark.parametrize(("key", "below"), [("model", "nodes.w.model"), ("", "nodes.w"), ("[2]", "nodes.w[2]")])
def test_moving_a_problem_below_a_key(key: str, below: str) -> None:
    problem = Problem(key=key, message="m", mend="d").below("nodes.w", file="f")
    assert (problem.key, problem.file) == (below, "f")


def test_words_are_shown_short_and_without_control_characters() -> None:
    assert len(shown("x" * 10_000)) == 80
    assert key_path("a", "b c", "d\x1b") == r"a.'b c'.'d\x1b'"
    assert did_you_mean("x" * 100_000, ["a"]) == "Known: 'a'."
    assert did_you_mean("a", []) == "Known: none."
