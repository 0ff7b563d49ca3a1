"""The managers' pages with and without the invented history of the demo."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient

from kpi.rows import KpiRows
from kpi.synthetic import invent
from processes.engine import Engine
from tests.unit.webapp.managers import signed_in_client
from tests.unit.webapp.test_application import application
from webapp.staff.now import compare_days

pytestmark = pytest.mark.usefixtures("records")
WEEKS = 2
INCLUDED = "history=included"
TODAY = datetime.now(UTC).date()


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """The browser of a signed-in process manager; three cases are closed."""
    for number in range(3):
        KpiRows().record(f"C-{number}", outcome="care_completed", result="negative")
    return signed_in_client(monkeypatch)


@pytest.fixture
def history() -> int:
    """Invent closed cases of two weeks, and return their number."""
    return invent(WEEKS, TODAY)


def closed_in_json(client: FlaskClient, query: str = "") -> int:
    return client.get(f"/staff/kpis.json?{query}").json["closed"]["value"]


def closed_in_csv(client: FlaskClient, query: str = "") -> int:
    return int(next(csv.DictReader(io.StringIO(client.get(f"/staff/kpis.csv?{query}").text)))["value"])


@pytest.mark.parametrize("closed", [closed_in_json, closed_in_csv])
def test_figures_include_the_history_only_on_request(
    client: FlaskClient, history: int, closed: Callable[..., int]
) -> None:
    assert (closed(client), closed(client, "history=other"), closed(client, INCLUDED)) == (3, 3, 3 + history)
    yesterday = TODAY - timedelta(days=1)
    assert closed(client, f"last={yesterday}") == 0
    assert closed(client, f"last={yesterday}&{INCLUDED}") == history


@pytest.mark.parametrize("path", ["kpis", "closed"])
def test_a_page_says_whether_it_includes_the_history_and_links_to_the_other(
    client: FlaskClient, history: int, path: str
) -> None:
    without_history = client.get(f"/staff/{path}?last={TODAY}").text
    assert "Includes" not in without_history
    [link] = BeautifulSoup(without_history, "html.parser").select("p.govuk-inset-text a")
    assert link.text == f"Show this page with {WEEKS} weeks of invented history"
    shown = client.get(f"/staff/{path}{link['href']}").text
    assert f"Includes {WEEKS} weeks of invented history" in shown
    [link] = BeautifulSoup(shown, "html.parser").select("p.govuk-inset-text a")
    assert "Includes" not in client.get(f"/staff/{path}{link['href']}").text
    assert parse_qs(urlsplit(link["href"]).query) == {"last": [str(TODAY)]}


def test_each_link_of_a_page_with_history_includes_the_history(client: FlaskClient, history: int) -> None:
    page = BeautifulSoup(client.get(f"/staff/kpis?{INCLUDED}").text, "html.parser")
    links = [each["href"] for each in page.select("main a") if each["href"].startswith("/staff/")]
    assert len(links) > 10
    assert [link for link in links if INCLUDED not in link] == []
    assert page.select_one("form input[name=history]")["value"] == "included"


def test_a_chart_includes_the_history(client: FlaskClient, history: int) -> None:
    with_history, without_history = (
        BeautifulSoup(client.get(f"/staff/kpis?{query}").text, "html.parser").select(".chart svg")
        for query in (INCLUDED, "")
    )
    assert with_history != without_history


def test_invented_cases_are_marked_in_the_list(client: FlaskClient, history: int) -> None:
    page = BeautifulSoup(client.get(f"/staff/closed?{INCLUDED}").text, "html.parser")
    names = [each.text for each in page.select("tbody th")]
    assert names[:3] == ["C-2", "C-1", "C-0"]
    assert set(names[3:]) == {"invented"}


def test_changes_since_yesterday_include_the_history_on_request(client: FlaskClient, history: int) -> None:
    for query, is_changed in ((INCLUDED, True), ("", False)):
        with client.application.test_request_context(f"/staff/now?{query}"):
            [(today, link), (yesterday, _)] = dict(compare_days())["Closed cases"]
        assert today == "3"
        assert (yesterday != "0") == is_changed
        rows = BeautifulSoup(client.get(link).text, "html.parser").select("tbody tr")
        assert len(rows) == 3


def test_without_invented_cases_the_pages_do_not_mention_them(client: FlaskClient) -> None:
    for path in ("kpis", "closed"):
        plain = client.get(f"/staff/{path}").text
        assert "invented" not in plain
        assert "invented" not in client.get(f"/staff/{path}?{INCLUDED}").text
    assert closed_in_json(client, INCLUDED) == closed_in_json(client) == 3


def test_the_choice_of_the_history_survives_sign_in(history: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Engine, "authenticate_groups", lambda *_: {"process-managers"})
    client = application().test_client()
    sign_in = client.get(f"/staff/kpis?{INCLUDED}").location
    assert sign_in == f"/staff/sign-in?{INCLUDED}"
    token = BeautifulSoup(client.get(sign_in).text, "html.parser").select_one("[name=csrf_token]")["value"]
    answer = client.post(sign_in, data={"csrf_token": token, "username": "manager", "password": "secret"})
    assert answer.location == f"/staff/now?{INCLUDED}"


def test_query_parameters_are_not_passed_to_url_for(client: FlaskClient, history: int) -> None:
    page = client.get("/staff/kpis?endpoint=x&_external=1&first=%22%3E%3Cscript%3E")
    assert page.status_code == 400
    assert client.get("/staff/kpis?endpoint=x&_external=1&_scheme=javascript").status_code == 200
