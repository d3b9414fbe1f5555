"""Files of aspects: what they give, and every problem with its file, its key and its mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from octograph.agents.judging import TEMPLATE, Aspect, read_aspects
from octograph.errors import UsageError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "aspects.toml"


def test_aspects_come_in_the_order_of_the_file(path: Path) -> None:
    path.write_text(
        '[aspects.polite]\ndescription = "Polite."\ntemplate = """\nBe polite.\n\n{question}\n{answer}\n"""\n'
        '[aspects."to the point"]\ndescription = "Short."\n',
        encoding="utf-8",
    )
    assert read_aspects(path) == (
        Aspect(name="polite", description="Polite.", template="Be polite.\n\n{question}\n{answer}\n"),
        Aspect(name="to the point", description="Short.", template=TEMPLATE),
    )


@pytest.mark.parametrize(
    ("text", "key", "said", "mend"),
    [
        ("", "aspects", "there are no aspects", "[aspects.NAME]"),
        ("[aspects]", "aspects", "there are no aspects", "[aspects.NAME]"),
        ("aspects = 1", "aspects", "is an integer, not a table", "Write a table."),
        ("[aspect.x]\ndescription = 'x'", "aspect", "unknown key 'aspect'", "Did you mean 'aspects'?"),
        ("[aspects]\nx = 'x'", "aspects.x", "is a string, not a table", "Write a table."),
        ("[aspects.x]", "aspects.x.description", "the key is missing", "Add 'description' to [aspects.x]."),
        ("[aspects.x]\ndescription = 3", "aspects.x.description", "is an integer, not a string", "Write a string."),
        ("[aspects.x]\ndescription = ' '", "aspects.x.description", "is blank", "in a sentence"),
        (
            "[aspects.x]\ndescription = 'x'\ntemplte = 'y'",
            "aspects.x.templte",
            "unknown key 'templte'",
            "Did you mean 'template'?",
        ),
        (
            "[aspects.x]\ndescription = 'x'\ntemplate = '{answer} {question}'",
            "aspects.x.template",
            "does not end with the answer",
            "End the template with {answer}",
        ),
        ("[aspects.' ']\ndescription = 'x'", "aspects.' '", "the name ' ' is blank", "Give it a name."),
        ("[aspects", "line 1, column 9", "Expected ']'", "Mend the TOML"),
    ],
)
def test_a_problem_is_told_with_its_place_and_its_mend(path: Path, text: str, key: str, said: str, mend: str) -> None:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read_aspects(path)
    assert f"{path}: {key}" in caught.value.message
    assert said in caught.value.message
    assert mend in str(caught.value)


def test_every_problem_is_told_at_once(path: Path) -> None:
    path.write_text("x = 1\n[aspects.a]\ntemplate = '{x} {answer}'\n[aspects.b]\ndescription = ''", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read_aspects(path)
    told = caught.value.message
    for said in ("x: unknown", "aspects.a.description: the key", "aspects.a.template: '{x}'", "aspects.b.description"):
        assert f"{path}: {said}" in told


def test_a_file_that_cannot_be_read(path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such file"):
        read_aspects(path)
    with pytest.raises(UsageError, match="is a folder"):
        read_aspects(path.parent)
    path.write_bytes(b"\xff")
    with pytest.raises(UsageError, match="line 1 is not UTF-8"):
        read_aspects(path)
