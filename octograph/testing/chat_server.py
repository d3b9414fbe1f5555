"""A server that speaks OpenAI's chat protocol, on this machine, and does everything wrong when asked to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

__all__ = ["FakeChatServer"]


@dataclass(slots=True)
class FakeChatServer:
    """A real HTTP server, for use as a context manager.

    Attributes
    ----------
    pieces
        What it writes, an event each.
    models
        What it has.
    key
        The key that it wants, if any.
    delay
        Seconds before each piece.
    status, trouble, headers
        Answers with another status than 200 and this as its ``error``.
    finish
        Why the text ends, in the protocol's words; None says nothing.
    usage
        Token counts that it tells at the end; None tells none.
    hang_up
        How many requests it drops at once, before it answers one.
    cut_after
        Breaks off after so many pieces.
    raw
        Sends these bytes in the place of events.
    requests, keys
        Bodies and keys of what it was asked for, in order.
    gone
        Set when somebody left before the text ended.

    """

    pieces: Sequence[str] = ("Hello", " there")
    models: Sequence[str] = ("big",)
    key: str | None = None
    delay: float = 0.0
    status: int = 200
    trouble: object = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    finish: str | None = "stop"
    usage: Mapping[str, Any] | None = None
    hang_up: int = 0
    cut_after: int | None = None
    raw: bytes | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    gone: threading.Event = field(default_factory=threading.Event)
    _server: ThreadingHTTPServer | None = None
    _thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Its address, up to ``/v1``."""
        if self._server is None:
            raise RuntimeError("the server does not run: use it in a `with` block")
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    @property
    def source(self) -> str:
        """Its first model, as a graph file names it."""
        return f"openai:{self.url}#{self.models[0]}"

    def __enter__(self) -> Self:
        """Start it, at a free port of this machine."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"fake": self}))
        server.daemon_threads = True
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def events(self) -> list[bytes]:
        """What it streams, an entry each."""
        chunks: list[dict[str, Any]] = [{"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}]
        chunks += [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in self.pieces]
        chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": self.finish}]})
        if self.usage is not None:
            chunks.append({"choices": [], "usage": dict(self.usage)})
        texts = [json.dumps(chunk, ensure_ascii=False) for chunk in chunks]
        return [f"data: {text}\n\n".encode() for text in [*texts, "[DONE]"]]


class _Handler(BaseHTTPRequestHandler):
    """Answers one request as the fake is told to."""

    fake: FakeChatServer

    def do_GET(self) -> None:
        """List the models."""
        if self._is_let_in():
            self._answer(200, {"object": "list", "data": [{"id": name} for name in self.fake.models]})

    def do_POST(self) -> None:
        """Write a text."""
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.fake.requests.append(body)
        if self.fake.hang_up:
            self.fake.hang_up -= 1
            return
        if not self._is_let_in():
            return
        if self.fake.status != 200:
            self._answer(self.fake.status, {"error": self.fake.trouble})
        elif self.path != "/v1/chat/completions":
            self._answer(404, {"error": "page not found"})
        elif body["model"] not in self.fake.models:
            self._answer(404, {"error": {"message": f"model {body['model']!r} not found", "type": "not_found"}})
        else:
            self._stream()

    def _is_let_in(self) -> bool:
        given = self.headers.get("authorization")
        self.fake.keys.append(None if given is None else given.removeprefix("Bearer "))
        if self.fake.key is None or given == f"Bearer {self.fake.key}":
            return True
        self._answer(401, {"error": {"message": f"the key {given!r} is not valid", "code": "invalid_api_key"}})
        return False

    def _answer(self, status: int, document: object) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        for name, value in {"content-length": str(len(content)), **self.fake.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        events = self.fake.events() if self.fake.raw is None else [self.fake.raw]
        # The role comes first; it is no piece of the text.
        last = None if self.fake.cut_after is None else self.fake.cut_after + 1
        try:
            for event in events[:last]:
                time.sleep(self.fake.delay)
                self.wfile.write(event)
        except OSError:
            self.fake.gone.set()

    def finish(self) -> None:
        """End the connection, whoever left it first."""
        with suppress(OSError):
            super().finish()

    def log_message(self, *_: object) -> None:
        """Say nothing."""
