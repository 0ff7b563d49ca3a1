"""Forms that are open in a case."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from flask import session

from processes.cases import Case, OpenTask
from records.cipher import Cipher
from records.submissions import Submissions
from tests.unit.webapp.test_application import application
from webapp import forms, patient

pytestmark = pytest.mark.usefixtures("records")


def test_a_form_is_not_open_if_its_case_was_erased_between_two_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    task = OpenTask("1", "medical_form", "definition 1", "C-1")
    monkeypatch.setattr(forms, "open_tasks", lambda engine, reference: [task])
    monkeypatch.setattr(forms, "find_case", lambda engine, reference: None)
    with application().test_request_context("/forms/medical_form"):
        session["case"] = "C-1"
        assert forms._validate_draft("medical_form", None) is None


def test_without_a_case_no_task_is_queried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A query without a business key would return the tasks of all cases."""
    task = OpenTask("1", "medical_form", "definition 1", "C-1")
    monkeypatch.setattr(forms, "open_tasks", lambda engine, reference: [task])
    with application().test_request_context("/forms/medical_form"):
        assert forms._validate_draft("medical_form", None) is None


def heading(page: object) -> str:
    return BeautifulSoup(str(page), "html.parser").h1.text


def test_a_form_that_is_not_open_was_sent_or_is_not_needed() -> None:
    with application().test_request_context("/forms/review"):
        assert heading(forms._render_not_open("review")) == "You don't need to send this"
        session["case"] = "C-1"
        assert heading(forms._render_not_open("review")) == "You don't need to send this"
        submissions = Submissions(Cipher("r" * 32))
        submissions.add("C-1/task", "C-1", "review", {}, "C-1/review")
        assert heading(forms._render_not_open("review")) == "You've already sent this"
        assert heading(forms._render_not_open("medical_form")) == "You don't need to send this"
        submissions.mark_void(submissions.claim_by_key("C-1/task"))
        assert heading(forms._render_not_open("review")) == "You don't need to send this"


@pytest.mark.parametrize(
    ("withdrawn", "expected"),
    [(True, "You've already cancelled your request"), (False, "There is nothing to cancel")],
)
def test_a_request_that_cannot_be_cancelled_was_cancelled_or_is_over(
    monkeypatch: pytest.MonkeyPatch, withdrawn: bool, expected: str
) -> None:
    monkeypatch.setattr(patient, "_find_case", lambda: Case("C-1", "1", {"withdrawn": withdrawn}, None))
    monkeypatch.setattr(patient, "current_steps", lambda *_: set())
    with application().test_request_context("/case/withdraw"):
        assert heading(patient.withdraw()) == expected
