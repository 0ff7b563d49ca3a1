"""Linter for timers and due dates: the engine would refuse an invalid one only when a case reaches it.

Accepts the subset of ISO 8601 that the engine accepts, and its cron expressions; tests/process/test_timers.py compares
the two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

from camunda7.expressions.juel import is_expression
from camunda7.lint.declared import Declared
from camunda7.lint.diagram import BPMN, Diagram, Element
from camunda7.lint.finding import Finding

# numbers with more digits may overflow in the engine
_N = r"\d{1,7}"
_TIME_OF_DURATION = rf"(T(?=\d)({_N}H)?({_N}M)?({_N}(\.{_N})?S)?)?"
# duration of XML Schema, which has no weeks; or weeks alone
DURATION = re.compile(rf"P(?!$)(\d{{1,4}}Y)?({_N}M)?({_N}D)?{_TIME_OF_DURATION}|P{_N}W", re.ASCII)
# period of Joda-Time, which the engine adds to the current time
PERIOD = re.compile(rf"P(?!$)(\d{{1,4}}Y)?({_N}M)?({_N}W)?({_N}D)?{_TIME_OF_DURATION}", re.ASCII)
DAY = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?|-(\d{3})|-W(\d{2})(?:-([1-7]))?)?", re.ASCII)
TIME = re.compile(r"([01]\d|2[0-3])(:[0-5]\d(:[0-5]\d([.,]\d{1,9})?)?)?(Z|[+-]([01]\d|2[0-3])(:?[0-5]\d)?)?", re.ASCII)
REPETITION = re.compile(r"R(\d{0,10})", re.ASCII)
MAX_REPETITIONS = 2**31 - 1
# the engine adds a duration a million times in about a second
MAX_ADDITIONS = 1_000_000
# earliest and latest year in which a timer may be created
YEARS = (2000, 2100)
SECONDS_BY_DATE_UNIT = {"Y": 31_557_600, "M": 2_629_800, "W": 604_800, "D": 86_400}
SECONDS_BY_TIME_UNIT = {"H": 3600, "M": 60, "S": 1}
MACROS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
# second, minute, hour, day of the month, month, day of the week: minimum, maximum, names
CRON = ((0, 59, ()), (0, 59, ()), (0, 23, ()), (1, 31, ()), (1, 12, MONTHS), (0, 7, WEEKDAYS))
# any day, the last day, the nearest weekday; the last or n-th of a weekday
LAST_OR_NEAREST = {
    3: re.compile(r"\?|L|LW|L-([1-9]|[12]\d)|([1-9]|[12]\d|3[01])W", re.ASCII),
    5: re.compile(rf"\?|([0-7]|{'|'.join(WEEKDAYS)})(L|#[1-5])", re.ASCII),
}
POLICY_VALUE = re.compile(r"\$\{policy\.prop\([\"'](\w+)[\"']\)\.stringValue\(\)\}")


def is_duration(text: str) -> bool:
    """Whether the engine accepts a text as a duration."""
    return bool(DURATION.fullmatch(text))


def is_date(text: str) -> bool:
    """Whether the engine accepts a text as a date: a day, with or without time and zone, or a period from now."""
    return bool(PERIOD.fullmatch(text)) or _is_moment(text)


def is_cycle(text: str) -> bool:
    """Whether the engine accepts a text as a cycle: a repetition with a start or an end, or a cron expression."""
    first, *parts = text.split("/")
    repeated = REPETITION.fullmatch(first)
    if not repeated:
        return text in MACROS or _is_cron(text)
    times = int(repeated[1] or MAX_REPETITIONS)
    durations = [part for part in parts if is_duration(part)]
    moments = [part for part in parts if _is_moment(part)]
    if times > MAX_REPETITIONS or len(durations) != 1 or len(moments) != len(parts) - 1 or len(parts) > 2:
        return False
    return _count_additions(times, durations[0], moments) <= MAX_ADDITIONS


def _count_additions(times: int, duration: str, moments: list[str]) -> float:
    """Estimate how often the engine may add a duration to the start, or subtract it from the end.

    Infinite for a duration of 0, for which the engine's loop wouldn't terminate.
    """
    seconds = _seconds(duration)
    years = max((abs(int(moment[:4]) - each) for moment in moments for each in YEARS), default=0)
    return min(times, years * SECONDS_BY_DATE_UNIT["Y"] / seconds) if seconds else float("inf")


def _seconds(duration: str) -> float:
    """Return the approximate length of a duration."""
    days, _, time = duration.partition("T")
    return sum(
        float(figure) * seconds[unit]
        for part, seconds in ((days, SECONDS_BY_DATE_UNIT), (time, SECONDS_BY_TIME_UNIT))
        for figure, unit in re.findall(r"([\d.]+)(\w)", part)
    )


def _is_moment(text: str) -> bool:
    day, _, time = text.partition("T")
    return _is_day(day) and ("T" not in text or bool(TIME.fullmatch(time)))


def _is_day(text: str) -> bool:
    found = DAY.fullmatch(text)
    if not found:
        return False
    year = int(found[1])
    month, day, of_year, week, of_week = (int(part) if part else None for part in found.groups()[1:])
    try:
        if week is not None:
            date.fromisocalendar(year, week, of_week or 1)
        elif of_year is not None:
            return of_year > 0 and (date(year, 1, 1) + timedelta(of_year - 1)).year == year
        else:
            date(year, 1 if month is None else month, 1 if day is None else day)
    except (ValueError, OverflowError):
        return False
    return True


def _is_cron(text: str) -> bool:
    fields = text.split()
    return len(fields) == len(CRON) and all(_is_field(field, place) for place, field in enumerate(fields))


def _is_field(text: str, place: int) -> bool:
    if place in LAST_OR_NEAREST and LAST_OR_NEAREST[place].fullmatch(text.upper()):
        return True
    return all(_is_part(part, *CRON[place]) for part in text.upper().split(","))


def _is_part(text: str, least: int, most: int, names: tuple[str, ...]) -> bool:
    """Whether a text is a value, a range or *, with or without an increment."""
    values, _, step = text.partition("/")
    if "/" in text and not (re.fullmatch(r"\d{1,2}", step, re.ASCII) and 1 <= int(step) <= most):
        return False
    if values == "*":
        return True
    ends = [_value(each, names) for each in values.split("-")]
    return len(ends) <= 2 and all(least <= each <= most for each in ends) and ends == sorted(ends)


def _value(text: str, names: tuple[str, ...]) -> int:
    """Return the number of a value; -1 if it is invalid."""
    if text in names:
        return names.index(text) + (names is MONTHS)
    return int(text) if re.fullmatch(r"\d{1,2}", text, re.ASCII) else -1


# check and examples, by kind of timer
TIMES: dict[str, tuple[Callable[[str], bool], str]] = {
    "timeDuration": (is_duration, "a duration as in PT30M (30 minutes) or P2D (2 days); weeks stand alone (P2W)"),
    "timeCycle": (is_cycle, "a repetition as in R3/PT1H (3 times, once an hour), or as in 0 0 9 * * ? (each day at 9)"),
    "timeDate": (is_date, "a time as in 2020-03-20T09:00:00Z"),
}
# attributes of user tasks that the engine reads as timeDate
DATE_ATTRIBUTES = ("dueDate", "followUpDate")


def findings(diagram: Diagram, declared: Declared) -> Iterator[Finding]:
    for element in diagram.nodes:
        for wrong, todo in _check_timers(element, declared):
            yield diagram.finding(element, wrong, todo)


def _check_timers(element: Element, declared: Declared) -> Iterator[tuple[str, str]]:
    timers = [child for child in element.node if child.tag == BPMN + "timerEventDefinition"]
    # a task's listener may have a timer, too
    timers += [child for child in element.node.iter(BPMN + "timerEventDefinition") if element.kind == "userTask"]
    for timer in timers:
        texts = [(kind, (each.text or "").strip()) for kind in TIMES for each in timer.iter(BPMN + kind)]
        if not texts:
            yield "its timer has no time", f"Give it {TIMES['timeDuration'][1]}"
        for kind, text in texts:
            yield from _check_time(kind, text, "its timer", declared)
    for name in DATE_ATTRIBUTES if element.kind == "userTask" else ():
        if element.camunda(name):
            yield from _check_time("timeDate", element.camunda(name), f"its {name}", declared)


def _check_time(kind: str, text: str, what: str, declared: Declared) -> Iterator[tuple[str, str]]:
    in_policy = POLICY_VALUE.fullmatch(text)
    value = declared.policy.get(in_policy[1]) if in_policy else text
    is_time, example = TIMES[kind]
    if isinstance(value, str) and not is_expression(value) and not is_time(value):
        yield f"“{value}” isn't a valid time for {what}", f"Write {example}"
