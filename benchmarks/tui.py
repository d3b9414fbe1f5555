"""How the chat feels: in a pseudo-terminal, on the bundled graph, from the first key to the last.

    python -m benchmarks.tui [--only start,echo,thread,stop]

- start: from the start of the process to the first paint that has the prompt, and on to the first typed letter;
- echo: from a key to its letter, typed at a human pace while a model writes on all cores;
- thread: a conversation of 1,000 turns is opened and paged through, with a key every quarter of a second and with the
  key held down; a stall is the time from a key to the page, or, of the held key, between two pages;
- stop: from Esc to "stopped", while a long prompt is read and while the answer is written.

Whatever the terminal shows is seen as it is read, so the reader's own work counts too, but for Python's garbage
collector, which is off in it. Writes ``benchmarks/results/tui.json``.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from langgraph.checkpoint.base.id import uuid6
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from benchmarks.machine import describe
from octograph.agents import Turn
from octograph.testing import ScriptedWorker, make_octograph
from octograph.testing.terminal import Terminal

RESULT = Path(__file__).parent / "results" / "tui.json"
STARTS, KEYS, TURNS, PAGES, STOPS = 10, 300, 1000, 60, 10
GOALS = {
    "start": 1.0,
    "echo": 0.050,
    "thread": 1.0,
    "stall": 0.100,
    "stop": 0.300,
}
"""Seconds that are not to be passed: of starts the median, of keys the 99th percentile, of all others the longest."""

COLUMNS, LINES = 120, 40
HALF = COLUMNS // 2
"""The conversation is wider than that."""
CTRL_Q, CTRL_T, ESC, PAGE_UP = "\x11", "\x14", "\x1b", "\x1b[5~"
PAUSES = (0.06, 0.30)
"""Seconds between two keys of somebody who types 60 words a minute."""
LETTERS = "Write a long letter to my {who} about the {what} and how it was to be there in the rain."
WHO = ("sister", "brother", "neighbour", "teacher", "friend", "uncle", "cousin", "doctor")
WHAT = ("harbour", "mountain", "garden", "museum", "library", "village", "island", "concert")
SENTENCE = "The harbour of the small town was built of grey stone, and at night the keeper counted the ships. "


def main() -> None:
    """Measure, write and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    measures: dict[str, Callable[[Path], dict[str, Any]]] = {
        "start": starting,
        "echo": typing,
        "thread": paging,
        "stop": stopping,
    }
    parser.add_argument("--only", default=",".join(measures), help="some of start,echo,thread,stop")
    wanted = parser.parse_args().only.split(",")
    gc.disable()
    results: dict[str, Any] = {"machine": describe(), "terminal": f"{COLUMNS} x {LINES}", "goals_seconds": GOALS}
    with tempfile.TemporaryDirectory() as folder:
        with chat(Path(folder)) as terminal:  # what is made once is made before anything is measured
            ask(terminal, "What is 48 * 17?")
            terminal.wait(lambda text: "816" in text)
        for name in wanted:
            results[name] = measures[name](Path(folder))
            print(json.dumps({name: results[name]}, indent=2), flush=True)
    RESULT.write_text(json.dumps(results, indent=2) + "\n")


@contextmanager
def chat(folder: Path, *options: str) -> Iterator[Terminal]:
    """Run the chat with the conversations of a folder; it is ready."""
    with started(folder, *options) as terminal:
        terminal.wait(is_ready)
        yield terminal
        terminal.press(CTRL_Q)
        terminal.settle(1.0)


def started(folder: Path, *options: str) -> Terminal:
    """Start the chat with the conversations of a folder."""
    command = [sys.executable, "-m", "octograph", *options]
    environment = {"OCTOGRAPH_DATA_DIR": str(folder), "OCTOGRAPH_GRAPH": "embedded"}
    return Terminal(command, columns=COLUMNS, lines=LINES, environment=environment)


# --- start ----------------------------------------------------------------------------------------------------


def starting(folder: Path) -> dict[str, Any]:
    """Start it several times."""
    painted, usable, ready = [], [], []
    for _ in range(STARTS):
        with started(folder) as terminal:
            painted.append(terminal.wait(lambda text: "Ask a question" in text) - terminal.started)
            terminal.press("x")
            usable.append(terminal.wait(lambda text: prompt_of(text) == "x") - terminal.started)
            ready.append(terminal.wait(is_ready) - terminal.started)
            terminal.press(CTRL_Q)
            terminal.settle(1.0)
    figures = {"first_paint": spread(painted), "first_letter": spread(usable), "graph_open": spread(ready)}
    return figures | {"met": figures["first_paint"]["p50"] <= GOALS["start"]}


