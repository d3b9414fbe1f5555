"""The embedder, with the bundled model in its own process."""

from __future__ import annotations

import asyncio
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octograph.cancellation import CancelToken
from octograph.errors import HostRequestError, ModelFileError
from octograph.nodes.embedder import SERVICE, EmbedderClient, embedder_host
from octograph.nodes.embedder.client import MODEL, portions
from octograph.nodes.embedder.service import MOST_CHARACTERS, MOST_TEXTS, READ_CHARACTERS, batches
from octograph.nodes.host import HostProcess
from octograph.nodes.models import ModelStore
from octograph.nodes.models.hub import Hub

TEXTS = [
    "How do I cook rice?",
    "",
    "What is the boiling point of water at high altitude, and how does it change the time that food needs? " * 12,
    "Μια γάτα 🐈 κοιμάται",
    "the same",
    "the same",
    "x",
    *(f"Sentence number {number} about {'ships ' * (number % 9)}and the sea." for number in range(70)),
]


@pytest.fixture(scope="module")
def store(cache_dir: Path) -> ModelStore:
    return ModelStore(cache_dir, hub=Hub(), requantise=False)


@pytest.fixture(scope="module")
def embedder(store: ModelStore) -> Iterator[EmbedderClient]:
    client = EmbedderClient(embedder_host(store, threads=1))
    yield client
    client.host.stop()


async def test_vectors_have_length_one_and_the_models_dimension(embedder: EmbedderClient) -> None:
    vectors = await embedder.encode(TEXTS, cancel=CancelToken())
    assert vectors is not None
    assert vectors.shape == (len(TEXTS), 384)
    assert vectors.dtype == np.dtype(np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(vectors[4], vectors[5], atol=1e-5)


async def test_a_text_has_the_same_vector_alone_and_in_any_batch(embedder: EmbedderClient) -> None:
    together = await embedder.encode(TEXTS, cancel=CancelToken())
    shuffled = random.Random(1).sample(range(len(TEXTS)), len(TEXTS))
    again = await embedder.encode([TEXTS[row] for row in shuffled], cancel=CancelToken())
    assert together is not None
    assert again is not None
    np.testing.assert_allclose(again, together[shuffled], atol=1e-5)
    for row in (0, 1, 2, 3, 6, 20):
        alone = await embedder.encode([TEXTS[row]], cancel=CancelToken())
        assert alone is not None
        np.testing.assert_allclose(alone[0], together[row], atol=1e-5)


async def test_what_means_the_same_is_nearer(embedder: EmbedderClient) -> None:
    query, near, far = "How do I boil rice?", "Cooking rice in water", "The stock market fell on Monday"
    vectors = await embedder.encode([query, near, far], cancel=CancelToken())
    assert vectors is not None
    assert vectors[0] @ vectors[1] > 0.6
    assert vectors[0] @ vectors[2] < 0.2


async def test_only_the_beginning_of_a_long_text_counts(embedder: EmbedderClient) -> None:
    long = "water " * 400
    vectors = await embedder.encode([long, long + "and the price of gold"], cancel=CancelToken())
    assert vectors is not None
    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-5)


async def test_no_texts_are_no_vectors(embedder: EmbedderClient) -> None:
    vectors = await embedder.encode([], cancel=CancelToken())
    assert vectors is not None
    assert vectors.shape == (0, await embedder.dimension())


async def test_many_ask_at_once_and_each_gets_its_own(embedder: EmbedderClient) -> None:
    asked = [[f"query {caller} {number}" for number in range(caller + 1)] for caller in range(12)]
    answers = await asyncio.gather(*(embedder.encode(texts, cancel=CancelToken()) for texts in asked))
    for texts, vectors in zip(asked, answers, strict=True):
        alone = await embedder.encode(texts[-1:], cancel=CancelToken())
        assert vectors is not None
        assert alone is not None
        assert len(vectors) == len(texts)
        np.testing.assert_allclose(vectors[-1], alone[0], atol=1e-5)


async def test_a_cancelled_request_has_no_vectors_and_the_next_has(embedder: EmbedderClient) -> None:
    await embedder.prepare()
    cancel = CancelToken()
    texts = ["a text that takes its time " * 60] * 256
    asking = asyncio.create_task(embedder.encode(texts, cancel=cancel))
    await asyncio.sleep(0.2)
    cancel.cancel()
    assert await asking is None
    assert await embedder.encode(["x"], cancel=cancel) is None
    assert await embedder.encode(["x"], cancel=CancelToken()) is not None


async def test_what_is_cancelled_before_it_starts_does_not_start_it(store: ModelStore) -> None:
    client, cancel = EmbedderClient(embedder_host(store, threads=1)), CancelToken()
    cancel.cancel()
    assert await client.encode(["x"], cancel=cancel) is None
    assert client.host.starts == 0


async def test_it_leaves_a_core_to_others(embedder: EmbedderClient, store: ModelStore) -> None:
    await embedder.prepare()
    assert embedder.host.info["threads"] == 1
    assert embedder.host.info["tokens"] == 256
    assert embedder_host(store, threads=1).state == "absent"


def test_the_parent_loads_no_torch() -> None:
    code = (
        "import sys, octograph.nodes.embedder, octograph.nodes.embedder.service\n"
        "print([name for name in ('torch', 'transformers', 'sentence_transformers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"


async def test_it_knows_one_operation(embedder: EmbedderClient) -> None:
    with pytest.raises(HostRequestError, match="'decode'"):
        await embedder.host.call("decode", {})


def test_a_damaged_model_is_told(tmp_path: Path, store: ModelStore) -> None:
    """A copy whose weights were cut off, as an interrupted installation leaves them."""
    copy = shutil.copytree(store.locate(MODEL, base=None), tmp_path / "model")
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100_000])
    config = {"path": str(copy), "threads": 1}
    host = HostProcess(name="embedder", service=SERVICE, config=lambda: config)
    with pytest.raises(ModelFileError, match="cannot be loaded") as caught:
        host.ensure_ready()
    assert "pip install" in caught.value.hint
    assert host.state == "failed"


@given(st.lists(st.integers(0, 5000), max_size=200))
def test_batches_hold_every_text_once_and_are_small(lengths: list[int]) -> None:
    made = list(batches(lengths))
    assert sorted(row for batch in made for row in batch) == list(range(len(lengths)))
    for batch in made:
        longest = max(min(lengths[row], READ_CHARACTERS) for row in batch)
        assert 1 <= len(batch) <= MOST_TEXTS
        assert len(batch) * longest <= MOST_CHARACTERS
    assert [lengths[batch[0]] for batch in made] == sorted((lengths[batch[0]] for batch in made), reverse=True)


def test_portions_keep_the_order_and_a_huge_text_goes_alone() -> None:
    texts = ["é" * 5_000_000, "b", *map(str, range(2500)), "z" * 9_000_000, "end"]
    sent = list(portions(texts))
    assert [text for portion in sent for text in portion] == texts
    assert [len(portion) for portion in sent] == [1, 1024, 1024, 453, 1, 1]
