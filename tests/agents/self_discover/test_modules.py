"""The reasoning modules: all of them, each with a name of its own."""

from __future__ import annotations

from octograph.agents.self_discover import MODULES, MODULES_BY_NAME


def test_there_are_39_in_the_order_of_the_paper() -> None:
    assert [module.number for module in MODULES] == list(range(1, 40))
    subjects = {4: "simplify", 9: "break down", 10: "think critically", 16: "core issue", 30: "design"}
    assert {number: MODULES[number - 1].name for number in subjects} == subjects
    assert [module.name for module in MODULES[-2:]] == ["step by step", "plan and do"]


def test_names_and_sentences_are_unique_and_short() -> None:
    assert len(MODULES_BY_NAME) == len({module.sentence for module in MODULES}) == 39
    for module in MODULES:
        assert 1 <= len(module.name.split()) <= 3
        assert module.sentence.endswith(".")
        assert len(module.sentence) <= 90
        assert module.name.isascii()
        assert not {'"', "\\"} & set(module.name)  # they are literals of a grammar
