"""The KPI rows, one per case and without names; kpi/tallies.py stores their sums."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Self

import peewee

from kpi.days import day_of, format_time, start_of
from kpi.indicators import increments_of
from kpi.tallies import Changes
from records.database import Table, database, is_postgresql, read_transaction, write_transaction
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
    # one of AGE_GROUPS; null in rows of before 0.2.0
    age_group = peewee.TextField(null=True)
    rating = peewee.IntegerField(null=True)
    watch_started_at = peewee.TextField(null=True)
    watch_ended_at = peewee.TextField(null=True)
    watch_outcome = peewee.TextField(null=True)
    released_on_time = peewee.BooleanField(null=True)
    # the longest of a case's red days
    red_to_call_s = peewee.IntegerField(null=True)
    correction_number = peewee.IntegerField(default=0)
    closed_at = peewee.TextField(null=True, index=True)
    recorded_at = peewee.TextField()
    # true for a case of kpi/synthetic.py, null for a real one
    invented = peewee.BooleanField(null=True)

    class Meta:
        indexes = ((("outcome", "closed_at"), False),)

    @classmethod
    def select_real(cls, *columns: peewee.Field) -> peewee.ModelSelect[Self]:
        """Return a query for real cases."""
        return cls.select(*columns).where(cls.invented.is_null())


BATCH_SIZE = 5000
# ways in: by the link of a notified contact, or not
AS_CONTACT, BY_THEMSELVES = "contact", "self"
# by the first year of each (ECDC, weekly surveillance of COVID-19)
AGE_GROUPS = {0: "0-14", 15: "15-24", 25: "25-49", 50: "50-64", 65: "65-79", 80: "80+"}
UNKNOWN_AGE = "unknown"
# results other than positive and negative
OTHER = "other"
COLUMNS_KEPT_ON_CORRECTION = {"id", "case_reference", "correction_number", "closed_at", "recorded_at"}


class KpiRows:
    """Recorder of the rows.

    Args:
        zone: time zone of the tallies' days.
    """

    def __init__(self, zone: tzinfo = UTC):
        self._zone = zone

    def record(self, case_reference: str, correction_number: int = 0, **known: Any) -> None:
        """Insert or update the row of a case, and add the change to the tallies.

        Values of None leave a column as it is, because a case and its contact tracing record in parallel. Times are
        aware datetimes. A correction with a higher number replaces the row, and recordings with a lower number are
        ignored, as are those of an erased case.
        """
        if is_erased(case_reference):
            return
        with database.connection_context(), write_transaction():
            row = _lock_row(case_reference)
            if correction_number < row.correction_number:
                return
            before = list(increments_of(row, self._zone))
            _update_row(row, correction_number, known)
            row.save()
            changes = Changes()
            if row.closed_at:
                day = str(day_of(row.closed_at, self._zone))
                changes.add(day, before, -1)
                changes.add(day, increments_of(row, self._zone))
            changes.apply()

    def anonymize(self, case_reference: str) -> None:
        """Replace the reference in a case's row by a random one, so that the row still counts in the KPIs."""
        with database.connection_context():
            CaseRow.update(case_reference=f"erased-{secrets.token_hex(12)}").where(
                CaseRow.case_reference == case_reference
            ).execute()


def _lock_row(case_reference: str) -> CaseRow:
    """Return the row of a case, created if missing, locked until the end of the transaction."""
    CaseRow.insert(case_reference=case_reference, recorded_at=_now()).on_conflict_ignore().execute()
    query = CaseRow.select().where(CaseRow.case_reference == case_reference)
    return (query.for_update() if is_postgresql() else query).get()


def _update_row(row: CaseRow, correction_number: int, known: dict[str, Any]) -> None:
    """Set the known values of a row; a new correction first clears those recorded before it."""
    if correction_number > row.correction_number:
        for name in CaseRow._meta.fields.keys() - COLUMNS_KEPT_ON_CORRECTION:
            setattr(row, name, None)
    row.correction_number, row.recorded_at = correction_number, _now()
    for name, value in known.items():
        if value is not None:
            setattr(row, name, format_time(value) if isinstance(value, datetime) else value)
    if row.outcome:
        row.closed_at = row.closed_at or row.recorded_at


