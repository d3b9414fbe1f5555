"""Queries rewritten for their workers, by a scripted decoder and by the bundled model."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from octograph.cancellation import CancelToken
from octograph.errors import ContextOverflowError, GraphError, HostCrashedError, OctographError
from octograph.graph import END, open_graph
from octograph.graph.functional_call import parse_call
from octograph.nodes.decoding import Branch, BranchDelta, Chat, DecodeRequest, Text
from octograph.nodes.generation import Finish, Generation
from octograph.nodes.host import HostProcess
from octograph.nodes.llama import SERVICE, LlamaClient
from octograph.nodes.master.fidelity import losses
from octograph.nodes.master.reformulation import LONGEST, Reformulation, Reformulator
from octograph.nodes.models import ModelStore
from octograph.nodes.models.hub import Hub

QUERY = "whats 12 plus nineteen"


class ScriptedDecoder:
    """A `BranchDecoder` that writes a given text, or raises."""

    def __init__(self, text: str = "", *, finish: Finish = "stop", error: OctographError | None = None) -> None:
        self.requests: list[DecodeRequest] = []
        self._text = text
        self._finish = finish
        self._error = error

    async def decode(
        self, request: DecodeRequest, *, cancel: CancelToken
    ) -> AsyncIterator[BranchDelta | Branch | Generation]:
        """See `BranchDecoder`."""
        self.requests.append(request)
        if self._error is not None:
            raise self._error
        finish: Finish = "cancelled" if cancel.cancelled else self._finish
        yield BranchDelta(branch=0, text=self._text)
        yield Branch(branch=0, text=self._text, tokens=(), finish=finish)
        yield Generation(
            finish=finish,
            prompt_tokens=1,
            cached_tokens=0,
            completion_tokens=1,
            prefill_seconds=0.0,
            decode_seconds=0.0,
        )


async def reformulated(decoder: ScriptedDecoder, query: str = QUERY) -> Reformulation:
    made = await Reformulator(decoder).reformulate(
        query, token="<fn_2>", description="Arithmetic", cancel=CancelToken()
    )
    assert made is not None
    return made


async def test_a_faithful_rewriting_is_taken() -> None:
    decoder = ScriptedDecoder("What is 12 plus nineteen?)")
    assert await reformulated(decoder) == Reformulation(query="What is 12 plus nineteen?", kept_own_words=False)
    (request,) = decoder.requests
    chat, opening = request.prompt
    assert isinstance(chat, Chat)
    assert opening == Text("<fn_2>(")
    assert chat.messages[-1].content == QUERY
    assert "Arithmetic" in chat.messages[0].content
    assert request.sampling.temperature == 0
    assert END in request.stop


async def test_the_demonstrations_pass_the_guard_themselves() -> None:
    decoder = ScriptedDecoder("x)")
    await reformulated(decoder)
    chat = decoder.requests[0].prompt[0]
    assert isinstance(chat, Chat)
    turns = chat.messages[1:-1]
    for asked, answered in zip(turns[::2], turns[1::2], strict=True):
        call = parse_call(answered.content)
        assert call.token == "<fn_2>"
        assert losses(asked.content, call.argument) == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (")", "empty"),
        ("", "empty"),
        ("The sum of 12 and nineteen is 31.)", "number invented: '31'"),
        ("What is 12 plus nine?)", "number lost: '19'"),
        ("What is 12 plus nineteen? What is 12 plus nineteen? What is 12 plus nineteen?)", "repetitive"),
        ("What is 12 plus nineteen? Add the two numbers up and say what you get for it.)", "too long"),
        ("Quanto fa la somma?)", "another language or subject"),
        ("How do bees find their way home?)", "another language or subject"),
    ],
)
async def test_an_odd_rewriting_leaves_the_users_own_words(text: str, reason: str) -> None:
    made = await reformulated(ScriptedDecoder(text))
    assert made.query == QUERY
    assert made.kept_own_words
    assert reason in made.reasons


async def test_a_rewriting_that_was_cut_off_is_not_taken() -> None:
    made = await reformulated(ScriptedDecoder("What is 12 plus nineteen", finish="length"))
    assert made == Reformulation(query=QUERY, kept_own_words=True, reasons=("cut off",))


async def test_nothing_changed_needs_no_reason() -> None:
    made = await reformulated(ScriptedDecoder(f"{QUERY})"))
    assert made == Reformulation(query=QUERY, kept_own_words=True)


@pytest.mark.parametrize("query", ["x " * LONGEST, f"what does {END} mean"])
async def test_some_queries_are_not_given_to_the_model(query: str) -> None:
    decoder = ScriptedDecoder("x)")
    made = await reformulated(decoder, query)
    assert made.query == query
    assert made.reasons
    assert decoder.requests == []


async def test_lines_are_rewritten_as_lines() -> None:
    decoder = ScriptedDecoder("Which is red:\nA) blood\nB) grass?)")
    made = await reformulated(decoder, "wich is red:\nA) blood\nB) grass")
    assert made.query == "Which is red:\nA) blood\nB) grass?"
    assert decoder.requests[0].stop == (END,)


async def test_without_room_in_the_context_the_query_stays_as_it_is() -> None:
    error = ContextOverflowError("full", tokens=9, limit=8)
    assert (await reformulated(ScriptedDecoder(error=error))).query == QUERY


async def test_a_host_that_fails_is_not_hidden() -> None:
    with pytest.raises(HostCrashedError):
        await reformulated(ScriptedDecoder(error=HostCrashedError("gone")))


async def test_a_token_that_is_none_is_refused() -> None:
    with pytest.raises(GraphError, match="not a functional token"):
        await Reformulator(ScriptedDecoder()).reformulate(QUERY, token="math", description="", cancel=CancelToken())


async def test_cancelled_is_none() -> None:
    cancel = CancelToken()
    cancel.cancel()
    made = Reformulator(ScriptedDecoder("What is 12 plus nineteen?)"))
    assert await made.reformulate(QUERY, token="<fn_2>", description="", cancel=cancel) is None


@pytest.fixture(scope="module")
def client(cache_dir: Path) -> Iterator[LlamaClient]:
    graph = open_graph("embedded")
    store = ModelStore(cache_dir, hub=Hub(), requantise=True)
    config = store.host_config(graph.models["smollm2"], base=graph.folder, threads=1)
    host = HostProcess(name="real", service=SERVICE, config=lambda: dict(config))
    yield LlamaClient(host)
    host.stop()


async def test_the_bundled_model_mends_and_loses_nothing(client: LlamaClient) -> None:
    reformulator = Reformulator(client)
    queries = [
        "how do birds know where to fly in winter",
        "whats 48 times 17",
        "Translate 'I have 3 apples' into Spanish.",
        "i dont want fish, what else has omega 3",
        "5 feet in cm",
    ]
    made = []
    for query in queries:
        one = await reformulator.reformulate(
            query, token="<fn_1><fn_4>", description="General knowledge", cancel=CancelToken()
        )
        assert one is not None
        assert losses(query, one.query) == ()
        made.append(one)
    assert any(not one.kept_own_words for one in made)
    stats = await client.stats()
    assert stats["hit_rate"] > 0.5  # the demonstrations stay in the cache
