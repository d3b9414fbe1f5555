"""RAG-Sequence with thorough decoding over five passages, beside the same one by one with a prefill each.

    python -m benchmarks.rag [--questions 5] [--weights F16] [--result FILE]

Both run on the same host and model, in turn. One by one is what `RagSequenceForGeneration.generate` of transformers
does: a beam search behind each passage, then a forward pass over prompt and answer for every distinct hypothesis and
every passage. A third way has the beam searches one after another, and then one `score` for each passage.

Writes ``benchmarks/results/rag.json``. Let nothing else run meanwhile: only ratios within a run mean anything, and
those only on a machine that is otherwise idle.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import describe
from octograph import settings
from octograph.cancellation import CancelToken
from octograph.composition import model_store
from octograph.graph import open_graph
from octograph.nodes.beams import BeamRequest, Hypothesis
from octograph.nodes.decoding import Chat, Part, ScoreRequest, Text, Tokens
from octograph.nodes.generation import Message
from octograph.nodes.host import HostProcess
from octograph.nodes.llama import SERVICE, LlamaClient
from octograph.nodes.llama.model import FTYPES, only_warnings, quantize
from octograph.nodes.marginal import sequence_marginals
from octograph.nodes.pool import HOST_ENVIRONMENT

RESULT = Path(__file__).parent / "results" / "rag.json"
CONTEXT = 8192
WEIGHTS = (0.4, 0.25, 0.15, 0.12, 0.08)
WIDTH, NEW = 4, 16
SYSTEM = "Answer the question in a few words, and only from the passage."
PLACES = ("Arvik", "Belmora", "Castrel", "Dunholm", "Eastry", "Fennick", "Galloway", "Harrow")
TRADES = ("glass", "salt", "paper", "rope", "clocks")

Path_ = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Found:
    """What one way found: the seconds it took, and ``log p(y|x,z)`` of each hypothesis."""

    seconds: float
    logprobs: dict[Path_, NDArray[np.float64]]

    @property
    def best(self) -> Path_:
        """The likeliest hypothesis over all passages."""
        table = np.stack(list(self.logprobs.values()))  # [H, K]
        return list(self.logprobs)[int(sequence_marginals(WEIGHTS, table).argmax())]


def request_for(number: int) -> BeamRequest:
    """A question about a town, and five passages of about 150 tokens."""
    place = PLACES[number % len(PLACES)]
    passages = [
        f"In the year {1200 + 37 * number + 11 * at} the people of {place} began to make {trade}. "
        f"They sold their {trade} at the market by the harbour, where ships from the north came each spring and left "
        f"before the first storms. A fire destroyed half of the town, and the masters built their new workshops of "
        f"stone on the other bank of the river. Ever since, {trade} from {place} has been known for its quality, and "
        f"the guild still meets on the first Monday of the year in the hall beside the church. Visitors can see how "
        f"{trade} was made in the small museum, which opens every day but Sunday and costs nothing for children."
        for at, trade in enumerate(TRADES)
    ]
    return BeamRequest(
        prompts=tuple(
            (
                Chat(
                    (
                        Message(role="system", content=SYSTEM),
                        Message(role="user", content=f"{passage}\n\nWhat is {place} known for?"),
                    )
                ),
            )
            for passage in passages
        ),
        weights=WEIGHTS,
        width=WIDTH,
        max_tokens=NEW,
        scored=True,
    )


def path_of(one: Hypothesis) -> Path_:
    """Every token whose probability counts."""
    return one.tokens if one.end is None else (*one.tokens, one.end)


async def forget(client: LlamaClient) -> None:
    """Empty the cache of all that lies idle there, so that the next request computes its whole prompt."""
    await client.score(ScoreRequest(prompt=(Text("."),)), cancel=CancelToken())


async def together(client: LlamaClient, request: BeamRequest) -> Found:
    """Our way: one request."""
    await forget(client)
    started = time.perf_counter()
    answer = await client.beams(request, cancel=CancelToken())
    seconds = time.perf_counter() - started
    assert answer is not None
    return Found(seconds=seconds, logprobs={path_of(one): one.logprobs.astype(np.float64) for one in answer.hypotheses})


async def search_each(client: LlamaClient, request: BeamRequest) -> tuple[float, list[Path_]]:
    """A beam search behind each passage, one after another; seconds, and the distinct hypotheses."""
    seconds, paths = 0.0, dict[Path_, None]()
    for prompt in request.prompts:
        await forget(client)
        started = time.perf_counter()
        one = replace(request, prompts=(prompt,), weights=(), scored=False)
        answer = await client.beams(one, cancel=CancelToken())
        seconds += time.perf_counter() - started
        assert answer is not None
        paths |= dict.fromkeys(map(path_of, answer.hypotheses))
    return seconds, list(paths)


async def score(client: LlamaClient, prompt: tuple[Part, ...], paths: Sequence[Path_]) -> tuple[float, list[float]]:
    """Seconds, and the log-likelihood of each text behind a prompt that is computed anew."""
    await forget(client)
    request = ScoreRequest(prompt=prompt, continuations=tuple(Tokens(path) for path in paths))
    started = time.perf_counter()
    scores = await client.score(request, cancel=CancelToken())
    seconds = time.perf_counter() - started
    assert scores is not None
    assert scores.cached_tokens == 0
    return seconds, [float(one.measures.logprobs.sum(dtype=np.float64)) for one in scores.continuations]


async def one_by_one(client: LlamaClient, request: BeamRequest, *, at_once: bool) -> Found:
    """A prefill for each hypothesis and passage, or, `at_once`, for each passage."""
    seconds, paths = await search_each(client, request)
    table = np.zeros((len(paths), len(request.prompts)))
    for column, prompt in enumerate(request.prompts):
        for rows in [list(range(len(paths)))] if at_once else [[row] for row in range(len(paths))]:
            took, logprobs = await score(client, prompt, [paths[row] for row in rows])
            seconds += took
            table[rows, column] = logprobs
    return Found(seconds=seconds, logprobs=dict(zip(paths, table, strict=True)))


def compare(ours: Sequence[Found], theirs: Sequence[Found]) -> dict[str, Any]:
    """How much faster, and whether the same was found."""
    pairs = list(zip(ours, theirs, strict=True))
    both = [(a.logprobs[path], b.logprobs[path]) for a, b in pairs for path in a.logprobs.keys() & b.logprobs.keys()]
    differences = np.abs([a - b for a, b in both])
    return {
        "seconds": statistics.median(one.seconds for one in theirs),
        "times_faster": statistics.median(b.seconds / a.seconds for a, b in pairs),
        "hypotheses": sum(len(one.logprobs) for one in theirs),
        "hypotheses_in_both": len(both),
        "same_best": sum(a.best == b.best for a, b in pairs),
        "log_likelihood_difference": {"mean": float(differences.mean()), "most": float(differences.max())},
    }


async def measure(path: Path, *, threads: int, questions: int) -> dict[str, Any]:
    """Run all ways in turn, question by question."""
    config = {"path": str(path), "threads": threads, "context": CONTEXT, "saved_bytes": 0}
    host = HostProcess(name="bench", service=SERVICE, config=lambda: config, environment=HOST_ENVIRONMENT)
    host.ensure_ready()
    client = LlamaClient(host)
    ways: dict[str, list[Found]] = {"ours": [], "one_by_one": [], "scored_at_once": []}
    for number in range(questions):
        request = request_for(number)
        ways["ours"].append(await together(client, request))
        ways["one_by_one"].append(await one_by_one(client, request, at_once=False))
        ways["scored_at_once"].append(await one_by_one(client, request, at_once=True))
    answer = await client.beams(replace(request_for(0), max_tokens=1), cancel=CancelToken())
    host.stop()
    assert answer is not None
    ours = ways.pop("ours")
    return {
        "questions": questions,
        "passages": len(WEIGHTS),
        "prompt_tokens": answer.prompt_tokens,
        "width": WIDTH,
        "max_tokens": NEW,
        "hypotheses": sum(len(one.logprobs) for one in ours),
        "seconds": statistics.median(one.seconds for one in ours),
    } | {name: compare(ours, theirs) for name, theirs in ways.items()}


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=5)
    parser.add_argument("--weights", choices=FTYPES, default="F16", help="rounding shows least with F16")
    parser.add_argument("--result", type=Path, default=RESULT)
    arguments = parser.parse_args()
    only_warnings()
    machine, chosen, graph = describe(), settings.load(), open_graph("embedded")
    source = model_store(chosen).locate(graph.models["smollm2"], base=graph.folder)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{arguments.weights}.gguf"
        quantize(source, path, arguments.weights, threads=chosen.cpu_threads)
        found = asyncio.run(measure(path, threads=chosen.cpu_threads, questions=arguments.questions))
    results = {"machine": machine, "weights": arguments.weights, "threads": chosen.cpu_threads} | found
    text = json.dumps(results, indent=2)
    arguments.result.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
