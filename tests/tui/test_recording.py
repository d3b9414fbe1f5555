"""Recorded answers are played as they were."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from octograph.agents import Event
from octograph.errors import HostStartError, UsageError
from octograph.tui.testing import (
    Beat,
    Pause,
    ScriptedBackend,
    abstained,
    answered,
    escalated,
    planned,
    read_recording,
    recorded,
    write_recording,
)
from tests.tui.accounts import grounded, weighed

PLAN = (("calculator", "What is 3 * 4?", "12"), ("units", "Convert it", "19 km"))
ANSWERS: dict[str, list[Beat]] = {
    "sure": answered("sure", "**Yes**", distribution={"chat": 0.9, "math": 0.1}),
    "passed": escalated("passed", "12", first="calculator", reason="no expression", then="clock"),
    "unsure": abstained("unsure", "I don't know."),
    "plan": planned("plan", PLAN),
    "passages": [*grounded()],
    "texts": [*weighed()],
}


def test_an_answer_is_read_as_it_was_written(tmp_path: Path) -> None:
    answers = {query: [Pause(seconds=0.25), *beats] for query, beats in ANSWERS.items()}
    write_recording(tmp_path / "demo.jsonl", answers)
    assert read_recording(tmp_path / "demo.jsonl") == answers


async def test_what_is_recorded_is_what_a_backend_played() -> None:
    backend = ScriptedBackend(scripts=ANSWERS)
    again = await recorded(backend.astream("sure"))
    assert [type(beat) for beat in again] == [type(beat) for beat in ANSWERS["sure"]]
    assert again[:-1] == ANSWERS["sure"][:-1]


async def test_pauses_are_recorded() -> None:
    async def events() -> AsyncIterator[Event]:
        async for event in ScriptedBackend(scripts={"q": [Pause(seconds=0.03), *ANSWERS["sure"]]}).astream("q"):
            yield event

    first, *_ = await recorded(events())
    assert isinstance(first, Pause)


@pytest.mark.parametrize("text", ["{", '{"query": "q"}', '{"query": "q", "beats": [{"Dance": {}}]}', "[]", "1"])
def test_what_is_no_recording_is_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "demo.jsonl"
    file.write_text(text)
    with pytest.raises(UsageError, match=r"'demo\.jsonl' is no recording"):
        read_recording(file)


@pytest.mark.parametrize("beats", [[HostStartError("no", hint="Wait.")], [Pause()]])
def test_what_does_not_end_is_not_recorded(tmp_path: Path, beats: Sequence[Beat]) -> None:
    with pytest.raises(UsageError, match="cannot be recorded"):
        write_recording(tmp_path / "demo.jsonl", {"q": beats})
