"""The peer: `llama_cpp.Llama` as llama-cpp-python ships it, asked for what the engine does in batches.

    python -m benchmarks.peers.llama_python MODEL.gguf THREADS CONTEXT

Its own `generate` writes: it keeps the longest common prefix of the last prompt by itself, and it passes end tokens
on without stopping, so nothing has to be forbidden (`logit_bias` would copy the vocabulary in Python at each step).
What `create_completion` adds a token, its search for stop words and its decoding to text, is left out, in the peer's
favour, save in ``complete``, which is what its users call.
``ignore_eog`` says that an end token ends nothing, so that each peer writes the same number of tokens.

Requests, a line of JSON each, and their answers:

    {"op": "describe"}
        {"llama_cpp_python", "threads", "context", "vocabulary"}
    {"op": "tokens", "text": str, "special": bool}
        {"tokens": [int]}
    {"op": "branches", "tokens": [int], "k": 10 or "first": [int], "max_tokens": 128, "ignore_eog": true}
        One prefill, then branch after branch; a branch's first token counts as one of its tokens.
        {"seconds", "prefill_seconds", "first": [int], "tokens", "branches": [[int]], "texts": [str]}
    {"op": "samples", "tokens": [int], "k": 10, "max_tokens": 64, "temperature": 1.0, "top_k": 50, "seed": 0,
     "ignore_eog": true}
        The cache is cleared before each sample, so that each has a prefill of its own.
        {"seconds", "tokens", "samples": [[int]], "texts": [str]}
    {"op": "complete", "tokens": [int], "max_tokens": 128, "ignore_eog": false}
        Greedy, from a cleared cache; by `create_completion`, or by `generate` where end tokens end nothing.
        {"seconds", "tokens", "text"}
    {"op": "clients", "prompts": [[int]], "clients": 8, "max_tokens": 64 or [int], "ignore_eog": false}
        So many threads, each sending its next request when the last is answered, and one `Llama` behind a lock.
        {"seconds", "tokens", "requests": [{"client", "sent", "first_token_seconds", "seconds", "tokens", "text"}]}
        in the order of the prompts; times of a request count from its sending, its wait for the lock included.
    {"op": "logprobs_sort", "vocabularies": [49152, 151936], "rounds": 9}
        Log-probabilities and the sort over the vocabulary that `create_completion` does a token with ``logprobs``.
        {"49152": {"logprobs_seconds", "sort_seconds", "stream_sort_seconds"}, …}, medians; the second sort is over
        Python's numbers, which it makes first, as is done when streaming.
"""

from __future__ import annotations

import argparse
import queue
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np

from benchmarks.peers.lines import serve

__all__ = ["main"]


