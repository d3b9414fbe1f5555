"""The peer: optillm's own plugin `deepthink`, Self-Discover for each question and then answers that vote.

    python -m benchmarks.peers.optillm_deepthink

Its client is an OpenAI client to it. Here each call of the client is a line on stdout, to which the other side answers
with what its model writes: so the same model on the same engine writes for both.
Its settings are its defaults, but for the tokens of an answer: without a limit a small model does not always end.

Requests, a line of JSON each, and their answers:

    {"op": "describe"}
        {"optillm"}
    {"op": "answer", "query": str, "system": str, "max_tokens": int}
        {"text", "calls", "tokens", "warnings": [str]}; the warnings are its own, also where it puts something of its
        own in the place of what the model did not write

and before an answer, any number of times:

        {"messages": [{"role", "content"}], "max_tokens": int, "temperature": float, "top_p": float}
    {"text", "tokens", "finish": "stop" or "length"}
"""

from __future__ import annotations

import logging
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

from benchmarks.peers.lines import Ask, serve_asking
from benchmarks.peers.optillm import optillm_module

__all__ = ["main"]


class Client:
    """As much of an OpenAI client as the plugin uses."""

    def __init__(self, ask: Ask) -> None:
        self.calls = 0
        self.chat = SimpleNamespace(completions=self)
        self._ask = ask

    def create(
        self, *, model: str, messages: list[dict[str, str]], max_tokens: int, temperature: float, top_p: float = 1.0
    ) -> Any:
        """Have a text written."""
        self.calls += 1
        written = self._ask(
            {"messages": messages, "max_tokens": max_tokens, "temperature": temperature, "top_p": top_p}
        )
        choice = SimpleNamespace(message=SimpleNamespace(content=written["text"]), finish_reason=written["finish"])
        return SimpleNamespace(choices=[choice], usage=SimpleNamespace(completion_tokens=written["tokens"]))


class Told(logging.Handler):
    """Keeps what is logged as a warning."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """See `logging.Handler`."""
        self.messages.append(record.getMessage())


def main() -> None:
    """Serve until stdin closes."""
    plugin = optillm_module("plugins.deepthink_plugin")
    serve_asking(lambda request, ask: _answer(plugin, request, ask))


def _answer(plugin: Any, request: dict[str, Any], ask: Ask) -> dict[str, Any]:
    if request["op"] == "describe":
        return {"optillm": version("optillm")}
    told, client = Told(), Client(ask)
    logging.getLogger("optillm").addHandler(told)
    try:
        text, tokens = plugin.run(
            request["system"],
            request["query"],
            client,
            "model",
            {"max_completion_tokens": request["max_tokens"]},
        )
    finally:
        logging.getLogger("optillm").removeHandler(told)
    return {"text": text, "calls": client.calls, "tokens": tokens, "warnings": told.messages}


if __name__ == "__main__":
    main()