# --- echo -----------------------------------------------------------------------------------------------------


def typing(folder: Path) -> dict[str, Any]:
    """Type the next question while the answer to the one before is written."""
    draw = random.Random(0)
    late: list[float] = []
    with chat(folder) as terminal:
        ask(terminal, letter(draw))
        while len(late) < KEYS:
            late += list(typed(terminal, letter(draw), draw))
            terminal.wait(is_ready)
            terminal.press("\r")
            terminal.wait(is_answering)
        terminal.press(ESC)
        terminal.wait(is_ready)
    figures = spread(late)
    return {**figures, "met": figures["p99"] <= GOALS["echo"]}


def typed(terminal: Terminal, question: str, draw: random.Random) -> Iterator[float]:
    """Type a question, and yield how late each letter came that was typed while the answer was written."""
    for place, key in enumerate(question, start=1):
        until = time.perf_counter() + draw.uniform(*PAUSES)
        while (left := until - time.perf_counter()) > 0:
            terminal.read(left)
        answering = is_answering(terminal.screen.text)
        pressed = terminal.press(key)
        word = question[:place].rpartition(" ")[2]
        if word:  # a blank is not to be seen
            shown = terminal.wait(lambda text, word=word: prompt_of(text).endswith(word))  # type: ignore[misc]
            if answering:
                yield shown - pressed


def letter(draw: random.Random) -> str:
    """A question with a long answer."""
    return LETTERS.format(who=draw.choice(WHO), what=draw.choice(WHAT))


# --- thread ---------------------------------------------------------------------------------------------------


def paging(folder: Path) -> dict[str, Any]:
    """Open a long conversation, and page through it."""
    alone = folder / "long"
    asyncio.run(lengthen(alone))
    with chat(alone) as terminal:
        terminal.press(CTRL_T)
        terminal.wait(lambda text: "question 0" in text)
        terminal.settle(0.3)
        pressed = terminal.press("\r")
        opened = terminal.wait(lambda text: f"question {TURNS - 1}:" in text) - pressed
        terminal.settle(0.4)
        steady = [paged(terminal, 0.25) for _ in range(PAGES)]
        terminal.settle(0.4)
        held = list(held_down(terminal))
    figures = {"page": spread(steady), "held": spread(held)}
    stall = max(*steady, *held)
    return {
        "turns": TURNS,
        "opened": opened,
        **figures,
        "longest_stall": stall,
        "met": opened <= GOALS["thread"] and stall <= GOALS["stall"],
    }


def paged(terminal: Terminal, pause: float) -> float:
    """Press the key, and return how late the page before came; rest until the next one is due."""
    before = conversation_of(terminal.screen.text)
    pressed = terminal.press(PAGE_UP)
    shown = terminal.wait(lambda text: conversation_of(text) not in (before, ""))
    while (left := pressed + pause - time.perf_counter()) > 0:
        terminal.read(left)
    return shown - pressed


def held_down(terminal: Terminal) -> Iterator[float]:
    """Hold the key down, and yield the times between the pages."""
    before, last = conversation_of(terminal.screen.text), time.perf_counter()
    begun, sent = last, 0
    while sent < 3 * PAGES:
        if time.perf_counter() >= begun + sent / 30:  # as keyboards repeat
            terminal.press(PAGE_UP)
            sent += 1
        moment = terminal.read(1 / 60)
        if moment is None:
            continue
        terminal.settle(0.002)  # the rest of the page
        now = conversation_of(terminal.screen.text)
        if now not in (before, ""):
            yield moment - last
            before, last = now, moment


async def lengthen(folder: Path) -> None:
    """Make a conversation of many turns."""
    with make_octograph(folder, {"chat": ScriptedWorker(["One."])}) as octo:
        first = octo.ask("question 0", thread="long")
    turns = [turn(first, number).document() for number in range(TURNS)]
    async with AsyncSqliteSaver.from_conn_string(str(folder / "threads.sqlite")) as saver:
        last = await saver.aget_tuple({"configurable": {"thread_id": "long", "checkpoint_ns": ""}})
        assert last is not None
        last.checkpoint["channel_values"] |= {"turns": turns, "turn": turns[-1]}
        last.checkpoint["id"] = str(uuid6(clock_seq=-1))
        await saver.aput(last.config, last.checkpoint, last.metadata, {})


