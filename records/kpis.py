"""The KPI rows, one per case and without a name, and the figures over them, each defined here once.

A figure over no cases is None ("none yet"), never 0.
"""

from __future__ import annotations

import secrets
import statistics
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import peewee

from records.database import Table, database
from records.erasures import is_erased


class CaseRow(Table):
    case_reference = peewee.TextField(unique=True)
    orientation = peewee.TextField(null=True)
    outcome = peewee.TextField(null=True, index=True)
    result = peewee.TextField(null=True)
    classification = peewee.TextField(null=True)
    onset_date = peewee.TextField(null=True)
    evaluation_requested_at = peewee.TextField(null=True)
    sample_taken_at = peewee.TextField(null=True)
    result_told_at = peewee.TextField(null=True)
    report_published_at = peewee.TextField(null=True)
    care_completed_at = peewee.TextField(null=True)
    contacts_named = peewee.IntegerField(null=True)
    contacts_named_at = peewee.TextField(null=True)
    contacts_notified_at = peewee.TextField(null=True)
    rating = peewee.IntegerField(null=True)
    correction_number = peewee.IntegerField(default=0)
    closed_at = peewee.TextField(null=True, index=True)
    recorded_at = peewee.TextField()


# what a row keeps when a corrected result replaces it
KEPT = ("id", "case_reference", "correction_number", "closed_at", "recorded_at")


class KpiRows:
    def record(self, case_reference: str, correction_number: int = 0, **known: Any) -> None:
        """Keep what is known of a case: one row, however often it is recorded.

        What isn't known now (None) leaves an earlier recording as it was: the case and its tracing record in parallel.
        Times are aware datetimes. A correction with a higher number replaces the row; nothing
        that comes late from before it counts. Of a case that was erased nothing is kept but what was.
        """
        if is_erased(case_reference):
            return
        if correction_number:
            self._clear(case_reference, correction_number)
        row = {name: _utc(value) for name, value in known.items() if value is not None}
        now = row["recorded_at"] = _utc(datetime.now(UTC))
        closed = {"closed_at": now} if "outcome" in row else {}
        first_closed = {CaseRow.closed_at: peewee.fn.COALESCE(CaseRow.closed_at, now)} if closed else {}
        with database.connection_context():
            CaseRow.insert(
                case_reference=case_reference, correction_number=correction_number, **row, **closed
            ).on_conflict(
                conflict_target=[CaseRow.case_reference],
                update={**row, **first_closed},
                where=CaseRow.correction_number <= correction_number,
            ).execute()

    def disown(self, case_reference: str) -> None:
        """Let a case's row count on, without anything that leads to the case."""
        with database.connection_context():
            CaseRow.update(case_reference=f"erased-{secrets.token_hex(12)}").where(
                CaseRow.case_reference == case_reference
            ).execute()

    def _clear(self, case_reference: str, correction_number: int) -> None:
        """Forget what was recorded before this correction."""
        void = {name: None for name in CaseRow._meta.fields if name not in KEPT}
        with database.connection_context():
            CaseRow.update(correction_number=correction_number, **void).where(
                CaseRow.case_reference == case_reference, CaseRow.correction_number < correction_number
            ).execute()


# what patients wait for
VISIT = ("evaluation_requested_at", "sample_taken_at")
RESULT = ("sample_taken_at", "result_told_at")
REPORT = ("result_told_at", "report_published_at")


@dataclass(frozen=True)
class Spread:
    """Mean, median and 90th percentile of durations, in seconds, over `count` cases."""

    count: int
    mean_s: float
    median_s: float
    p90_s: float


@dataclass(frozen=True)
class Kpis:
    """The figures over a period, in the order of docs/kpis.md."""

    outcomes: dict[str, int]
    positive: int
    negative: int
    other: int
    positivity: float | None
    ratings: int
    ratings_asked: int
    mean_feedback: float | None
    cycle_time: Spread | None
    sample_to_result: Spread | None
    result_to_report: Spread | None
    sample_to_last_contact: Spread | None

    @property
    def closed(self) -> int:
        return sum(self.outcomes.values())


def kpis(since: datetime | None = None, until: datetime | None = None) -> Kpis:
    """The figures over the cases that closed within the period (from `since`, before `until`)."""
    return over(_closed_rows(since, until))


def over(rows: list[CaseRow]) -> Kpis:
    """The figures over these closed cases."""
    results = Counter(row.result for row in rows if row.result)
    positive, negative = results["positive"], results["negative"]
    ratings = [row.rating for row in rows if row.rating is not None]
    return Kpis(
        outcomes=dict(Counter(row.outcome for row in rows)),
        positive=positive,
        negative=negative,
        other=results.total() - positive - negative,
        positivity=positive / (positive + negative) if positive + negative else None,
        ratings=len(ratings),
        ratings_asked=sum(1 for row in rows if row.care_completed_at),
        mean_feedback=statistics.fmean(ratings) if ratings else None,
        cycle_time=_spread(rows, "evaluation_requested_at", "care_completed_at"),
        sample_to_result=_spread(rows, "sample_taken_at", "result_told_at"),
        result_to_report=_spread(rows, "result_told_at", "report_published_at"),
        sample_to_last_contact=_spread(rows, "sample_taken_at", "contacts_notified_at"),
    )


# a wait is told from so many of the latest cases, and from that many at least
LATEST, LEAST = 50, 5


def recent_wait(stage: tuple[str, str]) -> Spread | None:
    """How long people waited lately from one moment of their case to the other; None while there are too few.

    Args:
        stage: names of two columns of CaseRow, as VISIT, RESULT and REPORT.
    """
    start, end = (getattr(CaseRow, name) for name in stage)
    query = CaseRow.select().where(start.is_null(False), end.is_null(False)).order_by(end.desc()).limit(LATEST)
    with database.connection_context():
        rows = list(query)
    return _spread(rows, *stage) if len(rows) >= LEAST else None


def _closed_rows(since: datetime | None, until: datetime | None) -> list[CaseRow]:
    query = CaseRow.select().where(CaseRow.outcome.is_null(False))
    if since:
        query = query.where(CaseRow.closed_at >= _utc(since))
    if until:
        query = query.where(CaseRow.closed_at < _utc(until))
    with database.connection_context():
        return list(query)


def _spread(rows: list[CaseRow], start: str, end: str) -> Spread | None:
    durations = [_seconds(getattr(row, start), getattr(row, end)) for row in rows if _has(row, start, end)]
    if not durations:
        return None
    p90 = statistics.quantiles(durations, n=10, method="inclusive")[-1] if len(durations) > 1 else durations[0]
    return Spread(len(durations), statistics.fmean(durations), statistics.median(durations), p90)


def _has(row: CaseRow, *names: str) -> bool:
    return all(getattr(row, name) is not None for name in names)


def _seconds(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def _utc(value: Any) -> Any:
    """Times are kept as text in UTC, which sorts as the times do, on SQLite and PostgreSQL alike."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds") if isinstance(value, datetime) else value
