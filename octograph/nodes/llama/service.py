"""The llama.cpp engine as a host's service; runs in the child process only."""

from __future__ import annotations

import sys
from pathlib import Path

import llama_cpp

from octograph.errors import HostRequestError, ModelFileError
from octograph.nodes.generation import Sampling
from octograph.nodes.host.frames import Frame
from octograph.nodes.host.service import Steps, Ticket
from octograph.nodes.llama.beams import Beaming
from octograph.nodes.llama.decoding import Decoding
from octograph.nodes.llama.engine import SAVED_BYTES, Engine
from octograph.nodes.llama.model import Model, only_warnings, quantize

__all__ = ["LlamaService"]


class LlamaService:
    """Serves ``decode``, ``score``, ``beams``, ``hidden``, ``count``, ``tokenize`` and ``stats``; see `Engine`."""

    capacity = 32
    queue = 64

    def setup(self, config: Frame) -> Frame:
        """Requantise the weights if asked to and not done before, and load them."""
        only_warnings()
        llama_cpp.llama_backend_init()
        path, threads = Path(config["path"]), int(config["threads"])
        requantised = config.get("requantised")
        if requantised is not None:
            path = _faster(path, Path(requantised["path"]), requantised["kind"], threads=threads)
        model = Model(path)
        context = min(int(config["context"]), model.trained_context)
        saved_bytes = int(config.get("saved_bytes", SAVED_BYTES))
        self._engine = Engine(model, threads=threads, context=context, saved_bytes=saved_bytes)
        return {
            "path": str(path),
            "context": context,
            "adapted_context": self._engine.adapted_cells,
            "embedding_size": model.embedding_size,
            "layers": model.layers,
            "vocabulary_size": model.vocabulary_size,
            "size_bytes": model.size_bytes,
        }

    def start(self, op: str, args: Frame, ticket: Ticket) -> Steps:
        """Begin a request."""
        engine = self._engine
        if op == "decode":
            prompt, adapter, sampling = args.pop("prompt"), args.pop("adapter"), Sampling(**args.pop("sampling"))
            return engine.decode(Decoding(sampling=sampling, **args), prompt=prompt, adapter=adapter, ticket=ticket)
        if op == "score":
            return engine.score(**args, ticket=ticket)
        if op == "beams":
            prompts, adapter = args.pop("prompts"), args.pop("adapter")
            return engine.beams(Beaming(**args), prompts=prompts, adapter=adapter, ticket=ticket)
        if op == "hidden":
            return engine.hidden(**args, ticket=ticket)
        if op == "count":
            return iter([{"tokens": engine.count(args["prompt"])}])
        if op == "tokenize":
            return iter([{"tokens": engine.tokenize(args["text"])}])
        if op == "stats":
            return iter([engine.stats()])
        raise HostRequestError(f"the llama.cpp host knows no operation {op!r}")

    def advance(self) -> None:
        """Decode what the requests asked for."""
        self._engine.advance()

    def abort(self) -> None:
        """Stop a running decode."""
        self._engine.abort()


def _faster(path: Path, target: Path, kind: str, *, threads: int) -> Path:
    """Return the requantised copy, made if it is missing; without room for it, the file as it is."""
    if not target.is_file():
        try:
            quantize(path, target, kind, threads=threads)
        except (OSError, ModelFileError) as error:
            sys.stderr.write(f"no requantised copy of {path.name!r}: {error}\n")
            return path
    return target
