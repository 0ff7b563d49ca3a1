"""A patient whose every answer is a unique word, so that a search finds each place where an answer is stored."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from pathlib import Path

from camunda7.forms.browser import Browser
from tests.support.case import CONTACT, MEDICAL, REPORT, WITH_COUGH, CaseUnderTest
from tests.support.days import days_ago

BORN = "1917-03-11"


class Canaries:
    """One unique word for each field, by the field's name."""

    def __init__(self, born: str = BORN) -> None:
        self.words: dict[str, str] = {"date_of_birth": born}

    def word(self, name: str) -> str:
        self.words[name] = f"canary{uuid.uuid4().hex[:12]}"
        return self.words[name]

    def email(self, name: str) -> str:
        return self.word(name) + "@patients.example"

    def number(self, name: str) -> str:
        self.words[name] = f"+4420{uuid.uuid4().int % 10**8:08}"
        return self.words[name]

    def find_fields(self, content: Iterable[bytes]) -> set[str]:
        """Names of the fields whose word is in any of these bytes, as text or in hexadecimal digits."""
        encoded = [(name, word.encode()) for name, word in self.words.items()]
        encoded += [(name, word.hex().encode()) for name, word in encoded]
        return {name for part in content for name, word in encoded if word in part}


def files_under(folder: Path) -> Iterable[bytes]:
    return (path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def is_in_files(word: str, folder: Path) -> bool:
    return any(word.encode() in content for content in files_under(folder))


def request_care(case: CaseUnderTest, browser: Browser, words: Canaries, reached_by: str = "email") -> None:
    """Submit pre-screening, evaluation request and medical form in the web application.

    Args:
        reached_by: email or sms.
    """
    answers = {**WITH_COUGH, "date_of_birth": words.words["date_of_birth"], "cough_since": days_ago(8)}
    case.reference = browser.fill_in("/forms/pre_screening", answers).text("main strong")
    names = ("given_name", "family_name", "address", "building_access")
    address = {"email": words.email("email")} if reached_by == "email" else {"phone": words.number("phone")}
    browser.fill_in(
        "/forms/evaluation_request",
        {
            "wants_evaluation": "yes",
            **{name: words.word(name) for name in names},
            "channel": reached_by,
            **address,
            "language": "en",
            "reporting_notice_read": True,
            "consent_to_care": True,
        },
    )
    medical = {name: words.word(name) for name in ("medication", "allergies", "anything_else")}
    browser.fill_in("/forms/medical_form", {**MEDICAL, **medical})


def complete_care(case: CaseUnderTest, browser: Browser, words: Canaries, reached_by: str = "email") -> None:
    """Submit contacts, report and review of a positive case, and wait for its end.

    Args:
        reached_by: email, or sms for contacts without an e-mail address.
    """
    email = words.email("contact_email") if reached_by == "email" else None
    contact = {**CONTACT, "name": words.word("contact"), "email": email, "phone": words.number("contact_phone")}
    case.submit_form("close_contacts", {"had_contacts": "yes", "close_contacts": [contact]})
    report = {name: words.word(name) for name in ("assessment", "report_advice")}
    case.submit_report(**{**REPORT, **report, "case_classification": "confirmed"})
    case.wait_until_at("Event_ReportHour")
    case.fire_timer("Event_ReportHour")
    case.wait_for_task("daily_report")
    browser.fill_in(
        "/forms/daily_report", {"feeling": "same", "fever_medicine": "no", "day_note": words.word("day_note")}
    )
    browser.fill_in("/forms/review", {"rating": "3", "review_comment": words.word("review_comment")})
    case.end_watch()
    case.wait_for_end()
