"""Thousands of watched patients have the same hour: how long results and reports of others take meanwhile.

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
from processes.elements import Process, UserTask
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
# before the reports become due, and again afterwards: the machine may have become slower
ALONE_S = 120 if LONG else 20
# patients who are tested meanwhile, one after another
OTHERS = 2
MAX_RATIO = 1.5
# results come at once, so that only the platform's own time is measured
SETTINGS = {
    environment_name("lab", "kits"): "1000000",
    environment_name("lab", "turnaround_s"): "[0.0, 0.1]",
}
SET_DUE = """UPDATE act_ru_job SET duedate_ = (now() AT TIME ZONE 'UTC') + random() * %s * interval '1 second'
    WHERE process_def_key_ = %s"""


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
    connection = psycopg2.connect(engine_url())
    with connection, connection.cursor() as cursor:
        cursor.execute(SET_DUE, [WINDOW_S, Process.WATCH_AT_HOME])
        assert cursor.rowcount == WATCHED
    connection.close()


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
    meanwhile = measure_others(platform, WINDOW_S)
    eventually(lambda: count_due_reports(engine) == WATCHED, "timers are late")
    alone += measure_others(platform, ALONE_S)
    print(f"{WATCHED} watched patients are asked within {WINDOW_S / 60:.0f} min")
    print(f"before and after: {alone}\nmeanwhile: {meanwhile}")
    for what, took in vars(alone).items():
        ratio = statistics.median(vars(meanwhile)[what]) / statistics.median(took)
        print(f"{what} take {ratio:.2f} times as long")
        assert ratio <= MAX_RATIO or not LONG
