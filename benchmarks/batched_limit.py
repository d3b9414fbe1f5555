"""The limit: llama.cpp's own batched decoding through the low-level interface, with nothing around it.

Reads one JSON request a line and answers each with one JSON line:

    {"tokens": [int], "k": 10, "max_tokens": 128}
        {"prefill_seconds", "decode_seconds", "tokens"}

One prefill, `k` sequences over it, and then a batch of `k` rows a step; each row's next token is its argmax, and end
tokens end nothing.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import llama_cpp
import numpy as np

from benchmarks.peers.lines import serve

__all__ = ["main"]


def main() -> None:
    """Serve until stdin closes."""
    path, threads, cells = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    llama_cpp.llama_backend_init()
    model = llama_cpp.llama_model_load_from_file(path.encode(), llama_cpp.llama_model_default_params())
    params = llama_cpp.llama_context_default_params()
    params.n_ctx, params.n_seq_max, params.kv_unified = cells, 64, True
    params.n_batch = params.n_ubatch = 512
    params.n_threads = params.n_threads_batch = threads
    context = llama_cpp.llama_init_from_model(model, params)
    serve(lambda request: _run(model, context, request))


def _run(model: Any, context: Any, request: dict[str, Any]) -> dict[str, float]:
    prompt, k = request["tokens"], request["k"]
    vocabulary = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))
    memory = llama_cpp.llama_get_memory(context)
    llama_cpp.llama_memory_clear(memory, False)
    batch = llama_cpp.llama_batch_init(512, 0, 1)

    def put(index: int, token: int, position: int, sequence: int, wanted: bool) -> None:
        batch.token[index], batch.pos[index] = token, position
        batch.n_seq_id[index], batch.seq_id[index][0] = 1, sequence
        batch.logits[index] = wanted

    def decode(rows: int) -> None:
        batch.n_tokens = rows
        assert llama_cpp.llama_decode(context, batch) == 0

    def logits(index: int) -> Any:
        return np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(context, index), shape=(vocabulary,))

    started = time.perf_counter()
    for begin in range(0, len(prompt), 512):
        part = prompt[begin : begin + 512]
        for index, token in enumerate(part):
            put(index, token, begin + index, 0, begin + index == len(prompt) - 1)
        decode(len(part))
    first = logits(-1)
    tokens = [int(token) for token in np.argpartition(first, -k)[-k:]]
    for sequence in range(1, k):
        llama_cpp.llama_memory_seq_cp(memory, 0, sequence, -1, -1)
    prefilled = time.perf_counter()
    for step in range(request["max_tokens"] - 1):
        for index, token in enumerate(tokens):
            put(index, token, len(prompt) + step, index, True)
        decode(k)
        tokens = [int(logits(index).argmax()) for index in range(k)]
    ended = time.perf_counter()
    llama_cpp.llama_batch_free(batch)
    return {
        "prefill_seconds": prefilled - started,
        "decode_seconds": ended - prefilled,
        "tokens": k * request["max_tokens"],
    }


if __name__ == "__main__":
    main()
