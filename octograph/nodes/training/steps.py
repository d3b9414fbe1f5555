"""Fitting the network that tells the steps of a query apart. Imported in the training host only.

Shapes: ``q`` queries, ``n`` tokens with padding, ``d`` hidden size, ``u`` units, ``s`` rows.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from octograph.nodes.host.service import Steps, Ticket
from octograph.nodes.training.batches import batches
from octograph.nodes.training.job import StepsJob, TrainingProgress

__all__ = ["TorchSteps", "fit_steps"]

UNITS = 64
DROPOUT = 0.3
"""Of the states and of the units: without it the network learns the clauses by heart."""

BATCH_TOKENS = 1600
RATE = 2e-3
DECAY = 0.05
NO_TOKEN = -100
"""The label of the padding, which cross entropy passes over."""


class TorchSteps(nn.Module):
    """`StepNetwork` in torch."""

    def __init__(self, size: int, *, units: int, rows: int) -> None:
        super().__init__()
        self.token = nn.Linear(size, units)
        self.end = nn.Linear(size, units, bias=False)
        self.unit = nn.GRU(units, units, bidirectional=True, batch_first=True)
        self.rows = nn.Linear(2 * units, rows)
        self.drop = nn.Dropout(DROPOUT)

    def forward(self, states: Sequence[Tensor], ends: Tensor) -> Tensor:
        """Logits ``[q, n, s]`` from the states ``[tokens, d]`` of each query and those behind them ``[q, d]``."""
        lengths = torch.tensor([len(one) for one in states])
        padded = nn.utils.rnn.pad_sequence(list(states), batch_first=True)  # [q, n, d]
        entry = torch.relu(self.token(self.drop(padded)) + self.end(self.drop(ends))[:, None])  # [q, n, u]
        packed = nn.utils.rnn.pack_padded_sequence(self.drop(entry), lengths, batch_first=True, enforce_sorted=False)
        units, _ = nn.utils.rnn.pad_packed_sequence(self.unit(packed)[0], batch_first=True)  # [q, n, 2 u]
        logits: Tensor = self.rows(self.drop(units))
        return logits

    def weights(self, mean: Tensor, scale: Tensor) -> dict[str, Tensor]:
        """The weights as `StepNetwork` names them, for states that were not standardised."""
        # V (s - mean) / scale + E (e - mean) / scale + c
        token, end = self.token.weight / scale, self.end.weight / scale
        unit = dict(self.unit.named_parameters())

        def both(name: str) -> Tensor:
            return torch.stack([unit[name], unit[f"{name}_reverse"]])

        return {
            "token_weight": token,
            "end_weight": end,
            "entry_bias": self.token.bias - (token + end) @ mean,
            "input_weight": both("weight_ih_l0"),
            "input_bias": both("bias_ih_l0"),
            "state_weight": both("weight_hh_l0"),
            "state_bias": both("bias_hh_l0"),
            "weight": self.rows.weight,
            "bias": self.rows.bias,
        }


def fit_steps(job: StepsJob, ticket: Ticket) -> Steps:
    """Fit the network, yield the progress pass by pass, and write its weights."""
    torch.set_num_threads(job.threads)
    torch.manual_seed(job.seed)
    draw = random.Random(job.seed)  # noqa: S311  # an order, not a secret
    given = load_file(job.states)
    states, ends = given["states"].float(), given["ends"].float()  # [all tokens, d], [q, d]
    mean, scale = states.mean(dim=0), states.std(dim=0) + 1e-6  # [d]
    lengths: list[int] = given["lengths"].tolist()
    queries = torch.split((states - mean) / scale, lengths)
    labels = torch.split(given["labels"], lengths)
    ends = (ends - mean) / scale
    network = TorchSteps(states.shape[1], units=UNITS, rows=int(given["labels"].max()) + 1)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    for done in range(job.epochs):
        if ticket.cancelled:
            return
        made = batches(lengths, tokens=BATCH_TOKENS, draw=draw)
        total = 0.0
        for step, places in enumerate(made):
            for group in optimiser.param_groups:
                group["lr"] = RATE * (1 - (done + step / len(made)) / job.epochs)
            logits = network([queries[place] for place in places], ends[places])  # [q, n, s]
            wanted = nn.utils.rnn.pad_sequence(
                [labels[place] for place in places], batch_first=True, padding_value=NO_TOKEN
            )  # [q, n]
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=NO_TOKEN)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves this one untyped
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            total += loss.item()
        yield asdict(TrainingProgress(step=done + 1, steps=job.epochs, loss=total / len(made)))
    with torch.no_grad():
        save_file({name: part.contiguous() for name, part in network.weights(mean, scale).items()}, Path(job.out))
    yield {"written": True}
