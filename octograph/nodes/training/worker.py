"""Training a worker's adapter in torch: a model that learns to write answers. Imported in the training host only.

Shapes: ``b`` trees of a batch, ``L`` nodes of a tree, ``d`` hidden size, ``t`` targets, ``V`` vocabulary.
"""

from __future__ import annotations

import math
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from torch import Tensor, nn

from octograph.errors import UsageError
from octograph.nodes.host.service import Steps, Ticket
from octograph.nodes.models import convert_lora, read_lora
from octograph.nodes.training.course import Standing, State, course
from octograph.nodes.training.job import WorkerJob, WorkerReport
from octograph.nodes.training.notation import Notation
from octograph.nodes.training.token_tree import TokenTree, Written, packed
from octograph.nodes.training.torch_model import Dialogue, load_model, narrow

__all__ = ["TorchWriter", "train_worker"]

WARM_UP = 20
"""Steps until the highest rate."""

LAST_RATE = 0.05
"""Share of the highest rate that is left at the end."""


class TorchWriter(nn.Module):
    """The model with a LoRA adapter over its linear layers (Hu et al. 2021, equation 3)."""

    def __init__(self, job: WorkerJob) -> None:
        super().__init__()
        file = Path(job.model)
        model = load_model(file, head=True)
        layers = "|".join(map(str, range(job.frozen, model.config.num_hidden_layers)))
        config = LoraConfig(r=job.rank, lora_alpha=2 * job.rank, target_modules=rf"model\.layers\.({layers})\..*_proj")
        self.model: Any = get_peft_model(model, config)
        if job.start is not None:
            self._begin_with(Path(job.start), job)

    def _begin_with(self, adapter: Path, job: WorkerJob) -> None:
        begun = read_lora(adapter, base=Path(job.model))
        first = begun.first_layer
        if (begun.rank, first) != (job.rank, job.frozen):
            raise UsageError(
                f"{adapter.name!r} has the rank {begun.rank} and begins at layer {first}",
                hint=f"Go on from it with --rank {begun.rank} --frozen {first}.",
            )
        if begun.tensors.keys() != self.factors().keys():
            raise UsageError(
                f"{adapter.name!r} does not change every linear module from layer {first} on",
                hint="Go on from an adapter that `train worker` made, or leave --start out.",
            )
        scale = begun.alpha / (2 * job.rank)
        self.set_factors(
            {
                name: torch.from_numpy(values) * (scale if ".lora_B." in name else 1)
                for name, values in begun.tensors.items()
            }
        )

    def losses(self, trees: Sequence[TokenTree]) -> Tensor:
        """``-log p`` of the targets, ``[t]``."""
        logits, wanted = self.logits(trees)
        return nn.functional.cross_entropy(logits, wanted, reduction="none")

    def logits(self, trees: Sequence[TokenTree]) -> tuple[Tensor, Tensor]:
        """Logits ``[t, V]`` where something is to be predicted, and what, ``[t]``."""
        size = max(map(len, trees))
        ids = torch.zeros(len(trees), size, dtype=torch.long)  # [b, L]
        depths = torch.zeros(len(trees), size, dtype=torch.long)  # [b, L]
        for row, tree in enumerate(trees):
            ids[row, : len(tree)] = torch.tensor(tree.tokens)
            depths[row, : len(tree)] = torch.tensor(tree.depths)
        seen = torch.from_numpy(np.stack([tree.visible(size) for tree in trees]))[:, None]  # [b, 1, L, L]
        causal = self.model.get_base_model()
        states = causal.model(
            input_ids=ids, position_ids=depths, attention_mask=seen, use_cache=False
        ).last_hidden_state  # [b, L, d]
        places = [(row, node, token) for row, tree in enumerate(trees) for node, token in tree.targets]
        rows, nodes, wanted = (torch.tensor(column) for column in zip(*places, strict=True))  # [t]
        # The head is a third of all weights: it is asked only where an answer is learned.
        return causal.lm_head(states[rows, nodes]).float(), wanted

    def factors(self) -> dict[str, Tensor]:
        """The adapter's weights, copied."""
        return {name: part.detach().clone() for name, part in get_peft_model_state_dict(self.model).items()}

    def set_factors(self, factors: Mapping[str, Tensor]) -> None:
        """Put weights of `factors` back."""
        set_peft_model_state_dict(self.model, dict(factors))


