"""The page of closed cases: a case is found by its reference."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from kpi.rows import KpiRows
from tests.unit.webapp.managers import answer_for_engine, signed_in_client

pytestmark = pytest.mark.usefixtures("records")


def find(monkeypatch: pytest.MonkeyPatch, reference: str, running: int = 0) -> tuple[list[str], str]:
    """Search for a reference; returns the listed references, and the page's text."""
    answer_for_engine(monkeypatch, {"/history/process-instance/count": {"count": running}})
    client = signed_in_client(monkeypatch, cockpit_url="/cockpit/")
    page = BeautifulSoup(client.get("/staff/closed", query_string={"reference": reference}).text, "html.parser")
    return [row.text for row in page.select("tbody th")], " ".join(page.select_one("main").text.split())


def test_a_closed_case_is_found_by_its_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    for reference in ("C-2A", "C-2B"):
        KpiRows().record(reference, outcome="care_completed")
    KpiRows().record("C-OPEN", result="positive")
    # however it is typed
    for typed in ("C-2A", " c\u20112a"):
        assert find(monkeypatch, typed)[0] == ["C-2A"]
    # an open case is in Cockpit, also one that a correction has opened again
    assert find(monkeypatch, "C-OPEN", running=1)[0] == []
    assert "C-OPEN is still open. Search for this business key in Cockpit" in find(monkeypatch, "C-OPEN", running=1)[1]
    assert "C-2A is open again." in find(monkeypatch, "C-2A", running=1)[1]
    # any other is unknown
    assert "We can't find C-3." in find(monkeypatch, "C-3")[1]
    assert "We can't find C-OPEN." in find(monkeypatch, "C-OPEN")[1]
    # an empty search lists all
    assert find(monkeypatch, " ")[0] == ["C-2B", "C-2A"]
