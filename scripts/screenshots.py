"""Take the pictures of the README from the app itself, on answers that were recorded on the bundled models.

.venv/bin/python -m octograph.tui.testing record docs/screens/answers.jsonl QUERY ...
.venv/bin/python scripts/screenshots.py
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from textual.pilot import Pilot

from octograph.tui import make_app
from octograph.tui.testing import Beat, Pause, ScriptedBackend, read_recording
from octograph.tui.widgets.prompt import Prompt

FOLDER = Path(__file__).parent.parent / "docs" / "screens"
SIZE = (120, 34)
CALCULATION = "What is 17% of 240?"
FACT = "Who was the first president of the United States?"


def scripts() -> dict[str, list[Beat]]:
    """What was answered, without the pauses."""
    answers = read_recording(FOLDER / "answers.jsonl")
    return {query: [beat for beat in beats if not isinstance(beat, Pause)] for query, beats in answers.items()}


async def ask(pilot: Pilot[None], question: str) -> None:
    """Ask, and wait for the answer."""
    pilot.app.screen.query_one(Prompt).text = question
    await pilot.press("enter")
    for _ in range(10):
        await pilot.pause(0.1)


async def main() -> None:
    """Take them."""
    FOLDER.mkdir(exist_ok=True)
    app = make_app(lambda: ScriptedBackend(scripts=scripts()))
    app.animation_level = "none"
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause(0.5)
        await ask(pilot, CALCULATION)
        await ask(pilot, FACT)
        _save(app.export_screenshot(), "chat")
        await pilot.press("f3")
        await pilot.pause(0.5)
        _save(app.export_screenshot(), "why")


def _save(picture: str, name: str) -> None:
    (FOLDER / f"{name}.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
