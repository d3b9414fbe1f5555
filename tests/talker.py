"""A process that goes on with a conversation until it is killed: the victim of the tests of crash safety.

Prints a JSON line when it is ready (with the process id of its host) and one for each event of interest.
"""

from __future__ import annotations

import json
import sys

import octograph
from octograph.agents import Finished, Started, StepStarted, TextWritten

QUESTIONS = (
    ("What is {} * 17?", None),
    ("How are you today?", "chat"),
    ("How many feet are {} metres?", None),
    ("Write a letter about the rain in the morning and at night.", "writing"),
)


def say(**body: object) -> None:
    print(json.dumps(body), flush=True)  # noqa: T201  # read by the test


def main(thread: str) -> None:
    with octograph.open() as octo:
        octo.route("Hi")
        assert octo.pool is not None
        say(kind="ready", hosts=[client.host.pid for client in octo.pool.clients.values()])
        for number in range(10_000):
            query, worker = QUESTIONS[number % len(QUESTIONS)]
            for event in octo.stream(query.format(number + 2), thread=thread, worker=worker):
                if isinstance(event, Started):
                    say(kind="started", turn=event.turn)
                elif isinstance(event, StepStarted):
                    say(kind="step", turn=event.step)
                elif isinstance(event, TextWritten):
                    say(kind="text")
                elif isinstance(event, Finished):
                    say(kind="finished", turn=event.turn.id, text=event.turn.text)


if __name__ == "__main__":
    main(sys.argv[1])
