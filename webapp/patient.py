"""Pages of patients other than forms: start, case, withdrawal, erasure, access log and access code."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import get_timezone
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from camunda7.engine import EngineRefused, EngineUnavailable
from processes.audit import list_accesses
from processes.cases import Case, current_steps, find_case, open_tasks, withdraw_case
from processes.elements import SubProcess
from records.erasures import PATIENT
from webapp import confirmation, household, languages, papers, questionnaires, sessions, watch
from webapp.access_log import describe_accesses
from webapp.resources import resources
from webapp.results import RESULTS, describe_guidance, list_earlier_results
from webapp.status import (
    CLASSIFICATIONS,
    SIGNS,
    TESTING_STEPS,
    WITHDRAWABLE_STEPS,
    Status,
    choose_advice,
    choose_headline,
    compute_quarantine_end,
    describe_emergency,
    describe_status,
)

pages = Blueprint("patient", __name__)

ASSESSMENT_WAIT_S = 3.0


@dataclass(frozen=True)
class Position:
    """A case and its position in the process.

    Attributes:
        steps: ids of the case's current activities; empty after its end.
    """

    case: Case
    steps: set[str]
    status: Status


@pages.get("/")
def home() -> str:
    return render_template("home.html")


@pages.get("/case")
def case() -> str | Response | tuple[str, int]:
    sessions.open_submitted_case()
    reference = sessions.case_reference()
    if reference is None:
        return redirect(url_for("sign_in.show_sign_in"))
    pending_forms = resources().submissions.list_pending_forms(reference)
    try:
        position = _wait_for_position(reference, wait=not pending_forms and not sessions.is_emergency_reported())
    except EngineUnavailable:
        if not pending_forms:
            raise
        position = None
    if position is None and not pending_forms:
        # the erasure worker deleted the case
        sessions.reset()
        return redirect(url_for("sign_in.show_sign_in"))
    if position:
        languages.adopt_case_language(position.case.values.get("language"))
    emergency = _find_emergency(position)
    if emergency and "all" not in request.args:
        confirmation.clear()
        next_report = household.find_next_due_case()
        return _render_brief("emergency.html", reference, paragraphs=emergency, next_report=next_report)
    if position is None:
        titles = [questionnaires.FORMS[form].title for form in pending_forms]
        return _render_brief("answers_received.html", reference, titles=titles)
    return _render_case(position, emergency, pending_forms)


def _render_brief(template: str, reference: str, **texts: Any) -> str:
    """Render a page that precedes the case page."""
    return render_template(template, reference=reference, has_code=resources().access.has_code(reference), **texts)


def _find_emergency(position: Position | None) -> tuple[str, ...] | None:
    """Return the paragraphs of the emergency card; None if neither the case nor a reported sign is an emergency.

    Args:
        position: None while the engine doesn't have the case yet.
    """
    emergency = describe_emergency(position.case, position.steps) if position else None
    is_unassessed = position is None or position.status.is_brief or position.status.must_call
    is_reported = sessions.is_emergency_recent() or (is_unassessed and sessions.is_emergency_reported())
    return emergency or ((SIGNS,) if is_reported else None)


def _render_case(position: Position, emergency: tuple[str, ...] | None, pending_forms: list[str]) -> str:
    case, steps, status = position.case, position.steps, position.status
    open_forms = {task.form for task in open_tasks(resources().engine, case.reference)}
    # in the order of the pathway: the first one is the page's action
    tasks = [form for form in questionnaires.FORMS if form in open_forms & questionnaires.TASKS]
    pending = None if pending_forms or emergency else confirmation.find_pending()
    now = datetime.now(get_timezone())
    visit_due_at = case.values.get("visit_due_at")
    advice = None if emergency else choose_advice(case, steps)
    result = RESULTS.get(case.values.get("lab_result", "")) if case.values.get("result_told_at") else None
    if not status.is_brief:
        confirmation.clear()
    return render_template(
        "case.html",
        case=case,
        emergency=emergency,
        confirmation=confirmation.describe(pending, case) if pending and not status.is_brief else None,
        refresh=pending is not None and status.is_brief,
        next_report=None if status.is_brief else household.find_next_due_case(),
        refused=questionnaires.describe_refusals(case.values.get("contacts_refused"))
        if "close_contacts" in tasks
        else [],
        headline=choose_headline(case, steps, status, advice),
        result=result,
        guidance=watch.describe_release(case.values)
        or describe_guidance(case.values, now.date(), status.report_pending)
        if result
        else [],
        days=watch.list_days(case.values),
        spo2_chart=watch.draw_spo2(case.values),
        earlier_results=list_earlier_results(case.values) if result else [],
        classification=CLASSIFICATIONS.get(case.values.get("case_classification", "")),
        advice=advice,
        papers=[(paper.kind, papers.TITLES[paper.kind]) for paper in papers.list_current_papers(case)],
        quarantine_end=compute_quarantine_end(case, now.date()),
        is_visit_late=visit_due_at is not None and visit_due_at < now,
        status=status,
        now=now,
        may_withdraw=bool(steps & WITHDRAWABLE_STEPS) and not case.values.get("withdrawn"),
        tasks=[(form, questionnaires.FORMS[form]) for form in tasks if form not in pending_forms],
        pending_titles=[questionnaires.FORMS[form].title for form in pending_forms],
        has_code=resources().access.has_code(case.reference),
        erasure=resources().erasures.find(case.reference),
    )


@pages.route("/case/withdraw", methods=["GET", "POST"])
def withdraw() -> str | Response | tuple[str, int]:
    case = _find_case()
    if case is None:
        return redirect(url_for("sign_in.show_sign_in"))
    steps = set() if case.ended_at or case.values.get("withdrawn") else current_steps(resources().engine, case)
    if not steps & WITHDRAWABLE_STEPS:
        return _render_not_withdrawable(case)
    if request.method == "GET":
        return render_template(
            "withdraw.html",
            is_testing=bool(steps & TESTING_STEPS),
            has_result=SubProcess.REPORT in steps,
            is_watched=SubProcess.WATCH in steps,
        )
    try:
        withdraw_case(resources().engine, case, steps)
    except EngineRefused as error:
        if error.status != 400:
            raise
        return _render_not_withdrawable(_find_case() or case)
    confirmation.record(confirmation.WITHDRAWAL)
    return redirect(url_for("patient.case"), 303)


def _render_not_withdrawable(case: Case) -> str:
    if case.values.get("withdrawn"):
        title, text = _("You've already cancelled your request"), _("You don't need to do anything else.")
    else:
        title, text = _("There is nothing to cancel"), _("You have no open request for a home visit and a test.")
    return render_template("not_open.html", title=title, text=text)


@pages.route("/case/erase", methods=["GET", "POST"])
def erase() -> str | Response:
    """Request the erasure of the patient's data, which takes place after the case has ended."""
    reference = sessions.case_reference()
    if reference is None:
        return redirect(url_for("sign_in.show_sign_in"))
    if request.method == "GET":
        return render_template("erase.html", is_requested=resources().erasures.find(reference) is not None)
    resources().erasures.request(reference, PATIENT)
    sessions.reset()
    return render_template("erasure_requested.html", reference=reference)