def find_age_group(age: int | None) -> str | None:
    """Return the group of an age in years; None if it is unknown."""
    if age is None:
        return None
    return AGE_GROUPS[max(first for first in AGE_GROUPS if first <= age)]


def rebuild(
    zone: tzinfo = UTC, progress: Callable[[Iterable[CaseRow], int], Iterable[CaseRow]] = lambda rows, count: rows
) -> bool:
    """Recompute the tallies from the rows, concurrently with recordings; returns whether the stored ones were right.

    Args:
        zone: time zone of the tallies' days.
        progress: wraps the iteration over the rows, given their number, to show the progress.
    """
    with database.connection_context():
        with read_transaction():
            right = Changes()
            count = CaseRow.select_real().where(CaseRow.outcome.is_null(False)).count()
            for row in progress(_all_closed(), count):
                assert row.closed_at, "set together with the outcome"
                right.add(str(day_of(row.closed_at, zone)), increments_of(row, zone))
            missing = right.subtract_stored()
        with write_transaction():
            missing.apply()
    return not missing


def _all_closed() -> Iterator[CaseRow]:
    last = 0
    while rows := list(CaseRow.select_real().where(CaseRow.id > last).order_by(CaseRow.id).limit(BATCH_SIZE)):
        yield from (row for row in rows if row.outcome)
        last = rows[-1].id


def select_closed(
    first: date | None,
    last: date | None,
    invented: bool = False,
    zone: tzinfo = UTC,
    outcome: str | None = None,
    result: str | None = None,
    classification: str | None = None,
    way: str | None = None,
    age: str | None = None,
) -> peewee.ModelSelect[CaseRow]:
    """Return a query for closed cases.

    Args:
        first, last: days in the zone, both included.
        invented: include invented cases.
        outcome, result, classification: only cases with this value; the result OTHER is neither positive nor negative.
        way: AS_CONTACT or BY_THEMSELVES.
        age: one of AGE_GROUPS, or UNKNOWN_AGE.
    """
    query = CaseRow.select() if invented else CaseRow.select_real()
    query = query.where(CaseRow.outcome.is_null(False))
    if outcome:
        query = query.where(CaseRow.outcome == outcome)
    if result:
        is_other = CaseRow.result.not_in(("positive", "negative"))
        query = query.where(is_other if result == OTHER else CaseRow.result == result)
    if classification:
        query = query.where(CaseRow.classification == classification)
    if way:
        query = query.where(peewee.fn.COALESCE(CaseRow.came_as_contact, False) == (way == AS_CONTACT))
    if age:
        query = query.where(peewee.fn.COALESCE(CaseRow.age_group, UNKNOWN_AGE) == age)
    if first:
        query = query.where(CaseRow.closed_at >= start_of(first, zone))
    if last and last < date.max:
        query = query.where(CaseRow.closed_at < start_of(last + timedelta(days=1), zone))
    return query


def find_closed_case(case_reference: str) -> CaseRow | None:
    """Return the closed case with this reference; an erased case has none any more."""
    with database.connection_context():
        return CaseRow.get_or_none(CaseRow.case_reference == case_reference, CaseRow.outcome.is_null(False))


def list_closed_cases(query: peewee.ModelSelect[CaseRow], after: int | None, limit: int) -> list[CaseRow]:
    """Return the cases of a query of select_closed(), the latest first.

    Args:
        after: id of the last row of the previous page.
        limit: maximum number of rows.
    """
    with database.connection_context():
        row = CaseRow.get_or_none(CaseRow.id == after) if after else None
        if row:
            position = peewee.Tuple(CaseRow.closed_at, CaseRow.id)
            query = query.where(position < peewee.Tuple(row.closed_at, row.id))
        return list(query.order_by(CaseRow.closed_at.desc(), CaseRow.id.desc()).limit(limit))


def _now() -> str:
    return format_time(datetime.now(UTC))
