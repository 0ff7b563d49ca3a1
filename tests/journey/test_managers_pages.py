"""The process managers' pages: compared with the engine's data, and inspected on a phone and on a desktop."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from processes.elements import Process
from processes.positions import BOTTLENECKS
from records.roster import Roster
from tests.support.case import NO_SYMPTOMS, CaseUnderTest
from tests.support.chromium import DESKTOP, PHONE
from tests.support.inspection import Inspector
from tests.support.simulations import store_run
from webapp.staff.formats import format_span

pytestmark = pytest.mark.browser


@pytest.fixture
def manager(state: dict[str, Any], new_page: Callable[..., Page]) -> Page:
    """The page after a process manager has signed in."""
    account, page = state["accounts"]["process_manager"], new_page(DESKTOP)
    page.goto(state["webapp"] + "/staff/sign-in")
    page.fill("#username", account["username"])
    page.fill("#password", account["password"])
    page.get_by_role("button", name="Sign in").click()
    return page


@pytest.fixture
def inspector(new_page: Callable[..., Page]) -> Inspector:
    page = new_page(PHONE, javascript=True)
    return Inspector(page)


def row(page: Page, table: str, name: str) -> list[str]:
    """The cells of a row, by the table's caption and the row's header."""
    found = page.locator("table", has=page.locator("caption", has_text=table)).locator("tr")
    # the header of a KPI also has its definition
    header = page.get_by_role("rowheader", name=name, exact=True).or_(
        page.locator("th summary", has_text=re.compile(f"^{name}$"))
    )
    cells = found.filter(has=header).get_by_role("cell")
    return cells.all_inner_texts()


def read_tile(page: Page, name: str) -> dict[str, str]:
    """Return the figures of a tile by their name, and the number of waiting patients as "now"."""
    found = page.locator(".tile").filter(has=page.get_by_role("heading", name=name, exact=True))
    figures = dict(zip(found.locator("dt").all_inner_texts(), found.locator("dd").all_inner_texts(), strict=True))
    return figures | {"now": found.locator(".tile__number").inner_text()}


def count_waiting(case: CaseUnderTest, step: str) -> int:
    query = {"activityId": step, "unfinished": True}
    return case.admin.post("/history/activity-instance/count", query)["count"]


@pytest.mark.serial
def test_the_page_now_shows_how_many_cases_wait_at_each_step(
    manager: Page, case: CaseUnderTest, state: dict[str, Any]
) -> None:
    # given
    expect(manager.get_by_role("heading", level=1)).to_have_text("Now")
    others = [CaseUnderTest(state) for _ in range(2)]
    for each in (case, *others):
        each.reach_visit()
    # then
    manager.reload()
    for what, step in BOTTLENECKS.items():
        assert read_tile(manager, what)["now"] == str(count_waiting(case, step))
    waiting = read_tile(manager, "The visit")
    assert int(waiting["now"]) >= 3
    assert waiting["Target"] == "24 h"
    # the longest wait links to its case in Cockpit
    oldest = case.admin.post(
        "/history/activity-instance?maxResults=1",
        {
            "activityId": "Task_VisitPatient",
            "unfinished": True,
            "sorting": [{"sortBy": "startTime", "sortOrder": "asc"}],
        },
    )
    link = manager.locator(".tile").filter(has_text="The visit").get_by_role("link")
    assert oldest[0]["processInstanceId"] in (link.get_attribute("href") or "")
    # and the diagram shows the same numbers as the tables
    visit = row(manager, "Take sample", "Visit patient and take sample")
    assert visit[0] == waiting["now"]
    expect(manager.locator(".wide svg").get_by_text(f"{visit[0]} · {visit[2]}", exact=True).first).to_be_visible()
    assert manager.locator(".wide svg").count() >= len(Process)


@pytest.mark.serial
def test_the_kpis_their_charts_and_the_closed_cases(manager: Page, case: CaseUnderTest, state: dict[str, Any]) -> None:
    # given
    for finding, classification in (("positive", "confirmed"), ("negative", "not_a_case"), ("negative", "not_a_case")):
        ended = CaseUnderTest(state)
        ended.reach_report(finding)
        if finding == "positive":
            ended.submit_form("close_contacts", {"had_contacts": "no"})
        ended.submit_report(case_classification=classification)
        ended.submit_form("review", {"rating": "4", "review_comment": None})
        ended.wait_for_end()
    case.start({**NO_SYMPTOMS, "breathless": True}).wait_for_end()
    # then
    manager.goto(f"{state['webapp']}/staff/kpis")
    expect(manager.get_by_role("heading", level=1)).to_have_text("KPIs")
    # without the hidden text of the links to the cases
    numbers = {
        name: row(manager, "Outcome", name)[0].partition(":")[0].strip()
        for name in ("Closed cases", "Positive", "Negative", "Other results")
    }
    assert int(numbers["Closed cases"]) >= 4
    # each chart is drawn; its table has today the same numbers as the KPIs, because all cases ended today
    assert all(chart.bounding_box() for chart in manager.locator(".chart svg").all())
    manager.get_by_text("Results of closed cases: table").click()
    today = row(manager, "Results of closed cases", format_span(datetime.now(UTC).date()))
    assert today == [numbers[name] for name in ("Positive", "Negative", "Other results")]
    # a column shows its values on hover, without a script
    assert manager.locator(".chart__column title").last.inner_html().startswith(format_span(datetime.now(UTC).date()))
    # a KPI has its definition
    manager.get_by_text("Closed cases", exact=True).last.click()
    expect(manager.get_by_text("Cases with an outcome, on the day of their first end.")).to_be_visible()
    # the number links to the cases
    manager.get_by_role("link", name="view the cases of Closed cases").click()
    expect(manager.get_by_role("heading", level=1)).to_have_text("Closed cases")
    expect(manager.get_by_role("rowheader", name=case.reference)).to_be_visible()


@pytest.mark.serial
def test_the_page_shows_the_kits_in_stock_and_the_doctors_on_duty(
    manager: Page, case: CaseUnderTest, records: None
) -> None:
    summary = manager.locator(".govuk-summary-list")
    shown = dict(zip(summary.locator("dt").all_inner_texts(), summary.locator("dd").all_inner_texts(), strict=True))
    kits, doctors = case.call_lab("GET", "/v1/stock")["kits"], len(Roster().doctors_on_duty())
    assert shown["Test kits in stock"] == str(kits)
    assert re.fullmatch(rf"{doctors}: .*Doctor \+44 7700 9006\d\d.*", shown["Doctors on duty"])


@pytest.mark.parametrize("path", ["now", "kpis", "closed", "incidents"])
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_pages_are_accessible(
    manager: Page, inspector: Inspector, state: dict[str, Any], case: CaseUnderTest, path: str, viewport: dict[str, int]
) -> None:
    case.reach_visit()
    manager.set_viewport_size(viewport)
    manager.goto(f"{state['webapp']}/staff/{path}")
    inspector.inspect(manager)
    assert inspector.violations_by_page != {}
    assert inspector.violations == {}


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_pages_of_simulations_are_accessible(
    manager: Page, inspector: Inspector, state: dict[str, Any], viewport: dict[str, int]
) -> None:
    folder = Path(state["logs"]).parent / "simulation"
    base, more = (store_run(folder, f"{places} places", places, uuid.uuid4().hex) for places in (40, 50))
    manager.set_viewport_size(viewport)
    for path in ("", f"/{base}", f"/{more}?with={base}"):
        manager.goto(f"{state['webapp']}/staff/what-if{path}")
        inspector.inspect(manager)
    # wrong answers
    manager.goto(f"{state['webapp']}/staff/what-if")
    manager.fill("#name", "")
    manager.get_by_role("button", name="Simulate").click()
    expect(manager.locator(".govuk-error-summary")).to_be_visible()
    inspector.inspect(manager, "errors")
    assert len(inspector.violations_by_page) == 4
    assert inspector.violations == {}
