"""What people ask of a clock and a calendar, seen from Thursday, 4 June 2026, 14:05 in Zurich."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octograph.errors import ToolError
from octograph.nodes.tools.dates import ClockTool

NOW = datetime(2026, 6, 4, 14, 5, tzinfo=ZoneInfo("Europe/Zurich"))
TODAY = NOW.date()


class FixedClock:
    """A clock that stands still."""

    def now(self) -> datetime:
        return NOW


CLOCK = ClockTool(clock=FixedClock())


def days(first: date, last: date) -> str:
    return str((last - first).days)


def weekdays(first: date, last: date, wanted: set[int]) -> str:
    """Count day by day, both ends included."""
    return str(sum((first + timedelta(days=n)).weekday() in wanted for n in range((last - first).days + 1)))


def in_zone(hour: int, source: str, target: str) -> str:
    there = datetime(2026, 6, 4, hour, tzinfo=ZoneInfo(source))
    return f"{there.astimezone(ZoneInfo(target)):%H:%M}"


@pytest.mark.parametrize(
    ("query", "value"),
    [
        # The day itself.
        ("whats todays date", "2026-06-04"),
        ("what's the date today, quick", "2026-06-04"),
        ("what was yesterday's date", "2026-06-03"),
        ("what weekday was yesterday", "Wednesday"),
        ("today is what day of the week?", "Thursday"),
        ("Tommorow is what date?", "2026-06-05"),
        ("what dya is it today?", "2026-06-04"),
        ("Yesterday's date in ISO format", "2026-06-03"),
        ("today in the format dd.mm.yyyy", "04.06.2026"),
        ("what quarter are we in", "Q2"),
        ("is it the weekend yet", "no"),
        ("is 4 July 2027 a Sunday?", "yes"),
        ("does Christmas fall on a weekend this year", "no"),
        ("what weekday will my birthday the 14th of November fall on in 2030", f"{date(2030, 11, 14):%A}"),
        ("the year 2000 began on which weekday?", f"{date(2000, 1, 1):%A}"),
        # Dates and spans.
        ("add 6 months to 31 August 2025", "2026-02-28"),
        ("Please subtract 45 days from 10 February 2026.", (date(2026, 2, 10) - timedelta(45)).isoformat()),
        ("take 45 days from 10 February 2026", (date(2026, 2, 10) - timedelta(45)).isoformat()),
        ("15 March 2024 plus 90 days", (date(2024, 3, 15) + timedelta(90)).isoformat()),
        ("subtract 10 days from today", (TODAY - timedelta(10)).isoformat()),
        ("count 60 days on from 17 July 2026", (date(2026, 7, 17) + timedelta(60)).isoformat()),
        ("say what date the Monday after next is", "2026-06-15"),
        ("What year was 87 years before 1956", "1869"),
        ("which month comes eight months after November", "July"),
        # Between dates.
        ("How many days lie between 3 March 2024 and 19 August 2025?", days(date(2024, 3, 3), date(2025, 8, 19))),
        ("count the days from 28 July 1914 to 11 November 1918", days(date(1914, 7, 28), date(1918, 11, 11))),
        ("how many dayz between may 1 and oct 1", days(date(2026, 5, 1), date(2026, 10, 1))),
        ("days from 2 Feb to 5 March, both days included", str((date(2026, 3, 5) - date(2026, 2, 2)).days + 1)),
        ("how many days after 3 May 2026 is 5 June 2026", days(date(2026, 5, 3), date(2026, 6, 5))),
        ("how many days before 5 June 2026 was 3 May 2026", days(date(2026, 5, 3), date(2026, 6, 5))),
        ("Countdown to 1 July, please, in days", days(TODAY, date(2026, 7, 1))),
        ("From 3 May 1998 to today, how many days", days(date(1998, 5, 3), TODAY)),
        ("days since the moon landing on 20 July 1969", days(date(1969, 7, 20), TODAY)),
        ("compute how many months lie between May 2021 and February 2026", "57"),
        ("days between Valentine's Day and Halloween", days(date(2026, 2, 14), date(2026, 10, 31))),
        # Ages.
        ("I was born on the 29th of February 2000. How old am I today?", "26"),
        ("how old was somebody born on 12 March 1950 on 3 April 1999", "49"),
        ("how old was she on 1 May 2000 if she was born on 2 May 1960", "39"),
        ("How many days old is a person born on 1 January 1990?", days(date(1990, 1, 1), TODAY)),
        (
            "Age in days of someone born on 29 February 1996, as of 1 March 2024",
            days(date(1996, 2, 29), date(2024, 3, 1)),
        ),
        ("on which weekday I was born if my birthday is 17 November 1992", f"{date(1992, 11, 17):%A}"),
        # Places in a month or a year.
        ("the first Monday in May 2026", "2026-05-04"),
        ("when is the last Monday in May 2026?", "2026-05-25"),
        ("how many days until the first Monday in May", days(TODAY, date(2027, 5, 3))),
        ("how many days since the first Monday in May", days(date(2026, 5, 4), TODAY)),
        ("the date of the last Friday of next month", "2026-07-31"),
        ("what's the last day of next month", "2026-07-31"),
        ("what is the 200th day of 2026", (date(2026, 1, 1) + timedelta(199)).isoformat()),
        ("Friday the 13th, when's the next one?", "2026-11-13"),
        ("how many Friday the 13ths are there in 2026", "3"),
        ("Does this year have a Friday the 13th in June?", "no"),
        # How many there are.
        ("how many Fridays are there in 2026?", weekdays(date(2026, 1, 1), date(2026, 12, 31), {4})),
        ("How many Mondays are in May this year?", weekdays(date(2026, 5, 1), date(2026, 5, 31), {0})),
        (
            "Count the Sundays between 1 June and 30 September.",
            weekdays(date(2026, 6, 1), date(2026, 9, 30), {6}),
        ),
        ("working days in april 2026", weekdays(date(2026, 4, 1), date(2026, 4, 30), {0, 1, 2, 3, 4})),
        ("how many business days until Christmas", weekdays(date(2026, 6, 5), date(2026, 12, 25), {0, 1, 2, 3, 4})),
        ("10 working days after 5 June 2026", "2026-06-19"),
        ("How many days does February have in 2032?", "29"),
        ("are there 53 weeks this year", "yes"),
        ("how many hours in a leap yr", str(366 * 24)),
        ("how many minutes are in a day", "1440"),
        ("when was the last leap year", "2024"),
        ("Which years between 2090 and 2110 are leap years?", "4"),
        ("is 2100 a leep year", "no"),
        # Weeks, days of the year, and numbers for days.
        ("In which week of the year is 30 December 2024 by ISO rules?", str(date(2024, 12, 30).isocalendar().week)),
        ("when does week 40 start", date.fromisocalendar(2026, 40, 1).isoformat()),
        ("what day of the year is 4 July 2026", "185"),
        ("how many days are left in this month", "26"),
        ("unix timestamp right now", str(int(NOW.timestamp()))),
        ("unix timestamp of 1 January 2000", str(int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()))),
        ("What date does the unix timestamp 1700000000 stand for?", "2023-11-14T22:13:20Z"),
        ("Julian day number for 1 Jan 2000", "2451545"),
        # Times of day.
        ("how long is it from 08:50 to 17:15", "8 hours 25 minutes"),
        ("how long from 9:40 am to 2:05 pm", "4 hours 25 minutes"),
        ("the minutes from 7:50 to 9:35", "105"),
        ("how long is 8:30 to 16:45 minus a 45 minute break", "7 hours 30 minutes"),
        ("how many hours between 21:15 on Monday and 06:45 on Wednesday", "33 hours 30 minutes"),
        ("2 hours 45 minutes after 22:30", "01:15"),
        ("15:30 - 2 hours", "13:30"),
        ("15:30 + 2 hours", "17:30"),
        ("14:30 minus 45 minutes", "13:45"),
        ("subtract 40 minutes from 9:20", "08:40"),
        ("2026-06-04 - 3 weeks", "2026-05-14"),
        ("1 June 2026 minus 2 weeks", "2026-05-18"),
        ("add 95 minutes to 10:40", "12:15"),
        ("8 hours before 6 am", "22:00"),
        ("hours until midnight", "9 hours 55 minutes"),
        ("how many minutes are left until midnight when it's 19:48", "252"),
        ("How many hours have gone by since midnight?", "14 hours 5 minutes"),
        ("When is the next full hour after 14:37?", "15:00"),
        ("17:45 in 12-hour format", "5:45 pm"),
        ("what is 6:30 pm in 24 hour time", "18:30"),
        ("Thirty-six hours after Tuesday 7 am is when", "2026-06-10T19:00"),
        # Between places.
        ("If it's 3 pm in New York, what time is it in Berlin?", in_zone(15, "America/New_York", "Europe/Berlin")),
        ("what time is it in Tokyo if it is 9 am in New York", in_zone(9, "America/New_York", "Asia/Tokyo")),
        ("3 pm Berlin in New York", in_zone(15, "Europe/Berlin", "America/New_York")),
        ("convert 14:00 UTC to Pacific time", in_zone(14, "UTC", "America/Los_Angeles")),
        (
            "meeting at 3 pm London time, what time is that in Chicago",
            in_zone(15, "Europe/London", "America/Chicago"),
        ),
        ("10am PDT in London", in_zone(10, "America/Los_Angeles", "Europe/London")),
        ("what's the time difference between London and Sydney?", "9 hours"),
        ("what's the difference in time between Delhi and Dubai", "1 hour 30 minutes"),
        ("what is the UTC offset of Kathmandu", "UTC+5:45"),
        ("what tiem is it in Sydney", "22:05"),
        # What was said just before.
        ("The exam is on 20 May. How many weeks do I have left?", "50"),
        ("My parents married on 6 June 1981. What day of the week was that?", "Saturday"),
        ("Today is 4 April. How many weeks until Halloween", "30"),
        ("The film starts at 20:15 and lasts 2 hours 25 minutes. When does it end?", "22:40"),
        ("I slept from 23:40 to 7:10, how long is that", "7 hours 30 minutes"),
        ("my flight leaves 23:10 and takes 11h 25 what time do i land, same timezone", "10:35"),
    ],
)
def test_value(query: str, value: str) -> None:
    assert CLOCK.answer(query).value == value


@pytest.mark.parametrize(
    ("query", "text"),
    [
        (
            "how long is it from 22:30 to 06:15",
            "From 22:30 to 06:15, over midnight, it is 7 hours and 45 minutes.",
        ),
        (
            "how long from noon to midnight",
            "From 12:00 to 00:00, it is 12 hours.",
        ),
        (
            "how many working days from 7 to 25 July 2025",
            "There are 15 working days from 7 July 2025 to 25 July 2025 "
            "(both days included; Monday to Friday, public holidays not taken out).",
        ),
        (
            "9 pm central european time in india",
            "21:00 on Thursday, 4 June 2026 in Central European time is 00:30 the next day in India "
            "(Europe/Berlin UTC+2, Asia/Kolkata UTC+5:30).",
        ),
        (
            "how long ago was 12 October 1492, in days",
            "It has been 194909 days since Wednesday, 12 October 1492 "
            "(by the Gregorian calendar, which came into use in October 1582).",
        ),
    ],
)
def test_what_was_assumed_is_said(query: str, text: str) -> None:
    assert CLOCK.answer(query).text == text


@pytest.mark.parametrize(
    "query",
    [
        # Nothing to count from.
        "how many days until that day", "how many years since he died", "what weekday was that", "40 days later is",
        "tell me the weekday", "what time is it there", "days from 3 May to", "how many days between 3 May",
        "how many days until 3 May or 4 May", "3 May 2026 to 4 May 2027 to 5 May 2028", "1 week before the exam",
        # No such date, time or place.
        "how many days until 31 April", "what weekday was 31 June 2020",
        "Monday 5 June 2026", "25:00 in 12 hour format",
        "what is 13 pm in 24 hour time", "fifth monday in february 2026", "the sixth Monday in May 2026",
        "how many days in Smarch", "time difference between Paris and Narnia", "convert 3 pm Paris to Atlantis",
        # Two readings.
        "how long is it from 9:40 to 2:05", "how long from 9 am to 2:05", "how long till 6:00",
        "half past six in 24 hour time", "what's 8 pm CST in Berlin", "5 pm IST to London", "convert 3 pm EST to CET",
        "what time is it in Berlin if it is 3 pm", "14 November 2029 in 2030", "how old am I if I was born on 4 July",
        "my flight leaves at 22:10 and takes 9 hours. when do I land",
        "how old is the queen on 3 May 2000", "how old was Einstein on 3 May 1950",
        "from 5 pm to 5 pm", "3 weeks before or after 5 June", "this time tomorrow", "what isn't today's date",
        # Stories that say something else as well.
        "My party is not on 3 May 2027. Which weekday is that?",
        "I leave a day before it, on 3 May. Which weekday is that?",
        "The exam moved from 3 May to 5 May. Which weekday is that?",
        "I start at 8:40 and work for 7 hours with a break. When can I go home?",
        "work ends at 17:30 and lasts 8 hours. when does it end", "My dog was not born on 3 May 2020, how old is it",
        "he was born 3 May 1990 and died 5 May 2000, how old was he",
        # Other questions.
        "what's the rate today", "what's today's data", "what time is sunset in Paris", "what time is the match",
        "what happened on 4 July 1776", "is 3 May a holiday", "what's the weather today", "nice time", "time flies",
        "how many hours until Christmas", "days of the week", "today is a good day", "how long is a year",
    ],
)  # fmt: skip
def test_refused(query: str) -> None:
    with pytest.raises(ToolError) as caught:
        CLOCK.answer(query)
    assert caught.value.hint


@pytest.mark.parametrize("query", ["when it is 2:30 am in Paris, what time is it in Tokyo"])
@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_a_time_at_which_the_clocks_are_changed_is_refused(query: str, day: date) -> None:
    class ThatDay:
        def now(self) -> datetime:
            return datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo("Europe/Paris"))

    with pytest.raises(ToolError, match="clocks are changed"):
        ClockTool(clock=ThatDay()).answer(query)


@settings(deadline=None, max_examples=60)
@given(first=st.dates(date(1900, 1, 1), date(2100, 1, 1)), length=st.integers(0, 800), weekday=st.integers(0, 6))
def test_counts_agree_with_counting_day_by_day(first: date, length: int, weekday: int) -> None:
    last = first + timedelta(days=length)
    name = f"{date(2026, 6, 1 + weekday):%A}s"
    span = f"between {first.isoformat()} and {last.isoformat()}"
    assert CLOCK.answer(f"how many days lie {span}").value == str(length)
    assert CLOCK.answer(f"how many {name} {span}").value == weekdays(first, last, {weekday})
    assert CLOCK.answer(f"how many working days {span}").value == weekdays(first, last, set(range(5)))


@settings(deadline=None, max_examples=60)
@given(start=st.integers(0, 1439), length=st.integers(1, 1439))
def test_times_agree_with_counting_minutes(start: int, length: int) -> None:
    end = (start + length) % 1440
    first, last = f"{start // 60:02}:{start % 60:02}", f"{end // 60:02}:{end % 60:02}"
    assert CLOCK.answer(f"what time is {length} minutes after {first}").value == last
    # From ten o'clock on, a time does not show by a nought that it is of 24 hours.
    if not (10 <= start // 60 <= 12 or 10 <= end // 60 <= 12):
        assert CLOCK.answer(f"how many minutes from {first} to {last}").value == str(length)


@pytest.mark.parametrize(
    "words",
    ["it is it is ", "is on in for ", "how many days is it there left ", "3 days and ", "my exam is on ", "1 day "],
)
@pytest.mark.parametrize("start", ["", "time is it ", "what weekday ", "3 pm ", "my exam is on 3 may "])
def test_a_long_text_is_refused_quickly(start: str, words: str) -> None:
    CLOCK.answer("what time is it")
    for length in (398, 5000):
        began = time.perf_counter()
        with pytest.raises(ToolError):
            CLOCK.answer((start + words * length)[:length])
        assert time.perf_counter() - began < 2
