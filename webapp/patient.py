"""The patient's pages beside their forms: the start, where the case stands, withdrawing, the access code."""

from __future__ import annotations

import time

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from processes.audit import accesses
from processes.cases import Case, current_steps, find_case, open_tasks
from processes.engine import Engine, EngineRefused, EngineUnavailable
from processes.messages import Message
from records.access import Access
from records.erasures import PATIENT, Erasures
from webapp import asked, languages, sessions
from webapp.seen import DONE, role_of
from webapp.status import CLASSIFICATIONS, RESULTS, WITHDRAWABLE, advice_of, status_of

pages = Blueprint("patient", __name__)

ASSESSMENT_WAIT_S = 3.0


@pages.get("/")
def home() -> str:
    return render_template("home.html")


@pages.get("/case")
def case() -> str | Response | tuple[str, int]:
    sessions.open_begun_case()
    reference = sessions.case_reference()
    if reference is None:
        return redirect(url_for("sign_in.ask"))
    on_their_way = current_app.extensions["submissions"].on_their_way(reference)
    try:
        known = _assessed_case(reference, wait=asked.PRE_SCREENING not in on_their_way)
    except EngineUnavailable:
        if not on_their_way:
            raise
        known = None
    if known is None and not on_their_way:
        # it was erased meanwhile
        sessions.renew()
        return redirect(url_for("sign_in.ask"))
    if known is None:
        titles = [asked.FORMS[form].title for form in on_their_way]
        return render_template("kept.html", titles=titles, reference=reference)
    languages.follow(known.values.get("language"))
    return _case_page(known, on_their_way)


def _case_page(known: Case, on_their_way: list[str]) -> str:
    tasks = [task.form for task in open_tasks(_engine(), known.reference) if task.form in asked.TASKS]
    steps = set() if known.ended_at else current_steps(_engine(), known)
    return render_template(
        "case.html",
        case=known,
        result=RESULTS.get(known.values.get("lab_result")) if known.values.get("result_told_at") else None,
        classification=CLASSIFICATIONS.get(known.values.get("case_classification")),
        advice=advice_of(known),
        status=status_of(known, steps),
        may_withdraw=bool(steps & WITHDRAWABLE),
        tasks=[(form, asked.FORMS[form]) for form in tasks if form not in on_their_way],
        on_their_way=[asked.FORMS[form].title for form in on_their_way],
        has_code=_access().has_code(known.reference),
        erasure=_erasures().find(known.reference),
    )


@pages.route("/case/withdraw", methods=["GET", "POST"])
def withdraw() -> str | Response | tuple[str, int]:
    known = _case()
    if known is None:
        return redirect(url_for("sign_in.ask"))
    if request.method == "GET":
        return render_template("withdraw.html", case=known)
    try:
        _engine().correlate(Message.CASE_WITHDRAWN, known.reference, {"withdrawn": True})
    except EngineRefused as error:
        if error.status != 400:
            raise
        return render_template("already_sent.html", title=_("Withdraw"))
    return redirect(url_for("patient.case"))


@pages.route("/case/erase", methods=["GET", "POST"])
def erase() -> str | Response:
    """Have everything erased, once the case has ended."""
    reference = sessions.case_reference()
    if reference is None:
        return redirect(url_for("sign_in.ask"))
    if request.method == "GET":
        return render_template("erase.html", asked=_erasures().find(reference) is not None)
    _erasures().ask(reference, PATIENT)
    sessions.renew()
    return render_template("erasure_asked.html", reference=reference)


@pages.get("/case/seen-by")
def seen_by() -> str | Response:
    """Who has seen what the patient said, by role."""
    reference = sessions.case_reference()
    if reference is None:
        return redirect(url_for("sign_in.ask"))
    found = accesses(_engine(), reference)
    return render_template("seen_by.html", accesses=[(each, role_of(each.groups), DONE[each.kind]) for each in found])


@pages.route("/case/access-code", methods=["GET", "POST"])
def access_code() -> str | Response:
    known = _case()
    if known is None:
        return redirect(url_for("sign_in.ask"))
    code = None
    if request.method == "POST":
        address = known.values.get("email") or known.values.get("phone") or ""
        code = _access().new_code(known.reference, known.values["date_of_birth"], address)
    return render_template("access_code.html", code=code, has_code=_access().has_code(known.reference))


def _engine() -> Engine:
    return current_app.extensions["engine"]


def _erasures() -> Erasures:
    return current_app.extensions["erasures"]


def _access() -> Access:
    return current_app.extensions["access"]


def _case() -> Case | None:
    reference = sessions.case_reference()
    return find_case(_engine(), reference) if reference else None


def _assessed_case(reference: str, wait: bool) -> Case | None:
    """The case, once its assessment is there: the engine makes it a moment after the pre-screening was sent."""
    deadline = time.monotonic() + ASSESSMENT_WAIT_S
    known = find_case(_engine(), reference)
    while wait and known and "orientation" not in known.values and time.monotonic() < deadline:
        time.sleep(0.1)
        known = find_case(_engine(), reference)
    return known
