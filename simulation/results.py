"""Results over the replications of a scenario: waits and queues by step and day, and what is the limit."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import TypeAdapter

from processes.elements import EventBasedGateway, ReceiveTask
from simulation.recording import JOURNEY, Recording, Wait
from simulation.resources import DAY_MS, HOUR_MS

# the interval in which one run lies in 9 of 10 cases
COVERAGE = 0.9
# two-sided quantiles of Student's t distribution for COVERAGE, by degrees of freedom from 1; then the normal one
T90 = (6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812, 1.796, 1.782, 1.771, 1.761, 1.753)
NORMAL90 = 1.645
LABELS = {
    EventBasedGateway.WAIT_FOR_KIT: "A test kit",
    ReceiveTask.WAIT_FOR_TEST_RESULT: "The laboratory",
    JOURNEY: "From request to result",
}
# share of its time above which a resource's queues grow fast
FULL = 0.85
# mean wait in hours, and share of its time, from which a resource counts as a limit: with less work, patients wait for
# the next morning, not for more staff
MIN_WAIT_H = 1
BUSY = 0.7


@dataclass(frozen=True)
class Figure:
    """A figure over the replications.

    Attributes:
        value: mean over the replications; None if none has a value.
        low, high: interval in which a single run lies in 9 of 10 cases; None with one replication.
    """

    value: float | None
    low: float | None = None
    high: float | None = None

    def contains(self, value: float) -> bool:
        return self.low is not None and self.high is not None and self.low <= value <= self.high


@dataclass(frozen=True)
class StepResult:
    """Waits at a step, in hours.

    Attributes:
        step: id of the element.
        resource: for which patients wait.
        median, p90: of the waits; one that hasn't ended counts with its length so far.
        by_day: of the waits that began on each day.
        queue_by_day: number of waiting patients at the end of each day.
    """

    step: str
    label: str
    resource: str
    count: Figure
    median: Figure
    p90: Figure
    median_by_day: list[Figure]
    p90_by_day: list[Figure]
    queue_by_day: list[Figure]


@dataclass(frozen=True)
class ResourceResult:
    """Use of a resource.

    Attributes:
        places: highest number at the same time, such as of people; 0 for kits.
        used: share of its time.
        needed: multiple of its time that the work needs which arrived.
        waited_h: mean wait in hours of those who asked for it.
        waiting_at_end: their number.
        since_day: first day, from 1, at whose end more waited than it finished on that day; None if there is none.
    """

    resource: str
    places: int
    used: Figure
    needed: Figure
    waited_h: Figure
    waiting_at_end: Figure
    since_day: int | None


@dataclass(frozen=True)
class Results:
    """Results of a scenario.

    Attributes:
        bottleneck: name of the resource that is the limit; None if there is enough of all.
        origins: where the figures come from, by name.
        unmodelled: elements and topics of which nothing is known.
        method: "time lapse" or "fast answer".
    """

    name: str
    method: str
    seed: int
    replications: int
    start: str
    days: int
    cases: Figure
    kits_requested: Figure
    kits_missing: Figure
    kits_empty_day: int | None
    steps: list[StepResult]
    resources: list[ResourceResult]
    bottleneck: str | None
    origins: dict[str, str]
    unmodelled: list[str]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def find_step(self, step: str) -> StepResult:
        return next(each for each in self.steps if each.step == step)

    def find_resource(self, resource: str) -> ResourceResult:
        return next(each for each in self.resources if each.resource == resource)


def summarize(values: Iterable[float | None]) -> Figure:
    """Return the mean of a figure's values, and the prediction interval for a single run."""
    known = [value for value in values if value is not None]
    if not known:
        return Figure(None)
    mean = statistics.fmean(known)
    if len(known) == 1:
        return Figure(mean)
    spread = _t90(len(known) - 1) * statistics.stdev(known) * math.sqrt(1 + 1 / len(known))
    return Figure(mean, max(mean - spread, 0), mean + spread)


def _t90(freedom: int) -> float:
    return T90[freedom - 1] if freedom <= len(T90) else NORMAL90


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """Return the value that this share of the sorted values doesn't exceed; None without values."""
    return ordered[min(math.ceil(share * len(ordered)) - 1, len(ordered) - 1)] if ordered else None


def compute_steps(recordings: Sequence[Recording], names: Mapping[str, str]) -> list[StepResult]:
    steps = sorted({step for recording in recordings for step in recording.waits})
    return [_compute_step(step, recordings, names) for step in steps]


def _compute_step(step: str, recordings: Sequence[Recording], names: Mapping[str, str]) -> StepResult:
    days = range(_count_days(recordings[0]))
    own = [(recording, recording.waits.get(step, [])) for recording in recordings]
    hours = [sorted(_hours(wait, recording) for wait in waits) for recording, waits in own]

    def by_day(share: float) -> list[Figure]:
        return [
            summarize(quantile(sorted(_hours(w, r) for w in waits if _day(w, r) == day), share) for r, waits in own)
            for day in days
        ]

    return StepResult(
        step=step,
        label=LABELS.get(step) or names.get(step, step),
        resource=next((r.roles[step] for r, _ in own if step in r.roles), ""),
        count=summarize(len(each) for each in hours),
        median=summarize(quantile(each, 0.5) for each in hours),
        p90=summarize(quantile(each, 0.9) for each in hours),
        median_by_day=by_day(0.5),
        p90_by_day=by_day(0.9),
        queue_by_day=[summarize(_count_waiting(waits, _end_of(r, day)) for r, waits in own) for day in days],
    )


