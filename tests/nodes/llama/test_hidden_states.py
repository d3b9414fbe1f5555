"""Hidden states of queries of every length, against passes that keep nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from octograph.errors import ContextOverflowError, HostRequestError
from octograph.nodes.host import Ticket
from octograph.nodes.host.frames import Frame
from octograph.nodes.llama.chat_template import ChatTemplate
from octograph.nodes.llama.context import Context, Rows
from octograph.nodes.llama.engine import Engine
from octograph.nodes.llama.model import Model
from octograph.nodes.llama.tap import Tap

LAYER = 4
LIMIT = 512
STORY = " ".join(f"Chapter {number}: the keeper counts {number * 7 % 31} ships." for number in range(90))


def read(
    engine: Engine, text: str, *, system: str = "Route.", limit: int = LIMIT, layer: int = LAYER, each: bool = False
) -> Frame:
    frames = list(
        engine.hidden(system=system, text=text, layer=layer, limit=limit, adapter=None, each=each, ticket=Ticket())
    )
    assert len(frames) == 1
    assert frames[0] is not None
    return frames[0]


def naive(
    model: Model, system: str, body: Sequence[int], layer: int = LAYER
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """State at the last position and mean over `body`, in a fresh context that never saw another token."""
    turns = [{"role": "system", "content": system}, {"role": "user", "content": "x"}]
    before, after = ChatTemplate(model).around(turns)
    tokens = [*before, *body, *after]
    tap = Tap(model.embedding_size)
    tap.set_layer(layer)
    context = Context(model, cells=1024, sequences=1, threads=1, tap=tap)
    taken = []
    for start in range(0, len(tokens), 100):
        part = tokens[start : start + 100]
        context.decode([Rows(sequence=0, position=start, inputs=part, first_output=len(part))])
        states = tap.take()
        assert states is not None
        taken.append(states)
    context.close()
    rows = np.concatenate(taken)
    assert len(rows) == len(tokens)
    return rows[-1], rows[len(before) : len(before) + len(body)].mean(axis=0)


def assert_same(found: Frame, expected: tuple[NDArray[np.float32], NDArray[np.float32]]) -> None:
    for key, wanted in zip(("last", "mean"), expected, strict=True):
        vector = np.frombuffer(found[key], dtype=np.float32)
        # Batches of another size round otherwise, by up to 2 % here: the activations are quantised too.
        assert np.linalg.norm(vector - wanted) < 0.05 * np.linalg.norm(wanted)


@pytest.mark.parametrize(("length", "repeats"), [(1, 1), (200, 20), (505, 1), (LIMIT, 20)])
def test_queries_of_every_length_are_read_whole(engine: Engine, model: Model, length: int, repeats: int) -> None:
    system = "Name the expert for this request, and only that. " * repeats
    text = model.detokenize(model.tokenize(STORY)[:length])
    body = model.tokenize(text.strip())
    assert len(body) == length
    found = read(engine, text, system=system)
    assert found["tokens"] == length
    assert_same(found, naive(model, system.strip(), body))


@pytest.mark.parametrize("limit", [LIMIT, 65, 1])
def test_of_a_longer_query_the_head_and_the_tail_are_read(engine: Engine, model: Model, limit: int) -> None:
    body = model.tokenize(STORY)
    assert len(body) > 2 * LIMIT
    found = read(engine, STORY, limit=limit)
    assert found["tokens"] == len(body)
    half = limit // 2
    assert_same(found, naive(model, "Route.", body[: limit - half] + body[len(body) - half :]))


def test_what_was_read_before_changes_nothing(engine: Engine, model: Model) -> None:
    expected = naive(model, "Route.", model.tokenize("Where is Bern?"))
    for before in ("Where is Berlin?", STORY, "Where is Bern?", ""):
        read(engine, before)
        assert_same(read(engine, "Where is Bern?"), expected)
    read(engine, "Where is Bern?", layer=LAYER + 3)
    assert_same(read(engine, "Where is Bern?"), expected)


def test_other_words_are_other_states(engine: Engine, model: Model) -> None:
    """What `assert_same` lets pass is far from what another text gives."""
    for text in ("Where is Berne?", "Where was Bern?", "Bern?"):
        with pytest.raises(AssertionError):
            assert_same(read(engine, text), naive(model, "Route.", model.tokenize("Where is Bern?")))


def test_an_empty_query_has_finite_states(engine: Engine) -> None:
    found = read(engine, " ")
    assert found["tokens"] == 0
    assert np.isfinite(np.frombuffer(found["mean"], dtype=np.float32)).all()


def test_a_cancelled_query_is_not_read(engine: Engine) -> None:
    ticket = Ticket()
    ticket.cancelled = True
    frames = engine.hidden(system="Route.", text="x", layer=LAYER, limit=LIMIT, adapter=None, each=False, ticket=ticket)
    assert list(frames) == []


def test_a_prompt_longer_than_the_masters_context_is_an_error(engine: Engine) -> None:
    with pytest.raises(ContextOverflowError) as caught:
        read(engine, "x", system="word " * 2100)
    assert caught.value.tokens > caught.value.limit == 2048


@pytest.mark.parametrize("layer", [0, 15, 28])
def test_every_layer_but_the_last_can_be_read(engine: Engine, model: Model, layer: int) -> None:
    for text in ("What is the capital of France?", "x"):
        assert_same(read(engine, text, layer=layer), naive(model, "Route.", model.tokenize(text), layer))


@pytest.mark.parametrize("layer", [-1, 29, 30])
def test_a_layer_that_cannot_be_read_is_an_error(engine: Engine, layer: int) -> None:
    with pytest.raises(HostRequestError, match="cannot be read"):
        read(engine, "x", layer=layer)


def test_the_state_of_each_token_and_where_it_ends(engine: Engine, model: Model) -> None:
    text = "Straße 7: 日本語 🙂 ok"
    frame = read(engine, text, each=True)
    tokens = model.tokenize(text)
    states = np.frombuffer(frame["each"], dtype=np.float32).reshape(-1, model.embedding_size)
    np.testing.assert_array_equal(states[-1], np.frombuffer(frame["last"], dtype=np.float32))
    mean = np.frombuffer(frame["mean"], dtype=np.float32)
    np.testing.assert_allclose(states[: len(tokens)].mean(axis=0), mean, rtol=1e-5)
    assert frame["ends"][-1] == len(text.encode())
    assert [model.detokenize(tokens[:count]) for count in (1, len(tokens))][1] == text
    assert len(frame["ends"]) == len(tokens)


def test_a_text_that_is_cut_has_no_places(engine: Engine) -> None:
    assert read(engine, STORY, limit=40, each=True)["ends"] == []
