"""The peer: `llama_cpp.Llama` as llama-cpp-python ships it, in a process of its own.

Reads one JSON request a line and answers each with one JSON line.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import llama_cpp

from benchmarks.peers.lines import serve

__all__ = ["main"]


def main() -> None:
    """Serve until stdin closes."""
    path, threads, context = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    llama = llama_cpp.Llama(path, n_ctx=context, n_threads=threads, n_threads_batch=threads, verbose=False)
    serve(lambda request: _answer(llama, request))


def _answer(llama: llama_cpp.Llama, request: dict[str, Any]) -> dict[str, Any]:
    if request["op"] == "tokens":
        text = request["text"].encode()
        return {"tokens": llama.tokenize(text, add_bos=False, special=request["special"])}
    if request["op"] == "evaluate":
        # Its own prompt evaluation: the prefix stays in its cache, the rest is computed.
        llama.n_tokens = 0
        llama.eval(request["prefix"])
        started = time.perf_counter()
        llama.eval(request["tokens"])
        return {"seconds": time.perf_counter() - started}
    started = time.perf_counter()
    completion = llama.create_completion(request["tokens"], max_tokens=request["max_tokens"], temperature=0.0)
    seconds = time.perf_counter() - started
    return {
        "seconds": seconds,
        "tokens": completion["usage"]["completion_tokens"],
        "text": completion["choices"][0]["text"],
    }


if __name__ == "__main__":
    main()