def main() -> None:
    """Serve until stdin closes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("threads", type=int)
    parser.add_argument("context", type=int)
    arguments = parser.parse_args()
    peer = Peer(arguments.path, threads=arguments.threads, context=arguments.context)
    serve(peer.answer)


class Peer:
    """One `Llama` and what is asked of it."""

    def __init__(self, path: Path, *, threads: int, context: int) -> None:
        self._llama = llama_cpp.Llama(
            str(path), n_ctx=context, n_threads=threads, n_threads_batch=threads, verbose=False
        )
        self._threads = threads
        self._vocabulary = llama_cpp.llama_model_get_vocab(self._llama.model)
        self._operations: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "describe": self._describe,
            "tokens": self._tokens,
            "branches": self._branches,
            "samples": self._samples,
            "complete": self._complete,
            "clients": self._clients,
            "logprobs_sort": _logprobs_sort,
        }

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what the request asks."""
        return self._operations[request["op"]](request)

    def _describe(self, _request: dict[str, Any]) -> dict[str, Any]:
        return {
            "llama_cpp_python": version("llama-cpp-python"),
            "threads": self._threads,
            "context": self._llama.n_ctx(),
            "vocabulary": self._llama.n_vocab(),
        }

    def _tokens(self, request: dict[str, Any]) -> dict[str, Any]:
        text = request["text"].encode()
        return {"tokens": self._llama.tokenize(text, add_bos=False, special=request["special"])}

    def _branches(self, request: dict[str, Any]) -> dict[str, Any]:
        prompt, behind_first = request["tokens"], request.get("max_tokens", 128) - 1
        ignore_eog = request.get("ignore_eog", True)
        self._llama.reset()
        started = time.perf_counter()
        self._llama.eval(prompt)
        first = request.get("first") or self._likeliest(request.get("k", 10))
        prefill_seconds = time.perf_counter() - started
        branches = [
            [token, *self._write([*prompt, token], behind_first, ignore_eog=ignore_eog, temp=0.0)] for token in first
        ]
        seconds = time.perf_counter() - started
        return {
            "seconds": seconds,
            "prefill_seconds": prefill_seconds,
            "first": first,
            "tokens": sum(map(len, branches)),
            "branches": branches,
            "texts": [self._text(tokens) for tokens in branches],
        }

    def _samples(self, request: dict[str, Any]) -> dict[str, Any]:
        samples = []
        started = time.perf_counter()
        for number in range(request.get("k", 10)):
            self._llama.reset()
            self._llama.set_seed(request.get("seed", 0) + number)
            written = self._write(
                request["tokens"],
                request.get("max_tokens", 64),
                ignore_eog=request.get("ignore_eog", True),
                temp=request.get("temperature", 1.0),
                top_k=request.get("top_k", 50),
                top_p=1.0,
                min_p=0.0,
            )
            samples.append(list(written))
        seconds = time.perf_counter() - started
        return {
            "seconds": seconds,
            "tokens": sum(map(len, samples)),
            "samples": samples,
            "texts": [self._text(tokens) for tokens in samples],
        }

    def _complete(self, request: dict[str, Any]) -> dict[str, Any]:
        prompt, max_tokens = request["tokens"], request.get("max_tokens", 128)
        self._llama.reset()
        started = time.perf_counter()
        if request.get("ignore_eog", False):
            tokens = list(self._write(prompt, max_tokens, ignore_eog=True, temp=0.0))
            return {"seconds": time.perf_counter() - started, "tokens": len(tokens), "text": self._text(tokens)}
        completion = self._llama.create_completion(prompt, max_tokens=max_tokens, temperature=0.0)
        seconds = time.perf_counter() - started
        return {
            "seconds": seconds,
            "tokens": completion["usage"]["completion_tokens"],
            "text": completion["choices"][0]["text"],
        }

    def _clients(self, request: dict[str, Any]) -> dict[str, Any]:
        prompts = request["prompts"]
        limits = request.get("max_tokens", 64)
        if isinstance(limits, int):
            limits = [limits] * len(prompts)
        waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in range(len(prompts)):
            waiting.put(number)
        answers: list[dict[str, Any]] = [{} for _ in prompts]
        lock = threading.Lock()
        self._llama.reset()
        started = time.perf_counter()

        def ask(client: int) -> None:
            while True:
                try:
                    number = waiting.get_nowait()
                except queue.Empty:
                    return
                sent, first_token, tokens = time.perf_counter(), None, []
                with lock:
                    for token in self._write(
                        prompts[number], limits[number], ignore_eog=request.get("ignore_eog", False), temp=0.0
                    ):
                        first_token = first_token or time.perf_counter() - sent
                        tokens.append(token)
                seconds = time.perf_counter() - sent
                answers[number] = {
                    "client": client,
                    "sent": sent - started,
                    "first_token_seconds": first_token or seconds,
                    "seconds": seconds,
                    "tokens": len(tokens),
                    "text": self._text(tokens),
                }

        threads = [threading.Thread(target=ask, args=(client,)) for client in range(request.get("clients", 8))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - started
        return {"seconds": seconds, "tokens": sum(answer["tokens"] for answer in answers), "requests": answers}

    def _write(self, prompt: list[int], max_tokens: int, *, ignore_eog: bool, **sampling: Any) -> Iterator[int]:
        for token in islice(self._llama.generate(prompt, **sampling), max_tokens):
            if not ignore_eog and llama_cpp.llama_vocab_is_eog(self._vocabulary, token):
                return
            yield token

    def _likeliest(self, k: int) -> list[int]:
        """Return the k likeliest tokens behind what was evaluated last, the likeliest first."""
        pointer = llama_cpp.llama_get_logits_ith(self._llama.ctx, -1)
        logits = np.ctypeslib.as_array(pointer, shape=(self._llama.n_vocab(),))  # [vocabulary]
        top = np.argpartition(-logits, k)[:k]
        likeliest: list[int] = top[np.argsort(-logits[top])].tolist()
        return likeliest

    def _text(self, tokens: list[int]) -> str:
        text: bytes = self._llama.detokenize(tokens)
        return text.decode(errors="replace")


def _logprobs_sort(request: dict[str, Any]) -> dict[str, Any]:
    return {
        str(size): _sort_times(size, request.get("rounds", 9))
        for size in request.get("vocabularies", (49_152, 151_936))
    }


def _sort_times(size: int, rounds: int) -> dict[str, float]:
    """Return the median times for one token; each round has other logits."""
    random = np.random.default_rng(0)
    times: dict[str, list[float]] = {"logprobs_seconds": [], "sort_seconds": [], "stream_sort_seconds": []}
    for _ in range(rounds):
        logits = random.normal(size=size).astype(np.float32)  # [size]
        moments = [time.perf_counter()]
        logprobs = llama_cpp.Llama.logits_to_logprobs(logits)
        moments.append(time.perf_counter())
        sorted(zip(logprobs, range(size), strict=True), reverse=True)
        moments.append(time.perf_counter())
        sorted(zip(logprobs.tolist(), range(size), strict=True), reverse=True)
        moments.append(time.perf_counter())
        for name, seconds in zip(times, np.diff(moments).tolist(), strict=True):
            times[name].append(seconds)
    return {name: statistics.median(values) for name, values in times.items()}


if __name__ == "__main__":
    main()
