"""The time lapse is honest: more of what isn't the limit changes nothing, more of what is does."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from config.settings import load
from processes.elements import EventBasedGateway, ReceiveTask
from simulation.parameters import load_defaults
from simulation.recording import JOURNEY
from simulation.results import Results
from simulation.runner import Runner
from simulation.scenario import parse_scenario

pytestmark = pytest.mark.verify

DOCTORS = [{"number": 2, "since": "08:00", "until": "20:00"}, {"number": 1, "since": "20:00", "until": "08:00"}]
# 4 places finish 3.8 tests a day, of about 9 that are wanted
BASE: dict[str, Any] = {
    "name": "laboratory",
    "days": 6,
    "replications": 1,
    "arrivals": {"per_day": 12},
    "staff": {"medical-team": 6, "doctors": DOCTORS},
    "laboratory": {"places": 4},
    "kits": {"stock": 1000},
}


@lru_cache
def run(*changes: tuple[str, Any]) -> Results:
    changed = dict(changes)
    content = {**BASE}
    if "doctors" in changed:
        content["staff"] = {**BASE["staff"], "doctors": [{**DOCTORS[0], "number": changed["doctors"]}, DOCTORS[1]]}
    if "places" in changed:
        content["laboratory"] = {"places": changed["places"]}
    if "stock" in changed:
        deliveries = [{"day": 3, "kits": 1000}] if changed.get("delivery") else []
        content |= {"kits": {"stock": changed["stock"], "deliveries": deliveries}, "laboratory": {"places": 60}}
    scenario = parse_scenario(content, "test")
    runner = Runner(load_defaults(), load().policy.model_dump(mode="json"), "UTC", Path())
    return runner.run_time_lapse(scenario)


def median_h(results: Results, step: str) -> float:
    value = results.find_step(step).median.value
    assert value is not None
    return value


def test_five_more_doctors_change_nothing_where_the_laboratory_is_the_limit() -> None:
    base, more = run(), run(("doctors", 7))
    assert base.bottleneck == more.bottleneck == "laboratory-places"
    assert median_h(more, JOURNEY) == pytest.approx(median_h(base, JOURNEY), rel=0.02)
    assert median_h(more, ReceiveTask.WAIT_FOR_TEST_RESULT) == pytest.approx(
        median_h(base, ReceiveTask.WAIT_FOR_TEST_RESULT), rel=0.02
    )


def test_ten_more_places_shorten_the_wait_for_the_laboratory() -> None:
    base, more = run(), run(("places", 14))
    assert median_h(more, ReceiveTask.WAIT_FOR_TEST_RESULT) < median_h(base, ReceiveTask.WAIT_FOR_TEST_RESULT) / 4
    assert median_h(more, JOURNEY) < median_h(base, JOURNEY)


def test_a_delivery_helps_where_kits_are_the_limit() -> None:
    base, more = run(("stock", 10)), run(("stock", 10), ("delivery", True))
    assert base.bottleneck == "test-kits"
    assert base.kits_missing.value
    assert more.kits_missing.value == 0
    assert median_h(more, EventBasedGateway.WAIT_FOR_KIT) < median_h(base, EventBasedGateway.WAIT_FOR_KIT) / 2


def test_the_same_seed_gives_the_same_results() -> None:
    again = run.__wrapped__()
    assert again == run()
