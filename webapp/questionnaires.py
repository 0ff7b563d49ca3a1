"""What patients are asked: each form's title, what it is for, how long it takes, and how it is begun."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _

from processes.cases import Case, OpenTask, new_reference
from processes.elements import Message
from webapp.commands import CompleteTask, CorrelateMessage, FormContext, StartCase
from webapp.drafts import FormDraft, FormDrafts
from webapp.formatting import day
from webapp.task_forms import TaskForms


@dataclass(frozen=True)
class Questionnaire:
    """A form as patients know it.

    Attributes:
        minutes: about how long it takes.
    """

    title: str
    purpose: str
    minutes: int


PRE_SCREENING, SYMPTOMS_WORSENED = "pre_screening", "symptoms_worsened"
FORMS = {
    PRE_SCREENING: Questionnaire(_("Symptom check"), _("We'll ask about your symptoms and tell you what to do."), 3),
    SYMPTOMS_WORSENED: Questionnaire(
        _("I feel worse"), _("Tell us how you feel today and find out straight away what to do."), 1
    ),
    "evaluation_request": Questionnaire(
        _("Request a home visit and a test"), _("Ask for a visit, a test and a doctor's report."), 3
    ),
    "medical_form": Questionnaire(_("Medical form"), _("The doctor will read your answers."), 3),
    "close_contacts": Questionnaire(
        _("Your close contacts"), _("The health authority will contact them without giving your name."), 5
    ),
    "review": Questionnaire(_("Your feedback"), _("Tell us how we did."), 1),
}
# why a list of contacts came back: the input to change, and the message
CONTACT_REFUSED = {
    "before_infectious_days": (
        "last_exposure_date-day",
        _("%(name)s: enter %(day)s or later. You weren't infectious before then."),
    ),
    "in_the_future": ("last_exposure_date-day", _("%(name)s: the day must be today or in the past.")),
    "no_day": ("last_exposure_date-day", _("%(name)s: enter the day you were last close to them.")),
    "no_address": ("email", _("%(name)s: enter an email address or a phone number.")),
}
# those that are tasks of the engine
TASKS = frozenset(FORMS) - {PRE_SCREENING, SYMPTOMS_WORSENED}


def pre_screening(drafts: FormDrafts, forms: TaskForms, owner: str, exposed_to: str | None) -> FormDraft:
    """The pre-screening of a case to come."""
    reference = new_reference()
    command = StartCase(case_reference=reference, key=f"{reference}/{PRE_SCREENING}", exposed_to=exposed_to)
    return drafts.new(owner, PRE_SCREENING, forms.of_start(PRE_SCREENING), command, {})


def symptoms_worsened(drafts: FormDrafts, forms: TaskForms, owner: str, case: Case) -> FormDraft:
    """What a patient says who feels worse; as often as they do."""
    command = CorrelateMessage(
        message=Message.SYMPTOMS_WORSENED,
        case_reference=case.reference,
        key=f"{case.reference}/{SYMPTOMS_WORSENED}/{secrets.token_hex(8)}",
        context={"orientation": case.values.get("orientation")},
    )
    return drafts.new(owner, SYMPTOMS_WORSENED, forms.of_message(SYMPTOMS_WORSENED), command, {})


def reasons(refused: list[dict[str, Any]] | None) -> list[tuple[str, str]]:
    """Why a list of contacts is asked for again: the id of each input to change, and the message.

    Args:
        refused: the process variable contacts_refused; None where nothing was refused.
    """
    found = []
    for each in refused or []:
        name, message = CONTACT_REFUSED[each["reason"]]
        id_ = f"close_contacts-{each.get('row', 0)}-{name}"
        found.append((id_, str(message) % {"name": each["name"], "day": day(each["infectious_from"])}))
    return found


def task(drafts: FormDrafts, forms: TaskForms, owner: str, case: Case, open_task: OpenTask) -> FormDraft:
    """The form of a task that is open in a case, with what the case knows already."""
    context: FormContext = {}
    if open_task.form == "close_contacts":
        context["refused"] = case.values.get("contacts_refused")
    if open_task.form == "evaluation_request":
        context["date_of_birth"] = case.values.get("date_of_birth")
    command = CompleteTask(
        task_id=open_task.id, case_reference=case.reference, key=f"{case.reference}/{open_task.id}", context=context
    )
    return drafts.new(owner, open_task.form, forms.of_task(open_task), command, case.values)
