"""The KPIs page: groups with targets, the period before, presets, and courses."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup

from kpi.indicators import compute_kpis
from kpi.rows import KpiRows
from tests.unit.webapp.managers import signed_in_client
from webapp.staff import kpis
from webapp.staff.formats import format_duration
from webapp.staff.kpi_groups import ACTIONS, DEFINITIONS, GROUPS, MEAN, MEDIAN, P90
from webapp.staff.period import find_period_before
from webapp.staff.targets import AT_LEAST, AT_MOST

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
    header = next(each for each in page.select(".kpis tbody th") if each.select_one("summary").text == name)
    return [" ".join(cell.text.split()) for cell in header.find_next_siblings("td")][:-1]


def test_each_kpi_is_in_one_group() -> None:
    shown = [key for keys in GROUPS.values() for key in keys]
    shown += [key.removesuffix(MEDIAN) + end for key in shown if key.endswith(MEDIAN) for end in (P90, MEAN)]
    keys = [figure.key for figure in compute_kpis() if not figure.key.startswith("ended_")]
    assert sorted(shown) == sorted(keys)


def test_figures_are_compared_with_targets_and_the_period_before(monkeypatch: pytest.MonkeyPatch) -> None:
    page = show(monkeypatch, PERIOD)
    assert [each.text for each in page.select("caption")][:5] == [
        "Outcome",
        "Contact tracing",
        "Watch at home",
        "Speed",
        "Satisfaction",
    ]
    assert read_row(page, "Closed cases") == ["1: view the cases of Closed cases", "–", "2 ↘, now down"]
    assert read_row(page, "Test positivity") == ["100.0%", "at most 5%: ▲ missed", "0.0% ↗, now up"]
    assert read_row(page, "Mean feedback, of 5") == ["5.00", "at least 4: ✓ met", "3.00 ↗, now up"]
    assert read_row(page, "Sample taken to result published")[3] == "at most 24 h: ▲ missed"
    # without a value the target is neither met nor missed
    assert read_row(page, "Confirmed cases that named a contact")[:2] == ["none yet", "at least 80%"]


def test_without_targets_and_first_day_there_is_no_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    page = show(monkeypatch, "first=&last=", {})
    assert page.select(".headline") == []
    assert read_row(page, "Test positivity") == ["33.3%", "–"]
    assert "Choose a first day" in page.text


def test_the_page_begins_with_the_missed_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    headline = show(monkeypatch, PERIOD).select_one(".headline")
    assert "▲ 2 targets missed" in headline.text
    assert [each.text for each in headline.select("li")] == [
        f"Test positivity: 100.0% (Outcome, target at most 5%). Next: {ACTIONS['positivity']}",
        "Sample taken to result published: 1 d 5 h (Speed, target at most 24 h)."
        f" Next: {ACTIONS['sample_to_result_median']}",
    ]
    assert "All targets are met" in show(monkeypatch, PERIOD, {"mean_feedback": 4.0}).select_one(".headline").text


def test_each_target_has_an_action_and_the_worst_is_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assert ACTIONS.keys() == AT_MOST.keys() | AT_LEAST.keys()
    # 30 h are 3 times 10 h, and 100 % are twice 50 %
    page = show(monkeypatch, PERIOD, {"positivity": 0.5, "sample_to_result": timedelta(hours=10)})
    assert [each.text.split(":")[0] for each in page.select(".headline li")] == [
        "Sample taken to result published",
        "Test positivity",
    ]


def test_without_a_period_the_last_30_days_are_compared_with_those_before(monkeypatch: pytest.MonkeyPatch) -> None:
    page = show(monkeypatch, "")
    assert [each.text for each in page.select(".presets [aria-current]")] == ["Last 30 days"]
    assert "“Before” is" in page.text


def test_each_kpi_has_a_definition(monkeypatch: pytest.MonkeyPatch) -> None:
    definitions = {each.summary.text: each.p.text for each in show(monkeypatch, PERIOD).select(".kpis details")}
    assert definitions["Test positivity"] == "Positive results, divided by positive and negative ones."
    assert all(definitions.values())
    assert DEFINITIONS.keys() == {key for keys in GROUPS.values() for key in keys}


def test_a_number_leads_to_its_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in_client(monkeypatch, targets={})
    for group in ("", "&group=outcome:care_completed"):
        page = BeautifulSoup(client.get(f"/staff/kpis?first=2020-03-01&last=2020-03-14{group}").text, "html.parser")
        links = [link["href"] for link in page.select(".kpis td a")]
        found = [BeautifulSoup(client.get(link).text, "html.parser").select("tbody th") for link in links]
        # closed, positive, negative, ended with care completed
        assert [[each.text for each in rows] for rows in found] == [
            ["C-10", "C-4", "C-3"],
            ["C-10"],
            ["C-4", "C-3"],
            ["C-10", "C-4", "C-3"],
        ]


def test_the_kpis_of_a_group_of_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    KpiRows().record("C-5", outcome="withdrawn", came_as_contact=True)
    page = show(monkeypatch, f"{PERIOD}&group=outcome:withdrawn")
    assert read_row(page, "Closed cases")[0] == "1: view the cases of Closed cases"
    assert [each.text for each in page.select("option[selected]")] == ["Cases ended: withdrawn"]
    # links to other periods and the form keep the group
    assert all("group=outcome" in link["href"] for link in page.select(".presets a"))
    for group, count in (("way:contact", "1"), ("way:self", "1"), ("outcome:unknown", "0"), ("odd", "2")):
        page = show(monkeypatch, f"{PERIOD}&group={group}")
        assert read_row(page, "Closed cases")[0][0] == count


def test_a_period_with_too_many_cases_is_not_filtered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kpis, "MAX_CASES", 2)
    page = show(monkeypatch, "first=2020-03-01&last=2020-03-14&group=outcome:withdrawn")
    assert "Choose a shorter period" in page.text
    assert read_row(page, "Closed cases")[0][0] == "3"


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
