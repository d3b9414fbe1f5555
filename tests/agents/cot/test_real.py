"""On the bundled model: branches and Delta are those of one text after another, each measured anew."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from octograph import settings
from octograph.agents.cot import PathsWorker
from octograph.cancellation import CancelToken
from octograph.composition import adapter_path, host_pool
from octograph.graph import Worker, open_graph
from octograph.nodes.decoding import Branch, Chat, DecodeRequest, ScoreRequest, Tokens
from octograph.nodes.llama import LlamaClient
from octograph.nodes.worker import Outcome, Task, conversation

BRANCHES = 4
QUESTION = "Tom has 3 boxes with 12 pens each and gives away 6 pens. How many pens are left?"
CLOSE = 0.02
"""Of Delta: a batch of one row rounds the activations a little otherwise than one of several."""


@pytest.fixture(scope="module")
def client() -> Iterator[LlamaClient]:
    pool = host_pool(open_graph("embedded"), settings.load())
    yield pool.clients["smollm2"]
    pool.close()


def node_of(name: str, **changes: object) -> Worker:
    node = open_graph("embedded").worker(name)
    return replace(node, decoding="cot", branches=BRANCHES, max_tokens=100, **changes)  # type: ignore[arg-type]  # fields


async def outcome_of(worker: PathsWorker, query: str) -> Outcome:
    pieces = [piece async for piece in worker.run(Task(query=query), cancel=CancelToken())]
    assert isinstance(pieces[-1], Outcome)
    return pieces[-1]


async def ended(pieces: AsyncIterator[object]) -> Branch:
    (branch,) = [piece async for piece in pieces if isinstance(piece, Branch)]
    return branch


async def test_paths_and_deltas_are_those_of_the_naive_way(client: LlamaClient) -> None:
    node = node_of("reasoning")
    adapter = adapter_path(node, None)
    outcome = await outcome_of(PathsWorker(node, client, adapter=adapter, stopping=False), QUESTION)
    prompt = (Chat(conversation(node, Task(query=QUESTION))),)
    # The likeliest first tokens: each of the vocabulary's would do, so those that the engine says are asked one by one.
    request = DecodeRequest(prompt=prompt, branches=BRANCHES, start="top", max_tokens=1, adapter=adapter)
    first = [
        piece.tokens[0] async for piece in client.decode(request, cancel=CancelToken()) if isinstance(piece, Branch)
    ]
    assert len(outcome.paths) == len(set(first)) == BRANCHES
    compared = 0
    for path, token in zip(outcome.paths, first, strict=True):
        alone = DecodeRequest(
            prompt=(*prompt, Tokens((token,))), max_tokens=node.max_tokens - 1, measured=True, adapter=adapter
        )
        branch = await ended(client.decode(alone, cancel=CancelToken()))
        tokens = (token, *branch.tokens)
        measured = await client.score(
            ScoreRequest(prompt=prompt, continuations=(Tokens(tokens),), adapter=adapter), cancel=CancelToken()
        )
        assert measured is not None
        if path.delta is None or path.start is None or not path.text.endswith(branch.text):
            continue  # a near tie went the other way
        # The tokens whose characters touch the answer, found by counting from the front.
        offset = len(path.text) - len(branch.text)
        ends = (offset, *(offset + end for end in branch.ends))
        margins = [
            float(margin)
            for margin, begin, end in zip(measured.continuations[0].measures.margins, (0, *ends), ends, strict=False)
            if end > path.start and begin < (path.end or 0)
        ]
        assert path.delta == pytest.approx(sum(margins) / len(margins), abs=CLOSE)
        compared += 1
    assert compared >= BRANCHES // 2  # on another processor more of them may be near ties


async def test_fixed_options_are_weighed_by_their_masses(client: LlamaClient) -> None:
    node = replace(node_of("chat", system="Answer with one of the options."), repetition_penalty=1.0)
    query = "Is the sun hot?\nOptions:\n- Yes\n- No"
    outcome = await outcome_of(PathsWorker(node, client), query)
    found = [path for path in outcome.paths if path.answer is not None]
    assert {path.answer for path in found} <= {"Yes", "No"}
    assert found
    assert all(path.delta is not None and 0 <= path.delta <= 1 for path in found)


async def test_free_answers_are_asked_for(client: LlamaClient) -> None:
    node = replace(node_of("knowledge"), repetition_penalty=1.0)
    outcome = await outcome_of(PathsWorker(node, client), "What is the capital of France?")
    found = [path for path in outcome.paths if path.fault is None]
    assert found
    for path in found:
        assert path.answer
        if path.start is not None:
            assert path.answer in path.text[path.start : path.end].lower()
