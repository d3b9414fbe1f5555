"""Drafts looked up in what stands there already (prompt lookup decoding, Saxena 2023), used while they pay.

A text that repeats its prompt (a summary, an edit, code) can be guessed from it: the tokens behind the last place
where the latest ones occurred. The model checks the guess in one batch, and what it does not choose itself is
thrown away, so that the text is the one it would have written.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

__all__ = ["Drafts", "PromptLookup", "Speculation"]

GRAM = 3
SHORTEST, LONGEST = 3, 15
"""Tokens of a draft: it begins short, and doubles while all of it is right."""

MEMORY = 0.2
"""Weight of the newest step in the moving averages."""

GAIN = 1.05
"""Drafts must be this much faster than single steps to go on."""

PAUSE, LONGEST_PAUSE = 32, 1024
"""Single steps after a draft that did not pay; twice as many after the next."""


class PromptLookup:
    """Finds where the latest tokens occurred before; the most recent place counts.

    Parameters
    ----------
    tokens
        What stands there, prompt included.

    """

    def __init__(self, tokens: Sequence[int]) -> None:
        self._tokens: list[int] = []
        self._places: dict[tuple[int, ...], int] = {}
        self._before: int | None = None
        for token in tokens:
            self.append(token)

    def append(self, token: int) -> None:
        """Go on behind a token."""
        self._tokens.append(token)
        if len(self._tokens) >= GRAM:
            gram = tuple(self._tokens[-GRAM:])
            self._before = self._places.get(gram)
            self._places[gram] = len(self._tokens)

    def draft(self, most: int) -> list[int]:
        """Return what came behind the latest tokens the last time, or nothing."""
        return [] if self._before is None else self._tokens[self._before : self._before + most]


class Speculation:
    """Decides whether the next step takes a draft, by what steps with and without have cost so far."""

    def __init__(self) -> None:
        self._plain = self._drafted = 0.0
        self._length = SHORTEST
        self._pause = PAUSE
        self._wait = 1  # one plain step first, to compare with

    @property
    def length(self) -> int:
        """Tokens that the next draft should have; 0 while drafts do not pay."""
        return 0 if self._wait else self._length

    def observe(self, *, drafted: int, gained: int, seconds: float) -> None:
        """Tell what a step cost: `drafted` tokens were guessed, and it wrote `gained`."""
        cost = seconds / gained
        if not drafted:
            self._plain = _average(self._plain, cost)
            self._wait = max(0, self._wait - 1)
            return
        self._drafted = _average(self._drafted, cost)
        self._length = min(2 * self._length, LONGEST) if gained > drafted else SHORTEST
        if self._drafted * GAIN <= self._plain:
            self._pause = PAUSE
        else:
            self._wait, self._pause = self._pause, min(2 * self._pause, LONGEST_PAUSE)
            self._drafted = 0.0


def _average(old: float, new: float) -> float:
    return new if old == 0.0 else old + MEMORY * (new - old)


class Drafts:
    """The drafts of one text: looked up, timed, and left alone while they do not pay.

    Parameters
    ----------
    prompt
        What stands before the text; negative symbols (soft prompts) match nothing.

    """

    def __init__(self, prompt: Sequence[int]) -> None:
        self._lookup = PromptLookup(prompt)
        self._speculation = Speculation()
        self._written = self._drafted = 0
        self._since: float | None = None

    def next(self, written: Sequence[int], *, room: int) -> list[int]:
        """Return a draft of at most `room` tokens behind the text so far; empty for a plain step."""
        now = time.perf_counter()
        gained = len(written) - self._written
        if self._since is not None:
            self._speculation.observe(drafted=self._drafted, gained=gained, seconds=now - self._since)
        for token in written[self._written :]:
            self._lookup.append(token)
        draft = self._lookup.draft(min(self._speculation.length, max(room, 0)))
        self._written, self._drafted, self._since = len(written), len(draft), now
        return draft
