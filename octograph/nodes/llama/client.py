"""The parent's view of a llama.cpp host: text from conversations, hidden states from queries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict

import numpy as np

from octograph.nodes.cancellation import CancelToken
from octograph.nodes.generation import Generation, GenerationRequest, Message, TextDelta
from octograph.nodes.host import HostProcess
from octograph.nodes.master.reader import HiddenStates, ReadRequest

__all__ = ["SERVICE", "LlamaClient"]

SERVICE = "octograph.nodes.llama.service:LlamaService"


class LlamaClient:
    """A `Generator` and a `QueryReader` over one host.

    Parameters
    ----------
    host
        The process that runs `SERVICE`; started when first needed.

    """

    def __init__(self, host: HostProcess) -> None:
        self.host = host

    async def generate(
        self, request: GenerationRequest, *, cancel: CancelToken
    ) -> AsyncIterator[TextDelta | Generation]:
        """See `Generator`."""
        args = {
            "messages": [asdict(message) for message in request.messages],
            "max_tokens": request.max_tokens,
            "sampling": asdict(request.sampling),
            "stop": list(request.stop),
        }
        async for frame in self.host.stream("generate", args, cancel=cancel):
            if text := frame.pop("text", ""):
                yield TextDelta(text=text)
            if "finish" in frame:
                yield Generation(**frame)

    async def read(self, request: ReadRequest, *, cancel: CancelToken) -> HiddenStates | None:
        """See `QueryReader`."""
        frame = await self.host.call("hidden", asdict(request), cancel=cancel)
        if not frame:
            return None
        return HiddenStates(
            last=np.frombuffer(frame["last"], dtype=np.float32),
            mean=np.frombuffer(frame["mean"], dtype=np.float32),
            tokens=frame["tokens"],
        )

    async def prepare(self) -> None:
        """See `QueryReader`."""
        await asyncio.to_thread(self.host.ensure_ready)

    async def layers(self) -> int:
        """See `QueryReader`."""
        await self.prepare()
        return int(self.host.info["layers"])

    async def count(self, messages: tuple[Message, ...]) -> int:
        """Tokens that a conversation takes in the context."""
        frame = await self.host.call("count", {"messages": [asdict(message) for message in messages]})
        return int(frame["tokens"])
