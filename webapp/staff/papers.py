"""Printing a paper for a patient, by staff who have the case reference and the date of birth from them.

Each print is in the patient's access log, with the account of the member of staff.
"""

from __future__ import annotations

from flask import g, render_template, request, session
from flask.typing import ResponseReturnValue

from papers.documents import Kind
from processes.cases import Case, find_case
from webapp import papers
from webapp.languages import LANGUAGES
from webapp.resources import resources
from webapp.sign_in import allow_attempt, read_date_of_birth, reset_attempts
from webapp.staff.sign_in import CARE, care_only, pages

TOO_MANY = "Too many attempts. Wait 15 minutes and try again."
WRONG_CASE = "No case has this reference and this date of birth. Check both and try again."
NO_PAPER = "This case has no such paper now."
Problems = list[tuple[str, str]]


@pages.get("/papers")
@care_only
def show_print() -> str:
    return _render([])


@pages.post("/papers")
@care_only
def print_paper() -> ResponseReturnValue:
    account = session[CARE]
    subject = f"printer {account.casefold()}"
    if not allow_attempt(subject):
        return _render([("reference", TOO_MANY)]), 429
    date_of_birth, problems = read_date_of_birth()
    case = None if problems else _find_case(date_of_birth)
    if case is None:
        return _render(problems or [("reference", WRONG_CASE)]), 403
    reset_attempts(subject)
    kind, language = request.form.get("kind"), request.form.get("paper_language", "")
    paper = next((each for each in papers.list_current_papers(case) if each.kind == kind), None)
    if paper is None or language not in LANGUAGES:
        return _render([("kind", NO_PAPER)]), 404
    resources().papers.record_print(case.reference, paper.kind, account, g.groups)
    return papers.issue(case, paper, language)


def _find_case(date_of_birth: str) -> Case | None:
    """Return the case of the posted reference if its patient has this date of birth."""
    case = find_case(resources().engine, request.form.get("reference", "")[:50].strip().upper())
    return case if case and case.values.get("date_of_birth") == date_of_birth else None


def _render(problems: Problems) -> str:
    kinds = [(kind.value, papers.TITLES[kind]) for kind in Kind]
    return render_template("staff/papers.html", problems=problems, kinds=kinds, paper_languages=LANGUAGES)
