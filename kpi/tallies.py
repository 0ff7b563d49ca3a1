"""Materialised sums of the KPI rows: by figure and bucket, per day, per month, and over all days.

A figure's buckets are its values; those of a duration are 4 % wide, so that quantiles are within 2 % of the exact ones.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any, NamedTuple

import peewee

from records.database import Table, database

ALL = "all"
# ratio of the upper and the lower bound of a duration's bucket
WIDTH = 1.04
BATCH_SIZE = 200


class Tally(Table):
    """Number of cases in a bucket, and sum of their values.

    Attributes:
        span: a day, YYYY-MM-DD; a month, YYYY-MM; or "all".
    """

    span = peewee.TextField()
    figure = peewee.TextField()
    bucket = peewee.TextField()
    count = peewee.BigIntegerField()
    total = peewee.BigIntegerField()

    class Meta:
        primary_key = peewee.CompositeKey("span", "figure", "bucket")


class InventedTally(Tally):
    """The tallies of invented cases (kpi/synthetic.py), separate from those of real ones."""


class Increment(NamedTuple):
    """What a case adds to a figure: 1 to the bucket's count, and its value to the bucket's total."""

    figure: str
    bucket: str = ""
    value: int = 0


@dataclass
class Changes:
    """Pending changes of the tallies."""

    counts: Counter = field(default_factory=Counter)
    totals: Counter = field(default_factory=Counter)

    def add(self, day: str, increments: Iterable[Increment], sign: int = 1) -> None:
        """Add the increments of a case that closed on this day; the sign -1 subtracts them."""
        for increment in increments:
            for span in (day, day[:7], ALL):
                self.counts[span, increment.figure, increment.bucket] += sign
                self.totals[span, increment.figure, increment.bucket] += sign * increment.value

    def apply(self, table: type[Tally] = Tally) -> None:
        """Write the changes, within the caller's transaction; sorted, so that concurrent writers can't deadlock."""
        changed = sorted(key for key in self.counts.keys() | self.totals.keys() if self.counts[key] or self.totals[key])
        rows = [(*key, self.counts[key], self.totals[key]) for key in changed]
        for batch in peewee.chunked(rows, BATCH_SIZE):
            table.insert_many(batch, list(table._meta.fields)).on_conflict(
                conflict_target=[table.span, table.figure, table.bucket],
                update={
                    table.count: table.count + peewee.EXCLUDED.count,
                    table.total: table.total + peewee.EXCLUDED.total,
                },
            ).execute()
        fewer = {span for (span, _, _), count in self.counts.items() if count < 0}
        if fewer:
            table.delete().where(table.span.in_(fewer), table.count == 0).execute()

    def subtract_stored(self) -> Changes:
        """Return these changes minus the stored tallies: what is missing in them."""
        missing = Changes(Counter(self.counts), Counter(self.totals))
        for span, figure, bucket, count, total in Tally.select().tuples().iterator():
            missing.counts[span, figure, bucket] -= count
            missing.totals[span, figure, bucket] -= total
        return missing

    def __bool__(self) -> bool:
        return any(self.counts.values()) or any(self.totals.values())


class Sum(NamedTuple):
    """Number of cases, and sum of their values."""

    cases: int = 0
    total: int = 0


class Sums:
    """Sums over some days, by figure and bucket."""

    def __init__(self, rows: Iterable[tuple[str, str, int, int]] = ()):
        self._figures: dict[str, dict[str, Sum]] = defaultdict(dict)
        for figure, bucket, count, total in rows:
            before = self._figures[figure].get(bucket, Sum())
            self._figures[figure][bucket] = Sum(before.cases + count, before.total + total)

    def by_bucket(self, figure: str) -> dict[str, int]:
        """Return the number of cases of each bucket."""
        return {bucket: each.cases for bucket, each in self._figures[figure].items()}

    def sum_of(self, figure: str) -> Sum:
        """Return the sum over all buckets of a figure."""
        buckets = self._figures[figure].values()
        return Sum(sum(each.cases for each in buckets), sum(each.total for each in buckets))

    def quantiles(self, figure: str, shares: Iterable[float], value_of: Callable[[str], float]) -> list[float | None]:
        """Return the quantiles of a figure, linearly interpolated; None over no cases.

        Args:
            shares: of the quantiles, like 0.5 for the median.
            value_of: returns the value of a bucket.
        """
        buckets = sorted((value_of(bucket), each.cases) for bucket, each in self._figures[figure].items())
        count = sum(count for _, count in buckets)
        return [_interpolate(buckets, share * (count - 1)) if buckets else None for share in shares]


def load_sums(first: date | None = None, last: date | None = None, invented: bool = False) -> Sums:
    """Load the sums over the days from the first to the last, both included; None is no bound.

    Args:
        invented: include invented cases.
    """
    return Sums(row for table in _tables(invented) for row in _sums_of(table, first, last))


def load_sums_by_span(spans: list[str], invented: bool = False) -> dict[str, Sums]:
    """Load the sums for each of these days or months.

    Args:
        invented: include invented cases.
    """
    rows: dict[str, list[tuple[str, str, int, int]]] = defaultdict(list)
    with database.connection_context():
        for table in _tables(invented):
            columns = table.span, table.figure, table.bucket, table.count, table.total
            for span, figure, bucket, count, total in _rows(table.select(*columns).where(table.span.in_(spans))):
                rows[span].append((figure, bucket, count, total))
    return {span: Sums(rows[span]) for span in spans}


def _tables(invented: bool) -> tuple[type[Tally], ...]:
    return (Tally, InventedTally) if invented else (Tally,)


def _sums_of(table: type[Tally], first: date | None, last: date | None) -> list[tuple[str, str, int, int]]:
    spans = [ALL] if first is None and last is None else list(_spans(*_bounds(table, first, last)))
    columns = table.figure, table.bucket, peewee.fn.SUM(table.count), peewee.fn.SUM(table.total)
    query = table.select(*columns).where(table.span.in_(spans)).group_by(table.figure, table.bucket)
    with database.connection_context():
        return [(figure, bucket, int(count), int(total)) for figure, bucket, count, total in _rows(query)]


def _rows(query: peewee.Query) -> Iterable[tuple[Any, ...]]:
    """Return the rows as the database driver has them: peewee's conversion of thousands takes most of the time."""
    return database.execute(query)


