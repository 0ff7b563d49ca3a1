"""Forms that are open in a case."""

from __future__ import annotations

import pytest
from flask import session

from processes.cases import OpenTask
from tests.unit.webapp.test_application import application
from webapp import forms

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
