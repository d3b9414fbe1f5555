"""Training a reading adapter in torch. Imported in the training host only.

Shapes: ``b`` queries of a batch, ``n`` tokens with padding, ``p`` tokens of the prompt before them, ``d`` hidden size,
``f = 2 d`` features, ``c`` workers of a graph.
"""

from __future__ import annotations

import math
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from torch import Tensor, nn
from transformers import DynamicCache

from octograph.nodes.host.service import Steps, Ticket
from octograph.nodes.models import convert_lora
from octograph.nodes.training.batches import batches, varied
from octograph.nodes.training.job import AdapterJob, AdapterReport, TrainingProgress
from octograph.nodes.training.torch_model import Dialogue, load_model, narrow

__all__ = ["TorchReader", "train_adapter"]

SMOOTHING = 0.05
"""Label smoothing: neighbouring fields overlap, and no label is surer than that."""

DROPOUT = 0.1
"""Of the features before the heads. None within the layers: on a CPU its random numbers cost a third of a step."""

WARM_UP = 30
HEAD_FACTOR = 2.0
"""How much faster the heads learn, which begin at nothing and are thrown away."""

SAMPLE = 400
"""Queries from which the features' scale is taken."""


@dataclass(frozen=True, slots=True)
class _Item:
    text: str
    graph: str
    label: int


class TorchReader(nn.Module):
    """The model as a master reads: the prompt before each query, features behind one layer."""

    def __init__(self, job: AdapterJob) -> None:
        super().__init__()
        file = Path(job.model)
        self._dialogue = Dialogue(file)
        model = load_model(file, head=False)
        model.layers = model.layers[: job.layer + 1]
        model.config.num_hidden_layers = job.layer + 1  # the cache is made by it
        model.norm = nn.Identity()  # llama.cpp's state of a layer is taken before any norm
        layers = "|".join(map(str, range(job.frozen, job.layer + 1)))
        config = LoraConfig(r=job.rank, lora_alpha=2 * job.rank, target_modules=rf"layers\.({layers})\..*_proj")
        self.model: Any = get_peft_model(model, config)
        self._longest = job.longest
        self._before, self._behind = self._dialogue.around(job.system)

    def encode(self, text: str) -> list[int]:
        """Tokens of a query, cut as the master cuts it, and of what the template writes behind it."""
        tokens = self._dialogue.plain(text.strip())
        if len(tokens) > self._longest:
            half = self._longest // 2
            tokens = tokens[: self._longest - half] + tokens[len(tokens) - half :]
        return tokens + self._behind

    def forward(self, queries: Sequence[list[int]]) -> Tensor:
        """Features ``[b, f]``: the last state and the mean over the query's own tokens."""
        longest = max(map(len, queries))
        ids = torch.zeros(len(queries), longest, dtype=torch.long)  # [b, n]
        present = torch.zeros(len(queries), longest, dtype=torch.bool)  # [b, n]
        for row, tokens in enumerate(queries):
            ids[row, : len(tokens)] = torch.tensor(tokens)
            present[row, : len(tokens)] = True
        lengths = present.sum(dim=1)  # [b]
        # The prompt is computed once and shared: its keys and values are the same for every query.
        prompt = self.model(input_ids=torch.tensor([self._before]), use_cache=True).past_key_values
        cache = DynamicCache()
        for layer, kept in enumerate(prompt.layers):
            shared = (part.expand(len(queries), -1, -1, -1) for part in (kept.keys, kept.values))
            cache.update(*shared, layer)
        mask = torch.cat([torch.ones(len(queries), len(self._before), dtype=torch.bool), present], dim=1)
        states = self.model(
            input_ids=ids, attention_mask=mask.long(), past_key_values=cache, use_cache=True
        ).last_hidden_state  # [b, n, d]
        last = states[torch.arange(len(queries)), lengths - 1]  # [b, d]
        # A query without tokens of its own is its last position.
        own = present & (torch.arange(longest) < (lengths - len(self._behind)).clamp(min=1)[:, None])  # [b, n]
        mean = (states * own[..., None]).sum(dim=1) / own.sum(dim=1, keepdim=True)  # [b, d]
        return torch.cat([last, mean], dim=1)

    def features(self, texts: Sequence[str], *, tokens: int) -> Tensor:
        """Features ``[queries, f]`` without gradients."""
        queries = [self.encode(text) for text in texts]
        found = [torch.empty(0)] * len(queries)
        with torch.no_grad():
            for places in batches([len(query) for query in queries], tokens=tokens, draw=random.Random(0)):  # noqa: S311  # only the order
                for place, row in zip(places, self([queries[place] for place in places]), strict=True):
                    found[place] = row.float()
        return torch.stack(found)


