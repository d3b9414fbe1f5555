"""The peer: lm-polygraph's own estimators of uncertainty over its own answers, on the same weights in transformers.

    python -m benchmarks.peers.polygraph_scores FOLDER THREADS [float32|bfloat16]

Of each estimator the sign is turned, so that higher is surer. Those that compare answers by a model of textual
entailment, such as its semantic entropy, are left out: that model has to be fetched from a hub.
Measured are calls of its calculators and estimators on one text, without keeping attention.

Requests, a line of JSON each, and their answers:

    {"op": "describe"}
        {"torch", "transformers", "lm_polygraph", "dtype", "threads", "attention"}
    {"op": "scores", "messages": [{"role", "content"}], "k": 10, "max_tokens": 64}
        {"text", "seconds", "scores": {name: number}}; the answer is greedy, and the seconds are those of it, of ``k``
        samples and of all scores
"""

from __future__ import annotations

import importlib
import time
from importlib.metadata import version
from typing import Any

from benchmarks.peers.lines import serve
from benchmarks.peers.torch_model import TorchModel

__all__ = ["main"]


class Polygraph:
    """Its calculators and estimators over one model."""

    def __init__(self, loaded: TorchModel) -> None:
        polygraph = importlib.import_module("lm_polygraph")
        calculators = importlib.import_module("lm_polygraph.stat_calculators")
        estimators = importlib.import_module("lm_polygraph.estimators")
        self._loaded = loaded
        self._model: Any = polygraph.WhiteboxModel(loaded.model, loaded.tokenizer)
        self._calculators = calculators
        self._estimators = [
            estimators.MaximumSequenceProbability(),
            estimators.Perplexity(),
            estimators.MeanTokenEntropy(),
            estimators.PTrue(),
            estimators.MonteCarloSequenceEntropy(),
            estimators.MonteCarloNormalizedSequenceEntropy(),
            estimators.LexicalSimilarity(metric="rougeL"),
        ]

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what the request asks."""
        if request["op"] == "describe":
            return {**self._loaded.description, "lm_polygraph": version("lm-polygraph")}
        text = self._loaded.tokenizer.apply_chat_template(
            request["messages"], tokenize=False, add_generation_prompt=True
        )
        found: dict[str, Any] = {"input_texts": [text]}
        started = time.perf_counter()
        for calculator in (
            self._calculators.GreedyProbsCalculator(output_attentions=False),
            self._calculators.EntropyCalculator(),
            self._calculators.SamplingGenerationCalculator(samples_n=request.get("k", 10)),
            self._calculators.PromptCalculator(),
        ):
            found |= calculator(found, [text], self._model, max_new_tokens=request.get("max_tokens", 64))
        scores = {str(one): -float(one(found)[0]) for one in self._estimators}
        seconds = time.perf_counter() - started
        return {"text": found["greedy_texts"][0], "seconds": seconds, "scores": scores}


def main() -> None:
    """Serve until stdin closes."""
    serve(Polygraph(TorchModel.from_arguments(__doc__)).answer)


if __name__ == "__main__":
    main()
