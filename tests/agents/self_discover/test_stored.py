"""A structure with its provenance as a value and as a file."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octograph.agents.self_discover import StoredStructure
from octograph.errors import UsageError
from octograph.nodes.structure import ReasoningStep, ReasoningStructure
from octograph.testing import FixedClock

NOW = FixedClock().now().isoformat()
PLAN = ReasoningStructure(steps=(ReasoningStep(key="Facts", what="What is given"),))
OTHER = ReasoningStructure(steps=(ReasoningStep(key="Idea", what="What could help"),))
STORED = StoredStructure(
    graph="laptop-16gb",
    task="logic",
    structure=PLAN,
    origin="discovered",
    moment=NOW,
    model="large",
    worker="thinker",
    modules=("break down", "reflect"),
    adapted=("Part the sentences.", "Doubt the first answer."),
    examples=("Is it so?", "And that?"),
)

NAMES = st.text(min_size=1, max_size=20).filter(lambda text: bool(text.strip()))
TEXTS = st.lists(st.text(max_size=20), max_size=3).map(tuple)


@settings(deadline=None, max_examples=50)
@given(
    stored=st.builds(
        StoredStructure,
        graph=NAMES,
        task=NAMES,
        structure=st.sampled_from([PLAN, OTHER]),
        origin=st.sampled_from(["discovered", "edited", "imported"]),
        moment=st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat()),
        model=st.text(max_size=20),
        worker=st.text(max_size=20),
        modules=TEXTS,
        adapted=TEXTS,
        examples=TEXTS,
    )
)
def test_it_survives_plain_data(stored: StoredStructure) -> None:
    assert StoredStructure.from_document(json.loads(json.dumps(stored.document()))) == stored


def test_what_is_given_to_another_graph_keeps_who_discovered_it() -> None:
    later = "2030-01-01T00:00:00+00:00"
    given_away = StoredStructure.from_document(STORED.document()).given_to("embedded", "chat", moment=later)
    assert (given_away.graph, given_away.task, given_away.origin) == ("embedded", "chat", "imported")
    assert given_away.moment == later
    assert (given_away.model, given_away.worker) == ("large", "thinker")
    assert (given_away.structure, given_away.examples) == (STORED.structure, STORED.examples)


def test_what_is_edited_says_so_and_keeps_the_rest() -> None:
    edited = STORED.edited(OTHER, moment="2030-01-01T00:00:00+00:00")
    assert (edited.structure, edited.origin) == (OTHER, "edited")
    assert (edited.model, edited.modules, edited.task) == ("large", STORED.modules, "logic")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "something"}, "no exported reasoning structure"),
        ({"format": None}, "no exported reasoning structure"),
        ({"strucktur": {}}, "has no 'strucktur'"),
        ({"graph": 3}, "3 as 'graph'"),
        ({"model": None}, "None as 'model'"),
        ({"modules": "break down"}, "'break down' as 'modules'"),
        ({"adapted": [1]}, r"\[1\] as 'adapted'"),
        ({"examples": None}, "None as 'examples'"),
        ({"structure": None}, "no list of steps"),
        ({"origin": "found"}, "'found' is no way"),
        ({"graph": " "}, "without a graph"),
        ({"task": ""}, "without a task"),
        ({"moment": "yesterday"}, "'yesterday' is no moment"),
        ({"moment": "2025-01-31T12:00:00"}, "no moment"),
    ],
)
def test_documents_that_are_none_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        StoredStructure.from_document(STORED.document() | changes)
    assert caught.value.hint


def test_what_is_no_object_is_refused() -> None:
    with pytest.raises(UsageError, match="no exported"):
        StoredStructure.from_document([STORED.document()])
