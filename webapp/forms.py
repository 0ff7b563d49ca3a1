"""The pages of forms: one topic a page, the answers to look over, and sending them.

What is typed is kept on the server at each step. A form is sent once: kept with us first, acknowledged then, and
taken to the engine as soon as it can be reached.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from camunda7.engine import EngineError, EngineUnavailable
from camunda7.forms import Page
from processes.cases import find_case, open_tasks
from webapp import confirmation, languages, questionnaires, sessions, unusable_forms
from webapp.commands import Command, CompleteTask
from webapp.drafts import FormDraft, key_of
from webapp.formatting import translated
from webapp.resources import resources
from webapp.status import CALL_NOW
from webapp.unusable_forms import UnusableForm

log = logging.getLogger("webapp.forms")

# what the pages post beside a form's answers
OURS = {"csrf_token", "page_token", "send"}
# of an address: the cookie was set by the answer before
OFFERED = "cookie"

pages = Blueprint("forms", __name__, url_prefix="/forms")

Answer = str | Response | tuple[str, int]


@pages.get("/<name>")
def begin(name: str) -> Answer:
    """The first page that has yet to be answered."""
    _known_form(name)
    if name == questionnaires.PRE_SCREENING and sessions.open_submitted_case():
        return redirect(url_for("patient.case"))
    if name != questionnaires.PRE_SCREENING and not sessions.case_reference():
        return _worse() if name == questionnaires.SYMPTOMS_WORSENED else redirect(url_for("sign_in.show_sign_in"))
    if not sessions.has_cookie():
        return _cookie_wanted(name)
    draft = _up_to_date(name)
    if draft is None:
        return _worse() if name == questionnaires.SYMPTOMS_WORSENED else _not_open(name)
    if not draft.version:
        resources().drafts.keep(draft)
    if name == questionnaires.PRE_SCREENING:
        sessions.remember_pre_screening(draft.command.key)
    return redirect(_next_step(draft))


@pages.get("/<name>/<int:number>")
def page(name: str, number: int) -> Answer:
    draft = _draft(name)
    if draft is None:
        return redirect(url_for("forms.begin", name=name))
    shown = _page(draft, number)
    return _shown(draft, shown) if shown in draft.pages else redirect(_next_step(draft))


@pages.post("/<name>/<int:number>")
def answer(name: str, number: int) -> Answer:
    draft = _draft(name)
    if draft is None:
        return _not_open(name)
    _page(draft, number)
    taken = _take(draft, number)
    if taken is None:
        return _not_open(name)
    draft, rows_changed = taken
    answered = _page(draft, number)
    if rows_changed:
        return _shown(draft, answered)
    for component, pattern in draft.answers.slow_patterns.items():
        finding = f"component {component}: some answers to it can't be held against the pattern {pattern} in time"
        unusable_forms.report(UnusableForm(name, finding))
    if not answered.is_answered(draft.answers):
        return _shown(draft, answered, checked=True)
    if _is_emergency(draft, answered):
        draft.command = replace(draft.command, emergency_signs_only=True)
        return _send(draft, answered.values(draft.answers))
    if len(draft.form.pages) == 1:
        return _send(draft, draft.answers.values)
    return redirect(_next_step(draft), 303)


@pages.get("/<name>/check")
def check(name: str) -> Answer:
    """All answers, to look over before they are sent."""
    draft = _draft(name)
    if draft is None:
        return redirect(url_for("forms.begin", name=name))
    if draft.unanswered:
        return redirect(_next_step(draft))
    form, about = draft.form, questionnaires.FORMS[name]
    summaries = [(page, form.summary(page, draft.answers, translated)) for page in draft.pages]
    token = sessions.create_page_token(draft.owner, name)
    return render_template("check.html", name=name, about=about, summaries=summaries, page_token=token)


@pages.post("/<name>/check")
def send(name: str) -> Answer:
    draft = _draft(name)
    if draft is None:
        return _not_open(name)
    return redirect(_next_step(draft), 303) if draft.unanswered else _send(draft, draft.answers.values)


def of_another_session() -> Answer | None:
    """A page of a form was sent that an earlier session had been shown: nothing of it is lost.

    What was typed is kept, if the page was ours; a form that is sent already is so.
    """
    view = request.view_args or {}
    is_form = request.endpoint in ("forms.answer", "forms.send") and view["name"] in questionnaires.FORMS
    token = request.form.get("page_token", "")
    if not is_form or not sessions.is_same_origin(token):
        return None
    found = sessions.parse_page_token(token)
    draft = resources().drafts.find(*found) if found and found[1] == view["name"] else None
    if draft is None:
        return _not_open(view["name"]) if sessions.case_reference() and not _draft(view["name"]) else None
    if request.endpoint == "forms.answer":
        _page(draft, view["number"])
        if _take(draft, view["number"]) is None:
            return _not_open(view["name"])
    if sessions.restore_draft_owner(draft.owner):
        return redirect(url_for("forms.begin", name=draft.name), 303)
    session["answers_saved"] = True
    return redirect(url_for("sign_in.show_sign_in"), 303)


def _known_form(name: str) -> None:
    if name not in questionnaires.FORMS:
        abort(404)


def _draft(name: str) -> FormDraft | None:
    """What this browser, or the case that it has open, has typed into the form."""
    _known_form(name)
    owner = sessions.get_draft_owner()
    return resources().drafts.find(owner, name) if owner else None


def _take(draft: FormDraft, number: int) -> tuple[FormDraft, bool] | None:
    """Keep what was posted from a page.

    Returns:
        The newest draft, and whether only rows were added or removed; None when the form was sent since it was read.
    """
    posted = MultiDict((key, text) for key, text in request.form.items(True) if key not in OURS)
    taken = resources().drafts.fill_in(draft, number, posted)
    if taken is None:
        return None
    draft, filled = taken
    if filled.dropped:
        # how many; their names are whatever somebody wrote
        log.warning("%s: %s posted values that the page doesn't ask for are dropped", draft.name, filled.dropped)
    return draft, filled.rows_changed


def _up_to_date(name: str) -> FormDraft | None:
    """The draft if it is still asked for, or a new one; None when the form isn't asked for now."""
    draft = _draft(name)
    try:
        return _asked_for(name, draft)
    except EngineUnavailable:
        # what was begun can be finished while the engine is away
        if draft is None:
            raise
        return draft


