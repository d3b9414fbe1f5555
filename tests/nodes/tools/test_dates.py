"""The clock: dates and times, seen from Thursday, 4 June 2026, 14:05 in Zurich."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octograph.errors import ToolError
from octograph.nodes.tools import SystemClock
from octograph.nodes.tools.dates import ClockTool


class FixedClock:
    """A clock that stands still."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment

    def now(self) -> datetime:
        return self._moment


ZURICH = ZoneInfo("Europe/Zurich")
CLOCK = ClockTool(clock=FixedClock(datetime(2026, 6, 4, 14, 5, tzinfo=ZURICH)))


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("What is today's date?", "Today is Thursday, 4 June 2026."),
        ("what day is it today", "Today is Thursday, 4 June 2026."),
        ("what's the date in 90 days", "In 90 days it will be Wednesday, 2 September 2026."),
        ("the day after tomorrow", "The day after tomorrow will be Saturday, 6 June 2026."),
        ("is 2100 a leap year", "2100 will not be a leap year."),
        (
            "how many days until Thanksgiving",
            "There are 175 days until Thursday, 26 November 2026 (as in the United States).",
        ),
        ("memorial day 2026", "Memorial day 2026 was Monday, 25 May 2026 (as in the United States)."),
        ("how many days are left in this year", "After 4 June 2026, 210 days are left in 2026."),
        ("what time is it?", "It is 14:05 on Thursday, 4 June 2026."),
        ("what time is it in Tokyo", "In Tokyo it is 21:05 on Thursday, 4 June 2026 (Asia/Tokyo, UTC+9)."),
        ("time in paris, france", "In Paris it is 14:05 on Thursday, 4 June 2026 (Europe/Paris, UTC+2)."),
        (
            "what time is it in Mumbai right now",
            "In Mumbai it is 17:35 on Thursday, 4 June 2026 (Asia/Kolkata, UTC+5:30).",
        ),
        ("What day of the week was 4 July 1997?", "4 July 1997 was a Friday."),
        ("what weekday is 2024-02-29", "29 February 2024 was a Thursday."),
        ("4th of July, 1997", "4 July 1997 was a Friday."),
        (
            "what day of the week was 03/04/2020",
            "3 April 2020 was a Friday (03/04/2020 read day first, as 3 April 2020).",
        ),
        (
            "weekday of 12/31/2024",
            "31 December 2024 was a Tuesday (12/31/2024 read month first, as no month is 31).",
        ),
        ("what day is 31/12/2024", "31 December 2024 was a Tuesday."),
        (
            "days between 2024-01-01 and 2024-12-25",
            "There are 359 days between 1 January 2024 and 25 December 2024.",
        ),
        (
            "how many years between 4 July 1997 and 1 June 2026",
            "There are 28 years, 10 months and 28 days between 4 July 1997 and 1 June 2026.",
        ),
        ("how many days until Christmas?", "There are 204 days until Friday, 25 December 2026."),
        ("how many days until tomorrow", "There is 1 day until Friday, 5 June 2026."),
        ("how many weeks until easter", "There are 42 weeks and 3 days until Sunday, 28 March 2027."),
        ("how many days since 9 November 1989", "It has been 13356 days since Thursday, 9 November 1989."),
        ("how many weeks since 1 January 2026", "It has been 22 weeks since Thursday, 1 January 2026."),
        (
            "2 months after 31 December 2023",
            "2 months after 31 December 2023 was Thursday, 29 February 2024 "
            "(there is no 31 February 2024, so the end of the month counts).",
        ),
        ("next Friday", "Next Friday will be Friday, 5 June 2026 (read as the first Friday after today)."),
        ("is 2000 a leap year?", "2000 was a leap year."),
        ("was 1900 a leap year", "1900 was not a leap year."),
        ("what week is it", "4 June 2026 is in ISO week 23 of 2026."),
        ("how many days in February 2024", "February 2024 has 29 days."),
        (
            "how old is someone born on 4 July 1997",
            "Someone born on 4 July 1997 is 28 years old on 4 June 2026.",
        ),
    ],
)
def test_text(query: str, text: str) -> None:
    assert CLOCK.answer(query).text == text


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("what date is 90 days from now", "2026-09-02"),
        ("what is the date 3 weeks from today", "2026-06-25"),
        ("what date will it be in 45 days?", "2026-07-19"),
        ("in two weeks", "2026-06-18"),
        ("what day was 3 days ago", "Monday"),
        ("what is the date tomorrow", "2026-06-05"),
        ("the day after tomorrow", "2026-06-06"),
        ("yesterday", "2026-06-03"),
        ("1997 July 4", "1997-07-04"),
        ("4. July 1997", "1997-07-04"),
        ("last friday", "2026-05-29"),
        ("when is easter 2025", "2025-04-20"),
        ("what day does Christmas fall on this year", "Friday"),
        ("What day is Christmas 2027?", "Saturday"),
        ("a week from tomorrow", "2026-06-12"),
        ("2 weeks and 3 days from now", "2026-06-21"),
        ("what is the date a fortnight after 1 May 2026", "2026-05-15"),
        ("10 days before Christmas", "2026-12-15"),
        ("a year after 29 February 2024", "2025-02-28"),
        ("how many days from 1 march to 5 june 2025", "96"),
        ("how many days from now until christmas", "204"),
        ("days until 4 june", "0"),
        ("days until 3 june", "364"),
        ("how many days ago was 1 June 2026", "3"),
        ("how many days until 29 february", "635"),
        ("is this year a leap year", "no"),
        ("when is the next leap year", "2028"),
        ("what is the ISO week number of 4 July 1997", "27"),
        ("how many days are in february", "28"),
        ("how many days in 2024", "366"),
        ("how old am I if I was born on 2000-06-05", "25"),
        ("how old am I if I was born on 2000-06-04", "26"),
        ("what time will it be in 3 hours", "17:05"),
        ("when is black friday 2025", "2025-11-28"),
        ("when is labor day", "2026-09-07"),
        ("when is mother's day 2027", "2027-05-09"),
        ("when is father's day this year", "2026-06-21"),
        ("how many days until the end of the year", "210"),
        ("what time was it 90 minutes ago", "12:35"),
        ("what time is it in the UK", "13:05"),
        ("what time is it in utc", "12:05"),
        ("what time is it in Asia/Tokyo", "21:05"),
        ("what year is it", "2026"),
        ("what month is it", "June"),
    ],
)
def test_value(query: str, value: str) -> None:
    assert CLOCK.answer(query).value == value


