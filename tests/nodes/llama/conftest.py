"""The bundled real model, loaded once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from octograph.graph import open_graph
from octograph.nodes.host import Steps
from octograph.nodes.host.frames import Frame
from octograph.nodes.llama.adapter import Adapter
from octograph.nodes.llama.context import Context, Rows
from octograph.nodes.llama.engine import Engine
from octograph.nodes.llama.model import Model, only_warnings, quantize
from octograph.nodes.models import ModelStore
from octograph.nodes.models.hub import Hub
from octograph.nodes.tools.program import pending


@pytest.fixture(scope="session")
def weights(cache_dir: Path) -> Path:
    """The bundled weights as a host uses them."""
    only_warnings()
    graph = open_graph("embedded")
    store = ModelStore(cache_dir, hub=Hub(), requantise=True)
    config = store.host_config(graph.models["smollm2"], base=graph.folder, threads=2)
    requantised = config["requantised"]
    assert isinstance(requantised, dict)
    target = Path(requantised["path"])
    if not target.is_file():
        quantize(Path(str(config["path"])), target, requantised["kind"], threads=2)
    return target


@pytest.fixture(scope="session")
def model(weights: Path) -> Model:
    """The weights in memory."""
    return Model(weights)


@pytest.fixture(scope="session")
def engine(model: Model) -> Engine:
    """One engine for all tests: what a request leaves in its caches must not change the next one's answer."""
    return Engine(model, threads=2, context=8192)


NEAR_TIE = 0.5
"""Logits. Batches of another size change them by up to 0.3 here: the activations are quantised too."""

Drive = Callable[..., list[list[Frame]]]


@pytest.fixture(scope="session")
def drive() -> Drive:
    """Run requests side by side as a host's loop does; gives each one's frames."""

    def run(engine: Engine, *requests: Steps) -> list[list[Frame]]:
        frames: list[list[Frame]] = [[] for _ in requests]
        active = dict(enumerate(requests))
        while active:
            for index, steps in list(active.items()):
                try:
                    frame = next(steps)
                except StopIteration:
                    del active[index]
                else:
                    if frame is not None:
                        frames[index].append(frame)
            engine.advance()
        return frames

    return run


@pytest.fixture(scope="session")
def continue_naively(model: Model) -> Callable[..., list[int]]:
    """Greedy decoding as plainly as can be: a fresh context, all tokens anew for each next one.

    A program's results are put in between.

    It ends before a token that is hardly likelier than the next one: there the rounding decides, and that depends on
    the batch and on where in the cache a prefix lies.
    """

    def write(tokens: Sequence[int], count: int, *, adapter: Path | None = None, program: bool = False) -> list[int]:
        answer: list[int] = []
        changed = None if adapter is None else Adapter(model, adapter)
        # No governor watches over this one.
        context = Context(model, cells=1024, sequences=1, threads=1, adapter=changed)
        while len(answer) < count:
            context.trim(0, 0)
            rows = [*tokens, *answer]
            (places,) = context.decode([Rows(sequence=0, position=0, inputs=rows, first_output=len(rows) - 1)])
            logits = context.logits(places[0])
            second, first = np.partition(logits, -2)[-2:]
            token = int(logits.argmax())
            if model.ends_generation(token) or first - second < NEAR_TIE:
                break
            answer.append(token)
            result = pending(model.detokenize(answer)) if program else None
            answer += model.tokenize(result) if result is not None else []
        context.close()
        return answer

    return write
