"""The llama.cpp engine: many texts at once over one model.

Every request is a generator of short steps (see `Steps`). In a step it says what it wants decoded; when all requests
had their turn, `Engine.advance` decodes that in one batch, and in their next step they find the logits.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from octograph.nodes.host.frames import Frame
from octograph.nodes.host.service import Steps, Ticket
from octograph.nodes.llama.adapter import Adapter
from octograph.nodes.llama.beams import Beaming, beams
from octograph.nodes.llama.decoding import Decoding, decode
from octograph.nodes.llama.governor import Governor
from octograph.nodes.llama.inputs import Inputs
from octograph.nodes.llama.lane import Lane
from octograph.nodes.llama.model import Model
from octograph.nodes.llama.reading import Reader
from octograph.nodes.llama.saved import SavedPrefixes
from octograph.nodes.llama.scoring import score

__all__ = ["Engine"]

ADAPTER_CELLS = 4096
"""Most cells of a context that goes with an adapter."""

MOST_ADAPTERS = 8
"""Adapters with a context of their own at one time; a further one takes the place of the longest unused."""

MOST_READERS = 3
"""Masters with an adapter of their own at one time; each keeps a small context."""

SAVED_BYTES = 256 * 2**20


class Engine:
    """Answers requests on one model.

    Parameters
    ----------
    model
        The weights, shared by all contexts.
    threads
        Most CPU threads of a decode; see `Governor`.
    context
        Cells of the KV cache: most tokens of a conversation with all its branches.
    saved_bytes
        Budget for prefixes that are kept outside the cache.

    Attributes
    ----------
    adapted_cells
        Cells of a context that goes with an adapter.

    """

    def __init__(self, model: Model, *, threads: int, context: int, saved_bytes: int = SAVED_BYTES) -> None:
        self._model = model
        self._threads = threads
        self.adapted_cells = min(ADAPTER_CELLS, context)
        self._inputs = Inputs(model)
        self._governor = Governor(most=threads, abort=self.abort)
        self._saved = SavedPrefixes(saved_bytes)
        self._plain = self._make_lane(None, cells=context, space="")
        # llama.cpp frees adapters with the model, so each is loaded once; their contexts come and go.
        self._adapters: dict[str, Adapter] = {}
        self._adapted: OrderedDict[str, Lane] = OrderedDict()
        # Replaced and never changed: `abort` reads it from another thread.
        self._lanes: tuple[Lane, ...] = (self._plain,)
        # By adapter, the longest unused first; replaced and never changed, as the lanes.
        self._readers: dict[str | None, Reader] = {}
        self._requests = 0

    def advance(self) -> None:
        """Decode what the requests asked for since the last time."""
        for lane in self._lanes:
            lane.batcher.advance()

    def abort(self) -> None:
        """Stop a running decode; called from another thread."""
        for lane in self._lanes:
            lane.context.abort()
        for reader in self._readers.values():
            reader.abort()

    def count(self, prompt: Sequence[Frame]) -> int:
        """Positions that a prompt takes in the context."""
        return len(self._inputs.symbols(prompt))

    def tokenize(self, text: str) -> list[int]:
        """Token ids of a text as it stands."""
        return self._model.tokenize(text)

    def hidden(
        self, *, system: str, text: str, layer: int, limit: int, adapter: str | None, each: bool, ticket: Ticket
    ) -> Steps:
        """See `Reader.read`."""
        reader = self._reader(adapter)
        return reader.read(system=system, text=text, layer=layer, limit=limit, each=each, ticket=ticket)

    def decode(self, order: Decoding, *, prompt: Sequence[Frame], adapter: str | None, ticket: Ticket) -> Steps:
        """See `decoding.decode`."""
        self._requests += 1
        symbols = self._inputs.symbols(prompt)
        return decode(order, model=self._model, lane=self._lane(adapter), symbols=symbols, ticket=ticket)

    def score(
        self,
        *,
        prompt: Sequence[Frame],
        continuations: Sequence[Frame],
        among: Sequence[int],
        adapter: str | None,
        ticket: Ticket,
    ) -> Steps:
        """See `scoring.score`."""
        self._requests += 1
        return score(
            lane=self._lane(adapter),
            symbols=self._inputs.symbols(prompt),
            texts=[self._inputs.tokens(part) for part in continuations],
            among=self._inputs.tokens({"tokens": among}),
            ticket=ticket,
        )

    def beams(
        self, order: Beaming, *, prompts: Sequence[Sequence[Frame]], adapter: str | None, ticket: Ticket
    ) -> Steps:
        """See `beams.beams`."""
        self._requests += 1
        symbols = [self._inputs.symbols(prompt) for prompt in prompts]
        return beams(order, model=self._model, lane=self._lane(adapter), prompts=symbols, ticket=ticket)

    def stats(self) -> Frame:
        """What was done since the start, and what is held now."""
        lanes = self._lanes
        asked = sum(lane.slots.prompt_symbols for lane in lanes)
        cached = sum(lane.slots.cached_symbols for lane in lanes)
        rounds = sum(lane.batcher.rounds for lane in lanes)
        return {
            "requests": self._requests,
            "rounds": rounds,
            "rows": sum(lane.batcher.rows for lane in lanes),
            "prompt_tokens": asked,
            "cached_tokens": cached,
            "restored_tokens": sum(lane.slots.restored_symbols for lane in lanes),
            "hit_rate": cached / asked if asked else 0.0,
            "cells": sum(lane.context.cells for lane in lanes),
            "promised_cells": sum(lane.slots.promised for lane in lanes),
            "idle_cells": sum(lane.slots.idle for lane in lanes),
            "saved_bytes": self._saved.size_bytes,
            "adapters": len(self._adapted),
            "threads": self._governor.threads,
        }

    def _lane(self, adapter: str | None) -> Lane:
        if adapter is None:
            return self._plain
        key = self._loaded(adapter)
        if key not in self._adapted:
            idle = [name for name, lane in self._adapted.items() if not lane.slots.busy]
            if len(self._adapted) >= MOST_ADAPTERS and idle:
                closed = self._adapted.pop(idle[0])
                self._lanes = (self._plain, *self._adapted.values())
                closed.context.close()
            self._adapted[key] = self._make_lane(self._adapters[key], cells=self.adapted_cells, space=key)
            self._lanes = (self._plain, *self._adapted.values())
        self._adapted.move_to_end(key)
        return self._adapted[key]

    def _reader(self, adapter: str | None) -> Reader:
        key = None if adapter is None else self._loaded(adapter)
        others = {name: reader for name, reader in self._readers.items() if name != key}
        wanted = self._readers.get(key)
        if wanted is None:
            idle = [name for name, reader in others.items() if not reader.busy]
            closed = others.pop(idle[0]) if len(others) >= MOST_READERS and idle else None
            wanted = self._make_reader(key)
            self._readers = {**others, key: wanted}
            if closed is not None:
                closed.close()
        else:
            self._readers = {**others, key: wanted}
        return wanted

    def _loaded(self, adapter: str) -> str:
        """Load an adapter if it is new, and return the key under which it is kept."""
        path = Path(adapter)
        # A file that was trained anew under its old name is another adapter.
        stamp = path.stat().st_mtime_ns if path.exists() else 0
        key = f"{path}@{stamp}"
        if key not in self._adapters:
            self._adapters[key] = Adapter(self._model, path)
        return key

    def _make_reader(self, key: str | None) -> Reader:
        return Reader(
            self._model,
            adapter=None if key is None else self._adapters[key],
            template=self._inputs.template,
            threads=self._threads,
            governor=self._governor,
        )

    def _make_lane(self, adapter: Adapter | None, *, cells: int, space: str) -> Lane:
        return Lane(
            self._model,
            adapter=adapter,
            cells=cells,
            threads=self._threads,
            inputs=self._inputs,
            governor=self._governor,
            saved=self._saved,
            space=space,
        )
