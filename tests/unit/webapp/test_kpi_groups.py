"""The KPIs page: groups with targets, the period before, presets, and courses."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup

from kpi.indicators import compute_kpis
from kpi.rows import KpiRows
from tests.unit.webapp.managers import signed_in_client
from webapp.staff.formats import format_duration
from webapp.staff.kpi_groups import GROUPS, MEAN, MEDIAN, P90
from webapp.staff.period import find_period_before

pytestmark = pytest.mark.usefixtures("records")
DAY = "2020-03-{:02}T12:00:00.000+00:00"
SAMPLED = datetime(2020, 3, 1, tzinfo=UTC)
TARGETS = {"positivity": 0.05, "sample_to_result": timedelta(hours=24), "mean_feedback": 4.0, "with_contacts": 0.8}
PERIOD = "first=2020-03-08&last=2020-03-14"


@pytest.fixture(autouse=True)
def cases(records: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Record two negative results of 20 h in the first week, a positive one of 30 h rated 5 in the second."""
    for day, result, hours, rating in ((3, "negative", 20, 3), (4, "negative", 20, 3), (10, "positive", 30, 5)):
        monkeypatch.setattr("kpi.rows._now", lambda day=day: DAY.format(day))
        published = SAMPLED + timedelta(hours=hours)
        known = {"result": result, "rating": rating, "sample_taken_at": SAMPLED, "result_told_at": published}
        KpiRows().record(f"C-{day}", outcome="care_completed", **known)


def show(monkeypatch: pytest.MonkeyPatch, query: str, targets: dict[str, Any] = TARGETS) -> BeautifulSoup:
    return BeautifulSoup(signed_in_client(monkeypatch, targets=targets).get(f"/staff/kpis?{query}").text, "html.parser")


def read_row(page: BeautifulSoup, name: str) -> list[str]:
    """Return the cells of a KPI but for its course, without repeated blanks."""
    header = next(each for each in page.select("tbody th") if each.text == name)
    return [" ".join(cell.text.split()) for cell in header.find_next_siblings("td")][:-1]


def test_each_kpi_is_in_one_group() -> None:
    shown = [key for keys in GROUPS.values() for key in keys]
    shown += [key.removesuffix(MEDIAN) + end for key in shown if key.endswith(MEDIAN) for end in (P90, MEAN)]
    keys = [figure.key for figure in compute_kpis() if not figure.key.startswith("ended_")]
    assert sorted(shown) == sorted(keys)


def test_figures_are_compared_with_targets_and_the_period_before(monkeypatch: pytest.MonkeyPatch) -> None:
    page = show(monkeypatch, PERIOD)
    assert [each.text for each in page.select("caption")][:4] == ["Outcome", "Speed", "Contact tracing", "Satisfaction"]
    assert read_row(page, "Closed cases") == ["1", "–", "2 ↘, now down"]
    assert read_row(page, "Test positivity") == ["100.0%", "at most 5%: ▲ missed", "0.0% ↗, now up"]
    assert read_row(page, "Mean feedback, of 5") == ["5.00", "at least 4: ✓ met", "3.00 ↗, now up"]
    assert read_row(page, "Sample taken to result published")[3] == "at most 24 h: ▲ missed"
    # without a value the target is neither met nor missed
    assert read_row(page, "Confirmed cases that named a contact")[:2] == ["none yet", "at least 80%"]


def test_without_targets_and_first_day_there_is_no_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    page = show(monkeypatch, "", {})
    assert read_row(page, "Test positivity") == ["33.3%", "–"]
    assert "Choose a first day" in page.text


def test_a_course_has_a_text_and_needs_two_values(monkeypatch: pytest.MonkeyPatch) -> None:
    page = show(monkeypatch, "first=2020-03-01&last=2020-03-14")
    courses = [svg["aria-label"] for svg in page.select("svg")]
    assert "Closed cases: from 0 to 1, last 0" in courses
    assert "Mean feedback, of 5: from 3.00 to 5.00, last 5.00" in courses
    assert not any(each.startswith("Onset") for each in courses)


def test_presets_are_links_to_periods_that_end_today(monkeypatch: pytest.MonkeyPatch) -> None:
    links = show(monkeypatch, PERIOD).select(".presets a")
    assert [link.text for link in links] == ["Last 7 days", "Last 30 days", "Last 90 days", "All days"]
    week = signed_in_client(monkeypatch).get(links[0]["href"]).text
    current = BeautifulSoup(week, "html.parser").select(".presets [aria-current]")
    assert [link.text for link in current] == ["Last 7 days"]


@pytest.mark.parametrize(
    ("first", "last", "before"),
    [
        (date(2020, 3, 8), date(2020, 3, 14), (date(2020, 3, 1), date(2020, 3, 7))),
        (date(2020, 3, 8), date(2020, 3, 8), (date(2020, 3, 7), date(2020, 3, 7))),
        (None, date(2020, 3, 8), None),
        (date(2020, 3, 8), date(2020, 3, 7), None),
        (date.min, date.max, None),
    ],
)
def test_the_period_before_is_as_long_and_ends_the_day_before(
    first: date | None, last: date | None, before: tuple[date, date] | None
) -> None:
    assert find_period_before(first, last) == before


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.6, "1 min 0 s"), (3193, "53 min 13 s"), (3600, "1 h 0 min"), (187_200, "2 d 4 h")],
)
def test_a_duration_has_two_units(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text
