"""Edges: kinds and tokens."""

from __future__ import annotations

from typing import Any

import pytest

from octograph.graph import Edge, ProblemsError
from octograph.graph.edges import with_tokens


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"kind": "routes"}, "kind"),
        ({"kind": "reads", "token": "<fn_0>"}, "token"),
        ({"kind": "routes_to", "token": "<fn_none>"}, "token"),
        ({"kind": "routes_to", "token": "fn_1"}, "token"),
    ],
)
def test_edges_that_cannot_be_right(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(ProblemsError) as caught:
        Edge(**{"source": "a", "target": "b", **changes})
    assert [problem.key for problem in caught.value.problems] == [key]
    assert caught.value.hint


def test_tokens_are_given_after_the_highest_of_each_master() -> None:
    edges, following = with_tokens(
        [
            Edge(source="a", target="x", kind="routes_to"),
            Edge(source="a", target="y", kind="routes_to", token="<fn_4>"),
            Edge(source="b", target="x", kind="routes_to"),
            Edge(source="a", target="z", kind="routes_to"),
            Edge(source="x", target="y", kind="follows"),
        ]
    )
    assert [edge.token for edge in edges] == ["<fn_5>", "<fn_4>", "<fn_0>", "<fn_6>", None]
    assert following == {"a": 7, "b": 1}
