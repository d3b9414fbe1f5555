"""Conversations in memory: for tests, snapshots and demonstrations without a file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from octograph.agents import ThreadInfo, Turn
from octograph.agents.context import ContextUse
from octograph.agents.finding import FoundTurn, Fragment
from octograph.errors import ThreadError
from octograph.tui.threads.conversations import Form

__all__ = ["ScriptedThreads"]


@dataclass(kw_only=True)
class ScriptedThreads:
    """Conversations as they are given; a search finds a text in the questions, as it stands.

    Attributes
    ----------
    conversations
        Turns by thread, the last used first.
    titles
        Those that are not the first question, by thread.
    deleted
        Turns of what was deleted, by thread.
    parents
        From which thread one was forked.
    use
        How full the context is, None if that is not known.
    kept
        How many turns were kept when a thread was compacted, in order.

    """

    conversations: dict[str, list[Turn]]
    titles: dict[str, str] = field(default_factory=dict)
    deleted: dict[str, list[Turn]] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    use: ContextUse | None = None
    kept: list[int | None] = field(default_factory=list)

    def info(self, thread: str) -> ThreadInfo:
        """Return what there is to say of a conversation."""
        turns = self._known(thread)
        return ThreadInfo(
            id=thread,
            title=self.titles.get(thread, turns[0].query if turns else thread),
            created=turns[0].started if turns else "",
            updated=turns[-1].started if turns else "",
            parent=self.parents.get(thread),
        )

    def turns(self, thread: str) -> list[Turn]:
        """Return the turns of a conversation."""
        return [*self.conversations.get(thread, [])]

    def search(self, text: str) -> list[FoundTurn]:
        """Return the turns in whose question the text stands."""
        return [
            FoundTurn(
                thread=name,
                title=self.info(name).title,
                turn=turn.id,
                snippet=(
                    Fragment(text=turn.query.partition(text)[0], matched=False),
                    Fragment(text=text, matched=True),
                    Fragment(text=turn.query.partition(text)[2], matched=False),
                ),
            )
            for name, turns in self.conversations.items()
            for turn in turns
            if text in turn.query
        ]

    def rename(self, thread: str, title: str) -> None:
        """Give a conversation another title."""
        self._known(thread)
        self.titles[thread] = title

    def delete(self, thread: str) -> None:
        """Delete a conversation."""
        self._known(thread)
        self.deleted[thread] = self.conversations.pop(thread)

    def restore(self, thread: str) -> None:
        """Bring a deleted conversation back, as the last in the list."""
        self.conversations[thread] = self.deleted.pop(thread)

    def fork(self, thread: str, turn: str, *, keep: bool = True) -> str:
        """Make a new conversation that goes the same way up to a turn."""
        turns = self._known(thread)
        end = next(place for place, one in enumerate(turns) if one.id == turn) + keep
        name = f"{thread}-branch-{len(self.conversations)}"
        self.conversations[name] = [replace(one, thread=name) for one in turns[:end]]
        self.parents[name] = thread
        return name

    def context(self, thread: str) -> ContextUse | None:
        """Return how full the context is said to be."""
        return self.use

    def compact(self, thread: str, keep: int | None = 4) -> int:
        """Note how many turns are kept."""
        self.kept.append(keep)
        return len(self._known(thread)) if keep is None else keep

    def export(self, thread: str, *, form: Form = "markdown") -> str:
        """Return the questions of a conversation."""
        queries = [turn.query for turn in self._known(thread)]
        return json.dumps(queries) if form == "json" else "".join(f"> {query}\n" for query in queries)

    def list(self) -> list[ThreadInfo]:
        """Return all conversations."""
        return [self.info(name) for name in self.conversations]

    def _known(self, thread: str) -> Sequence[Turn]:
        if thread not in self.conversations:
            raise ThreadError(f"there is no thread {thread!r}", hint="The list shows those that there are.")
        return self.conversations[thread]
