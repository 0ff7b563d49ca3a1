"""Trends of the KPIs by day and by month, and their charts."""

from __future__ import annotations

from datetime import date
from xml.etree import ElementTree

import pytest

from kpi.rows import KpiRows
from webapp.staff.trends import TRENDS, draw_chart, list_spans, load_series

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
    keys = TRENDS["results"].figures
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


def parse_chart(name: str, first: date, last: date) -> ElementTree.Element:
    return ElementTree.fromstring(draw_chart(TRENDS[name], load_series(list_spans(first, last))))


@pytest.mark.parametrize("name", TRENDS)
def test_a_chart_has_a_title_and_no_script_or_external_reference(name: str) -> None:
    for first in (date(2020, 3, 1), date(2020, 6, 1)):
        svg = parse_chart(name, first, date(2020, 6, 2))
        assert TRENDS[name].title in "".join(svg.itertext())
        assert [each.tag for each in svg.iter() if each.tag.endswith("script")] == []
        assert [value for each in svg.iter() for value in each.attrib.values() if "//" in value] == []


def test_a_chart_shows_the_values_of_the_table() -> None:
    svg = parse_chart("positivity", date(2020, 3, 1), date(2020, 3, 3))
    values = [each.text for each in svg.iter() if each.get("class") == "value"]
    # a span without a value has no point
    assert [value for value in values if value] == ["25", "100"]
