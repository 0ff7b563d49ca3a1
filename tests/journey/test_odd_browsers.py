"""Browsers that refuse cookies or send no origin, over HTTP on the real platform."""

from __future__ import annotations

from typing import Any

import pytest

from camunda7.forms.browser import Browser
from records.sessions import Session
from tests.support.case import CASE_TITLE, WITH_COUGH
from tests.support.days import days_ago

pytestmark = pytest.mark.engine

HEADERS: dict[str, dict[str, str | None]] = {
    "nothing": {"Origin": None},
    "Origin: null": {"Origin": "null"},
    "Sec-Fetch-Site alone": {"Origin": None, "Sec-Fetch-Site": "same-origin"},
    "another site's Referer": {"Origin": "null", "Referer": "https://www.example/"},
    "another Host": {"Host": "care.example", "Origin": "https://care.example"},
}


def disable_cookies(browser: Browser) -> None:
    """Remove the Cookie header from each request; a cookie policy isn't enough, as redirects carry all cookies."""

    def without_cookies(request: Any, **_: Any) -> Any:
        request.headers.pop("Cookie", None)
        return request

    session = browser._session
    send = session.send
    session.send = lambda request, **options: send(without_cookies(request), **options)


@pytest.mark.parametrize("path", ["/forms/pre_screening", "/forms/pre_screening/1", "/forms/pre_screening/check"])
def test_without_cookies_a_page_says_that_they_are_needed(state: dict[str, Any], path: str) -> None:
    browser = Browser(state["webapp"])
    answers: list[Any] = []
    browser.listen(answers.append)
    disable_cookies(browser)
    page = browser.open(path)
    assert (page.status, page.heading) == (400, "Allow cookies to continue")
    assert len(answers) <= 3
    refused = browser.send(browser.open("/sign-in"), {"access_code": "ABCDEF"})
    assert (refused.status, refused.heading) == (400, "Allow cookies to continue")


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
def test_a_pre_screening_can_be_sent_without_or_with_odd_origin_headers(
    state: dict[str, Any], headers: dict[str, str | None]
) -> None:
    browser = Browser(state["webapp"])
    browser._session.headers.update({name: value for name, value in headers.items() if value})
    for name in (name for name, value in headers.items() if value is None):
        del browser._session.headers[name]
    page = browser.fill_in("/forms/pre_screening", {**WITH_COUGH, "cough_since": days_ago(8)})
    assert page.text("title") == CASE_TITLE


@pytest.mark.serial
def test_opening_the_start_page_stores_no_session(state: dict[str, Any], records: None) -> None:
    before = Session.select().count()
    for _ in range(5):
        assert Browser(state["webapp"]).open("/").status == 200
    assert Session.select().count() == before
