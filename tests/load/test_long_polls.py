"""Throughput of the workers while many long polls wait at the engine."""

from __future__ import annotations

import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from config import settings as config
from processes.cases import new_reference, start_case
from processes.engine import Engine
from stack.platform import Platform
from tests.load.idle_polls import long_polls
from tests.support.case import NO_SYMPTOMS, eventually

pytestmark = [pytest.mark.engine, pytest.mark.verify]

LONG = bool(os.environ.get("LOAD"))
ROUNDS, CASES = (5, 80) if LONG else (1, 20)
POLLS = 250
STARTERS = 4


def test_workers_keep_most_of_their_throughput_beside_250_long_polls(platform: Platform) -> None:
    admin = platform.state["accounts"]["admin"]
    account = (platform.state["engine"], admin["username"], admin["password"])
    engine = Engine(*account)
    cases_per_s(engine)
    ratios = []
    for _ in range(ROUNDS):
        without = cases_per_s(engine)
        with long_polls(*account, POLLS):
            beside = cases_per_s(engine)
        ratios.append(beside / without)
        print(f"cases a second: {without:.1f} without, {beside:.1f} beside {POLLS} polls")
    print(f"beside {POLLS} long polls: {statistics.median(ratios):.2f} of the throughput without, median of {ROUNDS}")
    if LONG:
        assert statistics.median(ratios) >= 0.8


def cases_per_s(engine: Engine) -> float:
    """Run short cases to their end; returns their number per second."""
    references = [new_reference() for _ in range(CASES)]
    policy, began = config.load().policy.model_dump(), time.monotonic()
    with ThreadPoolExecutor(STARTERS) as pool:
        list(pool.map(lambda reference: start_case(engine, reference, NO_SYMPTOMS, policy), references))
    query = {"processInstanceBusinessKeyIn": references, "unfinished": True}
    eventually(
        lambda: engine.post("/history/process-instance/count", query)["count"] == 0,
        "the cases don't end",
        within_s=60,
    )
    return CASES / (time.monotonic() - began)
