"""The worker on a model that writes what it is told to, a token for each character."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from octograph import graph
from octograph.agents.cot import PathsWorker
from octograph.cancellation import CancelToken
from octograph.errors import ToolError
from octograph.nodes.decoding import (
    Branch,
    BranchDelta,
    Chat,
    DecodeRequest,
    ScoreRequest,
    Scores,
    Text,
    TokenMeasures,
    Tokens,
)
from octograph.nodes.generation import Finish, Generation, Message, TextDelta
from octograph.nodes.worker import Outcome, Task

NODE = graph.Worker(
    name="w", description="x", model="m", system="Think.", history=False, decoding="cot", branches=3, answer="number"
)
YES_NO = "Is it?\nOptions:\n- Yes\n- No"


def written(text: str, *, index: int = 0, margin: float = 0.5, finish: Finish = "stop") -> Branch:
    """A branch whose tokens are its characters; the margin at character i is `margin` + i/1000."""
    margins = np.array([margin + place / 1000 for place in range(len(text))], np.float32)
    return Branch(
        branch=index,
        text=text,
        tokens=tuple(map(ord, text)),
        finish=finish,
        measures=TokenMeasures(logprobs=-margins, margins=margins, entropies=margins),
        ends=tuple(range(1, len(text) + 1)),
    )


def line(text: str, start: int) -> Branch:
    """What is said from a character on, to the line's end, whose token is kept."""
    said, end, _ = text[start:].partition("\n")
    whole = written(said + end, margin=0.1)
    return replace(whole, text=said, ends=tuple(min(end, len(said)) for end in whole.ends))


class Characters:
    """A `PathsModel` with a token for each character.

    Parameters
    ----------
    branches
        What it writes.
    heard
        What it says when it is asked for the answer of a text, of which a line at a time is read.
    stems
        What all texts begin with, for each time that it is written; without any, the first of the branches.
    masses
        Probability of each next character, where that is asked.

    """

    def __init__(
        self,
        *branches: Branch,
        heard: Mapping[str, str] | None = None,
        masses: Mapping[str, float] | None = None,
        stems: Sequence[Branch] = (),
    ) -> None:
        self.requests: list[DecodeRequest] = []
        self.scored: list[ScoreRequest] = []
        self._branches = branches
        self._heard = dict(heard or {})
        self._masses = dict(masses or {})
        self._stems = list(stems) or list(branches[:1])

    async def decode(
        self, request: DecodeRequest, *, cancel: CancelToken
    ) -> AsyncIterator[BranchDelta | Branch | Generation]:
        self.requests.append(request)
        match request.prompt:
            case (*_, Tokens(tokens), Text(text)):
                assert text == "\nSo the answer is"
                assert request.stop == ("\n",)
                branches: Sequence[Branch] = [line(self._heard["".join(map(chr, tokens))], 0)]
            case (*_, Tokens(tokens), Text(_), Tokens(said)):
                branches = [line(self._heard["".join(map(chr, tokens))], len(said))]
            case _:
                branches = self._branches if request.branches > 1 else [replace(self._stems.pop(0), finish="length")]
        for branch in branches:
            yield replace(branch, finish="cancelled") if cancel.cancelled else branch
        yield Generation(
            finish="stop", prompt_tokens=9, cached_tokens=0, completion_tokens=len(branches), prefill_seconds=1.0,
            decode_seconds=2.0,
        )  # fmt: skip

    async def score(self, request: ScoreRequest, *, cancel: CancelToken) -> Scores | None:
        self.scored.append(request)
        given = np.array([self._masses.get(chr(token), 0.0) for token in request.among])
        return Scores(
            continuations=(), probabilities=given / given.sum(), mass=float(given.sum()), prompt_tokens=1,
            cached_tokens=0,
        )  # fmt: skip

    async def tokenize(self, text: str) -> tuple[int, ...]:
        return tuple(map(ord, text))


async def answered(worker: PathsWorker, query: str, cancel: CancelToken | None = None) -> tuple[str, Outcome]:
    pieces = [piece async for piece in worker.run(Task(query=query), cancel=cancel or CancelToken())]
    assert isinstance(pieces[-1], Outcome)
    return "".join(piece.text for piece in pieces if isinstance(piece, TextDelta)), pieces[-1]


