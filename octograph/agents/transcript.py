"""A conversation as one text: Markdown for people, JSON for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Final, Literal

from markdown_it import MarkdownIt

from octograph.agents.threads import ThreadInfo
from octograph.agents.turn import Status, Turn
from octograph.errors import UsageError
from octograph.terminal import plain

__all__ = ["FORMS", "Form", "transcript"]

Form = Literal["markdown", "json"]
FORMS: Final = ("markdown", "json")

_FORMAT: Final = "octograph-thread-1"

_ENDED: Final[dict[Status, str]] = {
    "answered": "answered",
    "abstained": "not answered",
    "cancelled": "stopped",
    "failed": "failed",
    "interrupted": "interrupted before it was done",
    "waiting": "waits for a choice",
}


def transcript(info: ThreadInfo, turns: Sequence[Turn], *, form: Form) -> str:
    """Return a conversation as a text.

    Parameters
    ----------
    info, turns
        The conversation.
    form
        ``"markdown"``: the questions as quotations, the answers, who gave them, how sure they are, what was tried
        before, and the sources. ``"json"``: ``{"format", "thread", "turns"}`` with all that is known.

    Raises
    ------
    UsageError
        There is no such form.

    """
    if form == "json":
        whole = {"format": _FORMAT, "thread": asdict(info), "turns": [turn.document() for turn in turns]}
        return json.dumps(whole, indent=2) + "\n"
    if form == "markdown":
        return plain("\n\n---\n\n".join([_heading(info), *("\n\n".join(_parts(turn)) for turn in turns)]) + "\n")
    raise UsageError(f"{form!r} is no form of a conversation", hint=f"Use one of: {', '.join(FORMS)}.")


def _heading(info: ThreadInfo) -> str:
    origin = f", forked from {_literal(info.parent)}" if info.parent is not None else ""
    return f"# {_literal(info.title)}\n\n_{_minute(info.created)} to {_minute(info.updated)}{origin}_"


def _parts(turn: Turn) -> Iterator[str]:
    yield "\n".join(f"> {line}".rstrip() for line in turn.query.splitlines())
    if turn.text:
        yield _whole(turn.text)
    yield f"_{' · '.join(_remarks(turn))}_"
    if turn.tried:
        tried = (f"- {_literal(one.worker)}: {_literal(one.reason)}{_score(one.score)}" for one in turn.tried)
        yield "\n".join(["Tried before:", "", *tried])
    if turn.citations:
        sources = (f"- [{one.number}] {_literal(one.place)}" for one in turn.citations)
        yield "\n".join(["Sources:", "", *sources])


def _remarks(turn: Turn) -> Iterator[str]:
    """Who answered, and how sure that is."""
    if turn.worker is None:
        yield _ENDED[turn.status]
    else:
        exact = ", exact" if turn.source == "tool" else ""
        yield f"{_ENDED[turn.status]} by {_literal(turn.worker)}{exact}{_score(turn.score)}"
    if turn.route is not None:
        yield f"chosen with {turn.route['probability']:.0%}"
    yield f"{turn.seconds:.1f} s"


def _score(score: float | None) -> str:
    return "" if score is None else f" (score {score:.2f})"


def _literal(text: str) -> str:
    """A text on one line, of which nothing is Markdown."""
    return re.sub(r"([\\`*_{}\[\]<>#|~!&])", r"\\\1", " ".join(text.split()))


def _minute(iso: str) -> str:
    return iso[:16].replace("T", " ")


def _whole(text: str) -> str:
    """An answer with its last code block ended: what stands behind one that was stopped is not code."""
    tokens, lines = MarkdownIt().parse(text), text.split("\n")
    if not tokens or tokens[-1].type != "fence" or tokens[-1].map is None:
        return text
    fence, end = tokens[-1].markup, lines[-1].strip()
    ended = len(lines) - 1 > tokens[-1].map[0] and len(end) >= len(fence) and set(end) == {fence[0]}
    return text if ended else f"{text}\n{fence}"
