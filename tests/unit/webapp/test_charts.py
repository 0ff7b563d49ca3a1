"""Charts: their values, ticks and labels."""

from __future__ import annotations

import itertools
import re
from datetime import date
from xml.etree import ElementTree

import pytest

from webapp.staff.charts import (
    HEIGHT,
    LINE_HEIGHT,
    MAX_LABELS,
    MAX_TICKS,
    RIGHT,
    WIDTH,
    Chart,
    Series,
    choose_labels,
    choose_ticks,
    spread,
)
from webapp.staff.trends import list_spans

DAYS = list_spans(date(2020, 3, 1), date(2020, 3, 4))
LINES = [
    Series("Named", [1.0, None, 4.0, 2.0], ["1", "none yet", "4", "2"]),
    Series("Notified", [2, 2, 2, 2], ["2"] * 4),
]


def parse(chart: Chart) -> ElementTree.Element:
    return ElementTree.fromstring(chart.draw())


def find(svg: ElementTree.Element, kind: str) -> list[ElementTree.Element]:
    return [each for each in svg.iter() if kind in each.get("class", "").split()]


def test_each_series_is_labelled_beside_its_last_value() -> None:
    labels = find(parse(Chart("", DAYS, LINES, "%", target=3)), "chart__label")
    assert [each.text for each in labels] == ["Target 3%", "Named", "Notified"]
    assert all(float(each.get("x", 0)) > WIDTH - RIGHT for each in labels)
    heights = [float(each.get("y", 0)) for each in labels]
    assert all(after - before >= LINE_HEIGHT for before, after in itertools.pairwise(heights))


def test_a_gap_interrupts_the_line_and_a_single_value_is_a_dot() -> None:
    svg = parse(Chart("", DAYS, LINES))
    paths = [each.get("d", "") for each in find(svg, "chart__line")]
    assert [path.count("M") for path in paths] == [2, 1]
    assert len(find(svg, "chart__area")) == 1


def test_bars_are_stacked() -> None:
    svg = parse(Chart("", DAYS, LINES, is_stacked=True))
    lower, upper = (re.findall(r"M\S+ (\S+?)V(\S+?)h", each.get("d", "")) for each in find(svg, "chart__area"))
    # of the first, the third and the last day; the second has a bar of the second series only
    assert [top for _, top in lower] == [upper[number][0] for number in (0, 2, 3)]
    assert len(upper) == 4


def test_each_day_has_its_values_as_text_on_hover() -> None:
    titles = [each.findtext("title") for each in find(parse(Chart("", DAYS, LINES)), "chart__column")]
    assert titles[1] == "2 Mar 2020: Named none yet, Notified 2"
    assert len(titles) == len(DAYS)


@pytest.mark.parametrize("series", [[], [Series("None", [None] * 4, [""] * 4)]])
def test_a_chart_without_values_is_drawn(series: list[Series]) -> None:
    assert find(parse(Chart("Nothing", DAYS, series)), "chart__label") == []


def test_texts_are_escaped() -> None:
    assert "<b>" not in Chart("<b>", DAYS, [Series("<b>", [1] * 4, ["<b>"] * 4)]).draw()


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


def test_labels_keep_their_distance_within_the_chart() -> None:
    assert spread([10, 12, 200], 20, 0, 100) == [10, 30, 100]
    assert spread([99, 99], 20, 0, HEIGHT) == [99, 119]
    assert spread([99, 99], 20, 0, 100) == [80, 100]
