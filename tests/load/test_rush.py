"""Overload of ten times the platform's capacity: it serves requests up to its capacity, and refuses others with
Retry-After.

LOAD=long (`make load`) takes two minutes, and checks the figures against their limits.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from processes.engine import Engine
from stack.platform import Platform
from tests.faults.ledger import Ledger
from tests.faults.patients import count_starts
from tests.load.load_result import LoadResult, p95
from tests.load.usage import megabytes
from tests.load.visitors import Visitors

pytestmark = [pytest.mark.engine, pytest.mark.verify]

LONG = bool(os.environ.get("LOAD"))
WARM_S, ALONE_S, FULL_S, RUSH_S = (20, 20, 40, 120) if LONG else (3, 3, 5, 10)
OVERLOAD = 10
CONCURRENCY = 4
NORMAL_WITHIN_S = 30
# the engine's maximum heap, and the memory of a JVM beside its heap
MAX_MB = {"front": 200, "webapp": 400, "engine": 1024 + 500}


def test_goodput_and_response_times_stay_bounded_under_overload(platform: Platform, tmp_path: Path) -> None:
    visitors = Visitors(platform.state["webapp"], Ledger(tmp_path / "visitors.jsonl"))
    visitors.run_concurrently(WARM_S, threads=CONCURRENCY)
    alone = show("one at a time", visitors.run_concurrently(ALONE_S))
    before = show("at capacity", visitors.run_concurrently(FULL_S, threads=CONCURRENCY))
    rush = show(f"{OVERLOAD} times the capacity", visitors.run_at_rate(OVERLOAD * before.sent_per_s, RUSH_S))
    used = {part: megabytes(platform.state["processes"][part]) for part in MAX_MB}
    normal_after_s = wait_until_normal(visitors, alone)
    after = show("at capacity, once more", visitors.run_concurrently(FULL_S, threads=CONCURRENCY))
    # the mean, because the capacity decreases with the number of cases
    capacity = (before.sent_per_s + after.sent_per_s) / 2
    print(f"visitors started at most {1000 * rush.late_s:.0f} ms late")
    print(f"goodput {rush.sent_per_s / capacity:.2f} of the capacity")
    print(f"95th percentile of pages {p95(rush.pages_s) / p95(alone.pages_s):.2f} times that of one at a time")
    print(f"normal again after {normal_after_s:.0f} s; memory in MB: {used}")

    assert +rush.wrong == {}
    assert len(rush.refused_s) > len(rush.sent), "there was no overload"
    assert rush.late_s < RUSH_S / 20, "the load generator was too slow"
    assert len(rush.advice_s) > 0
    admin = platform.state["accounts"]["admin"]
    engine = Engine(platform.state["engine"], admin["username"], admin["password"])
    assert set(count_starts(engine, rush.sent)) == {1}
    assert all(used[part] < limit for part, limit in MAX_MB.items())
    if LONG:
        assert rush.sent_per_s >= 0.9 * capacity
        assert p95(rush.pages_s) <= 2 * p95(alone.pages_s)
        # plus the delay of the load generator, which waits for the CPU, too
        assert max(rush.refused_s) < 0.1 + rush.late_s
        assert normal_after_s < NORMAL_WITHIN_S


def show(name: str, result: LoadResult) -> LoadResult:
    print(f"{name}: {result}")
    return result


def wait_until_normal(visitors: Visitors, normal: LoadResult) -> float:
    """Wait until no request is refused and response times are near those before; returns the seconds it took."""
    began = time.monotonic()
    while time.monotonic() - began < 2 * NORMAL_WITHIN_S:
        waited_s = time.monotonic() - began
        result = visitors.run_concurrently(ALONE_S)
        if not result.refused_s and p95(result.pages_s) < 1.5 * p95(normal.pages_s):
            return waited_s
    raise AssertionError(f"not normal again after {2 * NORMAL_WITHIN_S} s")
