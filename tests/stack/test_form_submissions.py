"""Drafts and submissions survive when engine or web application are killed; each is forwarded once.

The environment variable SUBMISSIONS is the number of submissions during an outage of the engine (`make drafts`: 200).
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from camunda7.forms.browser import Browser, Page
from tests.support.case import CASE_TITLE, MEDICAL, NO_SYMPTOMS, REQUEST, WITH_COUGH, CaseUnderTest, eventually
from tests.support.days import day_of_month, days_ago
from tests.support.own_platform import is_engine_up, kill, wait_for_restart
from tests.support.tier import rounds

pytestmark = pytest.mark.engine

SUBMISSIONS = int(os.environ.get("SUBMISSIONS") or rounds(test=10, verify=30))
CALL_NOW = "Call 112 now"
FILLED = {**WITH_COUGH, "cough_since": days_ago(8)}


def is_up(url: str) -> bool:
    try:
        return requests.get(url + "/healthz", timeout=5).ok
    except (requests.ConnectionError, requests.Timeout):
        return False


def kill_engine(own: dict[str, Any], environment: dict[str, str]) -> int:
    eventually(lambda: is_engine_up(own["engine"]))
    return kill(environment, "engine")


def wait_for_engine(own: dict[str, Any], environment: dict[str, str], old: int) -> None:
    wait_for_restart(environment, "engine", old)
    eventually(lambda: is_engine_up(own["engine"]))


def send_pages(browser: Browser, page: Page, filled: dict[str, Any], count: int) -> Page:
    """Fill in and send a number of pages."""
    for _ in range(count):
        page = browser.send(page, filled)
        assert page.errors == []
    return page


def count_cases(own: dict[str, Any], reference: str) -> int:
    engine = CaseUnderTest(own).admin
    query = {"processInstanceBusinessKey": reference, "processDefinitionKey": "corona_care"}
    return engine.post("/history/process-instance/count", query)["count"]


def test_a_draft_is_continued_in_another_browser(own: dict[str, Any], environment: dict[str, str]) -> None:
    browser = Browser(own["webapp"])
    browser.fill_in("/forms/pre_screening", FILLED)
    code = browser.fill_in("/forms/evaluation_request", REQUEST).text(".access-code")
    page = browser.wait_for_form("/forms/medical_form", 60)
    onset = days_ago(10)
    page = send_pages(browser, page, {**MEDICAL, "onset_date": onset}, 1)
    old = kill_engine(own, environment)

    # neither the next page nor signing in needs the engine
    page = browser.send(page, {"allergies": "Penicillin"})
    assert page.heading == "Pregnancy and vaccination"
    other = Browser(own["webapp"])
    other.send(other.open("/sign-in"), {"access_code": code, "date_of_birth": "1990-05-10"})
    assert other.open("/forms/medical_form").heading == "Pregnancy and vaccination"
    assert (
        other.open("/forms/medical_form/2").content.select_one("[name=allergies]").get_text(strip=True) == "Penicillin"
    )
    first = other.open("/forms/medical_form/1").content
    assert first.select_one("[name=onset_date-day]")["value"] == day_of_month(onset)

    wait_for_engine(own, environment, old)
    sent = other.fill_in("/forms/medical_form", MEDICAL)
    assert sent.text("title") == CASE_TITLE
    # the first browser shows that the form was sent
    assert browser.send(page, MEDICAL).heading == "You've already sent this"


def test_a_submission_during_an_outage_of_the_engine_is_forwarded_once(
    own: dict[str, Any], environment: dict[str, str]
) -> None:
    browser = Browser(own["webapp"])
    page = browser.open("/forms/pre_screening")
    old = kill_engine(own, environment)
    # after an emergency sign no other question is asked, although the decision can't be evaluated
    page = send_pages(browser, page, {**NO_SYMPTOMS, "breathless": True}, 1)
    assert page.heading == CALL_NOW
    reference = page.text("main strong")

    # the web application is killed before it could forward the submission
    web = kill(environment, "webapp")
    wait_for_restart(environment, "webapp", web)
    eventually(lambda: is_up(own["webapp"]))
    assert browser.open("/case").heading == CALL_NOW
    assert browser.open("/case?all=yes").heading == "We have your answers"

    wait_for_engine(own, environment, old)
    eventually(lambda: count_cases(own, reference) == 1)
    ended = "We can't help with emergencies here. Your case is closed."
    eventually(lambda: ended in browser.open("/case?all=yes").text("main"))
    assert count_cases(own, reference) == 1


def test_many_submissions_while_engine_and_web_application_are_killed(
    own: dict[str, Any], environment: dict[str, str]
) -> None:
    browsers = [Browser(own["webapp"]) for _ in range(SUBMISSIONS)]
    pages = [browser.open("/forms/pre_screening") for browser in browsers]
    old = kill_engine(own, environment)

    def send(pair: tuple[Browser, Page]) -> str:
        """Send a pre-screening; after an outage of the web application, continue the draft."""
        browser, page = pair
        for _ in range(100):
            try:
                page = browser.send(page, {**NO_SYMPTOMS, "breathless": True})
            except requests.RequestException:
                eventually(lambda: is_up(own["webapp"]))
                # continues the draft; if the form was accepted and the response was lost, the page shows it
                page = browser.open("/forms/pre_screening")
            if page.heading in ("You've already sent this", "You don't need to send this"):
                page = browser.open("/case")
            if page.form is None:
                return page.text("main strong")
        raise AssertionError(f"the form doesn't end: {page.url}")

    with ThreadPoolExecutor(8) as pool:
        sending = [pool.submit(send, pair) for pair in zip(browsers, pages, strict=True)]
        eventually(lambda: sum(future.done() for future in sending) > SUBMISSIONS // 4, within_s=120)
        web = kill(environment, "webapp")
        wait_for_restart(environment, "webapp", web)
        references = [future.result() for future in sending]
    assert len(set(references)) == SUBMISSIONS
    wait_for_engine(own, environment, old)
    eventually(lambda: all(count_cases(own, reference) == 1 for reference in references), within_s=180)
    assert [count_cases(own, reference) for reference in references] == [1] * SUBMISSIONS
