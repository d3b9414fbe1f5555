"""The judge with the bundled model."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from octograph.agents.judging import ASPECTS, Judge
from octograph.agents.judging.seam import Seam
from octograph.cancellation import CancelToken
from octograph.composition import host_pool, model_store
from octograph.graph import open_graph
from octograph.nodes.llama import LlamaClient
from octograph.nodes.llama.model import Model, only_warnings
from octograph.settings import load

QUESTION = "Where does the river Rhine rise?"
CONTEXT = "The Rhine is one of the major rivers of Europe. It rises in the Swiss Alps and flows into the North Sea."
FITTING = "It rises in the Swiss Alps."
SENSELESS = "Seven green of yesterday swims."
OTHERS = (SENSELESS, "42", "In the North Sea", "The best way to cook rice is in a pot.")

TEXT = st.text("Pari s'4.\n\té😀", max_size=10)


@pytest.fixture(scope="module")
def client() -> Iterator[LlamaClient]:
    graph = open_graph("embedded")
    pool = host_pool(graph, load())
    yield pool.clients[graph.master.model]
    pool.close()


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    only_warnings()
    graph = open_graph("embedded")
    model = Model(model_store(load()).locate(graph.models[graph.master.model], base=graph.folder))
    yield model
    model.close()


@pytest.mark.parametrize("context", [CONTEXT, None])
async def test_a_fitting_answer_is_better_than_others_and_they_score_together_as_alone(
    client: LlamaClient, context: str | None
) -> None:
    async def judged(*answers: str) -> dict[str, float]:
        found = await Judge(client, client.tokenize).judge(
            QUESTION, answers, aspects=[ASPECTS["relevance"]], context=context, cancel=CancelToken()
        )
        assert found is not None
        return {one.answer: one.mean for one in found}

    together = await judged(*OTHERS, FITTING)
    assert max(together, key=lambda answer: together[answer]) == FITTING
    assert together[FITTING] > together[SENSELESS] + 1
    for answer in (FITTING, SENSELESS):
        alone = await judged(answer)
        # Batches of another size round otherwise.
        assert alone[answer] == pytest.approx(together[answer], abs=0.3)


@settings(deadline=None, max_examples=200)
@given(before=st.one_of(TEXT, st.text(st.characters(codec="utf-8"), max_size=8)), behind=TEXT)
async def test_the_seam_is_where_the_tokens_end(model: Model, before: str, behind: str) -> None:
    async def tokenize(text: str) -> tuple[int, ...]:
        return tuple(model.tokenize(text))

    first, second = await Seam(before, tokenize).split(behind)
    together = model.tokenize(before + behind)
    assert [*first, *second] == together
    pieces = [model.piece(token) for token in together]
    # A few bytes, none of them of any text that is in use, have no token in this vocabulary.
    assume(b"".join(pieces) == (before + behind).encode())
    kept = before.rstrip(" ").encode()
    ends = list(accumulate(map(len, pieces), initial=0))
    # Where a character's own bytes are several tokens, it is whole on one side.
    whole = [place for place, end in enumerate(ends) if end <= len(kept) and _is_text(kept[:end])]
    assert len(first) == whole[-1]


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
