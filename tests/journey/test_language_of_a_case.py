"""A case has the language in which its patient reads the pages: in forms, pages and messages."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from camunda7.forms.browser import Browser
from records.access import Access
from tests.support.case import REQUEST, WITH_COUGH, CaseUnderTest, eventually
from tests.support.days import days_ago
from tests.support.mail import mails_to
from workers.messages import TEXTS

pytestmark = pytest.mark.engine

BORN = "1990-05-10"


def test_the_language_of_the_pages_is_that_of_the_case_and_its_messages(
    state: dict[str, Any], case: CaseUnderTest, access: Access
) -> None:
    address = f"{uuid.uuid4().hex}@patients.example"
    subjects = {language: TEXTS["result_there"][language][0] for language in ("fr", "ar")}

    # started in French: French is preselected in the request
    browser = Browser(state["webapp"], language="fr-CA,en;q=0.5")
    page = browser.fill_in("/forms/pre_screening", {**WITH_COUGH, "cough_since": days_ago(8)})
    case.reference = page.text("main strong")
    assert case.value("language") == "fr"
    page = browser.wait_for_form("/forms/evaluation_request", 30)
    while not page.form.select("[name=language]"):
        page = browser.send(page, {**REQUEST, "email": address})
    assert page.form.select_one("[name=language] [selected]")["value"] == "fr"
    case.request_evaluation(email=address, language="fr")
    case.fill_in_medical_form()
    case.record_visit("positive")
    eventually(lambda: [message for message in mails_to(state, address) if subjects["fr"] in message])

    # on another device, whose browser prefers English, the pages of the case are in French
    other = Browser(state["webapp"], language="en")
    credentials = {"access_code": access.create_code(case.reference, BORN), "date_of_birth": BORN}
    page = other.send(other.open("/sign-in"), credentials)
    assert page.content.html["lang"] == "fr"

    # after the patient has chosen Arabic it is the language of the running contact tracing, too
    eventually(lambda: case.wait_for_task("close_contacts"))
    page = other.post_to(page, "/language", language="ar", back="/case")
    assert page.content.html["lang"] == "ar"
    assert case.value("language") == "ar"
    case.correct_lab_result("negative")
    eventually(lambda: [message for message in mails_to(state, address) if subjects["ar"] in message])


def test_the_language_chosen_in_the_request_is_that_of_the_pages(state: dict[str, Any]) -> None:
    browser = Browser(state["webapp"], language="en")
    browser.fill_in("/forms/pre_screening", {**WITH_COUGH, "cough_since": days_ago(8)})
    sent = browser.fill_in("/forms/evaluation_request", {**REQUEST, "language": "ar"})
    assert (sent.content.html["lang"], sent.content.html["dir"]) == ("ar", "rtl")
