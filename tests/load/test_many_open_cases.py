"""Response times of the page "Now" over 10, 1,000 and many open cases: a hundred thousand with LOAD=long."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from camunda7.forms.browser import Browser
from config.settings import environment_name
from processes.elements import EventBasedGateway, ReceiveTask, UserTask
from processes.engine import Engine
from processes.positions import BOTTLENECKS
from stack.platform import Platform
from tests.load.page_times import REQUESTS, measure_page_s
from tests.load.usage import cpu_seconds
from tests.load.waiting_cases import ACTIVITIES, copy_case
from tests.support.case import CaseUnderTest
from tests.support.managers import signed_in_manager
from tests.support.platform import running_platform, without_settings
from tests.support.postgresql import Server, engine_url, postgresql
from webapp.staff.waits import list_midnights

pytestmark = [pytest.mark.engine, pytest.mark.verify]
LONG = bool(os.environ.get("LOAD"))
COUNTS = (10, 1_000, 100_000 if LONG else 2_000)
MAX_RATIO, MAX_S = 2.0, 0.5
# before now: the copies of a case began within it
SPAN = timedelta(days=13)
# a platform and its database server
Site = tuple[Platform, Server]
SETTINGS = {
    # each of the cases but the last gets a kit
    environment_name("lab", "kits"): str(len(BOTTLENECKS) - 1),
    environment_name("policy", "kit_asked_again_after"): "P30D",
}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with pytest.MonkeyPatch.context() as patch, postgresql() as server:
        patch.setattr(os, "environ", {**without_settings(os.environ), **SETTINGS, **server.settings})
        with running_platform(tmp_path / "platform") as platform:
            yield platform, server


def create_case_at_each_step(platform: Platform) -> dict[str, CaseUnderTest]:
    """Create a case that waits at each of the steps on the page, by step."""
    cases = {step: CaseUnderTest(platform.state) for step in BOTTLENECKS.values()}
    visit, result, report = (
        cases[step]
        for step in (UserTask.VISIT_PATIENT, ReceiveTask.WAIT_FOR_TEST_RESULT, UserTask.WRITE_DOCTORS_REPORT)
    )
    report.reach_report("negative")
    result.reach_visit()
    result.record_visit("negative", after_s=30 * 86400)
    visit.reach_visit()
    emergency = cases[UserTask.CALL_PATIENT]
    emergency.reach_visit()
    emergency.report_worsening(breathless=True)
    cases[EventBasedGateway.WAIT_FOR_KIT].reach_kit_reservation()
    for step, case in cases.items():
        case.wait_until_at(step)
    return cases


def measure_cpu_ms(platform: Platform, database: int, manager: Browser) -> str:
    """Measure the CPU time of a page in each part, which depends less on the machine's load than its response time."""
    parts = {**{part: platform.state["processes"][part] for part in ("webapp", "engine")}, "database": database}
    before = {part: cpu_seconds(process) for part, process in parts.items()}
    for _ in range(REQUESTS):
        manager.open("/staff/now")
    used = {part: 1000 * (cpu_seconds(process) - before[part]) / REQUESTS for part, process in parts.items()}
    return ", ".join(f"{part} {ms:.0f}" for part, ms in used.items())


def measure_past_ms(admin: Engine) -> float:
    """Measure the count of the past days, which each web process does once a day and once an hour."""
    midnights = list_midnights(UTC, datetime.now(UTC))
    began = time.perf_counter()
    admin.count_past_activities(BOTTLENECKS.values(), midnights)
    return 1000 * (time.perf_counter() - began)


def test_the_page_now_takes_as_long_over_many_open_cases_as_over_few(site: Site) -> None:
    platform, server = site
    cases = create_case_at_each_step(platform)
    admin, manager = cases[UserTask.CALL_PATIENT].admin, signed_in_manager(platform.state)
    took, existing = {}, len(cases)
    for count in COUNTS:
        per_step = (count - existing) // len(cases)
        for case in cases.values():
            copy_case(admin, engine_url(), case.reference, existing + 1, existing + per_step, SPAN, ACTIVITIES)
        existing = count
        took[count] = measure_page_s(manager, "/staff/now")
        cpu_ms = measure_cpu_ms(platform, server.process, manager)
        print(f"{count} open cases: {1000 * took[count]:.0f} ms; CPU time in ms: {cpu_ms}", flush=True)
        print(f"    the past days are counted in {measure_past_ms(admin):.0f} ms", flush=True)
        waiting = admin.measure_activities(cases)
        # the patient in an emergency also waits for a visit
        assert sum(step.count for step in waiting.values()) == count * (1 + 1 / len(cases))
    few, _, many = took.values()
    print(f"{COUNTS[-1]} take {many / few:.2f} times as long as {COUNTS[0]}")
    assert not LONG or (many / few <= MAX_RATIO and many <= MAX_S)
