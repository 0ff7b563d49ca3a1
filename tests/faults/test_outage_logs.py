"""During an outage each part logs a few lines only; after it, all cases continue."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from stack.platform import Platform
from tests.support.case import CaseUnderTest, eventually
from tests.support.platform import running_platform, without_settings
from tests.support.postgresql import Server, postgresql
from tests.support.tier import rounds

pytestmark = [pytest.mark.engine, pytest.mark.verify]
OUTAGE_S = rounds(test=20, verify=60)
# per part and minute: each loop logs the failure, and repeats it after 10 s and 30 s
MAX_LINES = 30
PARTS = ("engine", "webapp", "workers", "lab", "government", "sms")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A separate database server for `platform`: in that of `cluster`, the administrator has another password."""
    with postgresql() as server:
        yield server


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Iterator[Platform]:
    """A platform with all databases on PostgreSQL."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "environ", {**without_settings(os.environ), **server.settings})
        with running_platform(tmp_path_factory.mktemp("outages")) as platform:
            yield platform


@contextmanager
def stopped_database(platform: Platform, server: Server) -> Iterator[None]:
    server.stop("immediate")
    try:
        yield
    finally:
        server.start()


@contextmanager
def stopped_part(platform: Platform, server: Server, part: str) -> Iterator[None]:
    """Stop a part and start it at the end; without `Platform.watch` the supervisor doesn't restart it."""
    running = platform._supervisor._running[part]
    running.process.send_signal(signal.SIGTERM)
    running.process.wait(30)
    try:
        yield
    finally:
        platform._supervisor._launch(running.part)
        platform._supervisor._wait_until_ready(running.part)


OUTAGES: dict[str, Callable[[Platform, Server], Any]] = {
    "database": stopped_database,
    **{
        part: lambda platform, server, part=part: stopped_part(platform, server, part)
        for part in ("engine", "lab", "mail", "sms")
    },
}


def count_lines(platform: Platform) -> Counter[str]:
    """Number of lines in each part's log, including tracebacks."""
    return Counter({part: len(log_of(platform, part).read_text().splitlines()) for part in PARTS})


def log_of(platform: Platform, part: str) -> Path:
    return platform._supervisor._logs / f"{part}.log"


@pytest.mark.parametrize("what", OUTAGES)
def test_an_outage_is_logged_in_a_few_lines_and_cases_continue_after_it(
    platform: Platform, server: Server, what: str
) -> None:
    # cases whose next steps need the stopped part, and requests to pages
    cases = [CaseUnderTest(platform.state) for _ in range(5)]
    for case in cases:
        case.reach_visit()
    for case in cases:
        case.set_lab_result("negative", after_s=2)
        case.record_visit()
    before = count_lines(platform)
    with OUTAGES[what](platform, server):
        until = time.monotonic() + OUTAGE_S
        while time.monotonic() < until:
            for page in ("/sign-in", "/forms/pre_screening", "/metrics"):
                requests.get(platform.state["webapp"] + page, timeout=30)
            time.sleep(0.5)
        logged = count_lines(platform) - before
    print(f"{what} stopped for {OUTAGE_S} s: {dict(logged)}")
    assert max(logged.values(), default=0) <= MAX_LINES, logged
    for case in cases:
        eventually(lambda case=case: case.value("result_told_at"), "a case doesn't continue", within_s=180)
