"""What trainings are asked, and what they tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "AdapterJob",
    "AdapterReport",
    "Judged",
    "PromptJob",
    "PromptReport",
    "StepsJob",
    "TrainingProgress",
    "WorkerJob",
    "WorkerReport",
]

Judged = tuple[str, Sequence[tuple[Sequence[int], bool]]]
"""A query, and answers to it in tokens with whether each is right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterJob:
    """A LoRA adapter (Hu et al. 2021) for reading queries.

    Its recipe is that of Octopus v2 where it applies: rank 16, alpha 32, all linear layers. The loss is the cross
    entropy of each graph's own linear head over the features that functional heads read; the heads are thrown away.

    Attributes
    ----------
    model
        The GGUF file of the model.
    out
        The GGUF file of the adapter to be written.
    system
        The prompt under which queries are read.
    layer
        Behind which layer they are read; the layers above are neither run nor changed.
    tasks
        For each graph its queries with the names of their workers.
    validation
        The same, of queries that are not trained on: they are only measured.
    rank
        Of the factors.
    frozen
        So many layers from the bottom are left as they are: they know words, not intents.
    epochs
        Passes over all queries, which may be broken.
    rate
        Highest learning rate; a tenth of the steps warm up to it at most, a cosine comes down from it.
    batch_tokens
        Tokens of a batch, padding included.
    longest
        Most tokens of a query; of a longer one the first and last halves of that.
    threads
        CPU threads.
    seed
        Of the order, the variations and the factors.

    """

    model: str
    out: str
    system: str
    layer: int
    tasks: Mapping[str, Sequence[tuple[str, str]]]
    validation: Mapping[str, Sequence[tuple[str, str]]]
    rank: int = 16
    frozen: int = 4
    epochs: float = 2.5
    rate: float = 7e-4
    batch_tokens: int = 1200
    longest: int = 192
    threads: int = 2
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StepsJob:
    """What the fitting of a `StepNetwork` is asked.

    Attributes
    ----------
    states
        A safetensors file: ``states [all tokens, d]`` of the queries' own tokens, one query after the other,
        ``labels [all tokens]``, ``lengths [queries]`` in tokens, and ``ends [queries, d]``, the states behind them.
    out
        The safetensors file of the weights to be written.
    epochs
        Passes over all queries.
    threads
        CPU threads.
    seed
        Of the order, the first weights and what is dropped.

    """

    states: str
    out: str
    epochs: int = 12
    threads: int = 2
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerJob:
    """A LoRA adapter (Hu et al. 2021) for writing answers; the loss is the mean cross entropy of the answers' tokens.

    Attributes
    ----------
    model
        The GGUF file of the model.
    out
        The GGUF file of the adapter to be written; the state of an unfinished training is kept beside it.
    system
        The worker's system prompt.
    lessons
        Queries with the answers to be learned.
    validation
        The same, of examples that are not trained on: the factors that do best on them are kept.
    start
        A GGUF adapter to go on from, of the same rank and frozen layers; otherwise the factors begin anew.
    program
        The answers are programs: what a calculator writes into them is not learned.
    rank
        Of the factors; alpha is twice that.
    frozen
        So many layers from the bottom are left as they are: a training through fewer layers is faster.
    epochs
        Passes over all examples, which may be broken.
    rate
        Highest learning rate.
    batch_tokens
        Tokens of a batch, padding included: small, since many steps teach a model of this size more than large ones.
    longest
        Most tokens of an example, and of a tree of examples; longer ones are left out and counted.
    checks
        How often the validation examples are measured.
    patience
        The training ends early after so many checks without a better one.
    threads
        CPU threads.
    seed
        Of the order and the factors.

    """

    model: str
    out: str
    system: str
    lessons: Sequence[tuple[str, str]]
    validation: Sequence[tuple[str, str]]
    start: str | None = None
    program: bool = False
    rank: int = 16
    frozen: int = 8
    epochs: float = 3.0
    rate: float = 2e-3
    batch_tokens: int = 640
    longest: int = 512
    checks: int = 10
    patience: int = 3
    threads: int = 2
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerReport:
    """What came out of a worker's training.

    Attributes
    ----------
    parameters
        Trained numbers.
    examples, validation_examples, dropped
        Trained on, only measured, and left out for their length.
    steps
        Batches; fewer than planned if it ended early.
    loss
        Running mean of the loss at the end, in nats a token.
    validation_loss
        Lowest of the validation examples, None if there are none.
    resumed
        Whether it went on from a state on disk.
    seconds
        It took.

    """

    parameters: int
    examples: int
    validation_examples: int
    dropped: int
    steps: int
    loss: float
    validation_loss: float | None
    resumed: bool
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptJob:
    """A soft prompt of ASPIRE (Chen et al. 2023, arXiv 2310.11689), trained with the model left as it is.

    Attributes
    ----------
    kind
        ``"answering"``: theta_p, before the prompt, from which the first right answer of each query is learned
        (equation 2). ``"evaluation"``: theta_s, behind the answer, from which it is learned to say whether that is
        right (equation 4).
    model, adapter
        The GGUF file of the model, and that of a LoRA adapter over it if there is one: the parameters with which it
        answers, which the method leaves open.
    out
        The safetensors file to be written.
    system
        The worker's system prompt.
    lessons, validation
        What is learned, and what is only measured: the prompt that does best on it is kept.
    words
        Token ids of the words for right and wrong, which are learned behind theta_s.
    length
        Rows ``l`` of the soft prompt.
    asks, opens
        As which the rows of theta_s begin, as often as it has room: a user's next turn, and the opening of the
        model's reply. Without them the rows begin as common tokens.
    epochs
        Passes over all queries, which may be broken.
    rate
        Highest learning rate of AdamW; a cosine comes down from it.
    batch
        Queries of a step.
    checks
        How often the validation queries are measured.
    threads
        CPU threads.
    seed
        Of the order and the first rows.

    """

    kind: Literal["answering", "evaluation"]
    model: str
    out: str
    system: str
    lessons: Sequence[Judged]
    validation: Sequence[Judged]
    words: tuple[int, int] = (0, 0)
    adapter: str | None = None
    length: int = 10
    asks: str = ""
    opens: str = ""
    epochs: float = 4.0
    rate: float = 0.01
    batch: int = 8
    checks: int = 10
    threads: int = 2
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptReport:
    """What came out of a soft prompt's training.

    Attributes
    ----------
    queries, validation_queries
        Learned from, and only measured.
    steps
        Batches.
    loss
        Running mean of the loss at the end, in nats.
    validation_loss
        Lowest of the validation queries, None if there are none.
    resumed
        Whether it went on from a state on disk.
    seconds
        It took.

    """

    queries: int
    validation_queries: int
    steps: int
    loss: float
    validation_loss: float | None
    resumed: bool
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingProgress:
    """How far a training is.

    Attributes
    ----------
    step, steps
        Batches or passes done, and in all.
    loss
        Running mean of the loss, in nats a query or token.
    validation
        Mean loss of the validation examples where it was just measured.

    """

    step: int
    steps: int
    loss: float
    validation: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterReport:
    """What came out of a training.

    Attributes
    ----------
    parameters
        Trained numbers.
    queries
        Trained on.
    accuracy
        For each graph the share of its validation queries that its linear head got right.
    loss
        Running mean of the loss at the end.
    seconds
        It took.

    """

    parameters: int
    queries: int
    accuracy: Mapping[str, float]
    loss: float
    seconds: float
