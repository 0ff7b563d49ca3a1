"""The pages of forms: one topic a page, a check page with all answers, and submission.

The answers of each page are saved on the server in a draft. A form is submitted once: its answers are stored durably,
then acknowledged, and delivered to the engine as soon as it is available.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from camunda7.engine import EngineError, EngineUnavailable
from camunda7.forms import Page
from camunda7.forms.template import Translate
from processes.cases import find_case, open_tasks
from webapp import carers, confirmation, languages, questionnaires, sessions, unusable_forms
from webapp.commands import Command, CompleteTask
from webapp.drafts import FormDraft, draft_key
from webapp.formatting import day
from webapp.resources import resources
from webapp.status import ADVICE, CALL_NOW
from webapp.unusable_forms import UnusableForm

log = logging.getLogger("webapp.forms")

# fields of the pages that aren't the form's
LANGUAGE_FIELD = "page-language"
PAGE_FIELDS = {"csrf_token", "page_token", "send", LANGUAGE_FIELD}
# message that a request has arrived
RECEIPT = "request_received"
# query parameter after a redirect that has set the cookie
COOKIE_PARAMETER = "cookie"

pages = Blueprint("forms", __name__, url_prefix="/forms")


@pages.get("/<name>")
def begin(name: str) -> ResponseReturnValue:
    """Redirect to the first page that isn't answered yet."""
    _require_form(name)
    is_worsening = name == questionnaires.SYMPTOMS_WORSENED
    if name == questionnaires.PRE_SCREENING and sessions.open_submitted_case():
        return redirect(url_for("patient.case"))
    if name != questionnaires.PRE_SCREENING and not sessions.case_reference():
        return _render_worsening_advice() if is_worsening else redirect(url_for("sign_in.show_sign_in"))
    if not sessions.has_cookie():
        return _check_cookies(name)
    draft = _find_or_create_draft(name)
    if draft is None:
        return _render_worsening_advice() if is_worsening else _render_not_open(name)
    if not draft.version:
        resources().drafts.save(draft)
    if name == questionnaires.PRE_SCREENING:
        sessions.remember_pre_screening(draft.command.key)
    return redirect(_next_url(draft))


@pages.get("/<name>/<int:number>")
def page(name: str, number: int) -> ResponseReturnValue:
    draft = _find_draft(name)
    if draft is None:
        return redirect(url_for("forms.begin", name=name))
    shown = _get_page(draft, number)
    stopping = draft.stopping_page
    is_beyond = stopping is not None and number > stopping.number
    return redirect(_next_url(draft)) if is_beyond or shown not in draft.pages else _render_page(draft, shown)


@pages.post("/<name>/<int:number>")
def answer(name: str, number: int) -> ResponseReturnValue:
    draft = _find_draft(name)
    if draft is None:
        return _render_not_open(name)
    _get_page(draft, number)
    saved = _save_post(draft, number)
    if saved is None:
        return _render_not_open(name)
    draft, rows_changed = saved
    answered = _get_page(draft, number)
    if LANGUAGE_FIELD in request.form:
        languages.change_language(request.form[LANGUAGE_FIELD])
        return redirect(request.path, 303)
    if rows_changed:
        return _render_page(draft, answered)
    for component, pattern in draft.answers.slow_patterns.items():
        finding = f"component {component}: matching an answer against the pattern {pattern} took too long"
        unusable_forms.report(UnusableForm(name, finding))
    if not answered.is_answered(draft.answers):
        return _render_page(draft, answered, checked=True)
    if _is_emergency(draft, answered):
        draft.command = replace(draft.command, emergency_signs_only=True)
        return _send(draft, answered.values(draft.answers))
    if _is_sent_from_page(draft):
        return _send(draft, draft.answers.values)
    return redirect(_next_url(draft), 303)


@pages.get("/<name>/check")
def check(name: str) -> ResponseReturnValue:
    """Show all answers, for the patient to check before submission."""
    draft = _find_draft(name)
    if draft is None:
        return redirect(url_for("forms.begin", name=name))
    if draft.unanswered or draft.stopping_page:
        return redirect(_next_url(draft))
    form = draft.form
    translate = _choose_wording(draft)
    summaries = [
        (page.number, translate(page.title), form.summary(page, draft.answers, translate, day)) for page in draft.pages
    ]
    return render_template(
        "check.html",
        name=name,
        questionnaire=questionnaires.FORMS[name],
        summaries=summaries,
        back=draft.pages[-1].number,
        person=_find_person(draft),
        page_token=sessions.create_page_token(draft.owner, name),
    )


@pages.post("/<name>/check")
def send(name: str) -> ResponseReturnValue:
    draft = _find_draft(name)
    if draft is None:
        return _render_not_open(name)
    is_incomplete = draft.unanswered or draft.stopping_page
    return redirect(_next_url(draft), 303) if is_incomplete else _send(draft, draft.answers.values)


