"""What a tool is: a worker node that computes its answer instead of generating it.

A tool either gives an exact answer or raises :class:`~octograph.errors.ToolError`; it never guesses.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

__all__ = ["Clock", "SystemClock", "Tool", "ToolAnswer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolAnswer:
    """The answer of a tool.

    Parameters
    ----------
    text
        What the user reads: short and complete, such as ``"48 * 17 = 816"``.
    value
        The bare result, such as ``"816"``.
    tool
        Name of the tool that computed it.

    """

    text: str
    value: str
    tool: str


class Tool(Protocol):
    """Anything that turns a query into an exact answer."""

    @property
    def name(self) -> str:
        """Name of the tool in a graph file."""
        ...

    def answer(self, query: str) -> ToolAnswer:
        """Answer a query in natural language.

        Parameters
        ----------
        query
            What the user asked.

        Returns
        -------
        ToolAnswer
            The exact answer.

        Raises
        ------
        ToolError
            The query holds nothing that this tool can do, or is ambiguous.

        """
        ...


class Clock(Protocol):
    """Where a tool reads the time."""

    def now(self) -> datetime:
        """Return the present moment, aware, in the user's zone."""
        ...


class SystemClock:
    """The clock of this machine, in its local zone."""

    def now(self) -> datetime:
        """Return the present moment, aware, in the local zone with its changes of daylight saving."""
        from dateutil.tz import tzlocal

        return datetime.now(tzlocal())