def turn(first: Turn, number: int) -> Turn:
    """A turn as a small model's are: some paragraphs, at times a list or a block of code."""
    draw = random.Random(number)
    words = SENTENCE.split()
    paragraphs = [" ".join(draw.choices(words, k=draw.randint(10, 80))) for _ in range(draw.randint(1, 3))]
    if number % 5 == 0:
        paragraphs.append("\n".join(f"- {' '.join(draw.choices(words, k=6))}" for _ in range(4)))
    if number % 7 == 0:
        paragraphs.append("```python\ndef count(ships: list[str]) -> int:\n    return len(ships)\n```")
    query = f"question {number}: {' '.join(draw.choices(words, k=8))}"
    return replace(first, id=f"turn-{number}", query=query, text="\n\n".join(paragraphs))


# --- stop -----------------------------------------------------------------------------------------------------


def stopping(folder: Path) -> dict[str, Any]:
    """Stop answers while their question is read, and while they are written."""
    draw = random.Random(1)
    with chat(folder) as terminal:
        reading = list(stops(terminal, lambda: long(draw), is_answering))
        writing = list(stops(terminal, lambda: letter(draw), is_writing))
    return {
        "while_a_long_prompt_is_read": spread(reading),
        "while_it_is_written": spread(writing),
        "met": max(*reading, *writing) <= GOALS["stop"],
    }


def stops(terminal: Terminal, question: Callable[[], str], stage: Callable[[str], bool]) -> Iterator[float]:
    """Ask, press Esc half a second into a stage, and yield how late the app was ready again; several times."""
    count = 0
    while count < STOPS:
        ask(terminal, question())
        terminal.wait(stage)
        until = time.perf_counter() + 0.5
        while (left := until - time.perf_counter()) > 0:
            terminal.read(left)
        if stage(terminal.screen.text):
            pressed = terminal.press(ESC)
            yield terminal.wait(is_ready) - pressed
            count += 1
        terminal.wait(is_ready)


def long(draw: random.Random) -> str:
    """A question that takes seconds to read; no two have a beginning in common."""
    return f"Summarise this. {draw.random()} " + SENTENCE * 100


# --- what is on the screen ------------------------------------------------------------------------------------


def ask(terminal: Terminal, question: str) -> None:
    """Paste a question and send it."""
    terminal.press(f"\x1b[200~{question}\x1b[201~")
    terminal.settle(0.3)
    terminal.press("\r")


def is_ready(text: str) -> bool:
    """Whether it waits for a question."""
    return status_of(text) == "ready"


def is_answering(text: str) -> bool:
    """Whether a question is being answered, at whatever stage."""
    return status_of(text) == "answering…"


def is_writing(text: str) -> bool:
    """Whether the text of an answer is there: what is waited for ends with dots."""
    return is_answering(text) and not any(line.endswith("…") for line in conversation_of(text).splitlines())


def status_of(text: str) -> str:
    """The line above the prompt."""
    lines = text.splitlines()
    return lines[_prompt_top(lines) - 1].strip()


def prompt_of(text: str) -> str:
    """The line of the prompt that the cursor is in: the last one that is not blank."""
    lines = text.splitlines()
    inside = [line.strip().strip("│").strip() for line in lines[_prompt_top(lines) + 1 :] if "│" in line]
    return next((line for line in reversed(inside) if line), "")


def conversation_of(text: str) -> str:
    """The turns that are shown, without the scroll bar and without what stands to their right."""
    lines = text.splitlines()
    shown = (line[:HALF] + line[HALF:].partition("▏")[0] for line in lines[1 : _prompt_top(lines) - 1])
    return "\n".join(line.rstrip("▁▂▃▄▅▆▇█ ") for line in shown).strip()


def _prompt_top(lines: list[str]) -> int:
    return max((place for place, line in enumerate(lines) if "╭" in line), default=1)


def spread(seconds: list[float]) -> dict[str, float]:
    """What of many is told."""
    return {
        **{f"p{share}": float(np.percentile(seconds, share)) for share in (50, 99)},
        "longest": max(seconds),
        "count": len(seconds),
    }


if __name__ == "__main__":
    main()
