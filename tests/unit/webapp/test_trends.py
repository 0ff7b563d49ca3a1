"""Trends of the KPIs by day and by month, and their charts."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from kpi.rows import KpiRows
from webapp.staff.charts import Chart, Series
from webapp.staff.trends import TRENDS, create_chart, create_view, list_spans, load_series

pytestmark = pytest.mark.usefixtures("records")
CASES_BY_DAY = {"2020-03-01": 4, "2020-03-03": 1, "2020-05-20": 2}


@pytest.fixture(autouse=True)
def cases(records: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Record the closed cases of `CASES_BY_DAY`; one result of each day is positive."""
    for day, count in CASES_BY_DAY.items():
        monkeypatch.setattr("kpi.rows._now", lambda day=day: f"{day}T12:00:00.000+00:00")
        for number in range(count):
            result = "negative" if number else "positive"
            KpiRows().record(f"C-{day}-{number}", outcome="care_completed", result=result)


def test_a_short_period_is_divided_by_days() -> None:
    series = load_series(list_spans(date(2020, 3, 1), date(2020, 3, 3)))
    keys = TRENDS[0].figures
    assert {span: [figures[key].value for key in keys] for span, figures in series.items()} == {
        "2020-03-01": [1, 3, 0],
        "2020-03-02": [0, 0, 0],
        "2020-03-03": [1, 0, 0],
    }


def test_a_long_period_is_divided_by_months() -> None:
    series = load_series(list_spans(date(2020, 2, 20), date(2020, 5, 31)))
    assert {span: figures["positivity"].text for span, figures in series.items()} == {
        "2020-02": "none yet",
        "2020-03": "40.0%",
        "2020-04": "none yet",
        "2020-05": "50.0%",
    }


@pytest.mark.parametrize(
    ("first", "last", "count"),
    [
        (date(2020, 1, 1), date(2020, 4, 1), 92),
        (date(2020, 1, 1), date(2020, 4, 2), 4),
        (date.min, date.max, 121),
        (date.min, date.min, 1),
        (date(2020, 1, 2), date(2020, 1, 1), 0),
    ],
)
def test_the_number_of_spans_is_limited(first: date, last: date, count: int) -> None:
    assert len(list_spans(first, last)) == count


TARGETS = {"positivity": 0.05, "with_contacts": 0.8, "notified_in_24_h": 0.8, "sample_to_result": timedelta(hours=24)}


def create_charts(first: date, last: date) -> dict[str, Chart]:
    series = load_series(list_spans(first, last))
    return {trend.title: create_chart(trend, series, TARGETS) for trend in TRENDS}


def test_a_chart_has_the_values_of_the_table_in_its_unit() -> None:
    [positivity] = create_charts(date(2020, 3, 1), date(2020, 3, 3))["Test positivity"].series
    # a span without a value has no point
    assert positivity == Series("Positivity", [25, None, 100], ["25.0%", "none yet", "100.0%"])


def test_a_chart_shows_a_target_that_is_that_of_all_its_kpis() -> None:
    targets = {title: chart.target for title, chart in create_charts(date(2020, 3, 1), date(2020, 3, 3)).items()}
    assert targets["Test positivity"] == pytest.approx(5)
    assert targets["Contact tracing"] == pytest.approx(80)
    assert targets["Median time"] is None


@pytest.mark.parametrize(("seconds", "unit"), [(100, " s"), (1000, " min"), (90_000, " h"), (900_000, " d")])
def test_the_unit_of_durations_depends_on_the_longest(seconds: float, unit: str) -> None:
    trend = next(each for each in TRENDS if each.title == "Median time")
    assert trend.choose_unit(seconds)[0] == unit


def test_few_values_are_named(records: None) -> None:
    for last, note in (
        (date(2020, 3, 3), "2 of these 3 days or months have a value."),
        (date(2020, 3, 1), "1 of these"),
    ):
        series = load_series(list_spans(date(2020, 3, 1), last))
        assert create_view(TRENDS[1], series, {}).note.startswith(note)


def test_suppressed_days_are_named() -> None:
    view = create_view(TRENDS[1], load_series(list_spans(date(2020, 3, 1), date(2020, 3, 3)), below=5), {})
    assert view.note.endswith("2 of 3 have too few people to show a value.")