def _asked_for(name: str, draft: FormDraft | None) -> FormDraft | None:
    drafts, forms, owner = resources().drafts, resources().task_forms, sessions.ensure_draft_owner()
    if name == questionnaires.PRE_SCREENING:
        return draft or questionnaires.pre_screening(drafts, forms, owner, session.get("exposed_to"))
    engine, reference = resources().engine, sessions.case_reference()
    if reference is None:
        return None
    if name == questionnaires.SYMPTOMS_WORSENED:
        case = find_case(engine, reference)
        if case is None or case.ended_at:
            return None
        return draft or questionnaires.symptoms_worsened(drafts, forms, owner, case)
    task = next((task for task in open_tasks(engine, reference) if task.form == name), None)
    if task is None:
        return None
    if draft and isinstance(draft.command, CompleteTask) and draft.command.task_id == task.id:
        return draft
    case = find_case(engine, reference)
    # None: the case was erased between the two queries
    return questionnaires.task(drafts, forms, owner, case, task) if case else None


def _page(draft: FormDraft, number: int) -> Page:
    if not 1 <= number <= len(draft.form.pages):
        abort(404)
    return draft.form.pages[number - 1]


def _next_step(draft: FormDraft) -> str:
    page = draft.unanswered
    if page is None and len(draft.form.pages) == 1:
        page = draft.form.pages[0]
    if page is None:
        return url_for("forms.check", name=draft.name)
    return url_for("forms.page", name=draft.name, number=page.number)


def _shown(draft: FormDraft, page: Page, checked: bool = False) -> str:
    form, answers = draft.form, draft.answers
    problems = form.problems(page, answers, translated) if checked else []
    before = [other.number for other in draft.pages if other.number < page.number]
    return render_template(
        "form.html",
        name=draft.name,
        about=questionnaires.FORMS[draft.name],
        page=page,
        is_first=not before,
        back=before[-1] if before else None,
        problems=problems,
        more=checked and not problems,
        reasons=questionnaires.reasons(draft.command.context.get("refused")),
        fields=form.html(page, answers, checked, translated),
        page_token=sessions.create_page_token(draft.owner, draft.name),
    )


def _is_emergency(draft: FormDraft, page: Page) -> bool:
    """Whether the page's decision is true of its answers, so that no other question is asked."""
    values = page.values(draft.answers)
    if not page.decision or not any(values.values()):
        return False
    try:
        found = resources().engine.evaluate(page.decision, values)
    except EngineError:
        # while the decision can't be evaluated, any sign is taken for an emergency
        return True
    return any(True in outputs.values() for outputs in found)


def _send(draft: FormDraft, values: dict[str, Any]) -> Answer:
    """Keep the answers durably, then take them to the engine, now or later."""
    command = draft.command
    content = {**command.to_json(), "values": values, "language": languages.language()}
    submissions = resources().submissions
    submissions.add(command.key, command.case_reference, draft.name, content, key_of(draft.owner, draft.name))
    resources().forwarder.forward(command.key)
    if submissions.is_void(command.key):
        return _not_open(draft.name)
    if command.opens_case:
        sessions.open_case(command.case_reference)
    if command.emergency_signs_only:
        sessions.record_emergency()
    languages.prefer(values.get("language"))
    if values.get("wants_evaluation") == "yes":
        return _access_code(command, values)
    confirmation.remember(draft.name, command.context.get("orientation"))
    return redirect(url_for("patient.case"), 303)


def _access_code(command: Command, values: dict[str, Any]) -> str:
    """The confirmation of a request: the access code is shown here, once."""
    address = values.get("email") or values.get("phone") or ""
    # the page's token names the click: of two clicks at once each shows the same code
    click = request.form.get("page_token", "")
    date_of_birth = command.context.get("date_of_birth") or ""
    code = resources().access.create_code(command.case_reference, date_of_birth, address, click)
    return render_template("access_code.html", code=code, sent=True)


def _cookie_wanted(name: str) -> Answer:
    """Set the cookie and have the browser come again; one that comes without it takes none."""
    if OFFERED in request.args:
        return cookies_needed()
    sessions.send_cookie()
    offered: dict[str, Any] = {OFFERED: "sent"}
    return redirect(url_for("forms.begin", name=name, **offered))


def cookies_needed() -> Answer:
    """Say why nothing can be filled in without cookies, and what to do."""
    return render_template("cookies_needed.html", emergency_advice=CALL_NOW), 400


def _not_open(name: str) -> str:
    return render_template("already_sent.html", title=questionnaires.FORMS[name].title)


def _worse() -> str:
    """What to do for whoever feels worse and has no case open, or one that has ended."""
    return render_template("worse.html", signed_in=bool(sessions.case_reference()), emergency_advice=CALL_NOW)
