"""The patient's pages: pre-screening, the forms of their open tasks, where the case stands, signing in."""

from __future__ import annotations

import time
from typing import Any

from flask import Blueprint, abort, current_app, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from processes.cases import Case, OpenTask, current_steps, find_case, new_reference, open_tasks, start_case
from processes.engine import Engine, EngineRefused, EngineUnavailable
from records import access
from webapp.camunda_forms import Answers, Form
from webapp.status import ADVICE, WITHDRAWABLE, status_of

pages = Blueprint("patient", __name__)

# what each form of the patient is called on its page, and about how long it takes
FORMS = {
    "evaluation_request": ("Request an evaluation", 3),
    "medical_form": ("Medical form", 5),
    "close_contacts": ("Your close contacts", 5),
    "review": ("Your opinion of CoronaCare", 1),
}
ASSESSMENT_WAIT_S = 3.0


@pages.get("/")
def home() -> str:
    return render_template("home.html")


@pages.route("/pre-screening", methods=["GET", "POST"])
def pre_screening() -> str | Response | tuple[str, int]:
    form = current_app.extensions["task_forms"].of_start()
    title, minutes = "Pre-screening", 3
    if request.method == "GET":
        session.setdefault("next_case", new_reference())
        return _form_page(form, form.begun(), title, minutes)
    answers = form.read(request.form)
    if not answers.accepted:
        return _form_page(form, answers, title, minutes)
    case_reference = session.get("next_case") or new_reference()
    try:
        start_case(
            _engine(),
            case_reference,
            answers.values,
            current_app.extensions["policy"],
            exposed_to=session.get("exposed_to"),
        )
    except EngineUnavailable:
        return _form_page(form, answers, title, minutes, unsent=True), 503
    _open_session(case_reference)
    return redirect(url_for("patient.case"))


@pages.get("/case")
def case() -> str | Response:
    known = _assessed_case()
    if known is None:
        return redirect(url_for("patient.sign_in"))
    tasks = [task for task in open_tasks(_engine(), known.reference) if task.form in FORMS]
    steps = set() if known.ended_at else current_steps(_engine(), known)
    return render_template(
        "case.html",
        case=known,
        advice=ADVICE.get(known.values.get("orientation_now") or known.values.get("orientation", "")),
        status=status_of(known, steps),
        may_withdraw=bool(steps & WITHDRAWABLE),
        tasks=[(task.form, *FORMS[task.form]) for task in tasks],
        has_code=access.has_code(known.reference),
    )


@pages.route("/case/forms/<name>", methods=["GET", "POST"])
def task_form(name: str) -> str | Response | tuple[str, int]:
    if name not in FORMS:
        abort(404)
    known = _case()
    if known is None:
        return redirect(url_for("patient.sign_in"))
    task = next((task for task in open_tasks(_engine(), known.reference) if task.form == name), None)
    if task is None:
        return render_template("already_sent.html", title=FORMS[name][0])
    form = current_app.extensions["task_forms"].of_task(task)
    more = {"reason": known.values.get("contacts_refused")} if name == "close_contacts" else {}
    if request.method == "GET":
        return _form_page(form, form.begun(known.values, known.values), *FORMS[name], **more)
    answers = form.read(request.form, known.values)
    if not answers.accepted:
        return _form_page(form, answers, *FORMS[name], **more)
    return _submit(task, form, answers)


@pages.route("/case/worse", methods=["GET", "POST"])
def worse() -> str | Response | tuple[str, int]:
    """ "I feel worse": today's symptoms are assessed again."""
    known = _case()
    if known is None:
        return redirect(url_for("patient.sign_in"))
    if known.ended_at:
        return redirect(url_for("patient.pre_screening"))
    form = current_app.extensions["task_forms"].of_message("symptoms_worsened")
    title, minutes = "I feel worse", 1
    if request.method == "GET":
        return _form_page(form, form.begun(), title, minutes)
    answers = form.read(request.form)
    if not answers.accepted:
        return _form_page(form, answers, title, minutes)
    try:
        _engine().correlate("symptoms_worsened", known.reference, answers.values)
    except EngineUnavailable:
        return _form_page(form, answers, title, minutes, unsent=True), 503
    except EngineRefused:
        # it has ended in the meantime
        return redirect(url_for("patient.pre_screening"))
    return redirect(url_for("patient.case"))


@pages.route("/case/withdraw", methods=["GET", "POST"])
def withdraw() -> str | Response | tuple[str, int]:
    known = _case()
    if known is None:
        return redirect(url_for("patient.sign_in"))
    if request.method == "GET":
        return render_template("withdraw.html", case=known)
    try:
        _engine().correlate("case_withdrawn", known.reference, {"withdrawn": True})
    except EngineRefused as error:
        if error.status != 400:
            raise
        return render_template("already_sent.html", title="Withdraw")
    return redirect(url_for("patient.case"))


@pages.route("/case/access-code", methods=["GET", "POST"])
def access_code() -> str | Response:
    known = _case()
    if known is None:
        return redirect(url_for("patient.sign_in"))
    if request.method == "GET" and access.has_code(known.reference):
        return render_template("access_code.html", code=None)
    code = access.new_code(known.reference, known.values["date_of_birth"])
    return render_template("access_code.html", code=code)


@pages.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> str | Response | tuple[str, int]:
    if request.method == "GET":
        return render_template("sign_in.html", refused=False)
    birth = "-".join(
        request.form.get(f"date_of_birth-{part}", "").strip().zfill(digits)
        for part, digits in (("year", 4), ("month", 2), ("day", 2))
    )
    case_reference = access.case_of(request.form.get("access_code", ""), birth)
    if case_reference is None:
        return render_template("sign_in.html", refused=True), 403
    _open_session(case_reference)
    return redirect(url_for("patient.case"))


@pages.post("/sign-out")
def sign_out() -> Response:
    session.clear()
    return redirect(url_for("patient.home"))


def _engine() -> Engine:
    return current_app.extensions["engine"]


def _open_session(case_reference: str) -> None:
    session.clear()
    session["case"] = case_reference


def _case() -> Case | None:
    return find_case(_engine(), session["case"]) if "case" in session else None


def _assessed_case() -> Case | None:
    """The case, once its assessment is there: the engine makes it a moment after the pre-screening was sent."""
    deadline = time.monotonic() + ASSESSMENT_WAIT_S
    known = _case()
    while known and "orientation" not in known.values and time.monotonic() < deadline:
        time.sleep(0.1)
        known = _case()
    return known


def _submit(task: OpenTask, form: Form, answers: Answers) -> str | Response | tuple[str, int]:
    title, minutes = FORMS[task.form]
    try:
        _engine().submit(task.id, answers.values)
    except EngineUnavailable:
        return _form_page(form, answers, title, minutes, unsent=True), 503
    except EngineRefused:
        still_open = any(other.id == task.id for other in open_tasks(_engine(), task.case_reference))
        if still_open:
            raise
        return render_template("already_sent.html", title=title)
    if answers.values.get("wants_evaluation") == "yes":
        return redirect(url_for("patient.access_code"))
    return redirect(url_for("patient.case"))


def _form_page(form: Form, answers: Answers, title: str, minutes: int, **more: Any) -> str:
    return render_template(
        "form.html", title=title, minutes=minutes, errors=answers.errors, fields=form.html(answers),
        unseen=bool(answers.unseen) and request.method == "POST", **more,
    )  # fmt: skip
