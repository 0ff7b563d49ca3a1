"""The cases that one session may open: of a person, or of a household for which one person answers.

Each was opened by a sign-in of its own (webapp/sign_in.py); none gives access to another.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from camunda7.engine import EngineUnavailable
from processes.cases import Case, find_case, open_tasks
from webapp import questionnaires, sessions
from webapp.resources import resources
from webapp.status import RED

pages = Blueprint("household", __name__)


@dataclass(frozen=True)
class Member:
    """A case of this session.

    Attributes:
        is_report_due: today's report is open, and hasn't been sent.
    """

    case: Case
    is_report_due: bool

    @property
    def is_emergency(self) -> bool:
        """Whether today's report is red."""
        return self.case.values.get("day_status") == RED


@pages.get("/cases")
def show_cases() -> str | Response:
    members = list(_list_members(sessions.list_cases()))
    if len(members) < 2:
        return redirect(url_for("patient.case"))
    return render_template("cases.html", members=members)


@pages.post("/cases")
def open_case() -> Response:
    """Switch to another case of this session, and to its report of today if that was asked for."""
    if not sessions.switch_case(request.form.get("case", "")):
        return redirect(url_for("household.show_cases"), 303)
    if "report" in request.form:
        return redirect(url_for("forms.begin", name=questionnaires.DAILY_REPORT), 303)
    return redirect(url_for("patient.case"), 303)


def find_next_due_case() -> Case | None:
    """Return the first other case of this session whose patient is to report today; None while the engine is away.

    The page of an emergency leads there, and must not depend on the engine.
    """
    others = [each for each in sessions.list_cases() if each != sessions.case_reference()]
    with suppress(EngineUnavailable):
        return next((member.case for member in _list_members(others) if member.is_report_due), None)
    return None


def _list_members(references: list[str]) -> Iterator[Member]:
    for reference in references:
        # None: the erasure worker deleted the case
        if case := find_case(resources().engine, reference):
            yield Member(case, _is_report_due(reference))


def _is_report_due(reference: str) -> bool:
    form = questionnaires.DAILY_REPORT
    is_open = any(task.form == form for task in open_tasks(resources().engine, reference))
    return is_open and form not in resources().submissions.list_pending_forms(reference)