def train_adapter(job: AdapterJob, ticket: Ticket) -> Steps:
    """Train, yield the progress batch by batch, write the adapter and yield the report."""
    started = time.perf_counter()
    torch.set_num_threads(job.threads)
    torch.manual_seed(job.seed)
    draw = random.Random(job.seed)  # noqa: S311  # an order, not a secret
    reader = TorchReader(job)
    workers = {graph: sorted({worker for _, worker in task}) for graph, task in job.tasks.items()}
    items = [
        _Item(query, graph, workers[graph].index(worker)) for graph, task in job.tasks.items() for query, worker in task
    ]
    sample = reader.features([item.text for item in draw.sample(items, min(SAMPLE, len(items)))], tokens=2400)
    mean, scale = sample.mean(dim=0), sample.std(dim=0) + 1e-3  # [f]
    heads = nn.ModuleDict({graph: nn.Linear(len(mean), len(names)) for graph, names in workers.items()})
    for parameter in heads.parameters():
        nn.init.zeros_(parameter)
    trained = [parameter for parameter in reader.model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(
        [
            {"params": trained, "weight_decay": 0.01, "factor": 1.0},
            {"params": list(heads.parameters()), "weight_decay": 0.05, "factor": HEAD_FACTOR},
        ]
    )
    lengths = [len(reader.encode(item.text)) for item in items]
    order = list(_order(job, lengths, draw))
    running = math.nan
    for step, places in enumerate(order):
        if ticket.cancelled:
            return
        rate = job.rate * min(1.0, (step + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * step / len(order)))
        for group in optimiser.param_groups:
            group["lr"] = rate * group["factor"]
        batch = [items[place] for place in places]
        with narrow():
            states = reader([reader.encode(varied(item.text, draw)) for item in batch])
        features = nn.functional.dropout((states.float() - mean) / scale, DROPOUT)
        loss = _loss(features, batch, heads)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves this one untyped
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        running = loss.item() if math.isnan(running) else 0.95 * running + 0.05 * loss.item()
        yield asdict(TrainingProgress(step=step + 1, steps=len(order), loss=running))
    accuracy = {}
    reader.eval()
    for graph, task in job.validation.items():
        right = torch.tensor([workers[graph].index(worker) for _, worker in task])
        features = (reader.features([query for query, _ in task], tokens=2400) - mean) / scale
        accuracy[graph] = float((heads[graph](features).argmax(dim=1) == right).float().mean())
    with tempfile.TemporaryDirectory() as folder:
        reader.model.half().save_pretrained(folder)
        convert_lora(Path(folder), Path(job.out), base=Path(job.model))
    report = AdapterReport(
        parameters=sum(parameter.numel() for parameter in trained),
        queries=len(items),
        accuracy=accuracy,
        loss=running,
        seconds=time.perf_counter() - started,
    )
    yield asdict(report)


def _order(job: AdapterJob, lengths: Sequence[int], draw: random.Random) -> Iterator[list[int]]:
    left = job.epochs
    while left > 0:
        made = batches(lengths, tokens=job.batch_tokens, draw=draw)
        yield from made[: math.ceil(len(made) * min(left, 1.0))]
        left -= 1


def _loss(features: Tensor, batch: Sequence[_Item], heads: nn.ModuleDict) -> Tensor:
    """Mean cross entropy; each query is judged by its own graph's head."""
    total = features.new_zeros(())
    for graph, head in heads.items():
        rows = [row for row, item in enumerate(batch) if item.graph == graph]
        if rows:
            labels = torch.tensor([batch[row].label for row in rows])
            total = total + nn.functional.cross_entropy(
                head(features[rows]), labels, reduction="sum", label_smoothing=SMOOTHING
            )
    return total / len(batch)