async def test_numbers_are_weighed_by_the_margins_of_their_own_tokens() -> None:
    model = Characters(
        written("It is 12.", index=0, margin=0.2),
        written("I say 13", index=1, margin=0.3),
        written("So 12.0", index=2, margin=0.2),
    )
    text, outcome = await answered(PathsWorker(NODE, model), "How many?")
    assert text == "It is 12."
    first, second, third = outcome.paths
    assert (first.answer, second.answer, third.answer) == ("12", "13", "12")
    # The mean over the digits alone: characters 6 and 7 of nine.
    assert first.delta == pytest.approx(0.2 + (0.006 + 0.007) / 2)
    assert (first.start, first.end) == (6, 8)
    assert third.delta == pytest.approx(0.2 + (0.003 + 0.004 + 0.005 + 0.006) / 4)
    assert outcome.generation is not None
    (request,) = model.requests
    assert request.prompt == (
        Chat((Message(role="system", content="Think."), Message(role="user", content="How many?"))),
    )
    assert (request.branches, request.start, request.measured, request.sampling.temperature) == (3, "top", True, 0.0)


async def test_texts_that_cannot_change_the_answer_are_stopped() -> None:
    model = Characters(*[written("It is 12", index=index, margin=0.9) for index in range(3)])
    text, outcome = await answered(PathsWorker(NODE, model), "How many?")
    assert text == "It is 12"
    assert [path.fault for path in outcome.paths] == [None, None, "stopped"]
    assert (outcome.finish, outcome.generation and outcome.generation.finish) == ("stop", "stop")


async def test_self_consistency_samples_and_counts() -> None:
    node = replace(NODE, decoding="self-consistency", temperature=0.6)
    model = Characters(
        written("13", index=0, margin=0.9), written("12", index=1, margin=0.1), written("12", index=2, margin=0.1)
    )
    text, _ = await answered(PathsWorker(node, model), "How many?")
    assert text == "12"
    (request,) = model.requests
    assert (request.start, request.sampling.temperature, request.sampling.seed) == ("sample", 0.6, 0)


async def test_masses_of_an_options_spellings_are_summed() -> None:
    node = replace(NODE, branches=2)
    model = Characters(
        written("I think Yes", index=0), written("no", index=1), masses={"Y": 0.4, "y": 0.15, "N": 0.2, "n": 0.05}
    )
    text, outcome = await answered(PathsWorker(replace(node, answer="text"), model), YES_NO)
    assert text == "I think Yes"
    assert outcome.paths[0].delta == pytest.approx(0.55 - 0.25)
    assert outcome.paths[1].delta == 0.0  # what it wrote is not what it thinks likelier
    assert model.scored[0].prompt[1:] == (Tokens(tuple(map(ord, "I think "))),)


async def test_options_that_begin_alike_are_weighed_by_their_tokens() -> None:
    query = "Which?\nOptions:\n- red\n- rose"
    model = Characters(written("It is red", index=0, margin=0.3), written("a rose", index=1, margin=0.2))
    _, outcome = await answered(PathsWorker(replace(NODE, branches=2, answer="text"), model), query)
    assert [path.answer for path in outcome.paths] == ["red", "rose"]
    assert outcome.paths[0].delta == pytest.approx(0.3 + 0.007)
    assert not model.scored


async def test_other_answers_are_asked_for_and_found_in_the_text() -> None:
    node = replace(NODE, branches=2, answer="text")
    model = Characters(
        written("Paris it is, Paris!", index=0, margin=0.4),
        written("A city.", index=1, margin=0.4),
        heard={"Paris it is, Paris!": "Paris.", "A city.": " the Rome"},
    )
    text, outcome = await answered(PathsWorker(node, model), "Which city?")
    assert text == "Paris it is, Paris!"
    first, second = outcome.paths
    assert (first.answer, first.start, first.end) == ("paris", 13, 18)
    assert first.delta == pytest.approx(0.4 + 0.015)
    # It does not stand there, so that what was heard counts, from behind the space.
    assert (second.answer, second.start) == ("rome", None)
    assert second.delta == pytest.approx(0.1 + 0.0045)
    assert {request.max_tokens for request in model.requests[1:]} == {24}
    # The tokens of what was heard were written too.
    assert outcome.generation is not None
    assert outcome.generation.completion_tokens == 2 + len("Paris.") + len(" the Rome")


