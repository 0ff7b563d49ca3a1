"""The patient's pages beside their forms: the start, where the case stands, withdrawing, the access code."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import get_timezone
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from camunda7.engine import EngineRefused, EngineUnavailable
from processes.audit import list_accesses
from processes.cases import Case, current_steps, find_case, open_tasks
from processes.elements import Message, SubProcess
from records.erasures import PATIENT
from webapp import confirmation, languages, questionnaires, sessions
from webapp.access_log import DONE, role_of
from webapp.resources import resources
from webapp.status import (
    CLASSIFICATIONS,
    RESULTS,
    SIGNS,
    TESTING,
    WITHDRAWABLE,
    Status,
    advice_of,
    emergency_of,
    quarantine_end,
    status_of,
)

pages = Blueprint("patient", __name__)

ASSESSMENT_WAIT_S = 3.0


@dataclass(frozen=True)
class Position:
    """A case and where it stands.

    Attributes:
        steps: ids of the elements at which it does; none when it has ended.
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
        return redirect(url_for("sign_in.ask"))
    on_their_way = resources().submissions.list_pending_forms(reference)
    try:
        found = _position(reference, wait=not on_their_way and not sessions.is_emergency_reported())
    except EngineUnavailable:
        if not on_their_way:
            raise
        found = None
    if found is None and not on_their_way:
        # the erasure worker deleted the case
        sessions.reset()
        return redirect(url_for("sign_in.ask"))
    if found:
        languages.follow(found.case.values.get("language"))
    emergency = _emergency(found)
    if emergency and "all" not in request.args:
        confirmation.close()
        return render_template("emergency.html", paragraphs=emergency, reference=reference)
    if found is None:
        titles = [questionnaires.FORMS[form].title for form in on_their_way]
        return render_template("kept.html", titles=titles, reference=reference)
    return _case_page(found, emergency, on_their_way)


def _emergency(found: Position | None) -> tuple[str, ...] | None:
    """What the patient reads beside "Call now"; None where neither the case nor what they reported calls for it.

    Args:
        found: None while the engine doesn't have the case yet.
    """
    emergency = emergency_of(found.case, found.steps) if found else None
    is_unassessed = found is None or found.status.is_brief or found.status.must_call
    is_reported = sessions.is_emergency_recent() or (is_unassessed and sessions.is_emergency_reported())
    return emergency or ((SIGNS,) if is_reported else None)


def _case_page(found: Position, emergency: tuple[str, ...] | None, on_their_way: list[str]) -> str:
    known, steps, status = found.case, found.steps, found.status
    tasks = [task.form for task in open_tasks(resources().engine, known.reference) if task.form in questionnaires.TASKS]
    sent = None if on_their_way or emergency else confirmation.pending()
    now = datetime.now(get_timezone())
    visit_due_at = known.values.get("visit_due_at")
    if not status.is_brief:
        confirmation.close()
    return render_template(
        "case.html",
        case=known,
        emergency=emergency,
        sent=confirmation.text_of(sent, known) if sent and not status.is_brief else None,
        refresh=sent is not None and status.is_brief,
        refused=questionnaires.reasons(known.values.get("contacts_refused")) if "close_contacts" in tasks else [],
        result=RESULTS.get(known.values.get("lab_result", "")) if known.values.get("result_told_at") else None,
        classification=CLASSIFICATIONS.get(known.values.get("case_classification", "")),
        advice=None if emergency else advice_of(known),
        quarantine_end=quarantine_end(known, now.date()),
        is_visit_late=visit_due_at is not None and visit_due_at < now,
        status=status,
        may_withdraw=bool(steps & WITHDRAWABLE) and not known.values.get("withdrawn"),
        tasks=[(form, questionnaires.FORMS[form]) for form in tasks if form not in on_their_way],
        on_their_way=[questionnaires.FORMS[form].title for form in on_their_way],
        has_code=resources().access.has_code(known.reference),
        erasure=resources().erasures.find(known.reference),
    )


@pages.route("/case/withdraw", methods=["GET", "POST"])
def withdraw() -> str | Response | tuple[str, int]:
    known = _case()
    if known is None:
        return redirect(url_for("sign_in.ask"))
    steps = set() if known.ended_at or known.values.get("withdrawn") else current_steps(resources().engine, known)
    if not steps & WITHDRAWABLE:
        return render_template("already_sent.html", title=_("Cancel my request"))
    if request.method == "GET":
        return render_template("withdraw.html", is_testing=bool(steps & TESTING), is_told=SubProcess.REPORT in steps)
    try:
        resources().engine.correlate(Message.CASE_WITHDRAWN, known.reference, {"withdrawn": True})
    except EngineRefused as error:
        if error.status != 400:
            raise
        return render_template("already_sent.html", title=_("Cancel my request"))
    confirmation.remember(confirmation.WITHDRAWAL)
    return redirect(url_for("patient.case"), 303)


@pages.route("/case/erase", methods=["GET", "POST"])
def erase() -> str | Response:
    """Have everything erased, once the case has ended."""
    reference = sessions.case_reference()
    if reference is None:
        return redirect(url_for("sign_in.ask"))
    if request.method == "GET":
        return render_template("erase.html", asked=resources().erasures.find(reference) is not None)
    resources().erasures.request(reference, PATIENT)
    sessions.reset()
    return render_template("erasure_asked.html", reference=reference)


@pages.get("/case/seen-by")
def seen_by() -> str | Response:
    """Who has seen what the patient said, by role."""
    reference = sessions.case_reference()
    if reference is None:
        return redirect(url_for("sign_in.ask"))
    found = list_accesses(resources().engine, reference)
    return render_template("seen_by.html", accesses=[(each, role_of(each.groups), DONE[each.kind]) for each in found])


@pages.route("/case/access-code", methods=["GET", "POST"])
def access_code() -> str | Response:
    known = _case()
    if known is None:
        return redirect(url_for("sign_in.ask"))
    code, reference = None, known.reference
    if request.method == "POST":
        address = known.values.get("email") or known.values.get("phone") or ""
        click, since = request.form.get("page_token", ""), request.form.get("since", "")
        code = resources().access.replace_code(reference, known.values["date_of_birth"], address, click, since)
    return render_template(
        "access_code.html",
        code=code,
        is_newer=request.method == "POST" and code is None,
        since=resources().access.code_created_at(reference),
        page_token=sessions.create_page_token(reference, f"access code {secrets.token_hex(16)}"),
    )


def _case() -> Case | None:
    reference = sessions.case_reference()
    return find_case(resources().engine, reference) if reference else None


def _position(reference: str, wait: bool) -> Position | None:
    """Where the case stands; None where there is none.

    Args:
        wait: after something was sent, wait for the engine to leave the steps that take it a moment.
    """
    deadline = time.monotonic() + (ASSESSMENT_WAIT_S if wait else 0)
    while True:
        known = find_case(resources().engine, reference)
        if known is None:
            return None
        steps = set() if known.ended_at else current_steps(resources().engine, known)
        status = status_of(known, steps)
        if status.must_call:
            # the assessment may have come between the two readings: values that are older than the steps lack it
            known = find_case(resources().engine, reference) or known
            status = status_of(known, steps)
        is_passing = status.assessing or (status.is_brief and confirmation.pending())
        if not is_passing or time.monotonic() > deadline:
            return Position(known, steps, status)
        time.sleep(0.1)
