"""The peer: optillm's own `cot_decode` on the same weights in transformers.

    python -m benchmarks.peers.optillm_cot MODEL.gguf THREADS [float32|bfloat16]

Measured is one call of the function, as its users call it: a pass over the prompt for the first tokens, then
`model.generate` for each path, which reads the prompt again.
Each path is made to write all of its tokens by `min_new_tokens` in the model's generation settings, which the function
leaves alone, unless it may end (``ends``); its first token counts as one of them.

Requests, a line of JSON each, and their answers:

    {"op": "describe"}
        {"torch", "transformers", "optillm", "dtype", "threads", "attention"}
    {"op": "cot", "prompt_tokens": [int] or "messages": [{"role", "content"}], "k": 10, "max_tokens": 128,
     "ends": false}
        {"seconds", "prompt_tokens", "tokens", "tokens_each": [int], "texts": [str], "chosen", "confidence"}
"""

from __future__ import annotations

import time
from importlib.metadata import version
from typing import Any

from benchmarks.peers.lines import serve
from benchmarks.peers.optillm import optillm_module
from benchmarks.peers.torch_model import GivenTokens, TorchModel

__all__ = ["main"]


def main() -> None:
    """Serve until stdin closes."""
    loaded = TorchModel.from_arguments(__doc__)
    cot_decode = optillm_module("cot_decoding").cot_decode
    serve(lambda request: _answer(loaded, cot_decode, request))


def _answer(loaded: TorchModel, cot_decode: Any, request: dict[str, Any]) -> dict[str, Any]:
    if request["op"] == "describe":
        return {**loaded.description, "optillm": version("optillm")}
    prompt = loaded.prompt(request)
    tokenizer = loaded.tokenizer if "messages" in request else GivenTokens(loaded.tokenizer, prompt)
    behind_first = request.get("max_tokens", 128) - 1
    loaded.model.generation_config.min_new_tokens = None if request.get("ends") else behind_first
    started = time.perf_counter()
    chosen, confidence = cot_decode(
        loaded.model,
        tokenizer,
        request.get("messages", []),
        k=request.get("k", 10),
        max_new_tokens=behind_first,
    )
    seconds = time.perf_counter() - started
    return {**loaded.written(prompt, seconds), "chosen": chosen, "confidence": confidence}


if __name__ == "__main__":
    main()
