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

    def apply(self) -> None:
        """Add them, within a transaction; in one order, so that no two wait for each other."""
        changed = sorted(key for key in self.counts.keys() | self.totals.keys() if self.counts[key] or self.totals[key])
        rows = [(*key, self.counts[key], self.totals[key]) for key in changed]
        for some in peewee.chunked(rows, AT_ONCE):
            Tally.insert_many(some, list(Tally._meta.fields)).on_conflict(
                conflict_target=[Tally.span, Tally.figure, Tally.bucket],
                update={
                    Tally.count: Tally.count + peewee.EXCLUDED.count,
                    Tally.total: Tally.total + peewee.EXCLUDED.total,
                },
            ).execute()
        fewer = {span for (span, _, _), count in self.counts.items() if count < 0}
        if fewer:
            Tally.delete().where(Tally.span.in_(fewer), Tally.count == 0).execute()

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

    count: int = 0
    total: int = 0


class Sums:
    """The sums over some days, by figure and bucket."""

    def __init__(self, rows: Iterable[tuple[str, str, int, int]] = ()):
        self._figures: dict[str, dict[str, Sum]] = defaultdict(dict)
        for figure, bucket, count, total in rows:
            self._figures[figure][bucket] = Sum(count, total)

    def by_bucket(self, figure: str) -> dict[str, int]:
        """How many cases each bucket has."""
        return {bucket: found.count for bucket, found in self._figures[figure].items()}

    def of(self, figure: str) -> Sum:
        found = self._figures[figure].values()
        return Sum(sum(each.count for each in found), sum(each.total for each in found))

    def quantiles(self, figure: str, shares: Iterable[float], value_of: Callable[[str], float]) -> list[float | None]:
        """The values below which these shares lie, interpolated between neighbours; None over no cases.

        Args:
            value_of: what a bucket stands for.
        """
        buckets = sorted((value_of(bucket), found.count) for bucket, found in self._figures[figure].items())
        count = sum(count for _, count in buckets)
        return [_between(buckets, share * (count - 1)) if buckets else None for share in shares]


def sums(first: date | None = None, last: date | None = None) -> Sums:
    """Over the days from the first to the last, both included; without one, from the beginning, or until the end."""
    spans = [ALL] if first is None and last is None else list(_spans(*_bounds(first, last)))
    columns = Tally.figure, Tally.bucket, peewee.fn.SUM(Tally.count), peewee.fn.SUM(Tally.total)
    query = Tally.select(*columns).where(Tally.span.in_(spans)).group_by(Tally.figure, Tally.bucket)
    with database.connection_context():
        return Sums((figure, bucket, int(count), int(total)) for figure, bucket, count, total in _rows(query))


def course(spans: list[str], figures: Collection[str]) -> dict[str, Sums]:
    """Of each of these days or months, in their order, the sums of some figures."""
    columns = Tally.span, Tally.figure, Tally.bucket, Tally.count, Tally.total
    rows = defaultdict(list)
    with database.connection_context():
        for span, *row in _rows(Tally.select(*columns).where(Tally.span.in_(spans), Tally.figure.in_(figures))):
            rows[span].append(row)
    return {span: Sums(rows[span]) for span in spans}


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


def _bounds(first: date | None, last: date | None) -> tuple[date, date]:
    """The days to look at: those of which anything is kept."""
    with database.connection_context():
        # each by itself is read off the index; both in one query, SQLite goes through it all
        month, day = (
            Tally.select(end(Tally.span)).where(Tally.span < ALL).scalar() for end in (peewee.fn.MIN, peewee.fn.MAX)
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
