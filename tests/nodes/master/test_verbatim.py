"""What has to be kept to the letter."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octograph.nodes.master.verbatim import is_quoted, literals, quotations, stands, unpaired_marks

PAIRS = ['""', "''", "``", "“”", "‘’", "„“", "«»", "»«", "‹›", "「」", "『』"]


@pytest.mark.parametrize("marks", PAIRS)
def test_every_kind_of_quotation_is_found(marks: str) -> None:
    text = f"translate {marks[0]}I'm not late{marks[1]} into German"
    if marks == "``":
        text = text.replace("I'm", "I am")
    (found,) = quotations(text)
    assert found in ("I'm not late", "I am not late")
    assert is_quoted(found, f'say "{found}"')
    assert not is_quoted(found, f"say {found}")


def test_apostrophes_quote_nothing() -> None:
    assert quotations("the dog's bone, the dogs' owner, rock'n'roll and don't") == []


def test_each_of_two_equal_quotations_counts() -> None:
    assert is_quoted("a", "'a' and 'a'", times=2)
    assert not is_quoted("a", "'a' and a", times=2)


def test_marks_without_a_partner_are_found() -> None:
    assert unpaired_marks('5\' 10" in cm and "this"') == ['"']


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see https://x.org/a?b=(1), please", ["https://x.org/a?b=(1)"]),
        ("mail ann.b@x.org today", ["ann.b@x.org"]),
        ("open package.json and src/main.py.", ["package.json", "src/main.py"]),
        ("use snake_case, C:\\temp and #tag", ["snake_case", "C:\\temp", "#tag"]),
        ("H2O weighs 12kg", ["H2O", "12kg"]),
        ("the 3rd at 3:30pm or 3 p.m., 5/6 and 12:30", []),
        ("A plain sentence. Another one: here.", []),
    ],
)
def test_literals_are_found(text: str, found: list[str]) -> None:
    assert literals(text) == found


def test_a_literal_stands_by_itself() -> None:
    assert stands("main.py", "open main.py now")
    assert not stands("main.py", "open xmain.py now")
    assert stands("12kg", "it weighs 12 kg")
    assert not stands("12kg", "it weighs 112 kg")


@settings(deadline=None)
@given(st.text())
def test_what_is_found_stands_in_its_own_text(text: str) -> None:
    assert all(quotation in text for quotation in quotations(text))
    assert all(literal in text for literal in literals(text))
