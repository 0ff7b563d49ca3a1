"""Thousands of watched patients have the same hour: how long results and reports of others take at the same time.

10,000 with LOAD=long, else a few at the same rate.
"""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import psycopg2
import pytest

from config.settings import environment_name
from processes.elements import IntermediateCatchEvent, Process, UserTask
from processes.engine import Engine
from stack.platform import Platform
from tests.faults.watches import Plan, Watch
from tests.load.waiting_cases import copy_case
from tests.support.case import CaseUnderTest, eventually
from tests.support.platform import running_platform, without_settings
from tests.support.postgresql import engine_url, postgresql

pytestmark = [pytest.mark.engine, pytest.mark.verify]
LONG = bool(os.environ.get("LOAD"))
# of PatientCalendar.next() in processes/watch_at_home.bpmn
SPREAD_S = 20 * 60
WATCHED = 10_000 if LONG else 500
WINDOW_S = SPREAD_S * WATCHED / 10_000
# the timers are spread evenly: a part of the window suffices
MEASURED_S = min(WINDOW_S, 300)
MAX_DELAY_S = 30
# before the reports become due, and again afterwards: the machine may have become slower
ALONE_S = 120 if LONG else 20
# patients who are tested at the same time, one after another
OTHERS = 2
MAX_RATIO = 1.5
# results come at once, so that only the platform's own time is measured
SETTINGS = {
    environment_name("lab", "kits"): "1000000",
    environment_name("lab", "turnaround_s"): "[0.0, 0.1]",
}
NOW = "(now() AT TIME ZONE 'UTC')"
OF_HOUR = "process_def_key_ = %s AND handler_cfg_ LIKE %s"
SET_DUE = f"UPDATE act_ru_job SET duedate_ = {NOW} + random() * %s * interval '1 second' WHERE {OF_HOUR}"
POSTPONE = f"UPDATE act_ru_job SET duedate_ = {NOW} + interval '1 day' WHERE {OF_HOUR}"
COUNT_LATE = f"SELECT id_ FROM act_ru_job WHERE duedate_ < {NOW} - %s * interval '1 second' AND {OF_HOUR}"


@dataclass
class Times:
    """Durations of other patients' steps, in seconds.

    Attributes:
        results: from the end of the visit to the notification of the result.
        reports: from the doctor's answers to the publication of the report.
    """

    results: list[float] = field(default_factory=list)
    reports: list[float] = field(default_factory=list)

    def __add__(self, other: Times) -> Times:
        return Times(self.results + other.results, self.reports + other.reports)

    def __str__(self) -> str:
        return ", ".join(
            f"{what}: {len(took)}, median {statistics.median(took):.2f} s, longest {max(took):.2f} s"
            for what, took in vars(self).items()
        )


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    with pytest.MonkeyPatch.context() as patch, postgresql() as server:
        patch.setattr(os, "environ", {**without_settings(os.environ), **SETTINGS, **server.settings})
        with running_platform(tmp_path / "platform") as platform:
            yield platform


def measure_others(platform: Platform, window_s: float) -> Times:
    """Take other patients from the request to the report, and measure the steps of the platform."""
    times, until = Times(), time.monotonic() + window_s
    guard = threading.Lock()

    def test_patients() -> None:
        while time.monotonic() < until:
            case = CaseUnderTest(platform.state)
            case.reach_visit()
            visited = time.time()
            case.record_visit("negative")
            case.wait_for_task("doctor_report")
            reported = time.time()
            case.submit_report()
            eventually(lambda case=case: case.value("report_published_at"))
            values = case.case().values
            with guard:
                times.results.append(_seconds_since(visited, values["result_told_at"]))
                times.reports.append(_seconds_since(reported, values["report_published_at"]))

    with ThreadPoolExecutor(OTHERS) as pool:
        for running in [pool.submit(test_patients) for _ in range(OTHERS)]:
            running.result()
    return times


def _seconds_since(began: float, moment: datetime) -> float:
    return moment.timestamp() - began


def make_due() -> None:
    """Set the timers of all watches to the next minutes, as at nine."""
    assert _run(SET_DUE, WINDOW_S) == WATCHED


def postpone() -> None:
    """Set the timers that aren't due yet to tomorrow."""
    _run(POSTPONE)


def count_late_timers() -> int:
    return _run(COUNT_LATE, MAX_DELAY_S)


def _run(statement: str, *seconds: float) -> int:
    """Run a statement about the timers of the patients' hour; returns the number of rows."""
    connection = psycopg2.connect(engine_url())
    with connection, connection.cursor() as cursor:
        cursor.execute(statement, [*seconds, Process.WATCH_AT_HOME, f"{IntermediateCatchEvent.REPORT_HOUR}%"])
        rows = cursor.rowcount
    connection.close()
    return rows


def count_due_reports(engine: Engine) -> int:
    return engine.post("/task/count", {"taskDefinitionKey": UserTask.DAILY_REPORT})["count"]


def test_others_get_results_and_reports_while_the_watched_are_asked(platform: Platform) -> None:
    account = platform.state["accounts"]["admin"]
    engine = Engine(platform.state["engine"], account["username"], account["password"], timeout_s=300)
    first = Watch(engine, Plan(onset=3))
    first.start()
    copy_case(engine, engine_url(), first.reference, 1, WATCHED - 1)
    # warm up
    measure_others(platform, 30)
    alone = measure_others(platform, ALONE_S)
    make_due()
    began = time.monotonic()
    during = measure_others(platform, MEASURED_S)
    took_s, asked, late = time.monotonic() - began, count_due_reports(engine), count_late_timers()
    postpone()
    alone += measure_others(platform, ALONE_S)
    print(
        f"{WATCHED} watched patients are asked within {WINDOW_S / 60:.0f} min: {asked} in {took_s:.0f} s, {late} late"
    )
    print(f"before and after: {alone}\nduring: {during}")
    assert late == 0
    for what, took in vars(alone).items():
        ratio = statistics.median(vars(during)[what]) / statistics.median(took)
        print(f"{what} take {ratio:.2f} times as long")
        assert ratio <= MAX_RATIO or not LONG