@pages.get("/case/seen-by")
def access_log() -> str | Response:
    """Show who has accessed the patient's data, by role, and when their papers were checked."""
    reference = sessions.case_reference()
    if reference is None:
        return redirect(url_for("sign_in.show_sign_in"))
    engine, register = resources().engine, resources().papers
    prints = [
        (each, engine.groups_of(each.account) if each.groups is None else each.groups)
        for each in register.list_prints(reference)
    ]
    rows = describe_accesses(list_accesses(engine, reference), register.list_checks(reference), prints)
    return render_template("access_log.html", accesses=rows)


@pages.route("/case/access-code", methods=["GET", "POST"])
def access_code() -> str | Response:
    case = _find_case()
    if case is None:
        return redirect(url_for("sign_in.show_sign_in"))
    code, reference, click = None, case.reference, request.form.get("page_token", "")
    if request.method == "POST":
        languages.change_language(request.form.get("language"))
        address = case.values.get("email") or case.values.get("phone") or ""
        since = request.form.get("since", "")
        code = resources().access.replace_code(reference, case.values["date_of_birth"], address, click, since)
    return render_template(
        "access_code.html",
        code=code,
        click=click,
        is_confirmation=bool(request.form.get("confirmation")),
        is_newer=request.method == "POST" and code is None,
        since=resources().access.code_created_at(reference),
        page_token=sessions.create_page_token(reference, f"access code {secrets.token_hex(16)}"),
    )


def _find_case() -> Case | None:
    reference = sessions.case_reference()
    return find_case(resources().engine, reference) if reference else None


def _wait_for_position(reference: str, wait: bool) -> Position | None:
    """Return the case and its position; None if the engine doesn't have the case.

    Args:
        wait: whether to wait until the engine has left steps that take seconds, after the patient submitted a form.
    """
    deadline = time.monotonic() + (ASSESSMENT_WAIT_S if wait else 0)
    while True:
        case = find_case(resources().engine, reference)
        if case is None:
            return None
        steps = set() if case.ended_at else current_steps(resources().engine, case)
        status = describe_status(case, steps)
        if status.must_call:
            # the engine may have assessed the answers between the two queries: then the values, read first, lack it
            case = find_case(resources().engine, reference) or case
            status = describe_status(case, steps)
        is_transient = status.assessing or (status.is_brief and confirmation.find_pending())
        if not is_transient or time.monotonic() > deadline:
            return Position(case, steps, status)
        time.sleep(0.1)
