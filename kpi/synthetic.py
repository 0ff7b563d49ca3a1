"""Synthetic cases of some weeks, which fill the managers' pages of the demo.

Their rows are marked, and their tallies are in a separate table, so that real indicators, forecasts and lists don't
contain them; pages that include them are labelled.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

import peewee

from kpi.days import day_of, format_time
from kpi.indicators import increments_of
from kpi.rows import AGE_GROUPS, CaseRow
from kpi.tallies import ALL, Changes, InventedTally
from records.database import database, write_transaction

SEED = 2020
WEEK = timedelta(days=7)
# cases that close on a day: before the wave, and at its height
QUIET, HEIGHT = 4, 32
# the height of the wave and its width, as shares of the history
HEIGHT_AT, WIDTH = 0.75, 0.3
# share of an average day's cases that close on it, from Monday to Sunday: reports wait over the weekend
WEEKDAYS = (1.2, 1.15, 1.1, 1.05, 1.1, 0.75, 0.65)
OUTCOMES = {
    "care_completed": 0.84,
    "evaluation_declined": 0.05,
    "self_monitoring": 0.04,
    "withdrawn": 0.03,
    "emergency_services": 0.02,
    "not_reached": 0.02,
}
RATINGS = {5: 0.58, 4: 0.27, 3: 0.09, 2: 0.04, 1: 0.02}
AGES = dict(zip(AGE_GROUPS.values(), (0.01, 0.17, 0.46, 0.2, 0.11, 0.05), strict=True))
CONTACTS = {0: 0.2, 1: 0.1, 2: 0.15, 3: 0.2, 4: 0.15, 5: 0.1, 7: 0.06, 9: 0.04}
# shares of the cases or contacts concerned
RATED, AS_CONTACT, WITHOUT_SYMPTOMS, INDETERMINATE = 0.62, 0.22, 0.08, 0.02
NOTIFIED, NOTIFIED_IN_24_H = 0.95, 0.88
WATCH_OUTCOMES = {"released": 0.9, "hospital": 0.06, "withdrawn": 0.04}
RELEASED_ON_TIME, RED = 0.94, 0.08
# the watch ends, after the result
WATCHED_DAYS = (4, 9)
BATCH_SIZE = 50


def invent(weeks: int, today: date, zone: tzinfo = UTC) -> int:
    """Replace the invented cases by those of this number of weeks until yesterday; returns their number."""
    rows = list(cases(weeks, today, zone))
    changes = Changes()
    for row in rows:
        changes.add(str(day_of(row["closed_at"], zone)), increments_of(CaseRow(**row), zone))
    with database.connection_context(), write_transaction():
        CaseRow.delete().where(CaseRow.invented).execute()
        InventedTally.delete().execute()
        for batch in peewee.chunked(rows, BATCH_SIZE):
            CaseRow.insert_many(batch).execute()
        changes.apply(InventedTally)
    return len(rows)


def count_weeks() -> int:
    """Return the number of weeks of invented cases in the database."""
    with database.connection_context():
        if not InventedTally.select().exists():
            return 0
        spans = [row.span for row in InventedTally.select(InventedTally.span).distinct() if row.span != ALL]
    days = sorted(date.fromisoformat(span) for span in spans if len(span) == len("YYYY-MM-DD"))
    return math.ceil((days[-1] - days[0] + timedelta(days=1)) / WEEK)


def count_waiting(stage: tuple[str, str], moments: list[datetime]) -> list[int]:
    """Return the numbers of invented cases that were in a stage at these times, which are sorted.

    Args:
        stage: columns of its start and end, such as kpi.waits.VISIT.
    """
    start, end = (getattr(CaseRow, name) for name in stage)
    times = [_text(moment) for moment in moments]
    with database.connection_context():
        rows: list[Any] = list(CaseRow.select(start, end).where(CaseRow.invented, end > times[0]).tuples())
    return [sum(started <= at < ended for started, ended in rows if started) for at in times]


def cases(weeks: int, today: date, zone: tzinfo = UTC) -> Iterator[dict[str, Any]]:
    """Yield the rows of cases that closed in the weeks until yesterday; deterministic."""
    chance = random.Random(SEED)
    length = weeks * 7
    for number in range(length):
        wave = math.exp(-(((number / length - HEIGHT_AT) / WIDTH) ** 2))
        day = today - timedelta(days=length - number)
        level = (QUIET + HEIGHT * wave) * WEEKDAYS[day.weekday()]
        for of_day in range(max(1, round(chance.gauss(level, math.sqrt(level))))):
            reference, case = f"invented-{day}-{of_day}", _case(chance, _at_work(chance, day, zone), wave)
            yield _row(reference, case | _watched(random.Random(reference), case, today))


def _row(reference: str, case: dict[str, Any]) -> dict[str, Any]:
    """Return the row of a case; all rows have the same columns, as insert_many() requires."""
    columns = dict.fromkeys(CaseRow._meta.fields.keys() - {"id"})
    # a generator of its own, so that the other columns stay those of earlier versions
    case["age_group"] = _one_of(random.Random(reference), AGES)
    own = {"case_reference": reference, "invented": True, "correction_number": 0, "recorded_at": case["closed_at"]}
    return {name: _text(value) for name, value in (columns | own | case).items()}


def _case(chance: random.Random, closed_at: datetime, wave: float) -> dict[str, Any]:
    """Return a case that closed at this time.

    Args:
        wave: height of the wave from 0 to 1; the share of positive results and the durations rise with it.
    """
    case = {"closed_at": closed_at, "outcome": _one_of(chance, OUTCOMES)}
    if case["outcome"] == "care_completed":
        return case | _tested(chance, closed_at, wave)
    if case["outcome"] in ("withdrawn", "not_reached"):
        case["evaluation_requested_at"] = closed_at - _hours(chance, 20)
    return case


def _tested(chance: random.Random, completed_at: datetime, wave: float) -> dict[str, Any]:
    """Return the columns of a case that was tested; durations rise with the wave."""
    slower = 1 + wave / 2
    reported_at = completed_at - _hours(chance, 0.5)
    told_at = reported_at - _hours(chance, 4 * slower)
    sampled_at = told_at - _hours(chance, 22 * slower, spread=0.25)
    requested_at = sampled_at - _hours(chance, 9 * slower)
    case = {
        "evaluation_requested_at": requested_at,
        "sample_taken_at": sampled_at,
        "result_told_at": told_at,
        "report_published_at": reported_at,
        "care_completed_at": completed_at,
        "result": _result(chance, 0.08 + 0.22 * wave),
        "rating": _one_of(chance, RATINGS) if chance.random() < RATED else None,
    }
    if chance.random() > WITHOUT_SYMPTOMS:
        case["onset_date"] = str((requested_at - _hours(chance, 50)).date())
    if case["result"] == "positive":
        return case | {"classification": "confirmed"} | _traced(chance, told_at)
    return case | {"classification": "not_a_case"}


def _result(chance: random.Random, positive_share: float) -> str:
    if chance.random() < INDETERMINATE:
        return "indeterminate"
    return "positive" if chance.random() < positive_share else "negative"


def _traced(chance: random.Random, told_at: datetime) -> dict[str, Any]:
    """Return the contact-tracing columns of a confirmed case."""
    named = _one_of(chance, CONTACTS)
    case = {"came_as_contact": chance.random() < AS_CONTACT, "contacts_named": named}
    if not named:
        return case
    named_at = told_at + _hours(chance, 1.5)
    in_time = sum(chance.random() < NOTIFIED_IN_24_H for _ in range(named))
    late = sum(chance.random() < NOTIFIED - NOTIFIED_IN_24_H for _ in range(named - in_time))
    return case | {
        "contacts_named_at": named_at,
        "contacts_notified": in_time + late,
        "contacts_notified_in_24_h": in_time,
        "contacts_notified_at": named_at + (_hours(chance, 30, spread=0.1) if late else _hours(chance, 3)),
    }


def _watched(chance: random.Random, case: dict[str, Any], today: date) -> dict[str, Any]:
    """Return the columns of the watch at home of a positive case; nothing if it isn't over yet."""
    if case.get("result") != "positive":
        return {}
    ended_at = case["result_told_at"] + timedelta(days=chance.uniform(*WATCHED_DAYS))
    if ended_at.date() >= today:
        return {}
    outcome = _one_of(chance, WATCH_OUTCOMES)
    is_red = outcome == "hospital" or chance.random() < RED
    return {
        "watch_started_at": case["result_told_at"],
        "watch_ended_at": ended_at,
        "watch_outcome": outcome,
        "released_on_time": chance.random() < RELEASED_ON_TIME if outcome == "released" else None,
        "red_to_call_s": round(_hours(chance, 0.13).total_seconds()) if is_red else None,
    }


def _at_work(chance: random.Random, day: date, zone: tzinfo) -> datetime:
    """Return a random working hour of a day, most likely in the afternoon."""
    return datetime.combine(day, time(), zone).astimezone(UTC) + timedelta(hours=chance.triangular(7, 21, 15))


def _hours(chance: random.Random, median: float, spread: float = 0.5) -> timedelta:
    """Return a random duration; waits are log-normally distributed."""
    return timedelta(hours=chance.lognormvariate(math.log(median), spread))


def _one_of(chance: random.Random, shares: dict[Any, float]) -> Any:
    return chance.choices(list(shares), list(shares.values()))[0]


def _text(value: Any) -> Any:
    return format_time(value) if isinstance(value, datetime) else value
