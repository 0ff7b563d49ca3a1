"""Definitions of the KPIs: what a case adds to the tallies, and the indicators over their sums.

A ratio or duration over no cases is None ("none yet"), never 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, tzinfo
from typing import Any

from kpi.days import day_of
from kpi.indicator import COUNT, DAYS, NUMBER, SECONDS, SHARE, Indicator
from kpi.suppression import suppress
from kpi.tallies import Increment, Sums, duration_bucket, duration_s, load_sums

OUTCOME, RESULT, RATING, REVIEW_REQUESTED = "outcome", "result", "rating", "review_asked"
CYCLE_TIME, ONSET_TO_RESULT = "cycle_time", "onset_to_result"
SAMPLE_TO_RESULT, RESULT_TO_REPORT = "sample_to_result", "result_to_report"
SAMPLE_TO_LAST_CONTACT = "sample_to_last_contact"
# a longer time from onset to result is a typing error in the date
MAX_DAYS = 200
CONFIRMED, WITH_CONTACTS, SECONDARY = "confirmed", "confirmed_with_contacts", "secondary"
NAMED, NOTIFIED, NOTIFIED_IN_TIME = "contacts_named", "contacts_notified", "contacts_notified_in_24_h"
WATCH_OUTCOME, RELEASED_ON_TIME, RED_TO_CALL = "watch_outcome", "released_on_time", "red_to_call"

# durations of a case: columns of their start and end
DURATIONS = {
    CYCLE_TIME: ("evaluation_requested_at", "care_completed_at"),
    SAMPLE_TO_RESULT: ("sample_taken_at", "result_told_at"),
    RESULT_TO_REPORT: ("result_told_at", "report_published_at"),
    SAMPLE_TO_LAST_CONTACT: ("sample_taken_at", "contacts_notified_at"),
}


def increments_of(case: Any, zone: tzinfo) -> Iterator[Increment]:
    """Yield what a case adds to the tallies; nothing while it is open.

    Args:
        zone: time zone of its days.
    """
    if not case.outcome:
        return
    yield Increment(OUTCOME, case.outcome)
    if case.result:
        yield Increment(RESULT, case.result)
    if case.care_completed_at:
        yield Increment(REVIEW_REQUESTED)
    if case.rating is not None:
        yield Increment(RATING, str(case.rating), case.rating)
    if case.watch_outcome:
        yield Increment(WATCH_OUTCOME, case.watch_outcome)
    if case.released_on_time:
        yield Increment(RELEASED_ON_TIME)
    yield from _durations(case, zone)
    yield from _contacts(case)


def _durations(case: Any, zone: tzinfo) -> Iterator[Increment]:
    for figure, (start, end) in DURATIONS.items():
        started, ended = getattr(case, start), getattr(case, end)
        if started and ended:
            milliseconds = round(seconds_between(started, ended) * 1000)
            yield Increment(figure, duration_bucket(milliseconds), milliseconds)
    if case.red_to_call_s is not None:
        milliseconds = case.red_to_call_s * 1000
        yield Increment(RED_TO_CALL, duration_bucket(milliseconds), milliseconds)
    if case.onset_date and case.result_told_at:
        days = (day_of(case.result_told_at, zone) - date.fromisoformat(case.onset_date)).days
        if 0 <= days <= MAX_DAYS:
            yield Increment(ONSET_TO_RESULT, str(days), days)


def _contacts(case: Any) -> Iterator[Increment]:
    if case.classification == "confirmed":
        yield Increment(CONFIRMED)
        if case.contacts_named:
            yield Increment(WITH_CONTACTS, value=case.contacts_named)
        if case.came_as_contact:
            yield Increment(SECONDARY)
    for figure in (NAMED, NOTIFIED, NOTIFIED_IN_TIME):
        if getattr(case, figure):
            yield Increment(figure, value=getattr(case, figure))


SPREADS = (
    (CYCLE_TIME, "Cycle time", SECONDS),
    (SAMPLE_TO_RESULT, "Sample taken to result published", SECONDS),
    (RESULT_TO_REPORT, "Result published to report published", SECONDS),
    (SAMPLE_TO_LAST_CONTACT, "Sample taken to last contact notified", SECONDS),
    (RED_TO_CALL, "Red day at home to doctor's call", SECONDS),
    (ONSET_TO_RESULT, "Onset of symptoms to result", DAYS),
)


def compute_kpis(
    first: date | None = None, last: date | None = None, below: int = 0, invented: bool = False
) -> list[Indicator]:
    """Compute the KPIs over the cases that closed from the first to the last day, both included.

    Args:
        below: indicators over fewer people are suppressed.
        invented: include invented cases.
    """
    return compute_from_sums(load_sums(first, last, invented), below)


def compute_from_sums(found: Sums, below: int = 0) -> list[Indicator]:
    """Compute the KPIs over these sums, in the order of docs/reference/kpis.md."""
    spreads = [figure for spread in SPREADS for figure in _spread(found, *spread)]
    return suppress(
        [*_ends(found), *_results(found), *_feedback(found), *spreads, *_tracing(found), *_watch(found)], below
    )


def _ends(found: Sums) -> Iterator[Indicator]:
    yield _count("closed", "Closed cases", found.sum_of(OUTCOME).cases)
    for outcome, count in sorted(found.by_bucket(OUTCOME).items()):
        yield _count(f"ended_{outcome}", f"Cases ended: {outcome.replace('_', ' ')}", count)


def _results(found: Sums) -> Iterator[Indicator]:
    results = found.by_bucket(RESULT)
    positive, negative = results.get("positive", 0), results.get("negative", 0)
    yield _count("positive", "Positive", positive)
    yield _count("negative", "Negative", negative)
    yield _count("other", "Other results", sum(results.values()) - positive - negative)
    yield _ratio("positivity", "Test positivity", SHARE, positive, positive + negative)


def _feedback(found: Sums) -> Iterator[Indicator]:
    ratings = found.sum_of(RATING)
    yield _ratio("mean_feedback", "Mean feedback, of 5", NUMBER, ratings.total, ratings.cases)
    yield _count("ratings", "Responses", ratings.cases)
    yield _count("ratings_asked", "Asked for a response", found.sum_of(REVIEW_REQUESTED).cases)


def _spread(found: Sums, figure: str, label: str, unit: str) -> Iterator[Indicator]:
    """Yield mean, median and 90th percentile; the mean is exact, quantiles of durations are within 2 %."""
    value_of, per = (duration_s, 1000) if unit == SECONDS else (int, 1)
    count, total = found.sum_of(figure)
    mean = total / count / per if count else None
    yield Indicator(f"{figure}_mean", f"{label}, mean", unit, mean, count, (count,))
    median, p90 = found.quantiles(figure, (0.5, 0.9), value_of)
    yield Indicator(f"{figure}_median", f"{label}, median", unit, median, count, (count,))
    yield Indicator(f"{figure}_p90", f"{label}, 90th percentile", unit, p90, count, (count,))


def _tracing(found: Sums) -> Iterator[Indicator]:
    confirmed, (with_contacts, contacts) = found.sum_of(CONFIRMED).cases, found.sum_of(WITH_CONTACTS)
    named, notified = found.sum_of(NAMED).total, found.sum_of(NOTIFIED).total
    yield _count("confirmed", "Confirmed cases", confirmed)
    yield _ratio("with_contacts", "Confirmed cases that named a contact", SHARE, with_contacts, confirmed)
    yield _ratio("contacts_per_case", "Contacts per confirmed case that named any", NUMBER, contacts, with_contacts)
    yield _count("contacts_named", "Contacts named", named)
    yield _ratio("notified_in_24_h", "Contacts notified in 24 h", SHARE, found.sum_of(NOTIFIED_IN_TIME).total, named)
    yield _ratio("secondary", "Contacts who became confirmed cases", SHARE, found.sum_of(SECONDARY).cases, notified)


def _watch(found: Sums) -> Iterator[Indicator]:
    outcomes = found.by_bucket(WATCH_OUTCOME)
    released = outcomes.get("released", 0)
    yield _count("watched", "Watched at home", sum(outcomes.values()))
    yield _ratio(
        "watched_to_hospital",
        "Watched patients who went to hospital",
        SHARE,
        outcomes.get("hospital", 0),
        sum(outcomes.values()),
    )
    on_time = found.sum_of(RELEASED_ON_TIME).cases
    yield _ratio("released_on_time", "Released on the first day that policy allows", SHARE, on_time, released)


def _count(key: str, label: str, count: int) -> Indicator:
    return Indicator(key, label, COUNT, count, count, (count,))


def _ratio(key: str, label: str, unit: str, part: int, whole: int) -> Indicator:
    cells = (whole, part, whole - part) if unit == SHARE else (whole,)
    return Indicator(key, label, unit, part / whole if whole else None, whole, cells)


def seconds_between(start: str, end: str) -> float:
    """Return the seconds between two ISO 8601 timestamps."""
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
