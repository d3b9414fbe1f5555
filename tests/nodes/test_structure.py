"""Reasoning structures: what they may be, what a model is shown, what is read out of what it wrote."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octograph.errors import UsageError
from octograph.nodes.structure import FINAL, MOST_STEPS, ReasoningStep, ReasoningStructure

PLAN = ReasoningStructure(
    steps=(ReasoningStep(key="Facts", what="What is given"), ReasoningStep(key="Unknown", what="What is asked for")),
    final="A number",
)

LINES = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), min_size=1, max_size=60).filter(
    lambda text: text == text.strip()
)
KEYS = LINES.filter(lambda text: not {'"', "\\"} & set(text) and text.casefold() != "final answer")
STEPS = st.builds(ReasoningStep, key=KEYS, what=LINES)
STRUCTURES = st.builds(
    ReasoningStructure,
    steps=st.lists(STEPS, min_size=1, max_size=MOST_STEPS, unique_by=lambda step: step.key.casefold()).map(tuple),
    final=LINES,
)


@settings(deadline=None, max_examples=50)
@given(structure=STRUCTURES)
def test_a_structure_survives_plain_data(structure: ReasoningStructure) -> None:
    assert ReasoningStructure.from_document(json.loads(json.dumps(structure.document()))) == structure


@settings(deadline=None, max_examples=50)
@given(structure=STRUCTURES)
def test_the_plan_keeps_the_order_and_ends_with_the_final_answer(structure: ReasoningStructure) -> None:
    plan = json.loads(structure.as_json())
    assert tuple(plan) == structure.keys
    assert list(plan.values()) == [step.what for step in structure.all_steps]
    assert structure.keys[-1] == FINAL
    lines = structure.as_text().split("\n")
    assert len(lines) == len(structure.keys)
    assert lines[-1] == f"{len(lines)}. {FINAL}: {structure.final}"


@settings(deadline=None, max_examples=50)
@given(structure=STRUCTURES, data=st.data())
def test_what_was_filled_is_read_again_in_either_form(structure: ReasoningStructure, data: st.DataObject) -> None:
    values = {key: data.draw(LINES.filter(lambda text: text.strip("*") == text)) for key in structure.keys}
    text = json.dumps(values)
    assert structure.filled(text) == values
    assert structure.final_answer(text, "json") == values[FINAL]
    reasoning = structure.reasoning(text, "json")
    assert reasoning.split("\n") == [f"{key}: {values[key]}" for key in structure.keys[:-1]]
    written = f"{reasoning}\n{len(values)}. {FINAL}: {values[FINAL]}"
    if FINAL.casefold() not in values[FINAL].casefold():
        assert structure.final_answer(written, "text") == values[FINAL]
        assert structure.reasoning(written, "text") == reasoning


def test_the_schema_wants_every_key_in_order_and_nothing_else() -> None:
    schema = PLAN.schema(longest=50)
    assert list(schema["properties"]) == schema["required"] == ["Facts", "Unknown", FINAL]
    assert schema["additionalProperties"] is False
    assert all(value == {"type": "string", "minLength": 1, "maxLength": 50} for value in schema["properties"].values())
    limited = PLAN.schema(["(A)", "(B)"])
    assert limited["properties"][FINAL] == {"enum": ["(A)", "(B)"]}
    assert limited["properties"]["Facts"]["type"] == "string"


@pytest.mark.parametrize(
    ("text", "answer", "before"),
    [
        ("1. Facts: two\n2. Final answer: 4", "4", "1. Facts: two"),
        ("Facts: two\n**Final answer:** (A)\n\nI hope this helps!", "(A)", "Facts: two"),
        ("Facts: two\n3) **Final Answer: (A)**", "(A)", "Facts: two"),
        ("Final answer: 3, no.\nFinal answer:\n4\n5", "4\n5", "Final answer: 3, no."),
        ("Facts: I think that the final answer: 4", "4", "Facts: I think that the"),
        ("Final answer:   ", None, ""),
        ("Facts: two, and so on", None, "Facts: two, and so on"),
        ("The final answer is 4", None, "The final answer is 4"),
        ("", None, ""),
    ],
)
def test_the_final_answer_of_a_text(text: str, answer: str | None, before: str) -> None:
    assert PLAN.final_answer(text, "text") == answer
    assert PLAN.reasoning(text, "text") == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"Facts": "two", "Unk', "no JSON"),
        ('["Facts"]', "other keys"),
        ('{"Facts": "two", "Final answer": "4"}', "other keys"),
        ('{"Facts": "two", "Unknown": "x", "Final answer": "4", "More": "5"}', "other keys"),
        ('{"Facts": "two", "Unknown": 2, "Final answer": "4"}', "under 'Unknown'"),
    ],
)
def test_what_is_no_filled_structure_is_told(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        PLAN.filled(text)
    assert caught.value.hint
    assert PLAN.final_answer(text, "json") is None
    with pytest.raises(UsageError, match=message):
        PLAN.reasoning(text, "json")


def test_blank_values_are_no_answer_and_no_line() -> None:
    text = '{"Facts": " ", "Unknown": "how\\nmany", "Final answer": " "}'
    assert PLAN.final_answer(text, "json") is None
    assert PLAN.reasoning(text, "json") == "Unknown: how many"


@pytest.mark.parametrize("key", ["", " ", " x", "a\nb", 'say "x"', "back\\slash", "\x7f", "k" * 81, "\ud800"])
def test_keys_that_cannot_be_are_refused(key: str) -> None:
    with pytest.raises(UsageError, match="cannot be a key") as caught:
        ReasoningStep(key=key, what="x")
    assert "without quotes" in caught.value.hint


@pytest.mark.parametrize("what", ["", "  ", "a\nb", "w" * 401])
def test_hints_that_say_nothing_or_too_much_are_refused(what: str) -> None:
    with pytest.raises(UsageError, match="does not say what to write under 'Facts'"):
        ReasoningStep(key="Facts", what=what)
    with pytest.raises(UsageError, match="under 'Final answer'"):
        ReasoningStructure(steps=PLAN.steps, final=what)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ([], "of 0 steps"),
        ([f"k{number}" for number in range(MOST_STEPS + 1)], f"of {MOST_STEPS + 1} steps"),
        (["Facts", "facts"], "'facts' stands .* twice"),
        (["final answer"], "'Final answer' stands .* twice"),
    ],
)
def test_structures_that_cannot_be_are_refused(keys: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        ReasoningStructure(steps=tuple(ReasoningStep(key=key, what="x") for key in keys))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (None, "no list of steps"),
        ({}, "no list of steps"),
        ({"steps": "Facts"}, "no list of steps"),
        ({"steps": ["Facts"]}, "no list of steps"),
        ({"steps": [{"key": "Facts"}]}, "None as 'what'"),
        ({"steps": [{"key": 1, "what": "x"}]}, "1 as 'key'"),
        ({"steps": [{"key": "Facts", "what": "x"}], "final": 3}, "3 as 'final'"),
        ({"steps": []}, "of 0 steps"),
    ],
)
def test_documents_that_are_no_structures_are_refused(document: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        ReasoningStructure.from_document(document)
    assert caught.value.hint


def test_a_document_may_leave_the_final_answer_to_the_default() -> None:
    read = ReasoningStructure.from_document({"steps": [{"key": "Facts", "what": "x"}]})
    assert read == ReasoningStructure(steps=(ReasoningStep(key="Facts", what="x"),))
