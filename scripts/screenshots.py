"""Take the pictures of the README from the app itself, on answers that were recorded.

.venv/bin/python scripts/screenshots.py
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from textual.pilot import Pilot

from octograph.agents import (
    Attempt,
    Decided,
    Evaluated,
    Finished,
    Generated,
    Routed,
    StepStarted,
    Turn,
)
from octograph.tui import make_app
from octograph.tui.testing import Beat, ScriptedBackend, a_route, answered
from octograph.tui.widgets.prompt import Prompt

FOLDER = Path(__file__).parent.parent / "docs" / "screens"
SIZE = (120, 34)
CALCULATION = "What is 17% of 240?"
FACT = "Who was the first president of the United States?"


def scripts() -> dict[str, list[Beat]]:
    """What was answered."""
    route = a_route({"knowledge": 0.99, "none": 0.004, "chat": 0.003}, token="<fn_9>", query=FACT)  # noqa: S106  # a functional token
    unsure, missing = "not sure enough: g = -0.94, below -0.60", "there are no documents yet"
    wrong = "John F. Kennedy was the first president of the United States."
    turn = Turn(
        id="",
        thread="",
        query=FACT,
        status="abstained",
        text=f"I don't know. Tried knowledge: {unsure}; reader: {missing}.",
        route=route.document(),
        tried=(
            Attempt(worker="knowledge", reason=unsure, text=wrong, score=-0.94),
            Attempt(worker="reader", reason=missing),
        ),
    )
    abstained: list[Beat] = [
        StepStarted(step="route"),
        Routed(route=route, seconds=0.2),
        StepStarted(step="generate", worker="knowledge"),
        Generated(worker="knowledge", finish="stop", source="model", seconds=1.9),
        Evaluated(
            worker="knowledge", score=-0.94, score_kind="likelihood", tau=-0.6, seconds=0.01, problem="not sure enough"
        ),
        Decided(decision="escalate", worker="knowledge", reason=unsure, next="reader"),
        StepStarted(step="generate", worker="reader"),
        Generated(worker="reader", finish="stop", source="model", seconds=0.0, problem=missing),
        Decided(decision="abstain", worker="reader", reason=missing),
        Finished(turn=turn),
    ]
    shares = {"calculator": 0.88, "math": 0.12, "chat": 0.001}
    return {CALCULATION: answered(CALCULATION, "17% of 240 = 40.8", distribution=shares, tool=True), FACT: abstained}


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
