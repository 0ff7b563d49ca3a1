"""Ten times as many come as the platform can serve: it serves as many as it can, and tells the others to come back.

LOAD=long (`make load`) does so for two minutes, and holds the figures to their bounds.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from processes.engine import Engine
from stack.platform import Platform
from tests.faults.ledger import Ledger
from tests.faults.patients import starts_of
from tests.load.seen import Seen, p95
from tests.load.usage import megabytes
from tests.load.visitors import Visitors

pytestmark = [pytest.mark.engine, pytest.mark.verify]

LONG = bool(os.environ.get("LOAD"))
WARM_S, ALONE_S, FULL_S, RUSH_S = (20, 20, 40, 120) if LONG else (3, 3, 5, 10)
TIMES = 10
AT_ONCE = 4
NORMAL_WITHIN_S = 30
# the engine's heap is bounded by its own start; beside it there is what a JVM needs
MOST_MB = {"front": 200, "webapp": 400, "engine": 1024 + 500}


def test_a_rush(platform: Platform, tmp_path: Path) -> None:
    visitors = Visitors(platform.state["webapp"], Ledger(tmp_path / "visitors.jsonl"))
    visitors.in_turn(WARM_S, at_once=AT_ONCE)
    alone = told("one at a time", visitors.in_turn(ALONE_S))
    before = told("as many as there is room for", visitors.in_turn(FULL_S, at_once=AT_ONCE))
    rush = told(f"{TIMES} times as many", visitors.at_rate(TIMES * before.sent_per_s, RUSH_S))
    used = {part: megabytes(platform.state["processes"][part]) for part in MOST_MB}
    normal_after_s = until_normal(visitors, alone)
    after = told("as many as there is room for, once more", visitors.in_turn(FULL_S, at_once=AT_ONCE))
    # the more cases there are, the less there is room for
    capacity = (before.sent_per_s + after.sent_per_s) / 2
    print(f"visitors came {1000 * rush.late_s:.0f} ms late at most")
    print(f"goodput {rush.sent_per_s / capacity:.2f} of what there is room for")
    print(f"95th percentile of pages {p95(rush.pages_s) / p95(alone.pages_s):.2f} times that of one at a time")
    print(f"normal again after {normal_after_s:.0f} s; memory in MB: {used}")

    assert +rush.wrong == {}
    assert len(rush.refused_s) > len(rush.sent), "there was no rush"
    assert rush.late_s < RUSH_S / 20, "the visitors came slower than they should"
    assert len(rush.advice_s) > 0
    admin = platform.state["accounts"]["admin"]
    engine = Engine(platform.state["engine"], admin["username"], admin["password"])
    assert set(starts_of(engine, rush.sent)) == {1}
    assert all(used[part] < most for part, most in MOST_MB.items())
    if LONG:
        assert rush.sent_per_s >= 0.9 * capacity
        assert p95(rush.pages_s) <= 2 * p95(alone.pages_s)
        # whoever loads it waits for the processor as well
        assert max(rush.refused_s) < 0.1 + rush.late_s
        assert normal_after_s < NORMAL_WITHIN_S


def told(what: str, seen: Seen) -> Seen:
    print(f"{what}: {seen}")
    return seen


def until_normal(visitors: Visitors, normal: Seen) -> float:
    """How long it takes until nobody is refused and pages are as quick as before, about, in seconds."""
    began = time.monotonic()
    while time.monotonic() - began < 2 * NORMAL_WITHIN_S:
        waited_s = time.monotonic() - began
        seen = visitors.in_turn(ALONE_S)
        if not seen.refused_s and p95(seen.pages_s) < 1.5 * p95(normal.pages_s):
            return waited_s
    raise AssertionError(f"not normal again after {2 * NORMAL_WITHIN_S} s")
