"""Beam searches on the real model, against plain ones that compute everything anew for each token."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
import pytest
from numpy.typing import NDArray

from octograph.cancellation import CancelToken
from octograph.errors import ContextOverflowError, HostRequestError
from octograph.nodes.beams import BeamRequest, BeamSearcher
from octograph.nodes.decoding import Chat, Text, Tokens
from octograph.nodes.generation import GenerationRequest, Message, Sampling, TextDelta
from octograph.nodes.host import HostProcess, Steps, Ticket
from octograph.nodes.host.frames import Frame
from octograph.nodes.llama import SERVICE, LlamaClient
from octograph.nodes.llama.beams import Beaming
from octograph.nodes.llama.chat_template import ChatTemplate
from octograph.nodes.llama.context import Context, Rows
from octograph.nodes.llama.decoding import Decoding
from octograph.nodes.llama.engine import Engine
from octograph.nodes.llama.model import FTYPES, Model, quantize
from octograph.nodes.marginal import sequence_marginals

PASSAGES = ("Etna is a high volcano.", "Sicily is an island.", "Vesuvius is a volcano near Naples.", "Hekla is active.")
WEIGHTS = (0.5, 0.1, 0.3, 0.1)
QUESTION = "Which volcano is highest?"
Drive = Callable[..., list[list[Frame]]]
Path_ = tuple[int, ...]


@contextmanager
def exact_contexts() -> Iterator[None]:
    """Keys and values in float32 and no flash attention: with their halves, a token decoded alone and in a batch
    differ by some thousandths."""
    defaults = llama_cpp.llama_context_default_params

    def exact() -> Any:
        params = defaults()
        params.type_k = params.type_v = llama_cpp.GGML_TYPE_F32
        params.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
        return params

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(llama_cpp, "llama_context_default_params", exact)
        yield


@pytest.fixture(scope="module")
def exact_model(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Model:
    """The weights as float32, whose products do not depend on what else is in the batch."""
    path = tmp_path_factory.mktemp("exact") / "F32.gguf"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(FTYPES, "F32", llama_cpp.LLAMA_FTYPE_ALL_F32)
        quantize(weights, path, "F32", threads=2)
    model = Model(path)
    path.unlink()  # the mapping holds it, and half a gigabyte is free as soon as the model is
    return model


@pytest.fixture(scope="module")
def exact_engine(exact_model: Model) -> Engine:
    with exact_contexts():
        return Engine(exact_model, threads=2, context=4096)


@pytest.fixture(scope="module")
def prompts(exact_model: Model) -> list[list[int]]:
    """One for each passage, which all begin alike."""
    head = "Answer in a few words."
    turns = [f"Passage: {passage}\nQuestion: {QUESTION}" for passage in PASSAGES]
    template = ChatTemplate(exact_model)
    return [template.tokens([{"role": "system", "content": head}, {"role": "user", "content": turn}]) for turn in turns]


Behind = Callable[[Sequence[int], Path_], NDArray[np.float64]]


@pytest.fixture(scope="module")
def behind(exact_model: Model) -> Iterator[Behind]:
    """``log p(v|x,y_<i)`` ``[n + 1, V]`` behind the prompt and each token, by one prefill in an empty context."""
    with exact_contexts():
        context = Context(exact_model, cells=1024, sequences=1, threads=1)  # no governor watches over this one

    def compute(prompt: Sequence[int], tokens: Path_) -> NDArray[np.float64]:
        context.trim(0, 0)
        rows = Rows(sequence=0, position=0, inputs=(*prompt, *tokens), first_output=len(prompt) - 1)
        (places,) = context.decode([rows])
        logits = np.stack([context.logits(place) for place in places]).astype(np.float64)
        shifted = logits - logits.max(axis=1, keepdims=True)
        return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))

    yield compute
    context.close()


@pytest.fixture(scope="module")
def naive(exact_model: Model, behind: Behind) -> Callable[..., dict[Path_, float]]:
    """A plain beam search over one prompt or a mixture: no end before the last token, no cache, no batch."""

    def search(
        prompts: Sequence[Sequence[int]], weights: Sequence[float], *, width: int, room: int, penalty: float, stop: str
    ) -> dict[Path_, float]:
        def over(tokens: Path_) -> bool:
            return exact_model.ends_generation(tokens[-1]) or bool(stop and stop in exact_model.detokenize(tokens))

        live: list[tuple[Path_, float]] = [((), 0.0)]
        finished: list[tuple[Path_, float]] = []
        for _ in range(room):
            grown = []
            for tokens, loglik in live:
                p = sum(w * np.exp(behind(prompt, tokens)[-1]) for w, prompt in zip(weights, prompts, strict=True))
                logp = np.log(p)
                grown += [((*tokens, int(v)), loglik + float(logp[v])) for v in np.argsort(-logp)[:100]]
            grown.sort(key=lambda pair: -pair[1])
            finished += [pair for pair in grown[:width] if over(pair[0])]
            live = [pair for pair in grown if not over(pair[0])][:width]
        finished = sorted(finished + live, key=lambda pair: -pair[1] / len(pair[0]) ** penalty)
        return dict(finished[:width])

    return search


def path(frame: Frame) -> Path_:
    return tuple(frame["tokens"]) if frame["end"] is None else (*frame["tokens"], frame["end"])


def logprobs(frame: Frame) -> list[float]:
    return [float(one) for one in np.frombuffer(frame["logprobs"], np.float32)]


def ask(engine: Engine, drive: Drive, prompts: Sequence[Sequence[int]], **options: Any) -> Frame:
    order = Beaming(**{"width": 3, "max_tokens": 6, **options})
    parts = [[{"tokens": prompt}] for prompt in prompts]
    ((frame,),) = drive(engine, engine.beams(order, prompts=parts, adapter=None, ticket=Ticket()))
    assert engine.stats()["promised_cells"] == 0
    assert isinstance(frame, dict)
    return frame


def brute(behind: Behind, prompt: Sequence[int], tokens: Path_) -> float:
    """``sum_i log p(y_i|x,z,y_<i)``."""
    return math.fsum(row[token] for row, token in zip(behind(prompt, tokens), tokens, strict=False))


@pytest.mark.parametrize(
    ("penalty", "stop", "room"), [(0.0, "", 6), (1.0, "", 4), (0.0, "E", 5)], ids=["likelihood", "penalty", "stop"]
)
def test_a_search_is_the_naive_one(
    exact_engine: Engine,
    drive: Drive,
    prompts: list[list[int]],
    naive: Callable[..., dict[Path_, float]],
    penalty: float,
    stop: str,
    room: int,
) -> None:
    found = ask(exact_engine, drive, prompts[:1], max_tokens=room, length_penalty=penalty, stop=[stop])
    expected = naive(prompts[:1], [1.0], width=3, room=room, penalty=penalty, stop=stop)
    assert [path(one) for one in found["hypotheses"]] == list(expected)
    assert [one["marginal"] for one in found["hypotheses"]] == pytest.approx(list(expected.values()), abs=1e-4)
    assert [logprobs(one)[0] for one in found["hypotheses"]] == pytest.approx(list(expected.values()), abs=1e-4)


def test_thorough_decoding_is_brute_force_over_all_passages(
    exact_engine: Engine,
    drive: Drive,
    prompts: list[list[int]],
    naive: Callable[..., dict[Path_, float]],
    behind: Behind,
) -> None:
    found = ask(exact_engine, drive, prompts, weights=WEIGHTS, scored=True, width=2, max_tokens=4)
    searches = [naive([prompt], [1.0], width=2, room=4, penalty=0, stop="") for prompt in prompts]
    assert {path(one) for one in found["hypotheses"]} == set().union(*searches)
    expected = [[brute(behind, prompt, path(one)) for prompt in prompts] for one in found["hypotheses"]]
    np.testing.assert_allclose([logprobs(one) for one in found["hypotheses"]], expected, atol=1e-4)
    marginals = [
        math.log(math.fsum(w * math.exp(one) for w, one in zip(WEIGHTS, row, strict=True))) for row in expected
    ]
    assert [one["marginal"] for one in found["hypotheses"]] == pytest.approx(marginals, abs=1e-4)
    assert marginals == sorted(marginals, reverse=True)
    assert sequence_marginals(WEIGHTS, expected) == pytest.approx(marginals)


def test_fast_decoding_counts_what_is_in_no_beam_as_impossible(
    exact_engine: Engine, drive: Drive, prompts: list[list[int]]
) -> None:
    fast = ask(exact_engine, drive, prompts, weights=WEIGHTS, width=2)
    thorough = {
        path(one): logprobs(one)
        for one in ask(exact_engine, drive, prompts, weights=WEIGHTS, width=2, scored=True)["hypotheses"]
    }
    assert {path(one) for one in fast["hypotheses"]} == set(thorough)
    absent = 0
    for one in fast["hypotheses"]:
        for quick, slow in zip(logprobs(one), thorough[path(one)], strict=True):
            assert quick in (-math.inf, pytest.approx(slow, abs=1e-4))
            absent += quick == -math.inf
    assert absent > 0


def test_a_mixed_search_is_the_naive_one(
    exact_engine: Engine,
    drive: Drive,
    prompts: list[list[int]],
    naive: Callable[..., dict[Path_, float]],
    behind: Behind,
) -> None:
    found = ask(exact_engine, drive, prompts[:3], weights=WEIGHTS[:3], mode="mixed", max_tokens=4)
    shares = [weight / sum(WEIGHTS[:3]) for weight in WEIGHTS[:3]]
    expected = naive(prompts[:3], shares, width=3, room=4, penalty=0, stop="")
    assert [path(one) for one in found["hypotheses"]] == list(expected)
    assert [one["marginal"] for one in found["hypotheses"]] == pytest.approx(list(expected.values()), abs=1e-4)
    alone = [[brute(behind, prompt, path(one)) for prompt in prompts[:3]] for one in found["hypotheses"]]
    np.testing.assert_allclose([logprobs(one) for one in found["hypotheses"]], alone, atol=1e-4)


def test_one_beam_is_greedy_decoding(exact_engine: Engine, drive: Drive, prompts: list[list[int]]) -> None:
    order = Decoding(max_tokens=20, sampling=Sampling())
    for prompt in prompts:
        steps = exact_engine.decode(order, prompt=[{"tokens": prompt}], adapter=None, ticket=Ticket())
        (frames,) = drive(exact_engine, steps)
        pieces = [piece for frame in frames for piece in frame["pieces"]]
        (one,) = ask(exact_engine, drive, [prompt], width=1, max_tokens=20)["hypotheses"]
        assert one["tokens"] == [token for piece in pieces for token in piece["tokens"]]
        assert one["text"] == "".join(piece["text"] for piece in pieces)
        assert one["finish"] == frames[-1]["finish"]


def test_a_stop_string_is_cut_and_end_tokens_are_not_in_the_text(
    exact_engine: Engine, exact_model: Model, drive: Drive, prompts: list[list[int]]
) -> None:
    hypotheses = ask(exact_engine, drive, prompts[:1], width=4, max_tokens=12, stop=["Etna"])["hypotheses"]
    cut = [one for one in hypotheses if "Etna" in exact_model.detokenize(one["tokens"])]
    assert cut
    for one in cut:
        assert one["finish"] == "stop"
        assert one["end"] is None
        assert "Etna" not in one["text"]
    ended = [
        one
        for one in ask(exact_engine, drive, prompts[:1], width=4, max_tokens=24)["hypotheses"]
        if one["end"] is not None
    ]
    assert ended
    for one in ended:
        assert exact_model.ends_generation(one["end"])
        assert one["text"] == exact_model.detokenize(one["tokens"])
        assert "<|" not in one["text"]


def test_fewer_than_the_beam_can_be_had(exact_engine: Engine, drive: Drive, prompts: list[list[int]]) -> None:
    every = ask(exact_engine, drive, prompts[:1], width=4)["hypotheses"]
    first = ask(exact_engine, drive, prompts[:1], width=4, count=2)["hypotheses"]
    assert [path(one) for one in first] == [path(one) for one in every[:2]]


def test_prompts_share_their_beginning_and_stay(engine: Engine, drive: Drive, model: Model) -> None:
    head = model.tokenize("Nobody else asks of these passages, each of which tells of another kind of cheese. ")
    prompts = [[*head, *model.tokenize(f"Passage {number}: a cheese.")] for number in range(4)]
    assert ask(engine, drive, prompts)["cached_tokens"] >= 3 * len(head)
    again = ask(engine, drive, prompts)
    assert again["cached_tokens"] == again["prompt_tokens"] - 4


@pytest.mark.parametrize("mode", ["separate", "mixed"])
@pytest.mark.parametrize("rounds", [1, 4, 7])
def test_cancelling_half_way_frees_everything(
    model: Model, drive: Drive, prompts: list[list[int]], mode: str, rounds: int
) -> None:
    engine = Engine(model, threads=1, context=2048)  # nothing else lies idle in its cache
    ticket = Ticket()
    order = Beaming(width=4, max_tokens=30, mode="mixed" if mode == "mixed" else "separate", weights=WEIGHTS)
    parts = [[{"tokens": prompt}] for prompt in prompts]
    frames = []
    for step, frame in enumerate(engine.beams(order, prompts=parts, adapter=None, ticket=ticket)):
        frames.append(frame)
        if step == rounds:
            ticket.cancelled = True
            engine.abort()
        engine.advance()
    assert set(frames) == {None}
    stats = engine.stats()
    assert stats["promised_cells"] == 0
    assert stats["idle_cells"] <= sum(map(len, prompts))
    assert ask(engine, drive, prompts, weights=WEIGHTS)["hypotheses"]


def test_requests_beside_others_are_the_same(exact_engine: Engine, drive: Drive, prompts: list[list[int]]) -> None:
    def decoded(prompt: Sequence[int]) -> Steps:
        order = Decoding(max_tokens=16, sampling=Sampling())
        return exact_engine.decode(order, prompt=[{"tokens": prompt}], adapter=None, ticket=Ticket())

    def searched(mode: str) -> Steps:
        order = Beaming(width=3, max_tokens=6, weights=WEIGHTS, mode="mixed" if mode == "mixed" else "separate")
        parts = [[{"tokens": prompt}] for prompt in prompts]
        return exact_engine.beams(order, prompts=parts, adapter=None, ticket=Ticket())

    def told(frames: list[Frame]) -> list[Any]:
        if "hypotheses" in frames[-1]:
            return [(path(one), pytest.approx(one["marginal"], abs=1e-4)) for one in frames[-1]["hypotheses"]]
        return [token for frame in frames for piece in frame["pieces"] for token in piece["tokens"]]

    def requests() -> list[Steps]:
        return [decoded(prompts[2]), searched("separate"), searched("mixed")]

    alone = [told(drive(exact_engine, one)[0]) for one in requests()]
    together = drive(exact_engine, *requests(), *(decoded(prompt) for prompt in prompts))
    assert [told(frames) for frames in together[:3]] == alone
    assert exact_engine.stats()["promised_cells"] == 0


def test_what_cannot_be_searched_is_an_error(engine: Engine, drive: Drive, prompts: list[list[int]]) -> None:
    with pytest.raises(HostRequestError, match="16 beams behind 4 prompts take 68 sequences, and there are 64"):
        ask(engine, drive, prompts, width=16)
    with pytest.raises(HostRequestError, match="no prompt"):
        ask(engine, drive, [])
    with pytest.raises(HostRequestError, match="of 3 beams 4 hypotheses"):
        ask(engine, drive, prompts, count=4)
    with pytest.raises(HostRequestError, match="of 0 beams"):
        ask(engine, drive, prompts, width=0)
    for weights in ([1.0], [1, 1, 1, 0], [1, 1, 1, math.nan]):
        with pytest.raises(HostRequestError, match="weights of 4 prompts"):
            ask(engine, drive, prompts, weights=weights)
    with pytest.raises(HostRequestError, match="`scored`"):
        ask(engine, drive, prompts, mode="mixed", scored=True)
    with pytest.raises(ContextOverflowError) as caught:
        ask(engine, drive, [[*prompt, *range(100, 2200)] for prompt in prompts])
    assert caught.value.tokens > caught.value.limit == 8192
    assert engine.stats()["promised_cells"] == 0


def test_hypotheses_become_shorter_where_there_is_little_room(drive: Drive, model: Model) -> None:
    engine = Engine(model, threads=1, context=256)
    prompts = [model.tokenize(f"{number} is a number, and many others are such as well."[:60]) for number in range(3)]
    cells = 256 - sum(map(len, prompts))
    found = ask(engine, drive, prompts, width=4, max_tokens=64, scored=True)
    assert max(len(one["tokens"]) for one in found["hypotheses"]) <= cells // 12 < 64


@pytest.fixture(scope="module")
def client(weights: Path) -> Iterator[LlamaClient]:
    config = {"path": str(weights), "threads": 2, "context": 2048}
    host = HostProcess(name="real", service=SERVICE, config=lambda: dict(config))
    yield LlamaClient(host)
    host.stop()


def request(**options: Any) -> BeamRequest:
    turns = [Message(role="user", content=f"{passage}\n{QUESTION}") for passage in PASSAGES]
    return BeamRequest(prompts=tuple((Chat((turn,)),) for turn in turns), max_tokens=8, **options)


async def test_beams_arrive_over_a_real_host(client: LlamaClient) -> None:
    searcher: BeamSearcher = client
    thorough = await searcher.beams(request(weights=WEIGHTS, scored=True, width=3, count=2), cancel=CancelToken())
    assert thorough is not None
    assert 2 <= len(thorough.hypotheses) <= 8
    assert thorough.prompt_tokens > thorough.cached_tokens >= 0
    assert thorough.seconds > 0
    table = np.stack([one.logprobs for one in thorough.hypotheses])
    assert table.dtype == np.float32
    assert np.isfinite(table).all()
    marginals = [one.marginal for one in thorough.hypotheses]
    assert sequence_marginals(WEIGHTS, table) == pytest.approx(marginals, abs=1e-4)
    assert marginals == sorted(marginals, reverse=True)
    assert len({(one.tokens, one.end) for one in thorough.hypotheses}) == len(thorough.hypotheses)
    mixed = await client.beams(request(mode="mixed", stop=("\n",)), cancel=CancelToken())
    assert mixed is not None
    assert len(mixed.hypotheses) == 4
    assert all("\n" not in one.text for one in mixed.hypotheses)
    one = BeamRequest(prompts=((Text("Snow is"),),), width=10, max_tokens=8)
    plain = await client.beams(one, cancel=CancelToken())
    assert plain is not None
    assert len(plain.hypotheses) == 10
    assert [float(each.logprobs[0]) for each in plain.hypotheses] == pytest.approx(
        [each.marginal for each in plain.hypotheses], abs=1e-4
    )


async def test_a_text_is_written_while_beams_are_searched(client: LlamaClient) -> None:
    asked = GenerationRequest(messages=(Message(role="user", content="What is snow?"),), max_tokens=12)

    async def write() -> str:
        pieces = [piece async for piece in client.generate(asked, cancel=CancelToken())]
        return "".join(piece.text for piece in pieces if isinstance(piece, TextDelta))

    searching = asyncio.create_task(client.beams(request(weights=WEIGHTS), cancel=CancelToken()))
    assert await write()
    assert await searching is not None
    assert (await client.stats())["promised_cells"] == 0


async def test_cancelled_beams_are_none(client: LlamaClient) -> None:
    await client.prepare()
    cancel = CancelToken()
    long = BeamRequest(prompts=((Text("The sea is " * 100),), (Text("A lake is " * 100),)), max_tokens=100)
    searching = asyncio.create_task(client.beams(long, cancel=cancel))
    await asyncio.sleep(0.5)
    cancel.cancel()
    assert await searching is None
    assert (await client.stats())["promised_cells"] == 0


async def test_errors_keep_their_kind_over_the_wire(client: LlamaClient) -> None:
    with pytest.raises(HostRequestError, match="there are 64"):
        await client.beams(request(width=20), cancel=CancelToken())
    long = BeamRequest(prompts=((Tokens((100,) * 3000),),))
    with pytest.raises(ContextOverflowError) as caught:
        await client.beams(long, cancel=CancelToken())
    assert caught.value.limit == 2048
