"""The peer: semantic-router's own `IndexedRouter` on all-MiniLM-L6-v2, its local encoder and its local index.

    python -m benchmarks.peers.semantic_router_routes [mean|max|sum]

Measured is one call of the router, as its users call it, with its defaults: the five nearest utterances, and the
route with the highest mean similarity among them (``mean``; ``sum`` lets them vote).
Out of scope is a route like the others, with the same examples as everybody's.
Its confidence is calibrated by its own Platt scaling, on a fifth of the examples (at most a thousand) that the index
did not hold then, so that it sees no more than the others do; the router that is measured holds them all.

Requests, a line of JSON each, and their answers:

    {"op": "prepare", "examples": {name: [str]}, "model": folder, "seed": int}
        {"seconds", "calibration", "semantic_router", "sentence_transformers", "torch", "threads"}
    {"op": "route", "query": str}
        {"worker", "probability", "distribution", "latency_ms"}; in the distribution, out of scope has
        ``sigmoid(its score - the best other score)``, which ranks queries as the router decides about them, and the
        other routes share the rest by their scores
"""

from __future__ import annotations

import argparse
import importlib
import math
import random
import time
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from benchmarks.peers.lines import serve

__all__ = ["main"]

MOST_HELD_OUT = 1000
NONE = "none"


class Peer:
    """The router, once it is prepared."""

    def __init__(self, aggregation: str) -> None:
        self._aggregation = aggregation
        self._library: Any = importlib.import_module("semantic_router")
        self._router: Any = None
        self._calibrator: Any = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer a request."""
        if request["op"] == "prepare":
            return self._prepare(request["examples"], request["model"], request["seed"])
        started = time.perf_counter()
        choices = self._router(request["query"], limit=None)
        latency_ms = (time.perf_counter() - started) * 1000
        scores = {choice.name: choice.confidence for choice in choices}
        return {
            "worker": choices[0].name,
            "probability": float(self._calibrator(choices[0].confidence)),
            "distribution": _distribution(scores),
            "latency_ms": latency_ms,
        }

    def _prepare(self, examples: Mapping[str, list[str]], model: str, seed: int) -> dict[str, Any]:
        import torch

        started = time.perf_counter()
        encoder: Any = importlib.import_module("semantic_router.encoders").LocalEncoder(name=model, device="cpu")
        self._calibrator = self._calibrated(encoder, examples, seed)
        self._router = self._make(encoder, examples)
        return {
            "seconds": time.perf_counter() - started,
            "calibration": self._calibrator.params,
            "semantic_router": version("semantic-router"),
            "sentence_transformers": version("sentence-transformers"),
            "torch": version("torch"),
            "threads": torch.get_num_threads(),
        }

    def _make(self, encoder: Any, examples: Mapping[str, list[str]]) -> Any:
        routes = [self._library.Route(name=name, utterances=texts) for name, texts in examples.items() if texts]
        return self._library.IndexedRouter(encoder=encoder, routes=routes, aggregation=self._aggregation)

    def _calibrated(self, encoder: Any, examples: Mapping[str, list[str]], seed: int) -> Any:
        """Its Platt scaling from score to probability, on examples that were held out of the index."""
        shuffled = [(text, name) for name, texts in examples.items() for text in texts]
        random.Random(seed).shuffle(shuffled)
        size = min(len(shuffled) // 5, MOST_HELD_OUT)
        kept: dict[str, list[str]] = {name: [] for name in examples}
        for text, name in shuffled[size:]:
            kept[name].append(text)
        router = self._make(encoder, kept)
        choices = [(router(text), name) for text, name in shuffled[:size]]
        scores, right = [choice.confidence for choice, _ in choices], [choice.name == name for choice, name in choices]
        return importlib.import_module("semantic_router.calibration").Calibrator.fit(scores, right)


def _distribution(scores: Mapping[str, float]) -> dict[str, float]:
    others = {name: max(score, 0.0) for name, score in scores.items() if name != NONE}
    outside = 1 / (1 + math.exp(max(others.values()) - scores[NONE])) if NONE in scores else 0.0
    total = sum(others.values())
    shared = {name: (1 - outside) * (score / total if total else 1 / len(others)) for name, score in others.items()}
    return {**shared, NONE: outside}


def main() -> None:
    """Serve until stdin closes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("aggregation", choices=("mean", "max", "sum"), nargs="?", default="mean")
    serve(Peer(parser.parse_args().aggregation).answer)


if __name__ == "__main__":
    main()
