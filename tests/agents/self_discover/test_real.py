"""Self-Discover with the bundled model: whatever it thinks, the shapes hold."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from octograph import graph
from octograph.agents.self_discover import DEMONSTRATION, MODULES_BY_NAME, Discovery
from octograph.cancellation import CancelToken
from octograph.composition import host_pool
from octograph.errors import ToolError
from octograph.graph import open_graph
from octograph.nodes.generation import Generation, GenerationRequest, TextDelta, Written
from octograph.nodes.llama import LlamaClient
from octograph.nodes.structure import FINAL, ReasoningStructure
from octograph.nodes.structured import StructuredWorker
from octograph.nodes.worker import Outcome, Task
from octograph.settings import load

EXAMPLES = (
    "I have two apples and a chair. How many fruits do I have?",
    "I have a cat, a dog and a pear. How many pets?",
)


class Counting:
    """A `Generator` that counts the calls of another and keeps what came of them."""

    def __init__(self, inner: LlamaClient) -> None:
        self.texts: list[str] = []
        self._inner = inner

    async def generate(
        self, request: GenerationRequest, *, cancel: CancelToken
    ) -> AsyncIterator[TextDelta | Written | Generation]:
        self.texts.append("")
        async for piece in self._inner.generate(request, cancel=cancel):
            if isinstance(piece, TextDelta):
                self.texts[-1] += piece.text
            yield piece


@pytest.fixture(scope="module")
def client() -> Iterator[LlamaClient]:
    bundled = open_graph("embedded")
    pool = host_pool(bundled, load())
    yield pool.clients[bundled.master.model]
    pool.close()


async def test_three_calls_discover_a_structure_and_one_more_fills_it(client: LlamaClient) -> None:
    model = Counting(client)
    try:
        found = await Discovery(model).discover(EXAMPLES, cancel=CancelToken())
    except ToolError as error:  # on another processor so small a model may write something else, and fail
        assert "no reasoning structure was discovered" in error.message
        structure = DEMONSTRATION
    else:
        assert found is not None
        assert found.calls == len(model.texts) == 3
        assert set(found.modules) <= MODULES_BY_NAME.keys()
        assert len(found.adapted) == len(found.modules) >= 1
        structure = found.structure
    assert ReasoningStructure.from_document(structure.document()) == structure

    node = graph.Worker(name="w", description="x", model="m", max_tokens=300)
    worker = StructuredWorker(node, model, choices=lambda query: ("none", "three", "Ärger"))
    task = Task(query="I have three plums and a bed. How many fruits do I have?", structure=structure)
    calls = len(model.texts)
    *_, outcome = [piece async for piece in worker.run(task, cancel=CancelToken())]
    assert isinstance(outcome, Outcome)
    assert outcome.answered is not None
    assert len(model.texts) == calls + 1
    values = structure.filled(model.texts[-1])
    assert tuple(values) == structure.keys
    assert values[FINAL] in ("none", "three", "Ärger")