class _Run:
    """One training: its model, its order, and its state on disk."""

    def __init__(self, job: WorkerJob) -> None:
        torch.set_num_threads(job.threads)
        torch.manual_seed(job.seed)
        self.job = job
        self._notation = Notation(Dialogue(Path(job.model)), system=job.system, program=job.program)
        self.lessons, self.dropped = self._fitting(job.lessons)
        self.checks, _ = self._fitting(job.validation)
        if not self.lessons:
            raise UsageError(
                f"all {self.dropped} examples are longer than {job.longest} tokens",
                hint="Shorten them, or train with a larger --longest.",
            )
        self.writer = TorchWriter(job)
        self.order = [*self._order()]
        self.parameters = [part for part in self.writer.parameters() if part.requires_grad]
        self.optimiser = torch.optim.AdamW(self.parameters, lr=job.rate, weight_decay=0.01)
        self.standing = Standing()
        self.best: dict[str, Tensor] = self.writer.factors()
        self._state = State(job)

    @property
    def steps(self) -> int:
        """See `Run`."""
        return len(self.order)

    def _fitting(self, lessons: Sequence[tuple[str, str]]) -> tuple[list[Written], int]:
        made = [self._notation.written(query, answer) for query, answer in lessons]
        fitting = [one for one in made if one.nodes <= self.job.longest]
        return fitting, len(made) - len(fitting)

    def _order(self) -> Iterator[list[TokenTree]]:
        """Batches of all passes."""
        draw = random.Random(self.job.seed)  # noqa: S311  # an order, not a secret
        left = self.job.epochs
        while left > 0:
            trees = packed(self.lessons, capacity=self.job.longest, draw=draw)
            trees = trees[: math.ceil(len(trees) * min(left, 1.0))]
            yield from _batches(trees, tokens=self.job.batch_tokens)
            left -= 1

    def step(self) -> None:
        """See `Run`."""
        standing = self.standing
        share = standing.step / len(self.order)
        rate = LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * share))
        for group in self.optimiser.param_groups:
            group["lr"] = self.job.rate * rate * min(1.0, (standing.step + 1) / WARM_UP)
        with narrow():
            loss = self.writer.losses(self.order[standing.step]).mean()
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves this one untyped
        nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimiser.step()
        standing.learned(loss.item())

    def validate(self) -> float | None:
        """Mean loss of a token of the validation examples; the best factors so far are kept."""
        if not self.checks:
            self.best = self.writer.factors()
            return None
        trees = packed(self.checks, capacity=self.job.longest, draw=random.Random(0))  # noqa: S311  # only the order
        with torch.no_grad():
            losses = [self.writer.losses(batch) for batch in _batches(trees, tokens=self.job.batch_tokens)]
        value = float(torch.cat(losses).mean())
        if self.standing.is_best(value):
            self.best = self.writer.factors()
        return value

    def save(self) -> None:
        """Keep the state beside the adapter that is being made."""
        moments = {
            f"{place}.{key}": value
            for place, part in enumerate(self.parameters)
            for key, value in self.optimiser.state[part].items()
        }
        parts = {f"now:{name}": part for name, part in self.writer.factors().items()}
        parts |= {f"best:{name}": part for name, part in self.best.items()}
        parts |= {f"moment:{name}": part for name, part in moments.items()}
        self._state.write(parts, self.standing)

    def resume(self) -> bool:
        """Take up a state that this very training has left."""
        found = self._state.read()
        if found is None:
            return False
        parts, self.standing = found
        self.writer.set_factors(_under(parts, "now:"))
        self.best = _under(parts, "best:")
        for name, value in _under(parts, "moment:").items():
            place, key = name.split(".")
            self.optimiser.state[self.parameters[int(place)]][key] = value
        return True

    def write(self) -> None:
        """Write the adapter with the best factors; the training is done."""
        self.writer.set_factors(self.best)
        with tempfile.TemporaryDirectory() as folder:
            self.writer.model.half().save_pretrained(folder)
            convert_lora(Path(folder), Path(self.job.out), base=Path(self.job.model))
        self._state.remove()


def train_worker(job: WorkerJob, ticket: Ticket) -> Steps:
    """Train, yield the progress batch by batch, write the adapter and yield the report."""
    run = _Run(job)
    resumed = run.resume()
    if not (yield from course(run, ticket, checks=job.checks, patience=job.patience)):
        return
    run.write()
    standing = run.standing
    yield asdict(
        WorkerReport(
            parameters=sum(part.numel() for part in run.parameters),
            examples=len(run.lessons),
            validation_examples=len(run.checks),
            dropped=run.dropped,
            steps=standing.step,
            loss=standing.running,
            validation_loss=standing.best if run.checks else None,
            resumed=resumed,
            seconds=standing.seconds,
        )
    )


def _batches(trees: Sequence[TokenTree], *, tokens: int) -> Iterator[list[TokenTree]]:
    """Trees together until they have so many tokens with the padding."""
    batch: list[TokenTree] = []
    for tree in trees:
        if batch and (len(batch) + 1) * max(len(tree), *map(len, batch)) > tokens:
            yield batch
            batch = []
        batch.append(tree)
    if batch:
        yield batch


def _under(parts: Mapping[str, Tensor], start: str) -> dict[str, Tensor]:
    return {name.removeprefix(start): part for name, part in parts.items() if name.startswith(start)}
