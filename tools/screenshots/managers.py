"""Pictures of the process managers' pages and Cockpit."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from camunda7 import names
from tools.screenshots.guide import Guide

HISTORY = "history=included"


def managers_page(path: str) -> Callable[[Guide], Page]:
    def reach(guide: Guide) -> Page:
        manager = guide.staff("process_manager", "cockpit")
        manager.open_webapp(path)
        if manager.page.locator("#password").count():
            manager.sign_in_to_webapp()
            manager.open_webapp(path)
        return manager.page

    return reach


def incident_in_cockpit(guide: Guide) -> Page:
    page = managers_page("/staff/incidents")(guide)
    with page.expect_navigation():
        page.locator("main table").get_by_role("link").first.click()
    expect(page.get_by_text("Order lab test").first).to_be_visible()
    page.get_by_role("tab", name="Incidents").or_(page.get_by_text("Incidents", exact=True)).first.click()
    return wait_until_idle(page)


def cases_in_cockpit(guide: Guide) -> Page:
    manager = guide.staff("process_manager", "cockpit")
    manager.page.goto(guide.state["engine"] + names.COCKPIT + "#/processes")
    manager.page.get_by_role("link", name="CoronaCare", exact=True).first.click()
    expect(manager.page.locator(".djs-overlays .badge").first).to_be_visible()
    return wait_until_idle(manager.page)


def wait_until_idle(page: Page) -> Page:
    page.wait_for_load_state("networkidle")
    return page


PAGES = {
    "now": managers_page(f"/staff/now?{HISTORY}"),
    "kpis": managers_page(f"/staff/kpis?{HISTORY}"),
    "incidents": managers_page("/staff/incidents"),
}
COCKPIT = {
    "cockpit-corona-care": cases_in_cockpit,
    "cockpit-incident": incident_in_cockpit,
}
