"""The fidelity guard, beside a naive one that was written without it."""

from __future__ import annotations

import time

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from octograph.graph import open_graph
from octograph.nodes.master.fidelity import losses

DENIALS = ("not", "never", "no", "without", "except", "unless", "nor", "neither", "don't", "cannot")
OPENING, CLOSING = "\"'`“‘«„", "\"'`”’»“"

FAITHFUL = [
    ("wich country has the most pyramids", "Which country has the most pyramids?"),
    ("what tiem is it in Sydney", "What time is it in Sydney?"),
    ("whats 12 plus nineteen pls", "What is 12 plus 19?"),
    ("hi, could you tell me what 5 miles in km is", "What is 5 miles in km?"),
    ("5 miles in km", "Convert 5 miles to km."),
    ("5 percent of 1,200", "What is 5% of 1200?"),
    ("March 3rd at 3 p.m.", "March third at 3pm"),
    ("i dont like it, can't i go", "I do not like it, can I not go?"),
    ("how do i say 'I am not late' in german", 'How do I say "I am not late" in German?'),
    ("difference between TCP and UDP", "What is the difference between TCP and UDP?"),
    ("can u explain kants view of duty", "Explain Kant's view of duty."),
    ("weight of 12kg in pounds", "What is the weight of 12 kg in pounds?"),
    ("send it to ann@x.org", "Send it to ann@x.org."),
]
UNFAITHFUL = [
    ("what is 12 plus 19", "What is 12 plus 9?", {"number lost: '19'", "number invented: '9'"}),
    ("what is 12 minus 19", "What is 19 minus 12?", {"numbers reordered"}),
    ("5% of 60", "What is 5 of 60?", {"number lost: '5%'", "number invented: '5'"}),
    ("the third of March", "3 March", {"number lost: '3th'"}),
    ("what is -5 + 3", "What is 5 + 3?", {"number lost: '-5'"}),
    ("12 + 4", "What is 12 - 4?", {"symbol lost: '+'", "symbol invented: '-'"}),
    ("(5 + 3) * 2", "What is 5 + 3 * 2?", {"symbol lost: '('"}),
    ("5 miles in km", "Convert 5 km to miles.", {"unit lost: 'miles'"}),
    ("say 'I am late' in german", "Say I am late in German.", {"quotation lost: 'I am late'"}),
    ("say 'I am late' in german", "Say 'I was late' in German.", {"quotation lost: 'I am late'"}),
    ("say i am late", "Say 'you are late'.", {"quotation invented: 'you are late'"}),
    ("open main.py", "Open main.pyc.", {"literal lost: 'main.py'", "literal invented: 'main.pyc'"}),
    ("mail ann@x.org", "Send ann a mail.", {"literal lost: 'ann@x.org'"}),
    ("is it true that Anna paid Bob", "Is it true that Bob paid Anna?", {"names reordered"}),
    ("Should I learn Spanish or Italian next?", "Should I learn a language next?", {"name lost: 'Spanish'"}),
    ("NASA was founded when", "When was it founded?", {"name lost: 'NASA'"}),
    ("who painted the scream", "Who painted the Mona Lisa?", {"name invented: 'Mona'", "word lost: 'scream'"}),
    ("why can't it fly", "Why can it fly?", {"negation lost: 'not'"}),
    ("all countries except Spain", "All countries in Spain", {"negation lost: 'except'"}),
    ("which is a prime number", "Which is not a prime number?", {"negation invented: 'not'"}),
    ("how do birds fly", "Why do birds fly?", {"question lost: 'how'", "question invented: 'why'"}),
    ("Do spiders have ears?", "Why do spiders have ears?", {"question invented: 'why'"}),
    ("Do spiders have ears?", "Spiders have ears.", {"question lost: 'yes or no'"}),
    ("what tiem is it in Sydney", "What is it in Sydney?", {"word lost: 'tiem'"}),
    ("who is the mayor of it", "Who is the former mayor of it?", {"word invented: 'former'"}),
    ("time in Tokyo", "How do I time in Tokyo?", {"word invented: 'i'"}),
    ("how many more are there", "How many more are there, more or less?", {"word invented: 'more'"}),
    ("what costs 12 €", "What costs 12 $?", {"symbol lost: '€'"}),
    ("half of ½", "half of it", {"number lost: '½'"}),
]


