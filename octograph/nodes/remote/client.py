"""A model at a server that speaks OpenAI's chat protocol: llama-server, Ollama, vLLM, LM Studio, or a company's."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from octograph.cancellation import CancelToken
from octograph.errors import (
    ContextOverflowError,
    HostBusyError,
    HostCrashedError,
    HostRequestError,
    HostStartError,
    ModelMissingError,
    OctographError,
)
from octograph.nodes.beams import BeamRequest, Beams
from octograph.nodes.generation import Finish, Generation, GenerationRequest, Message, TextDelta
from octograph.nodes.remote.certificates import certificates
from octograph.nodes.remote.events import EventReader
from octograph.nodes.remote.keys import KeyRing
from octograph.nodes.remote.wanted import while_wanted
from octograph.nodes.remote.wire import Chunk, asked, read_chunk, read_models, read_trouble

if TYPE_CHECKING:
    import httpx

__all__ = ["RemoteModel"]

CONNECT_SECONDS = 5.0
DEFAULT_CONTEXT = 4096
MOST_BYTES = 64 * 1024 * 1024
"""Of an answer with everything around it; a longer one is a server's mistake."""

MOST_OTHER = 1024 * 1024
"""Of what is no text: a list of models, a complaint."""

BYTES_A_TOKEN = 3
TEMPLATE_TOKENS = 8


