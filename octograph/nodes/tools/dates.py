"""The clock: dates, times, zones, and the days between.

It answers in full sentences that name the date, so that what was assumed can be seen.
"""

from __future__ import annotations

from typing import ClassVar

from octograph.errors import ToolError
from octograph.nodes.tools.clock import ages, counting, days, hours, stories, tallies, weeks, zones
from octograph.nodes.tools.clock.reading import skeleton
from octograph.nodes.tools.clock.wording import plain
from octograph.nodes.tools.tool import Clock, ToolAnswer

__all__ = ["ClockTool"]

# The first form that matches is the one that was meant: the last families hold the widest forms.
_FORMS = (
    *hours.FORMS,
    *tallies.FORMS,
    *ages.FORMS,
    *weeks.FORMS,
    *counting.FORMS,
    *days.FORMS,
    *zones.FORMS,
    *stories.FORMS,
)


class ClockTool:
    """Dates and times.

    Parameters
    ----------
    clock
        Where to read the time.

    """

    name: ClassVar[str] = "clock"

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock

    def answer(self, query: str) -> ToolAnswer:
        """Answer a question about dates or the time.

        Parameters
        ----------
        query
            What the user asked.

        Returns
        -------
        ToolAnswer
            A sentence; its value is an ISO date, a time, a number or a weekday.

        Raises
        ------
        ToolError
            The query is no such question, or names no date or place that is known here.

        """
        asked, moment = skeleton(plain(query)), self._clock.now()
        for form in _FORMS:
            if question := form.match(asked, moment):
                sentence, value = form.handle(question)
                return ToolAnswer(text=sentence[:1].upper() + sentence[1:], value=value, tool=self.name)
        raise ToolError(
            "this is no question about dates or the time that is known here",
            hint='Ask for instance "how many days until Christmas?" or "what time is it in Tokyo?".',
        )