@pages.get("/<name>/stopped")
def stopped(name: str) -> ResponseReturnValue:
    """Say whom to call, if an answer has ended the form: the symptom check isn't for people under 15."""
    draft = _find_draft(name)
    stopping = draft.stopping_page if draft else None
    if stopping is None:
        return redirect(url_for("forms.begin", name=name))
    title, paragraphs = ADVICE["under_15"]
    back = url_for("forms.page", name=name, number=stopping.number)
    return render_template("stopped.html", title=title, paragraphs=paragraphs, back=back)


def handle_expired_session() -> ResponseReturnValue | None:
    """Save the answers of a form's page that was rendered for an earlier session, so that they aren't lost.

    Returns:
        A redirect to the form or to the sign-in, or the page that the form was already submitted; None if the request
        isn't a form's page, or didn't come from one of our pages.
    """
    view = request.view_args or {}
    is_form = request.endpoint in ("forms.answer", "forms.send") and view["name"] in questionnaires.FORMS
    token = request.form.get("page_token", "")
    if not is_form or not sessions.is_same_origin(token):
        return None
    parsed = sessions.parse_page_token(token)
    draft = resources().drafts.find(*parsed) if parsed and parsed[1] == view["name"] else None
    if draft is None:
        return _render_not_open(view["name"]) if sessions.case_reference() and not _find_draft(view["name"]) else None
    if request.endpoint == "forms.answer":
        _get_page(draft, view["number"])
        if _save_post(draft, view["number"]) is None:
            return _render_not_open(view["name"])
    if sessions.restore_draft_owner(draft.owner) or sessions.switch_case(draft.owner):
        return redirect(url_for("forms.begin", name=draft.name), 303)
    session["answers_saved"] = True
    return redirect(url_for("sign_in.show_sign_in"), 303)


def _require_form(name: str) -> None:
    if name not in questionnaires.FORMS:
        abort(404)


def _find_draft(name: str) -> FormDraft | None:
    """Find the form's draft of this session's case or browser."""
    _require_form(name)
    owner = sessions.get_draft_owner()
    return resources().drafts.find(owner, name) if owner else None


def _save_post(draft: FormDraft, number: int) -> tuple[FormDraft, bool] | None:
    """Save what was posted from a page.

    Returns:
        The newest version of the draft, and whether the post added or removed rows; None if the form was submitted
        after the draft was read.
    """
    posted = MultiDict((key, text) for key, text in request.form.items(True) if key not in PAGE_FIELDS)
    saved = resources().drafts.fill_in(draft, number, posted)
    if saved is None:
        return None
    draft, filled = saved
    if filled.dropped:
        # only their number: clients choose the names of fields, which may be personal data
        log.warning("%s: dropped %s posted fields that the page doesn't have", draft.name, filled.dropped)
    return draft, filled.rows_changed


def _find_or_create_draft(name: str) -> FormDraft | None:
    """Return the form's draft, or a new one; None if the case doesn't wait for the form."""
    draft = _find_draft(name)
    try:
        return _validate_draft(name, draft)
    except EngineUnavailable:
        # a draft can be completed while the engine is unavailable
        if draft is None:
            raise
        return draft


def _validate_draft(name: str, draft: FormDraft | None) -> FormDraft | None:
    """Return the draft if the case still waits for it, or a new one; None if the case doesn't wait for the form."""
    drafts, forms, owner = resources().drafts, resources().task_forms, sessions.ensure_draft_owner()
    if name == questionnaires.PRE_SCREENING:
        return draft or questionnaires.create_pre_screening(drafts, forms, owner, session.get("exposed_to"))
    engine, reference = resources().engine, sessions.case_reference()
    if reference is None:
        return None
    if name == questionnaires.SYMPTOMS_WORSENED:
        case = find_case(engine, reference)
        if case is None or case.ended_at:
            return None
        return draft or questionnaires.create_symptoms_worsened(drafts, forms, owner, case)
    task = next((task for task in open_tasks(engine, reference) if task.form == name), None)
    if task is None:
        return None
    if draft and isinstance(draft.command, CompleteTask) and draft.command.task_id == task.id:
        return draft
    case = find_case(engine, reference)
    # None: the case was erased between the two queries
    return questionnaires.create_task_draft(drafts, forms, owner, case, task) if case else None


def _get_page(draft: FormDraft, number: int) -> Page:
    if not 1 <= number <= len(draft.form.pages):
        abort(404)
    return draft.form.pages[number - 1]


def _is_sent_from_page(draft: FormDraft) -> bool:
    """Whether the form has a single page, and no check page."""
    return len(draft.form.pages) == 1 and not questionnaires.FORMS[draft.name].is_checked


def _next_url(draft: FormDraft) -> str:
    if draft.stopping_page:
        return url_for("forms.stopped", name=draft.name)
    page = draft.unanswered
    if page is None and _is_sent_from_page(draft):
        page = draft.form.pages[0]
    if page is None:
        return url_for("forms.check", name=draft.name)
    return url_for("forms.page", name=draft.name, number=page.number)


