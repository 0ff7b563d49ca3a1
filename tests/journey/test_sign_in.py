"""Signing in by access code or link, renewing links, and protection against guessing and access to other cases."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from camunda7.forms.browser import Browser, Page
from records.access import Access, Link
from records.cipher import Cipher
from records.queue import timestamp
from records.sessions import Sessions
from tests.support.case import CASE_TITLE, REQUEST, WITH_COUGH, eventually
from tests.support.days import day_of_month, days_ago
from tests.support.mail import mails_to
from tests.support.platform import read_secrets
from workers.messages import TEXTS

pytestmark = pytest.mark.engine

BORN, ANOTHER_DAY = "1990-05-10", "1990-05-11"
UNKNOWN = "ABCDEF-GHJKMN-PQRSTU"


@dataclass
class Known:
    """A patient who has requested an evaluation."""

    reference: str
    code: str
    email: str


def request_evaluation(state: dict[str, Any], email: str, **changed: str) -> Known:
    browser = Browser(state["webapp"])
    reference = browser.fill_in("/forms/pre_screening", {**WITH_COUGH, "cough_since": days_ago(8)}).text("main strong")
    code = browser.fill_in("/forms/evaluation_request", {**REQUEST, "email": email, **changed}).text(".access-code")
    return Known(reference, code, email)


@pytest.fixture
def email() -> str:
    return f"{uuid.uuid4().hex}@patients.example"


@pytest.fixture
def known(state: dict[str, Any], email: str) -> Known:
    return request_evaluation(state, email)


@pytest.fixture
def browser(state: dict[str, Any]) -> Browser:
    return Browser(state["webapp"])


def sign_in(browser: Browser, code: str, born: str) -> Page:
    return browser.send(browser.open("/sign-in"), {"access_code": code, "date_of_birth": born})


def links_to(state: dict[str, Any], email: str) -> list[str]:
    """The messages with a link that was asked for, without the one that acknowledges the request for evaluation."""
    subject = f"Subject: {TEXTS['link_wanted']['en'][0]}"
    return [message for message in mails_to(state, email) if subject in message]


def link_sent_to(state: dict[str, Any], email: str, number: int = 1) -> str:
    """Wait for `number` messages to this address; return the path of the link in the newest one."""
    messages = eventually(lambda: (found := links_to(state, email)) and len(found) >= number and found)
    links = [re.search(r"/link/[0-9a-f]+", message)[0] for message in messages]
    assert len(set(links)) == len(links)
    return links[-1]


def stored_session(browser: requests.Session) -> dict[str, Any]:
    """The values that the server stores for a browser's session."""
    cipher = Cipher(read_secrets()["records_secret_key"])
    return Sessions(cipher).find(browser.cookies.get("session", "")) or {}


def normalise(page: Page) -> str:
    """A page's content without its CSRF token and the values of its fields."""
    return re.sub(r'(name="csrf_token"| value=)[^>]*', "", str(page.content))


def test_an_unknown_code_and_a_wrong_date_of_birth_have_the_same_answer(browser: Browser, known: Known) -> None:
    unknown, wrong = sign_in(browser, UNKNOWN, BORN), sign_in(browser, known.code, ANOTHER_DAY)
    assert (unknown.status, wrong.status) == (403, 403)
    assert normalise(unknown) == normalise(wrong)
    assert sign_in(browser, known.code, BORN).text("title") == CASE_TITLE


def test_attempts_at_a_code_are_limited_whether_it_exists_or_not(
    state: dict[str, Any], browser: Browser, known: Known
) -> None:
    for code in (known.code, str(uuid.uuid4())):
        for _ in range(5):
            assert sign_in(browser, code, ANOTHER_DAY).status == 403
        locked = sign_in(browser, code, BORN)
        assert locked.status == 429
        assert "Wait 15 minutes and try again, or get a sign-in link." in locked.errors[0]

    # the patient signs in by a new link
    page = browser.send(browser.open("/lost-code"), {"address": known.email, "date_of_birth": BORN})
    assert page.heading == "Check your email or text messages"
    link = link_sent_to(state, known.email)
    assert browser.send(browser.open(link), {"date_of_birth": BORN}).text("title") == CASE_TITLE


