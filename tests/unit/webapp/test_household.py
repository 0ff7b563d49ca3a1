"""One session may open several cases, each by a sign-in of its own; none gives access to another."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import BeautifulSoup

from camunda7.engine import EngineUnavailable
from processes.cases import Case, OpenTask
from records.access import Access
from records.cipher import Cipher
from tests.unit.webapp.test_application import application
from webapp import sessions
from webapp.household import find_next_due_case
from webapp.sessions import MAX_CASES

pytestmark = pytest.mark.usefixtures("records")
# by case: name of its patient
NAMES = {"C-1": "Ada", "C-2": "Byron", "C-3": "Clara"}
BORN = {"date_of_birth-day": "10", "date_of_birth-month": "5", "date_of_birth-year": "1990"}
KEEP_OPEN = {"keep_open": "yes"}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A browser, where the reports of C-2 and C-3 are due."""
    task = OpenTask("1", "daily_report", "1")
    known = {reference: Case(reference, "1", {"given_name": name}, None) for reference, name in NAMES.items()}
    known["C-1"].values["day_status"] = "red"
    monkeypatch.setattr("webapp.household.find_case", lambda _engine, reference: known.get(reference))
    monkeypatch.setattr("webapp.household.open_tasks", lambda _, reference: [] if reference == "C-1" else [task])
    return application().test_client()


def send(client: Any, path: str, **fields: str) -> Any:
    page = BeautifulSoup(client.get("/sign-in").text, "html.parser")
    return client.post(path, data={"csrf_token": page.select_one("[name=csrf_token]")["value"], **fields})


def sign_in(client: Any, case: str, **fields: str) -> None:
    code = Access(Cipher("r" * 32)).create_code(case, "1990-05-10")
    assert send(client, "/sign-in", access_code=code, **BORN, **fields).headers["Location"] == "/case"


def cases_of(client: Any) -> tuple[str, list[str]]:
    """The open case, and those that the session may switch to."""
    with client.session_transaction() as session:
        return session["case"], session.get("cases", [])


def test_only_cases_that_were_kept_open_stay_open(client: Any) -> None:
    sign_in(client, "C-1")
    assert cases_of(client) == ("C-1", [])
    sign_in(client, "C-2", **KEEP_OPEN)
    assert cases_of(client) == ("C-2", ["C-1", "C-2"])
    # another person at the same machine
    sign_in(client, "C-3")
    assert cases_of(client) == ("C-3", [])


def test_nothing_is_kept_open_by_a_failed_sign_in_and_after_signing_out(client: Any) -> None:
    sign_in(client, "C-1")
    assert send(client, "/sign-in", access_code="wrong", **BORN, **KEEP_OPEN).status_code == 403
    assert cases_of(client) == ("C-1", [])
    send(client, "/sign-out")
    sign_in(client, "C-2", **KEEP_OPEN)
    assert cases_of(client) == ("C-2", [])


def test_the_question_is_asked_only_where_a_case_is_open(client: Any) -> None:
    assert "keep_open" not in client.get("/sign-in").text
    sign_in(client, "C-1")
    assert 'name="keep_open"' in client.get("/sign-in").text
    asked = BeautifulSoup(client.get("/sign-in?keep_open=yes").text, "html.parser").select_one("[name=keep_open]")
    assert asked.has_attr("checked")


def test_a_session_switches_between_its_cases_and_opens_no_other(client: Any) -> None:
    sign_in(client, "C-1")
    sign_in(client, "C-2", **KEEP_OPEN)
    assert send(client, "/cases", case="C-1").headers["Location"] == "/case"
    assert cases_of(client) == ("C-1", ["C-1", "C-2"])
    assert send(client, "/cases", case="C-3").headers["Location"] == "/cases"
    assert cases_of(client)[0] == "C-1"
    assert send(client, "/cases", case="C-2", report="yes").headers["Location"] == "/forms/daily_report"
    assert cases_of(client)[0] == "C-2"


def test_the_page_names_the_people_and_whose_report_is_due(client: Any) -> None:
    sign_in(client, "C-1")
    for case in ("C-2", "C-3"):
        sign_in(client, case, **KEEP_OPEN)
    page = BeautifulSoup(client.get("/cases").text, "html.parser")
    assert "Reports due today: 2" in page.text
    cards = {card.h2.text: card for card in page.select(".govuk-summary-card")}
    assert list(cards) == list(NAMES.values())
    assert [name for name, card in cards.items() if card.select_one("[name=report]")] == ["Byron", "Clara"]
    assert [name for name, card in cards.items() if "Call 112 now" in card.text] == ["Ada"]
    # one action stands out
    assert len(page.select("main .govuk-button:not(.govuk-button--secondary)")) == 1


def test_a_session_with_one_case_has_no_such_page(client: Any) -> None:
    sign_in(client, "C-1")
    assert client.get("/cases").headers["Location"] == "/case"


def test_the_number_of_open_cases_is_limited(client: Any) -> None:
    for number in range(MAX_CASES + 2):
        sign_in(client, f"C-{number}", **KEEP_OPEN)
    opened, others = cases_of(client)
    assert (opened, len(others)) == (f"C-{MAX_CASES + 1}", MAX_CASES)
    assert "C-0" not in others


def test_switching_starts_a_new_session_so_that_older_pages_cannot_post_for_another_person(client: Any) -> None:
    sign_in(client, "C-1")
    sign_in(client, "C-2", **KEEP_OPEN)
    page = BeautifulSoup(client.get("/sign-in").text, "html.parser")
    token = page.select_one("[name=csrf_token]")["value"]
    send(client, "/cases", case="C-1")
    assert client.post("/case/erase", data={"csrf_token": token}).status_code == 400


def test_while_the_engine_is_away_no_next_report_is_named(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Case:
        raise EngineUnavailable("no answer")

    sign_in(client, "C-1")
    sign_in(client, "C-2", **KEEP_OPEN)
    with client:
        client.get("/")
        found = find_next_due_case()
        assert found is None
        sessions.switch_case("C-1")
        found = find_next_due_case()
        assert found is not None
        assert found.reference == "C-2"
        monkeypatch.setattr("webapp.household.find_case", fail)
        assert find_next_due_case() is None


def test_an_emergency_sign_is_that_of_the_case_and_outlasts_a_switch(client: Any) -> None:
    sign_in(client, "C-1")
    sign_in(client, "C-2", **KEEP_OPEN)
    with client:
        client.get("/")
        sessions.record_emergency()
        sessions.switch_case("C-1")
        assert not sessions.is_emergency_reported()
        sessions.switch_case("C-2")
        assert sessions.is_emergency_reported()
        assert sessions.is_emergency_recent()
