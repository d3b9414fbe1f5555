"""What every tool promises: an exact answer or a ToolError, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octograph.errors import ToolError, UsageError
from octograph.nodes import tools
from octograph.nodes.tools import TOOL_NAMES, SystemClock, Tool, ToolAnswer, make_tool


class FixedClock:
    """A clock that stands still."""

    def now(self) -> datetime:
        return datetime(2026, 6, 4, 14, 5, tzinfo=ZoneInfo("Europe/Zurich"))


TOOLS = {name: make_tool(name, clock=FixedClock()) for name in TOOL_NAMES}
# fmt: off
WORDS = (
    "what is", "how many", "convert", "solve", "5", "17", "0", "1,234", "0.5", "1e300", "9**9**9",
    "10!", "factorial", "of", "and", "to", "in", "the", "a", "half", "third", "percent", "%", "plus",
    "minus", "times", "divided by", "^", "**", "(", ")", "-", "+", "/", "*", "sqrt", "square root of",
    "sin", "log", "pi", "e", "x", "y", "=", "sum of", "average of", "mod", "degrees", "miles", "km",
    "feet", "inches", "cups", "oz", "°F", "C", "GB", "per", "hours", "days", "weeks", "months", "years",
    "until", "since", "between", "ago", "from now", "christmas", "easter", "4 july 1997", "03/04/2020",
    "friday", "next", "last", "today", "tomorrow", "time", "date", "tokyo", "usa", "leap year",
    "february", "week", "old", "born", "30 february", "99999", "ln", "choose", "increase", "by", ",",
    "!", "?", "one hundred", "million", "½", "²", "√", "29 february", "year 0", "0000-00-00", "nearest",
    "round"
)
# fmt: on


@pytest.fixture(params=TOOL_NAMES)
def tool(request: pytest.FixtureRequest) -> Tool:
    return TOOLS[request.param]


def ask(tool: Tool, query: str) -> ToolAnswer | ToolError:
    try:
        return tool.answer(query)
    except ToolError as error:
        return error


def check(tool: Tool, query: str) -> None:
    answer = ask(tool, query)
    if isinstance(answer, ToolError):
        assert answer.message
        assert answer.hint
        return
    assert isinstance(answer, ToolAnswer)
    assert answer.tool == tool.name
    assert answer.value
    assert answer.value.strip() == answer.value
    for shown in (answer.text, answer.value):
        assert not any(unicodedata.category(character).startswith("C") for character in shown)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(max_size=60))
def test_any_text_is_answered_or_refused(tool: Tool, query: str) -> None:
    check(tool, query)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(st.sampled_from(WORDS), max_size=12), gap=st.sampled_from([" ", ""]))
def test_any_mix_of_known_words_is_answered_or_refused(tool: Tool, words: list[str], gap: str) -> None:
    check(tool, gap.join(words))


@pytest.mark.parametrize(
    "query",
    ["", "   ", "\n", "hello", "x" * 10_000, "1" * 399, "(" * 399, "\x00\x1b[31m", "\U0001d7d9+\U0001d7d9"],
)
def test_what_is_no_question_is_refused(tool: Tool, query: str) -> None:
    with pytest.raises(ToolError):
        tool.answer(query)


def test_the_name_is_the_one_in_the_registry(tool: Tool) -> None:
    assert tool.name in TOOL_NAMES


def test_an_unknown_tool_is_refused_with_the_names() -> None:
    with pytest.raises(UsageError, match="calculator, clock, units"):
        make_tool("oracle", clock=SystemClock())


def test_the_system_clock_knows_its_zone() -> None:
    assert SystemClock().now().tzinfo is not None


def test_the_public_names() -> None:
    assert sorted(tools.__all__) == [
        "Clock",
        "SystemClock",
        "TOOL_NAMES",
        "Tool",
        "ToolAnswer",
        "make_tool",
        "with_result",
    ]


def test_importing_loads_nothing_heavy() -> None:
    heavy = "sympy", "pint", "dateparser", "numpy"
    code = f"import sys, octograph.nodes.tools; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
