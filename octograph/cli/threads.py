"""The commands about conversations: ``threads``."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from octograph.agents import Turn
from octograph.agents.finding import Fragment
from octograph.cli.opening import opened
from octograph.cli.output import note, say, write_json
from octograph.errors import UsageError

__all__ = ["compact", "delete", "export", "fork", "list_threads", "rename", "restore", "search", "show"]


def list_threads(arguments: argparse.Namespace) -> int:
    """List the conversations, the last used first."""
    with opened(arguments) as octo:
        threads = octo.threads.list()
    if arguments.json:
        write_json([asdict(thread) for thread in threads])
    else:
        for thread in threads:
            say(f"{thread.id}  {thread.updated[:16].replace('T', ' ')}  {thread.title}")
    return 0


def show(arguments: argparse.Namespace) -> int:
    """Show the turns of a conversation."""
    with opened(arguments) as octo:
        octo.threads.info(arguments.name)
        turns = octo.threads.turns(arguments.name)
    if arguments.json:
        write_json([turn.document() for turn in turns])
    else:
        for number, turn in enumerate(turns, start=1):
            say(f"{number} > {turn.query}\n[{_standing(turn)}] {turn.text}\n")
    return 0


def search(arguments: argparse.Namespace) -> int:
    """Find turns; the words that were looked for stand between asterisks."""
    with opened(arguments) as octo:
        found = octo.threads.search(" ".join(arguments.words), limit=arguments.limit)
    if arguments.json:
        write_json([asdict(one) for one in found])
        return 0
    for one in found:
        say(f"{one.thread}  {one.title}\n  {_marked(one.snippet)}\n")
    if not found:
        note("no turn has all of these words")
    return 0


def rename(arguments: argparse.Namespace) -> int:
    """Give a conversation another title."""
    with opened(arguments) as octo:
        octo.threads.rename(arguments.name, arguments.title)
        title = octo.threads.info(arguments.name).title
    if arguments.json:
        write_json({"renamed": arguments.name, "title": title})
    return 0


def delete(arguments: argparse.Namespace) -> int:
    """Delete a conversation."""
    with opened(arguments) as octo:
        octo.threads.delete(arguments.name)
    if arguments.json:
        write_json({"deleted": arguments.name})
    else:
        note("for 30 days `octograph threads restore` brings it back")
    return 0


def restore(arguments: argparse.Namespace) -> int:
    """Bring a deleted conversation back."""
    with opened(arguments) as octo:
        octo.threads.restore(arguments.name)
    if arguments.json:
        write_json({"restored": arguments.name})
    return 0


def fork(arguments: argparse.Namespace) -> int:
    """Make a new conversation of the first turns of another; its name goes to stdout."""
    with opened(arguments) as octo:
        turn = _turn(octo.threads.turns(arguments.name), arguments.turn)
        made = octo.threads.fork(arguments.name, turn, keep=not arguments.without)
        info = octo.threads.info(made)
    if arguments.json:
        write_json(asdict(info))
    else:
        say(made)
        note(f'go on with: octograph ask --thread {made} "…"')
    return 0


def compact(arguments: argparse.Namespace) -> int:
    """Show models only the last turns of a conversation, or all again."""
    with opened(arguments) as octo:
        hidden = octo.threads.compact(arguments.name, keep=None if arguments.all else arguments.keep)
    if arguments.json:
        write_json({"compacted": arguments.name, "hidden": hidden})
    elif hidden:
        turns = "turn is" if hidden == 1 else "turns are"
        note(f"{hidden} earlier {turns} no longer shown to models; the transcript keeps them, and --all undoes it")
    else:
        note("models are shown all turns")
    return 0


def export(arguments: argparse.Namespace) -> int:
    """Write a conversation as one text."""
    plain_json = arguments.json and arguments.output is None
    with opened(arguments) as octo:
        text = octo.threads.export(arguments.name, form="json" if plain_json else arguments.format)
    if arguments.output is not None:
        _write(arguments.output, text)
        if arguments.json:
            write_json({"written": str(arguments.output)})
        else:
            note(f"written to {arguments.output}")
    elif plain_json:
        write_json(json.loads(text))
    else:
        say(text, end="")
    return 0


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"the conversation cannot be written to {str(path)!r}: {error}", hint="Name another file."
        ) from error


def _turn(turns: Sequence[Turn], wanted: str) -> str:
    """The id of a turn that is given by its number or its id."""
    number = int(wanted) if wanted.isdecimal() else 0
    return turns[number - 1].id if 1 <= number <= len(turns) else wanted


def _marked(snippet: Sequence[Fragment]) -> str:
    return "".join(f"*{one.text}*" if one.matched else one.text for one in snippet)


def _standing(turn: Turn) -> str:
    return turn.worker if turn.worker is not None and turn.status == "answered" else turn.status
