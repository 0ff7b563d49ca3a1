"""The KPI rows, one per case and without a name, and the sums that are kept of them (kpi/tallies.py)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self

import peewee

from kpi.indicators import ticks_of
from kpi.tallies import Changes
from records.database import Table, database, is_postgresql, reading, writing
from records.erasures import is_erased


class CaseRow(Table):
    # peewee adds it
    id: peewee.AutoField
    case_reference = peewee.TextField(unique=True)
    orientation = peewee.TextField(null=True)
    outcome = peewee.TextField(null=True)
    result = peewee.TextField(null=True)
    classification = peewee.TextField(null=True)
    onset_date = peewee.TextField(null=True)
    evaluation_requested_at = peewee.TextField(null=True)
    sample_taken_at = peewee.TextField(null=True, index=True)
    result_told_at = peewee.TextField(null=True, index=True)
    report_published_at = peewee.TextField(null=True, index=True)
    care_completed_at = peewee.TextField(null=True)
    contacts_named = peewee.IntegerField(null=True)
    contacts_named_at = peewee.TextField(null=True)
    contacts_notified = peewee.IntegerField(null=True)
    contacts_notified_in_24_h = peewee.IntegerField(null=True)
    contacts_notified_at = peewee.TextField(null=True)
    came_as_contact = peewee.BooleanField(null=True)
    rating = peewee.IntegerField(null=True)
    correction_number = peewee.IntegerField(default=0)
    closed_at = peewee.TextField(null=True, index=True)
    recorded_at = peewee.TextField()
    # true of a case of kpi/synthetic.py, null of a real one
    invented = peewee.BooleanField(null=True)

    class Meta:
        indexes = ((("outcome", "closed_at"), False),)

    @classmethod
    def select_real(cls, *columns: peewee.Field) -> peewee.ModelSelect[Self]:
        """A query for real cases."""
        return cls.select(*columns).where(cls.invented.is_null())


# so many rows are read at once
AT_ONCE = 5000
# what a row keeps when a corrected result replaces it
KEPT = {"id", "case_reference", "correction_number", "closed_at", "recorded_at"}


class KpiRows:
    def record(self, case_reference: str, correction_number: int = 0, **known: Any) -> None:
        """Keep what is known of a case: one row, however often it is recorded.

        What isn't known now (None) leaves an earlier recording as it was: the case and its tracing record in parallel.
        Times are aware datetimes. A correction with a higher number replaces the row; nothing
        that comes late from before it counts. Of a case that was erased nothing is kept but what was.
        """
        if is_erased(case_reference):
            return
        with database.connection_context(), writing():
            row = _locked(case_reference)
            if correction_number < row.correction_number:
                return
            before = list(ticks_of(row))
            _take(row, correction_number, known)
            row.save()
            changes = Changes()
            if row.closed_at:
                changes.add(row.closed_at[:10], before, -1)
                changes.add(row.closed_at[:10], ticks_of(row))
            changes.apply()

    def disown(self, case_reference: str) -> None:
        """Let a case's row count on, without anything that leads to the case."""
        with database.connection_context():
            CaseRow.update(case_reference=f"erased-{secrets.token_hex(12)}").where(
                CaseRow.case_reference == case_reference
            ).execute()


def _locked(case_reference: str) -> CaseRow:
    """The row of a case, which nobody else changes until the transaction has ended."""
    CaseRow.insert(case_reference=case_reference, recorded_at=_now()).on_conflict_ignore().execute()
    query = CaseRow.select().where(CaseRow.case_reference == case_reference)
    return (query.for_update() if is_postgresql() else query).get()


def _take(row: CaseRow, correction_number: int, known: dict[str, Any]) -> None:
    """Write what is known into a row; a correction leaves nothing of what was recorded before it."""
    if correction_number > row.correction_number:
        for name in CaseRow._meta.fields.keys() - KEPT:
            setattr(row, name, None)
    row.correction_number, row.recorded_at = correction_number, _now()
    for name, value in known.items():
        if value is not None:
            setattr(row, name, _utc(value))
    if row.outcome:
        row.closed_at = row.closed_at or row.recorded_at


def rebuild(progress: Callable[[Iterable[CaseRow], int], Iterable[CaseRow]] = lambda rows, count: rows) -> bool:
    """Work the sums out anew from the rows, while others go on recording; returns whether the kept ones were right.

    Args:
        progress: shows how many of so many rows have been read, as they are.
    """
    with database.connection_context():
        with reading():
            right = Changes()
            count = CaseRow.select_real().where(CaseRow.outcome.is_null(False)).count()
            for row in progress(_all_closed(), count):
                assert row.closed_at, "the outcome is written with it"
                right.add(row.closed_at[:10], ticks_of(row))
            missing = right.without_kept()
        with writing():
            missing.apply()
    return not missing


def _all_closed() -> Iterator[CaseRow]:
    last = 0
    while rows := list(CaseRow.select_real().where(CaseRow.id > last).order_by(CaseRow.id).limit(AT_ONCE)):
        yield from (row for row in rows if row.outcome)
        last = rows[-1].id


def closed(
    first: date | None, last: date | None, outcome: str | None, after: int | None, most: int, invented: bool = False
) -> list[CaseRow]:
    """Closed cases, those that closed last first.

    Args:
        first, last: days in UTC, both included.
        outcome: only those that ended so.
        after: the id of a row: only those that follow it.
        invented: invented cases, too.
    """
    query = CaseRow.select() if invented else CaseRow.select_real()
    query = query.where(CaseRow.outcome.is_null(False))
    if outcome:
        query = query.where(CaseRow.outcome == outcome)
    if first:
        query = query.where(CaseRow.closed_at >= str(first))
    if last and last < date.max:
        query = query.where(CaseRow.closed_at < str(last + timedelta(days=1)))
    with database.connection_context():
        row = CaseRow.get_or_none(CaseRow.id == after) if after else None
        if row:
            place = peewee.Tuple(CaseRow.closed_at, CaseRow.id)
            query = query.where(place < peewee.Tuple(row.closed_at, row.id))
        return list(query.order_by(CaseRow.closed_at.desc(), CaseRow.id.desc()).limit(most))


def _now() -> str:
    return _utc(datetime.now(UTC))


def _utc(value: Any) -> Any:
    """Times are kept as text in UTC, which sorts as the times do, on SQLite and PostgreSQL alike."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds") if isinstance(value, datetime) else value
