"""Trends of the KPIs by day and by month, and their charts."""

from __future__ import annotations

import itertools
from datetime import date
from xml.etree import ElementTree

import pytest

from kpi.rows import KpiRows
from webapp.staff.trends import (
    MAX_LABELS,
    MAX_TICKS,
    TRENDS,
    choose_labels,
    choose_ticks,
    create_table,
    draw_chart,
    list_spans,
    load_series,
)

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


@pytest.mark.parametrize("highest", [0, 0.3, 1, 2.8, 5, 6, 11, 99, 1000, 123_456])
def test_ticks_are_whole_numbers_that_include_all_values(highest: float) -> None:
    ticks = choose_ticks(highest)
    assert ticks[0] == 0
    assert ticks[-1] >= highest
    assert 2 <= len(ticks) <= MAX_TICKS + 1
    assert all(tick == int(tick) for tick in ticks)
    assert len({after - before for before, after in itertools.pairwise(ticks)}) == 1


def test_the_axis_has_a_label_for_each_monday_or_each_of_few_days() -> None:
    month = list_spans(date(2020, 3, 1), date(2020, 3, 30))
    assert choose_labels(month) == ["2020-03-02", "2020-03-09", "2020-03-16", "2020-03-23", "2020-03-30"]
    assert choose_labels(month[:5]) == month[:5]
    assert len(choose_labels(list_spans(date(2010, 1, 1), date(2020, 1, 1)))) <= MAX_LABELS


def test_labels_of_a_chart_are_neither_slanted_nor_cut_off() -> None:
    text = draw_chart(TRENDS["results"], load_series(list_spans(date(2020, 3, 1), date(2020, 3, 30))))
    assert "16 Mar" in text
    assert "rotate(45" not in text


def test_few_values_are_named(records: None) -> None:
    for last, note in (
        (date(2020, 3, 3), "2 of these 3 days or months have a value."),
        (date(2020, 3, 1), "1 of these"),
    ):
        series = load_series(list_spans(date(2020, 3, 1), last))
        assert create_table(TRENDS["positivity"], series, "").note.startswith(note)
