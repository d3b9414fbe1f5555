"""Recorded answers: the events of a real graph with the pauses between them, in a file, to be played again."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from octograph.agents import Event, Started
from octograph.errors import UsageError
from octograph.tui.testing.beats import Beat, Pause

__all__ = ["read_recording", "recorded", "write_recording"]

_KINDS: Mapping[str, TypeAdapter[Event]] = {kind.__name__: TypeAdapter(kind) for kind in get_args(Event)}
_SHORTEST = 0.01
"""Seconds; pauses below it are nobody's to see."""


async def recorded(events: AsyncIterator[Event]) -> list[Beat]:
    """Return what an answer's events are, each behind the pause before it; `Started` is left out, as in all scripts."""
    beats: list[Beat] = []
    before = time.perf_counter()
    async for event in events:
        now = time.perf_counter()
        if isinstance(event, Started):
            continue
        if now - before >= _SHORTEST:
            beats.append(Pause(seconds=round(now - before, 3)))
        beats.append(event)
        before = now
    return beats


def write_recording(path: Path, answers: Mapping[str, Sequence[Beat]]) -> None:
    """Write answers by their queries to a file, a query a line.

    Raises
    ------
    UsageError
        An answer ends with an error, or waits for nothing.

    """
    lines = (json.dumps({"query": query, "beats": [*map(_document, beats)]}) for query, beats in answers.items())
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def read_recording(path: Path) -> dict[str, list[Beat]]:
    """Read answers by their queries, to be the scripts of a `ScriptedBackend`.

    Raises
    ------
    UsageError
        It is no recording, or one of another version.
    OSError
        It cannot be read.

    """
    lines = path.read_text(encoding="utf-8").splitlines()
    try:
        rows = [json.loads(line) for line in lines]
        return {str(row["query"]): [*_beats(row["beats"])] for row in rows}
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise UsageError(
            f"{path.name!r} is no recording: {error}",
            hint="Record it again: python -m octograph.tui.testing record FILE QUERY …",
        ) from error


def _document(beat: Beat) -> dict[str, Any]:
    if isinstance(beat, Pause) and beat.seconds is not None:
        return {"pause": beat.seconds}
    kind = type(beat).__name__
    if kind not in _KINDS:
        raise UsageError(f"{kind} cannot be recorded", hint="Record an answer that ends.")
    return {kind: _KINDS[kind].dump_python(beat, mode="json")}  # type: ignore[arg-type]  # it is an event


def _beats(documents: Iterable[Mapping[str, Any]]) -> Iterable[Beat]:
    for document in documents:
        ((kind, body),) = document.items()
        yield Pause(seconds=float(body)) if kind == "pause" else _KINDS[kind].validate_python(body)
