"""Who waits for what, compared with the targets: tiles, the worst step and its cause, cases beyond their target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from markupsafe import Markup

from hosting.clients.lab import Stock
from kpi.synthetic import count_waiting
from kpi.waits import REPORT, RESULT, VISIT
from processes import positions
from processes.cases import find_references
from processes.elements import EventBasedGateway, ReceiveTask, UserTask
from processes.engine import Engine
from processes.positions import Overdue, Wait
from webapp.staff.formats import format_short_duration
from webapp.staff.history import is_included
from webapp.staff.sparkline import draw_sparkline

DAYS = 14
KIT = EventBasedGateway.WAIT_FOR_KIT
FOR_DOCTORS: frozenset[str] = frozenset({UserTask.CALL_PATIENT, UserTask.WRITE_DOCTORS_REPORT})
# stages of the invented history, by step
STAGES: dict[str, tuple[str, str]] = {
    UserTask.VISIT_PATIENT: VISIT,
    ReceiveTask.WAIT_FOR_TEST_RESULT: RESULT,
    UserTask.WRITE_DOCTORS_REPORT: REPORT,
}
NO_ONE = Overdue(0, [])
# cases of one step in the list of those beyond their target
MAX_LISTED = 5
# what a manager does next, by step
ACTIONS: dict[str, str] = {
    UserTask.CALL_PATIENT: "Phone a doctor on duty: the calls are the first tasks in Tasklist.",
    KIT: "Ask the laboratory for test kits: patients get them as soon as they arrive.",
    UserTask.VISIT_PATIENT: "Ask the medical team about the visits that are due: Tasklist has them under “All visits”.",
    ReceiveTask.WAIT_FOR_TEST_RESULT: "Ask the laboratory about these samples.",
    UserTask.WRITE_DOCTORS_REPORT: "Ask the doctors to claim reports in Tasklist, or ask another doctor to go on duty.",
}
MORE_DOCTORS = "Ask a doctor to go on duty."
# settings of the longest waits, by step
TARGETS: dict[str, str] = {
    UserTask.CALL_PATIENT: "emergency_call",
    KIT: "kit",
    UserTask.VISIT_PATIENT: "visit",
    ReceiveTask.WAIT_FOR_TEST_RESULT: "result",
    UserTask.WRITE_DOCTORS_REPORT: "report",
}


@dataclass(frozen=True)
class Tile:
    """The wait at one step, compared with its target.

    Attributes:
        yesterday: patients who waited at this time yesterday.
        target: longest wait; None if there is no target.
        overdue: patients who have waited longer.
        course: numbers of waiting patients at the end of each past day, the oldest first, and now.
    """

    wait: Wait
    yesterday: int
    target: timedelta | None
    overdue: Overdue
    course: Sequence[int]

    @property
    def beyond(self) -> int:
        """Number of patients who have waited longer than the target."""
        return self.overdue.count

    @property
    def count(self) -> int:
        return _count_now(self.wait)

    @property
    def ratio(self) -> float:
        """The longest wait divided by the target; 0 without one of them."""
        return self.wait.now.longest / self.target if self.wait.now and self.target else 0

    @property
    def direction(self) -> str:
        """Whether more patients wait than at this time yesterday, in words."""
        change = self.count - self.yesterday
        if not change:
            return ""
        return f"{abs(change)} {'more' if change > 0 else 'fewer'} than yesterday"

    @property
    def sparkline(self) -> Markup:
        numbers = ", ".join(map(str, self.course))
        return draw_sparkline(self.course, f"Waiting at the end of each of the last {DAYS} days: {numbers}")


@dataclass(frozen=True)
class Alarm:
    """What needs a manager before a target is exceeded.

    Attributes:
        headline: what patients lack.
        action: what a manager does next.
        steps: where they wait.
        status: the headline in a few words, for the tiles of the steps.
    """

    headline: str
    action: str
    steps: frozenset[str]
    status: str


@dataclass(frozen=True)
class OverdueCase:
    """A case that waits beyond its target."""

    label: str
    case_reference: str
    instance_id: str
    waited: timedelta
    target: timedelta


def load_tiles(
    engine: Engine, waits: Iterable[Wait], targets: Mapping[str, Any], zone: tzinfo, now: datetime
) -> list[Tile]:
    """Load the tile of each wait.

    Args:
        targets: by name in the settings.
        zone: time zone of the days.
    """
    midnights = list_midnights(zone, now)
    past = positions.count_waiting(engine, tuple(midnights))
    found = []
    for wait in waits:
        target = targets.get(TARGETS[wait.step])
        course = [*_add_invented(wait.step, past[wait.step], midnights), _count_now(wait)]
        [yesterday] = _add_invented(wait.step, [wait.yesterday], [now - timedelta(days=1)])
        found.append(Tile(wait, yesterday, target, _find_overdue(engine, wait, target, now), course))
    return found


def _find_overdue(engine: Engine, wait: Wait, target: timedelta | None, now: datetime) -> Overdue:
    """Find the patients who have waited longer than the target."""
    if target is None or wait.now is None or wait.now.longest <= target:
        return NO_ONE
    return positions.find_overdue(engine, wait.step, now - target, MAX_LISTED)


def _add_invented(step: str, counts: list[int], moments: list[datetime]) -> list[int]:
    """Add the cases of the invented history to the counts, if the page includes it."""
    if not is_included() or step not in STAGES:
        return counts
    return [sum(both) for both in zip(counts, count_waiting(STAGES[step], moments), strict=True)]


def _count_now(wait: Wait) -> int:
    return wait.now.count if wait.now else 0


def list_midnights(zone: tzinfo, now: datetime) -> list[datetime]:
    """List the ends of the last DAYS - 1 days, the oldest first."""
    today = now.astimezone(zone).date()
    days = (today - timedelta(days=ago) for ago in reversed(range(DAYS - 1)))
    return [datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC) for day in days]


def find_worst(tiles: Iterable[Tile]) -> Tile | None:
    """Return the tile whose longest wait exceeds its target most; None if none does."""
    return max((tile for tile in tiles if tile.beyond), key=lambda tile: tile.ratio, default=None)


def list_overdue(engine: Engine, tiles: Iterable[Tile], now: datetime) -> list[OverdueCase]:
    """List cases beyond their target, the longest of each step first, at most MAX_LISTED of a step."""
    found = [
        (tile, tile.target, each)
        for tile in sorted(tiles, key=lambda tile: -tile.ratio)
        if tile.target
        for each in tile.overdue.longest
    ]
    references = find_references(engine, [each.instance_id for _, _, each in found])
    return [
        OverdueCase(
            tile.wait.label,
            references.get(each.instance_id, "View in Cockpit"),
            each.instance_id,
            now - each.started_at,
            target,
        )
        for tile, target, each in found
    ]


def describe_cause(tile: Tile, stock: Stock | None, doctors: int) -> str:
    """Say why patients wait at a step, as far as the platform knows.

    Args:
        stock: None if the laboratory doesn't respond.
        doctors: number of doctors on duty.
    """
    if tile.wait.now and tile.wait.now.incidents:
        return f"{_count(tile.wait.now.incidents, 'case')} can't continue because of an incident."
    if tile.wait.step in FOR_DOCTORS:
        if not doctors:
            return "No doctor is on duty."
        return f"{_count(doctors, 'doctor')} on duty for {_count(tile.count, 'patient')}."
    if tile.wait.step == UserTask.VISIT_PATIENT:
        return "The platform knows no cause: ask the medical team."
    if stock is None:
        return "The laboratory isn't responding."
    if tile.wait.step == ReceiveTask.WAIT_FOR_TEST_RESULT:
        return "The laboratory responds, but hasn't sent these results."
    if not stock.kits:
        return "The laboratory has no test kits left."
    return f"The laboratory has {_count(stock.kits, 'test kit')}, but hasn't granted these patients one."


def choose_action(tile: Tile, doctors: int) -> str:
    """Say what a manager does next about patients who wait at a step."""
    if tile.wait.now and tile.wait.now.incidents:
        return "View the incident, which names whom to ask."
    return MORE_DOCTORS if tile.wait.step in FOR_DOCTORS and not doctors else ACTIONS[tile.wait.step]


def list_alarms(tiles: Iterable[Tile], stock: Stock | None, doctors: int) -> list[Alarm]:
    """List emergency calls that wait, and what patients lack, before their targets are exceeded.

    Args:
        stock: None if the laboratory doesn't respond.
        doctors: number of doctors on duty.
    """
    by_step = {tile.wait.step: tile for tile in tiles}
    calls, kits = by_step[UserTask.CALL_PATIENT], by_step[KIT]
    for_doctors = calls.count + by_step[UserTask.WRITE_DOCTORS_REPORT].count
    alarms = []
    if calls.count and not calls.beyond:
        headline = f"{_describe_waiting(calls.count)} for a doctor's call in an emergency, {_describe_longest(calls)}."
        alarms.append(Alarm(headline, choose_action(calls, doctors), frozenset({calls.wait.step}), "Emergency"))
    if kits.count and stock is not None and not stock.kits:
        headline = f"No test kits are left. {_describe_waiting(kits.count)} for one, {_describe_longest(kits)}."
        alarms.append(Alarm(headline, ACTIONS[KIT], frozenset({KIT}), "No kits left"))
    if for_doctors and not doctors:
        headline = f"No doctor is on duty. {_describe_waiting(for_doctors)} for one."
        alarms.append(Alarm(headline, MORE_DOCTORS, FOR_DOCTORS, "No doctor on duty"))
    return alarms


def describe_excess(tile: Tile) -> str:
    """Say how many patients wait beyond the target of a step, and how long the first of them has waited."""
    assert tile.wait.now
    assert tile.target
    target, longest = format_short_duration(tile.target), format_short_duration(tile.wait.now.longest)
    if tile.beyond == 1:
        return f"1 patient has waited {longest}, and the target is {target}."
    return f"{tile.beyond} patients have waited longer than {target}, the longest {longest}."


def _describe_longest(tile: Tile) -> str:
    assert tile.wait.now
    longest = format_short_duration(tile.wait.now.longest)
    return f"for {longest}" if tile.count == 1 else f"the longest for {longest}"


def _describe_waiting(patients: int) -> str:
    return "1 patient is waiting" if patients == 1 else f"{patients} patients are waiting"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
