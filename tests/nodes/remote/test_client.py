"""A model at a server, over real HTTP."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest

from octograph.cancellation import CancelToken
from octograph.errors import (
    ContextOverflowError,
    HostBusyError,
    HostCrashedError,
    HostRequestError,
    HostStartError,
    ModelMissingError,
    OctographError,
)
from octograph.nodes.beams import BeamRequest
from octograph.nodes.generation import Generation, GenerationRequest, Message, Sampling, TextDelta
from octograph.nodes.remote import KeyRing, RemoteModel
from octograph.testing import FakeChatServer

REQUEST = GenerationRequest(
    messages=(Message(role="system", content="Be brief."), Message(role="user", content="Hi")), max_tokens=20
)


@pytest.fixture
def server() -> Iterator[FakeChatServer]:
    with FakeChatServer() as server:
        yield server


def model(server: FakeChatServer, *, silence: float = 20.0) -> RemoteModel:
    return RemoteModel(server.source, silence=silence, attempts=3)


async def written(
    remote: RemoteModel, request: GenerationRequest = REQUEST, *, cancel: CancelToken | None = None
) -> tuple[list[str], Generation]:
    texts: list[str] = []
    async for piece in remote.generate(request, cancel=cancel or CancelToken()):
        if isinstance(piece, Generation):
            return texts, piece
        texts.append(piece.text)
    raise AssertionError("no Generation at the end")


async def test_a_text_is_streamed_and_counted(server: FakeChatServer) -> None:
    server.pieces = ["Gr", "üß", "e\u2028", "\n"]
    server.usage = {"prompt_tokens": 12, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 5}}
    texts, generation = await written(model(server))
    assert texts == server.pieces
    assert (generation.finish, generation.prompt_tokens, generation.cached_tokens) == ("stop", 12, 5)
    assert generation.completion_tokens == 7
    assert generation.prefill_seconds > 0
    assert server.keys == [None]
    assert server.requests == [
        {
            "model": "big",
            "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
            "max_tokens": 20,
            "temperature": 0.0,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
    ]


async def test_sampling_and_stop_strings_go_along(server: FakeChatServer) -> None:
    sampling = Sampling(temperature=0.5, top_p=0.9, min_p=0.1, repetition_penalty=1.2, seed=7)
    await written(model(server), GenerationRequest(messages=REQUEST.messages, sampling=sampling, stop=("###",)))
    (body,) = server.requests
    assert (body["temperature"], body["top_p"], body["seed"], body["stop"]) == (0.5, 0.9, 7, ["###"])
    assert not {"min_p", "repetition_penalty"} & set(body)


@pytest.mark.parametrize(("said", "finish"), [("length", "length"), ("tool_calls", "stop"), (None, "stop")])
async def test_why_a_text_ends(server: FakeChatServer, said: str | None, finish: str) -> None:
    server.finish = said
    texts, generation = await written(model(server))
    assert "".join(texts) == "Hello there"
    assert generation.finish == finish
    assert generation.completion_tokens == 2  # counted here, as the server tells nothing


@pytest.mark.parametrize(
    ("status", "trouble", "kind", "said"),
    [
        (400, {"message": "max_tokens is too large"}, HostRequestError, "max_tokens is too large"),
        (401, {"message": "who are you"}, HostRequestError, "wants a valid key"),
        (403, "no", HostRequestError, "wants a valid key"),
        (404, "page not found", ModelMissingError, "has no model 'big'"),
        (429, {"message": "quota"}, HostBusyError, "quota"),
        (503, {"message": "Loading model"}, HostBusyError, "Loading model"),
        (500, "boom", HostRequestError, "boom"),
        (307, "", HostRequestError, "redirects to"),
        (
            400,
            {"type": "exceed_context_size_error", "n_prompt_tokens": 9000, "n_ctx": 4096},
            ContextOverflowError,
            "fit",
        ),
        (400, {"code": "context_length_exceeded", "message": "long"}, ContextOverflowError, "long"),
    ],
)
async def test_a_refusal_says_what_to_do(
    server: FakeChatServer, status: int, trouble: object, kind: type[OctographError], said: str
) -> None:
    server.status, server.trouble = status, trouble
    with pytest.raises(kind, match=said) as caught:
        await written(model(server))
    assert type(caught.value) is kind
    assert caught.value.hint
    assert server.url in str(caught.value) or status == 307
    assert len(server.requests) == 1  # refusals are not tried again
    if isinstance(caught.value, ContextOverflowError) and isinstance(trouble, dict) and "n_ctx" in trouble:
        assert (caught.value.tokens, caught.value.limit) == (9000, 4096)


async def test_a_busy_server_may_say_when_to_come_again(server: FakeChatServer) -> None:
    server.status, server.headers = 429, {"retry-after": "17"}
    with pytest.raises(HostBusyError) as caught:
        await written(model(server))
    assert "in 17 s" in caught.value.hint


async def test_a_model_that_the_server_has_not(server: FakeChatServer) -> None:
    other = RemoteModel(f"openai:{server.url}#huge")
    with pytest.raises(ModelMissingError, match="no model 'huge'") as caught:
        await written(other)
    assert caught.value.exit_code == 4
    with pytest.raises(ModelMissingError, match="it has: big"):
        await other.check()
    assert "has 'big'" in await model(server).check()


async def test_the_key_goes_along_and_is_never_shown(server: FakeChatServer) -> None:
    server.key = "sk-secret"
    with pytest.raises(HostRequestError) as caught:
        await written(model(server))
    assert "api_keys" in caught.value.hint
    ring = KeyRing({server.url: "A_KEY"}, {"A_KEY": "sk-secret"})
    right = RemoteModel(server.source, keys=ring)
    assert "".join((await written(right))[0]) == "Hello there"
    assert await right.check()
    server.key = "sk-other"
    for act in (written(right), right.check()):
        with pytest.raises(HostRequestError, match="valid key") as caught:
            await act
        assert "A_KEY" in caught.value.hint
        assert "sk-secret" not in str(caught.value)


async def test_a_server_that_is_not_there(free_address: str) -> None:
    nobody = RemoteModel(f"openai:{free_address}#big", attempts=2)
    for act in (written(nobody), nobody.check()):
        with pytest.raises(HostStartError, match="cannot be reached") as caught:
            await act
        assert "running" in caught.value.hint


@pytest.fixture
def free_address() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1"


async def test_a_connection_that_fails_is_tried_again(server: FakeChatServer) -> None:
    server.hang_up = 2
    assert "".join((await written(model(server)))[0]) == "Hello there"
    assert len(server.requests) == 3
    server.hang_up = 5
    with pytest.raises(HostStartError, match="cannot be reached"):
        await written(model(server))


async def test_a_stream_that_breaks_off_is_told_and_not_repeated(server: FakeChatServer) -> None:
    server.cut_after = 1
    stream = model(server).generate(REQUEST, cancel=CancelToken())
    assert await anext(stream) == TextDelta(text="Hello")
    with pytest.raises(HostCrashedError, match="broke off"):
        await anext(stream)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"<html>Welcome to our hotel</html>", "no stream of events"),
        (b"", "no stream of events"),
        (b"data: {nonsense\n\n", "no piece of an answer"),
        (b"data: [1, 2]\n\n", "no piece of an answer"),
        (b'data: {"choices": [{"delta": {"content": 7}}]}\n\n', "no piece of an answer"),
        (b'data: {"error": {"message": "out of memory"}}\n\n', "out of memory"),
        (b'error: {"error": {"message": "slot gone"}}\n\n', "slot gone"),
        (b'data: {"choices": [{"delta": {}, "finish_reason": "content_filter"}]}\n\n', "content_filter"),
    ],
)
async def test_what_is_no_answer_is_refused(server: FakeChatServer, raw: bytes, said: str) -> None:
    server.raw = raw
    with pytest.raises(HostRequestError, match=said) as caught:
        await written(model(server))
    assert caught.value.hint


async def test_a_server_that_says_nothing_is_not_waited_for(server: FakeChatServer) -> None:
    server.delay = 3.0
    with pytest.raises(HostRequestError, match="said nothing for"):
        await written(model(server, silence=0.3))


async def test_cancelling_closes_the_stream_at_once(server: FakeChatServer) -> None:
    server.pieces, server.delay = ["word "] * 400, 0.02
    cancel = CancelToken()
    texts: list[str] = []
    async for piece in model(server).generate(REQUEST, cancel=cancel):
        if isinstance(piece, Generation):
            assert (piece.finish, piece.completion_tokens) == ("cancelled", len(texts))
            break
        texts.append(piece.text)
        if len(texts) == 3:
            threading.Thread(target=cancel.cancel).start()
    assert await asyncio.to_thread(server.gone.wait, 5)
    assert 3 <= len(texts) < 100


async def test_cancelling_ends_the_wait_for_the_first_word(server: FakeChatServer) -> None:
    server.delay = 10.0
    cancel = CancelToken()
    asking = asyncio.create_task(written(model(server), cancel=cancel))
    while not server.requests:
        await asyncio.sleep(0.01)
    cancel.cancel()
    texts, generation = await asyncio.wait_for(asking, 2)
    assert (texts, generation.finish) == ([], "cancelled")
    assert (await written(model(server), cancel=cancel))[1].finish == "cancelled"
    assert len(server.requests) == 1  # what nobody wants is not asked


async def test_leaving_early_closes_the_stream(server: FakeChatServer) -> None:
    server.pieces, server.delay = ["word "] * 400, 0.02
    stream = model(server).generate(REQUEST, cancel=CancelToken())
    async for _ in stream:
        break
    await stream.aclose()  # type: ignore[attr-defined]  # an async generator behind the Protocol
    assert await asyncio.to_thread(server.gone.wait, 5)


async def test_what_needs_an_engine_is_refused_and_the_rest_is_estimated(server: FakeChatServer) -> None:
    remote = RemoteModel(server.source, context=2000)
    with pytest.raises(HostRequestError, match="runs no adapters"):
        await written(remote, GenerationRequest(messages=REQUEST.messages, schema={"type": "object"}))
    assert server.requests == []
    with pytest.raises(HostRequestError, match="beams"):
        await remote.beams(BeamRequest(prompts=()), cancel=CancelToken())
    assert await remote.context(adapted=False) == 2000
    assert 5 <= await remote.count(REQUEST.messages) < 50


async def test_the_environment_sends_it_nowhere_else(server: FakeChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert "".join((await written(model(server)))[0]) == "Hello there"


def test_any_event_loop_may_ask(server: FakeChatServer) -> None:
    remote = model(server)
    for _ in range(2):
        assert "".join(asyncio.run(written(remote))[0]) == "Hello there"
