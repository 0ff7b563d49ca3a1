"""The fast answer: routes are trees of stations, and what they give is within the interval of the time lapse."""

from __future__ import annotations

from typing import Any

import pytest

from simulation.network import Network, Route, Station, build_routes
from simulation.parameters import load_defaults, merge_scenario
from simulation.recording import JOURNEY, Recording, Wait
from simulation.resources import HOUR_MS
from simulation.runner import Runner
from simulation.scenario import parse_scenario

LAB = "laboratory-places"
NIGHT = {"number": 1, "since": "20:00", "until": "08:00"}
BASE: dict[str, Any] = {
    "name": "base",
    "days": 8,
    "replications": 4,
    "arrivals": {"per_day": 25},
    "staff": {"medical-team": 6, "doctors": [{"number": 2, "since": "08:00", "until": "20:00"}, NIGHT]},
}
SCENARIOS: dict[str, dict[str, Any]] = {
    "enough of everything": {"laboratory": {"places": 60}},
    "laboratory": {"laboratory": {"places": 12}},
    "medical teams": {"laboratory": {"places": 60}, "staff": {**BASE["staff"], "medical-team": 1}},
    "kits": {"laboratory": {"places": 60}, "kits": {"stock": 40, "deliveries": [{"day": 6, "kits": 100}]}},
    "growing": {"laboratory": {"places": 25}, "arrivals": {"per_day": [5, 10, 20, 40, 60]}},
}


def test_a_route_is_a_tree_of_what_a_case_did_after_what() -> None:
    recording = Recording(0, 100 * HOUR_MS)
    recording.arrivals_ms = {"S-1": HOUR_MS, "S-2": 5 * HOUR_MS}
    recording.roles = {"visit": "medical-team", "test": LAB, "report": "doctors", "call": "contact-tracers"}

    def use(step: str, ready_h: int, worked_h: int) -> None:
        ready, end = ready_h * HOUR_MS, (ready_h + worked_h) * HOUR_MS
        recording.waits[step].append(Wait(ready, ready, end, "S-1", worked_h * HOUR_MS, 40))

    use("visit", 2, 1)
    use("test", 3, 24)
    # both follow the result
    use("report", 27, 1)
    use("call", 30, 1)
    [route, empty] = build_routes(recording)
    assert empty == []
    [visit] = route
    assert (visit.step, visit.delay_ms, visit.priority) == ("visit", HOUR_MS, 40)
    [test] = visit.after
    assert [(each.step, each.delay_ms // HOUR_MS) for each in test.after] == [("report", 0)]
    assert [(each.step, each.delay_ms // HOUR_MS) for each in test.after[0].after] == [("call", 2)]


def test_cases_queue_for_a_scarce_resource() -> None:
    content = {"name": "x", "days": 10, "arrivals": {"per_day": 3}, "laboratory": {"places": 1}}
    scenario = parse_scenario(content, "x")
    parameters = merge_scenario(load_defaults(), scenario)
    route: Route = [Station("test", LAB, 40, 0, 24 * HOUR_MS)]
    recording = Network(scenario, parameters, [route], "UTC").run()
    waits = recording.waits["test"]
    assert len(waits) == recording.arrived
    # one place does one test a day
    assert sum(wait.ended_ms is not None for wait in waits) in (8, 9, 10)
    again = Network(scenario, parameters, [route], "UTC").run()
    assert again.waits == recording.waits


@pytest.mark.verify
@pytest.mark.parametrize("name", SCENARIOS)
def test_the_fast_answer_is_within_the_interval_of_the_time_lapse(name: str, runner: Runner) -> None:
    scenario = parse_scenario({**BASE, **SCENARIOS[name]}, name)
    slow, fast = runner.run_time_lapse(scenario), runner.run_fast(scenario)
    assert fast.bottleneck == slow.bottleneck
    assert (slow.bottleneck is None) == (name == "enough of everything")
    for step in (JOURNEY, "Task_VisitPatient", "Task_WaitForTestResult"):
        for figure in ("median", "p90"):
            expected, found = getattr(slow.find_step(step), figure), getattr(fast.find_step(step), figure).value
            print(f"{name}, {step}, {figure}: fast {found:.1f} h, time lapse {expected}")
            # an interval of a few minutes, where no one waits, is wider than its minutes
            assert expected.contains(found) or abs(found - expected.value) < 1
