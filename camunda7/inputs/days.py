"""Days in a person's time zone, and the limits that forms put on them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

TODAY = "today"
_LIMIT = re.compile(
    r"(?P<base>today|\d{4}-\d{2}-\d{2}|[A-Za-z_]\w*)(?: (?P<sign>[+-]) (?P<count>\d{1,5}) (?P<unit>days|years))?",
    re.ASCII,
)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def today(zone: tzinfo) -> date:
    """Return the current calendar day in a time zone."""
    return datetime.now(zone).date()


@dataclass(frozen=True)
class DayLimit:
    """A limit of a date field, as a form declares it: `today`, `today - 130 years`, `2020-03-01`, `date_of_birth`.

    DayLimit.java parses the same in the engine, for forms that Tasklist sends.

    Attributes:
        base: `today`, a day (YYYY-MM-DD), or the name of another answer.
        days, years: added to the base.
    """

    base: str
    days: int = 0
    years: int = 0

    @classmethod
    def parse(cls, text: str) -> DayLimit:
        """Parse a limit.

        Raises:
            ValueError: the text isn't a limit.
        """
        match = _LIMIT.fullmatch(text.strip())
        if not match:
            raise ValueError(f"{text.strip()!r} is not a limit of a date, like today - 130 years")
        if match["base"][0].isdigit():
            date.fromisoformat(match["base"])
        count = int(f"{match['sign'] or ''}{match['count'] or 0}")
        return cls(match["base"], **{match["unit"] or "days": count})

    @property
    def is_today(self) -> bool:
        """Whether the limit is today itself."""
        return self == DayLimit(TODAY)

    @property
    def answer(self) -> str | None:
        """Name of the answer on which the limit depends; None if it doesn't depend on one."""
        return None if self.base == TODAY or self.base[0].isdigit() else self.base

    def day(self, now: date, answers: Mapping[str, Any]) -> date | None:
        """Return the day of the limit.

        None if it depends on a missing answer, or if it is before the year 1 or after the year 9999.

        Args:
            now: today in the user's time zone.
            answers: values of other answers, by name.
        """
        start = self._start(now, answers)
        try:
            return None if start is None else _years_later(start, self.years) + timedelta(days=self.days)
        except (OverflowError, ValueError):
            return None

    def _start(self, now: date, answers: Mapping[str, Any]) -> date | None:
        if self.base == TODAY:
            return now
        text = answers.get(self.answer) if self.answer else self.base
        try:
            return date.fromisoformat(text) if isinstance(text, str) and _DAY.fullmatch(text) else None
        except ValueError:
            return None


def parse_limits(text: str) -> tuple[DayLimit, ...]:
    """Parse limits that are separated by commas, all of which apply.

    Raises:
        ValueError: one of them can't be parsed.
    """
    return tuple(DayLimit.parse(each) for each in text.split(",") if each.strip())


def _years_later(day: date, years: int) -> date:
    """Return the same day of another year; 28 February for 29 February, like java.time."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