@pytest.mark.parametrize(("original", "rewritten"), FAITHFUL)
def test_what_only_mends_is_faithful(original: str, rewritten: str) -> None:
    assert losses(original, rewritten) == ()


@pytest.mark.parametrize(("original", "rewritten", "named"), UNFAITHFUL)
def test_losses_and_inventions_are_named(original: str, rewritten: str, named: set[str]) -> None:
    assert named <= set(losses(original, rewritten))


@pytest.fixture(scope="module")
def queries() -> list[str]:
    graphs = [open_graph(name) for name in ("embedded", "octopus-mmlu")]
    return [query for graph in graphs for worker in graph.workers() for query in worker.examples]


def test_no_query_differs_from_itself(queries: list[str]) -> None:
    # With a blank behind it, which the shortcut for equal texts does not know.
    assert [query for query in queries[::15] if losses(query, f"{query} ")] == []


def test_the_guard_sees_what_a_naive_one_sees(queries: list[str]) -> None:
    """Drop each word of real queries in turn: what the naive guard misses, the guard must miss too."""
    seen = 0
    for query in queries[::80]:
        words = query.split()
        for place in range(len(words)):
            rewritten = " ".join(words[:place] + words[place + 1 :])
            if naive_losses(query, rewritten):
                seen += 1
                assert losses(query, rewritten), (query, rewritten)
    assert seen > 100


def test_long_and_awkward_texts_are_read_in_time() -> None:
    started = time.process_time()
    for piece in (" ", "'a ", '"', "1,", "-", "(", "a.", "one ", "\n", "%", "`", "n't ", "“"):
        losses(piece * (2000 // len(piece)), "x")
    assert time.process_time() - started < 10


@settings(deadline=None)
@given(st.text(), st.text())
@example("", "x")
@example("ſ", "S")
def test_any_two_texts_can_be_compared(original: str, rewritten: str) -> None:
    assert losses(original, original + " ") == ()
    assert all(loss.isprintable() for loss in losses(original, rewritten))


@settings(deadline=None)
@given(before=st.integers(0, 10**7), after=st.integers(0, 10**7))
def test_no_number_becomes_another(before: int, after: int) -> None:
    assume(before != after)
    assert losses(f"add {before} to it", f"Add {after} to it.")
    assert losses(f"add {before:,} to it", f"Add {before} to it.") == ()


@settings(deadline=None)
@given(marks=st.sampled_from(list(zip(OPENING, CLOSING, strict=True))), inner=st.text("ab c", min_size=1, max_size=8))
def test_no_quotation_loses_a_letter(marks: tuple[str, str], inner: str) -> None:
    assume(inner.strip() == inner)
    quoted = f"translate {marks[0]}{inner}{marks[1]} now"
    assert losses(quoted, f"Translate {marks[0]}{inner}{marks[1]} now.") == ()
    assert losses(quoted, f"Translate {marks[0]}{inner[1:]}{marks[1]} now.")
    assert losses(quoted, f"Translate {inner} now.")


def naive_losses(original: str, rewritten: str) -> bool:
    """Whether a run of digits, a quotation or a word that denies is gone, by looking at characters alone."""
    return (
        any(run not in _digit_runs(rewritten) for run in _digit_runs(original))
        or any(quotation not in rewritten for quotation in _between_marks(original))
        or any(_count(original, word) > _count(rewritten, word) for word in DENIALS)
    )


def _digit_runs(text: str) -> list[str]:
    return "".join(character if character in "0123456789" else " " for character in text).split()


def _between_marks(text: str) -> list[str]:
    return text.split('"')[1::2] if text.count('"') % 2 == 0 else []


def _count(text: str, word: str) -> int:
    spaced = "".join(character if character.isalpha() or character in "'" else " " for character in text.lower())
    return spaced.split().count(word)