async def test_what_leads_to_a_named_answer_is_no_part_of_it() -> None:
    heard = {
        "It is 42.": ":\n42\nfor sure",
        "He was Tolkien": ': "J. R. R. Tolkien". He',
        "She was Rowling": " J. K. Rowling. She",
        "It is Paris": ": Paris",
    }
    model = Characters(*[written(text, index=index) for index, text in enumerate(heard)], heard=heard)
    _, outcome = await answered(PathsWorker(replace(NODE, branches=4, answer="text"), model), "Which?")
    assert [path.answer for path in outcome.paths] == ["42", "j. r. r. tolkien", "j. k. rowling", "paris"]
    number, *_, city = outcome.paths
    assert (number.start, number.end) == (6, 8)
    assert (city.start, city.end) == (6, 11)


async def test_a_named_answer_without_a_word_is_none() -> None:
    heard = {"one": " ...", "two": "", "three": "\n\n", "four": "\ufffd", "five": "5"}
    model = Characters(*[written(text, index=index) for index, text in enumerate(heard)], heard=heard)
    text, outcome = await answered(PathsWorker(replace(NODE, branches=5, answer="text"), model), "Which?")
    assert text == "five"
    assert [path.answer for path in outcome.paths] == [None, None, None, None, "5"]


async def test_a_text_that_names_no_option_is_asked_for_one() -> None:
    node = replace(NODE, branches=3, answer="text")
    model = Characters(
        written("I could not say", index=0),
        written("nothing to No", index=1),
        written("Who knows", index=2),
        heard={"I could not say": " yes.", "Who knows": " nobody"},
        masses={"N": 0.4, "Y": 0.6},
    )
    text, outcome = await answered(PathsWorker(node, model), YES_NO)
    assert text == "I could not say"
    asked, named, unknown = outcome.paths
    assert (asked.answer, asked.start) == ("Yes", None)
    assert asked.delta == pytest.approx(0.1 + 0.002)
    assert (named.answer, named.delta) == ("No", 0.0)
    assert unknown.answer is None


async def test_texts_can_part_at_a_later_token() -> None:
    model = Characters(written("So ", index=0), written("12", index=1), written("13", index=2))
    _, outcome = await answered(PathsWorker(replace(NODE, branch_at=3), model), "How many?")
    stem, request = model.requests
    assert (stem.branches, stem.max_tokens) == (1, 3)
    assert (request.branches, request.max_tokens) == (3, NODE.max_tokens - 3)
    assert request.prompt[1:] == (Tokens(tuple(map(ord, "So "))),)
    assert [path.text for path in outcome.paths] == ["So So ", "So 12", "So 13"]
    assert outcome.paths[1].delta == pytest.approx(0.5 + 0.0005)
    assert (outcome.paths[1].start, outcome.paths[1].end) == (3, 5)
    assert outcome.generation is not None
    assert (outcome.generation.completion_tokens, outcome.generation.decode_seconds) == (4, 5.0)


async def test_texts_do_not_part_within_a_character() -> None:
    model = Characters(
        *[written("12", index=index) for index in range(3)], stems=[written("So \ufffd"), written("So \u2192")]
    )
    _, outcome = await answered(PathsWorker(replace(NODE, branch_at=4), model), "How many?")
    assert [request.max_tokens for request in model.requests] == [4, 5, NODE.max_tokens - 4]
    assert {path.text for path in outcome.paths} == {"So \u219212"}


async def test_a_character_that_never_ends_is_left_behind() -> None:
    stems = [written("So \ufffd")] * 4
    model = Characters(*[written("12", index=index) for index in range(3)], stems=stems)
    await answered(PathsWorker(replace(NODE, branch_at=4), model), "How many?")
    assert [request.max_tokens for request in model.requests[:-1]] == [4, 5, 6, 7]


async def test_without_any_answer_it_says_so_and_what_it_cost() -> None:
    model = Characters(written("", index=0), written("12", index=1, finish="length"), written("no", index=2))
    run = PathsWorker(NODE, model).run(Task(query="How many?"), cancel=CancelToken())
    outcome = await anext(run)
    assert isinstance(outcome, Outcome)
    assert [path.text for path in outcome.paths] == ["", "12", "no"]
    assert (outcome.generation and outcome.generation.completion_tokens) == 3
    with pytest.raises(ToolError, match="none of its 3 texts comes to an answer: empty, too long, without an answer"):
        await anext(run)


async def test_a_cancelled_run_has_no_answer() -> None:
    cancel = CancelToken()
    cancel.cancel()
    text, outcome = await answered(PathsWorker(NODE, Characters(written("12"))), "How many?", cancel)
    assert (text, outcome.finish) == ("", "cancelled")