def _hours(wait: Wait, recording: Recording) -> float:
    """Return the length of a wait; of one for the whole journey until its end."""
    until = wait.started_ms if wait.started_ms is not None else wait.ended_ms
    return ((recording.end_ms if until is None else until) - wait.ready_ms) / HOUR_MS


def _day(wait: Wait, recording: Recording) -> int:
    return (wait.ready_ms - recording.start_ms) // DAY_MS


def _end_of(recording: Recording, day: int) -> int:
    return recording.start_ms + (day + 1) * DAY_MS


def _count_waiting(waits: Iterable[Wait], at_ms: int) -> int:
    return sum(wait.ready_ms < at_ms and _until(wait) >= at_ms for wait in waits)


def _until(wait: Wait) -> float:
    until = wait.started_ms if wait.started_ms is not None else wait.ended_ms
    return math.inf if until is None else until


def _count_days(recording: Recording) -> int:
    return (recording.end_ms - recording.start_ms) // DAY_MS


def compute_resources(recordings: Sequence[Recording]) -> list[ResourceResult]:
    """Compute the use of all resources, the one for which patients wait longest first."""
    names = sorted({name for recording in recordings for name in (*recording.usage, *recording.roles.values())})
    found = [_compute_resource(name, recordings) for name in names]
    return sorted(found, key=lambda each: -(each.waited_h.value or 0))


def _compute_resource(name: str, recordings: Sequence[Recording]) -> ResourceResult:
    waits = [[w for step, own in r.waits.items() if r.roles.get(step) == name for w in own] for r in recordings]
    pairs = list(zip(recordings, waits, strict=True))

    def ratio(part: Callable[[Recording], float]) -> Figure:
        return summarize(
            part(r) / r.usage[name].available_ms for r in recordings if name in r.usage and r.usage[name].available_ms
        )

    return ResourceResult(
        name,
        max(r.usage[name].places if name in r.usage else 0 for r in recordings),
        ratio(lambda r: r.usage[name].busy_ms),
        ratio(lambda r: r.usage[name].needed_ms),
        summarize(statistics.fmean(_hours(w, r) for w in own) if own else None for r, own in pairs),
        summarize(_count_waiting(own, r.end_ms) for r, own in pairs),
        find_first_day(pairs),
    )


def find_first_day(pairs: Sequence[tuple[Recording, Sequence[Wait]]]) -> int | None:
    """Return the first day, from 1, at whose end more wait than were served on it, in most replications."""
    for day in range(_count_days(pairs[0][0])):
        full = 0
        for recording, waits in pairs:
            end = _end_of(recording, day)
            served = sum(end - DAY_MS <= _until(wait) < end for wait in waits)
            full += _count_waiting(waits, end) > max(served, 1)
        if full * 2 > len(pairs):
            return day + 1
    return None


def find_bottleneck(resources: Iterable[ResourceResult]) -> str | None:
    """Return the limit for which patients wait longest on average; None if there is enough of everything."""
    worst = max(filter(_is_limit, resources), key=lambda each: each.waited_h.value or 0, default=None)
    return worst.resource if worst else None


def _is_limit(each: ResourceResult) -> bool:
    # kits, and staff who are never at work, have no time of which a share could be needed
    is_busy = each.needed.value is None or each.needed.value >= BUSY
    return is_busy and (each.waited_h.value or 0) >= MIN_WAIT_H


def compute_results(
    name: str,
    method: str,
    seed: int,
    recordings: Sequence[Recording],
    names: Mapping[str, str],
    origins: dict[str, str],
    start: str,
) -> Results:
    resources = compute_resources(recordings)
    empty = [r.kits_empty_ms for r in recordings if r.kits_empty_ms is not None]
    first = recordings[0]
    return Results(
        name=name,
        method=method,
        seed=seed,
        replications=len(recordings),
        start=start,
        days=_count_days(first),
        cases=summarize(recording.arrived for recording in recordings),
        kits_requested=summarize(recording.kits_requested for recording in recordings),
        kits_missing=summarize(max(r.kits_requested - r.kits_granted, 0) for r in recordings),
        kits_empty_day=(round(statistics.median(empty)) - first.start_ms) // DAY_MS + 1 if empty else None,
        steps=compute_steps(recordings, names),
        resources=resources,
        bottleneck=find_bottleneck(resources),
        origins=origins,
        unmodelled=sorted({each for recording in recordings for each in recording.unmodelled}),
    )


def parse_results(content: Mapping[str, Any]) -> Results:
    """Return the results of Results.to_json()."""
    return TypeAdapter(Results).validate_python(content)
