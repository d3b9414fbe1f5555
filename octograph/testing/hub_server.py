"""A server that speaks the model hub's protocol, on this machine: its lists, its downloads, and what goes wrong."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

__all__ = ["FakeHub"]

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass(slots=True)
class FakeHub:
    """A real HTTP server, for use as a context manager.

    Attributes
    ----------
    repositories
        By name, the files of each, by name.
    break_offs
        How many downloads break off in the middle.
    portal
        Whether a hotel's page is in the way.
    asked
        Method, path and range of what it was asked for, in order.

    """

    repositories: Mapping[str, Mapping[str, bytes]]
    break_offs: int = 0
    portal: bool = False
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    _server: ThreadingHTTPServer | None = None
    _thread: threading.Thread | None = None

    @property
    def endpoint(self) -> str:
        """Its address."""
        if self._server is None:
            raise RuntimeError("the hub does not run: use it in a `with` block")
        return f"http://127.0.0.1:{self._server.server_port}"

    def downloads(self) -> list[str]:
        """Ranges of the downloads, in order; empty for a whole file."""
        return [span for method, path, span in self.asked if method == "GET" and "/resolve/" in path]

    def __enter__(self) -> Self:
        """Start it, at a free port of this machine."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
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


def _handler(hub: FakeHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Answers one request."""

        def do_GET(self) -> None:
            """Answer with a list, a file or its headers."""
            path, span = unquote(urlsplit(self.path).path), self.headers.get("Range", "")
            hub.asked.append((self.command, path, span))
            listed = re.fullmatch(r"/api/models/([^/]+/[^/]+)/tree/main", path)
            if hub.portal:
                self._send(200, b"<html>Welcome to our hotel</html>", {"Content-Type": "text/html"})
            elif listed is not None and listed[1] in hub.repositories:
                tree = [
                    {"type": "file", "path": name, "size": len(content), "oid": _digest("sha1", content)}
                    for name, content in hub.repositories[listed[1]].items()
                ]
                self._send(200, json.dumps(tree).encode(), {"Content-Type": "application/json"})
            else:
                self._send_file(path, span)

        do_HEAD = do_GET  # noqa: N815  # the base class calls it so

        def _send_file(self, path: str, span: str) -> None:
            found = re.fullmatch(f"/([^/]+/[^/]+)/resolve/(?:main|{COMMIT})/(.+)", path)
            files = hub.repositories.get(found[1]) if found is not None else None
            if found is None or files is None or found[2] not in files:
                self._send(404, b"", {"X-Error-Code": "RepoNotFound" if files is None else "EntryNotFound"})
                return
            content = files[found[2]]
            headers = {"ETag": f'"{_digest("sha256", content)}"', "X-Repo-Commit": COMMIT}
            if span:
                start = int(span.removeprefix("bytes=").split("-")[0])
                headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
                content = content[start:]
            self._send(206 if span else 200, content, headers)

        def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in (headers | {"Content-Length": str(len(content))}).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "HEAD":
                return
            if hub.break_offs and len(content) > 1000:
                hub.break_offs -= 1
                content = content[: len(content) // 2]
                self.close_connection = True
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler


def _digest(kind: str, content: bytes) -> str:
    return hashlib.new(kind, content, usedforsecurity=False).hexdigest()
