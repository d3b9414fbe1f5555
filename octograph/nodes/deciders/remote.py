"""A decider somewhere else: an HTTP endpoint that is asked for each query.

It gets ``{"query": …, "workers": [{"name": …, "description": …}, …]}`` by POST and answers with
``{"distribution": {name: probability, …}}`` or ``{"worker": name}``, where ``"none"`` stands for no worker
(see `read_answer`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
from typing import Any

from octograph.cancellation import CancelToken
from octograph.errors import HostRequestError, UsageError
from octograph.graph import NONE
from octograph.nodes.deciders.answer import NoDecisionError, read_answer
from octograph.nodes.deciders.targets import Target
from octograph.nodes.master.route import NO_WORKER, Route
from octograph.nodes.remote.certificates import certificates

__all__ = ["RemoteRouter"]

MOST_BYTES = 1024 * 1024
"""Of an answer."""


class RemoteRouter:
    """A `Router` that asks an endpoint.

    Every decision has a connection of its own, to exactly this address: redirects are not followed, and proxies and
    credentials of the environment are not used, so that a query goes nowhere else.

    Parameters
    ----------
    url
        Address of the endpoint, ``http`` or ``https``; ``https://user:password@host/`` sends these.
    workers
        The workers that it chooses from.
    timeout
        Seconds that a decision may take in all.

    Raises
    ------
    UsageError
        The address is none.

    """

    def __init__(self, url: str, *, workers: Sequence[Target], timeout: float = 10.0) -> None:
        self._url, self._shown = _checked(url)
        self._workers = [{"name": worker.name, "description": worker.description} for worker in workers]
        self._tokens = {worker.name: worker.token for worker in workers} | {NO_WORKER: NONE}
        self._names = sorted(self._tokens, key=lambda name: (name == NO_WORKER, name))
        self._timeout = timeout

    async def route(self, query: str, *, cancel: CancelToken) -> Route | None:
        """See `Router`.

        Raises
        ------
        HostRequestError
            The endpoint cannot be reached, is too slow, or answers with something else than a decision.

        """
        if cancel.cancelled:
            return None
        started = time.perf_counter()
        body = await self._unless(cancel, self._ask(query))
        if body is None:
            return None
        try:
            distribution = read_answer(body, self._names)
        except NoDecisionError as error:
            raise self._refused(str(error), hint=error.hint) from error
        worker = max(distribution, key=lambda name: distribution[name])
        return Route(
            worker=worker,
            token=self._tokens[worker],
            probability=distribution[worker],
            distribution=distribution,
            reformulated=query,
            latency_ms=(time.perf_counter() - started) * 1000,
        )

    @staticmethod
    async def _unless(cancel: CancelToken, asking: Coroutine[Any, Any, bytes]) -> bytes | None:
        """Wait for an answer, and not a moment longer once nobody wants it: None then."""
        loop = asyncio.get_running_loop()
        task = loop.create_task(asking)

        def stop() -> None:
            loop.call_soon_threadsafe(task.cancel)

        try:
            with cancel.calling(stop):
                await asyncio.wait({task})
        finally:
            task.cancel()
        return None if task.cancelled() else task.result()

    async def _ask(self, query: str) -> bytes:
        """Return the body of the endpoint's answer."""
        import httpx

        asked = {"query": query, "workers": self._workers}
        headers = {"accept": "application/json", "accept-encoding": "identity"}
        try:
            async with (
                asyncio.timeout(self._timeout),  # httpx limits each step, and not all of them together
                httpx.AsyncClient(verify=certificates(), trust_env=False, timeout=self._timeout) as client,
                client.stream("POST", self._url, json=asked, headers=headers) as response,
            ):
                if response.is_redirect:
                    raise self._refused(
                        f"redirects to {response.headers.get('location')!r}, which is not followed",
                        hint="Give the address that it leads to, if you trust it.",
                    )
                if response.status_code != httpx.codes.OK:
                    raise self._refused(
                        f"answers with the status {response.status_code}",
                        hint="Look at its log; the address may be wrong.",
                    )
                body = bytearray()
                async for piece in response.aiter_raw():
                    body += piece
                    if len(body) > MOST_BYTES:
                        raise self._refused(f"answers with more than {MOST_BYTES} bytes", hint="A decision is short.")
        except (TimeoutError, httpx.TimeoutException) as error:
            raise self._refused(
                f"did not decide within {self._timeout:g} s", hint="Is it overloaded? Try again in a moment."
            ) from error
        except httpx.HTTPError as error:
            raise self._refused(
                f"cannot be asked: {error or type(error).__name__}", hint="Is it running, and is the address right?"
            ) from error
        return bytes(body)

    def _refused(self, what: str, *, hint: str) -> HostRequestError:
        return HostRequestError(f"the decision endpoint {self._shown!r} {what}", hint=hint)


def _checked(url: str) -> tuple[str, str]:
    """Return the address, and what of it may be shown: a password may not."""
    import httpx

    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise _no_address(f"the address of the decision endpoint cannot be read: {error}") from error
    shown = str(parsed.copy_with(userinfo=b"", query=None, fragment=None))
    if parsed.scheme not in ("http", "https") or not parsed.host or not 0 < (parsed.port or 80) < 65536:
        raise _no_address(f"{shown!r} is no address of a decision endpoint")
    return str(parsed), shown


def _no_address(message: str) -> UsageError:
    return UsageError(message, hint="It reads 'http://127.0.0.1:8080/route', or https.")
