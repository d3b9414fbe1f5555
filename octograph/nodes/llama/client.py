"""The parent's view of a llama.cpp host: texts and scores from prompts, hidden states from queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from octograph.cancellation import CancelToken
from octograph.nodes.beams import BeamRequest, Beams, Hypothesis
from octograph.nodes.decoding import (
    Branch,
    BranchDelta,
    Chat,
    DecodeRequest,
    Part,
    Score,
    ScoreRequest,
    Scores,
    SoftPrompt,
    Text,
    TokenMeasures,
    Tokens,
)
from octograph.nodes.generation import Generation, GenerationRequest, Message, TextDelta, Written
from octograph.nodes.host import HostProcess
from octograph.nodes.host.frames import Frame
from octograph.nodes.master.reader import HiddenStates, ReadRequest, TokenStates

__all__ = ["SERVICE", "LlamaClient"]

SERVICE = "octograph.nodes.llama.service:LlamaService"

_MEASURES = ("logprobs", "margins", "entropies")


class LlamaClient:
    """A `Generator`, `BranchDecoder`, `BeamSearcher`, `Scorer` and `QueryReader` over one host.

    Parameters
    ----------
    host
        The process that runs `SERVICE`; started when first needed.

    """

    def __init__(self, host: HostProcess) -> None:
        self.host = host

    async def generate(
        self, request: GenerationRequest, *, cancel: CancelToken
    ) -> AsyncIterator[TextDelta | Written | Generation]:
        """See `Generator`."""
        decode = DecodeRequest(
            prompt=(Chat(request.messages),),
            max_tokens=request.max_tokens,
            sampling=request.sampling,
            stop=request.stop,
            schema=request.schema,
            measured=request.measured,
            adapter=request.adapter,
        )
        async for piece in self.decode(decode, cancel=cancel):
            if isinstance(piece, BranchDelta):
                yield TextDelta(text=piece.text)
            elif isinstance(piece, Branch):
                if piece.measures is not None:
                    yield Written(tokens=piece.tokens, measures=piece.measures)
            else:
                yield piece

    async def decode(
        self, request: DecodeRequest, *, cancel: CancelToken
    ) -> AsyncIterator[BranchDelta | Branch | Generation]:
        """See `BranchDecoder`."""
        args = {
            "prompt": [_part(part) for part in request.prompt],
            "branches": request.branches,
            "start": request.start,
            "max_tokens": request.max_tokens,
            "sampling": asdict(request.sampling),
            "stop": list(request.stop),
            "ignore_eos": request.ignore_eos,
            "schema": None if request.schema is None else dict(request.schema),
            "program": request.program,
            "measured": request.measured,
            "adapter": _path(request.adapter),
        }
        growing: defaultdict[int, _Growing] = defaultdict(_Growing)
        begun = False
        async for frame in self.host.stream("decode", args, cancel=cancel):
            begun = True
            for piece in frame.pop("pieces"):
                branch = growing[piece["branch"]]
                branch.add(piece)
                if piece["text"]:
                    yield BranchDelta(branch=piece["branch"], text=piece["text"])
                if "finish" in piece:
                    yield branch.close(piece)
            if "finish" in frame:
                yield Generation(**frame)
        if not begun:
            for piece in _unwritten(request):
                yield piece

    async def score(self, request: ScoreRequest, *, cancel: CancelToken) -> Scores | None:
        """See `Scorer`."""
        args = {
            "prompt": [_part(part) for part in request.prompt],
            "continuations": [_part(part) for part in request.continuations],
            "among": list(request.among),
            "adapter": _path(request.adapter),
        }
        found: dict[int, Score] = {}
        last: Frame | None = None
        async for frame in self.host.stream("score", args, cancel=cancel):
            for one in frame.pop("scores"):
                found[one["index"]] = Score(tokens=tuple(one["tokens"]), measures=_measures([one]))
            if "prompt_tokens" in frame:
                last = frame
        if last is None:
            return None
        return Scores(
            continuations=tuple(found[index] for index in range(len(request.continuations))),
            probabilities=np.frombuffer(last.get("probabilities", b""), np.float64),
            mass=last.get("mass", 0.0),
            prompt_tokens=last["prompt_tokens"],
            cached_tokens=last["cached_tokens"],
        )

    async def beams(self, request: BeamRequest, *, cancel: CancelToken) -> Beams | None:
        """See `BeamSearcher`."""
        args = {
            "prompts": [[_part(part) for part in prompt] for prompt in request.prompts],
            "weights": list(request.weights),
            "mode": request.mode,
            "width": request.width,
            "count": request.count,
            "max_tokens": request.max_tokens,
            "stop": list(request.stop),
            "length_penalty": request.length_penalty,
            "scored": request.scored,
            "adapter": _path(request.adapter),
        }
        frame = await self.host.call("beams", args, cancel=cancel)
        if not frame:
            return None
        return Beams(
            hypotheses=tuple(_hypothesis(one) for one in frame["hypotheses"]),
            prompt_tokens=frame["prompt_tokens"],
            cached_tokens=frame["cached_tokens"],
            seconds=frame["seconds"],
        )

    async def read(self, request: ReadRequest, *, cancel: CancelToken) -> HiddenStates | None:
        """See `QueryReader`."""
        text = request.text.strip()
        args = asdict(request) | {"text": text, "adapter": _path(request.adapter)}
        frame = await self.host.call("hidden", args, cancel=cancel)
        if not frame:
            return None
        last = np.frombuffer(frame["last"], dtype=np.float32)
        return HiddenStates(
            last=last,
            mean=np.frombuffer(frame["mean"], dtype=np.float32),
            tokens=frame["tokens"],
            each=_each(frame, text, size=len(last)) if frame.get("ends") else None,
        )

    async def prepare(self) -> None:
        """See `QueryReader`."""
        await self.host.prepare()

    async def layers(self) -> int:
        """See `QueryReader`."""
        await self.prepare()
        return int(self.host.info["layers"])

    async def count(self, messages: tuple[Message, ...]) -> int:
        """Tokens that a conversation takes in the context."""
        frame = await self.host.call("count", {"prompt": [_part(Chat(messages))]})
        return int(frame["tokens"])

    async def context(self, *, adapted: bool) -> int:
        """Tokens that the context holds, or the smaller one of a worker with an adapter."""
        await self.prepare()
        return int(self.host.info["adapted_context" if adapted else "context"])

    async def tokenize(self, text: str) -> tuple[int, ...]:
        """Token ids of a text as it stands."""
        frame = await self.host.call("tokenize", {"text": text})
        return tuple(frame["tokens"])

    async def stats(self) -> dict[str, Any]:
        """What the host did and holds: requests, rounds, prefix hits, cells, bytes of saved prefixes."""
        return await self.host.call("stats", {})


@dataclass(slots=True)
class _Growing:
    """What arrived of a branch."""

    text: str = ""
    pieces: list[Frame] = field(default_factory=list)

    def add(self, piece: Frame) -> None:
        self.text += piece["text"]
        self.pieces.append(piece)

    def close(self, last: Frame) -> Branch:
        return Branch(
            branch=last["branch"],
            text=self.text,
            tokens=tuple(token for piece in self.pieces for token in piece["tokens"]),
            finish=last["finish"],
            measures=_measures(self.pieces) if "logprobs" in last else None,
            # A stop string was cut from the text.
            ends=tuple(min(end, len(self.text)) for piece in self.pieces for end in piece.get("ends", ())),
        )


def _unwritten(request: DecodeRequest) -> Iterator[Branch | Generation]:
    """What becomes of a request that was cancelled before the model was there."""
    for index in range(request.branches):
        measures = _measures([]) if request.measured else None
        yield Branch(branch=index, text="", tokens=(), finish="cancelled", measures=measures)
    yield Generation(
        finish="cancelled",
        prompt_tokens=0,
        cached_tokens=0,
        completion_tokens=0,
        prefill_seconds=0.0,
        decode_seconds=0.0,
    )


def _hypothesis(frame: Frame) -> Hypothesis:
    return Hypothesis(
        text=frame["text"],
        tokens=tuple(frame["tokens"]),
        end=frame["end"],
        finish=frame["finish"],
        logprobs=np.frombuffer(frame["logprobs"], np.float32),
        marginal=frame["marginal"],
    )


def _each(frame: Frame, text: str, *, size: int) -> TokenStates:
    # Characters, of which a token may hold a part only, counted from their UTF-8 bytes.
    ends_of = np.cumsum([len(character.encode()) for character in text])  # [characters]
    return TokenStates(
        states=np.frombuffer(frame["each"], dtype=np.float32).reshape(-1, size),
        ends=np.minimum(np.searchsorted(ends_of, frame["ends"]) + 1, len(text)),
    )


def _measures(pieces: Sequence[Frame]) -> TokenMeasures:
    columns = {key: np.frombuffer(b"".join(piece[key] for piece in pieces), np.float32) for key in _MEASURES}
    return TokenMeasures(**columns)


def _part(part: Part) -> Frame:
    match part:
        case Chat(messages):
            return {"messages": [asdict(message) for message in messages]}
        case Text(text, special):
            return {"text": text, "special": special}
        case Tokens(tokens):
            return {"tokens": list(tokens)}
        case SoftPrompt(path):
            return {"soft_prompt": _path(path)}


def _path(path: Path | None) -> str | None:
    # Absolute: a host runs in a folder of its own choosing.
    return None if path is None else str(path.absolute())
