"""Training the soft prompts of ASPIRE in torch (Chen et al. 2023, arXiv 2310.11689). In the training host only.

Shapes: ``l`` rows of the soft prompt, ``d`` hidden size, ``x`` tokens of a prompt, ``a`` answers to it, ``y`` tokens of
the longest, ``V`` vocabulary.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from octograph.nodes.host.service import Steps, Ticket
from octograph.nodes.training.contexts import Contexts, Exercise
from octograph.nodes.training.course import Standing, State, course, mark_of
from octograph.nodes.training.job import Judged, PromptJob, PromptReport
from octograph.nodes.training.torch_model import Dialogue, adapted, load_model
from octograph.nodes.whole_file import written_whole

__all__ = ["TorchPrompt", "train_prompt"]

TENSOR = "soft_prompt"
"""Name of the matrix in the file."""

COMMON = 5000
"""Tokens of the beginning of the vocabulary, from which the first rows are drawn (Lester et al. 2021, section 3.2)."""

KEPT = 3
"""One part of so many of the free memory keeps what stands before the soft prompt from pass to pass."""


class TorchPrompt(nn.Module):
    """The model with a soft prompt, which alone is learned.

    Parameters
    ----------
    job
        What is trained.
    end
        The token that closes a turn.
    begin
        Tokens as which the rows begin, the last of them last and as often as there is room; common ones without.

    """

    def __init__(self, job: PromptJob, *, end: int, begin: Sequence[int] = ()) -> None:
        super().__init__()
        file = Path(job.model)
        model = load_model(file, head=True)
        if job.adapter is not None:
            model = adapted(model, Path(job.adapter), base=file)
        self.model: Any = model.requires_grad_(False).eval()
        self._contexts = Contexts(self.model, room=psutil.virtual_memory().available // KEPT)
        self._end = end
        self._words = torch.tensor(job.words)  # right, wrong
        embedding: Tensor = self.model.get_input_embeddings().weight  # [V, d]
        if begin:
            first = torch.tensor(begin).repeat(math.ceil(job.length / len(begin)))[-job.length :]
        else:
            first = torch.randint(COMMON, (job.length,), generator=torch.Generator().manual_seed(job.seed))
        self.rows = nn.Parameter(embedding[first].detach().clone())  # [l, d]

    def answering_loss(self, exercise: Exercise) -> Tensor:
        """``-(1/|y|) sum_j log f(y_j | [theta_p; X; Y_<j])`` of the first right answer (equation 2)."""
        answer = next(tokens for tokens, right in exercise.answers if right)
        wanted = torch.tensor([*answer, self._end])  # [y]
        read = self._embedded([*exercise.prompt, *answer])  # [x + y - 1, d]
        states = self.model.model(inputs_embeds=torch.cat([self.rows, read])[None], use_cache=False).last_hidden_state
        return nn.functional.cross_entropy(self.model.lm_head(states[0, -len(wanted) :]), wanted)

    def evaluation_loss(self, exercise: Exercise) -> Tensor:
        """``E_{S_c} -log f("correct" | [theta_p; X; Y; theta_s]) + E_{S_w} -log f("wrong" | ...)`` (equation 4)."""
        right = torch.tensor([correct for _, correct in exercise.answers])  # [a]
        logits = self.logits(exercise)  # [a, V]
        losses = nn.functional.cross_entropy(logits, self._words[(~right).long()], reduction="none")  # [a]
        sides = [losses[side].mean() for side in (right, ~right) if bool(side.any())]
        return torch.stack(sides).sum()

    def logits(self, exercise: Exercise) -> Tensor:
        """Logits behind ``[prompt; answer; theta_s]`` of each answer, ``[a, V]``."""
        context = self._contexts.of(exercise)
        count, size = len(exercise.answers), len(self.rows)
        states = self.model.model(
            inputs_embeds=self.rows.expand(count, -1, -1),
            attention_mask=torch.cat([context.seen, torch.ones(count, size, dtype=torch.long)], dim=1),
            position_ids=context.ends[:, None] + torch.arange(size),  # behind the answer, not behind its padding
            past_key_values=context.cache(self.model.config),
            use_cache=True,
        ).last_hidden_state  # [a, l, d]
        logits: Tensor = self.model.lm_head(states[:, -1])
        return logits

    def _embedded(self, tokens: Sequence[int]) -> Tensor:
        embedded: Tensor = self.model.get_input_embeddings()(torch.tensor(tokens)).detach()
        return embedded


class _Run:
    """One training: its model, its order, and its state on disk."""

    def __init__(self, job: PromptJob) -> None:
        torch.set_num_threads(job.threads)
        torch.manual_seed(job.seed)
        self.job = job
        dialogue = Dialogue(Path(job.model))
        self._around = dialogue.around(job.system)
        self._dialogue = dialogue
        self.lessons = [*map(self._exercise, job.lessons)]
        self.checks = [*map(self._exercise, job.validation)]
        begin = [*dialogue.next_turn(job.asks), *dialogue.plain(job.opens)] if job.asks else ()
        self.prompt = TorchPrompt(job, end=dialogue.end, begin=begin)
        self._loss = self.prompt.answering_loss if job.kind == "answering" else self.prompt.evaluation_loss
        self.order = [*self._order()]
        self.optimiser = torch.optim.AdamW([self.prompt.rows], lr=job.rate)
        self.standing = Standing()
        self.best = self.prompt.rows.detach().clone()
        self._state = State(job)

    @property
    def steps(self) -> int:
        """See `Run`."""
        return len(self.order)

    def _exercise(self, judged: Judged) -> Exercise:
        query, answers = judged
        before, behind = self._around
        return Exercise(
            prompt=(*before, *self._dialogue.plain(query.strip()), *behind),
            answers=tuple((tuple(tokens), right) for tokens, right in answers),
        )

    def _order(self) -> Iterator[list[int]]:
        """Places of the lessons of each step of all passes."""
        draw = random.Random(self.job.seed)  # noqa: S311  # an order, not a secret
        left = self.job.epochs
        while left > 0:
            places = draw.sample(range(len(self.lessons)), len(self.lessons))
            places = places[: math.ceil(len(places) * min(left, 1.0))]
            yield from (places[start : start + self.job.batch] for start in range(0, len(places), self.job.batch))
            left -= 1

    def step(self) -> None:
        """See `Run`."""
        standing = self.standing
        for group in self.optimiser.param_groups:
            group["lr"] = self.job.rate * 0.5 * (1 + math.cos(math.pi * standing.step / len(self.order)))
        places = self.order[standing.step]
        total = 0.0
        self.optimiser.zero_grad()
        for place in places:  # one by one: their prompts have nothing in common
            loss = self._loss(self.lessons[place]) / len(places)
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves this one untyped
            total += loss.item()
        self.optimiser.step()
        standing.learned(total)

    def validate(self) -> float | None:
        """Mean loss of the validation queries; the best rows so far are kept."""
        if not self.checks:
            self.best = self.prompt.rows.detach().clone()
            return None
        with torch.no_grad():
            value = float(torch.stack([self._loss(one) for one in self.checks]).mean())
        if self.standing.is_best(value):
            self.best = self.prompt.rows.detach().clone()
        return value

    def save(self) -> None:
        """Keep the state beside the file that is being made."""
        parts = {"now": self.prompt.rows.detach(), "best": self.best}
        parts |= {f"moment:{key}": value for key, value in self.optimiser.state[self.prompt.rows].items()}
        self._state.write(parts, self.standing)

    def resume(self) -> bool:
        """Take up a state that this very training has left."""
        found = self._state.read()
        if found is None:
            return False
        parts, self.standing = found
        with torch.no_grad():
            self.prompt.rows.copy_(parts["now"])
        self.best = parts["best"]
        for name, value in parts.items():
            if name.startswith("moment:"):
                self.optimiser.state[self.prompt.rows][name.removeprefix("moment:")] = value
        return True

    def write(self) -> None:
        """Write the best rows, and with them what they came out of; the training is done."""
        metadata = {"job": mark_of(self.job), "standing": json.dumps(asdict(self.standing))}
        with written_whole(Path(self.job.out)) as partial:
            save_file({TENSOR: self.best.to(torch.float16).contiguous()}, partial, metadata=metadata)
        self._state.remove()


def _finished(job: PromptJob) -> Standing | None:
    """How this very training ended, if its file is there already; None otherwise."""
    try:
        with safe_open(job.out, "pt") as file:
            metadata = file.metadata() or {}
    except (FileNotFoundError, SafetensorError):  # there is nothing yet, or nothing of ours
        return None
    return Standing(**json.loads(metadata["standing"])) if metadata.get("job") == mark_of(job) else None


def train_prompt(job: PromptJob, ticket: Ticket) -> Steps:
    """Train, yield the progress batch by batch, write the soft prompt and yield the report.

    If the very same training has been done already, all that is left is the report.
    """
    standing, resumed = _finished(job), True
    if standing is None:
        run = _Run(job)
        resumed = run.resume()
        if not (yield from course(run, ticket, checks=job.checks)):
            return
        run.write()
        standing = run.standing
    yield asdict(
        PromptReport(
            queries=len(job.lessons),
            validation_queries=len(job.validation),
            steps=standing.step,
            loss=standing.running,
            validation_loss=standing.best if job.validation else None,
            resumed=resumed,
            seconds=standing.seconds,
        )
    )
