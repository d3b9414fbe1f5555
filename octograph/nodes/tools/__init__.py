"""Tools: worker nodes that compute.

The registry is an explicit table.
Importing this package imports none of sympy and pint: each tool loads what it needs when it
first answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from octograph.errors import UsageError
from octograph.nodes.tools.calculator import Calculator
from octograph.nodes.tools.dates import ClockTool
from octograph.nodes.tools.results import with_result
from octograph.nodes.tools.tool import Clock, SystemClock, Tool, ToolAnswer
from octograph.nodes.tools.units import UnitConverter

__all__ = ["TOOL_NAMES", "Clock", "SystemClock", "Tool", "ToolAnswer", "make_tool", "with_result"]

_MAKERS: Final[dict[str, Callable[[Clock], Tool]]] = {
    "calculator": lambda clock: Calculator(),
    "clock": lambda clock: ClockTool(clock=clock),
    "units": lambda clock: UnitConverter(),
}

TOOL_NAMES: Final[tuple[str, ...]] = tuple(_MAKERS)


def make_tool(name: str, *, clock: Clock) -> Tool:
    """Make a tool by its name.

    Parameters
    ----------
    name
        One of :data:`TOOL_NAMES`.
    clock
        Where the tool reads the time, if it needs it.

    Returns
    -------
    Tool
        A new tool.

    Raises
    ------
    UsageError
        There is no such tool.

    Examples
    --------
    >>> make_tool("calculator", clock=SystemClock()).answer("What is 48 * 17?").text
    '48 * 17 = 816'

    """
    maker = _MAKERS.get(name)
    if maker is None:
        raise UsageError(f"there is no tool {name!r}", hint=f"The tools are: {', '.join(TOOL_NAMES)}.")
    return maker(clock)
