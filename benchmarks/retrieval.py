r"""How well documents are found, how fast they are read, and how a knowledge base grows, beside other libraries.

    benchmarks/peers/install
    python -m benchmarks.retrieval quality DATA/scifact
    python -m benchmarks.retrieval rate DATA/scifact
    python -m benchmarks.retrieval growth DATA/scifact

``quality``: the queries of ``queries-val.jsonl`` against our three methods and those of the libraries in
`benchmarks.peers`, all on the same embedder with the same number of threads, each in a process of its own, one after
the other. The libraries are given whole documents, a title and a text with a line break between; of a long one the
embedder reads the first 256 tokens. Ours splits them into passages, as the product does, embeds all of these, and a
document stands where its best passage does. Latency is from the query's text to the documents' names, as many as the
measures look at, and once more for ten. Resident memory is that of the process and of those below it.

``rate``: files are added to a new knowledge base, to be searched when the clock stops, and the same passages are given
to `SentenceTransformer.encode` as it comes; each in a process of its own, in turn, with a model that has embedded
something already.

``growth``: see `benchmarks.retrieval_growth`.

Writes ``benchmarks/results/retrieval.json``, of which each command renews its section. Let nothing else run meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.machine import describe
from benchmarks.peer import Peer, peer_command, running
from benchmarks.retrieval_growth import END_TO_END, SIZES, grow
from octograph import settings
from octograph.agents.evaluation.data import lines_of
from octograph.agents.evaluation.retrieval import (
    DEPTH,
    Ranker,
    RetrievalQuery,
    evaluate_retrieval,
    read_corpus,
    read_queries,
)
from octograph.composition import make_splitter, model_store
from octograph.nodes.embedder.client import MODEL
from octograph.retrieval.documents import read_document
from octograph.retrieval.documents.reading import MOST_BYTES
from octograph.retrieval.searching import Method

__all__ = ["main"]

HERE = Path(__file__).parent
METHODS: tuple[Method, ...] = ("dense", "bm25", "hybrid")
PEERS = {
    "txtai": ("txtai_retrieval", "default"),
    "txtai-exact": ("txtai_retrieval", "exact"),
    "langchain": ("langchain_retrieval",),
    "haystack": ("haystack_retrieval",),
    "llamaindex": ("llamaindex_retrieval",),
}
USUAL = ("octograph", "txtai", "txtai-exact", "langchain", "haystack")
FEW = 10


# --- quality -------------------------------------------------------------------------------------------------


def quality(arguments: argparse.Namespace, keep: Callable[[Mapping[str, Any]], None], before: Any) -> None:
    """Measure each contender."""
    corpus = dict(islice(read_corpus(arguments.data).items(), arguments.limit_corpus))
    corpus = {name: (title, text) for name, (title, text) in corpus.items() if text.strip()}
    queries = [
        query for query in read_queries(arguments.data / "queries-val.jsonl") if query.relevant <= corpus.keys()
    ][: arguments.limit_queries]
    subject = {
        "data": arguments.data.name,
        "documents": len(corpus),
        "queries": len(queries),
        "threads": arguments.threads,
        "given": "the libraries: whole documents, title, line break, text; octograph: passages of them, title and text",
        "memory": "the process and those below it, with the embedder, after all searches",
    }
    contenders = before.get("contenders", {}) if before.get("subject") == subject else {}
    print(f"{'':22} ndcg@10  r@10    r@100   mrr@10  p50 ms  p95 ms  (ten: p50)")
    for name in arguments.only:
        contenders[name] = found = asyncio.run(_measured(name, corpus, queries, _environment(arguments.threads)))
        keep({"subject": subject, "machine": describe(), "contenders": contenders})
        for method, one in found["methods"].items():
            measures = "  ".join(f"{one[key]:.4f}" for key in ("ndcg@10", "recall@10", "recall@100", "mrr@10"))
            times = f"{one['latency_ms']['p50']:6.1f}  {one['latency_ms']['p95']:6.1f}  {one['ten_ms']['p50']:6.1f}"
            print(f"{name + ' ' + method:22} {measures}  {times}")
        indexed = found["indexed"]
        print(
            f"{name:22} indexed in {indexed['seconds']:.1f} s and saved in {indexed['save_seconds']:.1f} s, "
            f"{indexed['disk_bytes'] / 1e6:.1f} MB, resident {found['memory_mib']:.0f} MiB",
            flush=True,
        )


async def _measured(
    name: str,
    corpus: Mapping[str, tuple[str, str]],
    queries: Sequence[RetrievalQuery],
    environment: Mapping[str, str],
) -> dict[str, Any]:
    ours = (sys.executable, "-m", "benchmarks.retrieval_contender", "ours")
    command = ours if name == "octograph" else peer_command(*PEERS[name])
    with tempfile.TemporaryDirectory() as folder, running(*command, environment=environment) as peer:
        lines = Path(folder) / "corpus.jsonl"
        lines.write_text(
            "".join(
                json.dumps([key, title, text] if name == "octograph" else [key, f"{title}\n{text}"]) + "\n"
                for key, (title, text) in corpus.items()
            )
        )
        try:
            prepared = peer(op="prepare", model=_model(), folder=folder)
            indexed = peer(op="index", path=str(lines))
            found = await _searched(peer, queries)
        except (json.JSONDecodeError, BrokenPipeError):
            raise SystemExit(f"{name} ended; run it by hand to see why: {' '.join(command)}") from None
        process = psutil.Process(peer.process.pid)
        memory = sum(each.memory_info().rss for each in (process, *process.children(recursive=True))) / 2**20
    return {**found, "prepared": prepared, "indexed": indexed, "memory_mib": memory}


async def _searched(peer: Peer, queries: Sequence[RetrievalQuery]) -> dict[str, Any]:
    """The measures of each method; the times are those that the process itself tells."""
    seconds: dict[tuple[Method, int], list[float]] = {(method, k): [] for method in METHODS for k in (DEPTH, FEW)}

    async def rank(text: str, *, method: Method, k: int) -> list[str]:
        answer = peer(op="search", query=text, k=k, method=method)
        seconds[method, k].append(answer["seconds"])
        return list(dict.fromkeys(answer["ids"]))

    rankers: dict[str, Ranker] = {method: partial(rank, method=method, k=DEPTH) for method in METHODS}
    found = await evaluate_retrieval(queries, rankers, progress=lambda done, total: None)
    for method in METHODS:
        for query in (queries[0], *queries):
            await rank(query.text, method=method, k=FEW)
        # The first query was asked twice, before the clock and behind it.
        found["methods"][method]["latency_ms"] = _spread(seconds[method, DEPTH][2:])
        found["methods"][method]["ten_ms"] = _spread(seconds[method, FEW][2:])
    return found


def _spread(seconds: Sequence[float]) -> dict[str, float]:
    return {f"p{q}": float(np.percentile(seconds, q)) * 1000 for q in (50, 95)}


# --- rate ----------------------------------------------------------------------------------------------------


def rate(arguments: argparse.Namespace, keep: Callable[[Mapping[str, Any]], None]) -> None:
    """Measure indexing beside embedding alone."""
    environment = _environment(arguments.threads)
    with tempfile.TemporaryDirectory() as folder:
        files, texts = Path(folder) / "files", Path(folder) / "texts.json"
        passages = _written(read_corpus(arguments.data), files, arguments.passages)
        texts.write_text(json.dumps(passages))
        rounds: dict[str, list[dict[str, Any]]] = {"raw": [], "ours": []}
        for number in range(arguments.rounds):
            for name, request in (
                ("raw", {"op": "encode", "path": str(texts)}),
                ("ours", {"op": "files", "path": str(files)}),
            ):
                command = (sys.executable, "-m", "benchmarks.retrieval_contender", name)
                with running(*command, environment=environment) as peer:
                    prepared = peer(op="prepare", model=_model(), folder=f"{folder}/{number}")
                    answer = peer(**request)
                assert answer["passages"] == len(passages), answer
                rounds[name].append(answer | {"prepared": prepared})
                print(name, json.dumps(rounds[name][-1]), flush=True)
    raw, ours = (statistics.median(one["seconds"] for one in rounds[name]) for name in ("raw", "ours"))
    embedded = statistics.median(one["read_and_embedded_seconds"] for one in rounds["ours"])
    found = {
        "passages": len(passages),
        "characters": statistics.mean(len(text) for text in passages),
        "threads": arguments.threads,
        "raw_passages_per_second": len(passages) / raw,
        "our_passages_per_second": len(passages) / ours,
        "ratio": raw / ours,
        "ratio_without_publishing": raw / embedded,
        "rounds": rounds,
    }
    keep({"machine": describe(), **found})
    print(json.dumps({key: value for key, value in found.items() if key != "rounds"}))


def _written(corpus: Mapping[str, tuple[str, str]], folder: Path, wanted: int) -> list[str]:
    """Write documents as files until they make so many passages; what is embedded of each passage."""
    splitter = make_splitter(model_store(settings.load()))
    folder.mkdir()
    texts: list[str] = []
    names = random.Random(0).sample(sorted(name for name, (_, text) in corpus.items() if text.strip()), len(corpus))
    for name in names:
        title, text = corpus[name]
        path = folder / f"{name}.md"
        path.write_text(f"# {title}\n\n{text}\n")
        texts += [passage.indexed for passage in splitter.split(read_document(path, limit=MOST_BYTES))]
        if len(texts) >= wanted:
            break
    return texts


# --- the command line ----------------------------------------------------------------------------------------


def _model() -> str:
    return str(model_store(settings.load()).locate(MODEL, base=None))


def _environment(threads: int) -> Mapping[str, str]:
    """What every process is given."""
    counts = {name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    return os.environ | counts | {"HF_HUB_OFFLINE": "1"}


def _texts(path: Path) -> list[tuple[str, str]]:
    """Titles and texts of a corpus: a folder with ``corpus.jsonl``, or lines with ``title`` and ``context``."""
    if path.is_dir():
        return [(title, text) for title, text in read_corpus(path).values() if text.strip()]
    return list(dict.fromkeys((line["title"].replace("_", " "), line["context"]) for _, line in lines_of(path)))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("data", type=Path, help="a folder with corpus.jsonl[.gz] and queries-val.jsonl")
    shared.add_argument("--threads", type=int, default=settings.load().cpu_threads)
    shared.add_argument("--output", type=Path, default=HERE / "results" / "retrieval.json")
    one = commands.add_parser("quality", parents=[shared])
    one.add_argument("--only", nargs="+", choices=("octograph", *PEERS), default=list(USUAL))
    one.add_argument("--limit-corpus", type=int, default=None, help="use the first so many documents")
    one.add_argument("--limit-queries", type=int, default=None)
    one = commands.add_parser("rate", parents=[shared])
    one.add_argument("--passages", type=int, default=1500)
    one.add_argument("--rounds", type=int, default=2)
    one = commands.add_parser("growth", parents=[shared])
    one.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    one.add_argument("--kinds", nargs="+", choices=("flat", "hnsw", "ivf-pq"), help="default: those that fit a size")
    one.add_argument("--real", type=int, default=5000, help="real passages that are embedded")
    one.add_argument("--queries", type=int, default=200)
    one.add_argument("--end-to-end", type=int, default=END_TO_END, help="size with queries that are embedded")
    one.add_argument("--folder", type=Path, help="where the knowledge base grows; default: a temporary folder")
    return parser.parse_args()


def main() -> None:
    """Run a section and keep its figures."""
    arguments = _arguments()
    results: dict[str, Any] = json.loads(arguments.output.read_text()) if arguments.output.exists() else {}

    def keep(section: Mapping[str, Any]) -> None:
        results[arguments.command] = section
        arguments.output.write_text(json.dumps(results, indent=2) + "\n")

    before = results.get(arguments.command, {})
    if arguments.command == "quality":
        quality(arguments, keep, before)
    elif arguments.command == "rate":
        rate(arguments, keep)
    else:
        environment = _environment(arguments.threads)
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            grow(_texts(arguments.data), arguments, Path(folder), environment, keep)


if __name__ == "__main__":
    main()