def _render_page(draft: FormDraft, page: Page, checked: bool = False) -> str:
    form, answers, translate = draft.form, draft.answers, _choose_wording(draft)
    questionnaire = questionnaires.FORMS[draft.name]
    problems = form.problems(page, answers, translate) if checked else []
    before = [other.number for other in draft.pages if other.number < page.number]
    return render_template(
        "form.html",
        name=draft.name,
        questionnaire=questionnaire,
        purpose=carers.choose_purpose(questionnaire, _find_for_whom(draft)),
        page_title=translate(page.title),
        is_first=not before,
        is_sent=_is_sent_from_page(draft),
        back=before[-1] if before else None,
        progress=draft.progress(page),
        problems=problems,
        more=checked and not problems,
        refusals=questionnaires.describe_refusals(draft.command.context.get("refused")),
        fields=form.html(page, answers, checked, translate, True, resources().place, day),
        person=_find_person(draft),
        page_token=sessions.create_page_token(draft.owner, draft.name),
    )


def _choose_wording(draft: FormDraft) -> Translate:
    """Return what translates the form's texts, for whom the answers are."""
    return carers.choose_wording(_find_for_whom(draft))


def _find_for_whom(draft: FormDraft) -> str | None:
    return draft.answers.values.get("for_whom") or draft.command.context.get("for_whom")


def _find_person(draft: FormDraft) -> str | None:
    """Return the given name of the patient if this session has cases of several people."""
    return draft.command.context.get("given_name") if len(sessions.list_cases()) > 1 else None


def _is_emergency(draft: FormDraft, page: Page) -> bool:
    """Whether the page's decision finds an emergency in its answers, so that the remaining pages are skipped."""
    values = page.values(draft.answers)
    if not page.decision or not any(values.values()):
        return False
    try:
        rows = resources().engine.evaluate(page.decision, values)
    except EngineError:
        # while the decision can't be evaluated, any sign counts as an emergency
        return True
    return any(True in outputs.values() for outputs in rows)


def _send(draft: FormDraft, values: dict[str, Any]) -> ResponseReturnValue:
    """Store the answers durably and try to deliver them to the engine; the forwarder retries if that fails."""
    command = draft.command
    content = {**command.to_json(), "values": values, "language": languages.language()}
    submissions = resources().submissions
    submissions.add(command.key, command.case_reference, draft.name, content, draft_key(draft.owner, draft.name))
    resources().forwarder.forward(command.key)
    if submissions.is_void(command.key):
        return _render_not_open(draft.name)
    if command.opens_case:
        sessions.open_case(command.case_reference)
    if command.emergency_signs_only:
        sessions.record_emergency()
    languages.select_language(values.get("language"))
    if values.get("wants_evaluation") == "yes":
        _send_receipt(command.case_reference, values)
        return _render_access_code(command, values)
    confirmation.record(draft.name, command.context.get("orientation"))
    return redirect(url_for("patient.case"), 303)


def _send_receipt(reference: str, values: dict[str, Any]) -> None:
    """Send a message that the request has arrived; patients who are called by telephone read it on the page only."""
    address = {"email": values.get("email"), "sms": values.get("phone")}.get(values["channel"])
    if address:
        key = f"{reference}/{RECEIPT}"
        resources().outbox.add(key, values["channel"], address, RECEIPT, languages.language())


def _render_access_code(command: Command, values: dict[str, Any]) -> str:
    """Render the confirmation of a request with the access code, which isn't shown again."""
    address = values.get("email") or values.get("phone") or ""
    # the page's token is the same for a double click, so that both responses show the same code
    click = request.form.get("page_token", "")
    date_of_birth = command.context.get("date_of_birth") or ""
    code = resources().access.create_code(command.case_reference, date_of_birth, address, click)
    return render_template("access_code.html", code=code, click=click, is_confirmation=True)


def _check_cookies(name: str) -> ResponseReturnValue:
    """Set the cookie and redirect; a browser that follows without the cookie gets the page on cookies."""
    if COOKIE_PARAMETER in request.args:
        return render_cookies_needed()
    sessions.send_cookie()
    parameters: dict[str, Any] = {COOKIE_PARAMETER: "sent"}
    return redirect(url_for("forms.begin", name=name, **parameters))


def render_cookies_needed() -> ResponseReturnValue:
    """Render the page that says why forms need cookies, and what to do."""
    return render_template("cookies_needed.html", emergency_advice=CALL_NOW), 400


def _render_not_open(name: str) -> str:
    """Render the page that says whether a form was sent, or isn't needed."""
    reference, form = sessions.case_reference(), questionnaires.FORMS[name].title
    title = _("You don't need to send this")
    text = _("We don't need “%(form)s” from you at the moment.", form=form)
    if reference and resources().submissions.is_sent(reference, name):
        title = _("You've already sent this")
        text = _("We have “%(form)s”. You don't need to send it again.", form=form)
    return render_template("not_open.html", title=title, text=text)


def _render_worsening_advice() -> str:
    """Render the advice for people who feel worse and have no case in this session, or one that has ended."""
    signed_in = sessions.case_reference() is not None
    return render_template("worsening_advice.html", signed_in=signed_in, emergency_advice=CALL_NOW)
