"""Figures over replications: means, intervals, queues, and what is the limit."""

import csv
import json
from io import StringIO

import pytest

from simulation.recording import Recording, Usage, Wait
from simulation.report import advise, describe_bottleneck, to_csv, to_json
from simulation.resources import DAY_MS, HOUR_MS
from simulation.results import Results, compute_results, quantile, summarize


def recording(*waits: Wait, days: int = 2, needed: float = 0.5) -> Recording:
    made = Recording(0, days * DAY_MS)
    made.waits["Task_VisitPatient"] = list(waits)
    made.roles["Task_VisitPatient"] = "medical-team"
    made.usage["medical-team"] = Usage(DAY_MS // 2, DAY_MS, round(needed * DAY_MS), 6)
    made.arrivals_ms = {"S-1": 0}
    return made


def compute(*recordings: Recording) -> Results:
    return compute_results("name", "time lapse", 1, recordings, {"Task_VisitPatient": "Visit"}, {}, "2026-03-02")


def test_a_figure_has_the_interval_of_a_single_run() -> None:
    figure = summarize([9.0, 10.0, 11.0])
    assert figure.value == 10
    # 2.920 · 1 · √(1 + 1/3)
    assert figure.high == pytest.approx(10 + 3.3717, abs=0.001)
    assert figure.contains(12)
    assert not figure.contains(14)


def test_one_replication_has_no_interval() -> None:
    assert summarize([4.0]) == summarize([None, 4.0])
    assert summarize([4.0]).low is None
    assert summarize([]).value is None


def test_quantiles_are_values_that_occurred() -> None:
    assert quantile([1, 2, 3, 4], 0.5) == 2
    assert quantile([1, 2, 3, 4], 0.9) == 4
    assert quantile([], 0.5) is None


def test_a_wait_that_has_not_ended_counts_with_its_length_so_far() -> None:
    ended = Wait(0, 2 * HOUR_MS, 3 * HOUR_MS)
    open_wait = Wait(DAY_MS, None, None)
    step = compute(recording(ended, open_wait)).find_step("Task_VisitPatient")
    assert (step.median.value, step.p90.value) == (2, 24)
    assert [each.value for each in step.median_by_day] == [2, 24]
    assert [each.value for each in step.queue_by_day] == [0, 1]


def test_the_bottleneck_is_where_patients_wait_longest() -> None:
    waits = [Wait(hour * HOUR_MS, None, None) for hour in range(5)]
    results = compute(recording(*waits, needed=1.7))
    assert results.bottleneck == "medical-team"
    assert "The limit is medical teams from day 1 on" in describe_bottleneck(results)
    assert advise(results) == ["Have 12 medical teams instead of 6, by day 1."]


@pytest.mark.parametrize(
    ("wait", "needed"),
    [(Wait(0, 0, 0), 0.8), (Wait(0, 14 * HOUR_MS, 15 * HOUR_MS), 0.6)],
    ids=["no wait", "until the morning"],
)
def test_with_enough_of_everything_there_is_no_limit(wait: Wait, needed: float) -> None:
    results = compute(recording(wait, needed=needed))
    assert results.bottleneck is None
    assert describe_bottleneck(results) == "Nothing is a limit: there is enough of everything."
    assert advise(results) == []


def test_staff_who_are_never_at_work_are_a_limit() -> None:
    made = recording(Wait(0, None, None))
    made.usage.clear()
    assert compute(made).bottleneck == "medical-team"


def test_csv_and_json_have_all_days() -> None:
    results = compute(recording(Wait(0, HOUR_MS, HOUR_MS)))
    rows = list(csv.DictReader(StringIO(to_csv(results))))
    assert [(row["day"], row["median_h"]) for row in rows] == [("1", "1.0"), ("2", "")]
    assert json.loads(to_json(results))["steps"][0]["label"] == "Visit"