@pytest.mark.parametrize(
    "query",
    [
        "hello there",
        "who won the world cup in 1998",
        "30 February 2024",
        "when is after 31 December 2023",
        "29 February 2023",
        "what day was 4.7.97",
        "what day was 03/04",
        "31/31/2020",
        "300000 years from now",
        "999999 days ago",
        "what time is it in Paris, Texas?",
        "what time is it in the US",
        "what time is it in Atlantis",
        "what time is it in 12345",
        "days between 20 december and 5 january",
        "days since 1 January 2030",
        "how old is someone born on 4 july",
        "how old is someone born on 4 july 2030",
        "days until",
        "days until the end of the world in 2012",
        "is 0 a leap year",
        "what is 5 + 3",
    ],
)
def test_refused(query: str) -> None:
    with pytest.raises(ToolError) as caught:
        CLOCK.answer(query)
    assert caught.value.hint


def test_a_close_name_is_offered() -> None:
    with pytest.raises(ToolError, match="Did you mean Tokyo"):
        CLOCK.answer("what time is it in Tokyoo")


def test_the_hours_of_a_change_to_summer_time_are_counted() -> None:
    clock = ClockTool(clock=FixedClock(datetime(2026, 3, 29, 1, 30, tzinfo=ZURICH)))
    assert clock.answer("what time will it be in 2 hours").value == "04:30"


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine in Berlin."""
    with monkeypatch.context() as environment:
        environment.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_berlin")
@pytest.mark.parametrize(
    ("moment", "query", "text"),
    [
        (
            datetime(2025, 3, 29, 14, 30),
            "what time will it be in 24 hours",
            "In 24 hours it will be 15:30 on Sunday, 30 March 2025.",
        ),
        (
            datetime(2025, 3, 28, 14, 30),
            "what time will it be in 24 hours",
            "In 24 hours it will be 14:30 on Saturday, 29 March 2025.",
        ),
        (
            datetime(2025, 10, 25, 14, 30),
            "what time will it be in 24 hours",
            "In 24 hours it will be 13:30 on Sunday, 26 October 2025.",
        ),
        (
            datetime(2025, 3, 30, 9, 0),
            "what time was it 10 hours ago",
            "10 hours ago it was 22:00 on Saturday, 29 March 2025.",
        ),
    ],
)
def test_the_zone_of_the_system_clock_knows_summer_time(moment: datetime, query: str, text: str) -> None:
    clock = ClockTool(clock=FixedClock(moment.replace(tzinfo=SystemClock().now().tzinfo)))
    assert clock.answer(query).text == text


@settings(deadline=None)
@given(day=st.dates(date(1600, 1, 1), date(2400, 1, 1)), days=st.integers(0, 5000))
def test_days_agree_with_the_calendar(day: date, days: int) -> None:
    assert CLOCK.answer(f"{days} days after {day.isoformat()}").value == (day + timedelta(days=days)).isoformat()
    assert CLOCK.answer(f"what day of the week was {day.isoformat()}").value == f"{day:%A}"