class RemoteModel:
    """A `Generator` over a server.

    Every request has a connection of its own, to exactly this address: redirects are not followed, and proxies and
    credentials of the environment are not used, so that a query goes nowhere else.

    Parameters
    ----------
    source
        ``openai:URL#MODEL``.
    keys
        Has the server's key, if it needs one.
    context
        Most tokens of a conversation there; None for 4,096.
    silence
        Seconds that the server may say nothing: a long prompt takes its time.
    attempts
        How often a server that cannot be reached is tried.

    """

    def __init__(
        self,
        source: str,
        *,
        keys: KeyRing | None = None,
        context: int | None = None,
        silence: float = 300.0,
        attempts: int = 3,
    ) -> None:
        address, _, self.model = source.removeprefix("openai:").partition("#")
        self.url = address.rstrip("/")
        self._keys = keys or KeyRing({}, {})
        self._context = context or DEFAULT_CONTEXT
        self._silence = silence
        self._attempts = attempts

    async def generate(
        self, request: GenerationRequest, *, cancel: CancelToken
    ) -> AsyncIterator[TextDelta | Generation]:
        """See `Generator`. Tokens are counted by the server; one that does not is taken to send one at a time.

        Raises
        ------
        HostStartError
            The server cannot be reached.
        ModelMissingError
            It does not have the model.
        HostBusyError
            It takes no more requests now.
        HostRequestError
            It wants a key, or answers with something else than a text.
        HostCrashedError
            It broke off in the middle of the text.

        """
        if request.adapter is not None or request.schema is not None:
            raise HostRequestError(
                f"{self.model!r} at {self.url} runs no adapters or schemas",
                hint="Give the worker a model of 'package:', 'path:' or 'hf:'.",
            )
        tally = _Tally()
        if not cancel.cancelled:
            async for chunk in while_wanted(self._chunks(request), cancel=cancel):
                if tally.take(chunk):
                    yield TextDelta(text=chunk.text)
        yield tally.generation(cancelled=cancel.cancelled)

    async def beams(self, request: BeamRequest, *, cancel: CancelToken) -> Beams | None:
        """Refuse: a search needs the probabilities of every token, which a server does not give."""
        raise HostRequestError(
            f"{self.model!r} at {self.url} cannot search by beams",
            hint="Write `grounding = 'together'` for the worker.",
        )

    async def count(self, messages: tuple[Message, ...]) -> int:
        """How many tokens a conversation takes in the context; estimated, and rather too many than too few."""
        return sum(len(one.content.encode()) // BYTES_A_TOKEN + TEMPLATE_TOKENS for one in messages)

    async def context(self, *, adapted: bool) -> int:
        """How many it holds; it runs no adapters."""
        return self._context

    async def check(self) -> str:
        """Ask the server for its models, and return what there is to say.

        Raises
        ------
        HostStartError, HostRequestError
            As `generate`.
        ModelMissingError
            The server lists its models, and this is none of them.

        """
        async with self._client() as client:
            with self._telling(began=False):
                async with client.stream("GET", f"{self.url}/models", headers=self._headers()) as response:
                    body = await _beginning(response)
        if response.status_code in (401, 403):
            raise self._refusal(response, body)
        listed = read_models(body) if response.status_code == 200 else None
        if listed is None:
            return f"{self.url} answers, and does not list its models"
        if self.model not in listed:
            raise self._missing(f"it has: {', '.join(listed[:20]) or 'none'}")
        return f"{self.url} has {self.model!r}"

    async def _chunks(self, request: GenerationRequest) -> AsyncIterator[Chunk]:
        """Yield the pieces of an answer; the last one says why it ends."""
        began = ended = False
        async with self._client() as client:
            with self._telling(began=False):
                response = await self._opened(client, request)
            try:
                if response.status_code != 200:
                    with self._telling(began=False):
                        raise self._refusal(response, await _beginning(response))
                reader, received = EventReader(), 0
                with self._telling(began=True):
                    async for piece in response.aiter_raw():
                        received += len(piece)
                        if received > MOST_BYTES:
                            raise self._nonsense(f"answers with more than {MOST_BYTES} bytes")
                        for data in reader.feed(piece):
                            if data.strip() == b"[DONE]":
                                return
                            chunk = self._checked(data)
                            began, ended = True, ended or chunk.finish is not None
                            yield chunk
                if not began:
                    raise self._nonsense("answers with no stream of events")
                if not ended:
                    raise self._cut_off()
            finally:
                await response.aclose()

    async def _opened(self, client: httpx.AsyncClient, request: GenerationRequest) -> httpx.Response:
        """Send a request, more than once if need be, and return the answer's beginning."""
        import httpx
        from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential

        message = client.build_request(
            "POST", f"{self.url}/chat/completions", json=asked(request, self.model), headers=self._headers()
        )
        again = AsyncRetrying(
            retry=retry_if_exception_type((httpx.ConnectError, httpx.ConnectTimeout, httpx.RemoteProtocolError)),
            stop=stop_after_attempt(self._attempts),
            wait=wait_exponential(multiplier=0.1, max=2.0),
            reraise=True,
        )
        response: httpx.Response = await again(client.send, message, stream=True)
        return response

    def _checked(self, data: bytes) -> Chunk:
        chunk = read_chunk(data)
        if chunk is None:
            raise self._nonsense("sends something that is no piece of an answer")
        if chunk.error is not None:
            raise self._trouble(read_trouble(chunk.error).message or "no reason given", hint="Look at its log.")
        if chunk.finish_reason is not None and chunk.finish is None:
            raise self._trouble(f"it ended the answer for {chunk.finish_reason!r}", hint="Ask in other words.")
        return chunk

    def _client(self) -> httpx.AsyncClient:
        import httpx

        timeout = httpx.Timeout(self._silence, connect=CONNECT_SECONDS)
        return httpx.AsyncClient(verify=certificates(), trust_env=False, timeout=timeout)

    def _headers(self) -> dict[str, str]:
        key = self._keys.key_for(self.url)
        headers = {"accept": "text/event-stream, application/json", "accept-encoding": "identity"}
        return headers if key is None else headers | {"authorization": f"Bearer {key}"}

    @contextmanager
    def _telling(self, *, began: bool) -> Iterator[None]:
        """Tell what goes wrong with the connection in our words."""
        import httpx

        try:
            yield
        except (httpx.ReadTimeout, httpx.WriteTimeout) as error:
            raise HostRequestError(
                f"the server {self.url} has said nothing for {self._silence:g} s", hint="Is it overloaded?"
            ) from error
        except httpx.HTTPError as error:
            if began:
                raise self._cut_off() from error
            raise HostStartError(
                f"the server {self.url} cannot be reached: {error or type(error).__name__}",
                hint="Is it running, and is the address in the graph file right? `octograph doctor` tries it.",
            ) from error
        except httpx.InvalidURL as error:
            raise HostRequestError(
                f"{self.url!r} is no address: {error}", hint="Correct `source` in the graph file."
            ) from error

    def _refusal(self, response: httpx.Response, body: bytes) -> OctographError:
        """What an answer with another status than 200 means."""
        status, trouble = response.status_code, read_trouble(body)
        said = f"status {status}" + (f": {self._without_key(trouble.message)}" if trouble.message else "")
        if trouble.overflow:
            return ContextOverflowError(
                f"the conversation does not fit in the context of {self.model!r} at {self.url} ({said})",
                tokens=trouble.tokens,
                limit=trouble.limit,
                hint="Show it fewer earlier turns, `octograph threads compact`, or give the server a larger context.",
            )
        if status in (401, 403):
            return self._trouble(f"it wants a valid key ({said})", hint=self._key_hint())
        if status == 404:
            return self._missing(said)
        if status in (429, 503):
            wait = response.headers.get("retry-after", "")
            hint = f"Try again in {wait} s." if wait.isdigit() else "Try again in a moment."
            return HostBusyError(f"the server {self.url} takes no more requests now ({said})", hint=hint)
        if response.is_redirect:
            to = response.headers.get("location", "")
            return self._trouble(
                f"it redirects to {to!r}, which is not followed", hint="Name that address, if you trust it."
            )
        return self._trouble(said, hint="Look at its log; the address may be wrong.")

    def _key_hint(self) -> str:
        variable = self._keys.variable_for(self.url)
        if variable is not None:
            return f"The variable {variable!r} holds no valid key for it."
        return (
            f'Name the variable that holds its key in the settings: `api_keys = {{ "{self.url}" = "SOME_API_KEY" }}`.'
        )

    def _without_key(self, text: str) -> str:
        """A server's words, if it should repeat the key."""
        key = self._keys.key_for(self.url)
        return text if key is None else text.replace(key, "…")

    def _missing(self, said: str) -> ModelMissingError:
        return ModelMissingError(
            f"the server {self.url} has no model {self.model!r} ({said})",
            hint="Correct `source` in the graph file: 'openai:URL#MODEL', where the URL often ends in '/v1'.",
        )

    def _trouble(self, what: str, *, hint: str) -> HostRequestError:
        return HostRequestError(f"the server {self.url} did not answer: {self._without_key(what)}", hint=hint)

    def _nonsense(self, what: str) -> HostRequestError:
        return HostRequestError(
            f"the server {self.url} {what}", hint="Does it speak OpenAI's chat protocol? The URL often ends in '/v1'."
        )

    def _cut_off(self) -> HostCrashedError:
        return HostCrashedError(
            f"the server {self.url} broke off in the middle of its answer", hint="Look at its log, and ask again."
        )


@dataclass(slots=True)
class _Tally:
    """What has arrived of an answer, and when."""

    started: float = field(default_factory=time.perf_counter)
    first: float | None = None
    pieces: int = 0
    finish: Finish | None = None
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int | None = None

    def take(self, chunk: Chunk) -> bool:
        """Count a piece, and say whether there is text in it."""
        self.finish = chunk.finish or self.finish
        if chunk.usage is not None:
            details = chunk.usage.prompt_tokens_details
            self.prompt_tokens, self.completion_tokens = chunk.usage.prompt_tokens, chunk.usage.completion_tokens
            self.cached_tokens = (details.cached_tokens or 0) if details is not None else 0
        if not chunk.text:
            return False
        self.pieces += 1
        self.first = self.first or time.perf_counter()
        return True

    def generation(self, *, cancelled: bool) -> Generation:
        """How it came about."""
        now = time.perf_counter()
        first = self.first or now
        return Generation(
            finish=self.finish or ("cancelled" if cancelled else "stop"),
            prompt_tokens=self.prompt_tokens,
            cached_tokens=self.cached_tokens,
            completion_tokens=self.pieces if self.completion_tokens is None else self.completion_tokens,
            prefill_seconds=first - self.started,
            decode_seconds=now - first,
        )


async def _beginning(response: httpx.Response) -> bytes:
    """Return what a server says is wrong, as far as anybody reads it."""
    body = b""
    async for piece in response.aiter_raw():
        body += piece
        if len(body) > MOST_OTHER:
            break
    return body[:MOST_OTHER]