def duration_bucket(milliseconds: int) -> str:
    return str(math.floor(math.log(milliseconds, WIDTH)) if milliseconds > 0 else -1)


@cache
def duration_s(bucket: str) -> float:
    """Return the value of a duration's bucket in seconds: the geometric mean of its bounds."""
    return WIDTH ** (int(bucket) + 0.5) / 1000 if int(bucket) >= 0 else 0.0


def _interpolate(buckets: list[tuple[float, int]], position: float) -> float:
    """Return the value at a fractional rank."""
    low, high = (_value_at(buckets, rank) for rank in (math.floor(position), math.ceil(position)))
    return low + (high - low) * (position % 1)


def _value_at(buckets: list[tuple[float, int]], rank: int) -> float:
    for value, count in buckets:
        rank -= count
        if rank < 0:
            return value
    raise IndexError(rank)


def _bounds(table: type[Tally], first: date | None, last: date | None) -> tuple[date, date]:
    """Return the first and last day of the period that have tallies."""
    with database.connection_context():
        # two queries: SQLite uses the index for MIN or MAX alone, but scans the table for both in one
        month, day = (
            table.select(end(table.span)).where(table.span < ALL).scalar() for end in (peewee.fn.MIN, peewee.fn.MAX)
        )
    if month is None:
        return date.max, date.min
    earliest, latest = date.fromisoformat(f"{month}-01"), date.fromisoformat(day)
    return max(first or earliest, earliest), min(last or latest, latest)


def _spans(first: date, last: date) -> Iterator[str]:
    """Yield the spans that cover a period: whole months, and the days before and after them."""
    day = first
    while day <= last:
        following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        if day.day == 1 and following - timedelta(days=1) <= last:
            yield f"{day:%Y-%m}"
            day = following
        else:
            yield str(day)
            day += timedelta(days=1)
