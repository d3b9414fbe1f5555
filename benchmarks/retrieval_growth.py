r"""How a knowledge base grows from a thousand passages to a million; a section of `benchmarks.retrieval`.

**Passages.** A thousand real ones are not enough, so those of a corpus are recombined: two are drawn at random, and two
thirds of the sentences of one are joined with a third of those of the other. So words have the frequencies of real
text, and passages share words and sentences as those on one subject do.

**Vectors.** To embed a million passages takes hours. The real passages are embedded once, with the bundled embedder;
``v_i`` is the vector of the passage that sentence ``i`` is from, and a text of sentences with ``w_i`` characters has
``v = normalise(sum_i w_i v_i / |sum_i w_i v_i| + e)``. The noise ``e`` is normal with the covariance of the real
vectors, scaled to a length of about `NOISE`: in all directions alike it would make vectors of a higher intrinsic
dimension than real ones, which are harder to find and to code. ``likeness`` among the results has the cosines of real
vectors and of made ones to the nearest others of as many.

**Queries** are made in the same way and are in no knowledge base; as words they are ten of their text. Their vectors
are given, so times are without embedding; ``end_to_end`` has them embedded.

**Measured** for each size and kind of index, all in processes of their own: the time and the peak of memory of making
both indexes from the catalogue; bytes on the disk; the memory of a process that has opened the knowledge base and
answered all queries, part of which (``file``) are pages of the word index that the system may take back; the time of
the vector index alone and of the word index alone (``vectors-10`` asks for ten, ``vectors-100`` and ``words-100`` for
as many as a search does), and of whole searches for ten passages. Recall is the share of Flat's first ten.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import describe
from benchmarks.retrieval_grown import CATALOGUE, K
from octograph import settings
from octograph.cancellation import CancelToken
from octograph.composition import make_splitter, model_store
from octograph.nodes.embedder import EmbedderClient, embedder_host
from octograph.retrieval.catalogue import Catalogue
from octograph.retrieval.documents import Document
from octograph.retrieval.embedding import Embedder
from octograph.retrieval.entry import Stamp
from octograph.retrieval.passage import Passage
from octograph.retrieval.vectors import IndexKind, plan

__all__ = ["END_TO_END", "SIZES", "MadeUp", "grow"]

SIZES = (1_000, 10_000, 100_000, 300_000, 1_000_000)
END_TO_END = 100_000
HNSW_FROM, HNSW_TO, CODES_FROM = 10_000, 300_000, 100_000
"""Sizes for which each kind of index makes sense; Flat is measured at all, being what the others are compared with."""

NOISE = 0.3
PORTION, DOCUMENT = 5_000, 50
"""Passages that are written together, and those of one document."""

WORDS = 10
"""Of a query."""

_SENTENCE = re.compile(r"(?<=[.!?])\s+")


class MadeUp:
    """An `Embedder` for texts of known sentences, one on each line; other lines do not count.

    Parameters
    ----------
    passages
        The real ones.
    vectors
        Theirs, ``[n, d]``, of length 1.
    space
        Of the embedder that made them.

    """

    def __init__(
        self, passages: Sequence[Passage], vectors: NDArray[np.float32], space: Mapping[str, Any], *, seed: int
    ) -> None:
        self._space = space
        self._vectors = vectors
        found = [[" ".join(part.split()) for part in _SENTENCE.split(passage.text)] for passage in passages]
        self._passages = [(passage.title, lines) for passage, lines in zip(passages, found, strict=True)]
        self._row: dict[str, int] = {}
        for row, lines in enumerate(found):
            for line in lines:
                self._row.setdefault(line, row)
        values, directions = np.linalg.eigh(np.cov(vectors.T))
        spread = directions * np.sqrt(np.maximum(values, 0))  # [d, d]
        self._spread = (NOISE / np.linalg.norm(spread) * spread).astype(np.float32)
        self._noise = np.random.default_rng(seed)
        self._chance = random.Random(seed)

    def make(self, count: int) -> list[Passage]:
        """Make further passages."""
        made = []
        for _ in range(count):
            (title, mostly), (_, partly) = self._chance.choice(self._passages), self._chance.choice(self._passages)
            lines = self._some(mostly, 2 / 3) + self._some(partly, 1 / 3)
            made.append(Passage(text="\n".join(lines), title=title))
        return made

    def _some(self, lines: Sequence[str], share: float) -> list[str]:
        kept = self._chance.sample(range(len(lines)), max(1, round(share * len(lines))))
        return [lines[place] for place in sorted(kept)]

    async def space(self) -> Mapping[str, Any]:
        """See `Embedder`."""
        return self._space

    async def encode(self, texts: Sequence[str], *, cancel: CancelToken) -> NDArray[np.float32] | None:
        """See `Embedder`."""
        from scipy.sparse import csr_matrix

        lengths: list[int] = []
        rows: list[int] = []
        starts = [0]
        for text in texts:
            for line in text.split("\n"):
                if line in self._row:
                    rows.append(self._row[line])
                    lengths.append(len(line))
            starts.append(len(rows))
        shares = csr_matrix((np.array(lengths, np.float32), rows, starts), shape=(len(texts), len(self._vectors)))
        noise = self._noise.standard_normal((len(texts), len(self._spread)), dtype=np.float32) @ self._spread.T
        return _unit(_unit(shares @ self._vectors) + noise)


def grow(
    texts: Sequence[tuple[str, str]],
    arguments: argparse.Namespace,
    folder: Path,
    environment: Mapping[str, str],
    keep: Callable[[Mapping[str, Any]], None],
) -> None:
    """Fill a knowledge base from size to size, and measure each kind of index at each."""
    made, queries, likeness = asyncio.run(_material(texts, arguments))
    np.savez(folder / "queries.npz", **queries)
    found: dict[str, Any] = {
        "subject": {
            "data": arguments.data.name,
            "real": arguments.real,
            "queries": arguments.queries,
            "threads": arguments.threads,
            "noise": NOISE,
            "likeness": likeness,
        },
        "machine": describe(),
        "sizes": {},
    }
    print("likeness", json.dumps(likeness), flush=True)
    there = 0
    for size in sorted(arguments.sizes):
        started = time.perf_counter()
        asyncio.run(_fill(folder, made, there, size))
        row: dict[str, Any] = {"chosen": plan(size).kind, "filled_seconds": time.perf_counter() - started}
        found["sizes"][str(size)] = row | {"added": size - there, "kinds": {}}
        there = size
        truth: list[list[int]] = []
        for kind in _kinds(size, arguments.kinds):
            one = _measured(folder, kind, environment)
            answers = one.pop("ids")
            truth = answers["dense"] if kind == "flat" else truth
            for name, ids in answers.items():
                one["answers"][name][f"recall@{K}"] = _recall(ids, truth)
            if size == arguments.end_to_end and kind == plan(size).kind:
                one["end_to_end"] = _child(environment, "end-to-end", str(folder), str(arguments.threads))
            found["sizes"][str(size)]["kinds"][kind] = one
            _tell(size, kind, one)
            keep(found)
    found["targets"] = _targets(found["sizes"], arguments.end_to_end)
    keep(found)
    for target in found["targets"]:
        print(target)


async def _material(
    texts: Sequence[tuple[str, str]], arguments: argparse.Namespace
) -> tuple[MadeUp, dict[str, Any], dict[str, Any]]:
    """What passages are made of, the queries, and how like the real vectors the made ones are."""
    store = model_store(settings.load())
    splitter = make_splitter(store)
    passages = [
        passage for title, text in texts for passage in splitter.split(Document(text=text, markup="text", title=title))
    ]
    passages = random.Random(0).sample(passages, min(arguments.real, len(passages)))
    embedder = EmbedderClient(embedder_host(store, threads=arguments.threads))
    try:
        vectors = await embedder.encode([passage.indexed for passage in passages], cancel=CancelToken())
        space = await embedder.space()
    finally:
        embedder.host.stop()
    assert vectors is not None
    chance = random.Random(1)
    asked = MadeUp(passages, vectors, space, seed=1)
    held = asked.make(arguments.queries)
    queries = {"vectors": await _encoded(asked, held), "texts": np.array([_window(one.text, chance) for one in held])}
    others = MadeUp(passages, vectors, space, seed=2)
    made = await _encoded(others, others.make(len(passages)))
    likeness = {"n": len(passages), "real": _nearest(vectors, vectors), "made": _nearest(made, made)}
    return MadeUp(passages, vectors, space, seed=0), queries, likeness


async def _fill(folder: Path, made: MadeUp, first: int, size: int) -> None:
    """Write passages until there are so many; they wait to be published."""
    catalogue = Catalogue.create(folder / CATALOGUE, embedder=await made.space())
    while first < size:
        passages = made.make(min(PORTION, size - first))
        vectors = await _encoded(made, passages)
        with catalogue.writing():
            for place in range(0, len(passages), DOCUMENT):
                source = f"/made/{first + place:07}.txt"
                some = passages[place : place + DOCUMENT]
                document = catalogue.begin(source, Stamp(size=1, modified=time.time_ns(), digest=source.encode()))
                catalogue.append(document, some, vectors[place : place + DOCUMENT])
                catalogue.finish(document, source)
        first += len(passages)
    catalogue.close()


async def _encoded(embedder: Embedder, passages: Sequence[Passage]) -> NDArray[np.float32]:
    vectors = await embedder.encode([passage.indexed for passage in passages], cancel=CancelToken())
    assert vectors is not None
    return vectors


def _measured(folder: Path, kind: IndexKind, environment: Mapping[str, str]) -> dict[str, Any]:
    built = _child(environment, "build", str(folder), kind)
    (index,) = folder.glob("index-*")
    sizes = {
        "catalogue": (folder / CATALOGUE).stat().st_size,
        "vectors": sum(path.stat().st_size for path in index.glob("vectors-*")),
        "words": sum(path.stat().st_size for path in (index / "words").iterdir()),
    }
    return {"built": built, "bytes": sizes, **_child(environment, "answer", str(folder))}


def _child(environment: Mapping[str, str], *arguments: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.retrieval_grown", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=dict(environment))
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _kinds(size: int, wanted: Sequence[IndexKind] | None) -> Sequence[IndexKind]:
    fitting = {"flat": True, "hnsw": HNSW_FROM <= size <= HNSW_TO, "ivf-pq": size >= CODES_FROM}
    return [kind for kind in get_args(IndexKind) if (kind in wanted if wanted else fitting[kind])]


def _recall(ids: Sequence[Sequence[int]], truth: Sequence[Sequence[int]]) -> float | None:
    """Share of the first ten of Flat that were found; None if Flat was not measured."""
    if not truth:
        return None
    pairs = zip(ids, truth, strict=True)
    return float(np.mean([len(set(some[:K]).intersection(best)) / len(best) for some, best in pairs]))


def _targets(sizes: Mapping[str, Any], end_to_end: int) -> list[str]:
    """What was wanted beside what was found."""
    hundred = sizes.get("100000", {}).get("kinds", {})
    million = sizes.get("1000000", {}).get("kinds", {})
    told = []
    if {"flat", "hnsw"} <= hundred.keys():
        graph, flat = (hundred[kind]["answers"]["vectors-10"] for kind in ("hnsw", "flat"))
        told.append(f"hnsw at 100,000: recall@10 {graph['recall@10']:.4f}, wanted 0.97")
        told.append(f"hnsw at 100,000: p50 is {graph['p50_ms'] / flat['p50_ms']:.4f} of flat's, wanted below 0.05")
    if "ivf-pq" in million:
        told.append(
            f"ivf-pq at 1,000,000: resident {million['ivf-pq']['memory_mib']['all']:.0f} MiB, wanted 954 (1 GB)"
        )
    for kind, one in sizes.get(str(end_to_end), {}).get("kinds", {}).items():
        if "end_to_end" in one:
            p50 = one["end_to_end"]["search"]["p50_ms"]
            told.append(f"{kind} at {end_to_end:,}: hybrid with embedding p50 {p50:.1f} ms, wanted below 30")
    return told


def _tell(size: int, kind: str, one: Mapping[str, Any]) -> None:
    megabytes = ", ".join(f"{name} {count / 1e6:.1f}" for name, count in one["bytes"].items())
    print(
        f"{size:,} {kind}: built in {one['built']['seconds']:.1f} s, peak {one['built']['peak_mib']:.0f} MiB; "
        f"MB: {megabytes}; resident {one['memory_mib']['all']:.0f} MiB (file {one['memory_mib']['file']:.0f})"
    )
    for name, times in (one["answers"] | one.get("end_to_end", {})).items():
        recall = times.get(f"recall@{K}")
        print(
            f"    {name:12} p50 {times['p50_ms']:8.3f} ms  p99 {times['p99_ms']:8.3f} ms"
            + ("" if recall is None else f"  recall@{K} {recall:.4f}")
        )
    sys.stdout.flush()


def _window(text: str, chance: random.Random) -> str:
    words = text.split()
    first = chance.randrange(max(1, len(words) - WORDS))
    return " ".join(words[first : first + WORDS])


def _nearest(vectors: NDArray[np.float32], others: NDArray[np.float32]) -> dict[str, float]:
    """Cosines to the nearest and the tenth nearest: the medians, and those that a tenth is below and above."""
    cosines = vectors @ others.T
    np.fill_diagonal(cosines, -1)
    ranked = -np.partition(-cosines, (0, 9), axis=1)
    return {f"{rank}_p{q}": float(np.percentile(ranked[:, rank - 1], q)) for rank in (1, 10) for q in (10, 50, 90)}


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
