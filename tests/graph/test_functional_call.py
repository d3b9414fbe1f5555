"""Functional calls: what is written is read back, whatever the argument holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octograph.errors import GraphError
from octograph.graph import END, NONE, token_text
from octograph.graph.functional_call import FunctionalCall, parse_call

TOKENS = st.integers(0, 999_999).map(token_text)
PATHS = st.builds(lambda path, last: "".join([*path, last]), st.lists(TOKENS, max_size=3), TOKENS | st.just(NONE))
PIECES = (
    "'",
    '"',
    "“",
    "’",
    "`",
    "(",
    ")",
    "\\",
    "\n",
    "\r\n",
    "\u2028",
    "é",
    "数",
    "😀",
    "\0",
    END,
    f"){END}",
    NONE,
    "a",
)
ARGUMENTS = st.text() | st.lists(st.sampled_from(PIECES), max_size=20).map("".join)
RAMBLING = st.text().filter(lambda text: f"){END}" not in text)


@given(token=PATHS, argument=ARGUMENTS)
def test_a_whole_call_reads_back(token: str, argument: str) -> None:
    call = FunctionalCall(token=token, argument=argument)
    assert parse_call(call.text) == call


@given(token=TOKENS, argument=ARGUMENTS, rest=RAMBLING)
def test_what_a_model_writes_behind_the_end_is_left_out(token: str, argument: str, rest: str) -> None:
    call = FunctionalCall(token=token, argument=argument)
    assert parse_call(f"\n {call.text}{rest}") == call


@given(token=TOKENS, argument=ARGUMENTS.filter(lambda text: f"){END}" not in text and not text.endswith(END)))
def test_a_call_that_was_cut_off_keeps_every_character_of_its_argument(token: str, argument: str) -> None:
    opening = f"{token}({argument}"
    if argument.count(")") <= argument.count("(") or not argument.rstrip().endswith(")"):
        assert parse_call(opening).argument == argument
        if not argument.endswith(")"):  # else its own ")" reads as the one that closes
            assert parse_call(opening + END).argument == argument
    if argument.count(")") == argument.count("("):
        assert parse_call(f"{opening})").argument == argument


@pytest.mark.parametrize(
    ("text", "argument"),
    [
        ("<fn_3>(What's (2 + 3) * 4?)<fn_end>", "What's (2 + 3) * 4?"),
        ("<fn_3>(What's (2 + 3) * 4?)", "What's (2 + 3) * 4?"),
        ("<fn_3>(What's (2 + 3) * 4?<fn_end>", "What's (2 + 3) * 4?"),
        ("<fn_3>(cos(0)", "cos(0)"),
        ("<fn_3>(cos(0))\n", "cos(0)"),
        ("<fn_3>(A) yes B) no)", "A) yes B) no"),
        ("<fn_3>()<fn_end>", ""),
        ("<fn_3>(", ""),
        ("<fn_3>(say '<fn_2>(x)<fn_end>' aloud)<fn_end>", "say '<fn_2>(x)<fn_end>' aloud"),
    ],
)
def test_calls_as_models_write_them(text: str, argument: str) -> None:
    assert parse_call(text).argument == argument


@pytest.mark.parametrize(
    ("text", "argument"),
    [
        ("<fn_3>(hi :)", "hi :"),  # its own parenthesis looks like the call's
        ("<fn_3>(say '(x)<fn_end>' aloud", "say '(x"),  # its own end looks like the call's
    ],
)
def test_what_cannot_survive_without_the_end(text: str, argument: str) -> None:
    assert parse_call(text).argument == argument


@given(st.text(max_size=20) | st.sampled_from(["<fn_3>", "<fn_3>x(y)", "<fn_x>(y)", "fn_3(y)", "<fn_end>(y)", "(y)"]))
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(GraphError) as caught:
        parse_call(text)
    assert caught.value.hint


@pytest.mark.parametrize("token", ["", "math", END, "<fn_01>", "<fn_1", f"{NONE}<fn_1>", "<fn_1> <fn_2>", "<fn_1>\n"])
def test_an_argument_needs_a_functional_token(token: str) -> None:
    with pytest.raises(GraphError, match="not a functional token"):
        FunctionalCall(token=token, argument="x")
