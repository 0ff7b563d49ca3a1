"""Which backups are kept."""

from __future__ import annotations

from datetime import datetime, timedelta

from backup.retention import select_expired

SUNDAY = datetime(2026, 11, 29, 3)


def nights(count: int) -> list[datetime]:
    return [SUNDAY - timedelta(days=number) for number in range(count)]


def test_the_latest_of_each_day_and_week_is_kept() -> None:
    kept = set(nights(60)) - select_expired(nights(60), keep_daily=7, keep_weekly=5)
    assert kept == {*nights(7), *(SUNDAY - timedelta(weeks=number) for number in range(5))}


def test_of_one_day_the_latest_is_kept() -> None:
    times = [SUNDAY, SUNDAY + timedelta(hours=1), SUNDAY + timedelta(hours=2)]
    assert select_expired(times, keep_daily=7, keep_weekly=0) == set(times[:2])


def test_days_without_a_backup_dont_count() -> None:
    """After a month without backups the old ones are still there."""
    times = [SUNDAY, *(time - timedelta(days=31) for time in nights(3))]
    assert select_expired(times, keep_daily=4, keep_weekly=0) == set()


def test_the_latest_is_always_kept() -> None:
    assert select_expired([SUNDAY], keep_daily=1, keep_weekly=0) == set()