def test_the_answer_to_a_request_for_a_link_does_not_reveal_whether_there_is_a_case(
    browser: Browser, known: Known
) -> None:
    answers = [
        browser.send(browser.open("/lost-code"), {"address": address, "date_of_birth": born})
        for address, born in ((known.email, BORN), (known.email, ANOTHER_DAY), ("unknown@patients.example", BORN))
    ]
    assert {normalise(answer) for answer in answers} == {normalise(answers[0])}
    assert answers[0].status == 200


def test_a_link_with_the_right_date_of_birth_opens_the_case(
    state: dict[str, Any], browser: Browser, known: Known
) -> None:
    browser.send(browser.open("/lost-code"), {"address": known.email, "date_of_birth": BORN})
    link = link_sent_to(state, known.email)
    refused = browser.send(browser.open(link), {"date_of_birth": ANOTHER_DAY})
    assert (refused.status, refused.errors) == (
        403,
        ["The date of birth doesn't match this link. Check it and try again."],
    )
    opened = browser.send(browser.open(link), {"date_of_birth": BORN})
    assert known.reference in opened.text("main")
    for _ in range(5):
        browser.send(browser.open("/link/unknown"), {"date_of_birth": BORN})
    assert browser.send(browser.open("/link/unknown"), {"date_of_birth": BORN}).status == 429


def test_the_patient_renews_an_expired_link(
    state: dict[str, Any], browser: Browser, known: Known, access: Access
) -> None:
    token = access.create_link(f"{known.reference}/test/1", known.reference)
    Link.update(expires_at=timestamp()).where(Link.case_reference == known.reference).execute()
    expired = browser.send(browser.open(f"/link/{token}"), {"date_of_birth": BORN})
    assert (expired.status, expired.heading) == (410, "This link has expired")
    renewed = browser.open(f"/link/{token}/renew")
    assert renewed.status == 405
    sent = browser.post_to(expired, f"/link/{token}/renew")
    assert sent.heading == "Check your email or text messages"
    link = link_sent_to(state, known.email)
    assert browser.send(browser.open(link), {"date_of_birth": BORN}).text("title") == CASE_TITLE


def test_an_address_gets_at_most_three_links_an_hour(state: dict[str, Any], browser: Browser, known: Known) -> None:
    for _ in range(5):
        browser.send(browser.open("/lost-code"), {"address": known.email, "date_of_birth": BORN})
    link_sent_to(state, known.email, 3)
    later = request_evaluation(state, f"later-{known.email}")
    browser.send(browser.open("/lost-code"), {"address": later.email, "date_of_birth": BORN})
    link_sent_to(state, later.email)
    assert len(links_to(state, known.email)) == 3


def links_sent_to(state: dict[str, Any], email: str, number: int) -> list[str]:
    """Wait for `number` messages to this address; return the paths of their links."""
    link_sent_to(state, email, number)
    return [re.search(r"/link/[0-9a-f]+", message)[0] for message in links_to(state, email)]


def test_twins_with_one_date_of_birth_and_address_open_their_own_cases_by_given_name(
    state: dict[str, Any], browser: Browser, known: Known
) -> None:
    twin = request_evaluation(state, known.email, given_name="Grâce")
    browser.send(browser.open("/lost-code"), {"address": known.email, "date_of_birth": BORN})
    opened = set()
    for link in links_sent_to(state, known.email, 2):
        # the given name is asked for only after the right date of birth: the link alone does not reveal the twins
        assert browser.open(link).content.select_one("[name=given_name]") is None
        wrong = browser.send(browser.open(link), {"date_of_birth": ANOTHER_DAY})
        assert wrong.errors == ["The date of birth doesn't match this link. Check it and try again."]
        for one, name in ((known, "ada"), (twin, "GRACE")):
            page = browser.send(browser.open(link), {"date_of_birth": BORN})
            assert (page.status, page.errors, page.text("title") == CASE_TITLE) == (403, [], False)
            answer = browser.send(page, {"date_of_birth": BORN, "given_name": name})
            if answer.text("title") == CASE_TITLE:
                assert one.reference in answer.text("main")
                assert "Your cases" not in answer.text("main")
                opened.add(one.reference)
            else:
                assert answer.errors == ["The given name or the date of birth is wrong. Check both and try again."]
    assert opened == {known.reference, twin.reference}


