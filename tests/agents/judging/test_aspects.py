"""Aspects: the text before the answer, and what is no template."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octograph.agents.judging import ASPECTS, TEMPLATE, Aspect
from octograph.errors import UsageError
from octograph.graph.judge import AspectName

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=40)
WORDS = TEXT.filter(lambda text: bool(text.strip()))


def test_the_built_in_aspects_are_these() -> None:
    assert list(ASPECTS) == ["relevance", "fluency", "factuality"]
    assert tuple(ASPECTS) == get_args(AspectName), "a graph file can name those that there are"
    assert all(name == aspect.name for name, aspect in ASPECTS.items())
    assert {aspect.template for aspect in ASPECTS.values()} == {TEMPLATE}


@pytest.mark.parametrize("aspect", ASPECTS.values(), ids=ASPECTS)
def test_the_parts_stand_in_the_prompt_and_the_answer_comes_next(aspect: Aspect) -> None:
    prompt = aspect.prompt("Who was it?", "It was Ada.\n\nNobody else.")
    for part in (aspect.description, "Who was it?", "It was Ada.\n\nNobody else."):
        assert part in prompt
    assert prompt == TEMPLATE.removesuffix("{answer}").format(
        description=aspect.description, question="Who was it?", context="It was Ada.\n\nNobody else."
    )


def test_without_a_context_its_paragraph_is_left_out() -> None:
    template = "Be right.\n\n \nText: {context}\nSo much for that.\n\nQ: {question}\n\nA: {answer}"
    aspect = Aspect(name="right", description="Right.", template=template)
    assert aspect.prompt("Why?") == "Be right.\n\nQ: Why?\n\nA: "
    assert aspect.prompt("Why?", "So.") == "Be right.\n\n \nText: So.\nSo much for that.\n\nQ: Why?\n\nA: "


def test_white_space_behind_the_answer_does_not_count() -> None:
    aspect = Aspect(name="a", description="Good.", template="Q: {question}\nA: {answer}\n \n")
    assert aspect.prompt("Why?") == "Q: Why?\nA: "


@settings(deadline=None)
@given(question=TEXT, context=WORDS, description=WORDS)
def test_what_is_put_in_is_never_read_for_places(question: str, context: str, description: str) -> None:
    template = "{description}|{question}\n\n[{context}]\n\n{answer}"
    braces = "{answer}{context}{question}{x}"
    aspect = Aspect(name="a", description=description + braces, template=template)
    prompt = aspect.prompt(question + braces, context + braces)
    expected = f"{(description + braces).strip()}|{(question + braces).strip()}\n\n[{context + braces}]\n\n"
    assert prompt == expected


def test_other_braces_are_text() -> None:
    aspect = Aspect(name="a", description="JSON.", template='{"key": {}} {0} {question} {answer}')
    assert aspect.prompt("Why?") == '{"key": {}} {0} Why? '


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("Q: {question}", "has no place for the answer, {answer}"),
        ("", "has no place for the answer, {answer}"),
        ("{answer} to {question}", "does not end with the answer, {answer}"),
        ("{question} {answer}.", "does not end with the answer, {answer}"),
        ("{question} {answer} {answer}", "has 2 places for the answer"),
        ("{qestion} {answer}", "'{qestion}' is no place"),
        ("{context} {question}\n\nA: {answer}", "has {context} in one paragraph with {question}"),
        ("{question}\n\n{context}\n{answer}", "has {context} in one paragraph with {answer}"),
        ("{context}\n\n{answer}", "has nothing but the context before the answer"),
        ("{answer}", "has nothing but the context before the answer"),
        ("\ud800 {answer}", "is not valid Unicode"),
    ],
)
def test_what_is_no_template_is_refused(template: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        Aspect(name="a", description="Good.", template=template)
    assert f"template: {said}" in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "description", "said"),
    [
        ("", "Good.", "the name '' is blank"),
        ("a\x1b[31m", "Good.", "has characters that cannot be seen"),
        ("a", " \n", "description: is blank"),
        ("a", "\udc80", "description: is not valid Unicode"),
    ],
)
def test_a_name_and_a_description_that_cannot_be(name: str, description: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        Aspect(name=name, description=description)
    assert said in caught.value.message


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        Aspect(name=" ", description="", template="{x}")
    for said in ("the name ' ' is blank", "description: is blank", "'{x}' is no place", "has no place for the answer"):
        assert said in caught.value.message
    assert caught.value.hint == "Mend these 4 problems and try again."
