"""Dates and times: as people type them, and as form-js serializes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, tzinfo

from camunda7.forms.problems import Invalid
from camunda7.forms.schema import Component
from camunda7.inputs.cleaning import clean_code

DATE_PARTS = ("day", "month", "year")
# ends the name of the choice between recent days, whose values are ISO dates, and another day, which is typed
DAY_CHOICE, ANOTHER_DAY = "-choice", "another"
# allowed values of timeInterval, in minutes; the first is form-js's default. Times are rounded down to a multiple
INTERVALS = (15, 1, 5, 10, 30, 60)
_PARSERS: dict[str, Callable[[str], object]] = {
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "datetime": datetime.fromisoformat,
}
_TIME = re.compile(r"([0-9]{1,2})(?:[:.h]([0-5][0-9]))? *(am|pm)?", re.ASCII | re.IGNORECASE)


def parse_posted(component: Component, posted: Mapping[str, str], name: str, zone: tzinfo) -> str | None:
    """Convert a field's posted texts to a serialized date, time or both; None if they are empty.

    Args:
        zone: time zone of the user.

    Raises:
        Invalid: they aren't a date or time.
    """
    subtype = component.more.get("subtype", "date")
    day = _parse_day(posted, name) if subtype != "time" else None
    clock = _parse_time(posted, name) if subtype != "date" else None
    if day is not None and component.more.get("disallowPassedDates") and day < datetime.now(zone).date():
        raise Invalid("past")
    if subtype == "datetime" and (day is None) != (clock is None):
        raise Invalid("moment")
    if subtype == "date" or clock is None:
        return day.isoformat() if day else None
    interval = component.more.get("timeInterval")
    interval = interval if interval in INTERVALS else INTERVALS[0]
    clock = clock.replace(minute=clock.minute - clock.minute % interval)
    moment = datetime.combine(day or datetime.now(zone).date(), clock, zone)
    try:
        return _serialize(component, moment, with_day=day is not None)
    except OverflowError:
        # the UTC time is before the year 1 or after the year 9999
        raise Invalid("date") from None


def as_posted(component: Component, value: str, name: str, zone: tzinfo) -> dict[str, str]:
    """Convert a serialized date, time or both to the fields that a browser would post.

    Empty for a time that is before the year 1 or after the year 9999 in the time zone.
    """
    subtype = component.more.get("subtype", "date")
    if subtype == "date":
        return _post_day(name, date.fromisoformat(value))
    if subtype == "time":
        today = datetime.now(zone).date()
        clock = time.fromisoformat(value)
        local = datetime.combine(today, clock).astimezone(zone) if clock.tzinfo else datetime.combine(today, clock)
        return {f"{name}-time": f"{local:%H:%M}"}
    moment = datetime.fromisoformat(value)
    try:
        local = moment.astimezone(zone) if moment.tzinfo else moment
    except OverflowError:
        return {}
    return _post_day(name, local.date()) | {f"{name}-time": f"{local:%H:%M}"}


def is_serialized(component: Component, value: object) -> bool:
    """Whether a value is a serialized date, time or both, according to the component's subtype."""
    subtype = component.more.get("subtype", "date")
    if not isinstance(value, str):
        return False
    try:
        _PARSERS[subtype](value)
    except ValueError:
        return False
    return subtype != "datetime" or "T" in value


def day_of(serialized: str, zone: tzinfo) -> date | None:
    """Return the calendar day of a serialized date in a time zone; None for a time without a date."""
    if "-" not in serialized[:5]:
        return None
    if "T" not in serialized:
        return date.fromisoformat(serialized)
    moment = datetime.fromisoformat(serialized)
    try:
        return (moment.astimezone(zone) if moment.tzinfo else moment).date()
    except OverflowError:
        return moment.date()


def is_after(serialized: str, now: datetime) -> bool:
    """Whether a serialized date and time is later than `now`; without an offset it is in the time zone of `now`."""
    if "T" not in serialized:
        return False
    moment = datetime.fromisoformat(serialized)
    return (moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)) > now


def _post_day(name: str, day: date) -> dict[str, str]:
    return {f"{name}-{part}": str(getattr(day, part)) for part in DATE_PARTS}


def _parse_day(posted: Mapping[str, str], name: str) -> date | None:
    choice = posted.get(name + DAY_CHOICE, ANOTHER_DAY)
    if choice != ANOTHER_DAY:
        return _parse_choice(choice)
    parts = {part: clean_code(posted.get(f"{name}-{part}", "")) for part in DATE_PARTS}
    if not any(parts.values()):
        return None
    for part, text in parts.items():
        if not text:
            raise Invalid("date", f"no_{part}")
    if not all(part.isascii() and part.isdigit() for part in parts.values()):
        raise Invalid("date")
    if len(parts["year"]) != 4:
        raise Invalid("date", "short_year")
    try:
        return date(**{part: int(text[-4:]) for part, text in parts.items()})
    except ValueError:
        raise Invalid("date") from None


def _parse_choice(choice: str) -> date:
    """Parse a chosen day: the day itself, so that "today" of a draft means the same day tomorrow."""
    try:
        return date.fromisoformat(choice)
    except ValueError:
        raise Invalid("date") from None


def _parse_time(posted: Mapping[str, str], name: str) -> time | None:
    text = clean_code(posted.get(f"{name}-time", ""))
    if not text:
        return None
    match = _TIME.fullmatch(text)
    hour, half = (int(match[1]), (match[3] or "").lower()) if match else (-1, "")
    if not match or not (match[2] or half) or (half and not 1 <= hour <= 12) or not 0 <= hour <= 23:
        raise Invalid("time")
    return time(hour % 12 + 12 * (half == "pm") if half else hour, int(match[2] or 0))


def _serialize(component: Component, moment: datetime, with_day: bool) -> str:
    """Format a time like form-js: 2020-05-10T12:00+02:00, 2020-05-10T10:00Z or 2020-05-10T12:00."""
    style = component.more.get("timeSerializingFormat")
    if style == "utc_normalized":
        moment = moment.astimezone(UTC)
    # isoformat() pads the year to four digits; %Y doesn't on every platform
    text = moment.replace(tzinfo=None).isoformat(timespec="minutes") if with_day else f"{moment:%H:%M}"
    if style == "utc_normalized":
        return text + "Z"
    return text + (f"{moment:%z}"[:3] + ":" + f"{moment:%z}"[3:5] if style == "utc_offset" else "")
