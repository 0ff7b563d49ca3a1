from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from camunda7.inputs.days import DayLimit, parse_limits, today

NOW = date(2024, 2, 29)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("today", date(2024, 2, 29)),
        ("today - 14 days", date(2024, 2, 15)),
        ("today + 30 days", date(2024, 3, 30)),
        ("today - 130 years", date(1894, 2, 28)),
        ("2020-03-01", date(2020, 3, 1)),
        ("date_of_birth", date(1990, 5, 10)),
        ("date_of_birth + 1 days", date(1990, 5, 11)),
        ("onset_date", None),
        ("no_day", None),
        ("first_day - 1 days", None),
        ("today - 9999 years", None),
    ],
)
def test_the_day_of_a_limit(text: str, day: date | None) -> None:
    assert (
        DayLimit.parse(text).day(NOW, {"date_of_birth": "1990-05-10", "no_day": "soon", "first_day": "0001-01-01"})
        == day
    )


@pytest.mark.parametrize("text", ["tomorrow!", "today -", "today - 3 weeks", "2020-02-31", "today-14 days", "-"])
def test_an_invalid_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"limit|day"):
        parse_limits(text)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Asia/Kolkata", "America/Los_Angeles", "UTC"])
def test_today_is_the_date_in_the_time_zone(zone: str) -> None:
    assert today(ZoneInfo(zone)) == datetime.now(UTC).astimezone(ZoneInfo(zone)).date()


def test_time_zones_25_hours_apart_have_different_days() -> None:
    assert today(ZoneInfo("Pacific/Kiritimati")) > today(ZoneInfo("Pacific/Midway"))
