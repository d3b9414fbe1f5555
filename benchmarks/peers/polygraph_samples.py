"""The peer: lm-polygraph's own `SamplingGenerationCalculator` on the same weights in transformers.

    python -m benchmarks.peers.polygraph_samples MODEL.gguf THREADS [float32|bfloat16]

Measured is one call of the calculator on one text: `model.generate` for each sample, which reads the prompt again
and keeps scores and hidden states, then the log-likelihoods that its estimators need.
Nothing ends a sample early: the model's generation settings name no end token.
Sampling is lm-polygraph's default, temperature 1 and the 50 likeliest tokens.
What part of the difference is the prefill and what part transformers shows beside `llama_python.py`'s ``samples``,
which reads the prompt as often on llama.cpp.

Requests, a line of JSON each, and their answers:

    {"op": "describe"}
        {"torch", "transformers", "lm_polygraph", "dtype", "threads", "attention"}
    {"op": "samples", "prompt_tokens": [int] or "messages": [{"role", "content"}], "k": 10, "max_tokens": 64}
        {"seconds", "prompt_tokens", "tokens", "tokens_each": [int], "texts": [str], "log_probabilities": [float]}
"""

from __future__ import annotations

import importlib
import time
from importlib.metadata import version
from typing import Any

from benchmarks.peers.lines import serve
from benchmarks.peers.torch_model import GivenTokens, TorchModel

__all__ = ["main"]


def main() -> None:
    """Serve until stdin closes."""
    loaded = TorchModel.from_arguments(__doc__)
    loaded.model.generation_config.eos_token_id = None
    polygraph = importlib.import_module("lm_polygraph")
    calculators = importlib.import_module("lm_polygraph.stat_calculators.sample")
    serve(lambda request: _answer(loaded, polygraph, calculators, request))


def _answer(loaded: TorchModel, polygraph: Any, calculators: Any, request: dict[str, Any]) -> dict[str, Any]:
    if request["op"] == "describe":
        return {**loaded.description, "lm_polygraph": version("lm-polygraph")}
    prompt = loaded.prompt(request)
    model = polygraph.WhiteboxModel(loaded.model, GivenTokens(loaded.tokenizer, prompt))
    calculator = calculators.SamplingGenerationCalculator(samples_n=request.get("k", 10))
    started = time.perf_counter()
    statistics = calculator({}, [""], model, max_new_tokens=request.get("max_tokens", 64))
    seconds = time.perf_counter() - started
    return {**loaded.written(prompt, seconds), "log_probabilities": statistics["sample_log_probs"][0]}


if __name__ == "__main__":
    main()
