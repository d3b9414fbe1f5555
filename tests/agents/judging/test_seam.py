"""The seam between a prompt and what stands behind it, against tokenizers that say where their tokens end."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from octograph.agents.judging.seam import Seam
from tests.agents.judging.tokenizers import LongestMatch, Merges, Tokenizer, ids, split_by_ends

TEXT = st.text("ab ", max_size=12)
PIECE = st.text("ab ", min_size=1, max_size=4)
TOKENIZERS: st.SearchStrategy[Tokenizer] = st.one_of(
    st.builds(LongestMatch, known=st.frozensets(PIECE, max_size=12)),
    st.builds(
        Merges,
        ranks=st.lists(st.tuples(PIECE, PIECE), max_size=20, unique=True).map(
            lambda pairs: {pair: rank for rank, pair in enumerate(pairs)}
        ),
    ),
)


async def split(tokenizer: Tokenizer, before: str, *texts: str) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    async def tokenize(text: str) -> tuple[int, ...]:
        return ids(tokenizer.pieces(text))

    seam = Seam(before, tokenize)
    return [await seam.split(text) for text in texts]


@settings(deadline=None)
@given(tokenizer=TOKENIZERS, before=TEXT, texts=st.lists(TEXT, min_size=1, max_size=3))
async def test_the_seam_is_where_the_tokens_end(tokenizer: Tokenizer, before: str, texts: list[str]) -> None:
    found = await split(tokenizer, before, *texts)
    for text, (first, second) in zip(texts, found, strict=True):
        expected = split_by_ends(tokenizer.pieces(before + text), len(before.rstrip(" ")))
        assert (first, second) == (ids(expected[0]), ids(expected[1]))


async def test_a_token_over_the_seam_is_behind_it() -> None:
    tokenizer = LongestMatch(known=frozenset({"An", "swer", "Answer", "s: P", "is", ":", " P"}))
    for before, behind, first, second in (
        ("Answer:", "Paris", ["Answer", ":"], ["P", "a", "r", "is"]),
        ("Answers:", " Paris", ["Answer"], ["s: P", "a", "r", "is"]),
        ("Ans", "wer", [], ["Answer"]),
        ("", "is", [], ["is"]),
    ):
        assert await split(tokenizer, before, behind) == [(ids(first), ids(second))]


async def test_tokens_before_the_seam_may_differ_from_those_of_the_text_alone() -> None:
    # Alone, "abc" is "ab" and "c"; before "d" it is "a" and what melts with it.
    tokenizer = Merges(ranks={("c", "d"): 0, ("b", "cd"): 1, ("a", "b"): 2})
    assert tokenizer.pieces("abc") == ["ab", "c"]
    assert await split(tokenizer, "abc", "d") == [(ids(["a"]), ids(["bcd"]))]


async def test_a_number_is_not_spared_the_space_that_is_part_of_a_word() -> None:
    tokenizer = LongestMatch(known=frozenset({"Answer", " Paris"}))
    word, number = await split(tokenizer, "Answer: ", "Paris", "42")
    prompt = ids(["Answer", ":"])
    assert word == (prompt, ids([" Paris"]))
    assert number == (prompt, ids([" ", "4", "2"]))
