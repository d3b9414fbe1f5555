"""The functional vocabulary: a bijection that stays put under any sequence of changes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octograph.errors import GraphError
from octograph.graph import END, NONE, FunctionalVocabulary, parse_token, token_text

TARGETS = st.sampled_from([f"w{place}" for place in range(8)])


def test_tokens_come_by_index_and_none_comes_last() -> None:
    words = FunctionalVocabulary.assign([("law", "<fn_7>"), ("math", "<fn_2>"), ("code", None)])
    assert words.tokens == ("<fn_2>", "<fn_7>", "<fn_8>", NONE)
    assert words.targets == ("math", "law", "code")
    assert words.target_of(NONE) is None
    assert words.token_of(None) == NONE


def test_an_empty_vocabulary_has_only_none() -> None:
    assert FunctionalVocabulary.assign([]).tokens == (NONE,)


@given(
    start=st.lists(TARGETS, unique=True),
    changes=st.lists(st.tuples(st.booleans(), TARGETS), max_size=40),
)
def test_no_token_ever_changes_hands(start: list[str], changes: list[tuple[bool, str]]) -> None:
    words = FunctionalVocabulary.assign((target, None) for target in start)
    owners = {words.token_of(target): (target, 0) for target in start}
    lives = dict.fromkeys(start, 0)
    for is_added, target in changes:
        before = {known: words.token_of(known) for known in words.targets}
        if is_added and target not in before:
            words = words.add(target)
            # A target that comes back is a new one: its old row in the functional head is not its own any more.
            lives[target] = lives.get(target, -1) + 1
        elif not is_added and target in before:
            words = words.remove(target)
        else:
            with pytest.raises(GraphError):
                words.add(target) if is_added else words.remove(target)
        for known in words.targets:
            token = words.token_of(known)
            assert token == before.get(known, token)
            assert words.target_of(token) == known
            assert owners.setdefault(token, (known, lives[known])) == (known, lives[known])
        assert len(set(words.tokens)) == len(words.tokens) == len(words.targets) + 1
        assert [parse_token(token) for token in words.tokens[:-1]] == sorted(
            parse_token(token) for token in words.tokens[:-1]
        )


def test_the_index_of_a_removed_target_is_not_used_again() -> None:
    words = FunctionalVocabulary.assign([("math", None), ("law", None)])
    assert words.remove("law").add("law").token_of("law") == "<fn_2>"
    assert FunctionalVocabulary.assign([("math", None)], next_index=5).token_of("math") == "<fn_5>"


def test_vocabularies_that_map_alike_are_equal() -> None:
    words = FunctionalVocabulary.assign([("math", None)])
    assert words.add("law").remove("law") == words


@pytest.mark.parametrize(
    "pairs",
    [
        [("math", "<fn_1>"), ("law", "<fn_1>")],
        [("math", "<fn_1>"), ("math", "<fn_2>")],
        [("math", None), ("math", None)],
        [("math", "<fn_x>")],
        [("math", NONE)],
    ],
)
def test_clashes_are_refused(pairs: list[tuple[str, str | None]]) -> None:
    with pytest.raises(GraphError) as caught:
        FunctionalVocabulary.assign(pairs)
    assert caught.value.hint


def test_unknown_names_get_a_hint() -> None:
    words = FunctionalVocabulary.assign([("math", None)])
    with pytest.raises(GraphError, match="Did you mean 'math'"):
        words.token_of("mth")
    with pytest.raises(GraphError, match="stands for no target"):
        words.target_of("<fn_9>")
    with pytest.raises(GraphError, match="not a functional token"):
        words.target_of(END)


def test_indices_do_not_run_past_the_end() -> None:
    full = FunctionalVocabulary.assign([("math", "<fn_999999>")])
    with pytest.raises(GraphError, match="no functional token with the index 1000000"):
        full.add("law")
    with pytest.raises(GraphError, match="no functional token"):
        FunctionalVocabulary.assign([("math", "<fn_999999>"), ("law", None)])


@given(st.integers(min_value=0, max_value=999_999))
def test_a_token_reads_back_as_its_index(index: int) -> None:
    assert parse_token(token_text(index)) == index


@given(st.text(max_size=12) | st.from_regex(r"<fn_[0-9]*>\n?"))
def test_only_well_formed_tokens_are_parsed(text: str) -> None:
    if re.fullmatch(r"<fn_(0|[1-9][0-9]{0,5})>", text):
        assert token_text(parse_token(text)) == text
    else:
        with pytest.raises(GraphError):
            parse_token(text)


@pytest.mark.parametrize("text", ["<fn_01>", "<fn_-1>", "<fn_\u0663>", "<fn_1>\n", f"<fn_{'9' * 5000}>", NONE, END])
def test_malformed_tokens_are_refused(text: str) -> None:
    with pytest.raises(GraphError, match="not a functional token"):
        parse_token(text)
