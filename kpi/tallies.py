"""Sums that are kept instead of scanned for: by figure and bucket, of each day, of each month, and of all days.

A figure's buckets are its values; those of a duration are 4 % wide, so that a percentile is within 2 % of the true one.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any, NamedTuple

import peewee

from records.database import Table, database

ALL = "all"
# of a duration's bucket: its upper end by its lower one
WIDTH = 1.04
AT_ONCE = 200


class Tally(Table):
    """So many cases of a bucket, and the sum of their values.

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
    """The same over invented cases (kpi/synthetic.py); a table of their own keeps them out of real figures."""


class Tick(NamedTuple):
    """What a case adds to a figure: one to the bucket's count, and its value to the bucket's total."""

    figure: str
    bucket: str = ""
    value: int = 0


@dataclass
class Changes:
    """What is to be added to the tallies."""

    counts: Counter = field(default_factory=Counter)
    totals: Counter = field(default_factory=Counter)

    def add(self, day: str, ticks: Iterable[Tick], sign: int = 1) -> None:
        """Take up what a case of this day adds, or with the sign -1 what it added before."""
        for tick in ticks:
            for span in (day, day[:7], ALL):
                self.counts[span, tick.figure, tick.bucket] += sign
                self.totals[span, tick.figure, tick.bucket] += sign * tick.value

    def apply(self, table: type[Tally] = Tally) -> None:
        """Add them, within a transaction; in one order, so that no two wait for each other."""
        changed = sorted(key for key in self.counts.keys() | self.totals.keys() if self.counts[key] or self.totals[key])
        rows = [(*key, self.counts[key], self.totals[key]) for key in changed]
        for some in peewee.chunked(rows, AT_ONCE):
            table.insert_many(some, list(table._meta.fields)).on_conflict(
                conflict_target=[table.span, table.figure, table.bucket],
                update={
                    table.count: table.count + peewee.EXCLUDED.count,
                    table.total: table.total + peewee.EXCLUDED.total,
                },
            ).execute()
        fewer = {span for (span, _, _), count in self.counts.items() if count < 0}
        if fewer:
            table.delete().where(table.span.in_(fewer), table.count == 0).execute()

    def without_kept(self) -> Changes:
        """What is missing in the tallies: these less all that is kept."""
        missing = Changes(Counter(self.counts), Counter(self.totals))
        for span, figure, bucket, count, total in Tally.select().tuples().iterator():
            missing.counts[span, figure, bucket] -= count
            missing.totals[span, figure, bucket] -= total
        return missing

    def __bool__(self) -> bool:
        return any(self.counts.values()) or any(self.totals.values())


class Sum(NamedTuple):
    """So many cases, and the sum of their values."""

    cases: int = 0
    total: int = 0


class Sums:
    """The sums over some days, by figure and bucket."""

    def __init__(self, rows: Iterable[tuple[str, str, int, int]] = ()):
        self._figures: dict[str, dict[str, Sum]] = defaultdict(dict)
        for figure, bucket, count, total in rows:
            before = self._figures[figure].get(bucket, Sum())
            self._figures[figure][bucket] = Sum(before.cases + count, before.total + total)

    def by_bucket(self, figure: str) -> dict[str, int]:
        """How many cases each bucket has."""
        return {bucket: found.cases for bucket, found in self._figures[figure].items()}

    def of(self, figure: str) -> Sum:
        found = self._figures[figure].values()
        return Sum(sum(each.cases for each in found), sum(each.total for each in found))

    def quantiles(self, figure: str, shares: Iterable[float], value_of: Callable[[str], float]) -> list[float | None]:
        """The values below which these shares lie, interpolated between neighbours; None over no cases.

        Args:
            value_of: what a bucket stands for.
        """
        buckets = sorted((value_of(bucket), found.cases) for bucket, found in self._figures[figure].items())
        count = sum(count for _, count in buckets)
        return [_between(buckets, share * (count - 1)) if buckets else None for share in shares]


def sums(first: date | None = None, last: date | None = None, invented: bool = False) -> Sums:
    """Over the days from the first to the last, both included; without one, from the beginning, or until the end.

    Args:
        invented: over invented cases, too.
    """
    return Sums(row for table in _tables(invented) for row in _sums_of(table, first, last))


def course(spans: list[str], figures: Collection[str], invented: bool = False) -> dict[str, Sums]:
    """Of each of these days or months, in their order, the sums of some figures.

    Args:
        invented: over invented cases, too.
    """
    rows: dict[str, list[tuple[str, str, int, int]]] = defaultdict(list)
    with database.connection_context():
        for table in _tables(invented):
            columns = table.span, table.figure, table.bucket, table.count, table.total
            query = table.select(*columns).where(table.span.in_(spans), table.figure.in_(figures))
            for span, figure, bucket, count, total in _rows(query):
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
    """As the database's driver gives them: a period has thousands, and most of the time went into converting them."""
    return database.execute(query)


def duration_bucket(milliseconds: int) -> str:
    return str(math.floor(math.log(milliseconds, WIDTH)) if milliseconds > 0 else -1)


@cache
def duration_s(bucket: str) -> float:
    """What a bucket of a duration stands for: the geometric middle of its ends, in seconds."""
    return WIDTH ** (int(bucket) + 0.5) / 1000 if int(bucket) >= 0 else 0.0


def _between(buckets: list[tuple[float, int]], position: float) -> float:
    """The value at a place between two neighbours."""
    low, high = (_at(buckets, rank) for rank in (math.floor(position), math.ceil(position)))
    return low + (high - low) * (position % 1)


def _at(buckets: list[tuple[float, int]], rank: int) -> float:
    for value, count in buckets:
        rank -= count
        if rank < 0:
            return value
    raise IndexError(rank)


def _bounds(table: type[Tally], first: date | None, last: date | None) -> tuple[date, date]:
    """The days to look at: those of which anything is kept."""
    with database.connection_context():
        # each by itself is read off the index; both in one query, SQLite goes through it all
        month, day = (
            table.select(end(table.span)).where(table.span < ALL).scalar() for end in (peewee.fn.MIN, peewee.fn.MAX)
        )
    if month is None:
        return date.max, date.min
    earliest, latest = date.fromisoformat(f"{month}-01"), date.fromisoformat(day)
    return max(first or earliest, earliest), min(last or latest, latest)


def _spans(first: date, last: date) -> Iterator[str]:
    """Whole months within, and the days before and after them."""
    day = first
    while day <= last:
        following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        if day.day == 1 and following - timedelta(days=1) <= last:
            yield f"{day:%Y-%m}"
            day = following
        else:
            yield str(day)
            day += timedelta(days=1)
