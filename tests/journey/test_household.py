"""One person answers for a household: each case is opened by its own code, and reported in one sitting."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from camunda7.forms.browser import Browser, Page
from records.access import Access
from tests.support.case import CaseUnderTest, eventually

pytestmark = pytest.mark.engine

BORN = "1990-05-10"
REPORT, SIGNS, DAY = "/forms/daily_report", "/forms/daily_report/1", "/forms/daily_report/2"
# temperature by given name, which tells the reports apart
HOUSEHOLD = {"Ada": 36.1, "Byron": 36.2, "Clara": 36.3, "David": 36.4}
ANSWERS = {"feeling": "better", "fever_medicine": "no", "spo2": "97"}


@pytest.fixture
def household(state: dict[str, Any]) -> dict[str, CaseUnderTest]:
    """Four people with one telephone, whose reports of today are due; by given name."""
    phone = CaseUnderTest(state).new_phone_number()

    def reach_report(name: str) -> CaseUnderTest:
        case = CaseUnderTest(state, is_watched=True)
        case.start_care(onset=8, given_name=name, channel="sms", email=None, phone=phone)
        case.record_visit("positive", body_temperature_c=36.8)
        case.wait_until_at("Event_ReportHour")
        case.fire_timer("Event_ReportHour")
        case.wait_for_task("daily_report")
        return case

    with ThreadPoolExecutor(len(HOUSEHOLD)) as pool:
        return dict(zip(HOUSEHOLD, pool.map(reach_report, HOUSEHOLD), strict=True))


@pytest.fixture
def codes(household: dict[str, CaseUnderTest], access: Access) -> dict[str, str]:
    """The access code of each case, by given name."""
    return {name: access.create_code(case.reference, BORN, case.value("phone")) for name, case in household.items()}


@pytest.fixture
def browser(state: dict[str, Any]) -> Browser:
    return Browser(state["webapp"])


def sign_in(browser: Browser, code: str, **more: str) -> Page:
    fields = dict(zip(("date_of_birth-year", "date_of_birth-month", "date_of_birth-day"), BORN.split("-"), strict=True))
    return browser.post_to(browser.open("/sign-in"), "/sign-in", access_code=code, **fields, **more)


def next_person(page: Page) -> str | None:
    """The person whose report the page asks for next."""
    button = page.content.select_one("#next-report bdi")
    return button.get_text() if button else None


def send_report(browser: Browser, page: Page, **answers: Any) -> Page:
    """Answer the pages of a report that was opened, and send it."""
    while page.form is not None and re.search(REPORT, page.url):
        page = browser.send(page, {**ANSWERS, **answers})
        assert page.errors == []
    return page


def test_a_household_of_four_with_one_telephone_reports_in_one_sitting(
    household: dict[str, CaseUnderTest], codes: dict[str, str], browser: Browser
) -> None:
    # given one telephone, on which each case is opened by its code
    for code in codes.values():
        page = sign_in(browser, code, keep_open="yes")
    # when they report for the first person, from the page of all
    page = browser.open("/cases")
    assert "Reports due today: 4" in page.text("main")
    assert [card.get_text() for card in page.content.select(".govuk-summary-card__title")] == list(HOUSEHOLD)
    page = browser.post_to(page, "/cases", case=household["Ada"].reference, report="yes")
    reported = []
    for name, temperature in HOUSEHOLD.items():
        # then each form says for whom it is
        assert page.text(".govuk-caption-l") == f"For{name}"
        page = send_report(browser, page, day_temperature_c=temperature)
        reported.append(name)
        # and leads to the next person's
        following = next_person(page)
        assert following == next((each for each in HOUSEHOLD if each not in reported), None)
        if following:
            page = browser.post_to(page, "/cases", case=household[following].reference, report="yes")
    assert "Reports due today" not in browser.open("/cases").text("main")
    # and each case has the report of its patient
    for name, case in household.items():
        [day] = eventually(lambda case=case: case.value("diary"), case.describe)
        assert (day["day_temperature_c"], day["status"]) == (HOUSEHOLD[name], "green")


def test_a_code_opens_no_other_case_of_the_household(
    household: dict[str, CaseUnderTest], codes: dict[str, str], browser: Browser
) -> None:
    page = sign_in(browser, codes["Ada"])
    others = [case.reference for name, case in household.items() if name != "Ada"]
    assert next_person(page) is None
    assert browser.open("/cases").url.endswith("/case")
    for other in others:
        answer = browser.post_to(page, "/cases", case=other, report="yes")
        assert answer.url.endswith("/case")
        assert household["Ada"].reference in answer.text("main")
        assert other not in str(answer.content)
    # nor does a sign-in that doesn't keep the first case open
    page = sign_in(browser, codes["Byron"])
    assert next_person(page) is None
    assert household["Ada"].reference not in str(browser.open("/cases").content)


def test_on_a_red_day_the_emergency_comes_first_and_the_next_report_stays_within_reach(
    household: dict[str, CaseUnderTest], codes: dict[str, str], browser: Browser
) -> None:
    sign_in(browser, codes["Ada"])
    sign_in(browser, codes["Byron"], keep_open="yes")
    page = browser.post_to(browser.open("/cases"), "/cases", case=household["Ada"].reference, report="yes")
    page = send_report(browser, page, spo2="90")
    assert page.heading == "Call 112 now"
    assert next_person(page) == "Byron"
    page = browser.post_to(page, "/cases", case=household["Byron"].reference)
    assert "Call 112 now" not in page.text("main")


def test_a_page_of_an_older_tab_is_saved_for_its_own_person(
    household: dict[str, CaseUnderTest], codes: dict[str, str], browser: Browser
) -> None:
    # given Ada's form in one tab
    sign_in(browser, codes["Ada"])
    sign_in(browser, codes["Byron"], keep_open="yes")
    page = browser.post_to(browser.open("/cases"), "/cases", case=household["Ada"].reference, report="yes")
    # when Byron's case is opened in another one, and then Ada's form is sent
    browser.post_to(browser.open("/cases"), "/cases", case=household["Byron"].reference, report="yes")
    page = browser.send(page, ANSWERS)
    # then it goes on for Ada
    assert page.url.endswith(DAY)
    assert page.text(".govuk-caption-l") == "ForAda"
    assert browser.post_to(page, "/cases", case=household["Byron"].reference, report="yes").url.endswith(SIGNS)
