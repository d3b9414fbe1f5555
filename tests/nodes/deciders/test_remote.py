"""The remote decider against a real server on this machine."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octograph.cancellation import CancelToken
from octograph.errors import HostRequestError, OctographError, UsageError
from octograph.nodes.deciders import RemoteRouter, Target
from octograph.nodes.deciders.answer import NoDecisionError, read_answer
from octograph.nodes.deciders.remote import MOST_BYTES
from octograph.nodes.master import NO_WORKER, Route

WORKERS = (
    Target(name="math", description="Sums", token="<fn_0>"),
    Target(name="law", description="Laws", token="<fn_1>"),
)


@dataclass
class Endpoint:
    """What a server does next, and what it was asked."""

    url: str = ""
    status: int = 200
    body: bytes = b'{"worker": "math"}'
    headers: dict[str, str] = field(default_factory=dict)
    write: Callable[[Any], None] | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    seen: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    def answer(self, document: Any) -> None:
        """Answer with a document as JSON."""
        self.body = json.dumps(document).encode()


@contextmanager
def serving(endpoint: Endpoint) -> Iterator[Endpoint]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            endpoint.asked.append(json.loads(self.rfile.read(length)))
            endpoint.seen.append({name.lower(): value for name, value in self.headers.items()})
            endpoint.paths.append(self.path)
            self.send_response(endpoint.status)
            for name, value in endpoint.headers.items():
                self.send_header(name, value)
            with suppress(ConnectionError):  # who asked may be gone
                if endpoint.write is not None:
                    self.end_headers()
                    endpoint.write(self.wfile)
                    return
                self.send_header("content-length", str(len(endpoint.body)))
                self.end_headers()
                self.wfile.write(endpoint.body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    endpoint.url = f"http://127.0.0.1:{server.server_port}/route"
    try:
        yield endpoint
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving(Endpoint()) as running:
        yield running


async def decide(endpoint: Endpoint, query: str = "What is 2 + 2?", *, within: float = 5.0) -> Route:
    route = await RemoteRouter(endpoint.url, workers=WORKERS, timeout=within).route(query, cancel=CancelToken())
    assert route is not None
    return route


async def test_it_is_asked_with_the_query_and_the_workers(endpoint: Endpoint) -> None:
    route = await decide(endpoint, "Σ 2 + 2?")
    assert endpoint.asked == [
        {
            "query": "Σ 2 + 2?",
            "workers": [{"name": "math", "description": "Sums"}, {"name": "law", "description": "Laws"}],
        }
    ]
    assert endpoint.paths == ["/route"]
    assert (route.worker, route.token, route.probability, route.reformulated) == ("math", "<fn_0>", 1.0, "Σ 2 + 2?")
    assert dict(route.distribution) == {"law": 0.0, "math": 1.0, NO_WORKER: 0.0}
    assert route.latency_ms > 0


async def test_a_distribution_is_normalised_and_may_leave_workers_out(endpoint: Endpoint) -> None:
    endpoint.answer({"distribution": {"law": 3, NO_WORKER: 1.0}})
    route = await decide(endpoint)
    assert (route.worker, route.token, route.probability) == ("law", "<fn_1>", 0.75)
    assert dict(route.distribution) == {"law": 0.75, "math": 0.0, NO_WORKER: 0.25}
    endpoint.answer({"worker": NO_WORKER})
    assert (await decide(endpoint)).token == "<fn_none>"
    endpoint.answer({"distribution": {"law": 10**300, "math": 10**300}})
    assert (await decide(endpoint)).probability == 0.5


async def test_another_octographs_route_is_an_answer(endpoint: Endpoint) -> None:
    endpoint.answer((await decide(endpoint)).document())
    assert (await decide(endpoint)).worker == "math"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"distribution": {"math": -0.1, "law": 1.1}}, "'math' the probability -0.1"),
        ({"distribution": {"math": float("nan")}}, "'math' the probability nan"),
        ({"distribution": {"math": float("inf")}}, "probability inf"),
        ({"distribution": {"math": 10**400}}, "probability 1000"),
        ({"distribution": {"math": "0.5"}}, "probability '0.5'"),
        ({"distribution": {"math": True}}, "probability True"),
        ({"distribution": {"math": None}}, "probability None"),
        ({"distribution": {"math": 0, "law": 0.0}}, "every worker the probability 0"),
        ({"distribution": {}}, "every worker the probability 0"),
        ({"distribution": ["math"]}, "names no worker"),
        ({"distribution": {"physics": 1.0}}, "'physics', which the graph does not have"),
        ({"worker": "physics"}, "'physics', which the graph does not have"),
        ({"worker": ["math"]}, "names no worker"),
        ({"worker": None}, "names no worker"),
        ({"answer": "math"}, "names no worker"),
        (["math"], "answers with a list"),
        ("math", "answers with a str"),
    ],
)
async def test_an_answer_that_is_no_decision_is_refused(endpoint: Endpoint, document: Any, message: str) -> None:
    endpoint.answer(document)
    with pytest.raises(HostRequestError, match=message) as caught:
        await decide(endpoint)
    assert caught.value.hint
    assert endpoint.url in str(caught.value)
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe", b"[" * 200_000, b'{"worker": "math"'])
async def test_an_answer_that_is_no_json_is_refused(endpoint: Endpoint, body: bytes) -> None:
    endpoint.body = body
    with pytest.raises(HostRequestError, match="no JSON") as caught:
        await decide(endpoint)
    assert "distribution" in caught.value.hint
    assert len(str(caught.value)) < 1000


NAMES = ("law", "math", NO_WORKER)
WEIGHTS = st.dictionaries(
    st.sampled_from(["math", "law", NO_WORKER]), st.floats(0, allow_infinity=False), min_size=1
).filter(lambda weights: max(weights.values()) > 0)
VALUES = st.none() | st.booleans() | st.floats() | st.sampled_from(["math", "physics"])
ANSWERS = st.dictionaries(
    st.sampled_from(["worker", "distribution", "x"]),
    VALUES | st.lists(VALUES, max_size=2) | st.dictionaries(st.sampled_from(["math", "law", "y"]), VALUES),
)


@settings(deadline=None, max_examples=60)
@given(WEIGHTS)
def test_whatever_weights_come_the_probabilities_sum_to_one(weights: dict[str, float]) -> None:
    distribution = read_answer(json.dumps({"distribution": weights}).encode(), NAMES)
    assert sum(distribution.values()) == pytest.approx(1)
    assert all(0 <= value <= 1 for value in distribution.values())
    assert weights.get(max(distribution, key=lambda name: distribution[name])) == max(weights.values())


@settings(deadline=None, max_examples=100)
@given(ANSWERS)
def test_any_answer_is_a_distribution_or_an_error_of_its_own(answer: dict[str, Any]) -> None:
    with suppress(NoDecisionError):
        distribution = read_answer(json.dumps(answer).encode(), NAMES)
        assert sum(distribution.values()) == pytest.approx(1)


async def test_a_redirect_is_not_followed(endpoint: Endpoint) -> None:
    with serving(Endpoint()) as other:
        endpoint.status, endpoint.headers = 307, {"location": other.url}
        with pytest.raises(HostRequestError, match=r"redirects to .*not followed"):
            await decide(endpoint)
        assert other.asked == []


@pytest.mark.parametrize("status", [201, 204, 400, 404, 500, 503])
async def test_other_answers_are_errors(endpoint: Endpoint, status: int) -> None:
    endpoint.status, endpoint.body = status, b""
    with pytest.raises(HostRequestError, match=f"the status {status}"):
        await decide(endpoint)


async def test_an_answer_without_end_is_cut_off(endpoint: Endpoint) -> None:
    def flood(out: Any) -> None:
        while True:
            out.write(b" " * 65536)

    endpoint.write = flood
    with pytest.raises(HostRequestError, match=f"more than {MOST_BYTES} bytes"):
        await decide(endpoint, within=30)


async def test_a_packed_answer_is_not_unpacked(endpoint: Endpoint) -> None:
    endpoint.body, endpoint.headers = gzip.compress(b" " * 10**6), {"content-encoding": "gzip"}
    with pytest.raises(HostRequestError, match="no JSON"):
        await decide(endpoint)
    assert endpoint.seen[0]["accept-encoding"] == "identity"


@pytest.mark.parametrize("drip", [False, True])
async def test_a_slow_answer_is_not_waited_for(endpoint: Endpoint, drip: bool) -> None:
    """Also when each piece comes in time, and only the whole does not."""
    gone = threading.Event()

    def slowly(out: Any) -> None:
        while not gone.wait(0.05):
            if drip:
                out.write(b" ")
                out.flush()

    endpoint.write = slowly
    try:
        with pytest.raises(HostRequestError, match=r"within 0\.3 s"):
            await decide(endpoint, within=0.3)
    finally:
        gone.set()


async def test_a_server_that_hangs_up_or_is_not_there(endpoint: Endpoint) -> None:
    endpoint.headers, endpoint.body = {"content-length": "1000"}, b""
    endpoint.write = lambda out: out.write(b'{"worker":')
    with pytest.raises(HostRequestError, match="cannot be asked"):
        await decide(endpoint)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}/"
    with pytest.raises(HostRequestError, match="cannot be asked") as caught:
        await RemoteRouter(address, workers=WORKERS).route("x", cancel=CancelToken())
    assert "running" in caught.value.hint


async def test_cancelling_ends_the_wait(endpoint: Endpoint) -> None:
    gone = threading.Event()

    def hang(_: Any) -> None:
        gone.wait(600)

    endpoint.write = hang
    cancel = CancelToken()
    router = RemoteRouter(endpoint.url, workers=WORKERS, timeout=600)
    asking = asyncio.create_task(router.route("x", cancel=cancel))
    while not endpoint.asked:
        await asyncio.sleep(0.01)
    threading.Thread(target=cancel.cancel).start()
    assert await asyncio.wait_for(asking, 60) is None
    gone.set()
    assert await router.route("x", cancel=cancel) is None
    assert len(endpoint.asked) == 1  # a query that nobody wants is not sent


def test_any_event_loop_may_ask(endpoint: Endpoint) -> None:
    router = RemoteRouter(endpoint.url, workers=WORKERS)
    for _ in range(2):
        route = asyncio.run(router.route("x", cancel=CancelToken()))
        assert route is not None


async def test_the_environment_sends_it_nowhere_else(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert (await decide(endpoint)).worker == "math"


async def test_a_password_in_the_address_is_sent_and_not_shown(endpoint: Endpoint) -> None:
    secret = endpoint.url.replace("http://", "http://me:hunter2@")
    endpoint.status = 401
    with pytest.raises(HostRequestError, match="the status 401") as caught:
        await RemoteRouter(secret, workers=WORKERS).route("x", cancel=CancelToken())
    assert endpoint.seen[0]["authorization"].startswith("Basic ")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["", "route", "ftp://host/x", "http://", "file:///etc/passwd", "http://[::1", "http://host:99999/", "https:x"],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        RemoteRouter(url, workers=WORKERS)
    assert "http://127.0.0.1" in caught.value.hint
    assert isinstance(caught.value, OctographError)
