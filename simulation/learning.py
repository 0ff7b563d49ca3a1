"""Learns parameters from the platform's own records, with its engine's history and its KPI rows.

A user task's time is split by its claim: before it the patient waited, after it staff worked. Where there are fewer
than MIN_RECORDS, what defaults.yaml states is used. The platform is read once; simulations then read the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from simulation.diagrams import Diagrams
from simulation.parameters import Parameters
from simulation.results import quantile
from simulation.scenario import Spread

MIN_RECORDS = 30
# a task that was left open over night after its claim says nothing of the work
MAX_WORK = timedelta(hours=4)


@dataclass(frozen=True)
class TaskRecord:
    """A user task that was completed.

    Attributes:
        claimed_at: None if it was completed without a claim.
    """

    element: str
    created_at: datetime
    claimed_at: datetime | None
    completed_at: datetime


@dataclass(frozen=True)
class CaseRecord:
    """What is kept of a case without a person: columns of its KPI row."""

    orientation: str | None = None
    result: str | None = None
    contacts_named: int | None = None
    started_on: date | None = None


def learn(base: Parameters, diagrams: Diagrams, tasks: Iterable[TaskRecord], cases: Iterable[CaseRecord]) -> Parameters:
    """Return the parameters with what the records show; each says from how many."""
    learnt = {f"minutes.{element}": values for element, values in _collect_work(tasks, diagrams).items()}
    minutes, origins = dict(base.minutes), dict(base.origins)
    for name, values in learnt.items():
        if len(values) >= MIN_RECORDS:
            minutes[name.removeprefix("minutes.")] = _fit(values)
            origins[name] = _describe(len(values))
    known = list(cases)
    shares = dict(base.shares)
    for name, read in BRANCHES.items():
        counts = Counter(value for case in known if (value := read(case)) in base.shares[name])
        if counts.total() >= MIN_RECORDS:
            # a value that didn't occur yet may occur
            shares[name] = {value: counts[value] + 0.5 for value in base.shares[name]}
            origins[f"shares.{name}"] = _describe(counts.total())
    update = {"minutes": minutes, "shares": shares, "origins": origins, **_learn_arrivals(known, origins)}
    return base.model_copy(update=update)


def _read_result(case: CaseRecord) -> str:
    return "inconclusive" if case.result == "indeterminate" else case.result or ""


def _read_contacts(case: CaseRecord) -> str:
    return "" if case.contacts_named is None else str(case.contacts_named)


BRANCHES: Mapping[str, Callable[[CaseRecord], str]] = {
    "orientation": lambda case: case.orientation or "",
    "lab_result": _read_result,
    "contacts": _read_contacts,
}


def _collect_work(tasks: Iterable[TaskRecord], diagrams: Diagrams) -> dict[str, list[float]]:
    """Return the minutes of work by user task of staff."""
    found: dict[str, list[float]] = {}
    for task in tasks:
        known = diagrams.user_tasks.get(task.element)
        if known is None or known.role is None or task.claimed_at is None:
            continue
        work = task.completed_at - task.claimed_at
        if timedelta() < work <= MAX_WORK:
            found.setdefault(task.element, []).append(work / timedelta(minutes=1))
    return found


def _fit(minutes: list[float]) -> Spread:
    ordered = sorted(minutes)
    median, p90 = quantile(ordered, 0.5), quantile(ordered, 0.9)
    assert median is not None
    assert p90 is not None
    return Spread(median=median, p90=max(p90, median))


def _learn_arrivals(cases: Iterable[CaseRecord], origins: dict[str, str]) -> dict[str, float]:
    """Return the mean number of cases a day between the first and the last; nothing for too few."""
    days = [case.started_on for case in cases if case.started_on]
    if len(days) < MIN_RECORDS:
        return {}
    origins["arrivals_per_day"] = _describe(len(days))
    return {"arrivals_per_day": len(days) / ((max(days) - min(days)).days + 1)}


def _describe(count: int) -> str:
    return f"learnt from {count} records"
