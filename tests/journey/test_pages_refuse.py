"""Invalid requests to the pages by patients, strangers or faulty programs: each answer says what to do, none is 5xx."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from camunda7.forms.browser import Browser, PageRefused
from tests.support.case import CASE_TITLE, NO_SYMPTOMS, WITH_COUGH, CaseUnderTest
from tests.support.codes import unknown_code
from tests.support.days import days_ago
from tests.support.managers import signed_in_manager
from tests.support.platform import read_secrets

COUGHING = {**WITH_COUGH, "cough_since": days_ago(8)}


@pytest.fixture
def browser(state: dict[str, Any]) -> Browser:
    return Browser(state["webapp"])


def test_an_unknown_access_code_is_refused(browser: Browser) -> None:
    credentials = {"access_code": "ABCDEF-GHJKMN-PQRSTU", "date_of_birth": "1990-05-10"}
    page = browser.send(browser.open("/sign-in"), credentials)
    assert (page.status, page.errors) == (
        403,
        ["The access code or the date of birth is wrong. Check both and try again."],
    )


@pytest.mark.parametrize("birth", ["", "x-y-z", "0000-00-00", "1990-05-10"])
def test_a_malformed_date_of_birth_is_refused_at_sign_in(browser: Browser, birth: str) -> None:
    page = browser.send(browser.open("/sign-in"), {"access_code": unknown_code(), "date_of_birth": birth or "--"})
    assert page.status == 403


@pytest.mark.parametrize("path", ["/case", "/forms/review", "/case/access-code"])
def test_without_a_session_the_pages_of_a_case_redirect_to_sign_in(browser: Browser, path: str) -> None:
    assert browser.open(path).url.endswith("/sign-in")


@pytest.mark.parametrize("path", ["/nothing", "/contact/unknown", "/static/../config", "/forms/doctor_report"])
def test_an_unknown_path_is_not_found(browser: Browser, path: str) -> None:
    page = browser.open(path)
    assert (page.status, page.heading) == (404, "Page not found")


def test_a_form_that_is_not_open_is_refused(browser: Browser) -> None:
    browser.fill_in("/forms/pre_screening", COUGHING)
    assert browser.open("/forms/review").heading == "You don't need to send this"


def test_the_second_submission_of_a_form_is_refused(browser: Browser) -> None:
    browser.fill_in("/forms/pre_screening", COUGHING)
    page = browser.wait_for_form("/forms/evaluation_request", 30)
    page = browser.send(page, {"wants_evaluation": "no"})
    assert page.heading == "Check your answers"
    assert browser.send(page, {}).text("title") == CASE_TITLE
    assert browser.send(page, {}).heading == "You've already sent this"


def test_a_pre_screening_that_is_sent_twice_starts_one_case(browser: Browser, state: dict[str, Any]) -> None:
    page = browser.open("/forms/pre_screening")
    while page.heading != "Check your answers":
        page = browser.send(page, COUGHING)
    first = browser.send(page, {})
    assert first.text("title") == CASE_TITLE
    assert browser.send(page, {}).heading == "You've already sent this"
    reference = first.text("main strong")
    case = CaseUnderTest(state)
    found = case.admin.get("/history/process-instance/count", processInstanceBusinessKey=reference)
    assert found["count"] == 1


def test_a_post_without_its_token_is_refused(state: dict[str, Any]) -> None:
    answer = requests.post(state["webapp"] + "/forms/pre_screening/1", data={"cough": "true"}, timeout=10)
    assert answer.status_code == 400
    assert "This page has expired" in answer.text


def test_a_body_that_is_too_large_is_refused(browser: Browser) -> None:
    page = browser.open("/sign-in")
    assert browser.send(page, {"access_code": "A" * 2_000_000}).status == 413


@pytest.mark.parametrize(
    "answer",
    [
        "\x00",
        "\u202e",
        "<script>alert(1)</script>",
        "=cmd|' /C calc'!A0",
        "'; DROP TABLE x; --",
        "9" * 5000,
        "[]",
        "{}",
    ],
)
def test_hostile_answers_are_refused_or_shown_as_text(browser: Browser, answer: str) -> None:
    # the first page with required fields
    page = browser.send(browser.open("/forms/pre_screening"), {})
    assert page.heading == "Who has symptoms?"
    hidden = [(box["name"], box["value"]) for box in page.form.select("input[type=hidden]")]
    others = {control["name"] for control in page.form.select("[name]")} - {name for name, _ in hidden}
    sent = browser.post(page, [*hidden, *[(name, answer) for name in others]])
    assert sent.status == 200
    assert sent.errors
    assert sent.content.select("main script") == []


def test_errors_are_in_the_title_and_lead_to_their_field(browser: Browser) -> None:
    page = browser.send(browser.send(browser.open("/forms/pre_screening"), {}), {})
    assert page.content.title.get_text().startswith("Error: ")
    links = [link["href"].removeprefix("#") for link in page.content.select(".govuk-error-summary a")]
    assert links
    assert [link for link in links if not page.content.select(f'[id="{link}"]')] == []


@pytest.mark.parametrize("account", ["doctor", "medical_team", "contact_tracer"])
def test_the_kpis_are_refused_to_other_staff(browser: Browser, state: dict[str, Any], account: str) -> None:
    assert browser.open("/staff/kpis").url.endswith("/staff/sign-in")
    credentials = {name: state["accounts"][account][name] for name in ("username", "password")}
    browser.fill_in("/staff/sign-in", credentials)
    assert browser.open("/staff/papers").heading == "Print a paper"
    assert browser.open("/staff/kpis.csv").url.endswith("/staff/sign-in")


def test_the_sign_in_of_staff_is_refused_to_parts(browser: Browser) -> None:
    credentials = {"username": "webapp", "password": read_secrets()["webapp"]}
    with pytest.raises(PageRefused, match="has no pages here"):
        browser.fill_in("/staff/sign-in", credentials)


def test_the_kpis_of_a_period(state: dict[str, Any]) -> None:
    case = CaseUnderTest(state).start({**NO_SYMPTOMS, "breathless": True})
    case.wait_for_end()
    browser = signed_in_manager(state)
    assert browser.read_json("/staff/kpis.json?first=2020-01-01")["ended_emergency_services"]["value"] >= 1
    assert browser.read_json("/staff/kpis.json?last=2020-01-01")["closed"]["value"] == 0
    assert "none yet" in browser.open("/staff/kpis?last=2020-01-01").text("main")
    refused = browser.open("/staff/kpis?first=yesterday")
    assert (refused.status, "Enter dates as YYYY-MM-DD" in refused.text("main")) == (400, True)
