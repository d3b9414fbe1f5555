"""What every `Router` promises, whoever decides."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from numpy.typing import NDArray

from octograph.cancellation import CancelToken
from octograph.nodes.deciders import NeighboursRouter, RemoteRouter, targets_of
from octograph.nodes.master import NO_WORKER, Router
from octograph.testing import FixedRouter, make_graph

WORKERS = ("math", "law", "chat")


class Lengths:
    """An embedder for which texts of like length are alike."""

    async def prepare(self) -> None:
        """It is ready."""

    async def encode(self, texts: Sequence[str], *, cancel: CancelToken) -> NDArray[np.float32] | None:
        if cancel.cancelled:
            return None
        angles = np.array([len(text) % 7 for text in texts], dtype=np.float32)
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)


class Decision(BaseHTTPRequestHandler):
    """Decides by the length of the query."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        names = [worker["name"] for worker in asked["workers"]]
        body = json.dumps({"distribution": {names[len(asked["query"]) % len(names)]: 2, "none": 1}}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(params=["fixed", "neighbours", "remote"])
def router(request: pytest.FixtureRequest) -> Iterator[Router]:
    graph = make_graph(WORKERS)
    if request.param == "fixed":
        yield FixedRouter(WORKERS, {"short": "law"}, otherwise="math")
    elif request.param == "neighbours":
        yield NeighboursRouter(graph, embedder=Lengths())
    else:
        server = ThreadingHTTPServer(("127.0.0.1", 0), Decision)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield RemoteRouter(f"http://127.0.0.1:{server.server_port}", workers=targets_of(graph))
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("query", ["short", "a longer query, in two parts", "Ω"])
async def test_a_route_is_whole(router: Router, query: str) -> None:
    route = await router.route(query, cancel=CancelToken())
    assert route is not None
    assert set(route.distribution) == {*WORKERS, NO_WORKER}
    assert sum(route.distribution.values()) == pytest.approx(1)
    assert route.probability == route.distribution[route.worker] == max(route.distribution.values())
    assert route.token.startswith("<fn_")
    assert route.reformulated == query
    assert route.latency_ms >= 0
    json.dumps(route.document())


async def test_a_cancelled_query_has_no_route(router: Router) -> None:
    cancel = CancelToken()
    cancel.cancel()
    assert await router.route("short", cancel=cancel) is None
