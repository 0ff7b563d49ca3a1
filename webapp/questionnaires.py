"""The forms of patients: titles, purposes and durations, and the drafts in which they are opened."""

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
    """Texts of a form.

    Attributes:
        minutes: approximate time to fill it in.
        purpose_for_carer: for someone who answers for a person in their care, if it isn't the same.
        is_checked: the patient checks all answers before they are sent; always so if the form has several pages.
    """

    title: str
    purpose: str
    minutes: int
    is_checked: bool = False
    purpose_for_carer: str = ""


PRE_SCREENING, SYMPTOMS_WORSENED, DAILY_REPORT = "pre_screening", "symptoms_worsened", "daily_report"
FORMS = {
    PRE_SCREENING: Questionnaire(_("Symptom check"), _("We'll ask about your symptoms and tell you what to do."), 3),
    SYMPTOMS_WORSENED: Questionnaire(
        _("I feel worse"),
        _("Tell us how you feel today and find out straight away what to do."),
        1,
        purpose_for_carer=_("Tell us how they feel today and find out straight away what to do."),
    ),
    DAILY_REPORT: Questionnaire(
        _("How are you today?"),
        _("Tell us how you are today."),
        1,
        purpose_for_carer=_("Tell us how the person you care for is today."),
    ),
    "evaluation_request": Questionnaire(
        _("Request a home visit and a test"), _("Ask for a visit, a test and a doctor's report."), 3
    ),
    "medical_form": Questionnaire(_("Medical form"), _("The doctor will read your answers."), 3),
    "close_contacts": Questionnaire(
        _("List your close contacts"),
        _("The health authority will contact them without giving your name."),
        5,
        is_checked=True,
    ),
    "review": Questionnaire(_("Your feedback"), _("Tell us how we did."), 1),
}
# (input to correct, message) by reason of contacts_refused
CONTACT_REFUSED = {
    "before_infectious_days": (
        "last_exposure_date-choice",
        _("%(name)s: enter %(day)s or later. You weren't infectious before then."),
    ),
    "in_the_future": ("last_exposure_date-choice", _("%(name)s: the day must be today or in the past.")),
    "no_day": ("last_exposure_date-choice", _("%(name)s: enter the day you were last close to them.")),
    "no_address": ("email", _("%(name)s: enter an email address or a phone number.")),
}
# symptoms of the pre-screening; the variable of each one's first day ends with _since
DATED_SYMPTOMS = (
    "cough",
    "sore_throat_or_aches",
    "loss_of_taste_or_smell",
    "diarrhea",
    "fatigue",
    "unable_to_eat_or_drink",
    "breathless",
)
# forms of user tasks
TASKS = frozenset(FORMS) - {PRE_SCREENING, SYMPTOMS_WORSENED}


def create_pre_screening(drafts: FormDrafts, forms: TaskForms, owner: str, exposed_to: str | None) -> FormDraft:
    """Create the draft of a pre-screening, with the reference of the case that it will start."""
    reference = new_reference()
    command = StartCase(case_reference=reference, key=f"{reference}/{PRE_SCREENING}", exposed_to=exposed_to)
    return drafts.create(owner, PRE_SCREENING, forms.get_start_form(PRE_SCREENING), command, {})


def create_symptoms_worsened(drafts: FormDrafts, forms: TaskForms, owner: str, case: Case) -> FormDraft:
    """Create the draft of the form "I feel worse", which a patient may submit repeatedly."""
    command = CorrelateMessage(
        message=Message.SYMPTOMS_WORSENED,
        case_reference=case.reference,
        key=f"{case.reference}/{SYMPTOMS_WORSENED}/{secrets.token_hex(8)}",
        context={
            "orientation": case.values.get("orientation"),
            "for_whom": case.values.get("for_whom"),
            "given_name": case.values.get("given_name"),
        },
    )
    return drafts.create(owner, SYMPTOMS_WORSENED, forms.get_message_form(SYMPTOMS_WORSENED), command, {})


def describe_refusals(refused: list[dict[str, Any]] | None) -> list[tuple[str, str]]:
    """Return why a list of contacts was refused: id of the input to correct, and message.

    Args:
        refused: the process variable contacts_refused; None if nothing was refused.
    """
    found = []
    for each in refused or []:
        name, message = CONTACT_REFUSED[each["reason"]]
        id_ = f"close_contacts-{each.get('row', 0)}-{name}"
        found.append((id_, str(message) % {"name": each["name"], "day": day(each["infectious_from"])}))
    return found


def create_task_draft(drafts: FormDrafts, forms: TaskForms, owner: str, case: Case, open_task: OpenTask) -> FormDraft:
    """Create the draft of an open user task's form, with the values that the case already has."""
    context: FormContext = {"for_whom": case.values.get("for_whom"), "given_name": case.values.get("given_name")}
    if open_task.form == "close_contacts":
        context["refused"] = case.values.get("contacts_refused")
    if open_task.form == "evaluation_request":
        context["date_of_birth"] = case.values.get("date_of_birth")
    command = CompleteTask(
        task_id=open_task.id, case_reference=case.reference, key=f"{case.reference}/{open_task.id}", context=context
    )
    known = prefill_medical_form(case.values) if open_task.form == "medical_form" else case.values
    return drafts.create(owner, open_task.form, forms.get_task_form(open_task), command, known)


def prefill_medical_form(values: dict[str, Any]) -> dict[str, Any]:
    """Return the case's values with answers of the pre-screening to the same questions, for the patient to check."""
    days = [values.get(f"{symptom}_since") for symptom in DATED_SYMPTOMS if values.get(symptom)]
    asked = {
        "onset_date": min(filter(None, days), default=None),
        "pregnancy": "yes" if values.get("third_trimester") else None,
    }
    return {**values, **{name: value for name, value in asked.items() if value and values.get(name) is None}}
