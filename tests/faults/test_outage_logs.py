"""While something is away, each log names it in a few lines; when it is back, all cases go on."""

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
from tests.support.platform import platform_up, without_settings
from tests.support.postgresql import Server, postgresql
from tests.support.tier import rounds

pytestmark = [pytest.mark.engine, pytest.mark.verify]
OUTAGE_S = rounds(test=20, verify=60)
# of one part in a minute: each of its loops logs the failure, and again after 10 s and after 30 s
MAX_LINES = 30
PARTS = ("engine", "webapp", "workers", "lab", "government", "sms")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """The database server of `platform` alone: in that of `cluster`, the administrator has another password."""
    with postgresql() as server:
        yield server


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Iterator[Platform]:
    """A platform that keeps everything in PostgreSQL."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "environ", {**without_settings(os.environ), **server.settings})
        with platform_up(tmp_path_factory.mktemp("outages")) as platform:
            yield platform


@contextmanager
def database_away(platform: Platform, server: Server) -> Iterator[None]:
    server.stop("immediate")
    try:
        yield
    finally:
        server.start()


@contextmanager
def part_away(platform: Platform, server: Server, part: str) -> Iterator[None]:
    """Nothing answers at the part's address: the supervisor doesn't watch it here."""
    running = platform._supervisor._running[part]
    running.process.send_signal(signal.SIGTERM)
    running.process.wait(30)
    try:
        yield
    finally:
        platform._supervisor._launch(running.part)
        platform._supervisor._wait_until_ready(running.part)


AWAY: dict[str, Callable[[Platform, Server], Any]] = {
    "database": database_away,
    **{
        part: lambda platform, server, part=part: part_away(platform, server, part)
        for part in ("engine", "lab", "mail", "sms")
    },
}


def lines_of(platform: Platform) -> Counter[str]:
    """How many lines each part has logged, tracebacks included."""
    return Counter({part: len(log_of(platform, part).read_text().splitlines()) for part in PARTS})


def log_of(platform: Platform, part: str) -> Path:
    return platform._supervisor._logs / f"{part}.log"


@pytest.mark.parametrize("what", AWAY)
def test_an_outage_is_a_few_lines_and_ends(platform: Platform, server: Server, what: str) -> None:
    # cases whose next steps need what is away, and people who look at pages
    cases = [CaseUnderTest(platform.state) for _ in range(5)]
    for case in cases:
        case.reaches_the_visit()
    for case in cases:
        case.lab_will_find("negative", after_s=2)
        case.is_visited()
    before = lines_of(platform)
    with AWAY[what](platform, server):
        until = time.monotonic() + OUTAGE_S
        while time.monotonic() < until:
            for page in ("/sign-in", "/forms/pre_screening", "/metrics"):
                requests.get(platform.state["webapp"] + page, timeout=30)
            time.sleep(0.5)
        logged = lines_of(platform) - before
    print(f"{what} away for {OUTAGE_S} s: {dict(logged)}")
    assert max(logged.values(), default=0) <= MAX_LINES, logged
    for case in cases:
        eventually(lambda case=case: case.value("result_told_at"), "a case doesn't go on", within_s=180)
