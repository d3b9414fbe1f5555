"""The query rewritten for its worker: ``<fn_i>(q_h)<fn_end>``, decoded behind the functional token (Octopus v4).

What comes back is never worse than what the user wrote: whatever is odd about a rewriting, or lost in it, the user's
own words go on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from octograph.cancellation import CancelToken
from octograph.errors import ContextOverflowError
from octograph.graph import END
from octograph.graph.functional_call import FunctionalCall, parse_call
from octograph.nodes.decoding import Branch, BranchDecoder, Chat, DecodeRequest, Text
from octograph.nodes.generation import Message
from octograph.nodes.master.fidelity import losses

__all__ = ["REFORMULATION_SYSTEM", "Reformulation", "Reformulator"]

REFORMULATION_SYSTEM: Final = (
    "You pass requests on to an expert. Repeat each request as one clear sentence: correct the spelling and the "
    "grammar, complete it if it is a fragment, and keep every number, name, quotation and negation. Never answer it."
)

DEMONSTRATIONS: Final[tuple[tuple[str, str], ...]] = (
    ("wich country has the most pyramids", "Which country has the most pyramids?"),
    ("How do bees find their way home?", "How do bees find their way home?"),
    ("hi, could you tell me whats 12 plus nineteen pls", "What is 12 plus nineteen?"),
    ("how do i say 'I am not late' in german", "How do I say 'I am not late' in German?"),
    ("5 miles in km", "Convert 5 miles to km."),
    (
        "my sister bougth 3 pens at 1.20 each and paid with a 5, what change does she get",
        "My sister bought 3 pens at 1.20 each and paid with a 5. What change does she get?",
    ),
    ("Should we buy a dog or a cat?", "Should we buy a dog or a cat?"),
)
"""Requests and how they are passed on. They stand before every query, so they stay in the KV cache."""

LONGEST: Final = 400
"""Characters. Of a longer query a small model leaves parts out, and a rewriting takes as long as an answer."""

_LEAST_TOKENS: Final = 24
_BYTES_A_TOKEN: Final = 2  # half of what English has: room for a rewriting of twice the length
_LEAST_GROWTH: Final = 24
_PHRASE: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Reformulation:
    """A query as its worker gets it.

    Attributes
    ----------
    query
        The text.
    kept_own_words
        Whether it is what the user wrote.
    reasons
        Why the rewriting was not taken; empty if it was, or if it changed nothing. Each reads as in
        `octograph.nodes.master.fidelity.losses`, or names what is odd: ``"empty"``, ``"cut off"``, ``"too long"``,
        ``"repetitive"``, ``"another language or subject"``.

    """

    query: str
    kept_own_words: bool
    reasons: tuple[str, ...] = ()


class Reformulator:
    """Has queries rewritten by the master's model.

    Parameters
    ----------
    decoder
        The master's model.
    system
        What it is told to do.

    """

    def __init__(self, decoder: BranchDecoder, system: str = REFORMULATION_SYSTEM) -> None:
        self._decoder = decoder
        self._system = system

    async def reformulate(
        self, query: str, *, token: str, description: str, cancel: CancelToken
    ) -> Reformulation | None:
        """Rewrite a query for the worker that a functional token names; None if cancelled.

        Parameters
        ----------
        query
            What the user asked.
        token
            The functional token, or several as in `octograph.nodes.master.Route`.
        description
            What the worker is good at.

        Raises
        ------
        GraphError
            The token is none.
        HostError
            The model's process failed.

        """
        opening = FunctionalCall(token=token, argument="").text.removesuffix(f"){END}")
        if len(query) > LONGEST or END in query:
            return _own_words(query, "too long" if len(query) > LONGEST else f"literal lost: {END!r}")
        request = DecodeRequest(
            prompt=(Chat(self._messages(query, token, description)), Text(opening)),
            max_tokens=max(_LEAST_TOKENS, len(query.encode()) // _BYTES_A_TOKEN),
            # A query of one line is rewritten in one; what a small model writes behind it is no part of it.
            stop=(END,) if "\n" in query else (END, "\n"),
        )
        branch = None
        try:
            async for piece in self._decoder.decode(request, cancel=cancel):
                if isinstance(piece, Branch):
                    branch = piece
        except ContextOverflowError:
            return _own_words(query, "too long")
        if branch is None or branch.finish == "cancelled" or cancel.cancelled:
            return None
        if branch.finish == "length":
            return _own_words(query, "cut off")
        return _judged(query, parse_call(opening + branch.text).argument.strip())

    def _messages(self, query: str, token: str, description: str) -> tuple[Message, ...]:
        shown = [
            message
            for request, rewritten in DEMONSTRATIONS
            for message in (
                Message(role="user", content=request),
                Message(role="assistant", content=FunctionalCall(token=token, argument=rewritten).text),
            )
        ]
        system = Message(role="system", content=f"{self._system} The expert: {description}")
        return (system, *shown, Message(role="user", content=query))


def _judged(query: str, rewritten: str) -> Reformulation:
    if rewritten == query.strip():
        return _own_words(query)
    reasons = tuple(_oddities(query, rewritten)) or losses(query, rewritten)
    return _own_words(query, *reasons) if reasons else Reformulation(query=rewritten, kept_own_words=False)


def _own_words(query: str, *reasons: str) -> Reformulation:
    return Reformulation(query=query, kept_own_words=True, reasons=reasons)


def _oddities(query: str, rewritten: str) -> list[str]:
    before, after = _words(query), _words(rewritten)
    odd = []
    if not rewritten:
        return ["empty"]
    if len(rewritten) > max(2 * len(query), len(query) + _LEAST_GROWTH):
        odd.append("too long")
    if any(times > 1 and times > _phrases(before)[phrase] for phrase, times in _phrases(after).items()):
        odd.append("repetitive")
    if 2 * len(set(before) & set(after)) < len(set(before)):
        odd.append("another language or subject")
    return odd


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _phrases(words: Sequence[str]) -> Counter[tuple[str, ...]]:
    return Counter(tuple(words[place : place + _PHRASE]) for place in range(len(words) - _PHRASE + 1))