def test_a_person_with_two_cases_opens_each_by_its_link_and_switches_between_them(
    state: dict[str, Any], browser: Browser, known: Known
) -> None:
    again = request_evaluation(state, known.email)
    browser.send(browser.open("/lost-code"), {"address": known.email, "date_of_birth": BORN})
    opened = {}
    for link in links_sent_to(state, known.email, 2):
        page = browser.send(browser.open(link), {"date_of_birth": BORN})
        opened[next(one.reference for one in (known, again) if one.reference in page.text("main"))] = page
    assert opened.keys() == {known.reference, again.reference}
    page = browser.post_to(browser.open("/cases"), "/cases", case=known.reference)
    assert known.reference in page.text("main")
    assert browser.post_to(page, "/cases", case="C-ANOTHER").url.endswith("/cases")
    # anyone can request a case with this address, so an access code alone doesn't show the address's other cases
    sign_in(browser, again.code, BORN)
    assert "Your cases" not in browser.open("/case").text("main")
    assert browser.open("/cases").url.endswith("/case")


def test_answers_sent_after_the_session_has_ended_are_restored_after_signing_in(
    state: dict[str, Any], browser: Browser, known: Known
) -> None:
    sign_in(browser, known.code, BORN)
    page = browser.wait_for_form("/forms/medical_form", 30)
    browser.clear_cookies()
    onset = days_ago(10)
    page = browser.send(page, {"onset_date": onset})
    assert page.url.endswith("/sign-in")
    assert "your answers are saved" in page.text("main")
    # without signing in, the answers aren't shown
    assert browser.open("/forms/medical_form/1").url.endswith("/sign-in")
    sign_in(browser, known.code, BORN)
    assert browser.open("/forms/medical_form").heading == "Medicines and allergies"
    restored = browser.open("/forms/medical_form/1")
    assert restored.content.select_one("[name=onset_date-day]")["value"] == day_of_month(onset)


def test_a_pre_screening_continues_after_the_session_has_ended(browser: Browser) -> None:
    page = browser.send(browser.send(browser.open("/forms/pre_screening"), WITH_COUGH), WITH_COUGH)
    assert page.heading == "Weight and height"
    browser.clear_cookies()
    page = browser.send(page, WITH_COUGH)
    assert page.heading == "Contact with COVID\N{NON-BREAKING HYPHEN}19"
    assert browser.open("/forms/pre_screening/2").content.select_one("[name=date_of_birth-day]")["value"] == "10"


def test_another_site_cannot_bind_a_browser_to_a_stranger_s_draft(
    state: dict[str, Any], browser: Browser, records: None
) -> None:
    """A cross-site POST with the page token of another browser is refused, and changes no session."""
    page = browser.open("/forms/pre_screening")
    token = page.form.select_one("[name=page_token]")["value"]
    for origin in ("https://evil.example", "null", ""):
        victim = requests.Session()
        sent = victim.post(page.url, data={"page_token": token}, headers={"Origin": origin}, timeout=10)
        assert sent.status_code == 400
        assert "browser" not in stored_session(victim)


def test_signing_in_starts_a_new_session(browser: Browser, known: Known) -> None:
    before = browser.open("/sign-in")
    cookies = browser.cookies()
    browser.send(before, {"access_code": known.code, "date_of_birth": BORN})
    assert browser.cookies() != cookies
    # the CSRF token of the earlier page is no longer valid
    assert browser.post_to(before, "/sign-out").status == 400
