"""The time lapse is honest: more of what isn't the limit changes nothing, more of what is does."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pytest

from processes.elements import EventBasedGateway, ReceiveTask
from simulation.recording import JOURNEY
from simulation.results import Results
from simulation.runner import Runner
from simulation.scenario import parse_scenario

Run = Callable[..., Results]

pytestmark = pytest.mark.verify

DOCTORS = [{"number": 2, "since": "08:00", "until": "20:00"}, {"number": 1, "since": "20:00", "until": "08:00"}]
# 2 places finish 1.9 tests a day, of about 6 that are wanted
BASE: dict[str, Any] = {
    "name": "laboratory",
    "days": 5,
    "replications": 1,
    "arrivals": {"per_day": 8},
    "staff": {"medical-team": 6, "doctors": DOCTORS},
    "laboratory": {"places": 2},
    "kits": {"stock": 1000},
}


@pytest.fixture(scope="module")
def run(runner: Runner) -> Run:
    """Run the scenario with another number of doctors by day, places, or kits; once for all tests."""

    @lru_cache
    def run_changed(
        doctors: int = 2, places: int = 2, stock: int = 1000, delivered: int = 0, again: bool = False
    ) -> Results:
        content = {
            **BASE,
            "staff": {**BASE["staff"], "doctors": [{**DOCTORS[0], "number": doctors}, DOCTORS[1]]},
            "laboratory": {"places": places},
            "kits": {"stock": stock, "deliveries": [{"day": 3, "kits": delivered}]},
        }
        return runner.run_time_lapse(parse_scenario(content, "test"))

    return run_changed


def median_h(results: Results, step: str) -> float:
    value = results.find_step(step).median.value
    assert value is not None
    return value


def test_five_more_doctors_change_nothing_where_the_laboratory_is_the_limit(run: Run) -> None:
    base, more = run(), run(doctors=7)
    assert base.bottleneck == more.bottleneck == "laboratory-places"
    assert median_h(more, JOURNEY) == pytest.approx(median_h(base, JOURNEY), rel=0.02)
    assert median_h(more, ReceiveTask.WAIT_FOR_TEST_RESULT) == pytest.approx(
        median_h(base, ReceiveTask.WAIT_FOR_TEST_RESULT), rel=0.02
    )


def test_ten_more_places_shorten_the_wait_for_the_laboratory(run: Run) -> None:
    base, more = run(), run(places=12)
    assert median_h(more, ReceiveTask.WAIT_FOR_TEST_RESULT) < median_h(base, ReceiveTask.WAIT_FOR_TEST_RESULT) / 4
    assert median_h(more, JOURNEY) < median_h(base, JOURNEY)


def test_a_delivery_helps_where_kits_are_the_limit(run: Run) -> None:
    base, more = run(places=60, stock=8), run(places=60, stock=8, delivered=100)
    assert base.bottleneck == "test-kits"
    assert base.kits_missing.value
    assert more.kits_missing.value == 0
    assert median_h(more, EventBasedGateway.WAIT_FOR_KIT) < median_h(base, EventBasedGateway.WAIT_FOR_KIT) / 2


def test_the_same_seed_gives_the_same_results(run: Run) -> None:
    assert run(again=True) == run()
