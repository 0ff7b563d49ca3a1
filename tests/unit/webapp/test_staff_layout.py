"""The layout of the managers' pages: navigation, and what is for patients only."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from kpi.rows import KpiRows
from tests.unit.webapp.managers import signed_in_client
from tests.unit.webapp.test_application import OPTIONS, application

pytestmark = pytest.mark.usefixtures("records")
POLICY = OPTIONS["policy"]
FOR_PATIENTS = (f"tel:{POLICY['emergency_number']}", f"mailto:{POLICY['contact_email']}")


@pytest.mark.parametrize(("path", "title"), [("kpis", "KPIs"), ("closed", "Closed cases")])
def test_the_navigation_marks_the_current_page(monkeypatch: pytest.MonkeyPatch, path: str, title: str) -> None:
    page = BeautifulSoup(signed_in_client(monkeypatch).get(f"/staff/{path}").text, "html.parser")
    links = page.select("nav a")
    assert [link.text for link in links] == ["Now", "KPIs", "Closed cases", "Incidents", "What if"]
    assert [link.text for link in links if link.get("aria-current") == "page"] == [title]


def test_managers_pages_have_no_numbers_and_addresses_for_patients(monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in_client(monkeypatch)
    for path in ("kpis", "closed", "sign-in"):
        assert [each for each in FOR_PATIENTS if each in client.get(f"/staff/{path}").text] == []
    # control: patients' pages do
    assert all(each in application().test_client().get("/").text for each in FOR_PATIENTS)


def test_times_are_in_the_time_zone_of_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kpi.rows._now", lambda: "2026-06-01T22:30:00.000+00:00")
    KpiRows().record("C-1", outcome="care_completed")
    page = signed_in_client(monkeypatch, time_zone="Europe/Berlin").get("/staff/closed").text
    assert "2 Jun 2026, 00:30" in page
    assert "Times are in Europe/Berlin" in page
